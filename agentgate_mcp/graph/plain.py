"""Plain reachability: everything that names a removed object, whatever its alternatives.

It overstates, on purpose: this is the rule that published numbers use, and the one that a second
graph library can check. The product's own answers come from `impact`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.coverage import counts
from agentgate_mcp.graph.nodes import Force, Role
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
    reached = sorted(n for n in plain_reach(graph, removed) if n in graph.detections)
    touched: dict[str, int] = {}
    for detection in reached:
        for technique in graph.detections[detection].techniques:
            touched[technique] = touched.get(technique, 0) + 1
    changes: list[CoverageChange] = []
    for technique, count in sorted(touched.items()):
        before = sum(counts(graph, d, experimental=True) for d in graph.covering[f"technique:{technique}"])
        changes.append(CoverageChange(id=technique, before=before, after=before - count))
    return PlainImpact(detections=tuple(reached), techniques=tuple(changes))


def plain_reach(graph: KnowledgeGraph, sources: Iterable[str]) -> frozenset[str]:
    """Every node that names one of ``sources``, directly or not; the sources are left out.

    Containment, tags and writers are not followed, nor is a source value that a search names
    itself, nor a macro that stands only inside quotes."""
    starts = frozenset(sources)
    seen = set(starts)
    stack = list(seen)
    while stack:
        node = stack.pop()
        for dependent in graph.dependents_of(node):
            if dependent not in seen and names_plainly(graph, node, dependent):
                seen.add(dependent)
                stack.append(dependent)
    return frozenset(seen - starts)


def names_plainly(graph: KnowledgeGraph, node: str, dependent: str) -> bool:
    """Whether ``dependent`` has a plain edge from ``node``."""
    if node.startswith("source:") and dependent.startswith("saved_search:"):
        return False
    quoted = node.startswith("macro:")
    return any(
        g.role in (Role.REQUIRES, Role.DISPLAYS) and node in g.members and (not quoted or g.force is not Force.WEAK)
        for g in graph.groups_of(dependent)
    )
