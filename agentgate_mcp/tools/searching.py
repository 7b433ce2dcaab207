"""Running the searches of a call: exactly those that the gate has judged."""

from __future__ import annotations

from agentgate_mcp.backends.ports import SearchJob, SearchPort, SearchResult
from agentgate_mcp.effects import SearchRequest, effects_of
from agentgate_mcp.errors import GateError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.model.usage import PastSearch
from agentgate_mcp.tools.definition import Output, ToolContext


class SearchOutput(Output):
    """Rows as Splunk's results endpoint gives them; ``partial`` names the limit that cut them."""

    fields: tuple[str, ...]
    rows: tuple[dict[str, Json], ...]
    row_count: int
    partial: str
    scanned_events: int


def searches_of(ctx: ToolContext) -> tuple[SearchRequest, ...]:
    """The searches of this call, read as the gate read them."""
    return effects_of(ctx.call.tool_name, ctx.call.arguments).searches


async def run(port: SearchPort, request: SearchRequest, ctx: ToolContext) -> SearchResult:
    """Run one search under its guard. Raises: GateError when the gate has set no guard."""
    if ctx.guard is None:
        raise GateError("the cost stage set no runtime guard for this search")
    guard = RuntimeGuard(
        max_time_s=ctx.guard.max_time_s,
        max_rows=min(ctx.guard.max_rows, request.row_limit),
        max_bytes=ctx.guard.max_bytes,
        status_buckets=ctx.guard.status_buckets,
        workload_pool=ctx.guard.workload_pool,
    )
    job = SearchJob(
        query=request.query, earliest=request.earliest, latest=request.latest, now=ctx.search_now, guard=guard
    )
    result = await ctx.thread(port.search, job)
    ctx.ran.append(
        PastSearch(
            query=job.query,
            earliest=job.earliest,
            latest=job.latest,
            now=job.now,
            events=result.scanned_events,
            seconds=result.run_seconds,
        )
    )
    return result


def output_of(result: SearchResult) -> SearchOutput:
    return SearchOutput(
        fields=result.fields,
        rows=result.rows,
        row_count=len(result.rows),
        partial=result.partial,
        scanned_events=result.scanned_events,
    )
