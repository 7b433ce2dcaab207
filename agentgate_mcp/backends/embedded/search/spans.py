"""Buckets of time: a span such as `5m` or `1mon`, and the one that is chosen when none is given.

Buckets count from the epoch in UTC, so days begin at midnight and weeks on Thursday (`@w1` after the
span moves them to Monday); months, quarters and years are those of the calendar.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from agentgate_mcp.backends.embedded.search.sqltext import let
from agentgate_mcp.errors import SplError, UnsupportedSplError

DAY: Final = 86_400
_UNITS: Final[dict[str, float]] = {
    **dict.fromkeys(("us",), 1e-6),
    **dict.fromkeys(("ms",), 1e-3),
    **dict.fromkeys(("cs",), 1e-2),
    **dict.fromkeys(("ds",), 1e-1),
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "week", "weeks"), 7 * DAY),
}
_MONTHS: Final[dict[str, int]] = {
    **dict.fromkeys(("mon", "month", "months"), 1),
    **dict.fromkeys(("q", "qtr", "qtrs", "quarter", "quarters"), 3),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 12),
}
_SPAN: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)?([a-z]*)(?:@w([0-7])|@[a-z]+)?")
_NATURAL: Final = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, DAY)
"""Spans that `timechart` and `bin` choose from, in seconds; then come months."""
_YEARS: Final = (-62135596800, 253402300799)
"""First and last second of the years 1 to 9999."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpan:
    """A bucket's length: seconds, or whole months; ``anchor`` is the start of some bucket.

    A length below a second is ``1 / per_second``."""

    seconds: float = 0
    months: int = 0
    anchor: float = 0

    def sql(self, time: str) -> str:
        """DOUBLE: the start of the bucket that a time (DOUBLE, may be NULL) is in."""
        if self.months:
            return let(time, self._month_sql)
        if self.seconds < 1:
            per_second = round(1 / self.seconds, 6)
            return f"floor(round({time} * {per_second!r}, 3)) / {per_second!r}"
        if self.anchor:
            return f"(floor(({time} - {self.anchor!r}) / {self.seconds!r}) * {self.seconds!r} + {self.anchor!r})"
        return f"(floor({time} / {self.seconds!r}) * {self.seconds!r})"

    def start(self, at: float) -> float:
        """The start of the bucket that ``at`` is in."""
        if self.months:
            moment = datetime.fromtimestamp(min(max(at, _YEARS[0]), _YEARS[1]), UTC)
            count = (moment.year * 12 + moment.month - 1) // self.months * self.months
            return _month_start(count)
        if self.seconds < 1:
            per_second = round(1 / self.seconds, 6)
            return math.floor(round(at * per_second, 3)) / per_second
        return math.floor((at - self.anchor) / self.seconds) * self.seconds + self.anchor

    def after(self, start: float) -> float:
        """The start of the bucket behind the one that begins at ``start``; the calendar ends with the year 9999."""
        if self.months:
            moment = datetime.fromtimestamp(min(start, _YEARS[1]), UTC)
            return _month_start(moment.year * 12 + moment.month - 1 + self.months)
        return self.start(start + self.seconds * 1.5)

    def length_sql(self, start: str) -> str:
        """DOUBLE: seconds of the bucket that begins at ``start``."""
        if not self.months:
            return f"{float(self.seconds)!r}"
        return f"(epoch({_timestamp(start)} + INTERVAL {self.months} MONTH) - {start})"

    def _month_sql(self, time: str) -> str:
        moment = _timestamp(time)
        count = f"((year({moment}) * 12 + month({moment}) - 1) // {self.months} * {self.months})"
        begin = let(count, lambda m: f"epoch(make_timestamp({m} // 12, {m} % 12 + 1, 1, 0, 0, 0.0))")
        return f"CASE WHEN {time} BETWEEN {_YEARS[0]} AND {_YEARS[1]} THEN {begin} END"


def _timestamp(time: str) -> str:
    return f"make_timestamp(CAST(floor({time}) AS BIGINT) * 1000000)"


def _month_start(count: int) -> float:
    if count >= 10_000 * 12:
        return _YEARS[1] + 1
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC).timestamp()


def read_span(text: str, position: int) -> TimeSpan:
    """A span as written: `30` (seconds), `5m`, `1d`, `2w@w1`, `1mon`. Raises: SplError, UnsupportedSplError."""
    match = _SPAN.fullmatch(text.lower())
    expected = "a number with a unit such as 5m, 1h, 1d, 1mon"
    if match is None or not text or text.startswith("@"):
        raise SplError(f"unreadable span {text[:40]!a}", position, expected)
    number, unit, weekday = match.groups()
    count = float(number) if number else 1.0
    if count <= 0:
        raise SplError(f"unreadable span {text[:40]!a}", position, expected)
    if unit in _MONTHS and count == int(count):
        months = int(count) * _MONTHS[unit]
        if months <= 12_000:
            return TimeSpan(months=months)
    if unit not in _UNITS:
        raise SplError(f"unreadable span {text[:40]!a}", position, expected)
    seconds = count * _UNITS[unit]
    if seconds < 1 and abs(1 / seconds - round(1 / seconds)) > 1e-6:
        raise UnsupportedSplError(f"span {text[:40]!a}: a part of a second that does not fill one", position)
    # The first day of a week is counted from Sunday; the epoch's first Sunday is its fourth day.
    anchor = (3 + int(weekday) % 7) * DAY if weekday else 0
    if "@" in text and not weekday and not text.lower().endswith(f"@{unit}"):
        raise UnsupportedSplError(f"span {text[:40]!a}: snapping to another unit is not supported", position)
    return TimeSpan(seconds=seconds if seconds < 1 else round(seconds, 6), anchor=anchor)


def span_seconds(text: str, position: int) -> float:
    """A length such as `5m`, `1h`, `30` (seconds) in seconds. Raises: SplError; months have no fixed length."""
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    seconds = _UNITS.get(text[len(digits) :].lower())
    if seconds is None or not (digits.isdecimal() and digits.isascii()):
        raise SplError(f"unreadable span {text[:40]!a}", position, "a number with a unit such as 5m, 1h, 1d")
    return int(digits[:12]) * seconds


def natural_span(low: float, high: float, *, bins: int = 100, least: float = 0) -> TimeSpan:
    """The shortest of the usual spans (at least ``least`` seconds) that cuts the range into at most
    ``bins`` buckets; as documented 24 hours give 30 minutes, 30 days give 1 day."""
    for seconds in _NATURAL:
        span = TimeSpan(seconds=seconds)
        if seconds >= least and (high - low) / seconds <= bins:
            return span
    months = 1
    while (high - low) / (months * 28 * DAY) > bins and months < 1200:
        months = months * 12 if months == 1 else months * 10
    return TimeSpan(months=months)
