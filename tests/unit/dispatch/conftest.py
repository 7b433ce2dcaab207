"""A real deployment in a temporary state directory, with spies in place of tool bodies."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp import config
from agentgate_mcp.compose import Deployment, open_deployment
from agentgate_mcp.gate.pipeline import Pipeline
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.model.call import Json
from agentgate_mcp.tools.definition import ToolContext

REASON = "routine work on the detection set"
SOLE = "Identity - Directory Replication By Non-Controller"
VALID: Mapping[str, dict[str, Json]] = {
    "splunk_run_query": {"query": "search index=auth | stats count by action", "earliest_time": "-4h"},
    "splunk_get_info": {},
    "splunk_get_indexes": {},
    "splunk_get_index_info": {"index_name": "auth"},
    "splunk_get_metadata": {"type": "sourcetypes", "index": "auth"},
    "splunk_get_user_info": {},
    "splunk_get_user_list": {},
    "splunk_get_kv_store_collections": {},
    "splunk_get_knowledge_objects": {"type": "macros"},
    "splunk_run_saved_search": {"name": "SOC - Daily Alert Summary"},
    "telemetry_list_cases": {},
    "telemetry_get_case": {"case_id": "1002"},
    "telemetry_search_events": {"index": "auth", "filters": {"action": "failure"}},
    "telemetry_pivot": {"kind": "ip", "value": "203.0.113.45"},
    "telemetry_pivot_domain": {"domain": "sentrel.example"},
    "threatintel_enrich": {"indicator": "203.0.113.45"},
    "threatintel_enrich_batch": {"indicators": ["203.0.113.45", "198.51.100.66"]},
    "knowledge_get_runbook": {"runbook_id": "rb-iot-command-and-control"},
    "knowledge_search_runbooks": {"query": "dns"},
    "investigate_case": {"case_id": "1002"},
    "get_case_report": {"case_id": "1002"},
    "response_request_action": {"action": "block_ip", "target": "203.0.113.45", "reason": REASON},
    "response_request_actions": {
        "actions": [{"action": "block_ip", "target": "203.0.113.45", "reason": REASON}],
        "case_id": "1002",
    },
    "propose_disable_saved_search": {"name": "SOC - Daily Alert Summary", "reason": REASON},
    "propose_modify_saved_search": {
        "name": "SOC - Daily Alert Summary",
        "settings": {"cron_schedule": "30 7 * * *"},
        "reason": REASON,
    },
    "propose_delete_saved_search": {"name": "SOC - Daily Alert Summary", "reason": REASON},
    "propose_create_saved_search": {
        "name": "SOC - Weekly Count",
        "settings": {"search": "search index=notable | stats count by source"},
        "reason": REASON,
    },
    "propose_modify_macro": {
        "name": "network_long_dns_names_filter",
        "settings": {"definition": 'search NOT query="*.sentrel.example"'},
        "reason": REASON,
    },
    "propose_modify_lookup": {"name": "approved_senders", "settings": {"rows": []}, "reason": REASON},
    "propose_change_set": {
        "changes": [
            {"action": "modify", "kind": "macro", "name": "alert_events", "settings": {"definition": "index=notable"}}
        ],
        "reason": REASON,
    },
    "gate_preview": {"tool": "splunk_get_info", "arguments": {}},
    "gate_finding_status": {"finding_id": "f-0"},
    "gate_resume": {"finding_id": "f-0"},
    "prompt_investigate": {"case_id": "1002"},
    "prompt_triage": {},
    "investigate_host": {},
}
"""Arguments that every tool takes, so that only the gate stands between a call and its body."""


@dataclass(slots=True)
class Spy:
    """Counts bodies that ran, and whether their intent was durable when they did."""

    ran: list[str] = field(default_factory=list)
    without_intent: list[str] = field(default_factory=list)


Spied = Callable[..., tuple[Deployment, Spy]]


@pytest.fixture(scope="session")
def warm_telemetry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled telemetry as a store: built once, copied into each state directory."""
    state = tmp_path_factory.mktemp("warm") / "state"
    with open_deployment(config.load(environ={"AGENTGATE_STATE_DIR": str(state)})) as deployment:
        deployment.backends.search.indexes()
    return state / "telemetry"


@pytest.fixture
def deploy(tmp_path: Path, warm_telemetry: Path) -> Iterator[Callable[..., Deployment]]:
    """Opens deployments on one state directory and closes them at the end."""
    opened: list[Deployment] = []
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    shutil.copytree(warm_telemetry, state / "telemetry")

    def make(pipeline: Pipeline | None = None, clock: Callable[[], float] = time.time, **settings: Any) -> Deployment:
        loaded = config.load(environ={"AGENTGATE_STATE_DIR": str(state)}, **settings)
        deployment = open_deployment(loaded, pipeline=pipeline, clock=clock)
        opened.append(deployment)
        return deployment

    yield make
    for deployment in opened:
        deployment.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, warm_telemetry: Path) -> Iterator[Deployment]:
    """One deployment for all tests of a module: each uses principals of its own."""
    state = tmp_path_factory.mktemp("house") / "state"
    state.mkdir(mode=0o700)
    shutil.copytree(warm_telemetry, state / "telemetry")
    with open_deployment(config.load(environ={"AGENTGATE_STATE_DIR": str(state)})) as deployment:
        yield deployment


@pytest.fixture
def spied(deploy: Callable[..., Deployment]) -> Spied:
    """A deployment whose tool bodies only report that they ran."""

    def make(pipeline: Pipeline | None = None, **settings: Any) -> tuple[Deployment, Spy]:
        deployment, spy = deploy(pipeline, **settings), Spy()
        ledger = deployment.office.ledger

        async def body(_args: object, ctx: ToolContext) -> Any:
            spy.ran.append(ctx.call.tool_name)
            intents = ledger.entries(kinds=frozenset({EntryKind.INTENT}), call_id=ctx.call.call_id)
            if next(iter(intents), None) is None:
                spy.without_intent.append(ctx.call.tool_name)
            raise ValueError("the spy gives nothing")

        tools = deployment.dispatcher.parts.tools
        for name in list(tools):
            tools[name] = replace(tools[name], body=body)  # type: ignore[index]
        return deployment, spy

    return make
