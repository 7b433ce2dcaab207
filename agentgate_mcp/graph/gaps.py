"""What the loaded content does not cover: techniques that it only seems to, and empty tactics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.coverage import Coverage
from agentgate_mcp.graph.tactics import AttackTable, Tactic


@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueGap:
    """A technique that the content names and no detection covers. ``reasons`` maps why a detection
    does not count (`disabled`, `experimental`, …) to the detections of which that is true."""

    technique: str
    reasons: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TacticGap:
    """A tactic without a detection that counts; ``idle`` detections of it do not."""

    tactic: Tactic
    idle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """``not_current`` maps ids that the table's version lacks to their successor, or `unknown`."""

    techniques: tuple[TechniqueGap, ...]
    tactics: tuple[TacticGap, ...]
    not_current: Mapping[str, str]


def gaps_of(graph: KnowledgeGraph, coverage: Coverage, table: AttackTable) -> Gaps:
    """The gaps of ``coverage``, which is that of ``graph`` with the tactics of ``table``."""
    techniques: list[TechniqueGap] = []
    for technique, count in coverage.techniques.items():
        if count:
            continue
        reasons: dict[str, list[str]] = {}
        for detection in graph.covering[f"technique:{technique}"]:
            reasons.setdefault(coverage.not_counting.get(detection, "removed"), []).append(detection)
        techniques.append(TechniqueGap(technique=technique, reasons={r: tuple(d) for r, d in sorted(reasons.items())}))
    idle: dict[str, set[str]] = {}
    for detection in coverage.not_counting:
        for technique in graph.detections[detection].techniques:
            for tactic in table.tactics_of(technique):
                idle.setdefault(tactic, set()).add(detection)
    return Gaps(
        techniques=tuple(techniques),
        tactics=tuple(
            TacticGap(tactic=t, idle=len(idle.get(t.short, ())))
            for t in table.tactics
            if not coverage.tactics.get(t.short)
        ),
        not_current=table.not_current(coverage.techniques),
    )
