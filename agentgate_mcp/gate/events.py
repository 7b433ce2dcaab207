"""What a call adds to its principal's session, from the call and its verdict alone."""

from __future__ import annotations

from agentgate_mcp.effects import effects_of
from agentgate_mcp.gate.output import context_read
from agentgate_mcp.model.call import ToolCall
from agentgate_mcp.model.facts import CostFacts
from agentgate_mcp.model.session import CallJudged, PromptGiven, SessionEvent
from agentgate_mcp.model.verdict import Verdict


def judged_events(call: ToolCall, verdict: Verdict, *, at: float, executed: bool) -> tuple[SessionEvent, ...]:
    """The prompt and the context that came with the call, and the verdict on it.

    Targets count towards mass change only when the call is ``executed``."""
    events: list[SessionEvent] = []
    if call.raw_user_prompt:
        events.append(PromptGiven.of(at=at, call_id=call.call_id, text=call.raw_user_prompt))
    if call.incoming_context:
        events.append(context_read(call.call_id, call.incoming_context, at=at))
    cost = next((s.facts for s in verdict.stages if isinstance(s.facts, CostFacts)), CostFacts())
    events.append(
        CallJudged(
            at=at,
            call_id=call.call_id,
            agent_id=call.agent_id,
            tool=call.tool_name,
            decision=verdict.decision.name,
            severity=verdict.severity.label,
            targets=effects_of(call.tool_name, call.arguments).targets if executed else (),
            cost_score=cost.score,
            nested=call.parent_id is not None,
        )
    )
    return tuple(events)
