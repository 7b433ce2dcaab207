"""Splunk's time expressions: `-24h@h`, `now`, `@w1`, epoch seconds, absolute times. UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from agentgate_mcp.errors import SplError

_UNITS: dict[str, str] = {
    **dict.fromkeys(("us",), "us"),
    **dict.fromkeys(("ms",), "ms"),
    **dict.fromkeys(("cs",), "cs"),
    **dict.fromkeys(("ds",), "ds"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
    **dict.fromkeys(("mon", "month", "months"), "mon"),
    **dict.fromkeys(("q", "qtr", "qtrs", "quarter", "quarters"), "q"),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), "y"),
}
_SECONDS = {
    "us": 1e-6, "ms": 1e-3, "cs": 1e-2, "ds": 1e-1, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0,
}  # fmt: skip
_MONTHS = {"mon": 1, "q": 3, "y": 12}
_OFFSET = re.compile(r"([+-])(\d*)([a-z]+)")
_SNAP = re.compile(r"@(w[0-7]|[a-z]+)")
_EPOCH = re.compile(r"\d+(?:\.\d+)?")
_FORMATS = (
    "%m/%d/%Y:%H:%M:%S",  # Splunk's own default for earliest= and latest=
    "%m/%d/%Y",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
)
_MIN = 0.0
_MAX = 253_370_764_800.0  # the year 9999


def is_real_time(expression: str) -> bool:
    """True for `rt`, `rt-5m`, `rtnow`: a search that never ends."""
    return expression.strip().lower().startswith("rt")


def parse_time(expression: str, now: float) -> float | None:
    """The moment that ``expression`` names, in epoch seconds; None where it names none (empty).

    ``now`` is epoch seconds. `rt` before an expression is ignored here (see `is_real_time`);
    moments before 1970 are 0. Raises: SplError with the position of what cannot be read."""
    text = expression.strip().lower()
    if text.startswith("rt"):
        text = text[2:] or "now"
    if not text:
        return None
    if _EPOCH.fullmatch(text):
        return min(float(text), _MAX)
    if text.startswith("now"):
        text = text.removeprefix("now").removeprefix("()")
        if not text:
            return now
    elif text[0] not in "+-@":
        return _absolute(expression.strip())
    moment = now
    for step in steps(text):
        moment = _shift(moment, step) if isinstance(step, Shift) else _snap(moment, step)
    return moment


class Shift(NamedTuple):
    """`-3h`: so many seconds, or so many whole months."""

    seconds: float
    months: int = 0


class Snap(NamedTuple):
    """`@d`: back to the start of a unit: `s`, `m`, `h`, `d`, `mon`, `q`, `y`, or `w` for the last
    midnight of a ``weekday``, where 0 is Sunday."""

    unit: str
    weekday: int = 0


def steps(text: str) -> tuple[Shift | Snap, ...]:
    """The offsets and snaps of a relative time such as ``-1mon@mon+2h``, to be done from left to right.

    Raises: SplError with the position of what cannot be read."""
    found: list[Shift | Snap] = []
    position = 0
    while position < len(text):
        offset = _OFFSET.match(text, position)
        snap = None if offset else _SNAP.match(text, position)
        if offset:
            unit = _UNITS.get(offset.group(3))
            if unit is None:
                raise _unreadable(text, position, "a unit such as s, m, h, d, w, mon, q, y")
            digits = offset.group(2)
            count = int(digits or 1) if len(digits) <= 12 else 10**12
            count = count if offset.group(1) == "+" else -count
            months = _MONTHS.get(unit, 0) * count
            found.append(Shift(0.0 if months else count * _SECONDS.get(unit, 0.0), months))
            position = offset.end()
        elif snap:
            found.append(_snap_to(snap.group(1), text, position))
            position = snap.end()
        else:
            raise _unreadable(text, position, "an offset such as -24h or a snap such as @d")
    return tuple(found)


def _snap_to(unit_text: str, text: str, position: int) -> Snap:
    if unit_text[0] == "w" and unit_text[1:].isdigit():
        return Snap("w", int(unit_text[1:]) % 7)
    unit = _UNITS.get(unit_text)
    if unit not in ("s", "m", "h", "d", "w", "mon", "q", "y"):
        raise _unreadable(text, position, "a unit to snap to such as @h, @d, @w1, @mon")
    return Snap(unit)


def _shift(moment: float, shift: Shift) -> float:
    if not shift.months:
        return min(max(moment + shift.seconds, _MIN), _MAX)
    at = _datetime(moment)
    months = at.year * 12 + at.month - 1 + shift.months
    year, month = divmod(months, 12)
    if year < 1970:
        return _MIN
    if year > 9998:
        return _MAX
    day = min(at.day, _days_in(year, month + 1))
    return at.replace(year=year, month=month + 1, day=day).timestamp()


def _snap(moment: float, snap: Snap) -> float:
    at = _datetime(moment)
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    match snap.unit:
        case "s":
            start = at.replace(microsecond=0)
        case "m":
            start = at.replace(second=0, microsecond=0)
        case "h":
            start = at.replace(minute=0, second=0, microsecond=0)
        case "w":
            return _week_start(at, snap.weekday)
        case "mon":
            start = day.replace(day=1)
        case "q":
            start = day.replace(month=(at.month - 1) // 3 * 3 + 1, day=1)
        case "y":
            start = day.replace(month=1, day=1)
        case _:
            start = day
    return max(start.timestamp(), _MIN)


def _week_start(at: datetime, weekday: int) -> float:
    """The last midnight at or before ``at`` on ``weekday``, where 0 is Sunday."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    behind = (day.isoweekday() % 7 - weekday) % 7
    return max((day - timedelta(days=behind)).timestamp(), _MIN)


def _absolute(text: str) -> float:
    for layout in _FORMATS:
        try:
            at = datetime.strptime(text.upper().replace("Z", "+0000"), layout)  # noqa: DTZ007 - zone set below
        except ValueError:
            continue
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(at.timestamp(), _MIN), _MAX)
    raise _unreadable(text, 0, "a time such as -24h@h, now, epoch seconds or 11/20/2026:12:00:00")


def _datetime(moment: float) -> datetime:
    return datetime.fromtimestamp(min(max(moment, _MIN), _MAX), UTC)


def _days_in(year: int, month: int) -> int:
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return (following - timedelta(days=1)).day


def _unreadable(expression: str, position: int, expected: str) -> SplError:
    return SplError(f"the time {expression[:40]!r} cannot be read", position, expected)
