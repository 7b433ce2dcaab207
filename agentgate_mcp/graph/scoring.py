"""The score of a change, 0–100, and the severity cut from it.

The score is the largest of these, never their sum, so that each number can be traced to one
cause; counts are of the whole change set, and of what earlier changes that nobody accepted took
of the same cover (`erosion.py`). Policies 001–003, 010 and 011 read the facts and this score; 008
counts targets, and 012 reads the score of cost, cut into severities in the same way.

| what | score |
|---|---|
| protected target (audit, HEC token, AgentGate's own) | 100 |
| unknown or ambiguous target | 60 |
| detections lost: 1 · 2–4 · 5–19 · 20–99 · 100 and more | 20 · 35 · 55 · 75 · 90 |
| detections degraded: 1–4 · 5–19 · 20–99 · 100 and more | 10 · 25 · 40 · 60 |
| techniques left without cover: 1 · 2–4 · 5 and more | 50 · 65 · 85 |
| techniques left with one detection | 25 |
| controls left without cover · with one detection | 60 · 30 |
| asset uncovered: low · medium · high · critical | 30 · 45 · 70 · 95 |
| asset left with one detection: low, medium · high · critical | 10 · 30 · 40 |
| PCI or HIPAA asset uncovered · left with one detection | 85 · 50 |
| cover lost and nobody knows of what (no inventory) | 50 |
| typed loss: minor · moderate · major · blind | 10 · 30 · 55 · 70 |
| dashboards broken: each · at most | 10 · 40 |
| any change at all | 5 |

Severity: 0 none, 1–24 low, 25–49 medium, 50–79 high, 80–100 critical.
"""

from __future__ import annotations

from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.impact import Impact
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Severity
from agentgate_mcp.model.facts import AssetCoverage, CoverageChange

MEDIUM_FROM, HIGH_FROM, CRITICAL_FROM = 25, 50, 80

ANY_CHANGE = 5
PROTECTED = 100
UNKNOWN_TARGET = 60
ASSUMED = 50
GRADE_SCORE = {Grade.MINOR: 10, Grade.MODERATE: 30, Grade.MAJOR: 55, Grade.BLIND: 70}
ASSET_LOST = {"low": 30, "medium": 45, "high": 70, "critical": 95}
ASSET_SINGLE = {"low": 10, "medium": 10, "high": 30, "critical": 40}
TAGGED_LOST, TAGGED_SINGLE = 85, 50
MOST_FOR_DASHBOARDS = 40

_LOST = ((100, 90), (20, 75), (5, 55), (2, 35), (1, 20))
_DEGRADED = ((100, 60), (20, 40), (5, 25), (1, 10))
_TECHNIQUES = ((5, 85), (2, 65), (1, 50))


def severity_of(score: int) -> Severity:
    """The severity of a score, for blast radius and cost alike."""
    if score >= CRITICAL_FROM:
        return Severity.CRITICAL
    if score >= HIGH_FROM:
        return Severity.HIGH
    if score >= MEDIUM_FROM:
        return Severity.MEDIUM
    return Severity.LOW if score > 0 else Severity.NONE


def impact_score(impact: Impact, *, protected: bool = False, lost_before: int = 0) -> int:
    """0–100 by the table above: the largest single cause. ``lost_before`` are detections of the
    same cover that earlier changes took away and nobody accepted."""
    degraded = sum(n.startswith("saved_search:") for n in impact.degraded)
    dashboards = sum(n.startswith("dashboard:") for n in impact.broken)
    return max(
        ANY_CHANGE,
        PROTECTED if protected else 0,
        UNKNOWN_TARGET if impact.plan.unknown else 0,
        ASSUMED if impact.assumed else 0,
        lost_score(len(impact.lost) + (lost_before if impact.lost else 0)),
        degraded_score(degraded),
        technique_score(impact.techniques),
        control_score(impact.controls),
        max((asset_score(a) for a in impact.assets), default=0),
        max((GRADE_SCORE[x.grade] for x in impact.losses), default=0),
        min(MOST_FOR_DASHBOARDS, 10 * dashboards),
    )


def impact_json(impact: Impact, *, protected: bool = False) -> dict[str, Json]:
    """The impact as the command line prints it."""
    score = impact_score(impact, protected=protected)
    return {
        "object": impact.targets[0] if len(impact.targets) == 1 else ", ".join(impact.targets),
        "broken": list(impact.broken),
        "degraded": list(impact.degraded),
        "techniques": {c.id: {"before": c.before, "after": c.after} for c in impact.techniques},
        "compliance": {c.id: {"before": c.before, "after": c.after} for c in impact.controls},
        "assets": [a.model_dump(mode="json") for a in impact.assets],
        "losses": [
            {"kind": x.kind, "object": x.object, "detail": x.detail, "grade": x.grade.name.lower()}
            for x in impact.losses
        ],
        "paths": {node: list(path) for node, path in impact.paths.items()},
        "unknown": list(impact.plan.unknown),
        "nearest": list(impact.plan.nearest),
        "score": score,
        "severity": severity_of(score).label,
    }


def step(count: int, table: tuple[tuple[int, int], ...]) -> int:
    """The score of the highest step that ``count`` reaches."""
    return next((score for least, score in table if count >= least), 0)


def lost_score(detections: int) -> int:
    return step(detections, _LOST)


def degraded_score(detections: int) -> int:
    return step(detections, _DEGRADED)


def technique_score(changes: tuple[CoverageChange, ...]) -> int:
    lost = sum(c.before > 0 and c.after == 0 for c in changes)
    single = any(c.before > 1 and c.after == 1 for c in changes)
    return max(step(lost, _TECHNIQUES), 25 if single else 0)


def control_score(changes: tuple[CoverageChange, ...]) -> int:
    if any(c.before > 0 and c.after == 0 for c in changes):
        return 60
    return 30 if any(c.before > 1 and c.after == 1 for c in changes) else 0


def asset_score(asset: AssetCoverage) -> int:
    """The score of one asset's loss; 0 where it keeps two detections or more."""
    tagged = is_pci(asset.tags) or is_hipaa(asset.tags)
    if asset.before > 0 and asset.after == 0:
        return max(ASSET_LOST[asset.criticality], TAGGED_LOST if tagged else 0)
    if asset.before > 1 and asset.after == 1:
        return max(ASSET_SINGLE[asset.criticality], TAGGED_SINGLE if tagged else 0)
    return 0


def is_pci(tags: tuple[str, ...]) -> bool:
    return any(t.strip().lower().startswith("pci") for t in tags)


def is_hipaa(tags: tuple[str, ...]) -> bool:
    return any(t.strip().lower().startswith(("hipaa", "ephi", "phi")) for t in tags)
