"""The effect journal: one row per effect, written in the transaction that makes the effect.

Compared with the ledger it shows whether anything happened without a durable intent (R3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentgate_mcp.backends.embedded.sqlite import Database
from agentgate_mcp.permits import Permit, PermitBook, PermitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One effect. ``intent_seq`` is the ledger sequence of the intent that it was permitted by;
    ``at`` is epoch seconds."""

    seq: int
    call_id: str
    intent_seq: int
    what: str
    at: float


def spend(book: PermitBook, permit: Permit, digest: str) -> Permit:
    """Spends a caller's or an operator's permit; a replica's is for other work.

    Raises: PermitError when it is forged, used, or for something else."""
    kind = PermitKind.OPERATOR if permit.kind is PermitKind.OPERATOR else PermitKind.EFFECT
    return book.spend(permit, digest=digest, kind=kind)


def write(database: Database, permit: Permit, what: str, at: float) -> None:
    """Notes an effect. Call it inside the effect's own transaction."""
    database.run(
        "INSERT INTO effects (call_id, intent_seq, what, at) VALUES (?, ?, ?, ?)",
        (permit.call_id, permit.intent_seq, what, at),
    )


def entries(database: Database) -> Sequence[JournalEntry]:
    """All effects, oldest first."""
    found = database.rows("SELECT seq, call_id, intent_seq, what, at FROM effects ORDER BY seq")
    return tuple(JournalEntry(seq=s, call_id=c, intent_seq=i, what=w, at=a) for s, c, i, w, a in found)
