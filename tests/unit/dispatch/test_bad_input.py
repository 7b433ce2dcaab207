"""Input that cannot be right: a clear error that names what is wrong, a record, and the next call works."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest

from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.compose import Deployment
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.errors import ConfigError, DataError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Decision
from agentgate_mcp.model.verdict import Held, Outcome, Refused, Released
from tests.unit.dispatch.conftest import REASON
from tests.unit.dispatch.endings import endings, problems, settled

pytestmark = pytest.mark.req("dispatch.bad-input", "R9")
MACRO: dict[str, Json] = {"name": "alert_events", "reason": REASON}


def execute(deployment: Deployment, tool: str, arguments: Json, who: str) -> Awaitable[Outcome]:
    return deployment.dispatcher.execute(CallRequest(tool=tool, arguments=arguments, principal=who, agent_id="a"))


def ask(deployment: Deployment, tool: str, arguments: Json, who: str) -> Outcome:
    async def run() -> Outcome:
        with anyio.fail_after(60):
            return await execute(deployment, tool, arguments, who)

    return anyio.run(run)


def nested(depth: int) -> Json:
    value: Json = "x"
    for _ in range(depth):
        value = [value]
    return value


MALFORMED: list[tuple[str, Json, str]] = [
    ("splunk_run_query", {}, "query: expected a value, got nothing"),
    ("splunk_run_query", {"query": 5}, "query: expected string, got the number 5"),
    ("splunk_run_query", {"query": "search index=auth", "row_limit": "many"}, "row_limit: expected integer"),
    ("splunk_run_query", {"query": "search index=auth", "row_limit": 0}, "row_limit: expected greater than or equal"),
    ("splunk_run_query", {"search": "index=auth"}, "search: expected earliest_time, latest_time, query, row_limit"),
    ("splunk_run_query", "search index=auth", "arguments: expected a JSON object"),
    ("splunk_run_query", ["search index=auth"], "arguments: expected a JSON object"),
    ("splunk_run_query", {"query": "x" * 2_097_152}, "query: expected at most 1048576 bytes"),
    ("splunk_run_query", {"query": "x" * 100_000}, "query: expected"),
    ("splunk_run_query", {"query": "\ud800"}, "query: expected"),
    ("splunk_get_metadata", {"type": "sourcetype"}, "type: expected 'hosts', 'sources' or 'sourcetypes'"),
    ("propose_modify_macro", {**MACRO, "settings": nested(300)}, "settings: expected"),
    ("propose_modify_macro", {**MACRO, "settings": {"a": nested(40)}}, "settings: expected at most 32 levels"),
    ("propose_modify_macro", {**MACRO, "settings": {"a": float("nan")}}, "settings: expected"),
    ("propose_modify_macro", {**MACRO, "settings": {"a": 2**53}}, "settings: expected"),
    ("propose_change_set", {"changes": [], "reason": REASON}, "changes: expected"),
    ("propose_change_set", {"changes": [{"action": "rename"}], "reason": REASON}, "changes/0/action: expected"),
    ("response_request_action", {"action": "reboot", "target": "h", "reason": REASON}, "action: expected"),
    ("threatintel_enrich_batch", {"indicators": ["203.0.113.45"] * 101}, "indicators: expected"),
    ("gate_finding_status", {"finding_id": "f-1", "wait_s": 26}, "wait_s: expected"),
    ("gate_preview", {"tool": "splunk_run_query", "arguments": {"query": 5}}, "query: expected string"),
    ("threatintel_enrich", {"indicator": "???"}, "indicator: expected an IP address"),
]


@pytest.mark.parametrize(("tool", "arguments", "words"), MALFORMED, ids=[f"{m[0]}: {m[2][:40]}" for m in MALFORMED])
def test_a_malformed_call_is_refused_by_the_name_of_its_field(
    house: Deployment, tool: str, arguments: Json, words: str
) -> None:
    who = f"malformed-{MALFORMED.index((tool, arguments, words))}"
    outcome = ask(house, tool, arguments, who)
    assert isinstance(outcome, Refused)
    assert outcome.code == "argument"
    assert outcome.message.startswith(words)
    assert len(outcome.message) < 1000
    entries = [e for e in settled(house.office.ledger) if e.principal == who]
    assert set(endings(entries).values()) == {1}
    last = entries[-1]
    assert last.kind in (EntryKind.REFUSAL, EntryKind.OUTCOME)
    assert words.split(":")[0] in str(last.payload.get("reason") or last.payload.get("message"))
    if last.kind is EntryKind.REFUSAL:
        assert (last.payload["code"], last.payload["where"]) == ("argument", words.split(":")[0])
    assert len(str(last.payload)) < 4000, "what was refused for its size is not recorded in full"


UNKNOWN: list[tuple[str, Json, str]] = [
    ("telemetry_get_case", {"case_id": "1020"}, "100"),
    ("investigate_case", {"case_id": "1009x"}, "100"),
    ("knowledge_get_runbook", {"runbook_id": "rb-iot-comand-and-control"}, "rb-iot-command-and-control"),
    ("splunk_get_index_info", {"index_name": "auht"}, "auth"),
    ("gate_preview", {"tool": "splunk_run_qery", "arguments": {}}, "splunk_run_query"),
    ("propose_modify_macro", {**MACRO, "name": "alert_event", "settings": {"definition": "x"}}, "alert_events"),
    (
        "propose_disable_saved_search",
        {"name": "SOC - Daily Alert Sumary", "reason": REASON},
        "SOC - Daily Alert Summary",
    ),
    ("splunk_run_saved_search", {"name": "SOC - Daily Alert Sumary"}, "SOC - Daily Alert Summary"),
]


@pytest.mark.parametrize(("tool", "arguments", "near"), UNKNOWN, ids=[u[0] for u in UNKNOWN])
def test_an_unknown_name_is_not_allowed_and_the_nearest_is_told(
    house: Deployment, tool: str, arguments: Json, near: str
) -> None:
    outcome = ask(house, tool, arguments, f"unknown-{tool}")
    assert isinstance(outcome, Refused | Held)
    assert near in outcome.message
    if isinstance(outcome, Refused) and outcome.code != "blocked":
        assert outcome.code == "not_found"
    else:
        assert outcome.verdict is not None
        assert outcome.verdict.decision is not Decision.ALLOW


@pytest.mark.parametrize("query", ["search index=auth | frobnicate", "search index=auth (", "search index=auth | ``"])
@pytest.mark.req("R2")
def test_a_search_that_cannot_be_read_is_not_run(house: Deployment, query: str) -> None:
    assert not isinstance(ask(house, "splunk_run_query", {"query": query}, f"spl {query}"), Released)


def test_after_all_that_the_record_is_whole_and_the_next_call_works(house: Deployment) -> None:
    for tool, arguments, _ in MALFORMED[:3]:
        ask(house, tool, arguments, "afterwards")
    assert isinstance(ask(house, "splunk_get_info", {}, "afterwards"), Released)
    assert problems(house.office.ledger, house.settings.state_dir) == []


# --- data files -------------------------------------------------------------------------------

Deploy = Callable[..., Deployment]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundled_dir("data"), tmp_path / "data"))


def first_file(directory: Path) -> Path:
    return min(p for p in directory.iterdir() if p.is_file())


BROKEN = [
    ("knowledge", "{"),
    ("knowledge", '[{"kind": "macro"}]'),
    ("knowledge", "\xff"),
    ("assets.json", "[{]"),
    ("assets.json", '[{"name": 5}]'),
    ("teams.json", '[{"name": 5}]'),
    ("MANIFEST.json", "{"),
    ("MANIFEST.json", '{"now": "noon"}'),
    ("MANIFEST.json", '{"now": 1, "now": 2}'),
]


@pytest.mark.parametrize(("part", "text"), BROKEN)
def test_a_deployment_does_not_open_on_a_broken_data_file_and_names_it(
    deploy: Deploy, data: Path, part: str, text: str
) -> None:
    path = data / part if (data / part).is_file() else first_file(data / part)
    path.write_text(text, encoding="latin-1")
    with pytest.raises(DataError) as caught:
        deploy(data_dir=data)
    assert path.name in caught.value.file
    assert caught.value.location
    assert caught.value.problem


def test_a_deployment_does_not_open_without_its_data(deploy: Deploy, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="AGENTGATE_DATA_DIR"):
        deploy(data_dir=tmp_path / "nothing")


@pytest.mark.parametrize(
    ("part", "text", "tool", "arguments"),
    [
        ("cases", "{", "telemetry_get_case", {"case_id": "1002"}),
        ("cases", '{"case_id": 5}', "telemetry_list_cases", {}),
        ("threatintel", "{", "threatintel_enrich", {"indicator": "203.0.113.45"}),
        ("runbooks", "---\nx: [\n", "knowledge_search_runbooks", {"query": "dns"}),
        ("telemetry", '{"_time": \n', "splunk_run_query", {"query": "search index=auth | head 1"}),
    ],
)
def test_a_call_that_meets_a_broken_data_file_is_refused_with_its_name_and_place(
    deploy: Deploy, data: Path, part: str, text: str, tool: str, arguments: Json
) -> None:
    path = first_file(data / part)
    path.write_text(text)
    deployment = deploy(data_dir=data)
    outcome = ask(deployment, tool, arguments, "p")
    assert isinstance(outcome, Refused)
    assert outcome.code == "data"
    assert path.name in outcome.message
    assert str(data) not in outcome.message
    entries = settled(deployment.office.ledger)
    assert path.name in str(entries[-1].payload)
    assert problems(deployment.office.ledger, deployment.settings.state_dir) == []
