"""What an agent may reach: its own limits, and those of the agent it says it is on top."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentgate_mcp.dispatch.preview import OfflineJudge
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.gate.world import AgentProfile
from agentgate_mcp.model.verdict import Verdict

pytestmark = pytest.mark.req("policy.scope")
AGENTS = {
    "wide": AgentProfile(agent_id="wide", team="soc-detect"),
    "net": AgentProfile(agent_id="net", team="network", indexes=("network", "proxy")),
    "mail": AgentProfile(agent_id="mail", indexes=("email",)),
    "reader": AgentProfile(agent_id="reader", read_only=True),
}


@pytest.fixture
def judge(offline: OfflineJudge) -> OfflineJudge:
    return replace(offline, world=replace(offline.world, agents=AGENTS))


def verdict(judge: OfflineJudge, tool: str, arguments: dict[str, object], agent: str, asserted: str = "") -> Verdict:
    request = CallRequest(
        tool=tool,
        arguments=arguments,
        principal="p",
        agent_id=agent,
        asserted_agent=asserted,  # type: ignore[arg-type]
    )
    return judge.judge(request, session=SessionState.empty(), as_of=1_795_000_000.0)[0]


SEARCH = {"query": "search index=auth action=failure | stats count by user"}
TICKET = {"action": "create_ticket", "target": "SOC", "reason": "routine"}


def test_an_index_outside_the_scope_is_blocked(judge: OfflineJudge) -> None:
    assert verdict(judge, "splunk_run_query", SEARCH, "wide").decision.name == "ALLOW"
    refused = verdict(judge, "splunk_run_query", SEARCH, "net")
    assert (refused.decision.name, refused.policies) == ("BLOCK", ("POL-016",))


def test_a_claimed_agent_narrows_and_never_widens(judge: OfflineJudge) -> None:
    assert verdict(judge, "splunk_run_query", SEARCH, "wide", "net").decision.name == "BLOCK"
    assert verdict(judge, "splunk_run_query", SEARCH, "net", "wide").decision.name == "BLOCK"
    assert verdict(judge, "splunk_run_query", SEARCH, "wide", "nobody").decision.name == "ALLOW"


def test_two_limits_without_a_common_index_leave_nothing(judge: OfflineJudge) -> None:
    for index in ("network", "email"):
        query = {"query": f"search index={index} src=10.20.30.31 | stats count"}
        assert verdict(judge, "splunk_run_query", query, "net", "mail").decision.name == "BLOCK"


@pytest.mark.req("R2")
def test_a_read_only_agent_has_no_effects_whoever_it_says_it_is(judge: OfflineJudge) -> None:
    for agent, asserted in (("reader", ""), ("reader", "wide"), ("wide", "reader")):
        found = verdict(judge, "response_request_action", TICKET, agent, asserted)
        assert found.decision.name == "BLOCK"
