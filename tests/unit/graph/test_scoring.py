"""The table of scores in the documents is the one that is computed."""

from __future__ import annotations

import re

import pytest

from agentgate_mcp.graph import scoring
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.scoring import asset_score, control_score, degraded_score, lost_score, technique_score
from agentgate_mcp.model.decision import Severity
from agentgate_mcp.model.facts import AssetCoverage, CoverageChange
from agentgate_mcp.model.site import Criticality

pytestmark = pytest.mark.req("graph.scoring")

ROWS = dict(re.findall(r"^\| ([^|]+?) \| ([\d ·]+?) \|$", scoring.__doc__ or "", re.MULTILINE))


def written(start: str) -> list[int]:
    """The numbers of the row that begins so."""
    (found,) = (numbers for what, numbers in ROWS.items() if what.startswith(start))
    return [int(n) for n in found.split(" · ")]


def techniques(before: int, after: int, count: int = 1) -> tuple[CoverageChange, ...]:
    return tuple(CoverageChange(id=f"T{n}", before=before, after=after) for n in range(count))


def covered(criticality: Criticality, before: int, after: int, *tags: str) -> int:
    return asset_score(
        AssetCoverage(
            asset="a", criticality=criticality, tags=tags, owner_team="", before=before, after=after, origin="declared"
        )
    )


def test_the_written_table_holds_the_computed_numbers() -> None:
    levels: tuple[Criticality, ...] = ("low", "medium", "high", "critical")
    computed = {
        "protected target": [scoring.PROTECTED],
        "unknown or ambiguous": [scoring.UNKNOWN_TARGET],
        "detections lost": [lost_score(n) for n in (1, 2, 5, 20, 100)],
        "detections degraded": [degraded_score(n) for n in (1, 5, 20, 100)],
        "techniques left without cover": [technique_score(techniques(1, 0, n)) for n in (1, 2, 5)],
        "techniques left with one": [technique_score(techniques(2, 1))],
        "controls left without": [control_score(techniques(1, 0)), control_score(techniques(2, 1))],
        "asset uncovered": [covered(level, 1, 0) for level in levels],
        "asset left with one": [covered(level, 2, 1) for level in ("medium", "high", "critical")],
        "PCI or HIPAA": [covered("low", 1, 0, "pci"), covered("low", 2, 1, "hipaa")],
        "cover lost and nobody": [scoring.ASSUMED],
        "typed loss": [scoring.GRADE_SCORE[g] for g in Grade],
        "dashboards broken": [10, scoring.MOST_FOR_DASHBOARDS],
        "any change at all": [scoring.ANY_CHANGE],
    }
    assert {start: written(start) for start in computed} == computed
    assert len(computed) == len(ROWS)


def test_steps_begin_where_the_table_says() -> None:
    assert [lost_score(n) for n in (0, 4, 19, 99)] == [0, 35, 55, 75]
    assert [degraded_score(n) for n in (0, 4, 19, 99)] == [0, 10, 25, 40]


def test_severity_is_cut_at_the_written_scores() -> None:
    cuts = {0: Severity.NONE, 1: Severity.LOW, 24: Severity.LOW, 25: Severity.MEDIUM, 49: Severity.MEDIUM}
    cuts |= {50: Severity.HIGH, 79: Severity.HIGH, 80: Severity.CRITICAL, 100: Severity.CRITICAL}
    assert {score: scoring.severity_of(score) for score in cuts} == cuts
    assert "0 none, 1–24 low, 25–49 medium, 50–79 high, 80–100 critical" in (scoring.__doc__ or "")
