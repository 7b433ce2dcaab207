"""A world for stage tests: bundled or by hand, and a context of one call in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.effects import effects_of
from agentgate_mcp.gate import blast_radius
from agentgate_mcp.gate.context import Budget, StageContext
from agentgate_mcp.gate.cost_model import CostBaselines
from agentgate_mcp.gate.policy.compiled import PolicyLibrary
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.gate.world import World
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.content import load_objects
from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.decision import Profile
from agentgate_mcp.model.facts import BlastRadiusFacts
from agentgate_mcp.model.site import Asset, KnowledgeObject
from agentgate_mcp.model.verdict import StageResult
from agentgate_mcp.site import read_site
from agentgate_mcp.spl.knowledge import KnowledgeSet

NOW = 1_795_176_000.0
"""2026-11-20T12:00:00Z, the clock of the bundled data."""
VOLUMES = {"network": (4_000_000.0, 300.0), "endpoint": (1_500_000.0, 600.0), "auth": (1_000_000.0, 400.0)}


def world_of(
    objects: Sequence[KnowledgeObject] = (),
    assets: Sequence[Asset] = (),
    cost: CostBaselines | None = None,
    previous: World | None = None,
) -> World:
    knowledge = KnowledgeSet.from_objects(objects)
    return World(
        tools={},
        knowledge=knowledge,
        graph=KnowledgeGraph.build(knowledge, assets, previous=previous.graph if previous else None),
        assets=tuple(assets),
        teams=(),
        agents={},
        cost=cost or CostBaselines.of(VOLUMES),
        policies=PolicyLibrary(policies=()),
        profile=Profile.ENFORCE,
        search_now=NOW,
    )


@cache
def bundled_world() -> World:
    data = bundled_dir("data")
    return world_of(load_objects(data / "knowledge"), read_site(data).assets)


def context(world: World, tool: str, arguments: dict[str, Json], *, steps: int = 2_000_000) -> StageContext:
    call = ToolCall(
        call_id="c1",
        parent_id=None,
        principal="p",
        agent_id="a",
        tool_name=tool,
        arguments=arguments,
        raw_user_prompt=None,
        incoming_context=(),
        digest="0" * 64,
    )
    return StageContext(
        call=call,
        spec=None,
        effects=effects_of(tool, arguments),
        session=SessionState.empty(),
        world=world,
        as_of=NOW,
        budget=Budget(steps),
    )


def blast(world: World, tool: str, **arguments: Json) -> tuple[StageResult, BlastRadiusFacts]:
    """The blast-radius stage on one call."""
    result = blast_radius.run(context(world, tool, arguments))
    assert isinstance(result.facts, BlastRadiusFacts)
    return result, result.facts
