"""A pipeline as one SELECT: each command turns a relation into the next.

Choices where Splunk's behaviour is not documented: `sort` puts rows without the field last in
either direction and, among values of several kinds, numbers before addresses before other text;
`tail` gives the last rows in reverse, as documented; `dedup` compares values by their text.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.aggregate import compile_stats
from agentgate_mcp.backends.embedded.events import events_relation
from agentgate_mcp.backends.embedded.lookups import lookup_relation
from agentgate_mcp.backends.embedded.predicates import Predicates
from agentgate_mcp.backends.embedded.relation import Column, Parameters, Relation
from agentgate_mcp.backends.embedded.scope import Scope
from agentgate_mcp.backends.embedded.sqltext import address_sql, number_sql, text_sql
from agentgate_mcp.errors import UnsupportedSplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.knowledge import KnowledgeSet

SORT_LIMIT: Final = 10_000
"""Rows that `sort` keeps when no count is given, as in Splunk."""
MAX_COMMANDS: Final = 64


def compile_pipeline(
    pipeline: ast.Pipeline, scope: Scope, parameters: Parameters, extra_fields: frozenset[str]
) -> Relation:
    """The relation that a pipeline ends in. Raises: UnsupportedSplError naming the command."""
    return _rest(pipeline, events_relation(first_search(pipeline), scope, parameters, extra_fields), parameters)


def compile_lookup(
    first: ast.InputLookup, pipeline: ast.Pipeline, knowledge: KnowledgeSet, parameters: Parameters
) -> Relation:
    """The relation of a pipeline that starts with a lookup's rows. Raises: SplError, UnsupportedSplError."""
    rows = lookup_relation(first, knowledge, parameters)
    if first.where is not None:
        rows = _filtered(ast.Search(expr=first.where), rows, parameters)
    return _rest(pipeline, rows, parameters)


def _rest(pipeline: ast.Pipeline, relation: Relation, parameters: Parameters) -> Relation:
    if len(pipeline.commands) > MAX_COMMANDS:
        raise UnsupportedSplError(f"more than {MAX_COMMANDS} commands are not supported", pipeline.span.start)
    for command in pipeline.commands[1:]:
        relation = _apply(command, relation, parameters)
    return relation


def first_search(pipeline: ast.Pipeline) -> ast.Search:
    """The search that a pipeline starts with. Raises: UnsupportedSplError for any other command."""
    first = pipeline.commands[0]
    if not isinstance(first, ast.Search):
        raise _unsupported(first)
    return first


def _apply(command: ast.Command, source: Relation, parameters: Parameters) -> Relation:
    match command:
        case ast.Search():
            return _filtered(command, source, parameters)
        case ast.Head():
            return _head(command, source)
        case ast.Table():
            return _projected(source, _expand(command.fields, source), parameters)
        case ast.Fields():
            return _fields(command, source, parameters)
        case ast.Sort():
            return _sorted(command, source, parameters)
        case ast.Dedup():
            return _dedup(command, source, parameters)
        case ast.Stats():
            return compile_stats(command, source, parameters)
        case _:
            raise _unsupported(command)


def command_name(command: ast.Command) -> str:
    """A command as a person wrote it, for messages."""
    match command:
        case ast.Generic() | ast.Stats() | ast.Chart() | ast.Tstats() | ast.Head():
            return command.command
        case ast.MacroCall():
            return f"`{command.name}`"
        case _:
            return type(command).__name__.lower()


def _unsupported(command: ast.Command) -> UnsupportedSplError:
    return UnsupportedSplError(
        f"command {command_name(command)} is not supported by the embedded engine",
        command.span.start,
        "search, inputlookup, head, tail, table, fields, sort, dedup or stats",
    )


# --- rows --------------------------------------------------------------------------------------


def _filtered(node: ast.Search, source: Relation, parameters: Parameters) -> Relation:
    if node.expr is None:
        return source
    wanted = Predicates(relation=source, parameters=parameters, over_events=False).compile(node.expr)
    return replace(source, sql=f"SELECT * FROM ({source.sql}) WHERE {wanted}")  # noqa: S608


def _head(node: ast.Head, source: Relation) -> Relation:
    if node.expr is not None or node.options:
        where = node.options[0].span if node.options else node.span
        raise UnsupportedSplError(f"{node.command} with a condition or options is not supported", where.start)
    if node.command == "tail":
        source = replace(source, order=tuple(_reversed(key) for key in source.order))
    return replace(source, sql=f"SELECT * FROM ({source.sql}){source.order_by} LIMIT {max(0, int(node.count))}")  # noqa: S608


def _reversed(key: str) -> str:
    return key.removesuffix(" DESC") if key.endswith(" DESC") else f"{key} DESC"


def _dedup(node: ast.Dedup, source: Relation, parameters: Parameters) -> Relation:
    if node.options or node.sortby:
        where = node.options[0].span if node.options else node.span
        raise UnsupportedSplError("dedup with options or sortby is not supported", where.start)
    keys: list[str] = []
    for name in _expand(node.fields, source):
        column = source.column(name, parameters)
        keys.append("CAST(NULL AS VARCHAR)" if column is None else text_sql(column))
    present = " AND ".join(f"({key}) IS NOT NULL" for key in keys)
    numbered = (
        f"SELECT *, row_number() OVER (PARTITION BY {', '.join(keys)}{source.order_by}) AS o{source.ids} "  # noqa: S608
        f"FROM ({source.sql}) WHERE {present}"
    )
    kept = f"SELECT * EXCLUDE (o{source.ids}) FROM ({numbered}) WHERE o{source.ids} <= {max(1, int(node.count))}"  # noqa: S608
    return replace(source, sql=kept, ids=source.ids + 1)


def _sorted(node: ast.Sort, source: Relation, parameters: Parameters) -> Relation:
    keys: list[str] = []
    for key in node.keys:
        column = source.column(key.field, parameters)
        if column is not None:
            keys.extend(_sort_keys(key, column, descending=key.descending is not node.reverse))
    order = ", ".join((*keys, *source.order)) or "1"
    position = f"o{source.ids}"
    sql = f"SELECT *, row_number() OVER (ORDER BY {order}) AS {position} FROM ({source.sql})"  # noqa: S608
    limit = SORT_LIMIT if node.limit is None else node.limit
    if limit > 0:
        sql = f"SELECT * FROM ({sql}) WHERE {position} <= {int(limit)}"  # noqa: S608
    return replace(source, sql=sql, order=(position,), carried=(*source.carried, position), ids=source.ids + 1)


def _sort_keys(key: ast.SortKey, column: Column, *, descending: bool) -> list[str]:
    direction = "DESC" if descending else "ASC"
    text = text_sql(column)
    match key.cast:
        case "" | "auto" if column.kind == "number":
            parts = [column.sql]
        case "" | "auto":
            number, address = number_sql(_as_text(column)), address_sql(text)
            rank = f"CASE WHEN {number} IS NOT NULL THEN 0 WHEN {address} IS NOT NULL THEN 1 ELSE 2 END"
            # The rank alone would put missing values with the text.
            parts = [f"CASE WHEN {text} IS NOT NULL THEN {rank} END", number, address, text]
        case "num":
            parts = [number_sql(_as_text(column) if column.kind == "list" else column)]
        case "ip":
            parts = [address_sql(text)]
        case "str":
            parts = [text]
        case _:
            raise UnsupportedSplError(f"sort by {key.cast}() is not supported", key.span.start)
    return [f"{part} {direction} NULLS LAST" for part in parts]


def _as_text(column: Column) -> Column:
    return Column(sql=text_sql(column), kind="text")


# --- fields ------------------------------------------------------------------------------------


def _expand(names: Iterable[str], source: Relation) -> tuple[str, ...]:
    """The field names meant: those with `*` by what there is, the others as written."""
    out: list[str] = []
    for name in names:
        if "*" in name:
            pattern = name.replace("[", "[[]").replace("?", "[?]")
            # As in Splunk, a wildcard reaches internal fields only when it says so.
            known = (n for n in source.names() if not n.startswith("_") or name.startswith("_"))
            out.extend(n for n in known if fnmatch.fnmatchcase(n, pattern))
        else:
            out.append(name)
    return tuple(dict.fromkeys(out))


def _projected(
    source: Relation, names: tuple[str, ...], parameters: Parameters, unasked: tuple[str, ...] = ()
) -> Relation:
    """Exactly ``names``, in this order, then ``unasked``; a field that no row has is an empty column."""
    columns: dict[str, Column] = {}
    selected: list[str] = []
    ids = source.ids
    for name in (*names, *unasked):
        column = source.unasked(name) if name in unasked else source.column(name, parameters)
        column = column or Column(sql="CAST(NULL AS VARCHAR)", kind="text")
        selected.append(f"{column.sql} AS c{ids}")
        columns[name] = Column(sql=f"c{ids}", kind=column.kind)
        ids += 1
    sql = f"SELECT {', '.join((*selected, *source.carried))} FROM ({source.sql})"  # noqa: S608
    return Relation(sql=sql, columns=columns, order=source.order, carried=source.carried, ids=ids)


def _fields(node: ast.Fields, source: Relation, parameters: Parameters) -> Relation:
    named = _expand(node.fields, source)
    if not node.remove:
        internal = tuple(n for n in source.columns if n.startswith("_") and n not in named)
        return _projected(source, named, parameters, internal)
    kept = [n for n in source.names() if n not in named]
    columns = tuple(n for n in kept if n in source.columns)
    return _projected(source, tuple(n for n in kept if n not in columns), parameters, columns)
