"""Commands that choose and order rows: `head`, `tail`, `dedup`, `sort`.

Choices where Splunk's behaviour is not documented: `sort` puts rows without the field last in
either direction and, among values of several kinds, numbers before addresses before other text;
`tail` gives the last rows in reverse, as documented; `dedup` compares values by their text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.sqltext import address_sql, number_sql, text_sql
from agentgate_mcp.errors import UnsupportedSplError
from agentgate_mcp.spl import ast

SORT_LIMIT: Final = 10_000
"""Rows that `sort` keeps when no count is given, as in Splunk."""


def _head(node: ast.Command, source: Relation, _: Build) -> Relation:
    assert isinstance(node, ast.Head)
    if node.expr is not None or node.options:
        where = node.options[0].span if node.options else node.span
        raise UnsupportedSplError(f"{node.command} with a condition or options is not supported", where.start)
    if node.command == "tail":
        source = replace(source, order=tuple(_reversed(key) for key in source.order))
    return source.limited(node.count)


def _reversed(key: str) -> str:
    return key.removesuffix(" DESC") if key.endswith(" DESC") else f"{key} DESC"


def _dedup(node: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(node, ast.Dedup)
    if node.options or node.sortby:
        where = node.options[0].span if node.options else node.span
        raise UnsupportedSplError("dedup with options or sortby is not supported", where.start)
    keys = [text_sql(source.column(name, build.parameters) or ABSENT) for name in source.matching(node.fields)]
    present = " AND ".join(f"({key}) IS NOT NULL" for key in keys)
    numbered = (
        f"SELECT *, row_number() OVER (PARTITION BY {', '.join(keys)}{source.order_by}) AS o{source.ids} "  # noqa: S608
        f"FROM ({source.sql}) WHERE {present}"
    )
    kept = f"SELECT * EXCLUDE (o{source.ids}) FROM ({numbered}) WHERE o{source.ids} <= {max(1, int(node.count))}"  # noqa: S608
    return replace(source, sql=kept, ids=source.ids + 1)


def _sort(node: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(node, ast.Sort)
    keys: list[str] = []
    for key in node.keys:
        column = source.column(key.field, build.parameters)
        if column is not None:
            keys.extend(_sort_keys(key, column, descending=key.descending is not node.reverse))
    ordered = replace(source, order=(*keys, *source.order)).numbered()
    limit = SORT_LIMIT if node.limit is None else node.limit
    return ordered.where(f"{ordered.order[0]} <= {int(limit)}") if limit > 0 else ordered


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


COMMANDS: Final[Mapping[str, Apply]] = {"head": _head, "tail": _head, "dedup": _dedup, "sort": _sort}
