"""When things happen: hourly weights of office hours, clinics, servers and machines."""

from __future__ import annotations

from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.clock import DAY, HOUR, NOW, START, weekday_of

OFFICE = (0, 0, 0, 0, 0, 1, 5, 20, 42, 50, 48, 40, 26, 40, 48, 44, 36, 20, 8, 4, 2, 1, 1, 0)
CLINIC = (6, 5, 5, 5, 6, 9, 22, 34, 40, 42, 42, 40, 36, 38, 40, 38, 34, 30, 24, 20, 16, 12, 9, 7)
PUBLIC = (6, 4, 3, 3, 4, 7, 14, 24, 34, 40, 42, 44, 46, 42, 38, 36, 36, 40, 44, 46, 40, 30, 18, 10)
FLAT = (10,) * 24
NIGHTLY = (0, 30, 30, 10) + (0,) * 20

_WEEKEND = 5


def moments(stream: Stream, per_day: int, profile: tuple[int, ...], weekend_percent: int) -> list[int]:
    """Times over the week: about ``per_day`` on a working day, that many per cent on a weekend."""
    total = sum(profile)
    out: list[int] = []
    midnight = START - START % DAY
    while midnight < NOW:
        share = per_day if weekday_of(midnight) < _WEEKEND else per_day * weekend_percent // 100
        for _ in range(share):
            mark, hour = stream.below(total), 0
            while mark >= profile[hour]:
                mark -= profile[hour]
                hour += 1
            moment = midnight + hour * HOUR + stream.below(HOUR)
            if START <= moment < NOW:
                out.append(moment)
        midnight += DAY
    return sorted(out)


def regular(stream: Stream, gap: int, percent: int) -> list[int]:
    """Times over the week, ``gap`` milliseconds apart give or take ``percent``."""
    out: list[int] = []
    moment = START + stream.below(gap)
    while moment < NOW:
        out.append(moment)
        moment += stream.around(gap, percent)
    return out
