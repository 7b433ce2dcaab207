"""Adding and removing operators: ledger records, made under the write lock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from agentgate_mcp.approvals.operators import ALL_TEAMS, Operator, OperatorBook, Role, new_operator
from agentgate_mcp.errors import ApprovalError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.query import Query
from agentgate_mcp.ledger.transaction import Tx
from agentgate_mcp.model.decision import Severity

_OPERATORS = frozenset({EntryKind.OPERATOR})


def book_of(tx: Tx) -> OperatorBook:
    """The operators as this transaction sees them. Raises: LedgerError."""
    return OperatorBook.fold(tx.entries(Query(kinds=_OPERATORS)))


class OperatorRegistry:
    """The operators of this installation."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def book(self) -> OperatorBook:
        """All operators, as recorded. Raises: LedgerError."""
        return OperatorBook.fold(self._ledger.entries(kinds=_OPERATORS))

    def add(
        self,
        name: str,
        *,
        roles: Iterable[Role | str],
        teams: Iterable[str] = (ALL_TEAMS,),
        max_severity: Severity = Severity.CRITICAL,
        by_token: str | None = None,
    ) -> str:
        """Adds an operator; gives the token, which is not kept anywhere. The first operator needs
        nobody's token and becomes a policy admin; every other one needs a policy admin's.

        Raises: ApprovalError, LedgerError."""
        operator, token = new_operator(name, roles=roles, teams=teams, max_severity=max_severity)

        def job(tx: Tx) -> None:
            book = book_of(tx)
            if name in book.by_name:
                raise ApprovalError(f"an operator named {name} is or was known; names are not used again")
            by = _administrator(book, by_token).name if book.by_name else ""
            first = replace(operator, roles=operator.roles | {Role.POLICY_ADMIN})
            added = replace(operator if book.by_name else first, added_by=by)
            tx.append(EntryKind.OPERATOR, by or name, "", added.to_json())

        self._ledger.run(job)
        return token

    def remove(self, name: str, *, by_token: str, reason: str) -> None:
        """Ends an operator's powers at once; approvals that rest on them no longer hold.

        Raises: ApprovalError, LedgerError."""
        why = reason.strip()
        if not why:
            raise ApprovalError("expected a reason")

        def job(tx: Tx) -> None:
            book = book_of(tx)
            by = _administrator(book, by_token)
            if name not in {o.name for o in book.active}:
                raise ApprovalError(f"expected an active operator, there is none named {name[:64]!r}")
            if {o.name for o in book.administrators()} == {name}:
                raise ApprovalError("the last policy admin cannot be removed; add another first")
            tx.append(EntryKind.OPERATOR, by.name, "", {"action": "remove", "name": name, "by": by.name, "reason": why})

        self._ledger.run(job)

    def authenticate(self, token: str) -> Operator:
        """The operator who holds ``token``. Raises: ApprovalError."""
        return self.book().holder(token)


def _administrator(book: OperatorBook, token: str | None) -> Operator:
    if not token:
        raise ApprovalError("expected the token of a policy admin: there are operators already")
    operator = book.holder(token)
    if Role.POLICY_ADMIN not in operator.roles:
        raise ApprovalError(f"expected a policy admin, {operator.name} is none")
    return operator
