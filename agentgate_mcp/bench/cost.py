"""How good cost estimates are, on the embedded engine: events against those scanned, seconds against
those taken, and what an estimate itself takes.

Searches are drawn as analysts write them (`cost_searches`) and run over the bundled data. Ranges that
cut no stretch of the index statistics are counted exactly, and their interval is a point; coverage is
told of all searches, and of those that cut some. For seconds, the first half of the searches is the
past, and the error is that of the second half.
"""

from __future__ import annotations

import ast as python_ast
import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.backends.ports import SearchJob
from agentgate_mcp.bench.cost_searches import Drawn, drawn
from agentgate_mcp.bench.frame import Measure, Options, Report, percentiles
from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.gate.cost_fit import Job, fitted
from agentgate_mcp.gate.cost_model import CostBaselines, Estimate, estimate
from agentgate_mcp.gate.cost_past import history_of, modelled
from agentgate_mcp.gate.cost_shape import shape_of
from agentgate_mcp.gate.cost_stats import PARTS, IndexStats
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.model.usage import PastSearch
from agentgate_mcp.permits import PermitBook
from agentgate_mcp.spl.facts import read_places, read_search
from agentgate_mcp.spl.knowledge import KnowledgeSet

Say = Callable[[str], None]
COUNT, QUICK_COUNT = 1_000, 200
COVERAGE_LOW, COVERAGE_HIGH, RANK, ESTIMATE_MS = 0.85, 0.95, 0.9, 0.3
"""Goals."""
_GUARD: Final = RuntimeGuard(max_time_s=60, max_rows=10, max_bytes=10_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Searches that have run, and everything that their estimates rest on."""

    searches: tuple[Drawn, ...]
    past: tuple[PastSearch, ...]
    knowledge: KnowledgeSet
    baselines: CostBaselines

    def estimates(self, baselines: CostBaselines, *, shapes: bool = False) -> list[Estimate]:
        return [self._estimate(past, baselines, shapes) for past in self.past]

    def _estimate(self, past: PastSearch, baselines: CostBaselines, shapes: bool) -> Estimate:
        where = (past.query, past.earliest, past.latest, self.knowledge, past.now)
        shape = shape_of(past.query, self.knowledge) if shapes else ""
        return estimate(read_search(*where), baselines, read_places(*where), shape=shape)


def run(options: Options, say: Say) -> Report:
    """Every part in turn."""
    count = QUICK_COUNT if options.quick else COUNT
    say(f"running {count} searches")
    trial = tried(options.seed, count)
    details: dict[str, Json] = {"searches": count, "range": "the bundled data; the instant of each search is drawn"}
    measures = [*events_measures(trial), *seconds_measures(trial), *speed_measures(trial, options)]
    return Report(suite="cost", options=options, measures=tuple(measures), details=details)


def tried(seed: int, count: int) -> Trial:
    """Run ``count`` drawn searches over the bundled data."""
    with tempfile.TemporaryDirectory() as folder:
        backends = open_embedded(bundled_dir("data"), Path(folder), PermitBook(), time.time)
        try:
            volumes = backends.volumes()
            first, last = min(v.start for v in volumes), max(v.start + v.span for v in volumes)
            searches = tuple(drawn(seed, count, first, last))
            past: list[PastSearch] = []
            for item in searches:
                result = backends.search.search(
                    SearchJob(query=item.query, earliest=item.earliest, latest=item.latest, now=item.now, guard=_GUARD)
                )
                past.append(
                    PastSearch(
                        query=item.query,
                        earliest=item.earliest,
                        latest=item.latest,
                        now=item.now,
                        events=result.scanned_events,
                        seconds=result.run_seconds,
                    )
                )
            return Trial(
                searches=searches,
                past=tuple(past),
                knowledge=KnowledgeSet.from_objects(backends.knowledge.objects()),
                baselines=CostBaselines(stats=IndexStats.of(volumes, width=PARTS * volumes[0].span)),
            )
        finally:
            backends.close()


def events_measures(trial: Trial) -> list[Measure]:
    """Predicted events against those that the engine scanned."""
    found = trial.estimates(trial.baselines)
    inside = [e.events.low <= p.events <= e.events.high for e, p in zip(found, trial.past, strict=True)]
    cut = [place for place, e in enumerate(found) if e.events.low < e.events.high]
    actual = [float(p.events) for p in trial.past]
    covered, n = statistics.fmean(inside), len(inside)
    of_cut = statistics.fmean(inside[place] for place in cut)
    rank = rank_correlation([e.events.mid for e in found], actual)
    off = [abs(e.events.mid - a) / a for e, a in zip(found, actual, strict=True) if a > 0]
    return [
        Measure(name="events inside the 90 % interval", value=round(covered, 4), unit="", n=n, goal=COVERAGE_LOW,
                bound="at least", note="of which a part has no interval: whole stretches are counted exactly"),
        Measure(name="events inside, not above", value=round(covered, 4), unit="", n=n, goal=COVERAGE_HIGH),
        Measure(name="events inside, ranges that cut a stretch", value=round(of_cut, 4), unit="", n=len(cut)),
        Measure(name="rank correlation of events", value=round(rank, 4),
                unit="", n=n, goal=RANK, bound="at least", note="Spearman"),
        Measure(name="error of events, median", value=round(100 * statistics.median(off), 3), unit="%", n=len(off)),
    ]  # fmt: skip


def seconds_measures(trial: Trial) -> list[Measure]:
    """Predicted seconds against those taken, by the documented numbers, fitted ones, and history."""
    half = len(trial.past) // 2
    before, after = trial.past[:half], replace(trial, past=trial.past[half:])
    jobs = [job for m in modelled(before, trial.knowledge, trial.baselines) if (job := Job.of(m)) is not None]
    fitted_to = replace(trial.baselines, coefficients=fitted(jobs))
    told = replace(fitted_to, history=history_of(before, trial.knowledge, fitted_to))
    measures: list[Measure] = []
    for name, found in (
        ("documented", after.estimates(trial.baselines)),
        ("calibrated", after.estimates(fitted_to)),
        ("history", after.estimates(told, shapes=True)),
    ):
        pairs = [(e.seconds, p.seconds) for e, p in zip(found, after.past, strict=True)]
        error = 100 * statistics.median(abs(s.mid - actual) / actual for s, actual in pairs)
        inside = statistics.fmean(s.low <= actual <= s.high for s, actual in pairs)
        measures.append(
            Measure(name=f"error of seconds, median, {name}", value=round(error, 1), unit="%", n=len(pairs))
        )
        measures.append(
            Measure(name=f"seconds inside the 90 % interval, {name}", value=round(inside, 4), unit="", n=len(pairs))
        )
    return measures


def speed_measures(trial: Trial, options: Options) -> list[Measure]:
    """An estimate from facts that are known, beside Python's parser over the search's words."""
    prepared = [
        (read_search(*where), read_places(*where), past.query)
        for past in trial.past
        for where in ((past.query, past.earliest, past.latest, trial.knowledge, past.now),)
    ]
    rounds = 3 if options.quick else 9
    gc.collect()
    gc.disable()
    try:
        mine = [
            min(_ms(lambda f=f, r=r: estimate(f, trial.baselines, r)) for _ in range(rounds)) for f, r, _ in prepared
        ]
        plain = [min(_ms(lambda q=q: python_ast.parse(repr(q.split()))) for _ in range(rounds)) for _, _, q in prepared]
    finally:
        gc.enable()
    return [
        Measure(
            name=f"estimate p{rank}", value=round(value, 4), unit="ms", n=len(mine), goal=ESTIMATE_MS,
            baseline=round(beside, 4), baseline_of="Python's parser, the same words",
            note=f"least of {rounds} runs per search",
        )
        for rank, value, beside in zip((50, 99), percentiles(mine, 50, 99), percentiles(plain, 50, 99), strict=True)
    ]  # fmt: skip


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's: the correlation of ranks, equal values sharing the mean of theirs."""
    return statistics.correlation(_ranks(first), _ranks(second))


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=lambda place: values[place])
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + end - 1) / 2
        start = end
    return ranks


def _ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3
