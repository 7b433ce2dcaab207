"""Narrower calls that may be allowed where one was not: less time, no writing, disable for delete, a simulation.

Each is only a proposal. The pipeline judges it like any other call and tells it to nobody unless
it comes out as ALLOW, so what is suggested is never refused in turn. The times are a fixed ladder
and not derived from a policy's numbers, which models are not told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from agentgate_mcp.errors import SplError
from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.cost_rewrite import as_tstats
from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.parser import parse
from agentgate_mcp.spl.render import render

_LADDER: Final = (("-24h", 86_400.0), ("-4h", 14_400.0), ("-1h", 3_600.0))
_LONGEST_QUERY: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrower:
    """A call that asks for less, and how to say it."""

    call: ToolCall
    words: str


def narrower(ctx: StageContext) -> Iterator[Narrower]:
    """What may be asked instead of the call, the closest to it first."""
    radius, arguments = ctx.blast_radius, ctx.call.arguments
    if radius.search is not None and "query" in arguments:
        yield from _queries(ctx, radius.search)
    if radius.search is not None and "earliest_time" in arguments:
        yield from _times(ctx.call, radius.search)
    if ctx.call.tool_name == "propose_delete_saved_search":
        disabled = replace(ctx.call, tool_name="propose_disable_saved_search")
        yield Narrower(call=disabled, words="propose_disable_saved_search with the same arguments.")
    if radius.response is not None and radius.response.real_effects and "simulate_response" in arguments:
        yield _with(ctx.call, {"simulate_response": True})


def _times(call: ToolCall, search: SearchFacts) -> Iterator[Narrower]:
    for earliest, seconds in _LADDER:
        if search.real_time or search.span_seconds is None or search.span_seconds > seconds:
            yield _with(call, {"earliest_time": earliest, "latest_time": "now"})


def _queries(ctx: StageContext, search: SearchFacts) -> Iterator[Narrower]:
    """The same rows without what writes or sends them, and counts from index files alone."""
    query = ctx.call.arguments.get("query")
    if not isinstance(query, str):
        return
    acting = {w.partition(":")[0] for w in search.writes} | set(search.egress) | set(search.destructive)
    found = [_without(query, acting)] if acting else []
    if search.raw_events and search.transforming:
        found.append(as_tstats(query, ctx.world.knowledge))
    for text in found:
        # Comparisons are hidden from models as if they were thresholds, which would spoil the search.
        if text and text != query and len(text) <= _LONGEST_QUERY and not set(text) & set("<>"):
            yield _with(ctx.call, {"query": text})


def _without(query: str, names: set[str]) -> str:
    """``query`` without the commands called ``names`` at its top level; empty where nothing is left."""
    try:
        commands = parse(query).commands
    except SplError:
        return ""
    kept = tuple(c for c in commands if not (isinstance(c, ast.Generic) and c.command in names))
    return render(ast.Pipeline(commands=kept)) if kept else ""


def _with(call: ToolCall, changes: dict[str, Json]) -> Narrower:
    told = ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in changes.items())
    narrowed = replace(call, arguments={**call.arguments, **changes})
    return Narrower(call=narrowed, words=f"The same call with {told}.")
