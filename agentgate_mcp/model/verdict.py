"""What the gate says of a call, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.decision import Decision, Severity, Stage
from agentgate_mcp.model.facts import (
    BlastRadiusFacts,
    CostFacts,
    DecisionFacts,
    InjectionFacts,
    PolicyFacts,
    ProvenanceFacts,
    StageFacts,
)

FACTS_OF_STAGE: dict[Stage, type[StageFacts]] = {
    Stage.INJECTION: InjectionFacts,
    Stage.PROVENANCE: ProvenanceFacts,
    Stage.BLAST_RADIUS: BlastRadiusFacts,
    Stage.COST: CostFacts,
    Stage.POLICY: PolicyFacts,
    Stage.DECISION: DecisionFacts,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """One stage's say: how bad, why in plain words, and the facts behind it."""

    stage: Stage
    severity: Severity
    reasons: tuple[str, ...]
    facts: StageFacts

    def to_json(self) -> dict[str, Json]:
        return {
            "severity": self.severity.label,
            "reasons": list(self.reasons),
            "facts": self.facts.model_dump(mode="json"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The canonical decision. Ids and timings travel beside it, never in it.

    ``evidence_hash`` covers what the verdict read about the call's target, and only that;
    ``as_of`` is epoch seconds, an input (R4)."""

    decision: Decision
    severity: Severity
    stages: tuple[StageResult, ...]
    policies: tuple[str, ...]
    suggestion: str
    policy_lock: str
    world_hash: str
    session_hash: str
    evidence_hash: str
    as_of: float
    call_digest: str

    def to_json(self) -> dict[str, Json]:
        """The form that is hashed, stored and compared byte by byte."""
        return {
            "decision": self.decision.name,
            "severity": self.severity.label,
            "stages": {s.stage.value: s.to_json() for s in self.stages},
            "policies": list(self.policies),
            "suggestion": self.suggestion,
            "policy_lock": self.policy_lock,
            "world_hash": self.world_hash,
            "session_hash": self.session_hash,
            "evidence_hash": self.evidence_hash,
            "as_of": self.as_of,
            "call_digest": self.call_digest,
        }

    @property
    def reasons(self) -> tuple[str, ...]:
        """Plain-language reasons, the deciding ones first, each once: what a policy has said of a fact
        is not said again by the stage that found it."""
        told: dict[str, str] = {}
        for stage in reversed(self.stages):
            for reason in stage.reasons:
                by, colon, text = reason.partition(": ")
                told.setdefault(text if colon and by in self.policies else reason, reason)
        return tuple(told.values())


class FindingStatus(StrEnum):
    """pending → approved | denied | withdrawn | expired → consumed; blocked is final."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CONSUMED = "consumed"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One step in a finding's life. ``by`` is an operator, or the requester for withdrawal."""

    at: float
    status: FindingStatus
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A call that was not simply allowed. ``advisory`` is model text, attached later (R5)."""

    finding_id: str
    status: FindingStatus
    created_at: float
    expires_at: float
    call: ToolCall
    verdict: Verdict
    advisory: str = ""
    decided_by: tuple[str, ...] = ()
    history: tuple[Transition, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The tool ran, its outcome is durable, and this is what the caller may see."""

    call_id: str
    result: dict[str, Json]
    verdict: Verdict
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing ran, or what ran could not be released. ``code`` is stable."""

    call_id: str
    code: str
    message: str
    finding_id: str = ""
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Nothing ran; a person must decide on ``finding_id`` first."""

    call_id: str
    finding_id: str
    expires_at: float
    message: str
    verdict: Verdict


Outcome = Released | Refused | Held
