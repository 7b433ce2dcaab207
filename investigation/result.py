"""The result of a case: its shape, checked before it leaves the planner."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from agentgate_mcp.model.call import Json

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
EventIds = Annotated[list[str], Field(min_length=1)]


class Part(BaseModel):
    """Strict: nothing beyond the fields, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Window(Part):
    earliest: float
    latest: float


class StageEntry(Part):
    stage: str
    entered: bool
    reason: str


class Finding(Part):
    """One finding. ``event_ids`` are the first of ``event_count``; the query gives the rows again."""

    id: str
    code: str
    statement: str
    why: str
    family: str
    speaks_for: Literal["malicious", "benign", "neither"]
    severity: Literal["info", "low", "medium", "high"]
    weight: float
    techniques: list[str]
    targets: list[list[str]]
    event_ids: EventIds
    event_count: int
    query: str
    earliest: str
    latest: str
    row_count: int
    result_hash: str


class ContributionEntry(Part):
    family: str
    weight: float
    pieces: int


class Contributions(Part):
    """How the probability comes about: prior plus families, in log-odds."""

    prior: float
    families: list[ContributionEntry]
    log_odds: float


class Sentence(Part):
    text: str
    finding: str
    event_ids: EventIds


class BenignExplanation(Part):
    statement: str
    finding: str
    event_ids: list[str]
    why_it_holds: str = ""
    why_it_fails: str = ""


class Technique(Part):
    id: str
    name: str
    tactic: str
    findings: list[str]


class IndicatorEntry(Part):
    kind: str
    value: str
    defanged: str
    findings: list[str]
    score: float
    intel: str


class Moment(Part):
    time: str
    event_id: str
    findings: list[str]
    what: str


class Receipt(Part):
    expires_at: float | None
    detail: str


class ActionEntry(Part):
    """One action. ``status`` is `recommended` when it was not requested."""

    action: str
    target: str
    reason: str
    findings: list[str]
    blast: str
    expiry: str
    pre_checks: list[str]
    rollback: str
    runbook: str
    status: Literal[
        "recommended", "simulated", "queued", "sent", "done", "failed", "unknown", "duplicate", "held", "refused"
    ]
    receipt: Receipt | None
    finding_id: str


class CallNote(Part):
    tool: str
    purpose: str
    reason: str
    finding_id: str


class RunbookEntry(Part):
    runbook_id: str
    title: str


class QueryEntry(Part):
    name: str
    purpose: str
    query: str
    earliest: str
    latest: str
    row_count: int
    result_hash: str
    partial: str


class CaseResult(Part):
    """The whole result. ``confidence`` is for the verdict given, ``probability`` for malice.
    ``llm_analysis`` is empty here; the driver puts the model's note there after the verdict."""

    case_id: str
    title: str
    category: str
    severity: str
    window: Window
    verdict: Literal["malicious", "benign", "suspicious", "inconclusive"]
    confidence: Probability
    probability: Probability
    summary: str
    stages: list[StageEntry]
    findings: list[Finding]
    contributions: Contributions
    narrative: list[Sentence]
    benign_explanation: BenignExplanation
    techniques: list[Technique]
    not_checked: list[str]
    indicators: list[IndicatorEntry]
    timeline: list[Moment]
    entities: dict[str, list[dict[str, Any]]]
    actions: list[ActionEntry]
    held: list[CallNote]
    refused: list[CallNote]
    runbooks: list[RunbookEntry]
    queries: list[QueryEntry]
    events_seen: int
    requested_by: str
    simulated: bool
    as_of: float
    llm_analysis: Literal[""]


def checked(result: dict[str, Json]) -> dict[str, Json]:
    """``result`` as plain JSON, its shape checked. Raises: pydantic.ValidationError."""
    return cast("dict[str, Json]", CaseResult.model_validate(result).model_dump(mode="json"))
