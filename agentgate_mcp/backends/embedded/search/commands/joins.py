"""`join` and `appendcols`: the fields of a subsearch beside the rows at hand.

Choices where Splunk's behaviour is not documented: values are compared as text, with case; a
field that a subsearch's row lacks never overwrites; internal fields (`_time`, `_raw`) stay those
of the main search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import Options, generic, options_of
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.combine import beside
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Relation, all_of
from agentgate_mcp.backends.embedded.search.sqltext import text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

MAX_OUT: Final = 50_000
"""Rows that `join` and `append` take from a subsearch, as in Splunk."""
TUNING: Final = ("maxtime", "timeout", "extendtimerange")


def bracket(node: ast.Generic) -> ast.Subsearch:
    """The one subsearch of a command. Raises: SplError for none or several."""
    found = [a for a in node.args if isinstance(a, ast.Subsearch)]
    if len(found) != 1:
        raise SplError(f"{node.command} has {len(found)} subsearches", node.span.start, "one [subsearch]")
    return found[0]


def capped(relation: Relation, limit: int) -> Relation:
    """A subsearch's first ``limit`` rows; 0 means all."""
    return relation.limited(limit) if limit else relation


def _join(node: ast.Command, source: Relation, build: Build) -> Relation:
    node = generic(node)
    options = options_of(node)
    kind = "INNER" if options.choice("type", "inner", "inner", "left", "outer") == "inner" else "LEFT"
    most = options.count("max", 1)
    overwrite = options.flag("overwrite", default=True)
    if options.flag("usetime", default=False):
        raise UnsupportedSplError("join usetime=true is not supported", node.span.start)
    options.ignore("earlier")
    options.done()
    inner = bracket(node)
    right = capped(build.subsearch(inner.pipeline), MAX_OUT)
    keys = _keys(node, source, right)
    on = all_of(f"{text_sql(source.column(key, build.parameters) or ABSENT)} = k{n}" for n, key in enumerate(keys))
    names = [n for n in right.names() if n not in keys and not n.startswith("_")]
    return beside(
        source, right, names, build, on=on, ranked=_ranked(right, names, keys, most, build), kind=kind,
        overwrite=overwrite,
    )  # fmt: skip


def _keys(node: ast.Generic, source: Relation, right: Relation) -> list[str]:
    words = [a.text for a in node.args if isinstance(a, ast.Value)]
    if any(word.lower() == "where" for word in words):
        raise UnsupportedSplError("join with WHERE is not supported", node.span.start, "a list of fields")
    if words:
        return list(dict.fromkeys(words))
    if source.extra or right.extra:
        raise UnsupportedSplError("join of whole events without a list of fields is not supported", node.span.start)
    common = [n for n in source.names() if n in right.names() and not n.startswith("_")]
    if not common:
        raise SplError("join: the two searches have no field in common", node.span.start, "a list of fields")
    return common


def _ranked(right: Relation, names: Sequence[str], keys: Sequence[str], most: int, build: Build) -> str:
    """The subsearch's rows with their keys as `k0`, …, at most ``most`` of a key; 0 means all."""
    right = right.numbered()
    fields = [f"{(right.column(n, build.parameters) or ABSENT).sql} AS d{i}" for i, n in enumerate(names)]
    matched = [f"{text_sql(right.column(k, build.parameters) or ABSENT)} AS k{i}" for i, k in enumerate(keys)]
    rows = f"SELECT {', '.join([*fields, *matched, f'{right.order[0]} AS d'])} FROM ({right.sql})"  # noqa: S608
    if not most:
        return rows
    by = ", ".join(f"k{i}" for i in range(len(keys)))
    return f"SELECT * FROM ({rows}) QUALIFY row_number() OVER (PARTITION BY {by} ORDER BY d) <= {int(most)}"  # noqa: S608


def _appendcols(node: ast.Command, source: Relation, build: Build) -> Relation:
    node = generic(node)
    options: Options = options_of(node)
    overwrite = options.flag("override", default=False)
    limit = options.count("maxout", MAX_OUT)
    options.ignore(*TUNING)
    options.done()
    left = source.numbered()
    right = capped(build.subsearch(bracket(node).pipeline), limit).numbered()
    names = [n for n in right.names() if not n.startswith("_")]
    fields = [f"{(right.column(n, build.parameters) or ABSENT).sql} AS d{i}" for i, n in enumerate(names)]
    ranked = f"SELECT {', '.join([*fields, f'{right.order[0]} AS d'])} FROM ({right.sql})"  # noqa: S608
    on = f"{left.order[0]} = d"
    joined = beside(left, right, names, build, on=on, ranked=ranked, kind="FULL", overwrite=overwrite)
    # Rows that only the subsearch has come last, in its order.
    return replace(joined, order=(f"{left.order[0]} NULLS LAST", joined.order[-1]))


COMMANDS: Final[Mapping[str, Apply]] = {"join": _join, "appendcols": _appendcols}
