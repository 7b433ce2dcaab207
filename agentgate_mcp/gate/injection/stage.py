"""The injection stage: every leaf and key of the arguments, and what was passed along."""

from __future__ import annotations

from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.injection.scan import Scan, scan_fields
from agentgate_mcp.gate.leaves import leaves_of
from agentgate_mcp.model.decision import Severity, Stage
from agentgate_mcp.model.facts import InjectionFacts, InjectionHit
from agentgate_mcp.model.verdict import StageResult

MAX_HITS = 64
_SEARCH_PARAMETERS = frozenset({"/query", "/search"})
_STEP_CHARS = 256
"""Characters that one step of the work budget pays for."""


def run(ctx: StageContext) -> StageResult:
    """Hits in arguments and context, and how many earlier reads hold hits in force."""
    places: list[str] = []
    texts: list[str] = []
    queries: set[int] = set()
    for path, value in leaves_of(dict(ctx.call.arguments), keys=True):
        if isinstance(value, str) and value:
            if path in _SEARCH_PARAMETERS:
                queries.add(len(texts))
            places.append(f"argument:{path}")
            texts.append(value)
    arguments = len(texts)
    places += [f"context:{i}" for i in range(len(ctx.call.incoming_context))]
    texts += ctx.call.incoming_context
    ctx.budget.spend(1 + sum(len(t) for t in texts) // _STEP_CHARS)
    scan = scan_fields(texts, queries=frozenset(queries)) if texts else Scan()
    parts = scan.by_field()
    flagged = {i for i, part in parts.items() if part.flagged}
    hits = tuple(
        InjectionHit(
            family=h.family,
            view=h.view,
            where=places[h.field],
            start=h.start,
            end=h.end,
            use=h.use and h.field in flagged,
            weight=h.weight,
        )
        for h in scan.hits[:MAX_HITS]
    )
    in_force = ctx.session.flags_in_force(ctx.as_of)
    facts = InjectionFacts(
        hits=hits,
        argument_use_hits=sum(i < arguments for i in flagged),
        context_use_hits=sum(i >= arguments for i in flagged),
        session_use_hits=len(in_force),
        mention_hits=sum(not h.use for h in hits),
        scanned_chars=sum(len(t) for t in texts),
    )
    return StageResult(
        stage=Stage.INJECTION,
        severity=max([Severity.LOW if in_force else Severity.NONE, *(parts[i].severity for i in flagged)]),
        reasons=_reasons(hits),
        facts=facts,
    )


def _reasons(hits: tuple[InjectionHit, ...]) -> tuple[str, ...]:
    seen = dict.fromkeys((h.family, h.where) for h in hits if h.use)
    return tuple(f"{where} holds an instruction to an AI system ({family})" for family, where in seen)[:4]
