"""How a call that was cut off ends on record: once, whatever it had come to.

A cancelled caller does not take back what it queued for the ledger, and cannot know whether that
was written. The ledger's writer does: it takes jobs in order, so that a job queued last sees all
that came of the call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from agentgate_mcp.ledger.entries import Draft, EntryKind
from agentgate_mcp.ledger.query import Query
from agentgate_mcp.ledger.transaction import Tx
from agentgate_mcp.model.call import Json

_ENDINGS = frozenset({EntryKind.OUTCOME, EntryKind.REFUSAL, EntryKind.TRANSITION})


def ending(refusal: Draft, status: Literal["cancelled", "unknown"]) -> Callable[[Tx], None]:
    """A ledger job that ends the call of ``refusal``: with an outcome where an intent is open, with
    ``refusal`` where nothing is on record, and not at all where it has ended.

    ``status`` is that of an effect that was intended: `cancelled` when its tool has surely not been
    started, else `unknown`. A read is `cancelled` either way."""

    def job(tx: Tx) -> None:
        intent = next((i for i in tx.open_intents() if i.call_id == refusal.call_id), None)
        if intent is not None:
            outcome: dict[str, Json] = {
                "status": status if intent.effects else "cancelled",
                "intent_seq": intent.seq,
                "message": refusal.payload["reason"],
                "result_hash": "",
                "session_events": [],
            }
            tx.append(EntryKind.OUTCOME, refusal.principal, refusal.call_id, outcome)
        elif next(tx.entries(Query(call_id=refusal.call_id, kinds=_ENDINGS)), None) is None:
            tx.append(refusal.kind, refusal.principal, refusal.call_id, dict(refusal.payload))

    return job
