"""Which tools a client is offered: `--toolsets` and `--read-only` narrow the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from agentgate_mcp.errors import ConfigError
from agentgate_mcp.server.seam import ToolView

Standing = Literal["offered", "withheld", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFilter:
    """``toolsets`` None means all of them; ``read_only`` leaves out every tool with an effect."""

    toolsets: frozenset[str] | None = None
    read_only: bool = False

    def offers(self, tool: ToolView) -> bool:
        wanted = self.toolsets is None or tool.toolset in self.toolsets
        return wanted and (tool.read_only or not self.read_only)

    def select(self, tools: Sequence[ToolView]) -> tuple[ToolView, ...]:
        """The tools to offer, in catalogue order."""
        return tuple(t for t in tools if self.offers(t))

    def standing(self, name: str, tools: Sequence[ToolView]) -> Standing:
        """Whether ``name`` is offered, exists but is withheld, or does not exist."""
        found = next((t for t in tools if t.name == name), None)
        if found is None:
            return "unknown"
        return "offered" if self.offers(found) else "withheld"


def checked(names: Collection[str] | None, read_only: bool, tools: Sequence[ToolView]) -> ToolFilter:
    """A filter that leaves at least one tool.

    Raises: ConfigError naming the toolsets that exist."""
    chosen = ToolFilter(toolsets=None if names is None else frozenset(names), read_only=read_only)
    if tools and not chosen.select(tools):
        known = ", ".join(sorted({t.toolset for t in tools}))
        raise ConfigError(f"toolsets: expected at least one tool from {known}, got none")
    return chosen
