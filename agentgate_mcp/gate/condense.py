"""Rows of events as few leaves: what a later verdict can ask of them, once, and no more.

A value that only an attacker vouches for is worth one mention. A measured one is worth two, in two
events, because that is what corroboration counts; the events keep their identity. Measured numbers
and times name nothing that a call could be aimed at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from agentgate_mcp.model.decision import Trust
from agentgate_mcp.model.session import Leaf

IDENTITY = "#"
"""Last part of the path of a leaf that stands for a whole record without an event id."""
EVENTS = 2
"""Independent events that corroboration asks for."""
_TIMES = frozenset({"_time", "first_seen", "last_seen"})
_SHORT_NUMBER = 6


def row_of(path: str) -> str:
    """`/events/3` for `/events/3/src`; empty for a leaf that stands in no list."""
    parts = path.split("/")
    return "/".join(parts[:3]) if len(parts) > 3 and parts[2].isdigit() else ""


def condensed(leaves: Sequence[Leaf]) -> list[Leaf]:
    """The leaves worth keeping, in their order, with an identity for each record that a kept one stands in."""
    rows: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        rows.setdefault(row_of(leaf.path), []).append(leaf)
    mentioned: set[str] = set()
    events: dict[str, int] = {}
    kept: list[Leaf] = []
    for row, members in rows.items():
        new: dict[str, None] = {}
        for leaf in members:
            value = leaf.value.lower()
            if leaf.trust is Trust.WRITABLE:
                # The first is kept whatever it is: it tells that something here is attacker-writable.
                if value not in mentioned and not (mentioned and _is_small(value)):
                    mentioned.add(value)
                    kept.append(leaf)
            elif not row:
                kept.append(leaf)
            elif not _names_nothing(leaf) and (value in new or events.get(value, 0) < EVENTS):
                new[value] = None
                kept.append(leaf)
        if new:
            events |= {value: events.get(value, 0) + 1 for value in new}
            kept.append(_identity(row, members))
    return kept


def _identity(row: str, members: Sequence[Leaf]) -> Leaf:
    """Its event id, or else a digest of all that the record says, so that reading it twice is not two."""
    given = next((leaf for leaf in members if leaf.path == f"{row}/event_id"), None)
    if given is not None:
        return given
    said = sorted((leaf.path.removeprefix(row), leaf.value) for leaf in members)
    digest = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
    return Leaf(path=f"{row}/{IDENTITY}", value=digest, trust=Trust.STRUCTURED)


def _names_nothing(leaf: Leaf) -> bool:
    field = leaf.path.rpartition("/")[2]
    return field in _TIMES or field == "event_id" or leaf.value.replace(".", "", 1).lstrip("-").isdigit()


def _is_small(value: str) -> bool:
    return len(value) < _SHORT_NUMBER and value.replace(".", "", 1).isdigit()
