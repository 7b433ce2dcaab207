"""R2: whatever goes wrong inside a stage, for whatever tool, nothing runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.errors import BudgetError
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.pipeline import STAGES, Pipeline, StageFunction
from agentgate_mcp.model.decision import Decision, Severity, Stage
from agentgate_mcp.model.facts import CostFacts, DecisionFacts, Interval
from agentgate_mcp.model.verdict import Outcome, Refused, StageResult
from tests.unit.dispatch.conftest import VALID, Spied

pytestmark = pytest.mark.req("R2", "dispatch.stage-faults")
READS = {"splunk_get_info", "splunk_get_indexes", "telemetry_list_cases", "threatintel_enrich", "prompt_triage"}


def raising(error: BaseException) -> StageFunction:
    def run(_ctx: StageContext) -> StageResult:
        raise error

    return run


def returning(make: Callable[[Stage], Any], stage: Stage) -> StageFunction:
    return lambda _ctx: make(stage)


def spending(ctx: StageContext) -> StageResult:
    ctx.budget.spend(10**12)
    raise AssertionError("the budget was not enforced")


def not_a_number(stage: Stage) -> StageResult:
    facts = CostFacts(seconds=Interval(low=float("nan"), estimate=float("nan"), high=float("nan")))
    return StageResult(stage=stage, severity=Severity.NONE, reasons=(), facts=facts)


def result(stage: Stage, **changes: Any) -> StageResult:
    parts = {"stage": stage, "severity": Severity.NONE, "reasons": (), "facts": DecisionFacts()} | changes
    return StageResult(**parts)


FAULTS: dict[str, Callable[[Stage], StageFunction]] = {
    "exception": lambda _: raising(ValueError("planted")),
    "key error": lambda _: raising(KeyError("planted")),
    "recursion": lambda _: raising(RecursionError()),
    "memory": lambda _: raising(MemoryError()),
    "budget error": lambda _: raising(BudgetError("planted")),
    "budget": lambda _: spending,
    "none": lambda s: returning(lambda _: None, s),
    "text": lambda s: returning(lambda _: "ALLOW", s),
    "decision": lambda s: returning(lambda _: Decision.ALLOW, s),
    "wrong facts": lambda s: returning(lambda stage: result(stage), s),
    "wrong stage": lambda s: returning(lambda _: result(Stage.DECISION), s),
    "severity as text": lambda s: returning(lambda stage: result(stage, severity="none"), s),
    "nan": lambda s: returning(not_a_number, s),
}


def faulty(stage: Stage, fault: str) -> Pipeline:
    return Pipeline(stages=tuple((s, FAULTS[fault](s) if s is stage else run) for s, run in STAGES))


def test_a_planted_fault_in_any_stage_executes_no_tool(spied: Spied) -> None:
    deployment, spy = spied()
    judge = deployment.dispatcher.parts.judge
    outcomes: list[Outcome] = []

    async def one(stage: Stage, fault: str, tool: str) -> None:
        request = CallRequest(tool=tool, arguments=VALID[tool], principal="p", agent_id=f"{stage}.{fault}.{tool}")
        outcomes.append(await deployment.dispatcher.execute(request))

    async def run() -> None:
        for stage, _ in STAGES:
            for fault in FAULTS:
                judge._pipeline = faulty(stage, fault)
                async with anyio.create_task_group() as group:
                    for tool in VALID:
                        group.start_soon(one, stage, fault, tool)

    anyio.run(run)
    assert len(outcomes) == len(STAGES) * len(FAULTS) * len(VALID) >= 1000
    assert spy.ran == []
    assert all(isinstance(o, Refused) for o in outcomes)


def test_the_same_tools_run_when_nothing_is_planted(spied: Spied) -> None:
    """The control: without a fault the spies are reached, so their silence above means something."""
    deployment, spy = spied()

    async def run() -> None:
        for tool in sorted(READS):
            await deployment.dispatcher.execute(
                CallRequest(tool=tool, arguments=VALID[tool], principal="p", agent_id="control")
            )

    anyio.run(run)
    assert set(spy.ran) == READS


@pytest.mark.parametrize("tool", ["no_such_tool", "", "splunk_run_query ", "Splunk_Run_Query", "prompt_other"])
def test_an_unknown_tool_is_refused_and_recorded(spied: Spied, tool: str) -> None:
    deployment, spy = spied()

    async def run() -> Outcome:
        return await deployment.dispatcher.execute(CallRequest(tool=tool, arguments={}, principal="p", agent_id="a"))

    outcome = anyio.run(run)
    assert isinstance(outcome, Refused)
    assert outcome.code == "unknown_tool"
    assert spy.ran == []
    assert [e.payload["code"] for e in deployment.office.ledger.entries()] == ["unknown_tool"]
