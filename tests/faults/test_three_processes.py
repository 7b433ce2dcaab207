"""Two servers and the command line on one state directory, all of them real processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from agentgate_mcp.backends.embedded import read_journal
from agentgate_mcp.compose import open_office
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.model.verdict import FindingStatus, Outcome, Released
from agentgate_mcp.tools.definition import ToolContext
from tests.faults.children import PATIENCE, ROOT, opened
from tests.unit.dispatch.endings import problems

pytestmark = pytest.mark.req("R3", "R9", "dispatch.processes")
READS = 8
HELD = {"query": "search index=* host=*", "earliest_time": "-30d"}


@pytest.fixture
def state(warm: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "state"
    shutil.copytree(warm, copied)
    return copied


def environment(state: Path) -> dict[str, str]:
    return {**os.environ, "AGENTGATE_STATE_DIR": str(state), "PYTHONPATH": str(ROOT)}


def server(state: Path, agent: str) -> StdioServerParameters:
    env = environment(state) | {"AGENTGATE_AGENT_ID": agent}
    return StdioServerParameters(command=sys.executable, args=["-m", "agentgate_mcp", "serve"], env=env)


async def command(state: Path, *arguments: str) -> Any:
    """What one command prints as JSON, while everything else goes on."""

    def run() -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "agentgate_mcp", *arguments, "--json"]
        return subprocess.run(
            line, env=environment(state), capture_output=True, text=True, timeout=PATIENCE, check=True
        )

    return json.loads((await anyio.to_thread.run_sync(run)).stdout)


async def used(client: Any, name: str) -> str:
    """Some ordinary calls and one that is held: the finding's id."""
    for n in range(READS):
        read = await client.call_tool("splunk_run_query", {"query": f"search index=auth {name}{n}"})
        assert not read.is_error
    held = await client.call_tool("splunk_run_query", {**HELD, "query": f"search index=* {name}"})
    assert held.is_error
    return str(held.structured_content["finding_id"])


def test_two_servers_and_the_command_line_share_one_record(state: Path) -> None:
    findings: dict[str, str] = {}

    async def serve(agent: str) -> None:
        async with Client(server(state, agent)) as client:
            findings[agent] = await used(client, agent)
            listed = await command(state, "approvals", "list")
            assert findings[agent] in {row["finding_id"] for row in listed}
            report = await command(state, "ledger", "verify")
            assert report["ok"], report["problems"]

    async def run() -> None:
        with anyio.fail_after(2 * PATIENCE):
            async with anyio.create_task_group() as group:
                group.start_soon(serve, "left")
                group.start_soon(serve, "right")

    anyio.run(run)
    with open_office(state) as office:
        assert problems(office.ledger, state) == []
        owners = {str(e.payload["owner"]) for e in office.ledger.entries(kinds=frozenset({EntryKind.INTENT}))}
        assert len(owners) == 2
        for agent, finding_id in findings.items():
            finding = office.approvals.get(finding_id, now=0).finding
            assert finding.call.agent_id == agent
            assert finding.status is FindingStatus.PENDING
    assert read_journal(state) == ()


@pytest.mark.req("R6")
def test_an_approval_given_in_one_process_is_used_once_over_two_servers(state: Path) -> None:
    async def run() -> list[Any]:
        async with Client(server(state, "same")) as left, Client(server(state, "same")) as right:
            finding_id = await used(left, "x")
            with open_office(state) as office:
                token = office.operators.add("olga", roles=["approver"])
                office.approvals.approve(finding_id, token, "seen")
            results: list[Any] = []

            async def resume(client: Any) -> None:
                results.append(await client.call_tool("gate_resume", {"finding_id": finding_id}))

            async with anyio.create_task_group() as group:
                for client in (left, right) * 4:
                    group.start_soon(resume, client)
            return results

    async def bounded() -> list[Any]:
        with anyio.fail_after(2 * PATIENCE):
            return await run()

    results = anyio.run(bounded)
    assert sum(not r.is_error and r.structured_content["status"] == "released" for r in results) == 1
    with open_office(state) as office:
        consumed = [e for e in office.ledger.entries() if e.payload.get("status") == "consumed"]
        assert len(consumed) == 1
        assert problems(office.ledger, state) == []


def test_the_open_intent_of_a_living_process_is_left_alone_by_those_that_start(state: Path) -> None:
    """A call is under way here while a server starts, recovers, works and goes, and a command looks."""
    deployment = opened(state)
    begun, go_on = anyio.Event(), anyio.Event()
    tools = deployment.dispatcher.parts.tools
    tool = tools["splunk_get_info"]

    async def slow(args: object, ctx: ToolContext) -> Any:
        begun.set()
        await go_on.wait()
        return await tool.body(args, ctx)

    tools["splunk_get_info"] = replace(tool, body=slow, spec=replace(tool.spec, timeout_s=4 * PATIENCE))  # type: ignore[index]
    outcomes: list[Outcome] = []

    async def call() -> None:
        request = CallRequest(tool="splunk_get_info", arguments={}, principal="here", agent_id="agent")
        outcomes.append(await deployment.dispatcher.execute(request))

    async def run() -> None:
        with anyio.fail_after(2 * PATIENCE):
            async with anyio.create_task_group() as group:
                group.start_soon(call)
                await begun.wait()
                (mine,) = deployment.office.ledger.orphans()
                async with Client(server(state, "second")) as second:
                    assert not (await second.call_tool("splunk_get_indexes", {})).is_error
                report = await command(state, "ledger", "verify")
                assert report["ok"]
                assert (report["unknown_outcomes"], report["open_intents"]) == (0, 1)
                assert deployment.office.ledger.orphans() == (mine,)
                go_on.set()

    with deployment:
        anyio.run(run)
        assert isinstance(outcomes[0], Released)
        assert problems(deployment.office.ledger, state) == []
