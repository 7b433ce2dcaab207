"""`agentgate-mcp serve`: the server, or one tool that explains why there is none."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agentgate_mcp.cli.boundary import said_of
from agentgate_mcp.cli.terminal import complain
from agentgate_mcp.errors import AgentGateError, ConfigError


class TransportName(StrEnum):
    STDIO = "stdio"
    HTTP = "streamable-http"
    SSE = "sse"


class ProfileName(StrEnum):
    ENFORCE = "enforce"
    OBSERVE = "observe"


def serve(
    context: typer.Context,
    transport: Annotated[
        TransportName, typer.Option(help="How clients connect; sse is deprecated.")
    ] = TransportName.STDIO,
    host: Annotated[str, typer.Option(help="Where HTTP listens; loopback only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="HTTP port; 0 takes a free one.")] = 8000,
    toolsets: Annotated[
        str | None, typer.Option(help="Which tools to offer, comma-separated; all if not given.")
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Offer only tools without effects.")] = False,
    profile: Annotated[
        ProfileName | None, typer.Option(help="observe: read-only, soft policies recorded and not applied.")
    ] = None,
) -> None:
    """Serve MCP over stdio, HTTP or SSE.

    Over stdio a configuration error is served too, as one tool that explains it."""
    import anyio

    from agentgate_mcp import config
    from agentgate_mcp.compose import callback_routes, open_deployment
    from agentgate_mcp.server.diagnostic import DiagnosticServer
    from agentgate_mcp.server.transports import ServeOptions
    from agentgate_mcp.server.transports import serve as serve_transport

    def explain(problem: AgentGateError) -> None:
        """A desktop client shows only "disconnected" when a server exits; this one can be asked why."""
        complain(str(problem))
        anyio.run(DiagnosticServer(problem).run_stdio_async)

    env_file = context.obj if isinstance(context.obj, Path) else None
    try:
        settings = config.load(
            env_file, toolsets=toolsets, read_only=read_only or None, profile=profile.value if profile else None
        )
        deployment = open_deployment(settings)
    except (AgentGateError, OSError) as exc:
        if transport is not TransportName.STDIO:
            raise
        explain(exc if isinstance(exc, AgentGateError) else ConfigError(said_of(exc)))
        return
    options = ServeOptions(
        transport=transport.value,
        host=host,
        port=port,
        agent_id=settings.agent_id,
        toolsets=None if settings.toolsets == config.TOOLSETS else settings.toolsets,
        read_only=settings.read_only,
    )
    deployment.warm_up()
    with deployment:
        try:
            anyio.run(serve_transport, deployment.gatekeeper, options, callback_routes(deployment))
        except ConfigError as exc:
            if transport is not TransportName.STDIO:
                raise
            explain(exc)
