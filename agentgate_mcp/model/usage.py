"""What the indexes hold over time, and what searches have used: the raw material of cost estimates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Events of one index and source type in the ``span`` seconds from ``start`` (epoch seconds).
    ``size`` is the bytes of their raw text."""

    index: str
    sourcetype: str
    start: int
    span: int
    events: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSpan:
    """One bucket of an index, as `dbinspect` tells of it. Times are epoch seconds, both included."""

    index: str
    earliest: float
    latest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSearch:
    """A search that has run. ``earliest`` and ``latest`` are Splunk time expressions, counted from
    ``now`` (epoch seconds); ``events`` is how many were scanned, ``seconds`` how long it ran."""

    query: str
    earliest: str
    latest: str
    now: float
    events: int
    seconds: float
