"""Stage 3: what the call reaches, and what stops working if it goes through.

The score is 0–100. For changes it follows the table in `graph/scoring.py`; for searches and
responses this one. Severity: 0 none, 1–24 low, 25–49 medium, 50–79 high, 80–100 critical.

| search | score |
|---|---|
| a protected write | 100 |
| destroys, executes or sends; reads a credential endpoint | 90 |
| cannot be read | 60 |
| writes a lookup, a summary or a file | 50 |
| unresolved or unknown parts; endpoints outside the list | 40 |
| sends rows outside Splunk | 40 |
| raw events of all indexes, or of more than 5, over more than 25 h · less | 30 · 10 |
| anything else | 0 |

| response | score |
|---|---|
| real, on a protected entity or too wide a range | 100 |
| real, on an asset that is critical · high · medium · low | 70 · 60 · 50 · 50 |
| real, on something unknown | 50 |
| simulated, on a protected entity · anything else | 20 · 5 |
| a ticket | 5 |
"""

from __future__ import annotations

from agentgate_mcp.effects import ResponseAction
from agentgate_mcp.gate.blast.changes import change_facts, change_reasons
from agentgate_mcp.gate.blast.responses import response_facts
from agentgate_mcp.gate.blast.searches import search_facts
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.policy.template import words
from agentgate_mcp.graph.erosion import accumulate
from agentgate_mcp.graph.impact import Impact, impact
from agentgate_mcp.graph.scoring import impact_score, severity_of
from agentgate_mcp.model.decision import Stage
from agentgate_mcp.model.facts import BlastRadiusFacts, ResponseFacts, SearchFacts
from agentgate_mcp.model.verdict import StageResult

WIDE_INDEXES = 5
WIDE_SPAN_S = 90_000.0
"""A day and an hour: "the last 24 hours", however it is rounded, is not a long time."""
_REAL_SCORE = {"none": 50, "low": 50, "medium": 50, "high": 60, "critical": 70}


def run(ctx: StageContext) -> StageResult:
    """Reads every effect of the call against the knowledge graph and the inventory."""
    effects = ctx.effects
    found: Impact | None = None
    change = None
    scores = [0]
    reasons: list[str] = []
    if effects.changes:
        step = impact(ctx.world.graph, effects.changes, spend=ctx.budget.spend)
        whole = accumulate(ctx.world.graph, step, ctx.world.accepted, spend=ctx.budget.spend)
        found = whole.impact
        change = change_facts(ctx, effects.changes, found, whole.objects)
        scores.append(impact_score(found, protected=bool(change.protected), lost_before=len(whole.lost_before)))
        reasons += change_reasons(found, change)
    search, notes = search_facts(ctx, found.plan.edits if found else ())
    reasons += notes
    if search is not None:
        scores.append(search_score(search))
        reasons += _search_reasons(search)
    response = response_facts(ctx, effects.actions) if effects.actions else None
    if response is not None:
        scores.append(response_score(response, effects.actions))
        reasons += _response_reasons(response)
    score = max(scores)
    return StageResult(
        stage=Stage.BLAST_RADIUS,
        severity=severity_of(score),
        reasons=tuple(dict.fromkeys(reasons)),
        facts=BlastRadiusFacts(search=search, change=change, response=response, score=score),
    )


def search_score(search: SearchFacts) -> int:
    """0–100 by the table above."""
    long = search.span_seconds is None or search.span_seconds > WIDE_SPAN_S
    wide = search.raw_events and (search.index_wildcard or len(search.indexes) > WIDE_INDEXES)
    return max(
        100 if search.protected_writes else 0,
        90 if search.destructive or search.credential_endpoints else 0,
        60 if not search.parsed else 0,
        50 if search.writes else 0,
        40 if search.unresolved or search.unknown_commands or search.rest_unlisted or search.egress else 0,
        (30 if long else 10) if wide and search.parsed else 0,
    )


def response_score(response: ResponseFacts, actions: tuple[ResponseAction, ...]) -> int:
    """0–100 by the table above: the worst target."""
    scores = [0]
    for target, action in zip(response.targets, actions, strict=True):
        if action.action == "create_ticket":
            scores.append(5)
        elif action.simulate:
            scores.append(20 if target.protected else 5)
        else:
            scores.append(100 if target.protected else _REAL_SCORE[target.criticality])
    return max(scores)


def _search_reasons(search: SearchFacts) -> list[str]:
    """In the words of the policies and invariants that rest on each fact, so that it is told once."""
    broken = [] if search.parsed else [f"The search cannot be read: {search.problem}."]
    said = (
        ("The search writes to {}, which keeps the record.", search.protected_writes),
        ("The search uses {}, which destroys data, runs programs or sends data out.", search.destructive),
        ("The search writes: {}.", search.writes),
        ("{} gives out credentials.", search.credential_endpoints),
        ("The search sends rows out of Splunk through {}.", search.egress),
        ("The rest endpoint {} is not on the list of endpoints that may be read.", search.rest_unlisted),
        ("Unknown search command: {}.", search.unknown_commands),
        ("Not known here, so not judged: {}.", search.unresolved),
    )
    return broken + [text.format(words(names)) for text, names in said if names]


def _response_reasons(response: ResponseFacts) -> list[str]:
    reasons: list[str] = []
    if response.protected:
        never = "is infrastructure that everything depends on and is never acted on from here"
        reasons.append(f"{words(response.protected)} {never}.")
    if response.critical_targets:
        two = ": two people must agree" if response.real_effects else ""
        reasons.append(f"{words(response.critical_targets)} is critical{two}.")
    if response.real_effects:
        reasons.append(f"The action on {words(response.targets)} is real.")
    return reasons
