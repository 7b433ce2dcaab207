"""What every suite is made of: options in, a report of named measures out.

Machines differ and are noisy, so a measure may stand beside a ``baseline`` taken in the same run;
the ratio of the two is what can be compared between machines.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from agentgate_mcp import __version__
from agentgate_mcp.model.call import Json

Bound = Literal["at most", "at least"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a suite runs. ``quick`` takes samples small enough for a check by eye."""

    quick: bool = False
    seed: int = 20261120


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure with its unit and sample size; ``goal`` is what the project promises of it."""

    name: str
    value: float
    unit: str
    n: int
    goal: float | None = None
    bound: Bound = "at most"
    baseline: float | None = None
    baseline_of: str = ""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is none. NaN reaches nothing."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.bound == "at most" else self.value >= self.goal

    def to_json(self) -> dict[str, Json]:
        out: dict[str, Json] = {"name": self.name, "value": self.value, "unit": self.unit, "n": self.n}
        if self.goal is not None:
            out |= {"goal": self.goal, "bound": self.bound, "met": self.met}
        if self.baseline is not None:
            ratio = self.value / self.baseline if self.baseline else None
            out |= {"baseline": self.baseline, "baseline_of": self.baseline_of, "ratio": ratio}
        if self.note:
            out["note"] = self.note
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one suite."""

    suite: str
    options: Options
    measures: tuple[Measure, ...]
    details: dict[str, Json] = field(default_factory=dict[str, Json])

    @property
    def met(self) -> bool:
        return all(m.met is not False for m in self.measures)

    def to_json(self) -> dict[str, Json]:
        return {
            "suite": self.suite,
            "version": __version__,
            "quick": self.options.quick,
            "seed": self.options.seed,
            "machine": machine(),
            "measures": [m.to_json() for m in self.measures],
            "details": self.details,
        }


def machine() -> dict[str, Json]:
    """What the figures were taken on, without its name."""
    return {"python": platform.python_version(), "system": platform.system(), "cpus": os.cpu_count() or 0}


def percentiles(samples: Sequence[float], *ranks: float) -> tuple[float, ...]:
    """The nearest-rank percentiles; ``ranks`` are 0 to 100. Raises: ValueError for no samples."""
    if not samples:
        raise ValueError("percentiles need at least one sample")
    ordered = sorted(samples)
    return tuple(ordered[max(0, math.ceil(rank / 100 * len(ordered)) - 1)] for rank in ranks)
