"""Regularity of connections between one source and one destination, scored 0–1.

In the manner of RITA v5 (method described by its authors; this is an independent implementation):
the mean of four parts, timing, sizes, duration and histogram. Healthy devices are regular too,
so the score is one input among others and never a verdict.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

MIN_CONNECTIONS = 4
BINS = 24
MIN_BINS_FOR_DURATION = 6
MIN_BINS_FOR_MODES = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconScore:
    """Each part 0–1; ``median_gap`` in seconds."""

    score: float
    timing: float
    sizes: float
    duration: float
    histogram: float
    median_gap: float
    connections: int


def beacon_score(times: Sequence[float], sizes: Sequence[float], *, window: tuple[float, float]) -> BeaconScore | None:
    """The score of one pair; None with too few connections. ``window`` is the data set's span
    in epoch seconds; ``sizes`` are bytes sent, in any order."""
    if len(times) < MIN_CONNECTIONS:
        return None
    ordered = sorted(times)
    gaps = sorted(b - a for a, b in itertools.pairwise(ordered) if b > a)
    timing = _spread(gaps, 1.0) if len(gaps) >= 3 else 0.0
    counts = _histogram(ordered, window)
    filled = sum(c > 0 for c in counts)
    parts = (
        timing,
        _spread(sorted(sizes), 0.0) if sizes else 0.0,
        _duration(ordered, counts, window) if filled >= MIN_BINS_FOR_DURATION else 0.0,
        _evenness(counts, filled),
    )
    return BeaconScore(
        score=sum(parts) / 4,
        timing=parts[0],
        sizes=parts[1],
        duration=parts[2],
        histogram=parts[3],
        median_gap=_quantile(gaps, 0.5) if gaps else 0.0,
        connections=len(times),
    )


def _spread(ordered: Sequence[float], when_small: float) -> float:
    """Mean of `1 − |Bowley skew|` and a median-absolute-deviation score."""
    q1, q2, q3 = (_quantile(ordered, q) for q in (0.25, 0.5, 0.75))
    flat = q3 - q1 < 10 or q2 in (q1, q3)
    skew = 0.0 if flat else (q3 + q1 - 2 * q2) / (q3 - q1)
    if q2 < 1:
        tight = when_small
    else:
        deviation = _quantile(sorted(abs(v - q2) for v in ordered), 0.5)
        tight = max(0.0, (q2 - deviation) / q2)
    return ((1 - abs(skew)) + tight) / 2


def _histogram(ordered: Sequence[float], window: tuple[float, float]) -> list[int]:
    start, span = window[0], max(window[1] - window[0], 1.0)
    counts = [0] * BINS
    for at in ordered:
        place = int((at - start) / span * BINS)
        counts[min(max(place, 0), BINS - 1)] += 1
    return counts


def _duration(ordered: Sequence[float], counts: Sequence[int], window: tuple[float, float]) -> float:
    span = max(window[1] - window[0], 1.0)
    longest = run = 0
    for filled in [c > 0 for c in counts] * 2:  # twice, so that a run may wrap round midnight
        run = run + 1 if filled else 0
        longest = max(longest, min(run, BINS))
    return min(1.0, max((ordered[-1] - ordered[0]) / span, longest / 12))


def _evenness(counts: Sequence[int], filled: int) -> float:
    mean = sum(counts) / len(counts)
    variance = sum((c - mean) ** 2 for c in counts) / len(counts)
    variation = variance**0.5 / mean if mean else 2.0
    even = max(0.0, 1 - variation) if variation <= 1 else 0.0
    if filled < MIN_BINS_FOR_MODES:
        return even
    width = max(1.0, max(counts) * 0.05)
    levels: dict[int, int] = {}
    for c in counts:
        if c:
            levels[int(c / width)] = levels.get(int(c / width), 0) + 1
    common = sum(sorted(levels.values(), reverse=True)[:2])
    return max(even, min(1.0, common / max(filled - 1, 1)))


def _quantile(ordered: Sequence[float], q: float) -> float:
    if not ordered:
        return 0.0
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
