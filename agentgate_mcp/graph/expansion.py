"""Macros as they will be: what an edited search expands to, without indexing everything anew."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentgate_mcp.graph.overlay import Overlay
from agentgate_mcp.graph.planning import Edit, Plan
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import KnowledgeSet


@dataclass(slots=True, kw_only=True)
class Expander:
    """Knowledge sets after the edits. Where no macro changes it is the graph's own set; else a
    small one of the macros that the asked-for objects reach."""

    overlay: Overlay
    macros: dict[str, Edit]
    _made: dict[tuple[str, ...], KnowledgeSet] = field(default_factory=dict[tuple[str, ...], KnowledgeSet])

    @classmethod
    def of(cls, overlay: Overlay, plan: Plan) -> Expander:
        """For the edits of ``plan``, as ``overlay`` holds them."""
        return cls(overlay=overlay, macros={e.node: e for e in plan.edits if e.kind == "macro"})

    def before(self) -> KnowledgeSet:
        """The set as it is now."""
        return self.overlay.base.knowledge

    def after(self, *roots: str) -> KnowledgeSet:
        """The set in which the searches of the nodes ``roots`` will be expanded."""
        if not self.macros:
            return self.overlay.base.knowledge
        key = tuple(sorted(roots))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = KnowledgeSet.from_objects(self._reached(key))
        return made

    def _reached(self, roots: tuple[str, ...]) -> list[KnowledgeObject]:
        """Macro definitions upstream of ``roots``, edited ones in their new form."""
        seen = set(roots)
        stack = list(roots)
        found: list[KnowledgeObject] = []
        while stack:
            node = stack.pop()
            if node.startswith("macro:"):
                edit, known = self.macros.get(node), self.overlay.base.nodes.get(node)
                obj = edit.after if edit is not None else known.object if known is not None else None
                if obj is not None:
                    found.append(obj)
            for group in self.overlay.groups_of(node):
                for member in group.members:
                    if member not in seen and member.startswith("macro:"):
                        seen.add(member)
                        stack.append(member)
        return found
