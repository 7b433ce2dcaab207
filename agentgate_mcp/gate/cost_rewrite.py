"""What would cost less: plain words, and where the same rows come cheaper, the search itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agentgate_mcp.errors import SplError
from agentgate_mcp.gate.cost_model import CostBaselines
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.facts import SearchRead
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.parser import parse
from agentgate_mcp.spl.render import render

INDEXED: Final = frozenset({"host", "index", "source", "sourcetype"})
"""Fields that every event has in the index itself."""
_FUNCTIONS: Final = frozenset({"dc", "distinct_count", "values", "min", "max", "range"})
_COUNTS: Final = frozenset({"c", "count"})
_LONG_S: Final = 90_000.0
_MOST_WAYS: Final = 2
_MOST_NAMES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """One search of a call: its facts, where it reads, and its text."""

    facts: SearchFacts
    reads: tuple[SearchRead, ...]
    query: str


def cheaper(searches: Sequence[Priced], baselines: CostBaselines, knowledge: KnowledgeSet) -> str:
    """What would cost less, in plain words; the largest saving first, at most two ways."""
    facts = [s.facts for s in searches]
    ways: list[str] = []
    if any(f.real_time for f in facts):
        ways.append("Use a fixed time range instead of a real-time search.")
    if open_ended := [
        s for s in searches if s.facts.raw_events and (s.facts.index_wildcard or s.facts.default_indexes)
    ]:
        ways.append(_name_indexes([place for s in open_ended for place in s.reads], baselines))
    if any(f.span_seconds is None or f.span_seconds > _LONG_S for f in facts):
        ways.append("Start with the last 24 hours and widen only where there are hits.")
    if any(f.leading_wildcards for f in facts):
        ways.append("Put wildcards at the end of a value: one in front makes Splunk read every event.")
    if any(f.joins for f in facts):
        ways.append("Replace join by one search of both sources and stats by the common field.")
    counted = [s for s in searches if s.facts.raw_events and s.facts.transforming]
    if rewritten := next((text for s in counted if (text := as_tstats(s.query, knowledge))), ""):
        # The same rows for a fraction of the cost: nothing that is only advice comes before it.
        ways.insert(0, f"The same rows come from index files alone: {rewritten}")
    elif counted:
        ways.append("Count with tstats where the fields are indexed or in an accelerated data model.")
    return " ".join(ways[:_MOST_WAYS])


def as_tstats(query: str, knowledge: KnowledgeSet) -> str:
    """The same rows from `tstats`, where a search has conditions on indexed fields only and counts
    by such fields; empty where it is not one of these."""
    try:
        commands = parse(expand(query, knowledge).text).commands
    except SplError:
        return ""
    match commands:
        case (ast.Search(expr=expr), ast.Stats(command="stats", options=()) as stats, *rest):
            if expr is None or not _indexed(expr) or not all(map(_countable, stats.aggregations)):
                return ""
            if any(key.field not in INDEXED or key.options for key in stats.by):
                return ""
            first = ast.Tstats(command="tstats", aggregations=stats.aggregations, where=expr, by=stats.by)
            return render(ast.Pipeline(commands=(first, *rest)))
        case (ast.Search(expr=expr), ast.Chart(command="timechart", over=None, where="") as chart, *rest):
            spans = tuple(option for option in chart.options if option.key == "span")
            keys = [key for key in chart.by if key.field in INDEXED and not key.options]
            if expr is None or not _indexed(expr) or not all(map(_countable, chart.aggregations)):
                return ""
            # Without a span the command chooses one by the range, and `tstats` another.
            if len(spans) != 1 or len(keys) != len(chart.by):
                return ""
            prestats = ast.Option(key="prestats", value=ast.Value(raw="true"))
            first = ast.Tstats(
                command="tstats",
                options=(prestats,),
                aggregations=chart.aggregations,
                where=expr,
                by=(ast.GroupKey(field="_time", options=spans), *keys),
            )
            return render(ast.Pipeline(commands=(first, chart, *rest)))
        case _:
            return ""


def _name_indexes(reads: Sequence[SearchRead], baselines: CostBaselines) -> str:
    """Asks for index names, and says them where the source types named tell."""
    open_ended = [place for place in reads if place.everything or any("*" in name for name in place.indexes)]
    wanted = {name for place in open_ended for name in place.sourcetypes}
    held = baselines.stats.holding(wanted) if baselines.stats is not None and wanted else ()
    if not held or len(held) > _MOST_NAMES or not all(place.sourcetypes for place in open_ended):
        return "Name the indexes that matter instead of searching all of them."
    named = f"index={held[0]}" if len(held) == 1 else f"index IN ({', '.join(held)})"
    return f"Name the indexes that hold these source types: {named}."


def _indexed(expr: ast.SearchExpr) -> bool:
    """Whether a condition speaks of indexed fields and time alone."""
    match expr:
        case ast.TimeModifier(value=value):
            return isinstance(value, ast.Value)
        case ast.Comparison(field=name, op="=" | "!=", value=value):
            return name in INDEXED and isinstance(value, ast.Value)
        case ast.Membership(field=name, values=values):
            return name in INDEXED and all(isinstance(v, ast.Value) for v in values)
        case ast.SearchNot(operand=operand):
            return _indexed(operand)
        case ast.SearchAnd(operands=operands) | ast.SearchOr(operands=operands):
            return all(map(_indexed, operands))
        case _:
            return False


def _countable(item: ast.Aggregation) -> bool:
    if item.expr is not None or item.argument:
        return False
    if item.function in _COUNTS:
        return not item.field
    return item.function in _FUNCTIONS and item.field in INDEXED
