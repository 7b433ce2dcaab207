"""What one edit does by itself, as it is put together, and where it is looked at from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.exclusions import excluded_assets
from agentgate_mcp.graph.expansion import Expander
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.losses import Loss
from agentgate_mcp.graph.narrowing import Narrowing
from agentgate_mcp.graph.nodes import State
from agentgate_mcp.graph.past import Past
from agentgate_mcp.graph.planning import Edit
from agentgate_mcp.graph.searches import SearchDiff, compare_searches, written_times
from agentgate_mcp.graph.settings import text
from agentgate_mcp.graph.states import Spend
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import KnowledgeSet

COMPARE_COST = 400
"""Work steps of comparing two expanded searches, beside those of walking the graph."""


@dataclass(slots=True, kw_only=True)
class Assessment:
    """``states`` are nodes broken by the edit itself; ``silenced`` are detections that run on and
    tell nobody."""

    losses: list[Loss] = field(default_factory=list[Loss])
    states: dict[str, State] = field(default_factory=dict[str, State])
    silenced: set[str] = field(default_factory=set[str])
    unseen: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Assets (ids) that a detection, by its node, no longer looks at."""

    def worsen(self, node: str, state: State) -> None:
        if state > self.states.get(node, State.OK):
            self.states[node] = state

    def lose(self, kind: str, node: str, detail: str, grade: Grade) -> None:
        self.losses.append(Loss(kind=kind, object=node, detail=detail, grade=grade))

    def overlook(self, graph: KnowledgeGraph, node: str, narrowings: Iterable[Narrowing]) -> None:
        """Notes the assets of the detection ``node`` that ``narrowings`` take out of its sight."""
        detection, found = graph.detections.get(node), list(narrowings)
        if detection is not None and found:
            covered = [graph.assets[a] for a in detection.assets if a in graph.assets]
            self.unseen.setdefault(node, set()).update(excluded_assets(found, covered))

    def note(self, graph: KnowledgeGraph, node: str, diff: SearchDiff, *, of: str = "") -> None:
        """Takes the narrowings of a search over as typed losses; a blind search finds nothing.
        ``of`` is the search, where the edit is of something that it uses."""
        self.overlook(graph, of or node, diff.narrowings)
        for narrowing in diff.narrowings:
            detail = f"{of}: {narrowing.detail}" if of else narrowing.detail
            self.lose("narrowed_filter", node, detail, narrowing.grade)
        if diff.grade is Grade.BLIND:
            self.worsen(of or node, State.EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One modification: ``before`` counts from ``past``; ``knowledge`` expands searches as they
    will be. What is found goes into ``result``."""

    graph: KnowledgeGraph
    edit: Edit
    before: KnowledgeObject
    after: KnowledgeObject
    past: Past
    knowledge: Expander
    result: Assessment
    spend: Spend

    @property
    def node(self) -> str:
        return self.edit.node

    def compare(self, old: str, new: str, node: str = "") -> SearchDiff:
        """Two texts of ``node`` (by default the edited one), each expanded as of its time."""
        self.spend(COMPARE_COST)
        roots = node or self.node
        before, after = self.past.knowledge(roots), self.knowledge.after(roots)
        return compare_searches(old, new, old=before, new=after, site=self.graph.knowledge)

    def timed(self, obj: KnowledgeObject, knowledge: KnowledgeSet) -> Mapping[str, Json]:
        """The settings of ``obj``, with times that its search states in the place of the schedule's."""
        search = text(obj.content, "search")
        if "earliest" not in search and "latest" not in search and "`" not in search:
            return obj.content
        earliest, latest = written_times(search, knowledge)
        found: dict[str, Json] = dict(obj.content)
        if earliest:
            found["dispatch.earliest_time"] = earliest
        if latest:
            found["dispatch.latest_time"] = latest
        return found
