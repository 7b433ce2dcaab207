"""An MCPServer that is reached through the wire reader only, whichever way it is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server import MCPServer
from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.shared.message import SessionMessage
from starlette.applications import Starlette
from starlette.middleware import Middleware

from agentgate_mcp import __version__
from agentgate_mcp.errors import ConfigError
from agentgate_mcp.server.http_wire import HttpWire
from agentgate_mcp.server.refusals import RefusalRecorder, RefusalWatch
from agentgate_mcp.server.stdio import serve_stdio
from agentgate_mcp.server.wire import MESSAGE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAuth:
    """How HTTP requests are authenticated; without it a server speaks stdio only."""

    settings: AuthSettings
    verifier: TokenVerifier


class WiredServer(MCPServer[Any]):
    """Replaces the SDK's ways to start with the same ways behind the wire reader."""

    def __init__(self, recorder: RefusalRecorder, *, instructions: str, auth: HttpAuth | None = None) -> None:
        super().__init__(
            "agentgate",
            title="AgentGate MCP",
            instructions=instructions,
            version=__version__,
            log_level="WARNING",
            # Nothing here changes behind a client's back, so no change notices are promised.
            subscriptions=False,
            auth=None if auth is None else auth.settings,
            token_verifier=None if auth is None else auth.verifier,
        )
        self.recorder = recorder
        # Outermost, so that refusals by the SDK's own middleware are seen too.
        self.middleware.insert(0, RefusalWatch(recorder))

    async def serve_streams(
        self,
        incoming: MemoryObjectReceiveStream[SessionMessage | Exception],
        outgoing: MemoryObjectSendStream[SessionMessage],
    ) -> None:
        """Serve one connection, in the protocol era that its client opens with, until it ends."""
        await self._lowlevel_server.run(incoming, outgoing, self._lowlevel_server.create_initialization_options())

    async def run_stdio_async(self) -> None:
        await serve_stdio(self.serve_streams, self.recorder)

    def streamable_http_app(self, **options: Any) -> Starlette:
        """The ASGI application, authenticated and behind the wire reader.

        Raises: ConfigError when the server was built without authentication."""
        return self._guarded(super().streamable_http_app(**self._http_options(options)))

    def sse_app(self, **options: Any) -> Starlette:
        """The ASGI application of the deprecated transport, guarded alike.

        Raises: ConfigError when the server was built without authentication."""
        return self._guarded(super().sse_app(**self._http_options(options)))

    def _http_options(self, options: dict[str, Any]) -> dict[str, Any]:
        if self.settings.auth is None:
            raise ConfigError(
                "HTTP needs authentication: start it with `agentgate-mcp serve --transport streamable-http`"
            )
        return {"max_request_body_size": MESSAGE_BYTES, **options}

    def _guarded(self, application: Starlette) -> Starlette:
        # Appended: innermost, so the caller is authenticated before a byte of the body is read.
        application.user_middleware.append(Middleware(HttpWire, recorder=self.recorder))
        return application
