"""Calls, sessions and contexts for the tests of provenance and injection stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from agentgate_mcp.effects import effects_of
from agentgate_mcp.gate import provenance
from agentgate_mcp.gate.context import Budget, StageContext
from agentgate_mcp.gate.injection import stage as injection
from agentgate_mcp.gate.output import scan_output
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.gate.world import World
from agentgate_mcp.model.call import Json, ToolCall, ToolSpec
from agentgate_mcp.model.decision import ParamRole, SideEffect
from agentgate_mcp.model.facts import InjectionFacts, ProvenanceFacts
from agentgate_mcp.model.site import Asset, KnowledgeObject
from tests.unit.blast.worlds import NOW, world_of

ASSET = Asset(
    asset_id="wks-031",
    hostnames=("wks-031", "wks-031.corp.example"),
    addresses=("10.20.30.31",),
    role="workstation",
    criticality="medium",
    tags=(),
    owner_team="soc",
)
_SINK, _SELECTOR, _BODY = ParamRole.SINK, ParamRole.SELECTOR, ParamRole.BODY
SPECS: Mapping[str, ToolSpec] = {
    spec.name: spec
    for spec in (
        ToolSpec(name="splunk_run_query", side_effect=SideEffect.READ, toolset="splunk", roles={"query": _SELECTOR}),
        ToolSpec(
            name="response_request_action",
            side_effect=SideEffect.RESPOND,
            toolset="response",
            roles={"action": _SELECTOR, "reason": _BODY, "case_id": _SELECTOR, "simulate_response": _SELECTOR},
        ),
        *(
            ToolSpec(
                name=name,
                side_effect=SideEffect.PROPOSE,
                toolset="propose",
                roles={"reason": _BODY, "settings": _BODY, "app": _SELECTOR},
            )
            for name in ("propose_disable_saved_search", "propose_modify_saved_search", "propose_modify_lookup")
        ),
        ToolSpec(name="propose_change_set", side_effect=SideEffect.PROPOSE, toolset="propose", roles={"reason": _BODY}),
        ToolSpec(name="send_email", side_effect=SideEffect.EGRESS),
        ToolSpec(name="wipe_everything", side_effect=SideEffect.PROPOSE),
    )
}


@cache
def _world() -> World:
    return world_of((), [ASSET])


def context(
    tool: str,
    arguments: Mapping[str, Json],
    *,
    prompt: str | None = None,
    passed: Sequence[str] = (),
    session: SessionState | None = None,
    objects: Sequence[KnowledgeObject] = (),
    as_of: float = NOW,
    steps: int = 2_000_000,
) -> StageContext:
    call = ToolCall(
        call_id="call",
        parent_id=None,
        principal="p",
        agent_id="a",
        tool_name=tool,
        arguments=dict(arguments),
        raw_user_prompt=prompt,
        incoming_context=tuple(passed),
        digest="0" * 64,
    )
    return StageContext(
        call=call,
        spec=SPECS.get(tool),
        effects=effects_of(tool, dict(arguments)),
        session=session or SessionState.empty(),
        world=world_of(objects, [ASSET]) if objects else _world(),
        as_of=as_of,
        budget=Budget(steps),
    )


def judged(ctx: StageContext) -> tuple[InjectionFacts, ProvenanceFacts]:
    """Both stages, in their order."""
    first = injection.run(ctx).facts
    assert isinstance(first, InjectionFacts)
    ctx.injection = first
    second = provenance.run(ctx).facts
    assert isinstance(second, ProvenanceFacts)
    return first, second


def facts(tool: str, arguments: Mapping[str, Json], **more: object) -> ProvenanceFacts:
    return judged(context(tool, arguments, **more))[1]  # type: ignore[arg-type]


def having_read(*results: tuple[str, Mapping[str, Json]], at: float = NOW - 60) -> SessionState:
    """A session that has read the given (tool, result) pairs."""
    state = SessionState.empty()
    for number, (tool, result) in enumerate(results):
        state = state.apply(scan_output(tool, f"r{number}", result, at=at, frame="f").event)
    return state
