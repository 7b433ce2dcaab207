"""What a verdict tells people and models: each reason once, with its values."""

from __future__ import annotations

import pytest

from agentgate_mcp import config
from agentgate_mcp.compose import offline_judge
from agentgate_mcp.dispatch.preview import OfflineJudge
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Verdict

pytestmark = pytest.mark.req("policy.reasons")
NOW = 1_795_000_000.0


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> OfflineJudge:
    return offline_judge(config.load(environ={"AGENTGATE_STATE_DIR": str(tmp_path_factory.mktemp("state"))}))


def verdict(judge: OfflineJudge, tool: str, arguments: dict[str, Json]) -> Verdict:
    request = CallRequest(tool=tool, arguments=arguments, principal="p", agent_id="a")
    return judge.judge(request, session=SessionState.empty(), as_of=NOW)[0]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("search index=auth | outputlookup seen.csv", "POL-004: The search writes: outputlookup:seen.csv."),
        ("search index=auth | delete", "POL-004: The search uses delete, which destroys"),
        ("search index=auth | ai prompt=x", "POL-015: The search sends rows out of Splunk through ai."),
        ("| rest /services/storage/passwords", "gives out credentials."),
        ("search index=auth | collect index=_audit", "POL-009: The search writes to collect:index=_audit"),
        ("search index=auth | nosuchcommand", "Unknown search command: nosuchcommand."),
        ("search index=auth `nosuchmacro`", "Not known here, so not judged: macro:nosuchmacro"),
    ],
)
def test_a_reason_is_told_once_with_its_value(judge: OfflineJudge, query: str, told: str) -> None:
    found = verdict(judge, "splunk_run_query", {"query": query, "earliest_time": "-1h"})
    assert found.decision.name != "ALLOW"
    said = [r.split(": ", 1)[1] if r.startswith("POL-") else r for r in found.reasons]
    assert len(set(said)) == len(said)
    assert sum(told in r for r in found.reasons) == 1


def test_a_real_action_is_told_once(judge: OfflineJudge) -> None:
    arguments: dict[str, Json] = {
        "action": "isolate_host", "target": "wks-031", "reason": "x", "simulate_response": False
    }  # fmt: skip
    found = verdict(judge, "response_request_action", arguments)
    assert [r for r in found.reasons if "is real" in r] == ["POL-013: The action on wks-031 is real."]
