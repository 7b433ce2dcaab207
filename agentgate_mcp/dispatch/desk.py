"""What tools may ask of dispatch: nested calls, previews, the state of a finding, a resume."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import anyio
from anyio import to_thread

from agentgate_mcp.approvals.facts_view import cost_lines
from agentgate_mcp.dispatch.executor import Dispatcher, no_progress
from agentgate_mcp.dispatch.request import CallRequest, checked_call, new_call_id
from agentgate_mcp.effects import effects_of
from agentgate_mcp.errors import ApprovalError, NotFoundError
from agentgate_mcp.graph.outline import lines, outline, told_facts
from agentgate_mcp.graph.tactics import attack_table
from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.decision import Decision
from agentgate_mcp.model.facts import BlastRadiusFacts, CostFacts, ProvenanceFacts
from agentgate_mcp.model.verdict import Finding, FindingStatus, Outcome, Refused, Verdict
from agentgate_mcp.tools.definition import Progress

_POLL_S = 0.25
IMPACT_LINES = 5
"""Lines under each branch of a previewed impact: a model reads them, and pays for them."""


@dataclass(frozen=True, slots=True)
class NestedCaller:
    """Calls on behalf of a running call: same requester, the parent's id on every record."""

    dispatcher: Dispatcher
    parent: ToolCall
    progress: Progress = no_progress

    async def call(self, tool: str, arguments: Mapping[str, Json]) -> Outcome:
        if tool in ("investigate_case", "gate_resume"):
            return Refused(call_id=self.parent.call_id, code="nesting", message=f"{tool} cannot be called by a tool")
        return await self.dispatcher.execute(
            CallRequest(
                tool=tool,
                arguments=dict(arguments),
                principal=self.parent.principal,
                agent_id=self.parent.agent_id,
                raw_user_prompt=self.parent.raw_user_prompt,
                asserted_agent=self.parent.asserted_agent,
                parent_id=self.parent.call_id,
            )
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """The gate's own tools, served. None of this approves anything (R6)."""

    dispatcher: Dispatcher

    async def preview(self, parent: ToolCall, tool: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """The verdict that a call would get now, executed by nobody, recorded as a preview."""
        parts = self.dispatcher.parts
        definition = parts.tools.get(tool)
        if definition is None:
            raise NotFoundError("tool", tool, nearest(tool, list(parts.tools)))
        request = CallRequest(
            tool=tool,
            arguments=dict(arguments),
            principal=parent.principal,
            agent_id=parent.agent_id,
            raw_user_prompt=parent.raw_user_prompt,
            incoming_context=parent.incoming_context,
            asserted_agent=parent.asserted_agent,
            parent_id=parent.call_id,
        )
        call = checked_call(definition, request, new_call_id())
        judged = await parts.judge.judge(call, parts.clock())
        await parts.ledger.record([parts.records.verdict(call, judged.verdict)])
        return summary(judged.verdict)

    async def finding(self, parent: ToolCall, finding_id: str, wait_s: float) -> Finding:
        """A finding of the same requester, waiting up to ``wait_s`` seconds for a decision."""
        approvals = self.dispatcher.parts.approvals
        until = time.monotonic() + wait_s
        while True:
            now = self.dispatcher.parts.clock()
            finding = (await to_thread.run_sync(partial(approvals.get, finding_id, now=now))).finding
            if finding.call.requester != parent.requester:
                raise NotFoundError("finding", finding_id, ())
            if finding.status is not FindingStatus.PENDING or not time.monotonic() < until:
                return finding
            await anyio.sleep(_POLL_S)

    async def resume(self, parent: ToolCall, finding_id: str) -> Outcome:
        """Run the stored call of an approved finding, once, re-gated (R6)."""
        finding = await self.finding(parent, finding_id, 0)
        return await resume_finding(self.dispatcher, finding)


async def resume_finding(dispatcher: Dispatcher, finding: Finding) -> Outcome:
    """Re-gate, consume and run. Shared by `gate_resume` and an operator's `approve --run`.

    Raises: ApprovalError when the approval does not hold for what the gate says now."""
    parts = dispatcher.parts
    call = finding.call
    if finding.status is not FindingStatus.APPROVED:
        raise ApprovalError(f"finding {finding.finding_id} is {finding.status.value}, not approved")
    definition = parts.tools.get(call.tool_name)
    if definition is None:
        raise ApprovalError(f"{call.tool_name} is no longer offered")
    judged = await parts.judge.judge(call, parts.clock())
    verdict = judged.verdict
    if verdict.decision is Decision.BLOCK:
        raise ApprovalError("the gate now blocks this call; the approval does not hold")
    effects = effects_of(call.tool_name, call.arguments)
    consumed = parts.approvals.consume(
        finding.finding_id,
        requester=call.requester,
        fresh=verdict,
        drafts=[
            parts.records.verdict(call, verdict, executed=True),
            parts.records.intent(call, effects.to_json(), finding_id=finding.finding_id),
        ],
        now=verdict.as_of,
    )
    intent = await dispatcher.intended(call, consumed)
    return await dispatcher.run(definition, call, judged, intent, effects, no_progress)


def summary(verdict: Verdict) -> dict[str, Json]:
    """A verdict as a model may read it: no thresholds, facts only where they help."""
    return {
        "decision": verdict.decision.name,
        "severity": verdict.severity.label,
        "policies": list(verdict.policies),
        "reasons": list(verdict.reasons[:6]),
        "suggestion": verdict.suggestion,
        "impact": [*_impact_lines(verdict)],
        "cost": [*_cost_lines(verdict)],
        "conversation": [*_bits(verdict)],
    }


def _bits(verdict: Verdict) -> Iterator[str]:
    """Which of the Rule of Two's three bits the call would have, counting itself."""
    for stage in verdict.stages:
        if isinstance(facts := stage.facts, ProvenanceFacts):
            yield from ("untrusted data was read",) * facts.untrusted_input
            yield from ("sensitive data is in reach",) * facts.sensitive_reach
            yield from ("the call changes or sends something",) * facts.can_change_state


def _impact_lines(verdict: Verdict) -> tuple[str, ...]:
    """What a change would break, as a small tree; empty for a call that changes nothing."""
    for stage in verdict.stages:
        if isinstance(stage.facts, BlastRadiusFacts) and (change := stage.facts.change) is not None:
            title = f"{change.action} {', '.join(change.targets[:3])}"
            return lines(outline(told_facts(change, title), attack_table(), limit=IMPACT_LINES))
    return ()


def _cost_lines(verdict: Verdict) -> tuple[str, ...]:
    """What a call's searches are predicted to take; empty for a call that searches nothing."""
    for stage in verdict.stages:
        if isinstance(stage.facts, CostFacts) and stage.facts.tier != "none":
            return tuple(cost_lines(stage.facts))
    return ()


def nearest(name: str, known: list[str]) -> tuple[str, ...]:
    """Up to three known names that share the most three-letter pieces with ``name``."""
    grams = {name[i : i + 3] for i in range(max(1, len(name) - 2))}
    scored = sorted(known, key=lambda k: (-sum(g in k for g in grams), k))
    return tuple(k for k in scored[:3] if any(g in k for g in grams))
