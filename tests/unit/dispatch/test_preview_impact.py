"""`gate_preview` tells what a change would break, readably, and changes nothing."""

from __future__ import annotations

import anyio
import pytest

from agentgate_mcp.compose import open_deployment
from agentgate_mcp.config import load
from agentgate_mcp.dispatch.desk import IMPACT_LINES
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.model.verdict import Released

SOLE = "Identity - Directory Replication By Non-Controller"


def preview(state, tool: str, arguments: dict):
    with open_deployment(load(None, {"AGENTGATE_STATE_DIR": str(state), "ENABLE_LLM": "0"})) as deployment:
        call = CallRequest(
            tool="gate_preview",
            arguments={"tool": tool, "arguments": arguments},
            principal="dana",
            agent_id="engineer-soc",
            raw_user_prompt=None,
        )
        outcome = anyio.run(deployment.dispatcher.execute, call)
        assert isinstance(outcome, Released), outcome
        return outcome.result


@pytest.mark.req("graph.outline")
def test_a_previewed_change_is_told_as_a_tree(tmp_path) -> None:
    said = preview(tmp_path, "propose_disable_saved_search", {"name": SOLE, "reason": "noise"})
    told = said["impact"]
    assert said["decision"] == "BLOCK"
    assert told[0] == f"disable saved_search:{SOLE}"
    assert any("T1003.006 OS Credential Dumping: DCSync: 1 → 0, none left" in line for line in told)
    assert any("dc01 (critical, owner identity, declared): 1 → 0, none left" in line for line in told)
    assert len(told) < 6 * (IMPACT_LINES + 2)


@pytest.mark.req("graph.outline")
def test_a_previewed_read_breaks_nothing_and_says_nothing(tmp_path) -> None:
    said = preview(tmp_path, "splunk_run_query", {"query": "search index=auth | stats count", "earliest_time": "-1h"})
    assert said["impact"] == []


@pytest.mark.req("provenance.facts")
def test_a_preview_tells_which_of_the_three_bits_are_set(tmp_path) -> None:
    said = preview(tmp_path, "propose_disable_saved_search", {"name": SOLE, "reason": "noise"})
    assert said["conversation"] == ["sensitive data is in reach", "the call changes or sends something"]
    assert preview(tmp_path, "splunk_get_info", {})["conversation"] == []
