"""The last stage: invariants first, then the strongest action of any enforced policy."""

from __future__ import annotations

from dataclasses import dataclass

from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.policy.template import words
from agentgate_mcp.model.decision import Decision, Profile, Severity, SideEffect, Stage
from agentgate_mcp.model.facts import DecisionFacts, PolicyFacts, PolicyMatch
from agentgate_mcp.model.verdict import StageResult

HOLDING = frozenset({"unresolved", "unknown_command"})
"""Invariants that a person may approve; every other one is a BLOCK."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule that no policy, profile or mandate can soften (R2)."""

    name: str
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the decision stage says, before it is put into a verdict."""

    decision: Decision
    severity: Severity
    policies: tuple[str, ...]
    suggestion: str
    result: StageResult


def decide(ctx: StageContext, policy: PolicyFacts | None, failures: tuple[str, ...]) -> Ruling:
    """BLOCK > REQUIRE_APPROVAL > ALLOW over invariants and enforced matches.

    ``failures`` names stages that gave no usable result; any of them is a BLOCK."""
    broken = [*invariants(ctx), *(Invariant(f"stage_failed:{f}", Decision.BLOCK, _failed(f)) for f in failures)]
    if policy is None and not failures:
        broken.append(Invariant("no_policies", Decision.BLOCK, "The policy library gave no answer."))
    matches = [m for m in (policy.matches if policy else ()) if m.mode == "enforce" and not m.mandated]
    decision = max([Decision[m.action] for m in matches] + [i.decision for i in broken], default=Decision.ALLOW)
    severity = max(
        [Severity.parse(m.severity) for m in matches] + [_severity(i) for i in broken], default=Severity.NONE
    )
    decisive_rules = [m for m in matches if Decision[m.action] is decision]
    decisive_invariants = [i for i in broken if i.decision is decision]
    names = tuple(dict.fromkeys([*(i.name for i in decisive_invariants), *(m.policy for m in decisive_rules)]))
    facts = DecisionFacts(invariants=tuple(i.name for i in broken), deciding=names)
    reasons = tuple(i.reason for i in decisive_invariants)
    return Ruling(
        decision=decision,
        severity=severity,
        policies=tuple(sorted({m.policy for m in matches})),
        suggestion=_suggestion(ctx, decisive_rules),
        result=StageResult(stage=Stage.DECISION, severity=severity, reasons=reasons, facts=facts),
    )


def invariants(ctx: StageContext) -> tuple[Invariant, ...]:
    """Every invariant that this call violates."""
    found: list[Invariant] = []
    spec, agent = ctx.spec, ctx.world.agent(ctx.call.agent_id, ctx.call.asserted_agent)
    if spec is None:
        found.append(Invariant("unknown_tool", Decision.BLOCK, f"There is no tool named {ctx.call.tool_name}."))
        return tuple(found)
    if spec.has_effect:
        if ctx.world.frozen & {"*", ctx.call.principal}:
            found.append(Invariant("frozen", Decision.BLOCK, "Effects are frozen by an operator."))
        if ctx.call.requester in ctx.world.breaker_open:
            found.append(
                Invariant(
                    "breaker_open", Decision.BLOCK, "Too many refused calls: read-only until an operator clears it."
                )
            )
        if agent.read_only or ctx.world.profile is Profile.OBSERVE:
            found.append(Invariant("read_only", Decision.BLOCK, "This agent may only read."))
        if spec.side_effect in (SideEffect.PROPOSE, SideEffect.RESPOND) and spec.toolset != "upstream":
            found.extend(_effect_invariants(ctx))
    found.extend(_search_invariants(ctx))
    return tuple(found)


def _effect_invariants(ctx: StageContext) -> list[Invariant]:
    radius = ctx.blast_radius
    found: list[Invariant] = []
    if not (ctx.effects.changes or ctx.effects.actions):
        found.append(Invariant("unread_effect", Decision.BLOCK, "What this call would do could not be read."))
    if ctx.effects.changes and radius.change is None:
        found.append(Invariant("missing_impact", Decision.BLOCK, "What this change breaks could not be established."))
    if ctx.effects.actions and radius.response is None:
        found.append(Invariant("missing_target", Decision.BLOCK, "What this action touches could not be established."))
    if radius.change is not None and radius.change.unknown_targets:
        names = ", ".join(radius.change.unknown_targets[:3])
        near = f" Nearest: {', '.join(radius.change.nearest[:3])}." if radius.change.nearest else ""
        found.append(Invariant("unknown_object", Decision.BLOCK, f"No such object: {names}.{near}"))
    return found


def _search_invariants(ctx: StageContext) -> list[Invariant]:
    wanted = bool(ctx.effects.searches or ctx.effects.saved_search)
    search = ctx.blast_radius.search
    if search is None:
        reason = "What this search reaches could not be established."
        return [Invariant("unread_search", Decision.BLOCK, reason)] if wanted else []
    if not search.parsed:
        return [Invariant("unparsed_search", Decision.BLOCK, f"The search cannot be read: {search.problem}.")]
    found: list[Invariant] = []
    if search.unresolved:
        names = words(search.unresolved)
        found.append(Invariant("unresolved", decision_of("unresolved"), f"Not known here, so not judged: {names}."))
    if search.unknown_commands:
        names = words(search.unknown_commands)
        found.append(Invariant("unknown_command", decision_of("unknown_command"), f"Unknown search command: {names}."))
    return found


def decision_of(invariant: str) -> Decision:
    """What a violated invariant of that name decides, for records of earlier verdicts."""
    return Decision.REQUIRE_APPROVAL if invariant in HOLDING else Decision.BLOCK


def _failed(stage: str) -> str:
    return f"The {stage} stage gave no usable result, so the call is refused."


def _severity(invariant: Invariant) -> Severity:
    return Severity.HIGH if invariant.decision is Decision.BLOCK else Severity.MEDIUM


def _suggestion(ctx: StageContext, matches: list[PolicyMatch]) -> str:
    written = next((m.suggestion for m in matches if m.suggestion), "")
    return written or (ctx.cost.rewrite if matches else "")
