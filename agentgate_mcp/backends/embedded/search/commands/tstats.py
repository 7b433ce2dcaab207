"""`tstats`: statistics over indexed fields, or over the fields of a data model.

Without a data model only `_time`, `host`, `index`, `source` and `sourcetype` have values, as in a
Splunk that indexes no others. ``prestats=true`` hands on the rows themselves, one per event, so
that the command after it computes what it would from the summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import Options
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.combine import stacked
from agentgate_mcp.backends.embedded.search.datasets import INDEXED, Dataset
from agentgate_mcp.backends.embedded.search.events import filtered, found_events, names_index
from agentgate_mcp.backends.embedded.search.registry import Apply, Generate, commands
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.resolve import resolved
from agentgate_mcp.backends.embedded.search.sqltext import text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

_TUNING: Final = (
    "summariesonly", "allow_old_summaries", "local", "chunk_size", "include_reduced_buckets",
    "use_summary_index_values", "update", "splunk_server", "splunk_server_group",
)  # fmt: skip


def _tstats(node: ast.Command, source: Relation | None, build: Build) -> Relation:
    assert isinstance(node, ast.Tstats)
    if node.command.lower() != "tstats":
        raise UnsupportedSplError(f"command {node.command} is not supported by the embedded engine", node.span.start)
    options = Options("tstats", node.options)
    prestats = options.flag("prestats", default=False)
    appended = options.flag("append", default=False)
    fill = options.text("fillnull_value")
    if namespace := options.text("namespace") or options.text("sid"):
        raise UnsupportedSplError(f"tstats from {namespace[:40]!a} is not supported", node.span.start)
    options.ignore(*_TUNING)
    options.done()
    if source is not None and not appended:
        raise SplError("tstats after another command", node.span.start, "append=true")
    rows = _rows(node, build)
    for key in node.by:
        if key.options:
            rows = _binned(key, rows, build)
    if fill:
        bound = build.bind(fill)
        keys = [key.field for key in node.by if key.field != "_time"]
        columns = {name: rows.column(name, build.parameters) or ABSENT for name in keys}
        rows = rows.with_fields(
            {name: Column(sql=f"coalesce({text_sql(c)}, {bound})", kind="text") for name, c in columns.items()}
        )
    if not prestats:
        by = tuple(replace(key, options=()) for key in node.by)
        rows = commands()["stats"](
            ast.Stats(command="stats", aggregations=node.aggregations, by=by, span=node.span), rows, build
        )
    return rows if source is None else stacked([source, rows], build)


def _rows(node: ast.Tstats, build: Build) -> Relation:
    """One row per event that the command looks at."""
    where = resolved(node.where, build)
    times, rest = _split(where)
    if not node.data_model:
        named = [*times, *(part for part in rest if names_index(part))]
        events = found_events(_all(named), build)
        indexed = replace(
            events,
            columns={name: c for name, c in events.columns.items() if name in (*INDEXED, "_raw")},
            extra="",
            extra_fields=frozenset(),
        )
        return filtered(_all(rest), indexed, build)
    model, _, wanted = node.data_model.partition(".")
    found = Dataset.find(model, wanted, build, node.span.start)
    conditions: list[ast.SearchExpr] = []
    for part in rest:
        if isinstance(part, ast.Comparison) and part.field == "nodename" and isinstance(part.value, ast.Value):
            found = Dataset.find(model, part.value.text, build, part.span.start)
        else:
            conditions.append(part)
    return filtered(_all(conditions), found.prefixed(found.events(_all(times), build), build, raw=False), build)


def _split(expr: ast.SearchExpr | None) -> tuple[list[ast.SearchExpr], list[ast.SearchExpr]]:
    """The conditions that all must hold: time modifiers, and the others."""
    parts = [] if expr is None else list(expr.operands) if isinstance(expr, ast.SearchAnd) else [expr]
    times: list[ast.SearchExpr] = [part for part in parts if isinstance(part, ast.TimeModifier)]
    return times, [part for part in parts if not isinstance(part, ast.TimeModifier)]


def _all(parts: list[ast.SearchExpr]) -> ast.SearchExpr | None:
    return None if not parts else parts[0] if len(parts) == 1 else ast.SearchAnd(operands=tuple(parts))


def _binned(key: ast.GroupKey, rows: Relation, build: Build) -> Relation:
    binning = ast.Generic(command="bin", args=(ast.Value(raw=key.field, span=key.span), *key.options), span=key.span)
    return commands()["bin"](binning, rows, build)


def _started(node: ast.Command, build: Build) -> Relation:
    return _tstats(node, None, build)


COMMANDS: Final[Mapping[str, Apply]] = {"tstats": _tstats}
GENERATING: Final[Mapping[str, Generate]] = {"tstats": _started}
