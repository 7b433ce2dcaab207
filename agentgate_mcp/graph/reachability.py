"""Plain reachability: everything that names a removed object, whatever its alternatives.

It overstates, on purpose: this is the rule that published numbers use, and the one that a second
graph library can check. The product's own answers come from `impact`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.index.arrays import Flags, flagged, listed
from agentgate_mcp.graph.index.breakage import downstream
from agentgate_mcp.graph.nodes import State
from agentgate_mcp.model.facts import CoverageChange


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainImpact:
    """``detections`` are the ids of those reached; ``techniques`` all that any of them covers.
    Experimental detections count as cover, deprecated ones do not."""

    detections: tuple[str, ...]
    techniques: tuple[CoverageChange, ...]

    @property
    def lost(self) -> tuple[str, ...]:
        return tuple(t.id for t in self.techniques if t.after == 0)

    @property
    def to_one(self) -> tuple[str, ...]:
        return tuple(t.id for t in self.techniques if t.after == 1)


def plain_impact(graph: KnowledgeGraph, removed: Iterable[str]) -> PlainImpact:
    """The detections that reach one of ``removed`` (node ids), and the techniques they leave."""
    index, claims = graph.index, graph.index.claims
    reached = _reached(graph, removed) & claims.detection
    working = claims.able & (index.baseline < State.EMPTY)
    before = np.bincount(claims.of.of(flagged(working)), minlength=index.size)
    gone = np.bincount(claims.of.of(flagged(working & reached)), minlength=index.size)
    touched = flagged(gone > 0)
    rows = zip(index.names(touched), listed(before[touched]), listed(gone[touched]), strict=True)
    return PlainImpact(
        detections=index.names(flagged(reached)),
        techniques=tuple(
            CoverageChange(id=node.removeprefix("technique:"), before=count, after=count - lost)
            for node, count, lost in rows
            if node.startswith("technique:")
        ),
    )


def plain_reach(graph: KnowledgeGraph, sources: Iterable[str]) -> frozenset[str]:
    """Every node that names one of ``sources``, directly or not; the sources are left out.

    Containment, tags and writers are not followed, nor is a source value that a search names
    itself, nor a macro that stands only inside quotes."""
    return frozenset(graph.index.names(flagged(_reached(graph, sources))))


def _reached(graph: KnowledgeGraph, sources: Iterable[str]) -> Flags:
    index = graph.index
    starts = index.find(sources)
    seen = downstream(index, starts, edges=index.plain)
    seen[starts] = False
    return seen
