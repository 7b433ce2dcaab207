"""How each asset is covered, and how that is known: declared, observed in telemetry, or assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.coverage import counts
from agentgate_mcp.graph.nodes import AssetNode


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetStanding:
    """``declared`` and ``observed`` are detections that count; ``assumed`` is how many there are
    that neither declare anything nor find data of any asset, and so may look at this one."""

    asset: AssetNode
    declared: tuple[str, ...]
    observed: tuple[str, ...]
    assumed: int

    @property
    def origin(self) -> Literal["declared", "observed", "assumed", "none"]:
        """The best that is known of its cover."""
        if self.declared:
            return "declared"
        if self.observed:
            return "observed"
        return "assumed" if self.assumed else "none"


def asset_standings(graph: KnowledgeGraph) -> tuple[AssetStanding, ...]:
    """Every asset, the inventory's and those that only a detection names, by id."""
    counting = {d for d in graph.detections if counts(graph, d)}
    detections = (graph.detections[d] for d in counting)
    assumed = sum(not d.declares_assets and not d.observed for d in detections)
    return tuple(
        AssetStanding(
            asset=asset,
            declared=tuple(d for d in graph.covering.get(f"asset:{asset.id}", ()) if d in counting),
            observed=tuple(d for d in graph.watching.get(f"asset:{asset.id}", ()) if d in counting),
            assumed=assumed,
        )
        for asset in graph.assets.values()
    )
