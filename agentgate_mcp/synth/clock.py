"""The data's own clock: whole milliseconds, so that no float is ever formatted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(text: str) -> int:
    """Milliseconds since the epoch of a UTC time such as `2026-11-17 09:14` or `… 09:14:05`."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


NOW = at("2026-11-20 12:00")
"""Data "now": the default clock for relative time ranges over the bundled data."""
START = NOW - 7 * DAY


def iso(ms: int) -> str:
    """UTC in ISO 8601, whole seconds."""
    return (_EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_of(ms: int) -> str:
    """The UTC calendar day, `2026-11-17`."""
    return iso(ms)[:10]


def weekday_of(ms: int) -> int:
    """0 is Monday; the epoch was a Thursday."""
    return (ms // DAY + 3) % 7


def epoch_text(ms: int) -> str:
    """Epoch seconds with three fixed decimals, as a JSON number."""
    return f"{ms // SECOND}.{ms % SECOND:03d}"


def seconds_text(ms: int) -> str:
    """A duration in seconds with three fixed decimals."""
    return f"{ms // SECOND}.{ms % SECOND:03d}"
