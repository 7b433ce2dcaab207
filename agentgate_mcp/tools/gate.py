"""The gate's own tools: look before you leap, ask what became of it, run what was approved."""

from __future__ import annotations

from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import FindingStatus, Held, Refused, Released
from agentgate_mcp.tools import inputs
from agentgate_mcp.tools.definition import Output, ToolContext

_NEXT: dict[FindingStatus, str] = {
    FindingStatus.PENDING: "A person must decide. Tell your user; ask again later.",
    FindingStatus.APPROVED: "Approved. Call gate_resume with this finding_id.",
    FindingStatus.DENIED: "Denied. Do not repeat the call.",
    FindingStatus.WITHDRAWN: "Withdrawn.",
    FindingStatus.EXPIRED: "Expired. Make the call again if it is still needed.",
    FindingStatus.CONSUMED: "Already executed once.",
    FindingStatus.BLOCKED: "Blocked by policy. It cannot be approved.",
}


class PreviewResult(Output):
    """The verdict that the call would get now. Nothing was executed."""

    tool: str
    decision: str
    severity: str
    policies: tuple[str, ...]
    reasons: tuple[str, ...]
    suggestion: str
    impact: tuple[str, ...]
    """What a change would break and leave without cover, as a tree of text lines."""
    cost: tuple[str, ...]
    """What the call's searches are predicted to take, with 90 % intervals, and a cheaper way if there is one."""
    conversation: tuple[str, ...]
    """Untrusted data read, sensitive data in reach, something changed or sent: all three at once are risky."""


class FindingState(Output):
    finding_id: str
    status: str
    tool: str
    decision: str
    policies: tuple[str, ...]
    expires_at: float
    next: str


class ResumeResult(Output):
    """What the approved call gave. ``status``: released, held or refused."""

    finding_id: str
    status: str
    message: str
    result: dict[str, Json]


async def gate_preview(args: inputs.Preview, ctx: ToolContext) -> PreviewResult:
    said = await ctx.desk.preview(ctx.call, args.tool, args.arguments)
    return PreviewResult.model_validate({"tool": args.tool, **said})


async def gate_finding_status(args: inputs.FindingStatus, ctx: ToolContext) -> FindingState:
    finding = await ctx.desk.finding(ctx.call, args.finding_id, float(args.wait_s))
    return FindingState(
        finding_id=finding.finding_id,
        status=finding.status.value,
        tool=finding.call.tool_name,
        decision=finding.verdict.decision.name,
        policies=finding.verdict.policies,
        expires_at=finding.expires_at,
        next=_NEXT[finding.status],
    )


async def gate_resume(args: inputs.Resume, ctx: ToolContext) -> ResumeResult:
    outcome = await ctx.desk.resume(ctx.call, args.finding_id)
    match outcome:
        case Released():
            return ResumeResult(finding_id=args.finding_id, status="released", message="", result=outcome.result)
        case Held():
            return ResumeResult(finding_id=args.finding_id, status="held", message=outcome.message, result={})
        case Refused():
            return ResumeResult(finding_id=args.finding_id, status="refused", message=outcome.message, result={})
