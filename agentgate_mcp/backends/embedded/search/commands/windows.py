"""`eventstats` and `streamstats`: aggregates beside the rows that they are taken over, as SQL windows.

Choices where Splunk's behaviour is not documented: a row that lacks a `by` field takes no part and
gets no result, and a multivalue `by` field counts with all its values as one. With `global=true`
(the default) `window` counts the rows of all groups. `time_window` keeps rows less than that far
from the current one. A reset forgets the rows of all groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import Options
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.commands.aggregates import Frame, aggregated
from agentgate_mcp.backends.embedded.search.commands.inputs import Input, Inputs, expanded, positioned
from agentgate_mcp.backends.embedded.search.commands.stats import by_fields, named_once, needs_time
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator
from agentgate_mcp.backends.embedded.search.evaluate.fields import reads
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.reparsed import expression_of, placed
from agentgate_mcp.backends.embedded.search.spans import span_seconds
from agentgate_mcp.backends.embedded.search.sqltext import text_sql
from agentgate_mcp.errors import UnsupportedSplError
from agentgate_mcp.spl import ast

_TIE: Final = 1e-6
"""Seconds below which two event times are one: doubles of our days are no finer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Rows made ready for windows. ``keyed`` is true where a row takes part."""

    relation: Relation
    position: str
    time: str
    keys: tuple[str, ...]
    keyed: str
    given: tuple[Input | None, ...]
    conditions: tuple[str, ...] = ()


def _prepared(
    source: Relation,
    by: Sequence[str],
    nodes: Sequence[ast.Aggregation],
    build: Build,
    *,
    timed: bool,
    conditions: Sequence[str] = (),
) -> _Rows:
    source, position = positioned(source)
    inputs = Inputs(source, build)
    keys: list[str] = []
    for name in by:
        column = source.column(name, build.parameters) or ABSENT
        joined = Column(sql=text_sql(column), kind="text") if column.kind == "list" else column
        keys.append(inputs.column(joined).sql)
    given = tuple(inputs.of(node) for node in nodes)
    made = tuple(inputs.column(Column(sql=f"coalesce({c}, false)", kind="text")).sql for c in conditions)
    return _Rows(
        time=inputs.time() if timed else "",
        keys=tuple(keys),
        keyed=" AND ".join(f"{key} IS NOT NULL" for key in keys) or "true",
        given=given,
        conditions=made,
        position=position,
        relation=inputs.relation,
    )


def _windowed(rows: _Rows, nodes: Sequence[ast.Aggregation], window: str, *, allnum: bool) -> Relation:
    """The rows with one more field per aggregate over ``window``, the text of a SQL window."""
    frame = Frame(over=" OVER w", position=rows.position, time=rows.time, allnum=allnum)
    source, ids = rows.relation, rows.relation.ids
    columns = dict(source.columns)
    selected: list[str] = []
    for node, given in zip(nodes, rows.given, strict=True):
        column = aggregated(node, given, frame)
        value = f"CASE WHEN {rows.keyed} THEN {column.sql} END" if rows.keys else column.sql
        selected.append(f"{value} AS c{ids}")
        columns[node.output] = Column(sql=f"c{ids}", kind=column.kind)
        ids += 1
    sql = f"SELECT *, {', '.join(selected)} FROM ({source.sql}) WINDOW w AS ({window})"  # noqa: S608 - generated
    return replace(source, sql=sql, columns=columns, ids=ids)


def _eventstats(node: ast.Command, source: Relation, build: Build) -> Relation:
    """Each row with the aggregates of its group."""
    assert isinstance(node, ast.Stats)
    options = Options(node.command, node.options)
    allnum = options.flag("allnum", False)
    options.done()
    by = by_fields(node)
    nodes = named_once(expanded(node.aggregations, source, build, without=by), by, node)
    rows = _prepared(source, by, nodes, build, timed=needs_time(nodes))
    window = f"{_partition(rows.keys)}ORDER BY {rows.position} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
    return _windowed(rows, nodes, window, allnum=allnum)


def _partition(keys: Sequence[str]) -> str:
    return f"PARTITION BY {', '.join(keys)} " if keys else ""


# --- streamstats --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stream:
    """The options of `streamstats`. ``window`` 0 and ``seconds`` 0 mean all rows so far."""

    current: bool
    window: int
    seconds: float
    across: bool
    on_change: bool
    before: ast.EvalExpr | None
    after: ast.EvalExpr | None
    allnum: bool


def _stream(node: ast.Stats) -> _Stream:
    options = Options(node.command, node.options)
    places = {option.key: option.span.start for option in node.options}
    written = options.text("time_window")
    stream = _Stream(
        current=options.flag("current", True),
        window=options.count("window", 0),
        seconds=span_seconds(written, places["time_window"]) if written else 0.0,
        across=options.flag("global", True),
        on_change=options.flag("reset_on_change", False),
        before=_condition(options.text("reset_before"), places.get("reset_before", 0)),
        after=_condition(options.text("reset_after"), places.get("reset_after", 0)),
        allnum=options.flag("allnum", False),
    )
    options.done()
    return stream


def _condition(text: str, position: int) -> ast.EvalExpr | None:
    if not text:
        return None
    with placed(position, "streamstats"):
        return expression_of(text)


def _streamstats(node: ast.Command, source: Relation, build: Build) -> Relation:
    """Each row with the aggregates of the rows before it, itself included unless ``current=false``."""
    assert isinstance(node, ast.Stats)
    stream = _stream(node)
    by = by_fields(node)
    nodes = named_once(expanded(node.aggregations, source, build, without=by), by, node)
    if stream.after is not None and reads(stream.after, {n.output for n in nodes}):
        raise UnsupportedSplError(
            "streamstats reset_after over its own results is not supported", stream.after.span.start
        )
    evaluator = Evaluator(relation=source, build=build)
    conditions = [evaluator.condition(e) if e is not None else "false" for e in (stream.before, stream.after)]
    timed = needs_time(nodes) or stream.seconds > 0
    rows = _prepared(source, by, nodes, build, timed=timed, conditions=conditions)
    rows, segment = _segmented(rows, stream)
    rows, place = _added(
        rows, f"row_number() OVER (PARTITION BY {_listed(rows, stream.across)} ORDER BY {rows.position})"
    )
    parts = ", ".join((rows.keyed, *rows.keys, *segment))
    last = "CURRENT ROW" if stream.current else "1 PRECEDING"
    first = "UNBOUNDED"
    if stream.seconds > 0 and rows.time:
        rows, begin = _begin_in_time(rows, stream, place, segment)
        least = f"{place} - {begin}"
        first = f"least({least}, {_reach(stream)})" if stream.window else f"({least})"
    elif stream.window:
        first = str(_reach(stream))
    kind = "ROWS" if first == "UNBOUNDED" else "RANGE"
    window = f"PARTITION BY {parts} ORDER BY {place} {kind} BETWEEN {first} PRECEDING AND {last}"
    return _windowed(rows, nodes, window, allnum=stream.allnum)


def _reach(stream: _Stream) -> int:
    """How many places back the window goes."""
    return stream.window - 1 if stream.current else stream.window


def _listed(rows: _Rows, across: bool) -> str:
    return ", ".join((rows.keyed,) if across else (rows.keyed, *rows.keys))


def _added(rows: _Rows, sql: str) -> tuple[_Rows, str]:
    """The rows with one more computed column, and its name."""
    relation, name = rows.relation.beside(sql)
    return replace(rows, relation=relation), name


def _segmented(rows: _Rows, stream: _Stream) -> tuple[_Rows, tuple[str, ...]]:
    """A column that grows by 1 with each reset, where the stream has resets."""
    over = f"OVER (PARTITION BY {rows.keyed} ORDER BY {rows.position})"
    before, after = rows.conditions
    resets: list[str] = []
    if stream.before is not None:
        resets.append(before)
    if stream.after is not None:
        resets.append(f"coalesce(lag({after}) {over}, false)")
    if stream.on_change:
        resets.extend(f"coalesce(lag({key}) {over} != {key}, false)" for key in rows.keys)
    if not resets:
        return rows, ()
    rows, flag = _added(rows, f"CASE WHEN {' OR '.join(resets)} THEN 1 ELSE 0 END")
    rows, segment = _added(rows, f"sum({flag}) {over[:-1]} ROWS UNBOUNDED PRECEDING)")
    return rows, (segment,)


def _begin_in_time(rows: _Rows, stream: _Stream, place: str, segment: tuple[str, ...]) -> tuple[_Rows, str]:
    """The place of the first row that is less than the time window away; rows go one way in time."""
    whole = f"OVER (ORDER BY {rows.position} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    backwards = f"first_value({rows.time}) {whole} > last_value({rows.time}) {whole}"
    rows, onwards = _added(rows, f"CASE WHEN {backwards} THEN -{rows.time} ELSE {rows.time} END")
    parts = ", ".join((_listed(rows, stream.across), *segment))
    reach = repr(max(stream.seconds - _TIE, 0.0))
    over = f"(PARTITION BY {parts} ORDER BY {onwards} RANGE BETWEEN {reach} PRECEDING AND CURRENT ROW)"
    return _added(rows, f"least(min({place}) OVER {over}, {place})")


COMMANDS: Final[Mapping[str, Apply]] = {"eventstats": _eventstats, "streamstats": _streamstats}
