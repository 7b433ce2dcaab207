"""The face that dispatch shows to the server: tools, resources and prompts, all one way in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, Protocol

from agentgate_mcp.dispatch.executor import Dispatcher
from agentgate_mcp.dispatch.request import CallRequest, new_call_id
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Outcome, Refused, Released
from agentgate_mcp.tools.catalogue import PROMPTS
from agentgate_mcp.tools.definition import Progress, ToolDefinition

MARKDOWN, JSON_TYPE = "text/markdown", "application/json"


class IncomingCall(Protocol):
    """One `tools/call` as it came over the wire; see the server's seam."""

    @property
    def tool(self) -> str: ...
    @property
    def arguments(self) -> Json: ...
    @property
    def principal(self) -> str: ...
    @property
    def agent_id(self) -> str: ...
    @property
    def raw_user_prompt(self) -> str | None: ...
    @property
    def incoming_context(self) -> tuple[str, ...]: ...
    @property
    def asserted_agent(self) -> str | None: ...


class DispatchGatekeeper:
    """Serves the catalogue through one dispatcher; the server narrows what is listed."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._offered = tuple(t for t in dispatcher.parts.tools.values() if t.toolset != PROMPTS)
        self._names = frozenset(t.name for t in self._offered)

    def tools(self) -> Sequence[ToolDefinition]:
        return self._offered

    async def execute(self, incoming: IncomingCall, progress: Progress) -> Outcome:
        """Run one call. A tool that is not offered here is unknown here."""
        if incoming.tool not in self._names:
            return await self._refuse(incoming.principal, "unknown_tool", f"no tool named {incoming.tool[:128]!r}")
        return await self._dispatcher.execute(
            CallRequest(
                tool=incoming.tool,
                arguments=incoming.arguments,
                principal=incoming.principal,
                agent_id=incoming.agent_id,
                raw_user_prompt=incoming.raw_user_prompt,
                incoming_context=incoming.incoming_context,
                asserted_agent=incoming.asserted_agent or "",
            ),
            progress,
        )

    async def read_resource(
        self, uri_kind: Literal["case_report", "case_notes", "finding"], key: str, principal: str, agent_id: str
    ) -> Outcome:
        """A resource is a read like any other: the same gate, the same records."""
        match uri_kind:
            case "case_report":
                tool, arguments, mime = "get_case_report", {"case_id": key, "format": "md"}, MARKDOWN
            case "case_notes":
                tool, arguments, mime = "get_case_report", {"case_id": key, "format": "notes"}, MARKDOWN
            case "finding":
                tool, arguments, mime = "gate_finding_status", {"finding_id": key}, JSON_TYPE
        outcome = await self._dispatcher.execute(
            CallRequest(tool=tool, arguments=dict[str, Json](arguments), principal=principal, agent_id=agent_id)
        )
        return _as_text(outcome, mime)

    async def render_prompt(self, name: str, arguments: dict[str, str], principal: str, agent_id: str) -> Outcome:
        tool = f"prompt_{name}"
        known = self._dispatcher.parts.tools.get(tool)
        if known is None or known.toolset != PROMPTS:
            return await self._refuse(principal, "unknown_prompt", f"no prompt named {name[:128]!r}")
        return await self._dispatcher.execute(
            CallRequest(tool=tool, arguments=dict[str, Json](arguments), principal=principal, agent_id=agent_id)
        )

    async def refuse_wire(self, principal: str, reason: str, location: str) -> None:
        parts = self._dispatcher.parts
        draft = parts.records.refusal(
            principal=principal, call_id=new_call_id(), code="wire", reason=reason, where=location
        )
        await parts.ledger.record([draft])

    async def _refuse(self, principal: str, code: str, reason: str) -> Refused:
        return await self._dispatcher.refuse(principal, new_call_id(), code, reason)


def _as_text(outcome: Outcome, mime: str) -> Outcome:
    if not isinstance(outcome, Released):
        return outcome
    text = outcome.result.get("text")
    body = text if isinstance(text, str) else _compact(outcome.result)
    return Released(
        call_id=outcome.call_id, result={"mime": mime, "text": body}, verdict=outcome.verdict, notes=outcome.notes
    )


def _compact(result: dict[str, Json]) -> str:
    return json.dumps(result, ensure_ascii=False, sort_keys=True)
