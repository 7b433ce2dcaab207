"""Commands that fill what is missing: `fillnull`, `filldown`.

Choices where Splunk's behaviour is not documented: without field names both mean every field that
some row has, internal ones left out; a value that reads as a number is filled in as one; an empty
text is a value, not a missing one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic, options_of
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.presence import fields_meant
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.sqltext import as_number, let, number_text, text_sql
from agentgate_mcp.spl import ast


def _fillnull(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options = options_of(command)
    value = options.text("value", "0")
    options.done()
    source, names = fields_meant(command, source, build)
    return source.with_fields(
        {name: _filled(source.column(name, build.parameters) or ABSENT, value, build) for name in names}
    )


def _filled(column: Column, value: str, build: Build) -> Column:
    number = as_number(value)
    if column.kind == "list":
        other = build.bind(value)
        return Column(sql=let(column.sql, lambda v: f"CASE WHEN len({v}) > 0 THEN {v} ELSE [{other}] END"), kind="list")
    # Only a number that is written as Splunk writes it comes back as the same text.
    if column.kind == "number" and number is not None and number_text(number) == value:
        return Column(sql=f"coalesce({column.sql}, {build.bind(number)})", kind="number")
    return Column(sql=f"coalesce({text_sql(column)}, {build.bind(value)})", kind="text")


def _filldown(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options_of(command).done()
    source, names = fields_meant(command, source, build)
    rows = source.numbered()
    over = f"OVER (ORDER BY {rows.order[0]} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    fields: dict[str, Column] = {}
    for name in names:
        column = rows.column(name, build.parameters)
        if column is not None:
            value = f"CASE WHEN len({column.sql}) > 0 THEN {column.sql} END" if column.kind == "list" else column.sql
            fields[name] = Column(sql=f"last_value({value} IGNORE NULLS) {over}", kind=column.kind)
    return rows.with_fields(fields)


COMMANDS: Final[Mapping[str, Apply]] = {"fillnull": _fillnull, "filldown": _filldown}
