"""What an investigation asks for and is told: the seam between the planner and its driver.

The planner is a generator. It yields `Ask` (a tool call to make) or `Enter` (a stage begins)
and is sent `Answer` for each `Ask`. It never calls anything itself, so the same answers always
give the same report.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agentgate_mcp.model.call import Json


class CaseStage(StrEnum):
    """The five stages, in order; each transition has a guard (machine.py)."""

    TRIAGE = "triage"
    INVESTIGATE = "investigate"
    VALIDATE = "validate"
    RECOMMEND = "recommend"
    RESPOND = "respond"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A tool call to make through the gate. ``purpose`` is one sentence for the report."""

    tool: str
    arguments: Mapping[str, Json]
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """A stage begins; ``step`` of ``steps`` for progress."""

    stage: CaseStage
    step: int
    steps: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of an `Ask`. ``status``: `released` (``result`` is the tool's output), `held`
    (a person must decide on ``finding_id``), `refused` (``reason`` says why). Only `released`
    carries a result; the case goes on in every case."""

    status: str
    result: Mapping[str, Json] = field(default_factory=dict[str, Json])
    finding_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a case is run. ``as_of`` is epoch seconds and stands in the report."""

    simulate_response: bool
    requested_by: str
    as_of: float


Planner = Generator[Ask | Enter, Answer | None, dict[str, Json]]
"""Yields steps, is sent answers, returns the JSON result (schema: investigation/result.py)."""
