"""Impact and coverage as JSON documents: what `graph impact` and `graph coverage` print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from agentgate_mcp.graph.asset_cover import AssetStanding, asset_standings
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.coverage import Coverage, coverage_of
from agentgate_mcp.graph.gaps import Gaps, TacticGap, TechniqueGap, gaps_of
from agentgate_mcp.graph.impact import Impact
from agentgate_mcp.graph.reachability import PlainImpact, plain_impact, plain_reach
from agentgate_mcp.graph.scoring import ANY_CHANGE, impact_json, lost_score, severity_of, technique_score
from agentgate_mcp.graph.tactics import AttackTable, parent_of
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import CoverageChange


def impact_report(
    graph: KnowledgeGraph, found: Impact, table: AttackTable, *, action: str, protected: bool
) -> dict[str, Json]:
    """The documented shape, and beside it names, owners, families, explanations and typed losses."""
    beside: dict[str, Json] = {
        "change": action,
        "reachability": "any-of",
        "techniques": _changes(found.techniques, table),
        "parents": _families(graph, found, table),
        "lost_detections": [*found.lost],
        "owners": [*found.owner_teams],
        "target_owners": {n: _owner(graph, n) for n in found.targets},
        "assumed": found.assumed,
        "protected": protected,
        "detections_total": found.detections_total,
        "attack_version": table.version,
    }
    return impact_json(found, protected=protected) | beside


def plain_report(graph: KnowledgeGraph, node: str, table: AttackTable) -> dict[str, Json]:
    """Everything that names a removed object, whatever its alternatives. ``broken`` are detections;
    ``reached`` is whatever else stands on the way."""
    found: PlainImpact = plain_impact(graph, [node])
    score = max(ANY_CHANGE, lost_score(len(found.detections)), technique_score(found.techniques))
    return {
        "object": node,
        "change": "delete",
        "reachability": "plain",
        "broken": [*found.detections],
        "degraded": [],
        "reached": [*sorted(plain_reach(graph, [node]) - set(found.detections))],
        "techniques": _changes(found.techniques, table),
        "compliance": {},
        "assets": [],
        "lost": [*found.lost],
        "to_one": [*found.to_one],
        "score": score,
        "severity": severity_of(score).label,
        "attack_version": table.version,
    }


def coverage_report(graph: KnowledgeGraph, table: AttackTable, found: Impact | None = None) -> dict[str, Json]:
    """The coverage of ``graph`` with its gaps, and what ``found`` changes of it."""
    coverage = coverage_with(graph, table)
    report = _coverage(graph, coverage, gaps_of(graph, coverage, table), table)
    if found is None:
        return report
    after = coverage_with(graph, table, found)
    left: dict[str, Json] = {
        "techniques": _changes(found.techniques, table),
        "parents": _families(graph, found, table),
        "tactics": {
            t.short: {"before": before, "after": now}
            for t in table.tactics
            if (before := coverage.tactics.get(t.short, 0)) != (now := after.tactics.get(t.short, 0))
        },
        "compliance": {c.id: {"before": c.before, "after": c.after} for c in found.controls},
        "assets": [a.model_dump(mode="json") for a in found.assets],
        "lost_detections": [*found.lost],
    }
    report["change"] = left
    return report


def coverage_with(graph: KnowledgeGraph, table: AttackTable, found: Impact | None = None) -> Coverage:
    """Coverage with tactics, without the detections that ``found`` costs."""
    named = (t.removeprefix("technique:") for t in graph.covering if t.startswith("technique:"))
    return coverage_of(
        graph, tactics=table.by_technique(named), without=frozenset(found.lost) if found else frozenset[str]()
    )


def technique_changes(coverage: Coverage, found: Impact | None) -> dict[str, tuple[int, int]]:
    """Every technique that the content names, with its detections before and after."""
    counts = {t: (n, n) for t, n in coverage.techniques.items()}
    return counts | {c.id: (c.before, c.after) for c in (found.techniques if found else ())}


def _changes(changes: Sequence[CoverageChange], table: AttackTable) -> dict[str, Json]:
    return {c.id: {"before": c.before, "after": c.after, "name": table.name(c.id)} for c in changes}


def _families(graph: KnowledgeGraph, found: Impact, table: AttackTable) -> dict[str, Json]:
    """Parents, sub-techniques counted with them, whose number of detections the change lowers."""
    before = coverage_of(graph).families
    after = coverage_of(graph, without=frozenset(found.lost)).families
    return {
        t: {"before": n, "after": after.get(t, 0), "name": table.name(t)}
        for t, n in before.items()
        if n != after.get(t, 0)
    }


def _owner(graph: KnowledgeGraph, node: str) -> dict[str, Json]:
    known = graph.nodes[node].object if node in graph.nodes else None
    if known is None:
        return {"app": "", "owner": "", "team": ""}
    return {"app": known.app, "owner": known.owner, "team": known.team}


def _coverage(graph: KnowledgeGraph, coverage: Coverage, gaps: Gaps, table: AttackTable) -> dict[str, Json]:
    sub = {t: n for t, n in coverage.techniques.items() if parent_of(t)}
    own = {t: n for t, n in coverage.techniques.items() if not parent_of(t)}
    reasons = Counter(coverage.not_counting.values())
    return {
        "attack_version": table.version,
        "detections": coverage.detections,
        "not_counting": {r: reasons[r] for r in sorted(reasons)},
        "tactics": {
            t.short: {"id": t.id, "name": t.name, "detections": coverage.tactics.get(t.short, 0)} for t in table.tactics
        },
        "techniques": {t: _technique(t, n, table) for t, n in own.items()},
        "sub_techniques": {t: _technique(t, n, table) for t, n in sub.items()},
        "parents": {t: {"name": table.name(t), "detections": n} for t, n in coverage.families.items()},
        "compliance": {**coverage.controls},
        "assets": [_asset(a) for a in asset_standings(graph)],
        "sole": {d: [*t] for d, t in coverage.sole.items()},
        "gaps": {
            "techniques": [_technique_gap(g, table) for g in gaps.techniques],
            "tactics": [_tactic_gap(g) for g in gaps.tactics],
        },
        "not_current": {**gaps.not_current},
    }


def _technique(technique: str, detections: int, table: AttackTable) -> dict[str, Json]:
    return {
        "name": table.name(technique),
        "tactics": [*table.tactics_of(technique)],
        "standing": table.standing(technique),
        "detections": detections,
    }


def _asset(standing: AssetStanding) -> dict[str, Json]:
    asset = standing.asset
    return {
        "asset": asset.id,
        "criticality": asset.criticality,
        "owner_team": asset.owner_team,
        "tags": [*asset.tags],
        "known": asset.known,
        "origin": standing.origin,
        "declared": [*standing.declared],
        "observed": [*standing.observed],
        "assumed": standing.assumed,
    }


def _technique_gap(gap: TechniqueGap, table: AttackTable) -> dict[str, Json]:
    reasons: Mapping[str, Sequence[str]] = gap.reasons
    return {"id": gap.technique, "name": table.name(gap.technique), "reasons": {r: [*d] for r, d in reasons.items()}}


def _tactic_gap(gap: TacticGap) -> dict[str, Json]:
    return {"id": gap.tactic.id, "short": gap.tactic.short, "name": gap.tactic.name, "not_counting": gap.idle}
