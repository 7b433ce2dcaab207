"""What an approval is bound to, and whether it still holds (R6). Pure.

Every condition is stated as what must be so: a missing field, a NaN or an empty hash meets none
of them. Nothing that moves by itself is bound (clock, session, world as a whole), so that an
unrelated change voids nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentgate_mcp.canonical import digest
from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.decision import Decision, Severity
from agentgate_mcp.model.facts import DecisionFacts, PolicyFacts, PolicyMatch
from agentgate_mcp.model.verdict import Verdict

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """Who must approve: how many people, and for which teams one of them must speak."""

    people: int = 1
    teams: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        return {"people": self.people, "teams": list(self.teams)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One exact call, the evidence and the rules it was judged by, and who must approve it."""

    requester: str
    tool: str
    arguments_digest: str
    call_digest: str
    policy_lock: str
    evidence_hash: str
    rule: ApprovalRule
    severity: Severity
    demands: tuple[str, ...]
    """Rules and invariants that asked for the approval, sorted."""

    def to_json(self) -> dict[str, Json]:
        return {
            "v": VERSION,
            "requester": self.requester,
            "tool": self.tool,
            "arguments_digest": self.arguments_digest,
            "call_digest": self.call_digest,
            "policy_lock": self.policy_lock,
            "evidence_hash": self.evidence_hash,
            "approval_rule": self.rule.to_json(),
            "severity": self.severity.label,
            "demands": list(self.demands),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the RFC 8785 form, hex: what an operator's word is given on."""
        return digest(self.to_json())


def bind(call: ToolCall, verdict: Verdict) -> Binding:
    """The binding of ``call`` as ``verdict`` judged it. Raises: CanonicalError."""
    return Binding(
        requester=call.requester,
        tool=call.tool_name,
        arguments_digest=digest(dict(call.arguments)),
        call_digest=verdict.call_digest,
        policy_lock=verdict.policy_lock,
        evidence_hash=verdict.evidence_hash,
        rule=rule_of(verdict),
        severity=verdict.severity,
        demands=_demands(verdict),
    )


def rule_of(verdict: Verdict) -> ApprovalRule:
    """Who must approve, by the policies that asked for it."""
    asked = _asking(verdict)
    return ApprovalRule(
        people=2 if any(m.two_person for m in asked) else 1,
        teams=tuple(sorted({m.approver_team for m in asked if m.approver_team})),
    )


@dataclass(frozen=True, slots=True)
class Holds:
    """The approval may be consumed."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """It may not; ``reason`` is for people and names what differs."""

    reason: str


def holds(
    *,
    bound_digest: str,
    call: ToolCall,
    approved: Verdict,
    fresh: Verdict,
    requester: str,
    now: float,
    created_at: float,
    expires_at: float,
) -> Holds | Refusal:
    """Whether the approval of ``call``, judged ``approved`` then and ``fresh`` now, holds.

    ``bound_digest`` is what the operators approved; times are epoch seconds."""
    bound, again = bind(call, approved), bind(call, fresh)
    conditions = (
        (bound.digest == bound_digest, "the stored call or verdict is not the one that was approved"),
        (call.digest == bound.call_digest != "", "the call's digest differs from the approved one"),
        (requester == bound.requester != "", "it was approved for another requester"),
        (created_at <= now < expires_at, "it has expired"),
        (again.call_digest == bound.call_digest, "the gate judged another call"),
        (again.policy_lock == bound.policy_lock != "", "the policies changed since it was approved"),
        (again.evidence_hash == bound.evidence_hash != "", "what the call acts on changed since it was approved"),
        (fresh.decision in (Decision.ALLOW, Decision.REQUIRE_APPROVAL), "the gate now blocks the call"),
        (again.severity <= bound.severity, "the gate now rates the call as more severe"),
        (set(again.demands) <= set(bound.demands), "further rules now ask for an approval"),
        (again.rule.people <= bound.rule.people, "more people must approve now"),
        (set(again.rule.teams) <= set(bound.rule.teams), "another team must approve now"),
    )
    for met, otherwise in conditions:
        if met is not True:
            return Refusal(otherwise)
    return Holds()


def _asking(verdict: Verdict) -> tuple[PolicyMatch, ...]:
    matches = [m for s in verdict.stages if isinstance(s.facts, PolicyFacts) for m in s.facts.matches]
    return tuple(m for m in matches if m.action == "REQUIRE_APPROVAL" and m.mode == "enforce" and not m.mandated)


def _demands(verdict: Verdict) -> tuple[str, ...]:
    rules = {f"{m.policy}/{m.rule}" for m in _asking(verdict)}
    broken = {i for s in verdict.stages if isinstance(s.facts, DecisionFacts) for i in s.facts.invariants}
    return tuple(sorted(rules | broken))
