"""What a verdict tells people and models: each reason once, with its values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentgate_mcp.dispatch.preview import OfflineJudge
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.gate.policy.compiled import PolicyLibrary
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Verdict

pytestmark = pytest.mark.req("policy.reasons")
NOW = 1_795_000_000.0


def verdict(offline: OfflineJudge, tool: str, arguments: dict[str, Json]) -> Verdict:
    request = CallRequest(tool=tool, arguments=arguments, principal="p", agent_id="a")
    return offline.judge(request, session=SessionState.empty(), as_of=NOW)[0]


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
def test_a_reason_is_told_once_with_its_value(offline: OfflineJudge, query: str, told: str) -> None:
    found = verdict(offline, "splunk_run_query", {"query": query, "earliest_time": "-1h"})
    assert found.decision.name != "ALLOW"
    said = [r.split(": ", 1)[1] if r.startswith("POL-") else r for r in found.reasons]
    assert len(set(said)) == len(said)
    assert sum(told in r for r in found.reasons) == 1


def test_a_real_action_is_told_once(offline: OfflineJudge) -> None:
    arguments: dict[str, Json] = {
        "action": "isolate_host", "target": "wks-031", "reason": "x", "simulate_response": False
    }  # fmt: skip
    found = verdict(offline, "response_request_action", arguments)
    assert [r for r in found.reasons if "is real" in r] == ["POL-013: The action on wks-031 is real."]


@pytest.mark.req("R2")
def test_no_library_and_no_mode_softens_an_invariant(offline: OfflineJudge) -> None:
    library = offline.world.policies
    shadowed = tuple(replace(p, file=p.file.model_copy(update={"mode": "shadow"})) for p in library.policies)
    for policies in ((), shadowed):
        soft = replace(offline, world=replace(offline.world, policies=PolicyLibrary(policies=policies)))
        for tool, arguments, decision in (
            ("no_such_tool", {}, "BLOCK"),
            ("splunk_run_query", {"query": 'search index=auth "broken'}, "BLOCK"),
            ("propose_delete_saved_search", {"name": "No Such Search", "reason": "x"}, "BLOCK"),
            ("splunk_run_query", {"query": "search index=auth `nosuchmacro`"}, "REQUIRE_APPROVAL"),
        ):
            assert verdict(soft, tool, dict[str, Json](arguments)).decision.name == decision
