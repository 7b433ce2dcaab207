"""The planner of a case: asks for tool calls, weighs what comes back, writes the result."""

from __future__ import annotations

from agentgate_mcp.model.call import Json
from investigation.machine import CaseMachine, CaseState
from investigation.steps import Ask, CaseStage, Enter, Options, Planner


def investigate(case_id: str, options: Options) -> Planner:
    """Work one case. Yields asks and stages; returns the result as JSON."""
    machine = CaseMachine()
    yield Enter(stage=CaseStage.TRIAGE, step=1, steps=5, message=f"reading case {case_id}")
    answer = yield Ask(tool="telemetry_get_case", arguments={"case_id": case_id}, purpose="Read the case record.")
    known = answer is not None and answer.status == "released"
    machine.advance(CaseStage.INVESTIGATE, CaseState(case_known=known))
    stages: list[Json] = [dict(s) for s in machine.log]
    return {
        "case_id": case_id,
        "verdict": "inconclusive",
        "confidence": 0.0,
        "summary": "No telemetry was looked at.",
        "stages": stages,
        "as_of": options.as_of,
        "llm_analysis": "",
    }
