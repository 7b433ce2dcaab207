"""Serving over stdio, Streamable HTTP or the deprecated SSE, and how each ends."""

from __future__ import annotations

import contextlib
import ipaddress
import signal
import socket
import sys
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Literal

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.routing import Route

from agentgate_mcp.errors import ConfigError
from agentgate_mcp.server.app import GatedServer
from agentgate_mcp.server.auth import BearerToken, auth_settings
from agentgate_mcp.server.identity import Identity, LocalIdentity, TokenIdentity, local_user
from agentgate_mcp.server.seam import Gatekeeper
from agentgate_mcp.server.toolsets import checked
from agentgate_mcp.server.wired import HttpAuth

Transport = Literal["stdio", "streamable-http", "sse"]
_CONNECTIONS = 512
"""Connections at once; more are answered 503."""
_PATHS: dict[Transport, str] = {"streamable-http": "/mcp", "sse": "/sse"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What `serve` can be told. ``toolsets`` None offers all; port 0 takes a free one;
    ``grace_seconds`` is how long HTTP calls may still finish after a signal before they are
    cancelled."""

    transport: Transport = "stdio"
    host: str = "127.0.0.1"
    port: int = 8000
    agent_id: str = "agent"
    toolsets: tuple[str, ...] | None = None
    read_only: bool = False
    grace_seconds: int = 5


def build_server(gatekeeper: Gatekeeper, options: ServeOptions) -> GatedServer:
    """The server for stdio and for in-process clients: one requester, the user of this process.

    Raises: ConfigError when the toolsets leave no tool."""
    tools = checked(options.toolsets, options.read_only, gatekeeper.tools())
    identity = Identity(principal=local_user(), agent_id=options.agent_id)
    return GatedServer(gatekeeper, LocalIdentity(identity=identity), tools=tools)


async def serve(gatekeeper: Gatekeeper, options: ServeOptions, beside: Sequence[Route] = ()) -> None:
    """Serve until the client leaves (stdio) or the process is told to stop. ``beside`` are routes of
    HTTP that are not MCP and authenticate by themselves.

    Raises: ConfigError for a bind that is not loopback, or a port that cannot be taken."""
    match options.transport:
        case "stdio":
            await build_server(gatekeeper, options).run_stdio_async()
        case "streamable-http" | "sse":
            await _serve_http(gatekeeper, options, beside)


def loopback(host: str) -> str:
    """The loopback address that ``host`` means.

    Raises: ConfigError for every other address: without real authentication nobody else may
    reach this server."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise ConfigError(
            f"host: expected a loopback address (127.0.0.1, ::1 or localhost), got {host!r}; "
            "other addresses are refused until the server has real authentication"
        )
    return str(address)


def http_application(
    gatekeeper: Gatekeeper,
    options: ServeOptions,
    token: BearerToken,
    port: int,
    host: str = "127.0.0.1",
    beside: Sequence[Route] = (),
) -> Starlette:
    """The ASGI application: authenticated, behind the wire reader, safe from DNS rebinding."""
    shown = f"[{host}]" if ":" in host else host
    auth = HttpAuth(settings=auth_settings(f"http://{shown}:{port}"), verifier=token)
    tools = checked(options.toolsets, options.read_only, gatekeeper.tools())
    server = GatedServer(gatekeeper, TokenIdentity(), tools=tools, auth=auth)
    security = transport_security(host)
    if options.transport == "sse":
        application = server.sse_app(host=host, transport_security=security)
    else:
        # Server-to-client requests need the stream and the session, so neither is switched off.
        application = server.streamable_http_app(
            host=host, transport_security=security, json_response=False, stateless_http=False
        )
    application.router.routes.extend(beside)
    return application


def transport_security(host: str) -> TransportSecuritySettings:
    """Only names of this machine's loopback may stand in Host and Origin, on any port."""
    names = list(dict.fromkeys(["127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host]))
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[f"{n}:*" for n in names],
        allowed_origins=[f"http://{n}:*" for n in names],
    )


async def _serve_http(gatekeeper: Gatekeeper, options: ServeOptions, beside: Sequence[Route]) -> None:
    host = loopback(options.host)
    with _listening(host, options.port) as listener:
        port: int = listener.getsockname()[1]
        token = BearerToken(Identity(principal=local_user(), agent_id=options.agent_id))
        application = http_application(gatekeeper, options, token, port, host, beside)
        _announce(options.transport, host, port, token.issue())
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=options.grace_seconds,
            timeout_keep_alive=30,
            limit_concurrency=_CONNECTIONS,
        )
        with _outliving_signals():
            await uvicorn.Server(config).serve(sockets=[listener])


def _announce(transport: Transport, host: str, port: int, token: str) -> None:
    """Says where and with what to connect: on stderr, once, and nowhere else (R8)."""
    shown = f"[{host}]" if ":" in host else host
    lines = [f"AgentGate MCP serves http://{shown}:{port}{_PATHS[transport]}", f"Authorization: Bearer {token}"]
    if transport == "sse":
        lines.append("The SSE transport is deprecated: use --transport streamable-http where the client can.")
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


@contextlib.contextmanager
def _listening(host: str, port: int) -> Generator[socket.socket]:
    """A bound socket. Raises: ConfigError when the address is taken or not there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            # Before the address is announced: a client that reads it may connect at once.
            listener.listen(socket.SOMAXCONN)
        except OSError as error:
            raise ConfigError(f"port: expected a free port on {host}, got {port} ({error.strerror})") from None
        yield listener


@contextlib.contextmanager
def _outliving_signals() -> Generator[None]:
    """Lets uvicorn end on a signal without ending the process before its ledger is closed.

    uvicorn raises the signal once more when it has shut down; that one is taken here."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, _ignored) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _ignored(_number: int, _frame: FrameType | None) -> None:
    """Takes a signal and does nothing: unlike SIG_IGN, it is not inherited by children."""
