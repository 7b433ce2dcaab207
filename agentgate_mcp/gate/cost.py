"""Stage 4: what the call's searches cost, why, what would be cheaper, and their limits.

Severity is cut from the score: 0 none, 1–24 low (up to 2 min), 25–49 medium (2–10 min), 50–79
high (10–60 min), 80–100 critical (over an hour). A call without a search has tier `none`. A
search that is scheduled by the call counts times its runs per day; one that is modified counts
only if it becomes dearer.
"""

from __future__ import annotations

import math

from agentgate_mcp.effects import SearchRequest
from agentgate_mcp.gate.blast.searches import read, request_of, saved_request
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.cost_coefficients import ALL_TIME_DAYS
from agentgate_mcp.gate.cost_model import Estimate, cost_score, estimate
from agentgate_mcp.gate.cost_rewrite import Priced, cheaper
from agentgate_mcp.gate.cost_shape import shape_of
from agentgate_mcp.graph.cron import read_cron
from agentgate_mcp.graph.planning import Edit, plan_changes
from agentgate_mcp.graph.scoring import severity_of
from agentgate_mcp.graph.settings import is_scheduled, text
from agentgate_mcp.model.decision import Severity, Stage
from agentgate_mcp.model.facts import CostFacts, RuntimeGuard, SearchFacts
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.model.verdict import StageResult
from agentgate_mcp.spl.facts import read_places

MIN_TIME_S, MAX_TIME_S = 60, 14_400
"""Bounds of the time limit: short jobs get some slack, none runs longer than four hours."""
MAX_RESULT_BYTES = 16 * 1024 * 1024
DEARER = 1.1
"""A modified search is judged when its day costs this much more than before."""
_EVIDENCE = {
    "static": "taken from daily volumes",
    "index_stats": "counted from index statistics",
    "history": "as past searches of the same shape took",
}
_REWRITE_FROM = 10
"""Score from which a cheaper way is worth a sentence."""


def run(ctx: StageContext) -> StageResult:
    """The cost of everything that the call would search, now or on a schedule."""
    requests = list(ctx.effects.searches)
    if ctx.effects.saved_search and (saved := saved_request(ctx)) is not None:
        requests.append(saved)
    total, searches, reasons = Estimate(), list[Priced](), list[str]()
    for request in requests:
        search, cost = price(ctx, request)
        searches.append(search)
        total = total.plus(cost)
    for edit in plan_changes(ctx.world.graph, ctx.effects.changes).edits if ctx.effects.changes else ():
        if (more := _scheduled(ctx, edit)) is not None:
            searches.append(more[0])
            total = total.plus(more[1])
            reasons.append(more[2])
    if not searches:
        return StageResult(stage=Stage.COST, severity=Severity.NONE, reasons=(), facts=CostFacts())
    score = cost_score(total.seconds.mid)
    reasons += _why([s.facts for s in searches], total)
    rows = max((r.row_limit for r in requests), default=0)
    dear = score >= _REWRITE_FROM
    return StageResult(
        stage=Stage.COST,
        severity=severity_of(score),
        reasons=tuple(reasons) if dear else (),
        facts=CostFacts(
            tier=total.tier,
            events=total.events.interval(),
            bytes=total.bytes.interval(),
            buckets=total.buckets.interval(),
            seconds=total.seconds.interval(),
            svc_hours=total.seconds.times(1 / 3600.0).interval(),
            reasons=tuple(reasons),
            rewrite=cheaper(searches, ctx.world.cost, ctx.world.knowledge) if dear else "",
            guard=guard(total, rows, ctx.world.cost.workload_pool) if requests else None,
            score=score,
        ),
    )


def price(ctx: StageContext, request: SearchRequest) -> tuple[Priced, Estimate]:
    """One run of a search: what it reaches, and what it costs."""
    world, facts = ctx.world, read(ctx, request)
    places = read_places(request.query, request.earliest, request.latest, world.knowledge, ctx.search_now)
    shape = shape_of(request.query, world.knowledge) if world.cost.history.shapes else ""
    return Priced(facts=facts, reads=places, query=request.query), estimate(facts, world.cost, places, shape=shape)


def guard(total: Estimate, rows: int, workload_pool: str = "") -> RuntimeGuard:
    """The limits of a job: the upper end of its predicted time, the rows asked for."""
    return RuntimeGuard(
        max_time_s=min(MAX_TIME_S, max(MIN_TIME_S, math.ceil(total.seconds.high))),
        max_rows=max(1, rows),
        max_bytes=MAX_RESULT_BYTES,
        workload_pool=workload_pool,
    )


def _scheduled(ctx: StageContext, edit: Edit) -> tuple[Priced, Estimate, str] | None:
    """A day of a search that the call creates or changes, if it costs more than before."""
    if edit.kind != "saved_search" or edit.after is None or edit.after.disabled:
        return None
    day = _day(ctx, edit.after)
    if day is None:
        return None
    before = _day(ctx, edit.before) if edit.before is not None and not edit.before.disabled else None
    if before is not None and day[1].seconds.mid <= before[1].seconds.mid * DEARER:
        return None
    runs = _runs_per_day(edit.after)
    return day[0], day[1], f"{edit.node} runs {runs:.3g} times a day"


def _day(ctx: StageContext, obj: KnowledgeObject) -> tuple[Priced, Estimate] | None:
    if not is_scheduled(obj.content) or not text(obj.content, "search").strip():
        return None
    search, cost = price(ctx, request_of(obj))
    return search, cost.times(_runs_per_day(obj))


def _runs_per_day(obj: KnowledgeObject) -> float:
    """Runs per day; one where the schedule cannot be read."""
    schedule = read_cron(text(obj.content, "cron_schedule"))
    return schedule.runs_per_day if schedule is not None else 1.0


def _why(facts: list[SearchFacts], total: Estimate) -> list[str]:
    whole = math.fsum(events for _, events in total.shares)
    reasons = [
        f"index {name}: about {events:,.0f} events, {events / whole:.0%}"
        for name, events in total.shares[:3]
        if events > 0
    ]
    if len(total.shares) > 3:
        reasons.append(f"{len(total.shares) - 3} more indexes")
    spans = [f.span_seconds for f in facts if f.raw_events or f.data_models]
    if any(s is None for s in spans):
        reasons.append(f"all time, taken as {ALL_TIME_DAYS:.0f} days or the retention")
    elif spans:
        reasons.append(f"time range {max(s for s in spans if s is not None) / 86_400:.3g} days")
    if wild := sum(f.leading_wildcards for f in facts):
        reasons.append(f"{wild} leading wildcards: no index term narrows the read")
    if nested := sum(f.joins + f.subsearches for f in facts):
        reasons.append(f"{nested} joins and subsearches")
    if any(f.real_time for f in facts):
        reasons.append("a real-time search never ends")
    if told := _EVIDENCE.get(total.tier):
        reasons.append(told)
    return reasons
