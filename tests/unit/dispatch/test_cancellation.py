"""A call that is cancelled, wherever it is, ends on record once and leaves nothing half done."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import anyio
import pytest

from agentgate_mcp.compose import Deployment
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Held, Outcome, Refused, Released
from agentgate_mcp.tools.definition import Output, ToolContext
from tests.unit.dispatch.conftest import VALID
from tests.unit.dispatch.endings import endings, problems, settled
from tests.unit.dispatch.stepping import WAYS, Way, at_every_suspension

pytestmark = [pytest.mark.req("dispatch.cancellation", "R3"), pytest.mark.parametrize("way", WAYS)]
MACRO = "network_long_dns_names_filter"


def request(tool: str, who: str, arguments: Json = None, **more: Any) -> CallRequest:
    """Of a principal of its own, so that no session, breaker or finding is shared."""
    return CallRequest(
        tool=tool, arguments=VALID[tool] if arguments is None else arguments, principal=who, agent_id="analyst-network",
        **more,
    )  # fmt: skip


def slug(who: str) -> str:
    return "".join(c for c in who if c.isalnum())


def change(who: str) -> CallRequest:
    """A change that the gate allows: the user named its object, the agent is of its team, nothing is lost."""
    definition = f"search * ```{slug(who)}```"
    arguments: Json = {"name": MACRO, "settings": {"definition": definition}, "reason": "tuning"}
    return request("propose_modify_macro", who, arguments, raw_user_prompt=f"set the macro {MACRO} to {definition}")


def held(who: str) -> CallRequest:
    return request("splunk_run_query", who, {"query": f"search index=* {slug(who)}", "earliest_time": "-30d"})


REQUESTS: dict[str, tuple[Callable[[str], CallRequest], type[Outcome]]] = {
    "a read": (lambda who: request("splunk_get_info", who), Released),
    "a change": (change, Released),
    "a held call": (held, Held),
    "a blocked call": (
        lambda who: request("splunk_run_query", who, {"query": "search index=auth | delete"}),
        Refused,
    ),
    "an unknown tool": (lambda who: request("no_such_tool", who, {}), Refused),
    "a malformed call": (lambda who: request("splunk_get_info", who, {"x": 1}), Refused),
    "a failing call": (lambda who: request("telemetry_get_case", who, {"case_id": "0"}), Refused),
    "a preview": (lambda who: request("gate_preview", who), Released),
}


def ended_once(deployment: Deployment, who: str) -> None:
    """What ``who`` did is on record and over."""
    counted = endings(e for e in settled(deployment.office.ledger) if e.principal == who)
    assert counted
    assert set(counted.values()) == {1}, counted
    assert not [i for i in deployment.office.ledger.orphans() if i.principal == who]


@pytest.fixture(scope="module")
def olga(house: Deployment) -> str:
    return house.office.operators.add("olga", roles=["approver"])


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_call_cancelled_at_any_suspension_ends_once(house: Deployment, kind: str, way: Way) -> None:
    make, expected = REQUESTS[kind]

    async def work(nth: int) -> Coroutine[Any, Any, Outcome]:
        return house.dispatcher.execute(make(f"{kind}/{way}/{nth}"))

    async def after(nth: int) -> None:
        ended_once(house, f"{kind}/{way}/{nth}")

    cancelled, outcome = anyio.run(at_every_suspension, way, work, after)
    assert cancelled >= 1
    assert isinstance(outcome, expected)
    assert problems(house.office.ledger, house.settings.state_dir) == []


@pytest.mark.req("R6")
def test_a_resume_cancelled_at_any_suspension_ends_once(house: Deployment, olga: str, way: Way) -> None:
    async def work(nth: int) -> Coroutine[Any, Any, Outcome]:
        arguments = {**VALID["response_request_action"], "target": f"198.51.100.{nth}", "simulate_response": False}
        outcome = await house.dispatcher.execute(request("response_request_action", f"{way}/{nth}", arguments))
        assert isinstance(outcome, Held)
        house.office.approvals.approve(outcome.finding_id, olga, "seen")
        return house.dispatcher.execute(request("gate_resume", f"{way}/{nth}", {"finding_id": outcome.finding_id}))

    async def after(nth: int) -> None:
        ended_once(house, f"{way}/{nth}")

    cancelled, outcome = anyio.run(at_every_suspension, way, work, after)
    assert cancelled >= 4
    assert isinstance(outcome, Released)
    assert outcome.result["status"] == "released"
    assert problems(house.office.ledger, house.settings.state_dir) == []


class Nothing(Output):
    said: tuple[str, ...]


async def nesting(_args: object, ctx: ToolContext) -> Nothing:
    """A body that reads and changes through calls of its own."""
    definition = ctx.call.raw_user_prompt.rpartition(" to ")[2] if ctx.call.raw_user_prompt else ""
    said = [
        await ctx.caller.call("splunk_get_info", {}),
        await ctx.caller.call(
            "propose_modify_macro", {"name": MACRO, "settings": {"definition": definition}, "reason": "tuning"}
        ),
        await ctx.caller.call("splunk_run_query", {"query": "search index=*", "earliest_time": "-30d"}),
    ]
    return Nothing(said=tuple(type(outcome).__name__ for outcome in said))


def test_a_nested_call_cancelled_at_any_suspension_ends_once_and_so_does_its_parent(
    house: Deployment, way: Way
) -> None:
    tools = house.dispatcher.parts.tools
    tools["prompt_triage"] = replace(tools["prompt_triage"], body=nesting)  # type: ignore[index]

    async def work(nth: int) -> Coroutine[Any, Any, Outcome]:
        return house.dispatcher.execute(
            request("prompt_triage", f"nest/{way}/{nth}", raw_user_prompt=change(f"nest{way}{nth}").raw_user_prompt)
        )

    async def after(nth: int) -> None:
        ended_once(house, f"nest/{way}/{nth}")

    cancelled, outcome = anyio.run(at_every_suspension, way, work, after)
    assert cancelled >= 10
    assert isinstance(outcome, Released)
    assert "Released" in str(outcome.result)
    assert "Held" in str(outcome.result)
    assert problems(house.office.ledger, house.settings.state_dir) == []
