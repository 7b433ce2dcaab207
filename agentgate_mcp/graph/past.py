"""The definitions that a loss is counted from: those of now, or those that were last accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.expansion import Expander
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import KnowledgeSet

_NOTHING: dict[str, KnowledgeObject] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """``objects`` are earlier forms by node, where they differ from what the graph holds;
    ``expander`` puts earlier macros in."""

    graph: KnowledgeGraph
    objects: Mapping[str, KnowledgeObject] = field(default_factory=lambda: _NOTHING)
    expander: Expander | None = None

    def object(self, node: str) -> KnowledgeObject | None:
        """The object of ``node`` as it was; None where nothing defined it."""
        known = self.graph.nodes.get(node)
        return self.objects.get(node) or (known.object if known is not None else None)

    def knowledge(self, *roots: str) -> KnowledgeSet:
        """The set in which the searches of the nodes ``roots`` were expanded."""
        return self.expander.after(*roots) if self.expander is not None else self.graph.knowledge
