"""Values that the ledger's tests are made of."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from agentgate_mcp.canonical import digest
from agentgate_mcp.ledger.codec import call_to_json
from agentgate_mcp.ledger.entries import Draft, EntryKind, Owner
from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.decision import Decision, Label, ParamRole, Severity, SideEffect, Stage
from agentgate_mcp.model.facts import (
    ArgumentOrigin,
    BlastRadiusFacts,
    ChangeFacts,
    ClauseMatch,
    CostFacts,
    DecisionFacts,
    InjectionFacts,
    Interval,
    PolicyFacts,
    PolicyMatch,
    ProvenanceFacts,
    RequestFacts,
)
from agentgate_mcp.model.verdict import StageResult, Verdict
from agentgate_mcp.redact import Redactor

REDACTOR = Redactor(b"k" * 32)
NOW = 1_795_176_000.0
"""2026-11-20T12:00:00Z."""


@dataclass(slots=True)
class Clock:
    """A clock that a test sets."""

    at: float = NOW
    steps: Iterator[float] = field(default_factory=lambda: itertools.repeat(0.0))

    def __call__(self) -> float:
        self.at += next(self.steps)
        return self.at


def draft(kind: EntryKind, call_id: str = "", /, principal: str = "alice", **payload: Json) -> Draft:
    return Draft(kind=kind, principal=principal, call_id=call_id, payload=payload)


def intent(
    owner: Owner,
    call_id: str,
    *,
    effects: list[Json] | None = None,
    principal: str = "alice",
    finding_id: str = "",
    digest: str = "d",
) -> Draft:
    return Draft(
        kind=EntryKind.INTENT,
        principal=principal,
        call_id=call_id,
        payload={
            "tool": "t",
            "digest": digest,
            "effects": effects or [],
            "finding_id": finding_id,
            "owner": owner.to_json(),
        },
    )


def outcome(call_id: str, intent_seq: int, status: str = "ok", principal: str = "alice") -> Draft:
    return draft(EntryKind.OUTCOME, call_id, principal, status=status, intent_seq=intent_seq)


def make_call(call_id: str = "c-1", **changes: object) -> ToolCall:
    """A call to disable a saved search, asked for by alice's agent."""
    arguments: dict[str, Json] = {"name": "Brute Force", "app": "search", "reason": "noisy", "n": 1}
    call = ToolCall(
        call_id=call_id,
        parent_id=None,
        principal="alice",
        agent_id="agent",
        tool_name="propose_disable_saved_search",
        arguments=arguments,
        raw_user_prompt="Disable the brute force search.",
        incoming_context=("some context",),
        digest="",
    )
    call = replace(call, **changes)  # type: ignore[arg-type]
    return replace(call, digest=digest({"t": call.tool_name, "a": dict(call.arguments), "r": call.requester}))


def match(policy: str = "POL-011", **changes: object) -> PolicyMatch:
    values: dict[str, object] = {
        "policy": policy,
        "rule": "high",
        "version": 1,
        "action": "REQUIRE_APPROVAL",
        "severity": "high",
        "mode": "enforce",
        "reason": "Three detections stop working.",
        "clauses": (ClauseMatch(fact="blast_radius.score", operator=">=", expected="70", value="82"),),
    }
    return PolicyMatch.model_validate({**values, **changes})


def make_verdict(
    call: ToolCall,
    decision: Decision = Decision.REQUIRE_APPROVAL,
    *,
    matches: tuple[PolicyMatch, ...] | None = None,
    invariants: tuple[str, ...] = (),
    severity: Severity = Severity.HIGH,
    policy_lock: str = "lock-1",
    evidence_hash: str = "evidence-1",
    as_of: float = NOW,
) -> Verdict:
    """A verdict with facts in every stage."""
    found = (match(),) if matches is None else matches
    request = RequestFacts(
        tool=call.tool_name,
        side_effect=SideEffect.PROPOSE,
        known_tool=True,
        nested=False,
        read_only=False,
        frozen=False,
        breaker_open=False,
    )
    change = ChangeFacts(action="disable", targets=("saved_search:Brute Force",), broken=("dashboard:SOC",))
    events = Interval(low=0.5, estimate=1e16, high=2e16)
    origin = ArgumentOrigin(path="/name", role=ParamRole.SINK, label=Label.PROMPT, evidence="prompt[12:24]")
    stages = (
        StageResult(stage=Stage.INJECTION, severity=Severity.NONE, reasons=(), facts=InjectionFacts()),
        StageResult(
            stage=Stage.PROVENANCE, severity=Severity.NONE, reasons=(), facts=ProvenanceFacts(arguments=(origin,))
        ),
        StageResult(
            stage=Stage.BLAST_RADIUS,
            severity=Severity.HIGH,
            reasons=("It feeds a dashboard.",),
            facts=BlastRadiusFacts(change=change, score=82),
        ),
        StageResult(
            stage=Stage.COST, severity=Severity.NONE, reasons=(), facts=CostFacts(tier="static", events=events)
        ),
        StageResult(
            stage=Stage.POLICY, severity=severity, reasons=(), facts=PolicyFacts(request=request, matches=found)
        ),
        StageResult(
            stage=Stage.DECISION,
            severity=severity,
            reasons=(),
            facts=DecisionFacts(invariants=invariants, deciding=(*invariants, *(m.policy for m in found))),
        ),
    )
    return Verdict(
        decision=decision,
        severity=severity,
        stages=stages,
        policies=tuple(sorted({m.policy for m in found})),
        suggestion="Change its schedule instead.",
        policy_lock=policy_lock,
        world_hash="world",
        session_hash="session",
        evidence_hash=evidence_hash,
        as_of=as_of,
        call_digest=call.digest,
    )


def verdict_draft(call: ToolCall, verdict: Verdict) -> Draft:
    return Draft(
        kind=EntryKind.VERDICT,
        principal=call.principal,
        call_id=call.call_id,
        payload={"call": call_to_json(call), "verdict": verdict.to_json(), "session_events": []},
    )


def opening(finding_id: str, call: ToolCall, verdict: Verdict, status: str = "pending") -> Draft:
    return draft(
        EntryKind.TRANSITION,
        call.call_id,
        call.principal,
        finding_id=finding_id,
        status=status,
        by="gate",
        reason="POL-011",
        kind="change",
        expires_at=NOW + 3600,
        binding={"v": 1},
        binding_digest="b-1",
        call=call_to_json(call),
        verdict=verdict.to_json(),
    )


def step(finding_id: str, status: str, by: str = "olga") -> Draft:
    return draft(EntryKind.TRANSITION, "c-1", "alice", finding_id=finding_id, status=status, by=by, reason="because")
