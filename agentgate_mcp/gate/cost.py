"""Stage 4: what the call's searches cost, why, what would be cheaper, and their limits.

Severity is cut from the score: 0 none, 1–24 low (up to 2 min), 25–49 medium (2–10 min), 50–79
high (10–60 min), 80–100 critical (over an hour). A call without a search has tier `none`. A
search that is scheduled by the call counts times its runs per day; one that is modified counts
only if it becomes dearer.
"""

from __future__ import annotations

import math

from agentgate_mcp.gate.blast.searches import read, request_of, saved_request
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.cost_model import (
    ALL_TIME_DAYS,
    EVENTS_FACTOR,
    SECONDS_FACTOR,
    Estimate,
    cost_score,
    estimate,
    interval,
)
from agentgate_mcp.graph.cron import read_cron
from agentgate_mcp.graph.planning import Edit, plan_changes
from agentgate_mcp.graph.scoring import severity_of
from agentgate_mcp.graph.settings import is_scheduled, text
from agentgate_mcp.model.decision import Severity, Stage
from agentgate_mcp.model.facts import CostFacts, RuntimeGuard, SearchFacts
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.model.verdict import StageResult

MIN_TIME_S, MAX_TIME_S = 60, 14_400
"""Bounds of the time limit: short jobs get some slack, none runs longer than four hours."""
MAX_RESULT_BYTES = 16 * 1024 * 1024
DEARER = 1.1
"""A modified search is judged when its day costs this much more than before."""
_LONG_S = 90_000.0
_REWRITE_FROM = 10
"""Score from which a cheaper way is worth a sentence."""


def run(ctx: StageContext) -> StageResult:
    """The cost of everything that the call would search, now or on a schedule."""
    requests = list(ctx.effects.searches)
    if ctx.effects.saved_search and (saved := saved_request(ctx)) is not None:
        requests.append(saved)
    total, facts, reasons = Estimate(), list[SearchFacts](), list[str]()
    for request in requests:
        search = read(ctx, request)
        facts.append(search)
        total = total.plus(estimate(search, ctx.world.cost))
    for edit in plan_changes(ctx.world.graph, ctx.effects.changes).edits if ctx.effects.changes else ():
        if (more := _scheduled(ctx, edit)) is not None:
            facts.append(more[0])
            total = total.plus(more[1])
            reasons.append(more[2])
    if not facts:
        return StageResult(stage=Stage.COST, severity=Severity.NONE, reasons=(), facts=CostFacts())
    score = cost_score(total.seconds)
    reasons += _why(facts, total)
    rows = max((r.row_limit for r in requests), default=0)
    return StageResult(
        stage=Stage.COST,
        severity=severity_of(score),
        reasons=tuple(reasons) if score >= _REWRITE_FROM else (),
        facts=CostFacts(
            tier="static",
            events=interval(total.events, EVENTS_FACTOR),
            bytes=interval(total.bytes, EVENTS_FACTOR),
            seconds=interval(total.seconds, SECONDS_FACTOR),
            svc_hours=interval(total.seconds / 3600.0, SECONDS_FACTOR),
            reasons=tuple(reasons),
            rewrite=cheaper(facts) if score >= _REWRITE_FROM else "",
            guard=guard(total, rows) if requests else None,
            score=score,
        ),
    )


def guard(total: Estimate, rows: int) -> RuntimeGuard:
    """The limits of a job: the upper end of its predicted time, the rows asked for."""
    return RuntimeGuard(
        max_time_s=min(MAX_TIME_S, max(MIN_TIME_S, math.ceil(total.seconds * SECONDS_FACTOR))),
        max_rows=max(1, rows),
        max_bytes=MAX_RESULT_BYTES,
    )


def cheaper(facts: list[SearchFacts]) -> str:
    """What would cost less, in plain words; the largest saving first, at most two."""
    ways: list[str] = []
    if any(f.real_time for f in facts):
        ways.append("Use a fixed time range instead of a real-time search.")
    if any(f.raw_events and (f.index_wildcard or f.default_indexes) for f in facts):
        ways.append("Name the indexes that matter instead of searching all of them.")
    if any(f.span_seconds is None or f.span_seconds > _LONG_S for f in facts):
        ways.append("Start with the last 24 hours and widen only where there are hits.")
    if any(f.leading_wildcards for f in facts):
        ways.append("Put wildcards at the end of a value: one in front makes Splunk read every event.")
    if any(f.joins for f in facts):
        ways.append("Replace join by one search of both sources and stats by the common field.")
    if any(f.raw_events and f.transforming for f in facts):
        ways.append("Count with tstats where the fields are indexed or in an accelerated data model.")
    return " ".join(ways[:2])


def _scheduled(ctx: StageContext, edit: Edit) -> tuple[SearchFacts, Estimate, str] | None:
    """A day of a search that the call creates or changes, if it costs more than before."""
    if edit.kind != "saved_search" or edit.after is None or edit.after.disabled:
        return None
    day = _day(ctx, edit.after)
    if day is None:
        return None
    before = _day(ctx, edit.before) if edit.before is not None and not edit.before.disabled else None
    if before is not None and day[1].seconds <= before[1].seconds * DEARER:
        return None
    runs = _runs_per_day(edit.after)
    return day[0], day[1], f"{edit.node} runs {runs:.3g} times a day"


def _day(ctx: StageContext, obj: KnowledgeObject) -> tuple[SearchFacts, Estimate] | None:
    if not is_scheduled(obj.content) or not text(obj.content, "search").strip():
        return None
    search = read(ctx, request_of(obj))
    return search, estimate(search, ctx.world.cost).times(_runs_per_day(obj))


def _runs_per_day(obj: KnowledgeObject) -> float:
    """Runs per day; one where the schedule cannot be read."""
    schedule = read_cron(text(obj.content, "cron_schedule"))
    return schedule.runs_per_day if schedule is not None else 1.0


def _why(facts: list[SearchFacts], total: Estimate) -> list[str]:
    reasons = [
        f"index {name}: about {events:,.0f} events, {events / total.events:.0%}"
        for name, events in total.shares[:3]
        if total.events > 0
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
    return reasons
