"""What is asked for: a tool, its parameters' roles, and one call of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import JsonValue

from agentgate_mcp.model.decision import ParamRole, SideEffect

Json: TypeAlias = JsonValue
"""A JSON value. Numbers outside ±2^53 and NaN never get this far (canonical.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """What the gate knows of a tool. ``roles`` maps a top-level parameter to its role;
    a parameter without an entry is a sink, the most guarded role."""

    name: str
    side_effect: SideEffect
    roles: Mapping[str, ParamRole] = field(default_factory=dict[str, ParamRole])
    timeout_s: float = 60.0
    toolset: str = "upstream"

    def role(self, parameter: str) -> ParamRole:
        return self.roles.get(parameter, ParamRole.SINK)

    @property
    def has_effect(self) -> bool:
        return self.side_effect is not SideEffect.READ


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call, after validation. ``arguments`` is the canonical object that the gate judges
    and the tool executes; ``digest`` is the SHA-256 of the RFC 8785 form of (tool, arguments,
    requester). ``raw_user_prompt`` and ``incoming_context`` are client-asserted."""

    call_id: str
    parent_id: str | None
    principal: str
    agent_id: str
    tool_name: str
    arguments: Mapping[str, Json]
    raw_user_prompt: str | None
    incoming_context: tuple[str, ...]
    digest: str
    asserted_agent: str = ""
    """The agent that the client says it is: its limits apply on top of the requester's."""

    @property
    def requester(self) -> str:
        """The authenticated principal together with the agent that acts for it."""
        return f"{self.principal}/{self.agent_id}"
