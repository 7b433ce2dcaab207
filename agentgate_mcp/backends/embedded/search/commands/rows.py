"""Commands that choose and order rows: `head`, `tail`, `reverse`, `sort`, `dedup`, `uniq`, `regex`.

Choices where Splunk's behaviour is not documented: `sort` puts rows without the field last in
either direction and, among values of several kinds, numbers before addresses before other text;
`tail` gives the last rows in reverse, as documented; `dedup` compares values by their text, sorts
first where it has `sortby`, and with `consecutive` passes over rows that lack a field; `uniq` looks
at every field of the row; `regex` holds for a multivalue field when it holds for any value, and
`!=` drops only rows that match.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import Options, generic, no_arguments
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator
from agentgate_mcp.backends.embedded.search.patterns import checked
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.sqltext import address_sql, fresh, list_sql, number_sql, text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

_PLAIN_KEY: Final = re.compile(r"\w+(?: DESC)?")
"""An order that can be turned by its direction alone."""
SORT_LIMIT: Final = 10_000
"""Rows that `sort` keeps when no count is given, as in Splunk."""


def _head(node: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(node, ast.Head)
    options = Options(node.command, node.options)
    of_null, keep_last = options.flag("null", False), options.flag("keeplast", False)
    options.done()
    if node.expr is None:
        return source.limited(node.count)
    condition = Evaluator(relation=source, build=build).condition(node.expr)
    rows = source.numbered()
    failed = f"NOT coalesce({condition}, {str(of_null).lower()})"
    frame = "1 PRECEDING" if keep_last else "CURRENT ROW"
    over = f"ORDER BY {rows.order[0]} ROWS BETWEEN UNBOUNDED PRECEDING AND {frame}"
    marked = f"SELECT *, bool_or({failed}) OVER ({over}) AS o{rows.ids} FROM ({rows.sql})"  # noqa: S608 - generated
    ended = replace(rows, sql=marked, ids=rows.ids + 1)
    held = ended.where(f"NOT coalesce(o{rows.ids}, false)")
    return held.limited(node.count) if node.counted else held


def _tail(node: ast.Command, source: Relation, _: Build) -> Relation:
    assert isinstance(node, ast.Head)
    Options(node.command, node.options).done()
    return _turned(source).limited(node.count)


def _reverse(node: ast.Command, source: Relation, _: Build) -> Relation:
    no_arguments(generic(node))
    return _turned(source)


def _turned(source: Relation) -> Relation:
    if not all(_PLAIN_KEY.fullmatch(key) for key in source.order):
        source = source.numbered()
    return replace(source, order=tuple(_reversed(key) for key in source.order))


def _reversed(key: str) -> str:
    return key.removesuffix(" DESC") if key.endswith(" DESC") else f"{key} DESC"


def _dedup(node: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(node, ast.Dedup)
    options = Options("dedup", node.options)
    keep_events, keep_empty = options.flag("keepevents", False), options.flag("keepempty", False)
    consecutive = options.flag("consecutive", False)
    options.done()
    if node.count < 1:
        raise SplError("dedup of no events", node.span.start, "a number of at least 1")
    if node.sortby:
        source = _ordered(node.sortby, source, build)
    fields = source.matching(node.fields)
    found = {name: source.column(name, build.parameters) or ABSENT for name in fields}
    if not found:
        return source
    keys = [text_sql(column) for column in found.values()]
    present = " AND ".join(f"({key}) IS NOT NULL" for key in keys)
    keyed, run = source, ""
    if consecutive:
        keyed = source.numbered()
        changed = " OR ".join(
            f"({key}) IS DISTINCT FROM lag({key}) OVER (PARTITION BY {present}{keyed.order_by})" for key in keys
        )
        changes = f"SELECT *, CAST({changed} AS INT) AS o{keyed.ids} FROM ({keyed.sql})"  # noqa: S608 - generated
        runs = f"sum(o{keyed.ids}) OVER (PARTITION BY {present}{keyed.order_by}) AS o{keyed.ids + 1}"
        run = f", o{keyed.ids + 1}"
        keyed = replace(keyed, sql=f"SELECT *, {runs} FROM ({changes})", ids=keyed.ids + 2)  # noqa: S608
    rank = f"o{keyed.ids}"
    over = f"PARTITION BY {', '.join(keys)}{run}{keyed.order_by}"
    ranked = replace(
        keyed,
        sql=f"SELECT *, row_number() OVER ({over}) AS {rank} FROM ({keyed.sql})",  # noqa: S608 - generated
        ids=keyed.ids + 1,
    )
    first = f"({present} AND {rank} <= {int(node.count)})"
    if keep_events:
        kept = ranked if keep_empty else ranked.where(present)
        blanked = {n: Column(sql=f"CASE WHEN {first} THEN {c.sql} END", kind=c.kind) for n, c in found.items()}
        return kept.with_fields(blanked)
    return ranked.where(f"({first} OR NOT ({present}))" if keep_empty else first)


def _uniq(node: ast.Command, source: Relation, _: Build) -> Relation:
    no_arguments(generic(node))
    rows = source.numbered()
    values = ", ".join([*(rows.unasked(n).sql for n in rows.columns), *([rows.extra] if rows.extra else ["1"])])
    whole = f"o{rows.ids}"
    packed = f"SELECT *, row({values}) AS {whole} FROM ({rows.sql})"  # noqa: S608 - generated
    same = f"coalesce({whole} IS NOT DISTINCT FROM lag({whole}) OVER ({rows.order_by}), false)"
    marked = f"SELECT *, {same} AS o{rows.ids + 1} FROM ({packed})"  # noqa: S608 - generated
    return replace(rows, sql=marked, ids=rows.ids + 2).where(f"NOT o{rows.ids + 1}")


def _regex(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    field, negated, value = _regex_parts(command)
    pattern = build.bind(checked(value.text, value.span.start, what="regex"))
    column = source.column(field, build.parameters)
    if column is None:
        return source if negated else source.where("false")
    item = fresh()
    tested = f"lambda {item}: regexp_matches({item}, {pattern})"
    found = (
        f"len(list_filter({list_sql(column)}, {tested})) > 0"
        if column.kind == "list"
        else f"coalesce(regexp_matches({text_sql(column)}, {pattern}), false)"
    )
    return source.where(f"NOT ({found})" if negated else found)


def _regex_parts(command: ast.Generic) -> tuple[str, bool, ast.Value]:
    """Field, whether it is `!=`, and the pattern."""
    match command.args:
        case [ast.Value() as pattern]:
            return "_raw", False, pattern
        case [ast.Option(value=ast.Value() as pattern) as option]:
            return option.name, False, pattern
        case [ast.Value() as field, ast.Punct(text="=" | "==" | "!=" as op), ast.Value() as pattern]:
            return field.text, op == "!=", pattern
        case _:
            raise SplError("regex", command.span.start, 'a pattern, field="pattern" or field!="pattern"')


def _sort(node: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(node, ast.Sort)
    ordered = _ordered(node.keys, source, build, reverse=node.reverse)
    limit = SORT_LIMIT if node.limit is None else node.limit
    return ordered.where(f"{ordered.order[0]} <= {int(limit)}") if limit > 0 else ordered


def _ordered(fields: Sequence[ast.SortKey], source: Relation, build: Build, *, reverse: bool = False) -> Relation:
    """The rows sorted and numbered; ties stay in the order they were in."""
    keys: list[str] = []
    for key in fields:
        column = source.column(key.field, build.parameters)
        if column is not None:
            keys.extend(_sort_keys(key, column, descending=key.descending is not reverse))
    return replace(source, order=(*keys, *source.order)).numbered()


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


COMMANDS: Final[Mapping[str, Apply]] = {
    "head": _head,
    "tail": _tail,
    "reverse": _reverse,
    "dedup": _dedup,
    "uniq": _uniq,
    "regex": _regex,
    "sort": _sort,
}
