"""The whole graph as JSON: nodes, requirement groups with their alternatives, claims, problems."""

from __future__ import annotations

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.nodes import Node, State
from agentgate_mcp.model.call import Json


def graph_json(graph: KnowledgeGraph) -> dict[str, Json]:
    """Everything that an impact depends on; ``hash`` names this content."""
    return {
        "hash": graph.hash,
        "nodes": [_node(n, graph.baseline.get(n.id, State.OK)) for n in graph.nodes.values()],
        "groups": [
            {"dependent": d, "members": [*g.members], "role": g.role.value, "force": g.force.value}
            for d, groups in graph.groups.items()
            for g in groups
        ],
        "detections": [
            {
                "id": d.id,
                "techniques": [*d.techniques],
                "controls": [*d.controls],
                "assets": [*d.assets],
                "observed_assets": [*d.observed],
                "counts": d.counts,
                "reason": d.reason,
            }
            for d in graph.detections.values()
        ],
        "assets": [
            {
                "id": a.id,
                "criticality": a.criticality,
                "tags": [*a.tags],
                "owner_team": a.owner_team,
                "known": a.known,
            }
            for a in graph.assets.values()
        ],
        "problems": [{"where": p.where, "kind": p.kind, "detail": p.detail} for p in graph.problems],
    }


def _node(node: Node, state: State) -> dict[str, Json]:
    known = node.object
    return {
        "id": node.id,
        "kind": node.kind,
        "name": node.name,
        "defined": known is not None,
        "app": known.app if known else "",
        "owner": known.owner if known else "",
        "sharing": known.sharing if known else "",
        "team": node.team,
        "disabled": known is not None and known.disabled,
        "state": state.name.lower(),
    }
