"""`chart` and `timechart`: tables with a row per value or bucket and a column per series.

`timechart` has a row for each bucket of the search's time range; on a side where the search has no
bound the data's first or last bucket ends it. Empty buckets have 0 for counts and nothing else.
Without `span` the range is cut into at most `bins` (100) buckets of a usual length. Options after
`by` count as the command's own. Rows of `chart` come in the order of the text of their values,
buckets of numbers in their own; only `timechart` fills gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import Options
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.commands.aggregates import is_counting
from agentgate_mcp.backends.embedded.search.commands.binning import (
    aligned,
    bucket_label,
    bucket_start,
    read_buckets,
    search_range,
    starts_in,
)
from agentgate_mcp.backends.embedded.search.commands.inputs import expanded
from agentgate_mcp.backends.embedded.search.commands.series import ROW, Cells, laid_out, read_shape
from agentgate_mcp.backends.embedded.search.commands.stats import named_once
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.spans import natural_span, read_span
from agentgate_mcp.backends.embedded.search.sqltext import number_sql, text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

_BUCKETING: Final = frozenset({"span", "bins", "minspan", "start", "end", "aligntime"})
_PER: Final[Mapping[str, int]] = {"per_second": 1, "per_minute": 60, "per_hour": 3600, "per_day": 86_400}
_NO_RATE: Final[Mapping[str, str]] = {}


def _chart(node: ast.Command, source: Relation, build: Build) -> Relation:
    """Raises: SplError, UnsupportedSplError."""
    assert isinstance(node, ast.Chart)
    keys = [*([node.over] if node.over else []), *node.by]
    if len(keys) > 2 or any("*" in key.field for key in keys):
        raise SplError(f"{node.command} takes one row field and one series field", node.span.start, "over a by b")
    options = Options(node.command, [o for o in node.options if o.key not in _BUCKETING])
    shape = read_shape(options, node)
    # Gaps of a chart are never filled, so there is nothing for it to leave out.
    options.flag("cont", False)
    options.flag("dedup_splitvals", False)
    options.done()
    shared = tuple(o for o in node.options if o.key in _BUCKETING)
    nodes = _aggregations(node, source, build, keys)
    if not keys:
        if shared:
            raise SplError(f"{node.command} {shared[0].key}= without a field", shared[0].span.start, "over field")
        cells = laid_out(source, None, None, nodes, shape, build)
        return _table(cells, cells.relation.sql, {}, "1")
    row, label = _split(replace(keys[0], options=(*shared, *keys[0].options)), source, build)
    series = None
    if len(keys) > 1:
        start, named = _split(keys[1], source, build)
        series = named(start)
    cells = laid_out(source, row, series, nodes, shape, build)
    key = cells.relation.columns[ROW]
    order = key.sql if key.kind == "number" and row.kind == "number" and label is not _same else text_sql(key)
    return _table(cells, cells.relation.sql, {keys[0].field: label(key)}, order)


def _split(key: ast.GroupKey, source: Relation, build: Build) -> tuple[Column, Callable[[Column], Column]]:
    """The column that rows are split by, and what stands for each of its values."""
    column = source.column(key.field, build.parameters) or ABSENT
    if not key.options:
        return column, _same
    at = key.options[0].span.start
    if column.kind == "list":
        raise UnsupportedSplError(f"buckets of the multivalue field {key.field!a} are not supported", at)
    options = Options("chart", key.options)
    of_time = key.field == "_time"
    buckets = read_buckets(options, column, of_time=of_time, source=source, build=build, position=at)
    options.done()
    start = Column(sql=bucket_start(buckets, number_sql(column)), kind="number")
    return start, lambda begin: bucket_label(buckets, begin.sql)


def _same(column: Column) -> Column:
    return column


def _aggregations(
    node: ast.Chart, source: Relation, build: Build, keys: Sequence[ast.GroupKey]
) -> tuple[ast.Aggregation, ...]:
    by = [key.field for key in keys]
    named = [replace(a, alias="eval") if a.function == "eval" and not a.alias else a for a in node.aggregations]
    return named_once(expanded(named, source, build, without=by), by[:1], node)


def _table(
    cells: Cells, sql: str, keys: Mapping[str, Column], order: str, rate: Mapping[str, str] = _NO_RATE
) -> Relation:
    """The finished rows of ``sql``: the row's field, then the cells, counts filled with 0.

    ``rate`` holds what the results of some aggregates are divided by."""
    ids = cells.relation.ids + 1
    columns: dict[str, Column] = {}
    selected: list[str] = []
    made: dict[str, Column] = dict(keys)
    for name, node in cells.of.items():
        column = cells.relation.columns[name]
        value = f"coalesce({column.sql}, 0)" if is_counting(node) else column.sql
        if node.output in rate:
            value = f"({value} / {rate[node.output]})"
        # A series that is named like the row's field does not take its place.
        made.setdefault(name, Column(sql=value, kind=column.kind))
    for name, column in made.items():
        selected.append(f"{column.sql} AS c{ids}")
        columns[name] = Column(sql=f"c{ids}", kind=column.kind)
        ids += 1
    ordered = f"SELECT {', '.join((*selected, f'row_number() OVER (ORDER BY {order}) AS o{ids}'))} FROM ({sql})"  # noqa: S608
    return Relation(sql=ordered, columns=columns, order=(f"o{ids}",), carried=(f"o{ids}",), ids=ids + 1)


# --- timechart ----------------------------------------------------------------------------------


def _timechart(node: ast.Command, source: Relation, build: Build) -> Relation:
    """Raises: SplError, UnsupportedSplError."""
    assert isinstance(node, ast.Chart)
    at = node.span.start
    if len(node.by) > 1 or node.over is not None or any("*" in key.field for key in node.by):
        raise SplError("timechart takes one series field", at, "by field")
    options = Options(node.command, [*node.options, *(o for key in node.by for o in key.options)])
    shape = read_shape(options, node)
    fixed, cont, partial = (options.flag(name, True) for name in ("fixedrange", "cont", "partial"))
    span, bins, minspan = options.text("span"), options.count("bins", 100, least=2), options.text("minspan")
    align = options.text("aligntime")
    options.flag("dedup_splitvals", False)
    options.done()
    time = number_sql(source.columns.get("_time", ABSENT))
    seen = build.extent(source, time)
    asked = search_range(build) if fixed else (None, None)
    first, last = (a if a is not None else s for a, s in zip(asked, seen or (0.0, 0.0), strict=True))
    if span:
        buckets = read_span(span, at)
    else:
        buckets = natural_span(first, last, bins=bins, least=read_span(minspan, at).seconds if minspan else 0.0)
    if align:
        buckets = aligned(buckets, align, build, at)
    nodes = _aggregations(node, source, build, node.by)
    per = {n.output: _PER[n.function] for n in nodes if n.function in _PER}
    nodes = tuple(replace(n, function="sum", alias=n.output) if n.function in _PER else n for n in nodes)
    series = (source.column(node.by[0].field, build.parameters) or ABSENT) if node.by else None
    row = Column(sql=buckets.sql(time), kind="number")
    cells = laid_out(source, row, series, nodes, shape, build)
    starts: list[float] = []
    if seen:
        starts = starts_in(buckets, min(first, seen[0]), max(last, seen[1]), closed=asked[1] is None, position=at)
    if not partial:
        starts = [s for s in starts if s >= first and buckets.after(s) <= last]
    begin, sql = _filled(cells, starts, cont=cont, build=build)
    rate = {name: f"({buckets.length_sql(begin)} / {seconds}.0)" for name, seconds in per.items()}
    return _table(cells, sql, {"_time": Column(sql=begin, kind="number")}, begin, rate)


def _filled(cells: Cells, starts: Sequence[float], *, cont: bool, build: Build) -> tuple[str, str]:
    """The column of each bucket's start, and the cells of all buckets (without ``cont`` those with rows)."""
    key = cells.relation.columns[ROW].sql
    begin = f"c{cells.relation.ids}"
    buckets = f"SELECT unnest({build.doubles(starts)}) AS {begin}"
    join = "LEFT JOIN" if cont else "JOIN"
    return begin, f"SELECT * FROM ({buckets}) {join} ({cells.relation.sql}) ON {key} = {begin}"  # noqa: S608


COMMANDS: Final[Mapping[str, Apply]] = {"chart": _chart, "timechart": _timechart}
