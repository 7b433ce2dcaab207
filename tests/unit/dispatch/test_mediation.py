"""R1 and R3: whatever is offered over MCP runs only through dispatch, after a durable intent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from agentgate_mcp.compose import Deployment
from agentgate_mcp.errors import BudgetError
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.pipeline import STAGES, Pipeline
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.model.verdict import StageResult
from agentgate_mcp.server.transports import ServeOptions, build_server
from tests.unit.dispatch.conftest import VALID, Spied

pytestmark = pytest.mark.req("R1")
ERAS = ["auto", "legacy"]
RESOURCES = ["case://1002/report", "case://1002/notes", "finding://f-0"]
PROMPTS: dict[str, dict[str, str]] = {"investigate": {"case_id": "1002"}, "triage": {}}


def refusing(_ctx: StageContext) -> StageResult:
    raise BudgetError("planted")


BLOCKING = Pipeline(stages=((STAGES[0][0], refusing), *STAGES[1:]))


async def use_everything(client: Any) -> dict[str, list[str]]:
    """Call every listed tool, read every resource, render every prompt; say what is offered."""
    tools = [t.name for t in (await client.list_tools()).tools]
    for name in tools:
        await client.call_tool(name, VALID[name])
    templates = [t.uri_template for t in (await client.list_resource_templates()).resource_templates]
    for uri in RESOURCES:
        try:
            await client.read_resource(uri)
        except MCPError:
            continue
    prompts = [p.name for p in (await client.list_prompts()).prompts]
    for name in prompts:
        try:
            await client.get_prompt(name, PROMPTS[name])
        except MCPError:
            continue
    return {"tools": tools, "resources": templates, "prompts": prompts}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.req("R3")
def test_every_tool_resource_and_prompt_has_a_durable_intent_before_its_body(spied: Spied, era: str) -> None:
    deployment, spy = spied()

    async def run() -> dict[str, list[str]]:
        async with Client(build_server(deployment.gatekeeper, ServeOptions()), mode=era) as client:
            return await use_everything(client)

    offered = anyio.run(run)
    assert set(offered["tools"]) == {n for n in VALID if not n.startswith("prompt_")} - {"investigate_host"}
    assert len(offered["resources"]) == len(RESOURCES)
    assert set(offered["prompts"]) == set(PROMPTS)
    assert spy.without_intent == []
    # Allowed by the shipped gate for an agent without a prompt: all reads and simulations.
    assert {"splunk_run_query", "get_case_report", "gate_finding_status", "prompt_triage"} <= set(spy.ran)
    entries = list(deployment.office.ledger.entries())
    intents = {e.call_id for e in entries if e.kind is EntryKind.INTENT}
    outcomes = {e.call_id for e in entries if e.kind is EntryKind.OUTCOME}
    assert intents == outcomes
    assert len(intents) == len(spy.ran)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.req("R2")
def test_nothing_that_is_offered_runs_when_the_gate_refuses(spied: Spied, era: str) -> None:
    deployment, spy = spied(BLOCKING)

    async def run() -> None:
        async with Client(build_server(deployment.gatekeeper, ServeOptions()), mode=era) as client:
            await use_everything(client)

    anyio.run(run)
    assert spy.ran == []
    assert not [e for e in deployment.office.ledger.entries() if e.kind is EntryKind.INTENT]


def test_a_call_from_inside_the_server_object_meets_the_gate(spied: Spied) -> None:
    deployment, spy = spied(BLOCKING)
    server = build_server(deployment.gatekeeper, ServeOptions())

    async def run() -> Any:
        return await server.call_tool("splunk_get_info", {})

    result = anyio.run(run)
    assert result.is_error
    assert spy.ran == []


@pytest.mark.req("R6")
def test_no_tool_approves_anything(deploy: Callable[..., Deployment]) -> None:
    names = {t.name for t in deploy().gatekeeper.tools()}
    assert not {n for n in names if any(word in n for word in ("approve", "operator", "mandate", "thaw", "deny"))}


@pytest.mark.req("dispatch.tool-list-size")
def test_what_a_model_is_sent_stays_small(deploy: Callable[..., Deployment]) -> None:
    import json

    async def run() -> str:
        async with Client(build_server(deploy().gatekeeper, ServeOptions())) as client:
            listed = await client.list_tools()
            return listed.model_dump_json(by_alias=True, exclude_none=True)

    raw = anyio.run(run)
    tools = json.loads(raw)["tools"]
    model = [{k: t[k] for k in ("name", "description", "inputSchema")} for t in tools]
    assert len(json.dumps(model, separators=(",", ":")).encode()) <= 26_000
    assert len(raw.encode()) <= 64_000
