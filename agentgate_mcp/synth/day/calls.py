"""The whole day: all sessions side by side, in order of the clock."""

from __future__ import annotations

from agentgate_mcp.model.call import Json
from agentgate_mcp.synth.day import changing, hunting, triage


def analyst_day(seed: int) -> list[dict[str, Json]]:
    """Every call of the day as a check line, `day-0001` first. Sessions overlap as people do;
    within one session the order is its own."""
    found = [*triage.sessions(seed), *hunting.sessions(seed), *changing.sessions(seed)]
    ordered = sorted(enumerate(found), key=lambda pair: (pair[1].calls[0].minute, pair[0]))
    timed: list[tuple[int, int, int, dict[str, Json]]] = []
    for number, (_, session) in enumerate(ordered, start=1):
        lines = session.lines(f"day-session-{number:03d}")
        timed.extend((minute, number, step, line) for step, (minute, line) in enumerate(lines))
    timed.sort(key=lambda item: item[:3])
    return [{"id": f"day-{position:04d}", **line} for position, (_, _, _, line) in enumerate(timed, start=1)]
