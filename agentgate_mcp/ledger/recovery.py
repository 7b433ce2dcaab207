"""What a process finds after another one died: intents whose outcome nobody will ever write.

Each gets the outcome `unknown`, once, whoever recovers first. It is shown to a person and never
retried: the effect may have happened.
"""

from __future__ import annotations

from collections.abc import Callable

from agentgate_mcp.ledger.entries import EntryKind, LedgerEntry, Owner
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.owner import is_dead
from agentgate_mcp.ledger.transaction import OpenIntent, Tx

UNKNOWN = "unknown"


def recover(ledger: Ledger, *, dead: Callable[[Owner], bool] = is_dead) -> tuple[LedgerEntry, ...]:
    """Records `unknown` outcomes for intents of dead owners; gives those that this call wrote.

    The search and the records are one transaction, so processes that recover at the same time
    never write two. Raises: LedgerError."""
    if not any(dead(intent.owner) for intent in ledger.orphans()):
        return ()
    return ledger.run(lambda tx: tuple(_lost(tx, i) for i in tx.open_intents() if dead(i.owner)))


def _lost(tx: Tx, intent: OpenIntent) -> LedgerEntry:
    return tx.append(
        EntryKind.OUTCOME,
        intent.principal,
        intent.call_id,
        {
            "status": UNKNOWN,
            "intent_seq": intent.seq,
            "message": "the process that intended this call ended before its outcome was recorded",
            "owner": intent.owner.to_json(),
            "effects": intent.effects,
            "recovered": True,
        },
    )
