"""R3: an outcome says `unknown` exactly when the effect may have happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import anyio
import pytest

from agentgate_mcp.canonical import digest
from agentgate_mcp.compose import Deployment
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.effects import effects_of
from agentgate_mcp.errors import BackendError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Outcome, Refused
from agentgate_mcp.tools.definition import ToolContext
from agentgate_mcp.tools.splunk import Listing

pytestmark = pytest.mark.req("R3", "dispatch.spent-permit")
TICKET: dict[str, Json] = {"action": "create_ticket", "target": "SOC", "reason": "r", "simulate_response": False}
PROMPT = "please create a ticket for SOC"


def endings(deploy: Callable[..., Deployment], body: Callable[..., Any]) -> tuple[Outcome, list[Json]]:
    deployment = deploy()

    async def wrapped(_args: object, ctx: ToolContext) -> Any:
        return body(deployment, ctx)

    tools = deployment.dispatcher.parts.tools
    tools["response_request_action"] = replace(tools["response_request_action"], body=wrapped)  # type: ignore[index]
    request = CallRequest(
        tool="response_request_action", arguments=TICKET, principal="p", agent_id="a", raw_user_prompt=PROMPT
    )
    outcome = anyio.run(deployment.dispatcher.execute, request)
    entries = deployment.office.ledger.entries(kinds=frozenset({EntryKind.OUTCOME}))
    return outcome, [e.payload["status"] for e in entries]


def spend(deployment: Deployment, ctx: ToolContext) -> None:
    assert ctx.permit is not None
    effects = effects_of(ctx.call.tool_name, ctx.call.arguments).to_json()
    deployment.permits.spend(ctx.permit, digest=digest(effects))


def failing_after(deployment: Deployment, ctx: ToolContext) -> Any:
    spend(deployment, ctx)
    raise BackendError("the answer was lost")


def failing_before(_deployment: Deployment, _ctx: ToolContext) -> Any:
    raise BackendError("refused at the door")


def too_large_after(deployment: Deployment, ctx: ToolContext) -> Any:
    spend(deployment, ctx)
    return Listing(results=tuple({"t": "x" * 1000} for _ in range(1000)), total=1000)


@pytest.mark.parametrize(
    ("body", "status"), [(failing_after, "unknown"), (failing_before, "error"), (too_large_after, "unknown")]
)
def test_the_outcome_tells_whether_the_effect_may_have_happened(
    deploy: Callable[..., Deployment], body: Callable[..., Any], status: str
) -> None:
    outcome, statuses = endings(deploy, body)
    assert isinstance(outcome, Refused)
    assert statuses == [status]
