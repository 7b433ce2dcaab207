"""A case: what the queue says of it, what happened, and (kept apart) what it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agentgate_mcp.model.call import Json
from agentgate_mcp.synth.log import Log, Numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The queue's record of a case; times are epoch milliseconds."""

    case_id: str
    title: str
    description: str
    severity: str
    category: str
    created_at: int
    earliest: int
    latest: int
    source: str
    entities: Mapping[str, tuple[str, ...]]
    status: str = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the case was. Never written below `data/`."""

    verdict: Literal["malicious", "benign"]
    twin: str
    techniques: tuple[str, ...]
    expected_targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One finished case with its numbered events."""

    brief: Brief
    truth: Truth
    log: Numbered

    def record(self) -> dict[str, Json]:
        """`data/cases/<id>.json`, in the shape of `model.site.CaseRecord`."""
        brief = self.brief
        return {
            "case_id": brief.case_id,
            "title": brief.title,
            "description": brief.description,
            "severity": brief.severity,
            "status": brief.status,
            "category": brief.category,
            "created_at": brief.created_at // 1000,
            "earliest": brief.earliest // 1000,
            "latest": brief.latest // 1000,
            "source": brief.source,
            "entities": {kind: list(values) for kind, values in sorted(brief.entities.items())},
            "alerts": list(self.log.alert_ids),
        }

    def truth_record(self) -> dict[str, Json]:
        """The entry of this case in `case_truth.json`."""
        return {
            "verdict": self.truth.verdict,
            "twin": self.truth.twin,
            "reason": self.truth.reason,
            "key_event_ids": list(self.log.key_ids),
            "techniques": list(self.truth.techniques),
            "expected_targets": {k: list(v) for k, v in sorted(self.truth.expected_targets.items())},
        }


def finish(brief: Brief, truth: Truth, log: Log) -> Story:
    return Story(brief=brief, truth=truth, log=log.numbered())
