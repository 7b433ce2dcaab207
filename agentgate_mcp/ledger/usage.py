"""What the searches of past calls took, as their outcomes have it."""

from __future__ import annotations

from collections import deque
from typing import Final

from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.usage import PastSearch

LOOKED_AT: Final = 20_000
"""Records back from the end of the ledger."""
KEPT: Final = 1_000


def past_searches(ledger: Ledger) -> tuple[PastSearch, ...]:
    """The last searches that ran, oldest first. Raises: LedgerError."""
    since = max(0, ledger.last_seq() - LOOKED_AT)
    found: deque[PastSearch] = deque(maxlen=KEPT)
    for entry in ledger.entries(since, kinds=frozenset({EntryKind.OUTCOME})):
        listed = entry.payload.get("searches")
        for item in listed if isinstance(listed, list) else ():
            if (search := _read(item)) is not None:
                found.append(search)
    return tuple(found)


def _read(item: Json) -> PastSearch | None:
    match item:
        case {
            "query": str(query), "earliest": str(earliest), "latest": str(latest),
            "now": int() | float() as now, "events": int() | float() as events, "seconds": int() | float() as seconds,
        }:  # fmt: skip
            return PastSearch(
                query=query,
                earliest=earliest,
                latest=latest,
                now=float(now),
                events=int(events),
                seconds=float(seconds),
            )
        case _:
            return None
