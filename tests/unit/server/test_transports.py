"""Where the server may listen, and how its application is guarded."""

from __future__ import annotations

import socket

import anyio
import pytest

from agentgate_mcp.errors import ConfigError
from agentgate_mcp.server.transports import ServeOptions, build_server, loopback, serve, transport_security
from tests.protocol.fakes import FakeGatekeeper


@pytest.mark.req("server.loopback")
@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.8.8.8", "127.8.8.8"),
        ("::1", "::1"),
        ("[::1]", "::1"),
    ],
)
def test_loopback_is_served(host: str, address: str) -> None:
    assert loopback(host) == address


@pytest.mark.req("server.loopback")
@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.0.2.1", "10.0.0.1", "localhost.example", "example.test", "", "127.0.0.1:80", "0"]
)
def test_every_other_bind_is_refused(host: str) -> None:
    for transport in ("streamable-http", "sse"):
        options = ServeOptions(transport=transport, host=host, port=0)
        with pytest.raises(ConfigError, match="loopback"):
            anyio.run(serve, FakeGatekeeper(), options)


@pytest.mark.req("server.loopback")
def test_a_taken_port_is_a_configuration_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        options = ServeOptions(transport="streamable-http", port=taken.getsockname()[1])
        with pytest.raises(ConfigError, match="port"):
            anyio.run(serve, FakeGatekeeper(), options)


@pytest.mark.req("server.http-origin")
def test_rebinding_protection_is_on_and_names_loopback_only() -> None:
    for host in ("127.0.0.1", "::1", "127.8.8.8"):
        settings = transport_security(host)
        assert settings.enable_dns_rebinding_protection
        assert all(h.startswith(("127.", "localhost:", "[::1]:")) for h in settings.allowed_hosts)


@pytest.mark.req("server.http-auth")
def test_a_server_without_authentication_gives_no_http_application() -> None:
    mcp = build_server(FakeGatekeeper(), ServeOptions())
    for build in (mcp.streamable_http_app, mcp.sse_app):
        with pytest.raises(ConfigError, match="authentication"):
            build()
    with pytest.raises(ConfigError, match="authentication"):
        anyio.run(mcp.run_streamable_http_async)
    with pytest.raises(ConfigError, match="authentication"):
        anyio.run(mcp.run_sse_async)
