"""Switching a search on is judged by what it then does."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentgate_mcp import config
from agentgate_mcp.compose import offline_judge
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject

pytestmark = pytest.mark.req("blast.search", "R2")


@pytest.mark.parametrize(("search", "decision"), [("index=auth | delete", "BLOCK"), ("index=auth | head 1", "ALLOW")])
def test_a_disabled_search_that_is_enabled_counts_as_new(tmp_path: Path, search: str, decision: str) -> None:
    judge = offline_judge(config.load(environ={"AGENTGATE_STATE_DIR": str(tmp_path)}))
    content: dict[str, Json] = {
        "search": search,
        "is_scheduled": True,
        "cron_schedule": "0 6 * * *",
        "dispatch.earliest_time": "-1h",
    }
    sleeping = KnowledgeObject(
        kind="saved_search",
        name="Sleeping",
        app="northmere_detections",
        owner="a.lund",
        sharing="app",
        team="soc-detect",
        disabled=True,
        content=content,
    )
    arguments: dict[str, Json] = {"name": "Sleeping", "settings": {"disabled": "0"}, "reason": "needed again"}
    request = CallRequest(
        tool="propose_modify_saved_search",
        arguments=arguments,
        principal="p",
        agent_id="engineer-soc",
        raw_user_prompt="enable the saved search Sleeping",
    )
    verdict, _ = judge.judge(request, session=SessionState.empty(), as_of=1_795_000_000.0, extra=(sleeping,))
    assert verdict.decision.name == decision
