"""The MCP server: every request that can read or act is handed to the gatekeeper, and nothing else.

No tool, resource or prompt is registered with the SDK. The methods that its handlers call are
replaced instead, `call_tool` included, so that a call made from inside the process meets the gate
like any other (R1), and arguments reach the gatekeeper as they were sent: the SDK never sees a
signature to coerce them to.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolResult, GetPromptResult, Prompt, Resource, ResourceTemplate, Tool
from pydantic import AnyUrl

from agentgate_mcp.errors import AgentGateError, ArgumentError, InputError
from agentgate_mcp.server import adapter
from agentgate_mcp.server.catalogue import INSTRUCTIONS, PROMPTS, RESOURCES, listed, resource_of
from agentgate_mcp.server.identity import Identity, IdentitySource, read_asserted
from agentgate_mcp.server.refusals import RefusalRecorder, marked
from agentgate_mcp.server.seam import Gatekeeper, Incoming, ToolView
from agentgate_mcp.server.toolsets import ToolFilter
from agentgate_mcp.server.wired import HttpAuth, WiredServer

logger = logging.getLogger(__name__)


class GatedServer(WiredServer):
    """An MCP server whose every list, call, read and prompt is answered through the gatekeeper."""

    def __init__(
        self,
        gatekeeper: Gatekeeper,
        identities: IdentitySource,
        *,
        tools: ToolFilter | None = None,
        auth: HttpAuth | None = None,
    ) -> None:
        super().__init__(RefusalRecorder(gatekeeper, identities), instructions=INSTRUCTIONS, auth=auth)
        self._gatekeeper = gatekeeper
        self._identities = identities
        self._filter = tools or ToolFilter()
        self._shown: dict[str, tuple[ToolView, Tool]] = {}

    # --- tools ---

    async def list_tools(self) -> list[Tool]:
        """The offered tools, in catalogue order."""
        return [self._show(view) for view in self._filter.select(self._gatekeeper.tools())]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult:
        """One call through the gate. Refusals are results; only a malformed `_meta` is an error.

        Raises: MCPError -32602 naming the key of `_meta` that was wrong."""
        who = await self._who("tools/call")
        params = _request_params(context)
        try:
            asserted = read_asserted(params)
        except ArgumentError as error:
            raise await self._refuse(str(error), f"/params/{error.field}", {}) from None
        if self._filter.standing(name, self._gatekeeper.tools()) == "withheld":
            reason = f"tool {name} is not offered by this server: it was started with a narrower set of tools"
            await self.recorder.record(reason, "/params/name", principal=who.principal)
            return adapter.refusal("not_offered", reason)

        async def progress(done: float, total: float | None, message: str) -> None:
            if context is not None and params is not None:
                await context.report_progress(done, total, message or None)

        incoming = Incoming(
            tool=name,
            arguments=arguments,
            principal=who.principal,
            agent_id=who.agent_id,
            raw_user_prompt=asserted.raw_user_prompt,
            incoming_context=asserted.incoming_context,
            asserted_agent=asserted.agent_id,
        )
        try:
            return adapter.tool_result(await self._gatekeeper.execute(incoming, progress))
        except Exception as error:  # deny-on-error: a gatekeeper that fails has not allowed anything (BLOCK)
            _log_failure("tools/call", error)
            return adapter.refusal("internal", "The gate could not answer, so nothing was released.")

    # --- resources ---

    async def list_resources(self) -> list[Resource]:
        return []

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        return list(RESOURCES)

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Any, Any] | None = None
    ) -> Iterable[ReadResourceContents]:
        """One resource, dispatched as a read.

        Raises: MCPError -32602 for an unknown address, -32010 when the gate refuses."""
        who = await self._who("resources/read")
        address = str(uri)
        wanted = resource_of(address)
        if wanted is None:
            kinds = ", ".join(t.uri_template for t in RESOURCES)
            raise await self._refuse(f"expected one of {kinds}, got another address", "/params/uri", _uri(address))
        try:
            outcome = await self._gatekeeper.read_resource(wanted[0], wanted[1], who.principal, who.agent_id)
        except Exception as error:  # deny-on-error: nothing is shown that the gate did not release
            _log_failure("resources/read", error)
            raise MCPError(adapter.REFUSED_BY_GATE, "The gate could not answer.", _uri(address)) from None
        return [adapter.resource_contents(address, outcome)]

    # --- prompts ---

    async def list_prompts(self) -> list[Prompt]:
        return list(PROMPTS)

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Any, Any] | None = None
    ) -> GetPromptResult:
        """One prompt, filled through the gate, which also refuses and records unknown names.

        Raises: MCPError -32602 for a wrong name or argument, -32010 when the gate refuses."""
        who = await self._who("prompts/get")
        filled = {str(k): str(v) for k, v in (arguments or {}).items()}
        try:
            outcome = await self._gatekeeper.render_prompt(name, filled, who.principal, who.agent_id)
        except Exception as error:  # deny-on-error: nothing is shown that the gate did not release
            _log_failure("prompts/get", error)
            raise MCPError(adapter.REFUSED_BY_GATE, "The gate could not answer.") from None
        return adapter.prompt_result(outcome)

    # --- helpers ---

    def _show(self, view: ToolView) -> Tool:
        known = self._shown.get(view.name)
        if known is None or known[0] is not view:
            known = self._shown[view.name] = (view, listed(view))
        return known[1]

    async def _who(self, method: str) -> Identity:
        """Raises: MCPError -32602 when nobody is authenticated; that is recorded."""
        try:
            return self._identities.current()
        except InputError as error:
            raise await self._refuse(str(error), method, {}) from None

    async def _refuse(self, reason: str, location: str, data: Mapping[str, Any]) -> MCPError:
        """The error to raise for a message that is not a call, with its refusal on record."""
        recorded = await self.recorder.record(reason, location)
        message = f"Invalid params at {location}: {reason}"
        return MCPError(INVALID_PARAMS, message, marked(data, reason, location, recorded))


def _request_params(context: Context[Any, Any] | None) -> Mapping[str, Any] | None:
    """The raw params of the request being handled; None for a call from inside the process."""
    if context is None:
        return None
    try:
        return context.request_context.params
    except ValueError:
        return None


def _uri(address: str) -> dict[str, Any]:
    return {"uri": address[:200]}


def _log_failure(method: str, error: Exception) -> None:
    # The type only: a message may hold what must not be logged (R8).
    code = error.code if isinstance(error, AgentGateError) else "unexpected"
    logger.error("%s: the gatekeeper failed with %s (%s)", method, type(error).__name__, code)
