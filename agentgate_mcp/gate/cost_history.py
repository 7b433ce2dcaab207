"""Past searches as evidence: how far the estimate was off for searches of the same shape.

A shape is a search without its literals, times, indexes and brackets (`cost_shape`), so that a wider
range, another index, a wildcard or a join has the same history, and is still never cheaper. What
history says is a factor on what the model says. It is trusted up to ten times the largest search it
was seen on; of what is beyond that, nothing is taken to be cheaper than the model says. So a hundred
small searches do not buy one that is huge.
"""

from __future__ import annotations

import hashlib
import math
import statistics
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from agentgate_mcp.gate.cost_spread import Spread

MIN_RUNS: Final = 5
"""Runs of one shape that are evidence."""
KEPT_RUNS: Final = 50
"""The last runs of one shape; older ones go."""
KEPT_SHAPES: Final = 2_000
REACH: Final = 10.0
"""How far beyond the largest run seen a factor holds."""
_Z = 1.645
_LEAST_SIGMA = 0.05
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One past search: what the model says of it today, and what it took."""

    shape: str
    modelled_events: float
    events: float
    modelled_seconds: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """What an estimate is multiplied by, with the 90 % interval for one more run, up to ``reach``."""

    low: float
    mid: float
    high: float
    reach: float

    @classmethod
    def of(cls, pairs: Sequence[tuple[float, float]]) -> Factor:
        """From (modelled, actual) pairs, all above 0: the median ratio, and a robust normal interval
        of its logarithm, widened for few runs as Student's t is."""
        logs = [math.log(actual / modelled) for modelled, actual in pairs]
        middle = statistics.median(logs)
        sigma = max(_LEAST_SIGMA, _MAD_TO_SIGMA * statistics.median(abs(x - middle) for x in logs))
        free = len(logs) - 1
        off = (_Z + (_Z**3 + _Z) / (4 * free)) * sigma * math.sqrt(1 + 1 / len(logs))
        return cls(
            low=math.exp(middle - off),
            mid=math.exp(middle),
            high=math.exp(middle + off),
            reach=REACH * max(modelled for modelled, _ in pairs),
        )

    def applied(self, modelled: float) -> Spread:
        near, far = min(modelled, self.reach), max(0.0, modelled - self.reach)
        return Spread(
            low=near * self.low + far * min(self.low, 1.0),
            mid=near * self.mid + far * max(self.mid, 1.0),
            high=near * self.high + far * max(self.high, 1.0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PastShape:
    """What is known of one shape."""

    runs: int
    events: Factor
    seconds: Factor


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Immutable; by shape. ``hash`` covers every number."""

    shapes: Mapping[str, PastShape] = field(default_factory=dict[str, PastShape])
    hash: str = field(init=False, default="")

    def __post_init__(self) -> None:
        digest = hashlib.sha256()
        for shape, past in sorted(self.shapes.items()):
            digest.update(repr((shape, past)).encode())
        object.__setattr__(self, "hash", digest.hexdigest())

    @classmethod
    def of(cls, runs: Iterable[Run]) -> History:
        """From runs, oldest first. A run without a shape or with nothing to compare is left out."""
        kept: OrderedDict[str, list[Run]] = OrderedDict()
        for run in runs:
            if not run.shape or min(run.modelled_seconds, run.seconds) <= 0:
                continue
            mine = kept.setdefault(run.shape, [])
            mine.append(run)
            del mine[:-KEPT_RUNS]
            kept.move_to_end(run.shape)
            if len(kept) > KEPT_SHAPES:
                kept.popitem(last=False)
        return cls(shapes={shape: _past(mine) for shape, mine in kept.items() if len(mine) >= MIN_RUNS})


def _past(runs: Sequence[Run]) -> PastShape:
    # One event more on both sides: a search that found an empty range is evidence too.
    events = Factor.of([(run.modelled_events + 1.0, run.events + 1.0) for run in runs])
    return PastShape(
        runs=len(runs), events=events, seconds=Factor.of([(run.modelled_seconds, run.seconds) for run in runs])
    )


NOTHING: Final = History()
