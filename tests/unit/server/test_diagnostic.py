"""The server that explains why there is no server, and the module for `mcp dev`."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable

import anyio
import pytest
from mcp import Client
from mcp.types import TextContent

from agentgate_mcp.config import Settings
from agentgate_mcp.errors import ConfigError, DataError
from agentgate_mcp.server.diagnostic import TOOL, DiagnosticServer
from tests.protocol.fakes import FakeGatekeeper


@pytest.mark.req("server.diagnostic")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_one_tool_explains_the_error(mode: str) -> None:
    async def scenario() -> None:
        mcp = DiagnosticServer(ConfigError("unknown setting AGENTGATE_TOOLSET; known settings are AGENTGATE_TOOLSETS"))
        async with Client(mcp, mode=mode) as client:
            assert [t.name for t in (await client.list_tools()).tools] == [TOOL]
            result = await client.call_tool(TOOL, {})
            assert not result.is_error
            [content] = result.content
            assert isinstance(content, TextContent)
            assert "AGENTGATE_TOOLSETS" in content.text
            assert "doctor" in content.text
            assert set(result.structured_content) == {"kind", "problem", "fix", "more"}
            other = await client.call_tool("splunk_run_query", {"query": "*"})
            assert other.is_error
            assert client.instructions is not None
            assert TOOL in client.instructions

    anyio.run(scenario)


@pytest.mark.req("server.diagnostic")
def test_each_kind_of_error_says_what_to_do() -> None:
    data = DiagnosticServer(DataError("cases/1002.json", "line 3", "not JSON")).explain()
    assert "line 3" in data["problem"]
    assert data["kind"] != DiagnosticServer(ConfigError("x")).explain()["kind"]


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    monkeypatch.delitem(sys.modules, "agentgate_mcp.cli.dev", raising=False)
    return importlib.import_module("agentgate_mcp.cli.dev")


class Opened:
    """A deployment as far as `cli.dev` uses one."""

    gatekeeper = FakeGatekeeper()

    def close(self) -> None:
        """Nothing is open."""


def with_compose(monkeypatch: pytest.MonkeyPatch, open_deployment: Callable[[Settings], object]) -> None:
    compose = types.ModuleType("agentgate_mcp.compose")
    compose.open_deployment = open_deployment  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "agentgate_mcp.compose", compose)


@pytest.mark.req("server.dev")
def test_mcp_dev_builds_its_server_once_and_only_when_asked(
    dev: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Settings] = []

    def open_deployment(settings: Settings) -> object:
        opened.append(settings)
        return Opened()

    with_compose(monkeypatch, open_deployment)
    monkeypatch.setenv("AGENTGATE_READ_ONLY", "true")
    assert opened == []
    assert dev.mcp is dev.mcp
    assert len(opened) == 1
    assert "blocked" not in [t.name for t in anyio.run(dev.mcp.list_tools)]
    assert not hasattr(dev, "server")


@pytest.mark.req("server.dev", "server.diagnostic")
def test_mcp_dev_serves_the_diagnostic_when_the_configuration_is_wrong(
    dev: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_compose(monkeypatch, lambda _settings: Opened())
    monkeypatch.setenv("AGENTGATE_PROFIL", "observe")
    assert isinstance(dev.mcp, DiagnosticServer)
    assert "AGENTGATE_PROFIL" in dev.mcp.explain()["problem"]
