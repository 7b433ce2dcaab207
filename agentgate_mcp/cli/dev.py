"""The server object for `mcp dev` and `mcp run`: both look for a module attribute called `mcp`.

It is built when it is asked for, so that importing this module starts nothing.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from agentgate_mcp.errors import AgentGateError

if TYPE_CHECKING:
    from agentgate_mcp.server.wired import WiredServer

    mcp: WiredServer


@cache
def _server() -> WiredServer:
    """The configured server, or the diagnostic one that says what is wrong with the configuration."""
    from agentgate_mcp.server.diagnostic import DiagnosticServer

    try:
        from agentgate_mcp.compose import dev_server

        return dev_server()
    except AgentGateError as error:
        return DiagnosticServer(error)


def __getattr__(name: str) -> WiredServer:
    if name == "mcp":
        return _server()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
