"""What a search costs, from what it reaches: the static tier.

Splunk publishes no formula from a search to its cost, so this is an estimate with an interval,
from daily volumes per index and the rates below. It is monotone: a wider time range, another
index, a leading wildcard or a join is never predicted to be cheaper.

| coefficient | value | source |
|---|---|---|
| events read per second | 16,000 | capacity manual [1]: geometric mean of dense and sparse searches |
| the same behind a leading wildcard | 5,000 | capacity manual [1]: sparse rate, no term narrows the read |
| events per second over summaries | 1,000,000 | assumed; `tstats` reads index files, not events |
| bytes read per event over summaries | 5 % of raw | assumed |
| start of a job | 0.5 s | assumed |
| one subsearch or join | up to 60 s more | limits.conf: subsearches end at 60 s or 10,000 rows |
| a real-time search | 3,600 s | it never ends; an hour of one core is counted |
| all time | 365 days, or the index's retention | assumed where retention is not known |
| an index without a baseline | the largest known, else 5,000,000 events/day of 500 bytes | assumed |
| SVC-hours | seconds / 3,600 | a proxy: one busy core for an hour; no public formula exists |
| 90 % interval | events, bytes ÷3 … ×3; seconds, SVC-hours ÷4 … ×4 | assumed until a site calibrates |

[1] Splunk Enterprise 10 capacity manual, one indexer: dense searches (10 % of events match) up to
50,000 events/s, sparse ones (0.01–1 %) up to 5,000 events/s.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from agentgate_mcp.model.facts import Interval, SearchFacts

RAW_RATE, WILDCARD_RATE, SUMMARY_RATE = 16_000.0, 5_000.0, 1_000_000.0
SUMMARY_BYTES_SHARE = 0.05
START_S, SUBSEARCH_LIMIT_S, REAL_TIME_S = 0.5, 60.0, 3_600.0
ALL_TIME_DAYS = 365.0
EVENTS_FACTOR, SECONDS_FACTOR = 3.0, 4.0
_DAY = 86_400.0
_SUMMARY_COMMANDS = frozenset({"tstats", "mstats"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexBaseline:
    """An ordinary day of one index: events, and the mean size of a raw event in bytes."""

    events_per_day: float
    bytes_per_event: float
    retention_days: float = ALL_TIME_DAYS


UNKNOWN_INDEX = IndexBaseline(events_per_day=5_000_000.0, bytes_per_event=500.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostBaselines:
    """Daily volumes per index name (lower-case). ``hash`` covers all numbers."""

    indexes: Mapping[str, IndexBaseline] = field(default_factory=dict[str, IndexBaseline])
    hash: str = field(init=False, default="")

    def __post_init__(self) -> None:
        digest = hashlib.sha256()
        for name, base in sorted(self.indexes.items()):
            digest.update(repr((name, base.events_per_day, base.bytes_per_event, base.retention_days)).encode())
        object.__setattr__(self, "hash", digest.hexdigest())

    @classmethod
    def of(cls, volumes: Mapping[str, tuple[float, float]]) -> CostBaselines:
        """From index name to (events per day, bytes per event)."""
        return cls(
            indexes={
                name.lower(): IndexBaseline(events_per_day=events, bytes_per_event=size)
                for name, (events, size) in volumes.items()
            }
        )

    def index(self, name: str) -> IndexBaseline:
        """The baseline of an index; the largest known for one that has none, to err upwards."""
        known = self.indexes.get(name.lower())
        if known is not None:
            return known
        return max(self.indexes.values(), key=lambda b: b.events_per_day * b.bytes_per_event, default=UNKNOWN_INDEX)

    def everything(self) -> Mapping[str, IndexBaseline]:
        """All indexes that an unrestricted search reads; the internal ones it does not."""
        return {n: b for n, b in self.indexes.items() if not n.startswith("_")} or {"(unknown)": UNKNOWN_INDEX}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The middle of what is expected. ``shares`` are events by index, the largest first."""

    events: float = 0.0
    bytes: float = 0.0
    seconds: float = 0.0
    shares: tuple[tuple[str, float], ...] = ()

    def times(self, runs: float) -> Estimate:
        """The cost of ``runs`` runs."""
        return Estimate(
            events=self.events * runs,
            bytes=self.bytes * runs,
            seconds=self.seconds * runs,
            shares=tuple((n, e * runs) for n, e in self.shares),
        )

    def plus(self, other: Estimate) -> Estimate:
        """The cost of both."""
        shares: dict[str, float] = dict(self.shares)
        for name, events in other.shares:
            shares[name] = shares.get(name, 0.0) + events
        return Estimate(
            events=self.events + other.events,
            bytes=self.bytes + other.bytes,
            seconds=self.seconds + other.seconds,
            shares=_largest_first(shares),
        )


def estimate(search: SearchFacts, baselines: CostBaselines) -> Estimate:
    """The cost of one run of ``search``. A search that cannot be read is taken to read everything."""
    over_summaries = not search.raw_events and bool(search.data_models or _SUMMARY_COMMANDS & set(search.commands))
    if search.parsed and not search.raw_events and not over_summaries:
        return Estimate(seconds=START_S + _nested(search, 0.0))
    reach = _reach(search, baselines)
    shares = {name: base.events_per_day * _days(search, base) for name, base in reach.items()}
    # Exactly rounded, so that the order of the indexes changes no bit.
    events = math.fsum(shares.values())
    size = math.fsum(shares[name] * base.bytes_per_event for name, base in reach.items())
    if over_summaries:
        size *= SUMMARY_BYTES_SHARE
        scan = events / SUMMARY_RATE
    else:
        scan = events / _rate(search)
    seconds = START_S + scan + _nested(search, scan) + (REAL_TIME_S if search.real_time else 0.0)
    return Estimate(events=events, bytes=size, seconds=seconds, shares=_largest_first(shares))


def interval(value: float, factor: float) -> Interval:
    """The 90 % interval around ``value``."""
    return Interval(low=round(value / factor, 3), estimate=round(value, 3), high=round(value * factor, 3))


_SCORE_POINTS = ((1.0, 0), (30.0, 10), (120.0, 25), (600.0, 50), (3_600.0, 80), (14_400.0, 95), (86_400.0, 100))


def cost_score(seconds: float) -> int:
    """0–100 from the estimated seconds, along a straight line in the logarithm between
    1 s → 0, 30 s → 10, 2 min → 25, 10 min → 50, 1 h → 80, 4 h → 95, 1 d → 100."""
    if not seconds > _SCORE_POINTS[0][0]:
        return 0
    low = _SCORE_POINTS[0]
    for high in _SCORE_POINTS[1:]:
        if seconds <= high[0]:
            part = math.log(seconds / low[0]) / math.log(high[0] / low[0])
            return max(1, math.floor(low[1] + part * (high[1] - low[1]) + 1e-9))
        low = high
    return 100


def _rate(search: SearchFacts) -> float:
    if not search.leading_wildcards:
        return RAW_RATE
    return WILDCARD_RATE / (1.0 + 0.1 * (search.leading_wildcards - 1))


def _nested(search: SearchFacts, scan: float) -> float:
    """Seconds of joins and subsearches: each reads at most what the search reads, or its limit."""
    each = START_S + min(SUBSEARCH_LIMIT_S, scan)
    return (search.joins + search.subsearches) * each


def _reach(search: SearchFacts, baselines: CostBaselines) -> Mapping[str, IndexBaseline]:
    named = {n: baselines.index(n) for n in search.indexes if "*" not in n}
    if search.index_wildcard or search.default_indexes or not named or not search.parsed:
        return {**baselines.everything(), **named}
    return named


def _days(search: SearchFacts, base: IndexBaseline) -> float:
    """Days of events that are read. More than is kept cannot be."""
    if search.span_seconds is None:
        return base.retention_days
    return min(search.span_seconds / _DAY, base.retention_days)


def _largest_first(shares: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(shares.items(), key=lambda item: (-item[1], item[0])))
