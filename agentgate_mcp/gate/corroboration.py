"""Corroboration: may containment rest on evidence instead of on the user's words?

An indicator that only logs name is corroborated by two independent events that a sensor measured,
or by threat intelligence that calls it malicious and lists it nowhere as ordinary. Whether the
target is protected is the blast radius's question.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentgate_mcp.effects import CONTAINMENT, Effects
from agentgate_mcp.gate.condense import EVENTS, IDENTITY, row_of
from agentgate_mcp.gate.session import Read, SessionState
from agentgate_mcp.model.decision import Trust

_INTEL = frozenset({"threatintel_enrich", "threatintel_enrich_batch"})


def corroborated(session: SessionState, effects: Effects, text: str) -> bool:
    """True for a containment target with independent evidence in what was read."""
    if not any(a.target == text and a.action in CONTAINMENT for a in effects.actions):
        return False
    key = text.lower()
    events: set[str] = set()
    for read in session.reads:
        if read.event.tool in _INTEL:
            if _known_bad(read, key):
                return True
        else:
            events.update(_sightings(read, key))
    return len(events) >= EVENTS


def _sightings(read: Read, key: str) -> Iterator[str]:
    """What identifies each record of this read that holds ``key`` in a measured field: its event
    id, or else a digest of its whole content, so that reading one event twice is not two events."""
    if key not in read.by_value:
        return
    rows = {
        row_of(leaf.path)
        for leaf in read.event.leaves
        if leaf.trust is Trust.STRUCTURED and leaf.value.lower() == key and row_of(leaf.path)
    }
    for leaf in read.event.leaves:
        row, _, field = leaf.path.rpartition("/")
        if field in ("event_id", IDENTITY) and row in rows:
            yield leaf.value


def _known_bad(read: Read, key: str) -> bool:
    """True when a look-up names ``key`` as its indicator, calls it malicious and allow-lists it nowhere."""
    values = {leaf.path: leaf.value for leaf in read.event.leaves}
    for path, value in values.items():
        if path.endswith("/indicator") and value.lower() == key:
            entry = path.removesuffix("indicator")
            if values.get(f"{entry}verdict") == "malicious" and not values.get(f"{entry}allow_listed"):
                return True
    return False
