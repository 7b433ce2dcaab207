"""What is served when the configuration is wrong: one tool that says so.

A desktop client that starts a server which exits shows "disconnected" and nothing else. This one
connects, does nothing, and explains itself. It has no gatekeeper, because it has nothing to guard.
"""

from __future__ import annotations

import logging
from typing import Any

from mcp.server.mcpserver import Context
from mcp.types import CallToolResult, TextContent, Tool, ToolAnnotations

from agentgate_mcp.errors import AgentGateError, ConfigError
from agentgate_mcp.server.identity import Identity, LocalIdentity, local_user
from agentgate_mcp.server.refusals import RefusalRecorder
from agentgate_mcp.server.wired import WiredServer

logger = logging.getLogger(__name__)

TOOL = "agentgate_diagnose"
_DOCTOR = "Run `agentgate-mcp doctor` in a terminal: it shows what is configured, reachable and missing."
_RESTART = "Correct it in the client's configuration of this server (its `env` or `args`), then restart the client."
_KINDS = {
    "config": "A setting is missing, unknown or malformed.",
    "data": "A data file cannot be loaded.",
    "policy": "A policy file cannot be loaded.",
    "ledger": "The ledger cannot be opened, so nothing could be put on record.",
}


class DiagnosticServer(WiredServer):
    """Serves the explanation of one error, to any tool call."""

    def __init__(self, error: AgentGateError) -> None:
        identity = Identity(principal=local_user(), agent_id="diagnostic")
        recorder = RefusalRecorder(_StderrLog(), LocalIdentity(identity=identity))
        instructions = f"AgentGate is not running: {error}. No Splunk tool is available. Call {TOOL} and tell the user."
        super().__init__(recorder, instructions=instructions)
        self._error = error

    async def list_tools(self) -> list[Tool]:
        return [
            Tool(
                name=TOOL,
                title="Why AgentGate is not running",
                description="Explains the configuration error that keeps AgentGate from starting, and how to fix it.",
                input_schema={"type": "object", "additionalProperties": False},
                annotations=ToolAnnotations(
                    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
                ),
            )
        ]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult:
        """The explanation; an error result for every other tool name, with the same explanation."""
        explanation = self.explain()
        text = "\n".join(explanation.values())
        other = name != TOOL
        if other:
            text = f"{name[:64]} is not available: AgentGate is not running.\n{text}"
        return CallToolResult(
            content=[TextContent(type="text", text=text)], structured_content=dict(explanation), is_error=other
        )

    def explain(self) -> dict[str, str]:
        """Problem, kind and remedy, in plain words."""
        kind = _KINDS.get(self._error.code, "AgentGate could not start.")
        remedy = _RESTART if isinstance(self._error, ConfigError) else "Repair or restore it, then restart the client."
        return {"kind": kind, "problem": str(self._error), "fix": remedy, "more": _DOCTOR}


class _StderrLog:
    """Refused messages are only logged: without a ledger nothing else can be done, or is at stake."""

    async def refuse_wire(self, principal: str, reason: str, location: str) -> None:
        logger.warning("refused a message from %s at %s: %s", principal, location, reason)


async def serve_diagnostic(error: AgentGateError) -> None:
    """Serve the explanation of ``error`` over stdio until the client leaves."""
    await DiagnosticServer(error).run_stdio_async()
