"""What searches take is on record, and the record is evidence for the next estimate."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from agentgate_mcp.compose import Deployment
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.gate.cost_past import history_of
from agentgate_mcp.gate.cost_shape import shape_of
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.usage import KEPT, past_searches
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Released

Deploy = Callable[..., Deployment]


def search(deployment: Deployment, query: str) -> Released:
    arguments: dict[str, Json] = {"query": query, "earliest_time": "-24h", "row_limit": 3}
    request = CallRequest(tool="splunk_run_query", arguments=arguments, principal="p", agent_id="agent")
    found = anyio.run(deployment.dispatcher.execute, request)
    assert isinstance(found, Released)
    return found


@pytest.mark.req("cost.recorded", "R3")
def test_each_search_of_a_call_is_on_record_with_what_it_took(deploy: Deploy) -> None:
    deployment = deploy()
    found = search(deployment, "search index=auth user=*")
    (past,) = past_searches(deployment.office.ledger)
    assert past.query == "search index=auth user=*"
    assert past.events == found.result["scanned_events"]
    assert past.seconds > 0
    assert "run_seconds" not in found.result


@pytest.mark.req("cost.recorded")
def test_calls_without_a_search_record_no_use(deploy: Deploy) -> None:
    deployment = deploy()
    request = CallRequest(tool="splunk_get_info", arguments={}, principal="p", agent_id="agent")
    anyio.run(deployment.dispatcher.execute, request)
    entries = [*deployment.office.ledger.entries(kinds=frozenset({EntryKind.OUTCOME}))]
    assert entries
    assert not any("searches" in entry.payload for entry in entries)
    assert past_searches(deployment.office.ledger) == ()


@pytest.mark.req("cost.history", "cost.recorded", "R4")
def test_the_next_world_prices_a_shape_by_its_own_past(deploy: Deploy) -> None:
    deployment = deploy()
    for name in "abcdef":
        search(deployment, f"search index=auth user={name}*")
    world = deployment.worlds.current()
    assert not world.cost.history.shapes
    past = past_searches(deployment.office.ledger)
    assert len(past) == 6 <= KEPT
    found = history_of(past, world.knowledge, world.cost)
    assert [*found.shapes] == [shape_of("index=auth user=x", world.knowledge)]
    assert found == history_of(past_searches(deployment.office.ledger), world.knowledge, world.cost)
