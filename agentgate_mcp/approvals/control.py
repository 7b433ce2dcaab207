"""Freeze, thaw, clear a breaker: how people stop effects, and let them go on (R11)."""

from __future__ import annotations

from agentgate_mcp.approvals.operators import Operator, Role
from agentgate_mcp.approvals.registry import book_of
from agentgate_mcp.approvals.standing import CLEAR
from agentgate_mcp.errors import ApprovalError
from agentgate_mcp.ledger.entries import EntryKind, LedgerEntry
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.transaction import ALL, Tx


class Control:
    """The stop button. Freezing is open to whoever can reach it; the other way takes an operator."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def freeze(self, target: str = ALL, *, by: str, reason: str) -> LedgerEntry:
        """Refuses every effect of ``target`` (a principal, `*` for all) from this record on.

        Raises: ApprovalError without a reason, LedgerError."""
        return self._ledger.run(lambda tx: _session(tx, "freeze", target, by, reason))

    def thaw(self, target: str = ALL, *, token: str, reason: str) -> LedgerEntry:
        """Lets ``target`` act again. Raises: ApprovalError, LedgerError."""

        def job(tx: Tx) -> LedgerEntry:
            operator = _decider(tx, token)
            if target not in tx.frozen():
                raise ApprovalError(f"expected a frozen principal, {target[:64]!r} is not")
            return _session(tx, "thaw", target, operator.name, reason)

        return self._ledger.run(job)

    def clear_breaker(self, target: str, *, token: str, reason: str) -> LedgerEntry:
        """Closes the breaker of a requester (`principal/agent`), of a principal's agents, or of
        all (`*`). Raises: ApprovalError, LedgerError."""
        return self._ledger.run(lambda tx: _session(tx, CLEAR, target, _decider(tx, token).name, reason))


def _decider(tx: Tx, token: str) -> Operator:
    operator = book_of(tx).holder(token)
    if not operator.roles & {Role.APPROVER, Role.POLICY_ADMIN}:
        raise ApprovalError(f"expected an operator who decides, {operator.name} is an auditor")
    return operator


def _session(tx: Tx, action: str, target: str, by: str, reason: str) -> LedgerEntry:
    why = reason.strip()
    if not why or not target or not by:
        raise ApprovalError("expected a reason, a target and a name")
    return tx.append(
        EntryKind.SESSION, target, "", {"action": action, "target": target, "by": by, "reason": why[:2000]}
    )
