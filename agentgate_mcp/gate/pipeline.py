"""`evaluate`: six stages in a fixed order, and a verdict whatever happens in them (R2, R4).

A stage that raises, runs out of budget or returns something that is not its result is a BLOCK;
the later analytic stages are then not asked, because their evidence would be incomplete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from agentgate_mcp.effects import Effects, effects_of
from agentgate_mcp.gate import blast_radius, cost, provenance
from agentgate_mcp.gate.context import Budget, StageContext
from agentgate_mcp.gate.decision import decide
from agentgate_mcp.gate.evidence import evidence_hash
from agentgate_mcp.gate.injection import stage as injection
from agentgate_mcp.gate.policy import stage as policy
from agentgate_mcp.gate.policy.narrower import narrower
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.gate.world import World
from agentgate_mcp.model.call import ToolCall
from agentgate_mcp.model.decision import Decision, Severity, SideEffect, Stage
from agentgate_mcp.model.facts import (
    BlastRadiusFacts,
    CostFacts,
    InjectionFacts,
    PolicyFacts,
    ProvenanceFacts,
    RequestFacts,
    StageFacts,
)
from agentgate_mcp.model.verdict import FACTS_OF_STAGE, StageResult, Verdict

WORK_BUDGET = 2_000_000
"""Steps. A typical call takes some hundreds; a 64 KiB search over the bundled graph some 10^5."""
CHEAP_STEPS, CHEAP_CHARS = 20_000, 8_000
"""Steps and text up to which a refused call is worth judging in narrower forms as well."""

StageFunction = Callable[[StageContext], StageResult]
STAGES: tuple[tuple[Stage, StageFunction], ...] = (
    (Stage.INJECTION, injection.run),
    (Stage.PROVENANCE, provenance.run),
    (Stage.BLAST_RADIUS, blast_radius.run),
    (Stage.COST, cost.run),
    (Stage.POLICY, policy.run),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The stages as a value, so that a test can plant a faulty one."""

    stages: tuple[tuple[Stage, StageFunction], ...] = STAGES
    work_budget: int = WORK_BUDGET

    def evaluate(self, call: ToolCall, session: SessionState, world: World, as_of: float) -> Verdict:
        """The verdict on ``call``. Same inputs, same bytes."""
        ctx, verdict, complete = self._judge(call, session, world, as_of)
        if verdict.decision is Decision.ALLOW or not complete or not verdict.policies:
            return verdict
        if self.work_budget - ctx.budget.left > CHEAP_STEPS or ctx.injection.scanned_chars > CHEAP_CHARS:
            return verdict
        for less in narrower(ctx):
            if self._judge(less.call, session, world, as_of)[1].decision is Decision.ALLOW:
                return replace(verdict, suggestion=f"{less.words} {verdict.suggestion}".rstrip())
        return verdict

    def _judge(
        self, call: ToolCall, session: SessionState, world: World, as_of: float
    ) -> tuple[StageContext, Verdict, bool]:
        """The context after all stages, the verdict, and whether every stage gave its result."""
        ctx = StageContext(
            call=call,
            spec=world.tools.get(call.tool_name),
            effects=Effects(),
            session=session,
            world=world,
            as_of=as_of,
            budget=Budget(self.work_budget),
        )
        results: list[StageResult] = []
        failures: list[str] = []
        try:
            ctx.effects = effects_of(call.tool_name, call.arguments)
        except Exception as exc:  # deny-on-error: arguments whose effect cannot be read are never executed
            failures.append(f"reading ({type(exc).__name__})")
        for stage, run in self.stages:
            if failures:
                results.append(_absent(ctx, stage, "not reached"))
                continue
            try:
                result = _checked(stage, run(ctx))
            except Exception as exc:  # deny-on-error: a failing stage must not widen access
                failures.append(stage.value)
                results.append(_absent(ctx, stage, f"failed ({type(exc).__name__})"))
                continue
            _take(ctx, result.facts)
            results.append(result)
        return ctx, _verdict(ctx, results, tuple(failures)), not failures


def evaluate(call: ToolCall, session: SessionState, world: World, as_of: float) -> Verdict:
    """`Pipeline.evaluate` with the shipped stages."""
    return Pipeline().evaluate(call, session, world, as_of)


def _checked(stage: Stage, result: object) -> StageResult:
    """``result`` if it is what ``stage`` must return. Raises: TypeError."""
    if not isinstance(result, StageResult) or result.stage is not stage:
        raise TypeError(f"{stage.value} returned {type(result).__name__}")
    # Annotations are not checked at run time; a stage that breaks its own must not decide.
    facts, severity, reasons = cast(tuple[object, object, object], (result.facts, result.severity, result.reasons))
    if not isinstance(facts, FACTS_OF_STAGE[stage]) or not isinstance(severity, Severity):
        raise TypeError(f"{stage.value} returned facts of another type")
    if not isinstance(reasons, tuple) or not all(isinstance(r, str) for r in cast(tuple[object, ...], reasons)):
        raise TypeError(f"{stage.value} returned reasons that are not text")
    return result


def _take(ctx: StageContext, facts: StageFacts) -> None:
    match facts:
        case InjectionFacts():
            ctx.injection = facts
        case ProvenanceFacts():
            ctx.provenance = facts
        case BlastRadiusFacts():
            ctx.blast_radius = facts
        case CostFacts():
            ctx.cost = facts
        case _:
            pass


def _absent(ctx: StageContext, stage: Stage, why: str) -> StageResult:
    """A stage that gave nothing. Its facts are empty; the decision is a BLOCK regardless."""
    request = RequestFacts(
        tool=ctx.call.tool_name,
        side_effect=ctx.spec.side_effect if ctx.spec else SideEffect.EGRESS,
        known_tool=ctx.spec is not None,
        nested=ctx.call.parent_id is not None,
        read_only=False,
        frozen=False,
        breaker_open=False,
    )
    empty: dict[Stage, StageFacts] = {
        Stage.INJECTION: InjectionFacts(),
        Stage.PROVENANCE: ProvenanceFacts(),
        Stage.BLAST_RADIUS: BlastRadiusFacts(),
        Stage.COST: CostFacts(),
        Stage.POLICY: PolicyFacts(request=request),
    }
    return StageResult(stage=stage, severity=Severity.HIGH, reasons=(f"{stage.value}: {why}",), facts=empty[stage])


def _verdict(ctx: StageContext, results: list[StageResult], failures: tuple[str, ...]) -> Verdict:
    facts = next((r.facts for r in results if isinstance(r.facts, PolicyFacts)), None)
    ruling = decide(ctx, facts if isinstance(facts, PolicyFacts) else None, failures)
    return Verdict(
        decision=ruling.decision,
        severity=max([ruling.severity, *(r.severity for r in results)]),
        stages=(*results, ruling.result),
        policies=ruling.policies,
        suggestion=ruling.suggestion,
        policy_lock=ctx.world.policies.lock,
        world_hash=ctx.world.hash,
        session_hash=ctx.session.hash,
        evidence_hash=evidence_hash(ctx),
        as_of=ctx.as_of,
        call_digest=ctx.call.digest,
    )
