"""An impact as typed facts, and its score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from agentgate_mcp.gate.blast.protected import protected_change
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.graph import scoring
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.impact import Impact
from agentgate_mcp.model.facts import AssetCoverage, ChangeFacts, TypedLoss
from agentgate_mcp.model.site import ObjectChange

_STRENGTH: tuple[Literal["create", "modify", "disable", "delete"], ...] = ("create", "modify", "disable", "delete")
MAX_LISTED = 200
"""Broken and degraded objects named in the facts. Counts and scores are of all of them."""


def change_facts(
    ctx: StageContext, changes: Sequence[ObjectChange], impact: Impact, accumulated: tuple[str, ...] = ()
) -> ChangeFacts:
    """What the changes break, as policies read it."""
    protected = [p for c in changes if (p := protected_change(c, ctx.world.knowledge.all_named(c.target)))]
    uncovered = [a for a in impact.assets if a.before > 0 and a.after == 0]
    single = [a for a in impact.assets if a.before > 1 and a.after == 1]
    return ChangeFacts(
        action=_STRENGTH[max(_STRENGTH.index(c.action) for c in changes)],
        targets=tuple(dict.fromkeys([*impact.targets, *impact.plan.unknown])),
        unknown_targets=impact.plan.unknown,
        nearest=impact.plan.nearest,
        owner_teams=impact.owner_teams,
        broken=impact.broken[:MAX_LISTED],
        degraded=impact.degraded[:MAX_LISTED],
        losses=tuple(TypedLoss(kind=x.kind, object=x.object, detail=x.detail) for x in impact.losses[:MAX_LISTED]),
        techniques=impact.techniques,
        compliance=impact.controls,
        assets=impact.assets,
        techniques_lost=len(impact.lost_techniques),
        assets_uncovered=len(uncovered),
        critical_assets_uncovered=sum(a.criticality == "critical" for a in uncovered),
        pci_assets_uncovered=_tagged(uncovered, pci=True),
        pci_assets_single=_tagged(single, pci=True),
        hipaa_assets_uncovered=_tagged(uncovered, pci=False),
        hipaa_assets_single=_tagged(single, pci=False),
        assumed_coverage=impact.assumed,
        accumulated=accumulated,
        protected=tuple(dict.fromkeys(protected)),
        detections_total=impact.detections_total,
    )


def _tagged(assets: Sequence[AssetCoverage], *, pci: bool) -> int:
    has = scoring.is_pci if pci else scoring.is_hipaa
    return sum(has(a.tags) for a in assets)


def change_reasons(impact: Impact, facts: ChangeFacts) -> list[str]:
    """What a person needs to read, the worst first."""
    reasons: list[str] = []
    if facts.protected:
        reasons.append(f"Guarded and not to be changed: {_some(facts.protected)}.")
    if facts.unknown_targets:
        near = f" Nearest: {_some(facts.nearest)}." if facts.nearest else ""
        reasons.append(f"No single object is meant by {_some(facts.unknown_targets)}.{near}")
    for asset in sorted((a for a in impact.assets if a.before > 0 and a.after == 0), key=_by_criticality):
        owner = f", owner {asset.owner_team}" if asset.owner_team else ""
        reasons.append(f"{asset.asset} ({asset.criticality}{owner}) loses its last detection: {asset.before} → 0.")
    if impact.lost_techniques:
        reasons.append(f"No detection is left for {_some(impact.lost_techniques)}.")
    if impact.lost:
        reasons.append(f"{len(impact.lost)} detections stop working: {_some(impact.lost)}.")
    others = [n for n in impact.broken if n not in impact.lost]
    if others:
        reasons.append(f"Also broken: {_some(others)}.")
    if impact.degraded:
        reasons.append(f"Degraded, one alternative less or behaviour changed: {_some(impact.degraded)}.")
    reasons += [f"{x.object}: {x.detail}." for x in impact.losses if x.grade >= Grade.MODERATE][:5]
    if facts.accumulated:
        reasons.append(f"Counted with earlier changes that nobody accepted: {_some(facts.accumulated)}.")
    if impact.assumed:
        reasons.append("What the lost detections protect is not declared, so their loss cannot be judged.")
    return reasons


def _by_criticality(asset: AssetCoverage) -> int:
    return -("low", "medium", "high", "critical").index(asset.criticality)


def _some(names: Sequence[str], limit: int = 3) -> str:
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown
