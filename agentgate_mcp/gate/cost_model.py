"""What a search costs, from what it reaches.

Splunk publishes no formula from a search to its cost, so this is an estimate with an interval, from
the best evidence there is: index statistics (`cost_stats`), else daily volumes per index, corrected
by past searches of the same shape (`cost_history`), turned into seconds by the numbers of
`cost_coefficients`. It is monotone: a wider time range, another index, a leading wildcard or a join
is never predicted to be cheaper.
"""

from __future__ import annotations

import fnmatch
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from agentgate_mcp.gate.cost_coefficients import (
    ALL_TIME_DAYS,
    BUCKET_RAW_BYTES,
    DEFAULT,
    REAL_TIME_S,
    SUBSEARCH_LIMIT_S,
    SUMMARY_BYTES_SHARE,
    UNLIMITED,
    WILDCARD_SLOWER,
    Coefficients,
)
from agentgate_mcp.gate.cost_history import NOTHING, History
from agentgate_mcp.gate.cost_spread import NONE, Spread
from agentgate_mcp.gate.cost_stats import IndexStats, Tally
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.spl.facts import SearchRead

Tier = Literal["none", "static", "index_stats", "history"]
TIERS: Final[tuple[Tier, ...]] = ("static", "index_stats", "history", "none")
"""The weakest evidence first; `none` is no search, and weakens nothing."""
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
    """All evidence that an estimate rests on; index names are lower-case. ``hash`` covers it."""

    indexes: Mapping[str, IndexBaseline] = field(default_factory=dict[str, IndexBaseline])
    stats: IndexStats | None = None
    history: History = NOTHING
    coefficients: Coefficients = DEFAULT
    workload_pool: str = ""
    """The pool that searches are put into, where the site has one for them."""
    hash: str = field(init=False, default="")

    def __post_init__(self) -> None:
        digest = hashlib.sha256()
        for name, base in sorted(self.indexes.items()):
            digest.update(repr((name, base.events_per_day, base.bytes_per_event, base.retention_days)).encode())
        stats = self.stats.hash if self.stats is not None else ""
        digest.update(repr((stats, self.history.hash, self.coefficients, self.workload_pool)).encode())
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
    """What is expected, with its 90 % interval. ``shares`` are events by index, the largest first."""

    events: Spread = NONE
    bytes: Spread = NONE
    buckets: Spread = NONE
    seconds: Spread = NONE
    shares: tuple[tuple[str, float], ...] = ()
    tier: Tier = "none"

    def times(self, runs: float) -> Estimate:
        """The cost of ``runs`` runs."""
        return replace(
            self,
            events=self.events.times(runs),
            bytes=self.bytes.times(runs),
            buckets=self.buckets.times(runs),
            seconds=self.seconds.times(runs),
            shares=tuple((n, e * runs) for n, e in self.shares),
        )

    def plus(self, other: Estimate) -> Estimate:
        """The cost of both, on the weaker evidence of the two."""
        shares: dict[str, float] = dict(self.shares)
        for name, events in other.shares:
            shares[name] = shares.get(name, 0.0) + events
        return Estimate(
            events=self.events.plus(other.events),
            bytes=self.bytes.plus(other.bytes),
            buckets=self.buckets.plus(other.buckets),
            seconds=self.seconds.plus(other.seconds),
            shares=_largest_first(shares),
            tier=self.tier if TIERS.index(self.tier) < TIERS.index(other.tier) else other.tier,
        )


def estimate(
    search: SearchFacts,
    baselines: CostBaselines,
    reads: Sequence[SearchRead] | None = None,
    *,
    shape: str = "",
) -> Estimate:
    """The cost of one run of ``search``. ``reads`` are the places that it reads, one made of the facts
    where none are given; ``shape`` is what past searches are compared by.

    A search that cannot be read is taken to read everything."""
    places = _merged(search) if reads is None or not search.parsed else reads
    rates, total = baselines.coefficients, _Total(baselines)
    scan = longest = 0.0
    for place in places:
        seconds = total.add(place) / (rates.summary_rate if place.summaries else _rate(search, rates))
        capped = place.owner and place.owner not in UNLIMITED
        scan += min(SUBSEARCH_LIMIT_S * place.runs, seconds) if capped else seconds
        longest = max(longest, seconds)
    nested = search.joins + search.subsearches
    seconds = rates.start_s * (1 + nested) + scan + (REAL_TIME_S if search.real_time else 0.0)
    if reads is None:
        # Nothing says what the brackets read: as much as the search does, or their limit.
        seconds += nested * min(SUBSEARCH_LIMIT_S, longest)
    return _corrected(total.estimate(seconds), baselines, shape)


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


class _Total:
    """Adds up what is read, place by place and index by index."""

    def __init__(self, baselines: CostBaselines) -> None:
        self.baselines = baselines
        self.tally = Tally()
        self.flat: list[float] = []
        """Events known only from daily volumes."""
        self.sizes: list[float] = []
        self.buckets = 0.0
        self.shares: dict[str, float] = {}
        self.guessed = False
        """Some of the buckets are worked out from bytes."""

    def add(self, place: SearchRead) -> float:
        """Count one place; the events whose text is read there."""
        read: list[float] = []
        stats = self.baselines.stats
        for name, base in _reach(place, self.baselines).items():
            if base is None and stats is not None:
                scanned, events, size = self._counted(stats, name, place)
            else:
                known = base or UNKNOWN_INDEX
                scanned = events = known.events_per_day * _days(place, known) * place.runs
                size = events * known.bytes_per_event
                self.flat.append(scanned)
                self._guess_buckets(size)
            self.shares[name] = self.shares.get(name, 0.0) + scanned
            self.sizes.append(size * (SUMMARY_BYTES_SHARE if place.summaries else 1.0))
            read.append(events)
        return math.fsum(read)

    def estimate(self, seconds: float) -> Estimate:
        rates = self.baselines.coefficients
        # Exactly rounded, so that the order of the indexes changes no bit.
        flat = Spread.around(math.fsum(self.flat), rates.events_low, rates.events_high)
        events = self.tally.spread(rates.events_low, rates.events_high).plus(flat)
        low, high = (rates.events_low, rates.events_high) if self.guessed else (1.0, 1.0)
        static = self.flat or self.baselines.stats is None
        return Estimate(
            events=events,
            bytes=events.scaled_to(math.fsum(self.sizes)),
            buckets=Spread.around(self.buckets, low, high),
            seconds=Spread.around(seconds, rates.seconds_low, rates.seconds_high),
            shares=_largest_first(self.shares),
            tier="static" if static else "index_stats",
        )

    def _counted(self, stats: IndexStats, name: str, place: SearchRead) -> tuple[float, float, float]:
        """Events in the range, those of the source types named, and their bytes: terms of the index
        leave the text of the others unread."""
        earliest = -math.inf if place.earliest is None else place.earliest
        latest = _end(place, stats)
        scanned, read = Tally(), Tally()
        stats.add(scanned, name, (), earliest, latest, place.runs)
        if place.sourcetypes:
            stats.add(read, name, place.sourcetypes, earliest, latest, place.runs)
        else:
            read = scanned
        self.tally.merge(scanned)
        buckets = stats.bucket_count(name, earliest, latest)
        if buckets is None:
            self._guess_buckets(scanned.size)
        else:
            self.buckets += buckets * place.runs
        return scanned.events, read.events, read.size

    def _guess_buckets(self, size: float) -> None:
        if size > 0:
            self.buckets += 1.0 + size / BUCKET_RAW_BYTES
            self.guessed = True


def _corrected(made: Estimate, baselines: CostBaselines, shape: str) -> Estimate:
    """The estimate as past searches of the same shape have it: seconds always, events where they
    are not counted."""
    past = baselines.history.shapes.get(shape)
    if past is None:
        return made
    events, size = made.events, made.bytes
    if made.tier == "static":
        events = past.events.applied(made.events.mid)
        size = events.scaled_to(made.bytes.mid * events.mid / made.events.mid) if made.events.mid else size
    return replace(made, events=events, bytes=size, seconds=past.seconds.applied(made.seconds.mid), tier="history")


def _rate(search: SearchFacts, rates: Coefficients) -> float:
    if not search.leading_wildcards:
        return rates.raw_rate
    return rates.wildcard_rate / (1.0 + WILDCARD_SLOWER * (search.leading_wildcards - 1))


def _merged(search: SearchFacts) -> tuple[SearchRead, ...]:
    """One place that is as wide as all of them together; none for a search that reads no events."""
    over_summaries = not search.raw_events and bool(search.data_models or _SUMMARY_COMMANDS & set(search.commands))
    if search.parsed and not search.raw_events and not over_summaries:
        return ()
    place = SearchRead(
        indexes=search.indexes,
        everything=search.index_wildcard or search.default_indexes or not search.parsed,
        earliest=search.earliest,
        latest=search.latest,
        span_seconds=search.span_seconds,
        summaries=over_summaries,
    )
    return (place,)


def _reach(place: SearchRead, baselines: CostBaselines) -> Mapping[str, IndexBaseline | None]:
    """The indexes of a place, with their daily volume, or None for one whose events are counted."""
    stats = baselines.stats
    if stats is None:
        return _flat_reach(place, baselines)
    found: dict[str, IndexBaseline | None] = {}
    for name in (*place.indexes, *(("*",) if place.everything or not place.indexes else ())):
        matches = stats.matching(name)
        found.update(dict.fromkeys(matches))
        if not matches and "*" not in name and stats.until is not None:
            # It may be new; what is not there in a store that is closed has no events.
            found[name] = baselines.index(name)
    return found


def _flat_reach(place: SearchRead, baselines: CostBaselines) -> Mapping[str, IndexBaseline]:
    named = {n: baselines.index(n) for n in place.indexes if "*" not in n}
    open_ended = place.everything or not place.indexes
    for pattern in (n for n in place.indexes if "*" in n):
        literal, inside = pattern.replace("[", "[[]").replace("?", "[?]"), pattern.startswith("_")
        matches = {
            n: b
            for n, b in baselines.indexes.items()
            if n.startswith("_") == inside and fnmatch.fnmatchcase(n, literal)
        }
        named |= matches
        open_ended = open_ended or not matches
    return {**baselines.everything(), **named} if open_ended else named


def _days(place: SearchRead, base: IndexBaseline) -> float:
    """Days of events that are read. More than is kept cannot be."""
    if place.span_seconds is None:
        return base.retention_days
    return min(place.span_seconds / _DAY, base.retention_days)


def _end(place: SearchRead, stats: IndexStats) -> float:
    """The end of a place's range; of one without, as far as the statistics go, or all there is."""
    if place.latest is not None:
        return place.latest
    if stats.until is None:
        return math.inf
    now = (place.earliest or 0.0) + (place.span_seconds or 0.0)
    return max(stats.until, now)


def _largest_first(shares: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(shares.items(), key=lambda item: (-item[1], item[0])))
