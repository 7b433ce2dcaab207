"""R12: what a model reads is bounded in rows, bytes and kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

from agentgate_mcp.compose import Deployment
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import CostFacts
from agentgate_mcp.model.verdict import Held, Outcome, Refused, Released
from agentgate_mcp.tools.definition import ToolContext
from agentgate_mcp.tools.splunk import Listing

pytestmark = pytest.mark.req("R12")
Deploy = Callable[..., Deployment]


def execute(deployment: Deployment, tool: str, arguments: dict[str, Json], agent: str = "agent") -> Outcome:
    request = CallRequest(tool=tool, arguments=arguments, principal="p", agent_id=agent)
    return anyio.run(deployment.dispatcher.execute, request)


def giving(deployment: Deployment, rows: list[dict[str, Json]]) -> None:
    """Make `splunk_get_info` give ``rows``."""

    async def body(_args: object, _ctx: ToolContext) -> Any:
        return Listing(results=tuple(rows), total=len(rows))

    tools = deployment.dispatcher.parts.tools
    tools["splunk_get_info"] = replace(tools["splunk_get_info"], body=body)  # type: ignore[index]


def test_a_search_gives_no_more_rows_than_asked_for_and_says_that_it_was_cut(deploy: Deploy) -> None:
    found = execute(deploy(), "splunk_run_query", {"query": "search index=network src=10.*", "row_limit": 7})
    assert isinstance(found, Released)
    assert found.result["row_count"] == 7
    assert "row limit" in str(found.result["partial"])


def test_every_search_runs_under_a_guard(deploy: Deploy) -> None:
    found = execute(deploy(), "splunk_run_query", {"query": "search index=auth | stats count", "row_limit": 1000})
    assert isinstance(found, Released)
    cost = next(s.facts for s in found.verdict.stages if isinstance(s.facts, CostFacts))
    assert cost.guard is not None
    assert min(cost.guard.max_rows, cost.guard.max_bytes, cost.guard.max_time_s) > 0


def test_a_result_that_is_too_large_is_not_released(deploy: Deploy) -> None:
    deployment = deploy()
    giving(deployment, [{"text": "x" * 1000} for _ in range(1000)])
    found = execute(deployment, "splunk_get_info", {})
    assert isinstance(found, Refused)
    assert "more than can be released" in found.message


@pytest.mark.req("R8")
def test_secrets_in_results_reach_neither_the_model_nor_the_record(deploy: Deploy) -> None:
    deployment = deploy()
    secret = "AKIA" + "ABCDEFGHIJKLMNOP"
    giving(deployment, [{"command": f"aws configure set aws_access_key_id {secret}", "password": "hunter-two-22"}])
    found = execute(deployment, "splunk_get_info", {})
    assert isinstance(found, Released)
    shown = str(found.result) + "".join(str(e.payload) for e in deployment.office.ledger.entries())
    assert secret not in shown
    assert "hunter-two-22" not in shown


@pytest.mark.parametrize(
    "query",
    [
        "| rest /services/storage/passwords",
        "| rest /servicesNS/-/-/storage/passwords splunk_server=local",
        "search index=auth | append [| rest /services/storage/passwords]",
    ],
)
def test_credential_endpoints_are_never_read(deploy: Deploy, query: str) -> None:
    found = execute(deploy(), "splunk_run_query", {"query": query})
    assert isinstance(found, Refused)
    assert found.verdict is not None
    assert "POL-017" in found.verdict.policies


def test_rows_over_the_days_budget_need_a_person(deploy: Deploy) -> None:
    deployment = deploy()
    judge: Any = deployment.dispatcher.parts.judge
    world = judge._world.current()
    small = {"agent": replace(world.agent("agent"), rows_per_day=20)}

    class Narrow:
        def current(self) -> Any:
            return replace(world, agents=small)

    judge._world = Narrow()
    query: dict[str, Json] = {"query": "search index=network src=10.*", "row_limit": 15}
    assert isinstance(execute(deployment, "splunk_run_query", query), Released)
    assert isinstance(execute(deployment, "splunk_run_query", query), Released)
    held = execute(deployment, "splunk_run_query", query)
    assert isinstance(held, Held)
    assert held.verdict.policies == ("POL-017",)
