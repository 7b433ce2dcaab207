"""Undoing a change on an operator's word: a durable intent, one permit, a recorded outcome (R11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from agentgate_mcp.approvals.operators import Operator, Role
from agentgate_mcp.canonical import digest
from agentgate_mcp.dispatch.request import new_call_id
from agentgate_mcp.errors import AgentGateError, ApprovalError
from agentgate_mcp.ledger.entries import Draft, EntryKind
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.model.call import Json
from agentgate_mcp.permits import Permit, PermitBook, PermitKind

T = TypeVar("T")
TOOL = "changes rollback"


def roll_back(
    change_id: str,
    *,
    operator: Operator,
    reason: str,
    ledger: Ledger,
    permits: PermitBook,
    undo: Callable[[Permit], T],
) -> T:
    """``undo`` with a permit for exactly this rollback. An operator's decision takes the gate's
    place here; freezing everybody stops it like any other effect.

    Raises: ApprovalError for one who may not decide or gives no reason, LedgerError, what ``undo`` raises."""
    if not operator.roles & {Role.APPROVER, Role.POLICY_ADMIN}:
        raise ApprovalError(f"expected an operator who decides, {operator.name} is an auditor")
    if not reason.strip():
        raise ApprovalError("expected a reason")
    effect: list[Json] = ["rollback", change_id]
    call_id = new_call_id()

    def record(kind: EntryKind, payload: dict[str, Json]) -> int:
        draft = Draft(kind=kind, principal=operator.name, call_id=call_id, payload={"tool": TOOL, **payload})
        return ledger.run(lambda tx: tx.append(draft.kind, draft.principal, draft.call_id, dict(draft.payload)).seq)

    intent = record(
        EntryKind.INTENT,
        {
            "digest": digest(effect),
            "effects": [effect],
            "finding_id": "",
            "reason": reason.strip()[:2000],
            "owner": ledger.owner.to_json(),
        },
    )
    permit = permits.mint(kind=PermitKind.OPERATOR, digest=digest(effect), call_id=call_id, intent_seq=intent)
    status, message = "unknown", "the process was interrupted"
    try:
        done = undo(permit)
        status, message = "ok", ""
        return done
    except AgentGateError as exc:
        # A refusal of the backend comes before it changes anything, in the same transaction.
        status, message = "error", str(exc)
        raise
    finally:
        permits.void(permit)
        ended: dict[str, Json] = {"status": status, "intent_seq": intent, "message": message}
        record(EntryKind.OUTCOME, {**ended, "result_hash": "", "session_events": []})
