"""Builds the gate's world from what the backends and the site's files hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgate_mcp.gate.cost_model import CostBaselines
from agentgate_mcp.gate.policy.compiled import PolicyLibrary
from agentgate_mcp.gate.world import AgentProfile, World
from agentgate_mcp.graph.baseline import Baseline
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.observed import Sighting
from agentgate_mcp.model.call import ToolSpec
from agentgate_mcp.model.decision import Profile
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.site import SiteFiles
from agentgate_mcp.spl.knowledge import KnowledgeSet


def build_world(
    *,
    objects: Sequence[KnowledgeObject],
    site: SiteFiles,
    library: PolicyLibrary,
    tools: Mapping[str, ToolSpec],
    cost: CostBaselines,
    profile: Profile,
    search_now: float | None,
    sightings: Sequence[Sighting] = (),
    accepted: Baseline | None = None,
    previous: World | None = None,
) -> World:
    """One immutable snapshot; of ``previous`` only what was read of unchanged texts is used again.

    Raises: DataError when the knowledge cannot make a graph."""
    knowledge = KnowledgeSet.from_objects(objects)
    graph = KnowledgeGraph.build(
        knowledge,
        site.assets,
        site.teams,
        sightings=sightings,
        previous=previous.graph if previous is not None else None,
    )
    return World(
        tools=tools,
        knowledge=knowledge,
        graph=graph,
        assets=site.assets,
        teams=site.teams,
        agents={name: _agent(name, site) for name in site.agents},
        cost=cost,
        policies=library,
        profile=profile,
        search_now=search_now,
        accepted=accepted or Baseline(),
    )


def _agent(name: str, site: SiteFiles) -> AgentProfile:
    row = site.agents[name]
    return AgentProfile(
        agent_id=name,
        team=row.team,
        roles=row.roles,
        read_only=row.read_only,
        indexes=row.indexes,
        apps=row.apps,
        rows_per_day=row.rows_per_day,
        bytes_per_day=row.bytes_per_day,
    )
