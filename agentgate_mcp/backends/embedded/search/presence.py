"""The fields that rows really have, for commands that mean all of them."""

from __future__ import annotations

from typing import cast

from agentgate_mcp.backends.embedded.search.arguments import words_of
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.spl import ast


def fields_present(source: Relation, build: Build) -> tuple[Relation, tuple[str, ...]]:
    """The same rows, and their fields but internal ones, in order.

    Whole events carry the columns of every event there is: of those a field counts when some row
    has it. Columns that the search chose count as they are."""
    if not source.extra:
        return source, tuple(n for n in source.columns if not n.startswith("_"))
    rows = build.kept(source)
    names = [n for n in rows.columns if not n.startswith("_")]
    tests = [f"bool_or({_holds(rows, name)})" for name in names]
    keys = f"list_distinct(coalesce(flatten(list(map_keys({rows.extra}))), []))"
    ((*held, further),) = build.rows(f"SELECT {', '.join([*tests, keys])} FROM ({rows.sql})")  # noqa: S608 - generated
    found = [name for name, has in zip(names, held, strict=True) if has]
    known = rows.extra_fields.difference(rows.columns)
    more = sorted(known.intersection(cast("list[str]", further)))
    return rows, (*found, *(n for n in more if not n.startswith("_")))


def fields_meant(command: ast.Generic, source: Relation, build: Build) -> tuple[Relation, tuple[str, ...]]:
    """The same rows, and the fields that the command names; without any all that some row has."""
    words = words_of(command)
    if not words:
        return fields_present(source, build)
    return source, source.matching(word.text for word in words)


def _holds(rows: Relation, name: str) -> str:
    column = rows.columns[name]
    return f"len({column.sql}) > 0" if column.kind == "list" else f"{column.sql} IS NOT NULL"
