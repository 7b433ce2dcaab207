"""Judging without executing: a verdict on a call, and the session after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agentgate_mcp.canonical import digest
from agentgate_mcp.dispatch.request import CallRequest, checked_call, make_call, new_call_id
from agentgate_mcp.gate.events import judged_events
from agentgate_mcp.gate.pipeline import Pipeline
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.gate.world import World
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.model.call import ToolSpec
from agentgate_mcp.model.decision import Decision
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.model.verdict import Verdict
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.tools.definition import ToolDefinition


@dataclass(slots=True, kw_only=True)
class OfflineJudge:
    """Judges calls one by one against one world. Nothing is executed and nothing recorded."""

    world: World
    tools: Mapping[str, ToolDefinition]
    pipeline: Pipeline = field(default_factory=Pipeline)
    _overlays: dict[str, World] = field(default_factory=dict[str, World])

    def judge(
        self,
        request: CallRequest,
        *,
        session: SessionState,
        as_of: float,
        spec: ToolSpec | None = None,
        extra: Sequence[KnowledgeObject] = (),
    ) -> tuple[Verdict, SessionState]:
        """The verdict, and the session with what this call adds. ``spec`` describes a tool outside
        the catalogue; ``extra`` are knowledge objects that this call alone sees.

        Raises: ArgumentError for arguments that the tool does not take."""
        world = self._world(spec, extra)
        definition = self.tools.get(request.tool)
        if spec is None and definition is not None:
            call = checked_call(definition, request, new_call_id())
        else:
            arguments = request.arguments if isinstance(request.arguments, dict) else {}
            call = make_call(request, arguments, new_call_id())
        verdict = self.pipeline.evaluate(call, session, world, as_of)
        allowed = verdict.decision is Decision.ALLOW
        for event in judged_events(call, verdict, at=as_of, executed=allowed):
            session = session.apply(event)
        return verdict, session

    def _world(self, spec: ToolSpec | None, extra: Sequence[KnowledgeObject]) -> World:
        world = self.world
        if extra:
            # One line's own knowledge is often another's too, so a world is built once for each set.
            key = digest("\n".join(sorted(repr(o) for o in extra)))
            if key not in self._overlays:
                self._overlays[key] = self._overlaid(extra)
            world = self._overlays[key]
        if spec is not None:
            world = replace(world, tools={**world.tools, spec.name: spec})
        return world

    def _overlaid(self, extra: Sequence[KnowledgeObject]) -> World:
        replaced = {(o.kind, o.name) for o in extra}
        kept = [o for o in self.world.knowledge.objects if (o.kind, o.name) not in replaced]
        knowledge = KnowledgeSet.from_objects([*kept, *extra])
        graph = KnowledgeGraph.build(
            knowledge, self.world.assets, self.world.teams, sightings=self.world.graph.sightings
        )
        return replace(self.world, knowledge=knowledge, graph=graph)
