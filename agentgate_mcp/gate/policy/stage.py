"""The policy stage: every policy against the facts of the earlier stages."""

from __future__ import annotations

from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.policy.paths import FactSet
from agentgate_mcp.gate.request import request_facts, unreadable
from agentgate_mcp.model.decision import Decision, Severity, Stage
from agentgate_mcp.model.facts import PolicyFacts
from agentgate_mcp.model.verdict import StageResult


def run(ctx: StageContext) -> StageResult:
    """All matches, shadowed ones too; the decision stage counts only the enforced ones."""
    request = request_facts(ctx)
    facts = FactSet(
        injection=ctx.injection,
        provenance=ctx.provenance,
        blast_radius=ctx.blast_radius,
        cost=ctx.cost,
        request=request,
    )
    ctx.budget.spend(len(ctx.world.policies.policies))
    # Of a call that could not be read the facts say nothing; the invariants refuse it by name.
    matches = () if unreadable(ctx.blast_radius) else ctx.world.policies.evaluate(facts, ctx.world.profile)
    enforced = [m for m in matches if m.mode == "enforce"]
    # The strongest first: what decided is what a person and a model are told.
    enforced.sort(key=lambda m: (-Decision[m.action], m.policy))
    return StageResult(
        stage=Stage.POLICY,
        severity=max((Severity.parse(m.severity) for m in enforced), default=Severity.NONE),
        reasons=tuple(f"{m.policy}: {m.reason}" for m in enforced),
        facts=PolicyFacts(request=request, matches=matches),
    )
