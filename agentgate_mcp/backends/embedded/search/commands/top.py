"""`top` and `rare`: the most and the least frequent combinations of values.

Combinations of one frequency come by their text. `percent` is of the rows that have all the fields,
in the group where there is a `by`, with six decimals as Splunk writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic, options_of, words_of
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.commands.stats import grouped, unnested
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.sqltext import text_sql
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast

_COUNT: Final = ast.Aggregation(function="count", alias="\0count")
"""A name that no search can write, so that it hides no field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Top:
    """What was asked for. ``limit`` 0 means all; ``count`` and ``percent`` are empty where not shown."""

    fields: tuple[str, ...]
    by: tuple[str, ...]
    limit: int
    rare: bool
    count: str
    percent: str
    other: str


def _read(command: ast.Generic, source: Relation) -> _Top:
    options = options_of(command)
    words = [word.text for word in words_of(command)]
    limit = 10
    if words and words[0].isdecimal():
        limit = int(words.pop(0)[:9])
    limit = options.count("limit", limit)
    cut = next((n for n, word in enumerate(words) if word.lower() == "by"), len(words))
    fields, by = source.matching(words[:cut]), source.matching(words[cut + 1 :])
    count, percent = options.text("countfield", "count"), options.text("percentfield", "percent")
    show_count, show_percent = options.flag("showcount", True), options.flag("showperc", True)
    use_other, other = options.flag("useother", False), options.text("otherstr", "OTHER")
    options.done()
    if not fields or (cut < len(words) and not by):
        raise SplError(f"{command.command} names no field", command.span.start, f"{command.command} field")
    names = [*fields, *by, *([count] if show_count else ()), *([percent] if show_percent else ())]
    if len(set(names)) < len(names):
        raise SplError(f"{command.command}: two columns of one name", command.span.start, "names that differ")
    return _Top(
        fields=fields,
        by=by,
        limit=limit,
        rare=command.command == "rare",
        count=count if show_count else "",
        percent=percent if show_percent else "",
        other=other if use_other else "",
    )


def _top(node: ast.Command, source: Relation, build: Build) -> Relation:
    """Raises: SplError, UnsupportedSplError."""
    top = _read(generic(node), source)
    names = (*top.by, *top.fields)
    keys = {name: source.column(name, build.parameters) or ABSENT for name in names}
    if top.other:
        # The row for the rest has a word in these fields, whatever they hold.
        for name in top.fields:
            if keys[name].kind == "number":
                keys[name] = Column(sql=text_sql(keys[name]), kind="text")
    rows, keys = unnested(source, keys)
    counted = grouped(rows, keys, [_COUNT], build)
    count = counted.columns[_COUNT.output].sql
    by = [counted.columns[name].sql for name in top.by]
    fields = [counted.columns[name] for name in top.fields]
    partition = f"PARTITION BY {', '.join(by)} " if by else ""
    direction = "ASC" if top.rare else "DESC"
    ids = counted.ids
    place, total = f"o{ids}", f"c{ids + 1}"
    order = ", ".join((f"{count} {direction}", *(text_sql(field) for field in fields)))
    ranked = (
        f"SELECT *, row_number() OVER ({partition}ORDER BY {order}) AS {place}, "  # noqa: S608 - generated
        f"sum({count}) OVER ({partition or ''}) AS {total} FROM ({counted.sql})"
    )
    kept = f"SELECT * FROM ({ranked})" + (f" WHERE {place} <= {top.limit}" if top.limit else "")  # noqa: S608
    if top.other and top.limit:
        kept = f"{kept} UNION ALL BY NAME {_rest(top, ranked, by, fields, count, place, total, build)}"
    columns = {name: counted.columns[name] for name in names}
    if top.count:
        columns[top.count] = Column(sql=f"CAST({count} AS BIGINT)", kind="number")
    if top.percent:
        columns[top.percent] = Column(sql=f"round({count} * 100.0 / {total}, 6)", kind="number")
    selected = ", ".join(f"{c.sql} AS c{ids + 2 + n}" for n, c in enumerate(columns.values()))
    by_text = ", ".join(text_sql(counted.columns[name]) for name in top.by)
    order = f"{by_text}, {place}" if by_text else place
    sql = f"SELECT {selected}, row_number() OVER (ORDER BY {order}) AS {place} FROM ({kept})"  # noqa: S608
    made = {name: Column(sql=f"c{ids + 2 + n}", kind=c.kind) for n, (name, c) in enumerate(columns.items())}
    return Relation(sql=sql, columns=made, order=(place,), carried=(place,), ids=ids + 2 + len(made))


def _rest(
    top: _Top,
    ranked: str,
    by: Sequence[str],
    fields: Sequence[Column],
    count: str,
    place: str,
    total: str,
    build: Build,
) -> str:
    """One row per group for the combinations behind the limit, named alike in every field."""
    other = build.bind(top.other)
    named = ", ".join([*by, *(f"{other} AS {field.sql}" for field in fields)])
    groups = f"GROUP BY {', '.join(by)}" if by else "HAVING count(*) > 0"
    return (
        f"SELECT {named}, CAST(sum({count}) AS BIGINT) AS {count}, {top.limit + 1} AS {place}, "  # noqa: S608
        f"max({total}) AS {total} FROM ({ranked}) WHERE {place} > {top.limit} {groups}"
    )


COMMANDS: Final[Mapping[str, Apply]] = {"rare": _top, "top": _top}
