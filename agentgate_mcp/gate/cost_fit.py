"""Fits the coefficients to what a site's searches took.

Seconds are modelled as a start for each search and its brackets, plus events by the rate of how they
are read. The fit has the least sum of relative deviations (weighted least absolute deviations, so a
few searches that hung do not bend it), by iteratively reweighted least squares; a coefficient that
would be negative, or that no search speaks of, keeps its documented value. The interval's factors are
quantiles of what is left. Errors are told for searches that were not fitted to (five folds).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.errors import CanonicalError, DataError
from agentgate_mcp.gate.cost_coefficients import DEFAULT, Coefficients, read_coefficients
from agentgate_mcp.gate.cost_past import Modelled
from agentgate_mcp.model.call import Json

MIN_JOBS: Final = 30
VERSION: Final = 1
FOLDS: Final = 5
_LOW, _HIGH = 0.05, 0.95
_ROUNDS = 60
_LEAST_S = 1e-3
"""A millisecond: what a shorter run is taken to be, as clocks are no finer."""
_RATES: Final = ("raw_rate", "wildcard_rate", "summary_rate")
_MAX_RATE: Final = 1e9
_SLOWEST, _FASTEST = 0.01, 100.0
"""An interval is never wider than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One search as the fit sees it. ``kind`` is 0 for raw events, 1 behind a leading wildcard, 2 for
    summaries; ``starts`` counts the search and its brackets; ``modelled_events`` is without statistics."""

    kind: int
    starts: int
    events: float
    modelled_events: float
    seconds: float

    @classmethod
    def of(cls, item: Modelled) -> Job | None:
        """None for a search without an end, which no rate explains."""
        if item.facts.real_time:
            return None
        summaries = bool(item.reads) and all(place.summaries for place in item.reads)
        return cls(
            kind=2 if summaries else 1 if item.facts.leading_wildcards else 0,
            starts=1 + item.facts.joins + item.facts.subsearches,
            events=float(item.past.events),
            modelled_events=item.estimate.events.mid,
            seconds=max(item.past.seconds, _LEAST_S),
        )

    def predicted(self, rates: Coefficients) -> float:
        rate = (rates.raw_rate, rates.wildcard_rate, rates.summary_rate)[self.kind]
        return rates.start_s * self.starts + self.events / rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """How far predicted seconds are off: the median of |predicted − actual| / actual in percent, and
    the share of searches inside the 90 % interval."""

    median_percent: float
    coverage: float

    @classmethod
    def of(cls, jobs: Sequence[Job], rates: Sequence[Coefficients]) -> Error:
        pairs = [(job.predicted(r), job.seconds, r) for job, r in zip(jobs, rates, strict=True)]
        return cls(
            median_percent=round(100 * statistics.median(abs(p - actual) / actual for p, actual, _ in pairs), 2),
            coverage=round(
                statistics.fmean(p * r.seconds_low <= actual <= p * r.seconds_high for p, actual, r in pairs), 4
            ),
        )

    def to_json(self) -> dict[str, Json]:
        return {"median_percent": self.median_percent, "coverage": self.coverage}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A site's coefficients, from how many searches, and the error before and after."""

    coefficients: Coefficients
    jobs: int
    before: Error
    after: Error
    source: str

    def to_json(self) -> dict[str, Json]:
        return {
            "version": VERSION,
            "source": self.source,
            "jobs": self.jobs,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "coefficients": self.coefficients.to_json(),
        }


def read_calibration(data: bytes) -> Coefficients:
    """The coefficients of a calibration file. Raises: DataError."""
    try:
        value = loads_strict(data)
    except CanonicalError as error:
        raise DataError("calibration", "file", str(error)) from None
    if not isinstance(value, Mapping) or value.get("version") != VERSION:
        raise DataError("calibration", "/version", f"expected {VERSION}")
    return read_coefficients(value.get("coefficients"))


def calibrate(jobs: Sequence[Job], *, source: str) -> Calibration:
    """Coefficients fitted to ``jobs``. Raises: DataError for fewer than `MIN_JOBS`."""
    if len(jobs) < MIN_JOBS:
        raise DataError(source, "searches", f"expected at least {MIN_JOBS} that can be read, got {len(jobs)}")
    held_out = [DEFAULT] * len(jobs)
    for fold in range(FOLDS):
        rates = fitted([job for place, job in enumerate(jobs) if place % FOLDS != fold])
        for place in range(fold, len(jobs), FOLDS):
            held_out[place] = rates
    return Calibration(
        coefficients=fitted(jobs),
        jobs=len(jobs),
        before=Error.of(jobs, [DEFAULT] * len(jobs)),
        after=Error.of(jobs, held_out),
        source=source,
    )


def fitted(jobs: Sequence[Job]) -> Coefficients:
    """The coefficients that explain ``jobs`` best."""
    slopes = _least_relative_deviations(jobs)
    found = {name: 1.0 / slopes[n] for n, name in enumerate(_RATES) if slopes[n] > 0}
    rates = replace(DEFAULT, **{name: min(rate, _MAX_RATE) for name, rate in found.items()})
    # A leading wildcard is never the cheaper way, and neither is the raw text.
    rates = replace(rates, raw_rate=max(rates.raw_rate, rates.wildcard_rate)) if "raw_rate" not in found else rates
    rates = replace(rates, wildcard_rate=min(rates.wildcard_rate, rates.raw_rate))
    rates = replace(rates, summary_rate=max(rates.summary_rate, rates.raw_rate))
    if slopes[3] > 0:
        rates = replace(rates, start_s=float(slopes[3]))
    low, high = _factors([job.seconds / job.predicted(rates) for job in jobs])
    rates = replace(rates, seconds_low=low, seconds_high=high)
    counted = [(job.events + 1) / (job.modelled_events + 1) for job in jobs if job.modelled_events > 0]
    if len(counted) >= MIN_JOBS:
        low, high = _factors(counted)
        rates = replace(rates, events_low=low, events_high=high)
    return rates


def _least_relative_deviations(jobs: Sequence[Job]) -> list[float]:
    """Seconds per event of each kind, and per start; 0 where nothing is known."""
    table = np.zeros((len(jobs), 4))
    for row, job in enumerate(jobs):
        table[row, job.kind] = job.events
        table[row, 3] = job.starts
    seconds = np.array([job.seconds for job in jobs])
    relative: NDArray[np.float64] = table / seconds[:, None]
    scale = relative.max(axis=0)
    used = scale > 0
    weights = np.ones(len(jobs))
    solution = np.zeros(4)
    for _ in range(_ROUNDS):
        root = np.sqrt(weights)
        columns = np.flatnonzero(used)
        if not columns.size:
            break
        part = relative[:, columns] / scale[columns]
        answer = cast(NDArray[np.float64], np.linalg.lstsq(part * root[:, None], root, rcond=None)[0])
        solution[:] = 0.0
        solution[columns] = answer / scale[columns]
        if float(answer.min()) <= 0:
            used[columns[int(np.argmin(answer))]] = False
            weights[:] = 1.0
            continue
        weights = 1.0 / np.maximum(np.abs(relative @ solution - 1.0), 1e-4)
    return [float(value) if math.isfinite(value) and value > 0 else 0.0 for value in solution]


def _factors(ratios: Sequence[float]) -> tuple[float, float]:
    """The 5 % and 95 % quantiles, at the ranks that hold for one more of them; the estimate is inside."""
    ordered = sorted(ratios)
    low = ordered[max(0, math.floor((len(ordered) + 1) * _LOW) - 1)]
    high = ordered[min(len(ordered) - 1, math.ceil((len(ordered) + 1) * _HIGH) - 1)]
    return max(min(low, 1.0), _SLOWEST), min(max(high, 1.0), _FASTEST)
