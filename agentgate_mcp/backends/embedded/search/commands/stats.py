"""`stats`: groups of rows and what is computed over each.

Groups come in the order of the text of their `by` values; a row with several values in a `by`
field is in several groups, one without any in none. Over no rows at all there is a row only when
something in it has a value, such as a count. `delim` says how Splunk joins the values of `list`
and `values` where it writes them as one text; results here stay lists, so it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import Options
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.commands.aggregates import Frame, aggregated, needs_order
from agentgate_mcp.backends.embedded.search.commands.inputs import Inputs, expanded, positioned
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.sqltext import text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast


def _stats(node: ast.Command, source: Relation, build: Build) -> Relation:
    """The grouped rows. Raises: SplError, UnsupportedSplError naming the function or option."""
    assert isinstance(node, ast.Stats)
    options = Options(node.command, node.options)
    allnum = options.flag("allnum", False)
    distinct = options.flag("dedup_splitvals", False)
    options.ignore("delim", "partitions")
    options.done()
    by = by_fields(node)
    nodes = named_once(expanded(node.aggregations, source, build, without=by), by, node)
    keys = {name: source.column(name, build.parameters) or ABSENT for name in by}
    source, keys = unnested(source, keys, distinct=distinct)
    return grouped(source, keys, nodes, build, allnum=allnum)


def by_fields(node: ast.Stats) -> tuple[str, ...]:
    """The fields after BY, once each. Raises: UnsupportedSplError for wildcards and options there."""
    for key in node.by:
        if key.options or "*" in key.field:
            raise UnsupportedSplError(f"by {key.field!a} with options or wildcards is not supported", key.span.start)
    return tuple(dict.fromkeys(key.field for key in node.by))


def named_once(
    nodes: Sequence[ast.Aggregation], by: Sequence[str], command: ast.Command
) -> tuple[ast.Aggregation, ...]:
    """The aggregates as they are. Raises: SplError for none, UnsupportedSplError where two columns
    would have one name."""
    if not nodes:
        name = command.command if isinstance(command, ast.Stats | ast.Chart | ast.Tstats) else "stats"
        raise SplError(f"{name} computes nothing", command.span.start, "a function such as count")
    seen = set(by)
    for node in nodes:
        if node.output in seen:
            raise UnsupportedSplError(f"two columns named {node.output[:40]!a} are not supported", node.span.start)
        seen.add(node.output)
    return tuple(nodes)


def unnested(
    source: Relation, keys: Mapping[str, Column], *, distinct: bool = False, keep_empty: bool = False
) -> tuple[Relation, dict[str, Column]]:
    """One row per value of each multivalue key, and the keys as columns of those rows.

    A row without a value is dropped there, unless ``keep_empty``."""
    made: dict[str, Column] = {}
    for name, column in keys.items():
        if column.kind != "list":
            made[name] = column
            continue
        values = f"list_distinct({column.sql})" if distinct else column.sql
        if keep_empty:
            values = f"CASE WHEN coalesce(len({column.sql}), 0) = 0 THEN [NULL] ELSE {values} END"
        own = f"c{source.ids}"
        sql = f"SELECT *, unnest({values}) AS {own} FROM ({source.sql})"  # noqa: S608 - generated
        source = replace(source, sql=sql, ids=source.ids + 1)
        made[name] = Column(sql=own, kind="text")
    return source, made


def grouped(
    source: Relation,
    keys: Mapping[str, Column],
    nodes: Sequence[ast.Aggregation],
    build: Build,
    *,
    allnum: bool = False,
) -> Relation:
    """One row per combination of the keys, none of which is multivalue, in the order of their texts.

    Raises: SplError, UnsupportedSplError."""
    position = ""
    if needs_order(nodes):
        source, position = positioned(source)
    inputs = Inputs(source, build)
    own = {name: inputs.column(column) for name, column in keys.items()}
    given = [inputs.of(node) for node in nodes]
    frame = Frame(position=position, time=inputs.time() if needs_time(nodes) else "", allnum=allnum)
    rows = inputs.relation
    ids = rows.ids
    columns: dict[str, Column] = {}
    selected: list[str] = []
    for name, column in [
        *own.items(),
        *((node.output, aggregated(node, one, frame)) for node, one in zip(nodes, given, strict=True)),
    ]:
        selected.append(f"{column.sql} AS c{ids}")
        columns[name] = Column(sql=f"c{ids}", kind=column.kind)
        ids += 1
    present = " AND ".join(f"{column.sql} IS NOT NULL" for column in own.values()) or "true"
    groups = f" GROUP BY {', '.join(column.sql for column in own.values())}" if own else ""
    sql = f"SELECT {', '.join(selected)} FROM ({rows.sql}) WHERE {present}{groups}"  # noqa: S608 - generated
    order = ", ".join(text_sql(columns[name]) for name in own) or "1"
    sql = f"SELECT *, row_number() OVER (ORDER BY {order}) AS o{ids} FROM ({sql})"  # noqa: S608
    if not own:
        # Splunk shows one row of counts for no events, but no row of nothing.
        shown = " OR ".join(f"{column.sql} IS NOT NULL" for column in columns.values())
        sql = f"{sql} WHERE {shown}"
    return Relation(sql=sql, columns=columns, order=(f"o{ids}",), carried=(f"o{ids}",), ids=ids + 1)


def needs_time(nodes: Sequence[ast.Aggregation]) -> bool:
    """Whether a result depends on `_time`."""
    return any(node.function in _TIMED for node in nodes)


_TIMED: Final = frozenset({"earliest", "latest", "earliest_time", "latest_time", "rate"})

COMMANDS: Final[Mapping[str, Apply]] = {"stats": _stats}
