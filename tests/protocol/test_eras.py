"""In-memory clients of both protocol eras against a gatekeeper that remembers what reached it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, CancelledNotification, CancelledNotificationParams, TextContent

from agentgate_mcp.server.app import GatedServer
from agentgate_mcp.server.identity import Identity, LocalIdentity
from agentgate_mcp.server.toolsets import ToolFilter
from tests.protocol.fakes import FakeGatekeeper

ERAS = {"auto": "2026-07-28", "legacy": "2025-11-25"}
WHO = Identity(principal="alice", agent_id="tester")

era = pytest.mark.parametrize("mode", list(ERAS))


def server(gatekeeper: FakeGatekeeper, **options: Any) -> GatedServer:
    return GatedServer(gatekeeper, LocalIdentity(identity=WHO), **options)


@asynccontextmanager
async def connected(gatekeeper: FakeGatekeeper, mode: str, **options: Any) -> AsyncIterator[Client]:
    with anyio.fail_after(20):
        async with Client(server(gatekeeper, **options), mode=mode) as client:
            assert client.protocol_version == ERAS[mode]
            yield client


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scenario()

    anyio.run(main)


def text_of(result: CallToolResult) -> str:
    return "\n".join(c.text for c in result.content if isinstance(c, TextContent))


def structured(result: CallToolResult) -> dict[str, Any]:
    assert isinstance(result.structured_content, dict)
    return result.structured_content


@era
@pytest.mark.req("server.no-coercion", "R1")
@pytest.mark.parametrize(
    "arguments",
    [
        {"n": "5"},
        {"n": 5.0, "ids": '["a","b"]'},
        {"unknown": {"deep": [1, None, True]}},
        {"n": None},
        {"ids": "not a list", "title": ""},
        {},
    ],
)
def test_arguments_reach_the_gatekeeper_exactly_as_sent(mode: str, arguments: dict[str, Any]) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            result = await client.call_tool("echo", arguments)
            assert structured(result) == {"got": arguments}

    run(scenario)
    [incoming] = gatekeeper.executed
    assert incoming.arguments == arguments
    assert json.dumps(incoming.arguments) == json.dumps(arguments)
    assert (incoming.principal, incoming.agent_id) == ("alice", "tester")


@era
@pytest.mark.req("server.mediated", "R1")
def test_a_call_from_inside_the_process_meets_the_gate_too(mode: str) -> None:
    gatekeeper = FakeGatekeeper()
    mcp = server(gatekeeper)
    bodies_run: list[str] = []

    @mcp.tool()
    async def ungated() -> str:
        bodies_run.append("ran")
        return "ran"

    async def scenario() -> None:
        gatekeeper.inside = lambda: mcp.call_tool("ungated", {"x": 1})
        with anyio.fail_after(20):
            async with Client(mcp, mode=mode) as client:
                await client.call_tool("echo", {})
                refused = await client.call_tool("ungated", {})
                assert refused.is_error
                assert "ungated" not in [t.name for t in (await client.list_tools()).tools]
        direct = await mcp.call_tool("ungated", {})
        assert direct.is_error

    run(scenario)
    assert bodies_run == []
    assert [i.tool for i in gatekeeper.executed] == ["echo", "ungated", "ungated", "ungated"]
    assert {i.principal for i in gatekeeper.executed} == {"alice"}


@era
@pytest.mark.req("server.mediated", "R1")
def test_every_listed_tool_runs_through_the_gatekeeper_and_nowhere_else(mode: str) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            names = [t.name for t in (await client.list_tools()).tools]
            assert names == [t.name for t in gatekeeper.tools()]
            for name in names:
                if name not in ("forever", "surrogate"):
                    await client.call_tool(name, {})

    run(scenario)
    assert {i.tool for i in gatekeeper.executed} == {t.name for t in gatekeeper.tools()} - {"forever", "surrogate"}


@era
@pytest.mark.req("server.refusal-text")
def test_a_block_is_a_result_that_the_model_can_read(mode: str) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            result = await client.call_tool("blocked", {})
            assert result.is_error
            assert text_of(result) == (
                "BLOCK (POL-001): It would leave a critical asset with no coverage. Finding f-1. "
                "Allowed instead: create the replacement first."
            )
            assert structured(result)["decision"] == "BLOCK"
            assert structured(result)["status"] == "blocked"
            assert structured(result)["policies"] == ["POL-001"]
            assert structured(result)["finding_id"] == "f-1"

    run(scenario)


@era
@pytest.mark.req("server.refusal-text", "R6")
def test_a_held_call_says_how_a_person_approves_it_and_tells_no_threshold(mode: str) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            result = await client.call_tool("held", {})
            assert result.is_error
            assert structured(result)["status"] == "pending"
            assert structured(result)["finding_id"] == "f-2"
            assert "f-2" in text_of(result)
            assert "gate_resume" in text_of(result)
            assert "5" not in text_of(result) + json.dumps(structured(result))

    run(scenario)


@era
@pytest.mark.req("server.sdk-refusals", "R2")
def test_an_unknown_tool_is_refused_by_the_gatekeeper(mode: str) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            result = await client.call_tool("no_such_tool", {"a": 1})
            assert result.is_error
            assert structured(result)["decision"] == "BLOCK"

    run(scenario)
    assert [i.tool for i in gatekeeper.executed] == ["no_such_tool"]


@era
@pytest.mark.req("R2", "R8")
def test_a_failing_gatekeeper_releases_nothing_and_leaks_nothing(mode: str) -> None:
    async def scenario() -> None:
        async with connected(FakeGatekeeper(), mode) as client:
            result = await client.call_tool("broken", {})
            assert result.is_error
            assert structured(result)["decision"] == "BLOCK"
            assert "secret-in-the-message" not in text_of(result)

    run(scenario)


@era
@pytest.mark.req("server.resources", "R1")
def test_resources_are_read_through_the_gatekeeper(mode: str) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            templates = (await client.list_resource_templates()).resource_templates
            assert [t.uri_template for t in templates] == [
                "case://{case_id}/report",
                "case://{case_id}/notes",
                "finding://{id}",
            ]
            for uri in ("case://1002/report", "case://1002/notes", "finding://f-1"):
                [content] = (await client.read_resource(uri)).contents
                assert content.uri == uri
                assert content.mime_type == "text/markdown"

    run(scenario)
    assert gatekeeper.reads == [
        ("case_report", "1002", "alice", "tester"),
        ("case_notes", "1002", "alice", "tester"),
        ("finding", "f-1", "alice", "tester"),
    ]


@era
@pytest.mark.req("server.resources", "server.sdk-refusals")
@pytest.mark.parametrize(
    "uri", ["case://../etc/report", "file:///etc/passwd", "case://1002/secrets", "finding://", "case://1%2f2/notes"]
)
def test_an_unknown_address_is_invalid_params_and_recorded(mode: str, uri: str) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            with pytest.raises(MCPError) as caught:
                await client.read_resource(uri)
            assert caught.value.code == -32602
            assert caught.value.data["recorded"] is True

    run(scenario)
    assert gatekeeper.reads == []
    [(principal, _, location)] = gatekeeper.refusals
    assert (principal, location) == ("alice", "/params/uri")


@era
@pytest.mark.req("server.resources")
def test_a_missing_case_is_invalid_params_and_a_refused_one_is_not(mode: str) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            for uri, code in (("case://9999/report", -32602), ("case://secret/report", -32010)):
                with pytest.raises(MCPError) as caught:
                    await client.read_resource(uri)
                assert caught.value.code == code
                assert caught.value.data["decision"] == "BLOCK"

    run(scenario)
    assert gatekeeper.refusals == []


@era
@pytest.mark.req("server.prompts", "R1")
def test_prompts_are_filled_through_the_gatekeeper(mode: str) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            assert [p.name for p in (await client.list_prompts()).prompts] == ["investigate", "triage"]
            filled = await client.get_prompt("investigate", {"case_id": "1002"})
            assert isinstance(filled.messages[0].content, TextContent)
            assert "1002" in filled.messages[0].content.text
            with pytest.raises(MCPError) as caught:
                await client.get_prompt("jailbreak", {})
            assert caught.value.code == -32602

    run(scenario)
    assert gatekeeper.prompts == [("investigate", {"case_id": "1002"}), ("jailbreak", {})]


@era
@pytest.mark.req("server.meta")
def test_what_meta_asserts_arrives_beside_the_authenticated_identity(mode: str) -> None:
    gatekeeper = FakeGatekeeper()
    meta: Any = {
        "agentgate/raw_user_prompt": "Block 203.0.113.7",
        "agentgate/incoming_context": ["a", "b"],
        "agentgate/agent_id": "root",
        "vendor/other": 1,
    }

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            await client.call_tool("echo", {}, meta=meta)

    run(scenario)
    [incoming] = gatekeeper.executed
    assert incoming.raw_user_prompt == "Block 203.0.113.7"
    assert incoming.incoming_context == ("a", "b")
    assert incoming.asserted_agent == "root"
    assert (incoming.principal, incoming.agent_id) == ("alice", "tester")


@era
@pytest.mark.req("server.meta", "R9")
@pytest.mark.parametrize(
    "meta",
    [
        {"agentgate/raw_user_prompt": 1},
        {"agentgate/incoming_context": "a"},
        {"agentgate/incoming_context": ["a", 1]},
        {"agentgate/agent_id": "../root"},
        {"agentgate/raw_prompt": "misspelt"},
    ],
)
def test_a_malformed_assertion_refuses_the_call_and_is_recorded(mode: str, meta: Any) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            with pytest.raises(MCPError) as caught:
                await client.call_tool("echo", {}, meta=meta)
            assert caught.value.code == -32602
            assert "_meta/agentgate/" in caught.value.message

    run(scenario)
    assert gatekeeper.executed == []
    assert len(gatekeeper.refusals) == 1


@era
@pytest.mark.req("server.sdk-refusals", "R9")
@pytest.mark.parametrize("params", [{"name": "echo", "arguments": [1]}, {"arguments": {}}, {"name": 5}])
def test_what_the_sdk_refuses_names_the_field_and_is_recorded_once(mode: str, params: dict[str, Any]) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client:
            with pytest.raises(MCPError) as caught:
                await raw_request(client, "tools/call", params)
            assert caught.value.code == -32602
            assert caught.value.data["recorded"] is True
            assert caught.value.data["location"].startswith("/params/")

    run(scenario)
    assert gatekeeper.executed == []
    assert len(gatekeeper.refusals) == 1


@era
@pytest.mark.req("server.progress")
def test_progress_arrives_while_the_call_runs(mode: str) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def scenario() -> None:
        async def on_progress(done: float, total: float | None, message: str | None) -> None:
            seen.append((done, total, message))

        async with connected(FakeGatekeeper(), mode) as client:
            result = await client.call_tool("stages", {}, progress_callback=on_progress)
            assert structured(result) == {"stages": 3}

    run(scenario)
    assert sorted(seen) == [(1.0, 3.0, "triage"), (2.0, 3.0, "investigate"), (3.0, 3.0, "report")]


@era
@pytest.mark.req("server.cancel")
def test_a_cancelled_request_cancels_the_gatekeeper(mode: str) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, mode) as client, anyio.create_task_group() as calls:
            calls.start_soon(client.call_tool, "forever", {})
            await gatekeeper.started.wait()
            calls.cancel_scope.cancel()
        with anyio.fail_after(20):
            await gatekeeper.settled.wait()

    run(scenario)
    assert gatekeeper.cancelled == ["c-1"]


@pytest.mark.req("server.cancel")
def test_a_cancelled_notification_cancels_the_gatekeeper() -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        async with connected(gatekeeper, "legacy") as client, anyio.create_task_group() as calls:
            calls.start_soon(client.call_tool, "forever", {})
            await gatekeeper.started.wait()
            for request_id in range(10):
                note = CancelledNotification(params=CancelledNotificationParams(request_id=request_id))
                await client.session.send_notification(note)
            await gatekeeper.settled.wait()
            calls.cancel_scope.cancel()

    run(scenario)
    assert gatekeeper.cancelled == ["c-1"]


@era
@pytest.mark.req("server.toolsets")
def test_a_withheld_tool_is_neither_listed_nor_run_and_the_attempt_is_recorded(mode: str) -> None:
    gatekeeper = FakeGatekeeper()

    async def scenario() -> None:
        only = ToolFilter(toolsets=frozenset({"telemetry", "changes"}), read_only=True)
        async with connected(gatekeeper, mode, tools=only) as client:
            assert [t.name for t in (await client.list_tools()).tools] == ["echo"]
            result = await client.call_tool("blocked", {})
            assert structured(result)["status"] == "refused"

    run(scenario)
    assert gatekeeper.executed == []
    assert len(gatekeeper.refusals) == 1


@era
@pytest.mark.req("server.schema-small")
def test_listed_tools_carry_honest_hints_and_slim_schemas(mode: str) -> None:
    async def scenario() -> None:
        async with connected(FakeGatekeeper(), mode) as client:
            tools = {t.name: t for t in (await client.list_tools()).tools}
            hints = tools["blocked"].annotations
            assert hints is not None
            assert (hints.read_only_hint, hints.destructive_hint) == (False, True)
            assert (hints.idempotent_hint, hints.open_world_hint) == (False, False)
            assert tools["echo"].input_schema == {
                "type": "object",
                "properties": {"n": {"type": "integer"}, "ids": {"type": "array", "items": {"type": "string"}}},
                "additionalProperties": False,
            }

    run(scenario)


async def raw_request(client: Client, method: str, params: dict[str, Any]) -> Any:
    """Send params that no typed client would, with whatever envelope the era asks for."""
    from mcp.types import Request, Result
    from pydantic import ConfigDict

    class Loose(Request[dict[str, Any], str]):
        model_config = ConfigDict(extra="allow")

    return await client.session.send_request(Loose(method=method, params=params), Result)
