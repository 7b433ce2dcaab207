"""Slow erosion through the whole gate: executed changes add up until an operator has seen them."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from agentgate_mcp.approvals.operators import Role
from agentgate_mcp.compose import Deployment
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import BlastRadiusFacts
from agentgate_mcp.model.verdict import Held, Outcome, Released
from tests.unit.dispatch.conftest import REASON

pytestmark = pytest.mark.req("graph.erosion", "R6")
FILTER = "endpoint_log_clearing_filter"


def exclude(deployment: Deployment, count: int) -> Outcome:
    names = ", ".join(f'"wks-{n:03}"' for n in range(count))
    arguments: dict[str, Json] = {
        "name": FILTER,
        "settings": {"definition": f"search NOT host IN ({names})"},
        "reason": REASON,
    }
    request = CallRequest(
        tool="propose_modify_macro",
        arguments=arguments,
        principal="ann",
        agent_id="engineer-soc",
        raw_user_prompt=f"Please modify the macro {FILTER} so that it excludes host IN ({names}).",
    )
    return anyio.run(deployment.dispatcher.execute, request)


def test_the_fifth_host_excluded_waits_for_a_person_who_sees_all_five(deploy: Callable[..., Deployment]) -> None:
    deployment = deploy()
    token = deployment.office.operators.add("olga", roles=[Role.APPROVER])
    for count in range(1, 5):
        assert isinstance(exclude(deployment, count), Released)
    held = exclude(deployment, 5)
    assert isinstance(held, Held)
    facts = next(s.facts for s in held.verdict.stages if isinstance(s.facts, BlastRadiusFacts))
    assert facts.change is not None
    assert [a.rpartition("/")[2] for a in facts.change.accumulated] == [FILTER]
    assert any("wks-000, wks-001, wks-002 and 2 more" in x.detail for x in facts.change.losses)
    deployment.office.approvals.approve(held.finding_id, token, "seen")
    resume = CallRequest(
        tool="gate_resume", arguments={"finding_id": held.finding_id}, principal="ann", agent_id="engineer-soc"
    )
    assert isinstance(anyio.run(deployment.dispatcher.execute, resume), Released)
    # What was approved is where the next one counts from.
    assert isinstance(exclude(deployment, 6), Released)
    assert list(deployment.worlds.current().accepted.forms) == [("macro", "northmere_detections", FILTER)]
