"""Index statistics: how many events and bytes each index and source type has, hour by hour.

Stretches of time that lie wholly inside a search's range are counted exactly. Of one that the range
cuts, events are taken to lie evenly; how far they may be off is told by how they do lie in the parts
of a stretch, where volumes come in parts, else by how its neighbours differ. That is one number for
each index and source type, its clumping: 0 where events come by pure chance. So a range that cuts
nothing has no interval at all.
"""

from __future__ import annotations

import fnmatch
import hashlib
import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Final

from agentgate_mcp.gate.cost_spread import Spread
from agentgate_mcp.model.usage import BucketSpan, Volume

DAY, WEEK = 86_400, 604_800
PARTS: Final = 6
"""Parts of a stretch that volumes are asked for in: they tell how events lie inside it."""
MAX_CELLS: Final = 100_000
"""Cells kept; more are added up into days, then weeks."""
Z_90: Final = 1.645
"""Standard deviations on either side that hold 90 % of a normal distribution."""
RECENT_S: Final = 7 * DAY
"""What the volume after the statistics' end is taken from."""
_ANY: Final = ""
"""Stands for all source types of an index together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One index or source type over time: starts of the stretches that hold something, and sums up
    to each."""

    starts: tuple[int, ...]
    events: tuple[int, ...]
    sizes: tuple[int, ...]
    clumping: float
    """How much the variance of a part is above that of pure chance, per event of the stretch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The part of one stretch that a range covers. ``share`` is of its time."""

    index: str
    start: int
    share: float
    events: int
    clumping: float

    @property
    def deviation(self) -> float:
        """The standard deviation of how many of the events lie in the part."""
        # All events at one place, the worst there is, is a clumping of 1.
        return math.sqrt((1 + self.clumping * (self.events - 1)) * self.events * self.share * (1 - self.share))


@dataclass(slots=True, kw_only=True)
class Tally:
    """Events and bytes added up over ranges."""

    whole: float = 0.0
    size: float = 0.0
    beyond: float = 0.0
    """Events after the statistics' end, from recent volumes."""
    cuts: Counter[Cut] = field(default_factory=Counter[Cut])

    @property
    def events(self) -> float:
        return self.whole + self.beyond + math.fsum(c.events * c.share * n for c, n in self.cuts.items())

    def merge(self, other: Tally) -> None:
        self.whole += other.whole
        self.size += other.size
        self.beyond += other.beyond
        self.cuts.update(other.cuts)

    def spread(self, beyond_low: float, beyond_high: float) -> Spread:
        """The 90 % interval; the factors are for what lies beyond the statistics."""
        events = self.events
        # One stretch cut the same way twice errs twice the same way; different ones do not.
        off = Z_90 * math.sqrt(math.fsum((c.deviation * n) ** 2 for c, n in self.cuts.items()))
        most = self.whole + sum(c.events * n for c, n in self.cuts.items())
        known = events - self.beyond
        low, high = max(self.whole, known - off), min(most, known + off)
        return Spread(low=low + self.beyond * beyond_low, mid=events, high=high + self.beyond * beyond_high)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStats:
    """Immutable. ``series`` is by index, then by source type (lower-case; empty for all of them).
    Nothing comes after ``until``, where it is None: the store is closed."""

    width: int
    series: Mapping[str, Mapping[str, Series]]
    until: float | None = None
    buckets: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = field(
        default_factory=dict[str, tuple[tuple[float, ...], tuple[float, ...]]]
    )
    """Index name to the sorted earliest times of its buckets, and the sorted latest ones."""
    hash: str = field(init=False, default="")

    def __post_init__(self) -> None:
        digest = hashlib.sha256(repr((self.width, self.until)).encode())
        for index, kinds in sorted(self.series.items()):
            for kind, s in sorted(kinds.items()):
                digest.update(repr((index, kind, s.starts, s.events, s.sizes, s.clumping)).encode())
        for index, times in sorted(self.buckets.items()):
            digest.update(repr((index, times)).encode())
        object.__setattr__(self, "hash", digest.hexdigest())

    @classmethod
    def of(
        cls, volumes: Iterable[Volume], *, width: int, until: float | None = None, buckets: Iterable[BucketSpan] = ()
    ) -> IndexStats:
        """From volumes in any order, added up to stretches of ``width`` seconds, or of days or weeks
        where they would be too many. Raises: ValueError for a width below a second."""
        if width < 1:
            raise ValueError(f"width: expected at least one second, got {width}")
        rows = list(volumes)
        for wider in (DAY, WEEK):
            if len({(row.index, row.sourcetype, row.start // width) for row in rows}) > MAX_CELLS:
                width = max(width, wider)
        cells: dict[tuple[str, str], dict[int, _Cell]] = defaultdict(lambda: defaultdict(_Cell))
        for row in rows:
            for kind in {_ANY, row.sourcetype.lower()}:
                cells[row.index.lower(), kind][row.start // width * width].add(row, width)
        series: dict[str, dict[str, Series]] = defaultdict(dict)
        for (index, kind), held in cells.items():
            series[index][kind] = _series(held, width)
        spans: dict[str, list[BucketSpan]] = defaultdict(list)
        for span in buckets:
            spans[span.index.lower()].append(span)
        held = {n: (tuple(sorted(s.earliest for s in v)), tuple(sorted(s.latest for s in v))) for n, v in spans.items()}
        return cls(width=width, series=series, until=until, buckets=held)

    def matching(self, pattern: str) -> Sequence[str]:
        """Indexes of a name or pattern; one that does not begin with `_` leaves internal ones out."""
        if "*" not in pattern:
            return (pattern,) if pattern in self.series else ()
        literal = pattern.replace("[", "[[]").replace("?", "[?]")
        inside = pattern.startswith("_")
        return [n for n in self.series if n.startswith("_") == inside and fnmatch.fnmatchcase(n, literal)]

    def holding(self, sourcetypes: Collection[str]) -> tuple[str, ...]:
        """Indexes with events of one of these source types or patterns (lower-case), by name; internal
        ones left out."""
        named = ((name, kinds) for name, kinds in self.series.items() if not name.startswith("_"))
        return tuple(sorted(name for name, kinds in named if _chosen(kinds, sourcetypes)))

    def add(
        self, tally: Tally, index: str, sourcetypes: Sequence[str], earliest: float, latest: float, runs: int = 1
    ) -> None:
        """Count one index over ``earliest`` to ``latest``; of some source types, if any are named."""
        kinds = self.series.get(index, {})
        chosen = _chosen(kinds, sourcetypes) if sourcetypes else [_ANY]
        for kind in chosen:
            if kind in kinds and latest > earliest:
                self._add(tally, index, kinds[kind], earliest, latest, runs)

    def bucket_count(self, index: str, earliest: float, latest: float) -> int | None:
        """Buckets that reach into the range; None where nothing is known of them."""
        held = self.buckets.get(index)
        if held is None:
            return None
        return max(0, bisect_left(held[0], latest) - bisect_left(held[1], earliest))

    def _add(self, tally: Tally, index: str, s: Series, earliest: float, latest: float, runs: int) -> None:
        width, until = self.width, math.inf if self.until is None else self.until
        first, last = _floor(earliest, width), _floor(latest, width)
        if latest >= until:
            last = math.inf  # nothing that is known comes after, so the stretch of `until` is not cut
        whole_from = first if earliest <= first else first + width
        for start in {first, last} if whole_from <= last else {first}:
            if earliest > start or (latest > start and start == last):
                self._cut(tally, index, s, start, earliest, latest, runs)
        low, high = bisect_left(s.starts, whole_from), bisect_left(s.starts, last)
        if high > low:
            tally.whole += (s.events[high] - s.events[low]) * runs
            tally.size += (s.sizes[high] - s.sizes[low]) * runs
        if latest > until:
            events, size = self._rate(s, until)
            more = latest - max(earliest, until)
            tally.beyond += events * more * runs
            tally.size += size * more * runs

    def _cut(
        self, tally: Tally, index: str, s: Series, start: float, earliest: float, latest: float, runs: int
    ) -> None:
        place = bisect_left(s.starts, start)
        if place == len(s.starts) or s.starts[place] != start:
            return
        end = start + self.width if self.until is None else min(start + self.width, self.until)
        share = (min(latest, end) - max(earliest, start)) / (end - start) if end > start else 1.0
        if share <= 0:
            return
        events = s.events[place + 1] - s.events[place]
        cut = Cut(index=index, start=int(start), share=min(share, 1.0), events=events, clumping=s.clumping)
        tally.cuts[cut] += runs
        tally.size += (s.sizes[place + 1] - s.sizes[place]) * cut.share * runs

    def _rate(self, s: Series, until: float) -> tuple[float, float]:
        """Events and bytes per second lately."""
        low, high = bisect_left(s.starts, until - RECENT_S), bisect_right(s.starts, until)
        return (s.events[high] - s.events[low]) / RECENT_S, (s.sizes[high] - s.sizes[low]) / RECENT_S


def _chosen(kinds: Collection[str], wanted: Collection[str]) -> list[str]:
    """The source types that names or patterns mean."""
    patterns = [name.replace("[", "[[]").replace("?", "[?]") for name in wanted]
    return [kind for kind in kinds if kind and any(fnmatch.fnmatchcase(kind, pattern) for pattern in patterns)]


def _floor(moment: float, width: int) -> float:
    """The start of the stretch that holds ``moment``; an infinite one is its own."""
    return moment if math.isinf(moment) else moment // width * width


@dataclass(slots=True)
class _Cell:
    """One stretch while it is added up: events by part where its volumes are parts of it."""

    events: int = 0
    size: int = 0
    parts: Counter[int] = field(default_factory=Counter[int])
    count: int = 1

    def add(self, row: Volume, width: int) -> None:
        self.events += max(row.events, 0)
        self.size += max(row.size, 0)
        self.count = max(self.count, width // row.span)
        self.parts[row.start // row.span] += max(row.events, 0)


def _series(cells: Mapping[int, _Cell], width: int) -> Series:
    starts = tuple(sorted(cells))
    inside = [_unevenness(cell) for cell in cells.values() if cell.count > 1 and cell.events > 1]
    return Series(
        starts=starts,
        events=tuple(accumulate((cells[s].events for s in starts), initial=0)),
        sizes=tuple(accumulate((cells[s].size for s in starts), initial=0)),
        clumping=_clumping(inside or _differences(cells, starts, width)),
    )


def _unevenness(cell: _Cell) -> tuple[float, int]:
    """Chi-squared per degree of freedom of a stretch's parts, which is 1 by chance, and its events."""
    even = cell.events / cell.count
    squares = sum((n - even) ** 2 for n in cell.parts.values()) + (cell.count - len(cell.parts)) * even**2
    return squares / even / (cell.count - 1), cell.events


def _differences(cells: Mapping[int, _Cell], starts: Sequence[int], width: int) -> list[tuple[float, int]]:
    """The same of two neighbours as if they were the halves of one. Differences of neighbours leave
    the rhythm of the day out."""
    found: list[tuple[float, int]] = []
    for a, b in pairwise(starts):
        mine, next_ = cells[a].events, cells[b].events
        # A gap is two pairs with an empty stretch.
        for x, y in ((mine, next_),) if b - a == width else ((mine, 0), (0, next_)):
            if x + y > 1:
                found.append(((x - y) ** 2 / (x + y), x + y))
    return found


def _clumping(seen: Sequence[tuple[float, int]]) -> float:
    """What makes 1 + clumping x (events − 1) fit the unevenness seen, from 0 to 1."""
    more = math.fsum(uneven - 1 for uneven, _ in seen)
    return min(1.0, max(0.0, more / sum(events - 1 for _, events in seen))) if seen else 0.0
