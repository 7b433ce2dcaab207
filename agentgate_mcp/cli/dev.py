"""The server object for `mcp dev` and `mcp run`: both look for a module attribute called `mcp`.

It is built when it is asked for, so that importing this module starts nothing.
"""

from __future__ import annotations

import atexit
from functools import cache
from typing import TYPE_CHECKING

from agentgate_mcp.errors import AgentGateError

if TYPE_CHECKING:
    from agentgate_mcp.server.wired import WiredServer

    mcp: WiredServer


@cache
def _server() -> WiredServer:
    """The configured server, or the diagnostic one that says what is wrong with the configuration."""
    from agentgate_mcp import config
    from agentgate_mcp.compose import open_deployment
    from agentgate_mcp.server.diagnostic import DiagnosticServer
    from agentgate_mcp.server.transports import ServeOptions, build_server

    try:
        settings = config.load()
        deployment = open_deployment(settings)
    except AgentGateError as error:
        return DiagnosticServer(error)
    # The runner ends the process when the client leaves; the ledger is flushed on the way out.
    atexit.register(deployment.close)
    options = ServeOptions(
        agent_id=settings.agent_id,
        toolsets=None if settings.toolsets == config.TOOLSETS else settings.toolsets,
        read_only=settings.read_only,
    )
    return build_server(deployment.gatekeeper, options)


def __getattr__(name: str) -> WiredServer:
    if name == "mcp":
        return _server()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
