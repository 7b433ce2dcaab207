"""Fields that a Python function computes for each row, beside the rows as they are.

For what SQL cannot do: walking JSON or XML, offsets of a match, pairs of unknown names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from agentgate_mcp.backends.embedded.search.build import Build, FieldValue, Record
from agentgate_mcp.backends.embedded.search.evaluate.core import unified
from agentgate_mcp.backends.embedded.search.relation import Column, Relation
from agentgate_mcp.backends.embedded.search.sqltext import number_text
from agentgate_mcp.errors import UnsupportedSplError

Compute: TypeAlias = Callable[[Record], Mapping[str, FieldValue]]
"""The new values of one row from those of its input fields; a field left out stays as it is."""
MAX_FIELDS: Final = 1_000
"""Fields that one command may find in its rows."""


def with_computed(
    source: Relation, build: Build, inputs: Sequence[str], compute: Compute, *, command: str, position: int
) -> Relation:
    """The rows with what ``compute`` gives for each.

    Raises: UnsupportedSplError for more rows than can be taken out of SQL, and what ``compute`` raises."""
    rows = build.kept(source)
    taken = rows.projected(inputs, build.parameters)
    made = [compute(record) for record in build.fetched(taken, command=command, position=position)]
    names = tuple(dict.fromkeys(name for row in made for name in row))
    if not names:
        return rows
    if len(names) > MAX_FIELDS:
        raise UnsupportedSplError(f"{command} that finds more than {MAX_FIELDS} fields is not supported", position)
    loaded = build.loaded(names, made)
    chosen = ", ".join(f"b.{loaded.columns[name].sql} AS c{rows.ids + n}" for n, name in enumerate(names))
    # Both are numbered from 1 in the order of the rows.
    sql = f"SELECT a.*, {chosen} FROM ({rows.sql}) a JOIN ({loaded.sql}) b ON a.{rows.order[0]} = b.{loaded.order[0]}"  # noqa: S608
    beside = replace(rows, sql=sql, ids=rows.ids + len(names))
    fields = {
        name: over(rows.column(name, build.parameters), Column(sql=f"c{rows.ids + n}", kind=loaded.columns[name].kind))
        for n, name in enumerate(names)
    }
    return beside.with_fields(fields)


def values_of(value: FieldValue) -> list[str]:
    """The values of a field as texts."""
    match value:
        case None:
            return []
        case list():
            return value
        case int() | float():
            return [number_text(value)]
        case _:
            return [value]


def over(old: Column | None, new: Column) -> Column:
    """The new value where there is one, else the old."""
    if old is None:
        return new
    (first, second), kind = unified([new, old])
    if kind == "list":
        return Column(sql=f"CASE WHEN {new.sql} IS NULL THEN {second} ELSE {first} END", kind=kind)
    return Column(sql=f"coalesce({first}, {second})", kind=kind)
