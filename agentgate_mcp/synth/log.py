"""Collects events before they are numbered, then numbers them in time order."""

from __future__ import annotations

from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.event import Draft, Event
from agentgate_mcp.synth.network_logs import Fields


class Log:
    """Events of one story or of the background, in any order."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._drafts: list[Draft] = []

    def add(self, at: int, fields: Fields, *, key: bool = False) -> None:
        """One event at ``at`` (epoch milliseconds); ``key`` marks what an analyst would cite."""
        self._drafts.append(Draft(at=at, fields=fields, key=key))

    def alert(self, at: int, fields: Fields) -> None:
        """An alert event that opens the case."""
        self._drafts.append(Draft(at=at, fields=fields, alert=True))

    def clip(self, earliest: int, latest: int) -> None:
        """Drops what lies outside [earliest, latest)."""
        self._drafts = [draft for draft in self._drafts if earliest <= draft.at < latest]

    def numbered(self) -> Numbered:
        """All events in time order, named `e-<label>-<n>`."""
        ordered = sorted(enumerate(self._drafts), key=lambda pair: (pair[1].at, pair[0]))
        events: list[Event] = []
        keys: list[str] = []
        alerts: list[str] = []
        for number, (_, draft) in enumerate(ordered, start=1):
            event_id = f"e-{self._label}-{number:05d}"
            events.append(Event(at=draft.at, event_id=event_id, fields=draft.fields))
            if draft.key:
                keys.append(event_id)
            if draft.alert:
                alerts.append(event_id)
        return Numbered(events, keys, alerts)


class Numbered:
    """The numbered events of one log with the ids that matter."""

    def __init__(self, events: list[Event], keys: list[str], alerts: list[str]) -> None:
        self.events, self.key_ids, self.alert_ids = events, keys, alerts


def spaced(stream: Stream, start: int, count: int, gap: int, percent: int) -> list[int]:
    """``count`` times from ``start``, ``gap`` milliseconds apart give or take ``percent``."""
    out: list[int] = []
    moment = start
    for _ in range(count):
        out.append(moment)
        moment += stream.around(gap, percent)
    return out
