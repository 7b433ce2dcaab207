"""Cases and telemetry: what happened, to whom, and what else did the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import cast

from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import CaseRecord
from agentgate_mcp.tools import inputs
from agentgate_mcp.tools.definition import Output, ToolContext
from agentgate_mcp.tools.searching import run, searches_of


class CaseList(Output):
    cases: tuple[dict[str, Json], ...]
    total: int


class Events(Output):
    """Events, newest first. ``query`` is the SPL that gives the same rows on either backend."""

    query: str
    events: tuple[dict[str, Json], ...]
    event_count: int
    partial: str


class PivotResult(Output):
    """Groups of events around one value. ``queries`` are the SPL behind them."""

    kind: str
    value: str
    queries: tuple[str, ...]
    groups: tuple[dict[str, Json], ...]
    event_count: int
    partial: str


@dataclass(frozen=True, slots=True)
class TelemetryTools:
    backends: Backends

    async def list_cases(self, args: inputs.ListCases, ctx: ToolContext) -> CaseList:
        found = [c for c in await ctx.thread(self.backends.cases.cases) if args.status in ("", c.status)]
        ordered = sorted(found, key=lambda c: c.case_id)
        page = ordered[args.offset : args.offset + args.row_limit]
        return CaseList(cases=tuple(_head(c) for c in page), total=len(found))

    async def get_case(self, args: inputs.OneCase, ctx: ToolContext) -> CaseList:
        case = await ctx.thread(self.backends.cases.case, args.case_id)
        return CaseList(cases=(case_json(case),), total=1)

    async def search_events(self, _args: inputs.SearchEvents, ctx: ToolContext) -> Events:
        (request,) = searches_of(ctx)
        result = await run(self.backends.search, request, ctx)
        return Events(query=request.query, events=result.rows, event_count=len(result.rows), partial=result.partial)

    async def pivot(self, args: inputs.Pivot, ctx: ToolContext) -> PivotResult:
        return await self._grouped(args.kind, args.value, ctx)

    async def pivot_domain(self, args: inputs.PivotDomain, ctx: ToolContext) -> PivotResult:
        return await self._grouped("domain", args.domain, ctx)

    async def _grouped(self, kind: str, value: str, ctx: ToolContext) -> PivotResult:
        groups: list[dict[str, Json]] = []
        partial = ""
        requests = searches_of(ctx)
        for done, request in enumerate(requests):
            result = await run(self.backends.search, request, ctx)
            groups.extend(result.rows)
            partial = partial or result.partial
            await ctx.progress(done + 1, len(requests), request.query)
        return PivotResult(
            kind=kind,
            value=value,
            queries=tuple(r.query for r in requests),
            groups=tuple(groups),
            event_count=sum(_count(g) for g in groups),
            partial=partial,
        )


def _count(group: dict[str, Json]) -> int:
    text = group.get("count")
    return int(text) if isinstance(text, str) and text.isdigit() else 0


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _head(case: CaseRecord) -> dict[str, Json]:
    return {
        "case_id": case.case_id,
        "title": case.title,
        "severity": case.severity,
        "status": case.status,
        "category": case.category,
        "created_at": _iso(case.created_at),
    }


def case_json(case: CaseRecord) -> dict[str, Json]:
    """A case for the wire: times as ISO 8601 UTC, lists for tuples."""
    raw = cast(dict[str, Json], asdict(case))
    times: dict[str, Json] = {
        "created_at": _iso(case.created_at),
        "earliest": _iso(case.earliest),
        "latest": _iso(case.latest),
        "entities": {k: list(v) for k, v in case.entities.items()},
        "alerts": list(case.alerts),
    }
    return raw | times
