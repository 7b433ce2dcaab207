"""Which graph a picture shows: the ways from a change to what it costs, or everything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from agentgate_mcp.graph.build import KnowledgeGraph, covered_nodes
from agentgate_mcp.graph.drawing import Drawing, Look
from agentgate_mcp.graph.impact import Impact
from agentgate_mcp.graph.nodes import Force, Group, Role, State

MOST_DRAWN = 50
"""Paths in one picture."""


def picture_of(graph: KnowledgeGraph, impact: Impact) -> Drawing:
    """The witness paths of ``impact``, what is lost at their ends, and typed losses as dashed
    edges. Beyond `MOST_DRAWN` paths a picture shows nothing: the rest is left out, with what
    hangs on it alone."""
    gone = {f"technique:{t}" for t in impact.lost_techniques}
    gone |= {f"control:{c.id}" for c in impact.controls if c.before > 0 and c.after == 0}
    gone |= {f"asset:{a.asset}" for a in impact.assets if a.before > 0 and a.after == 0}
    nodes: dict[str, Look] = {}
    for target in impact.targets:
        nodes[target] = "cause"
    edges: list[tuple[str, str, str]] = []
    for path in islice(impact.paths.values(), MOST_DRAWN):
        for node in path:
            nodes.setdefault(node, "broken")
        edges += [(a, b, "") for a, b in pairwise(path)]
    ends = [d for d in impact.lost if d in nodes]
    for detection in ends:
        known = graph.detections[detection]
        covered = [*(t for t, _ in covered_nodes(known)), *(f"asset:{a}" for a in known.observed)]
        edges += [(detection, target, "") for target in covered if target in gone]
    for target in gone & {b for _, b, _ in edges}:
        nodes[target] = "lost"
    for loss in impact.losses:
        cause = next((t for t in impact.targets if t != loss.object), loss.object)
        nodes.setdefault(loss.object, "degraded")
        edges.append((cause, loss.object, loss.kind.replace("_", " ")))
    return Drawing.of(nodes, edges)


def whole_picture(graph: KnowledgeGraph) -> Drawing:
    """Every node with an edge or an object of its own; alternatives and weak needs are dashed."""
    return Drawing.of({n: _look(graph, n) for n in graph.nodes}, _edges(graph))


def _look(graph: KnowledgeGraph, node: str) -> Look:
    state = graph.baseline.get(node, State.OK)
    return "broken" if state.broken else "degraded" if state is State.DEGRADED else "plain"


def _edges(graph: KnowledgeGraph) -> Iterator[tuple[str, str, str]]:
    for dependent, groups in graph.groups.items():
        for group in groups:
            yield from ((member, dependent, _about(group)) for member in group.members)
    for detection in graph.detections.values():
        yield from ((detection.id, target, "") for target, _ in covered_nodes(detection))
        yield from ((detection.id, f"asset:{a}", "observed") for a in detection.observed)


def _about(group: Group) -> str:
    if group.role is not Role.REQUIRES:
        return group.role.value
    if len(group.members) > 1:
        return f"one of {len(group.members)}"
    return "" if group.force is Force.FULL else group.force.value
