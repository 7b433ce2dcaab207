"""A driver that answers a planner from the bundled data, without a gate in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agentgate_mcp.backends.ports import Backends, SearchJob
from agentgate_mcp.effects import effects_of
from agentgate_mcp.errors import AgentGateError
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.tools import inputs
from agentgate_mcp.tools.knowledge import KnowledgeTools
from agentgate_mcp.tools.telemetry import case_json
from investigation.steps import Answer, Ask, Enter, Options, Planner

ROOT = Path(__file__).resolve().parents[3]
NOW = 1_795_176_000.0
GUARD = RuntimeGuard(max_time_s=60, max_rows=1000, max_bytes=50_000_000)
Change = Callable[[Ask, dict[str, Any]], dict[str, Any]]


class _Context:
    """As much of a tool's context as the runbook tools use."""

    async def thread(self, call: Callable[..., Any], *args: Any) -> Any:
        return call(*args)


@dataclass
class Drive:
    """One run of a planner: what it asked, what it was told, what came out."""

    backends: Backends
    change: Change | None = None
    deny: Mapping[str, Answer] = field(default_factory=dict)
    asks: list[Ask] = field(default_factory=list)
    stages: list[Enter] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def run(self, planner: Planner) -> dict[str, Any]:
        answer: Answer | None = None
        while True:
            try:
                step = planner.send(answer)
            except StopIteration as stop:
                return stop.value
            answer = None
            if isinstance(step, Enter):
                self.stages.append(step)
                continue
            self.asks.append(step)
            answer = self.deny.get(step.tool) or self._answer(step)

    def _answer(self, ask: Ask) -> Answer:
        try:
            result = json.loads(json.dumps(self._result(ask)))
        except AgentGateError as error:
            return Answer(status="refused", reason=str(error))
        if self.change is not None:
            result = self.change(ask, result)
        for row in result.get("rows", ()):
            self.seen |= {str(row[f]) for f in ("event_id", "first_event", "last_event") if f in row}
        return Answer(status="released", result=result)

    def _result(self, ask: Ask) -> dict[str, Any]:
        back, args = self.backends, dict(ask.arguments)
        knowledge = KnowledgeTools(back)
        match ask.tool:
            case "telemetry_get_case":
                return {"cases": [case_json(back.cases.case(str(args["case_id"])))], "total": 1}
            case "splunk_run_query":
                job = SearchJob(
                    query=str(args["query"]),
                    earliest=str(args["earliest_time"]),
                    latest=str(args["latest_time"]),
                    now=NOW,
                    guard=GUARD,
                )
                found = back.search.search(job)
                return {"rows": list(found.rows), "row_count": len(found.rows), "partial": found.partial}
            case "splunk_get_index_info":
                return {"results": [back.search.index_info(str(args["index_name"]))], "total": 1}
            case "threatintel_enrich_batch":
                return {"results": [asdict(back.intel.lookup(str(i))) for i in args["indicators"]]}  # type: ignore[union-attr]
            case "knowledge_search_runbooks":
                wanted = inputs.SearchRunbooks.model_validate(args)
                return asyncio.run(knowledge.search_runbooks(wanted, _Context())).model_dump(mode="json")  # type: ignore[arg-type]
            case "knowledge_get_runbook":
                one = inputs.GetRunbook.model_validate(args)
                return asyncio.run(knowledge.get_runbook(one, _Context())).model_dump(mode="json")  # type: ignore[arg-type]
            case "response_request_actions":
                actions = effects_of(ask.tool, args).actions
                got = back.responder.request(actions, permit=None, call_id="c-1", at=NOW)
                return {"receipts": [asdict(r) for r in got]}
            case other:
                raise AssertionError(f"the planner asked for {other}")


def options(*, simulate: bool = True) -> Options:
    return Options(simulate_response=simulate, requested_by="analyst", as_of=NOW)
