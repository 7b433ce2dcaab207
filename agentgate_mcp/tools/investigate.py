"""`investigate_case` and its like: drive the pure planners, each ask through the whole gate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.errors import NotFoundError, PermitError
from agentgate_mcp.llm.port import CaseAnalyst
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Held, Outcome, Refused, Released
from agentgate_mcp.tools import inputs
from agentgate_mcp.tools.definition import Output, ToolContext
from investigation.host import investigate_host
from investigation.planner import investigate
from investigation.report.markdown import render_markdown, render_notes
from investigation.steps import Answer, Ask, Enter, Options, Planner


class CaseResult(Output):
    """The result of a case; its parts are described in investigation/result.py."""

    case_id: str
    verdict: str
    confidence: float
    summary: str
    result: dict[str, Json]


class Report(Output):
    case_id: str
    format: str
    text: str


@dataclass(frozen=True, slots=True)
class InvestigateTools:
    backends: Backends
    analyst: CaseAnalyst

    async def investigate_case(self, args: inputs.InvestigateCase, ctx: ToolContext) -> CaseResult:
        await ctx.thread(self.backends.cases.case, args.case_id)  # an unknown case is refused before any work
        options = Options(simulate_response=args.simulate_response, requested_by=args.requested_by, as_of=ctx.as_of)
        result = await _drive(investigate(args.case_id, options), ctx)
        # Advisory text joins after the verdict is final, and only as a note (R5).
        result["llm_analysis"] = await self.analyst.analyse(result)
        if ctx.permit is None:
            raise PermitError("saving a report needs a permit")
        await ctx.thread(self.backends.reports.save, args.case_id, result, permit=ctx.permit, at=ctx.as_of)
        return _case_result(result)

    async def investigate_host(self, args: inputs.InvestigateHost, ctx: ToolContext) -> CaseResult:
        """One machine of a capture. Nothing is requested and no report is kept: there is no case."""
        result = await _drive(
            investigate_host(args.host, Options(simulate_response=True, requested_by="", as_of=ctx.as_of)), ctx
        )
        result["llm_analysis"] = await self.analyst.analyse(result)
        return _case_result(result)

    async def get_case_report(self, args: inputs.CaseReport, ctx: ToolContext) -> Report:
        result = await ctx.thread(self.backends.reports.latest, args.case_id)
        if result is None:
            raise NotFoundError("report for case", args.case_id, ())
        match args.format:
            case "md":
                text = render_markdown(result)
            case "notes":
                text = render_notes(result)
            case "json":
                text = _pretty(result)
        return Report(case_id=args.case_id, format=args.format, text=text)


def _case_result(result: dict[str, Json]) -> CaseResult:
    return CaseResult(
        case_id=str(result["case_id"]),
        verdict=str(result["verdict"]),
        confidence=float(str(result["confidence"])),
        summary=str(result["summary"]),
        result=result,
    )


async def _drive(planner: Planner, ctx: ToolContext) -> dict[str, Json]:
    answer: Answer | None = None
    while True:
        try:
            step = planner.send(answer)
        except StopIteration as stop:
            return stop.value
        match step:
            case Enter():
                await ctx.progress(step.step, step.steps, step.message)
                answer = None
            case Ask():
                answer = _answer(await ctx.caller.call(step.tool, step.arguments))
            case _:
                assert_never(step)


def _answer(outcome: Outcome) -> Answer:
    match outcome:
        case Released():
            return Answer(status="released", result=outcome.result)
        case Held():
            return Answer(status="held", finding_id=outcome.finding_id, reason=outcome.message)
        case Refused():
            return Answer(status="refused", finding_id=outcome.finding_id, reason=outcome.message)
        case _:
            assert_never(outcome)


def _pretty(result: Mapping[str, Json]) -> str:
    return json.dumps(result, indent=2, sort_keys=True, ensure_ascii=False)
