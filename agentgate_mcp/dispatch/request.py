"""A request on its way in, and the call that it becomes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import cast

from agentgate_mcp.canonical import canonical_bytes, digest, loads_canonical
from agentgate_mcp.effects import effects_of
from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.tools.arguments import canonical_arguments
from agentgate_mcp.tools.definition import ToolDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """One request, raw. ``principal`` is authenticated; the last three are client-asserted."""

    tool: str
    arguments: Json
    principal: str
    agent_id: str
    raw_user_prompt: str | None = None
    incoming_context: tuple[str, ...] = ()
    parent_id: str | None = None
    asserted_agent: str = ""


def new_call_id() -> str:
    return f"c-{secrets.token_hex(8)}"


def make_call(request: CallRequest, arguments: dict[str, Json], call_id: str) -> ToolCall:
    """The canonical call. Its digest covers tool, arguments and requester, nothing that varies.

    The arguments are taken through their canonical form, so that a call read back from the
    record has its keys in the same order and is judged to the same bytes (R4)."""
    arguments = cast(dict[str, Json], loads_canonical(canonical_bytes(arguments).decode()))
    return ToolCall(
        call_id=call_id,
        parent_id=request.parent_id,
        principal=request.principal,
        agent_id=request.agent_id,
        tool_name=request.tool,
        arguments=arguments,
        raw_user_prompt=request.raw_user_prompt,
        incoming_context=request.incoming_context,
        asserted_agent=request.asserted_agent,
        digest=call_digest(request.tool, arguments, request.principal, request.agent_id),
    )


def checked_call(definition: ToolDefinition, request: CallRequest, call_id: str) -> ToolCall:
    """The canonical call of a request: arguments valid, and what they would do readable.

    Raises: ArgumentError naming the field."""
    call = make_call(request, canonical_arguments(definition.input_model, request.arguments), call_id)
    effects_of(call.tool_name, call.arguments)
    return call


def call_digest(tool: str, arguments: dict[str, Json], principal: str, agent_id: str) -> str:
    return digest({"v": 1, "tool": tool, "arguments": arguments, "principal": principal, "agent": agent_id})
