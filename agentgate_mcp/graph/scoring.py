"""The score of a change, 0–100, and the severity cut from it.

The score is the largest of these, never their sum, so that each number can be traced to one
cause; counts are of the whole change set.

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
| dashboards broken: each 10, at most | 40 |
| any change at all | 5 |

Severity: 0 none, 1–24 low, 25–49 medium, 50–79 high, 80–100 critical.
"""

from __future__ import annotations

from agentgate_mcp.graph.narrowing import Grade
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
