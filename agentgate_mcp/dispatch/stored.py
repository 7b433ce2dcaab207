"""Session events from the text of a payload, without parsing what most folds never look at.

The leaves of a read are nearly all of its payload. Canonical JSON sorts its keys and escapes quotes
inside strings, so where the leaves begin and end can be told from the text.
"""

from __future__ import annotations

from agentgate_mcp.canonical import loads_canonical
from agentgate_mcp.errors import CanonicalError, GateError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.session import SessionEvent, StoredRead, event_from_json

_BEFORE = '"flags":[],"kind":"read","leaves":'
_AFTER = ',"rows":'


def stored_events(payload: str) -> list[SessionEvent | StoredRead]:
    """The session events of one payload in canonical form, in order.

    Raises: GateError for what cannot be read. Leaves that were skipped are read later, by
    `StoredRead.event`."""
    start = payload.find(_BEFORE) + len(_BEFORE)
    end = payload.find(f"]{_AFTER}", start) + 1
    # An argument of the call may look like a read; where two do, nothing is skipped.
    if start < len(_BEFORE) or not end or payload.find(_BEFORE, start) >= 0:
        return [event_from_json(raw) for raw in _events(payload)]
    leaves = payload[start:end]
    return [_event(raw, leaves) for raw in _events(f"{payload[:start]}[]{payload[end:]}")]


def _event(raw: Json, leaves: str) -> SessionEvent | StoredRead:
    if isinstance(raw, dict) and raw.get("kind") == "read" and raw.get("flags") == []:
        return StoredRead.of(raw, leaves)
    return event_from_json(raw)


def _events(payload: str) -> list[Json]:
    try:
        parsed = loads_canonical(payload)
    except CanonicalError:
        raise GateError("session event: expected a payload in canonical form") from None
    events = parsed.get("session_events") if isinstance(parsed, dict) else None
    return events if isinstance(events, list) else []
