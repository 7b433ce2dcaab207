"""Time: `strftime`, `strptime`, spans and buckets. All in UTC."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {
    **dict.fromkeys(("us",), 1e-6), **dict.fromkeys(("ms",), 1e-3), **dict.fromkeys(("cs",), 1e-2),
    **dict.fromkeys(("ds",), 1e-1), **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0), **dict.fromkeys(("w", "week", "weeks"), 604800.0),
}  # fmt: skip
_MONTHS = {
    **dict.fromkeys(("mon", "month", "months"), 1), **dict.fromkeys(("q", "qtr", "quarter", "quarters"), 3),
    **dict.fromkeys(("y", "yr", "year", "years"), 12),
}  # fmt: skip
NATURAL = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 86400)
"""Spans in seconds that `timechart` and `bin` choose from when told none."""


def moment(at: float) -> datetime:
    """Epoch seconds as a time, cut to microseconds after rounding away the double's error."""
    return _EPOCH + timedelta(microseconds=round(at * 1e6))


def iso(at: float) -> str:
    """How `_time` is shown: UTC with milliseconds, cut off."""
    when = moment(at)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}+00:00"


_DIRECTIVE = re.compile(r"%(\d?)([A-Za-z%])")


def strftime(at: float, layout: str) -> str:
    """The time written in Splunk's directives."""
    when = moment(at)

    def written(match: re.Match[str]) -> str:
        digits, letter = match.groups()
        match letter:
            case "N" | "Q":
                return f"{when.microsecond:06d}"[: int(digits or 3)].ljust(int(digits or 3), "0")
            case "s":
                return str(math.floor(at))
            case "F":
                return f"{when:%Y-%m-%d}"
            case "T":
                return f"{when:%H:%M:%S}"
            case "z":
                return "+0000"
            case "Z":
                return "UTC"
            case "e":
                return f"{when.day:2d}"
            case "k":
                return f"{when.hour:2d}"
            case "w":
                return str(when.isoweekday() % 7)
            case _:
                return when.strftime("%" + letter)

    return _DIRECTIVE.sub(written, layout)


_READ = {
    "Y": r"(?P<Y>\d{4})", "m": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})", "e": r"\s*(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})", "I": r"(?P<I>\d{1,2})", "M": r"(?P<M>\d{1,2})", "S": r"(?P<S>\d{1,2})",
    "p": r"(?P<p>[AaPp][Mm])", "N": r"(?P<N>\d{1,9})", "Q": r"(?P<N>\d{1,9})", "z": r"(?P<z>[+-]\d{2}:?\d{2}|Z)",
    "Z": r"(?:UTC|GMT|Z)", "b": r"(?P<b>[A-Za-z]{3})", "B": r"(?P<b>[A-Za-z]+)", "y": r"(?P<y>\d{2})",
    "j": r"(?P<j>\d{1,3})", "a": r"[A-Za-z]{3}", "A": r"[A-Za-z]+", "s": r"(?P<s>\d+(?:\.\d+)?)", "%": "%",
}  # fmt: skip
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def strptime(written: str, layout: str) -> float | None:
    """Epoch seconds of a written time, or None where it does not fit. Text after it is ignored."""
    layout = layout.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S")
    pattern, position = "", 0
    for match in _DIRECTIVE.finditer(layout):
        pattern += re.escape(layout[position : match.start()]) + _READ.get(match.group(2), "")
        position = match.end()
    found = re.match(pattern + re.escape(layout[position:]), written)
    if found is None:
        return None
    parts = found.groupdict()
    if parts.get("s"):
        return float(parts["s"])

    def whole(key: str, default: int) -> int:
        return int(parts[key]) if parts.get(key) else default

    year = whole("Y", 0) or (2000 + whole("y", 70) if whole("y", 70) < 69 else 1900 + whole("y", 70))
    month = whole("m", 1)
    if parts.get("b"):
        month = _MONTH_NAMES.index(parts["b"][:3].lower()) + 1
    hour = whole("H", 0)
    if parts.get("I"):
        hour = whole("I", 0) % 12 + (12 if (parts.get("p") or "").lower() == "pm" else 0)
    try:
        day = datetime(year, month, whole("d", 1), hour, whole("M", 0), whole("S", 0), tzinfo=UTC)
    except ValueError:
        return None
    if parts.get("j"):
        day = day.replace(month=1, day=1) + timedelta(days=whole("j", 1) - 1)
    at = (day - _EPOCH).total_seconds()
    if parts.get("N"):
        at += int(parts["N"]) / 10 ** len(parts["N"])
    zone = parts.get("z")
    if zone and zone != "Z":
        sign = -1 if zone[0] == "-" else 1
        at -= sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return int(at) if at == int(at) else at


class Span(NamedTuple):
    """A bucket's width: seconds, or whole months where ``months`` is not 0."""

    seconds: float
    months: int = 0

    def floor(self, at: float) -> float:
        """The start of the bucket of ``at``."""
        if self.months:
            when = moment(at)
            count = (when.year * 12 + when.month - 1) // self.months * self.months
            return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC).timestamp()
        start = math.floor(at / self.seconds) * self.seconds
        return int(start) if start == int(start) else round(start, 6)

    def after(self, start: float) -> float:
        """The start of the bucket behind the one that begins at ``start``."""
        if self.months:
            when = moment(start)
            count = when.year * 12 + when.month - 1 + self.months
            return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC).timestamp()
        return start + self.seconds


def span(written: str) -> Span:
    """`5m`, `1h`, `1d`, `1mon`. Raises: ValueError."""
    match = re.fullmatch(r"(\d*\.?\d*)([a-z]*)", written.strip().lower())
    if match is None:
        raise ValueError(f"span {written!r}")
    count = float(match.group(1) or 1)
    unit = match.group(2)
    if unit in _MONTHS:
        return Span(0.0, int(count) * _MONTHS[unit])
    return Span(count * _UNITS[unit])


def natural_span(earliest: float, latest: float, bins: int) -> Span:
    """The smallest natural span with which ``earliest`` to ``latest`` has at most ``bins`` buckets."""
    for seconds in NATURAL:
        if (latest - earliest) / seconds <= bins:
            return Span(float(seconds))
    return Span(0.0, 1)
