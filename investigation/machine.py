"""The case as a state machine: five stages, a guard on each step, a reason where it stops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agentgate_mcp.errors import AgentGateError
from agentgate_mcp.model.call import Json
from investigation.steps import CaseStage

RESPOND_CONFIDENCE = 0.80
"""A verdict less sure than this recommends actions but requests none."""


class TransitionError(AgentGateError):
    """A step that the machine does not have, or whose guard does not hold."""

    code = "case_transition"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseState:
    """What the guards may look at."""

    case_known: bool = False
    events_seen: int = 0
    findings: int = 0
    verdict: str = ""
    confidence: float = 0.0
    actions: int = 0


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition, stated positively, and what is said when it does not hold."""

    holds: Callable[[CaseState], bool]
    otherwise: str


ORDER: tuple[CaseStage, ...] = tuple(CaseStage)
GUARDS: Mapping[tuple[CaseStage, CaseStage], Guard] = {
    (CaseStage.TRIAGE, CaseStage.INVESTIGATE): Guard(lambda s: s.case_known, "the case could not be read"),
    (CaseStage.INVESTIGATE, CaseStage.VALIDATE): Guard(
        lambda s: s.events_seen > 0, "no telemetry was found in the case window"
    ),
    (CaseStage.VALIDATE, CaseStage.RECOMMEND): Guard(
        lambda s: s.verdict in ("malicious", "suspicious", "benign"), "the evidence does not carry a verdict"
    ),
    (CaseStage.RECOMMEND, CaseStage.RESPOND): Guard(
        lambda s: s.verdict == "malicious" and s.confidence >= RESPOND_CONFIDENCE and s.actions > 0,
        "no action was recommended, or the verdict is not malicious with confidence",
    ),
}


@dataclass(slots=True)
class CaseMachine:
    """Moves forward one stage at a time and remembers how it went."""

    stage: CaseStage = CaseStage.TRIAGE
    log: list[dict[str, Json]] = field(default_factory=lambda: [{"stage": "triage", "entered": True, "reason": ""}])

    def may(self, target: CaseStage, state: CaseState) -> str:
        """Empty if the step to ``target`` is open; otherwise why it is not.

        Raises: TransitionError for a step that does not exist."""
        guard = GUARDS.get((self.stage, target))
        if guard is None:
            raise TransitionError(f"expected the stage after {self.stage.value}, got {target.value}")
        return "" if guard.holds(state) else guard.otherwise

    def advance(self, target: CaseStage, state: CaseState) -> bool:
        """Take the step if its guard holds; record it either way."""
        reason = self.may(target, state)
        self.log.append({"stage": target.value, "entered": not reason, "reason": reason})
        if not reason:
            self.stage = target
        return not reason
