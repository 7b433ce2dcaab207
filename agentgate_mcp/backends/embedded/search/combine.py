"""Several relations as one: stacked below each other, or beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.relation import ABSENT, SQL_TYPES, Column, Kind, Relation
from agentgate_mcp.backends.embedded.search.sqltext import list_sql, text_sql

EVENT_ORDER = ("o0 DESC",)
"""The order of events as they come from the store, newest first; `o0` is the same in every search."""


def stacked(parts: Sequence[Relation], build: Build, *, interleaved: bool = False) -> Relation:
    """The rows of the first part, then those of the second, and so on.

    With ``interleaved``, parts that are all events in the order of the store are merged in it."""
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    found = [[part.column(name, build.parameters) or ABSENT for name in names] for part in parts]
    kinds: list[Kind] = [_common_kind([row[n] for row in found]) for n in range(len(names))]
    merged = interleaved and all(part.order == EVENT_ORDER for part in parts)
    selects = [
        _select(part if merged else part.numbered(), row, kinds, number, merged=merged)
        for number, (part, row) in enumerate(zip(parts, found, strict=True))
    ]
    events = any(part.extra for part in parts)
    ids = len(names)
    return Relation(
        sql=" UNION ALL ".join(selects),
        columns={name: Column(sql=f"c{n}", kind=kinds[n]) for n, name in enumerate(names)},
        order=EVENT_ORDER if merged else ("o1", "o2"),
        carried=("o0",) if merged else ("o1", "o2"),
        extra="x" if events else "",
        extra_fields=frozenset(name for part in parts for name in part.extra_fields),
        more="m" if events else "",
        made="r" if events else "",
        ids=max(ids, 3),
    )


def _select(part: Relation, columns: Sequence[Column], kinds: Sequence[Kind], number: int, *, merged: bool) -> str:
    chosen = [f"{_as_kind(column, kind)} AS c{n}" for n, (column, kind) in enumerate(zip(columns, kinds, strict=True))]
    chosen.append(f"CAST({part.extra or 'NULL'} AS MAP(VARCHAR, VARCHAR)) AS x")
    chosen.append(f"CAST({part.more or 'NULL'} AS VARCHAR) AS m")
    chosen.append(f"CAST({part.made or 'NULL'} AS BOOLEAN) AS r")
    chosen.extend(["o0"] if merged else [f"{number} AS o1", f"{part.order[0]} AS o2"])
    return f"SELECT {', '.join(chosen)} FROM ({part.sql})"  # noqa: S608 - generated


def _common_kind(columns: Sequence[Column]) -> Kind:
    kinds = {c.kind for c in columns if c is not ABSENT}
    if "list" in kinds:
        return "list"
    return "number" if kinds == {"number"} else "text"


def _as_kind(column: Column, kind: Kind) -> str:
    """The column as ``kind``, typed, so that every part of a union has the same types."""
    if column is ABSENT:
        return f"CAST(NULL AS {SQL_TYPES[kind]})"
    match kind:
        case "list":
            return list_sql(column)
        case "text":
            return text_sql(column)
        case "number":
            return f"CAST({column.sql} AS DOUBLE)"


def beside(
    left: Relation,
    right: Relation,
    names: Sequence[str],
    build: Build,
    *,
    on: str,
    ranked: str,
    kind: str,
    overwrite: bool,
) -> Relation:
    """``left`` with the fields ``names`` of ``right`` where a row of it matches.

    ``ranked`` is a SELECT over ``right`` that holds its fields as `d0`, `d1`, … in the order of
    ``names``, and `d` as its position; ``on`` joins it as `b` to ``left`` as `a`; ``kind`` is
    `INNER`, `LEFT` or `FULL`."""
    columns = dict(left.columns)
    chosen: list[str] = []
    ids = left.ids
    for number, name in enumerate(names):
        own = left.column(name, build.parameters)
        theirs = right.column(name, build.parameters) or ABSENT
        common = _common_kind([own or ABSENT, theirs])
        value = _as_kind(Column(sql=f"d{number}", kind=theirs.kind), common)
        if own is not None:
            first, second = (value, _as_kind(own, common)) if overwrite else (_as_kind(own, common), value)
            value = _first_of(first, second, common)
        chosen.append(f"{value} AS c{ids}")
        columns[name] = Column(sql=f"c{ids}", kind=common)
        ids += 1
    more = "".join(f", {item}" for item in chosen)
    sql = f"SELECT a.*{more}, d AS o{ids} FROM ({left.sql}) AS a {kind} JOIN ({ranked}) AS b ON {on}"  # noqa: S608
    position = f"o{ids}"
    return replace(
        left,
        sql=sql,
        columns=columns,
        order=(*left.order, position),
        carried=(*left.carried, position),
        ids=ids + 1,
    )


def _first_of(first: str, second: str, kind: Kind) -> str:
    if kind == "list":
        return f"CASE WHEN len({first}) > 0 THEN {first} ELSE {second} END"
    return f"coalesce({first}, {second})"
