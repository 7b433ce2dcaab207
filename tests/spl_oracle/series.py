"""`bin`, `chart` and `timechart`: buckets, series, and the limit on series."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agentgate_mcp.spl import ast
from tests.spl_oracle import clock
from tests.spl_oracle.aggregate import aggregate, counts
from tests.spl_oracle.grouping import groups, typed
from tests.spl_oracle.job import Job, OracleError, Result, options, truth, word
from tests.spl_oracle.search import time_range
from tests.spl_oracle.values import Row, Value, byte_order, items, number, text

NULL, OTHER = "NULL", "OTHER"


def bin_(node: ast.Generic, source: Result, job: Job) -> Result:
    """`bin [span=…|bins=n] field [AS new]`; numbers become ``low-high``, times their bucket's start."""
    words = list(node.words)
    name = words[0]
    target = words[2] if len(words) > 2 and words[1].lower() == "as" else name
    bucket = _bucketing(name, node.options, source.rows)
    rows = [row.copy() for row in source.rows]
    for row in rows:
        if name in row:
            row.put(target, bucket(row[name]))
    return Result(rows, source.with_columns(target))


@dataclass(frozen=True)
class _Bucket:
    """The bucket of a value: by time where the field is `_time`, else ``low-high``."""

    span: clock.Span
    of_time: bool
    origin: float = 0

    def __call__(self, value: Value) -> Value:
        amount = number(value)
        if amount is None:
            return value
        if self.of_time:
            return self.span.floor(amount - self.origin) + self.origin if self.origin else self.span.floor(amount)
        low = math.floor(amount / self.span.seconds) * self.span.seconds
        return f"{text(_plain(low))}-{text(_plain(low + self.span.seconds))}"


def _plain(value: float) -> float:
    return int(value) if value == int(value) else round(value, 10)


def _bucketing(name: str, given: dict[str, ast.Operand], rows: Sequence[Row]) -> _Bucket:
    of_time = name == "_time"
    if "span" in given:
        written = word(given["span"])
        return _Bucket(clock.span(written), of_time or not re.fullmatch(r"[\d.]+", written))
    values = [n for row in rows if (n := number(row.get(name))) is not None]
    bins = int(word(given["bins"])) if "bins" in given else 100
    if of_time:
        return _Bucket(clock.natural_span(min(values, default=0), max(values, default=0), bins), True)
    return _Bucket(clock.Span(_round_span(min(values, default=0), max(values, default=0), bins)), False)


def _round_span(low: float, high: float, bins: int) -> float:
    """The smallest power of ten with which the range has at most ``bins`` buckets."""
    width = 1.0
    while (math.floor(high / width) - math.floor(low / width) + 1) > bins:
        width *= 10
    return width


# --- series -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """What one `chart` or `timechart` was asked for."""

    nodes: tuple[ast.Aggregation, ...]
    job: Job
    given: dict[str, ast.Operand]
    where: str
    span: float = 0

    def cell(self, node: ast.Aggregation, rows: Sequence[Row]) -> Value:
        value = aggregate(node, rows, self.job, self.span)
        return 0 if value is None and counts(node) else value

    def option(self, key: str, default: str) -> str:
        return word(self.given[key]) if key in self.given else default


def chart(node: ast.Chart, source: Result, job: Job) -> Result:
    """Rows by the text of the first field's values; columns one per value of the second."""
    keys = list(node.by)
    over = node.over or keys.pop(0)
    plan = _Plan(node.aggregations, job, options(node.options), node.where)
    rows = _bucketed(over, source.rows)
    found = groups(rows, [over.field])
    table = [(typed(members, over.field, key[0]), members) for key, members in found.items()]
    return _laid_out(over.field, table, keys[0] if keys else None, plan)


def timechart(node: ast.Chart, source: Result, job: Job, first: ast.Command | None) -> Result:
    """A row per bucket of the search's time range, or of the data's where it is unbounded."""
    given = options(node.options)
    times = [n for row in source.rows if (n := number(row.get("_time"))) is not None]
    if not times:
        return Result([], [])
    expr = first.expr if isinstance(first, ast.Search) else first.where if isinstance(first, ast.Tstats) else None
    earliest, latest = time_range(expr, job)
    if not truth(given.get("fixedrange"), True):
        earliest = latest = None
    low = min(earliest or min(times), min(times))
    high = max(times) if latest is None else latest
    if "span" in given:
        span = clock.span(word(given["span"]))
    else:
        span = clock.natural_span(low, high, int(word(given["bins"])) if "bins" in given else 100)
    members: dict[float, list[Row]] = {}
    at = span.floor(low)
    while at < high or (latest is None and at <= high):
        members[at] = []
        at = span.after(at)
    for row in source.rows:
        when = number(row.get("_time"))
        if when is not None:
            members.setdefault(span.floor(when), []).append(row)
    if not truth(given.get("cont"), True):
        members = {at: rows for at, rows in members.items() if rows}
    if not truth(given.get("partial"), True):
        members = {a: r for a, r in members.items() if a >= low and span.after(a) <= high}
    plan = _Plan(node.aggregations, job, given, node.where, span.after(0) if not span.months else 0)
    table: list[tuple[Value, list[Row]]] = [(at, members[at]) for at in sorted(members)]
    return _laid_out("_time", table, node.by[0] if node.by else None, plan)


def _bucketed(key: ast.GroupKey, rows: list[Row]) -> list[Row]:
    given = options(key.options)
    if not given:
        return rows
    bucket = _bucketing(key.field, given, rows)
    made: list[Row] = []
    for row in rows:
        copy = row.copy()
        if key.field in copy:
            copy.put(key.field, bucket(copy[key.field]))
        made.append(copy)
    return made


def _laid_out(first: str, table: list[tuple[Value, list[Row]]], by: ast.GroupKey | None, plan: _Plan) -> Result:
    if by is None:
        rows: list[Row] = []
        for value, members in table:
            row = Row({first: value})
            for node in plan.nodes:
                row.put(node.output, plan.cell(node, members))
            rows.append(row)
        return Result(rows, [first, *(n.output for n in plan.nodes)])
    split = [(value, _bucketed(by, members)) for value, members in table]
    names = _series(by.field, split, plan)
    assigned = [(value, _assigned(by.field, members, names, plan)) for value, members in split]
    use_other = truth(plan.given.get("useother"), True)
    use_null = truth(plan.given.get("usenull"), True)
    other, null = plan.option("otherstr", OTHER), plan.option("nullstr", NULL)
    present = {name for _, parts in assigned for name in parts}
    columns = sorted(names, key=byte_order)
    columns += [other] if use_other and other in present and other not in names else []
    columns += [null] if use_null and null in present and null not in names else []
    rows = []
    for value, parts in assigned:
        row = Row({first: value})
        for node in plan.nodes:
            for name in columns:
                row.put(_column(node, name, plan), plan.cell(node, parts.get(name, [])))
        rows.append(row)
    return Result(rows, [first, *(_column(node, name, plan) for node in plan.nodes for name in columns)])


def _column(node: ast.Aggregation, name: str, plan: _Plan) -> str:
    return name if len(plan.nodes) == 1 else f"{node.output}{plan.option('sep', ': ')}{name}"


def _series(field: str, split: list[tuple[Value, list[Row]]], plan: _Plan) -> list[str]:
    """The series that get a column of their own: those with the greatest sums over the rows of the
    first aggregation, of equal ones the first by text."""
    scores: dict[str, float] = {}
    for _, members in split:
        parts: dict[str, list[Row]] = {}
        for row in members:
            for item in items(row.get(field)):
                parts.setdefault(item, []).append(row)
        for name, rows in parts.items():
            scores[name] = scores.get(name, 0) + (number(plan.cell(plan.nodes[0], rows)) or 0)
    ranked = sorted(scores, key=lambda n: (-scores[n], byte_order(n)))
    if plan.where:
        return _where_series(ranked, scores, plan.where)
    limit = plan.option("limit", "10").lower()
    if limit.startswith("bottom"):
        return sorted(scores, key=lambda n: (scores[n], byte_order(n)))[: int(limit[6:])]
    count = int(limit.removeprefix("top"))
    return ranked if count == 0 else ranked[:count]


_WHERE = re.compile(r"(sum)\s*(?:(notin|in)\s+(top|bottom)(\d+)|([<>])\s*([\d.]+))", re.IGNORECASE)


def _where_series(ranked: list[str], scores: dict[str, float], where: str) -> list[str]:
    match = _WHERE.fullmatch(where.strip())
    if match is None:
        raise OracleError(f"where {where}")
    _, within, end, count, op, amount = match.groups()
    if op:
        return [n for n in ranked if (scores[n] > float(amount) if op == ">" else scores[n] < float(amount))]
    chosen = (ranked if end.lower() == "top" else ranked[::-1])[: int(count)]
    return chosen if within.lower() == "in" else [n for n in ranked if n not in chosen]


def _assigned(field: str, rows: list[Row], names: list[str], plan: _Plan) -> dict[str, list[Row]]:
    """A row's events by series: its own, the rest's, or that of events without the field."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        values = items(row.get(field))
        if not values:
            parts.setdefault(plan.option("nullstr", NULL), []).append(row)
        for value in values:
            parts.setdefault(value if value in names else plan.option("otherstr", OTHER), []).append(row)
    return parts
