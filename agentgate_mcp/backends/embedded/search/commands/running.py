"""Values from the rows before: `accum`, `delta`, `autoregress`, `trendline`.

Choices where Splunk's behaviour is not documented: `accum` passes over what is no number and leaves
it as it is; a `trendline` has a value only where all the rows that it looks at have a number, and
`ema` begins with the first number and shows itself from the period's last row on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import field_and_name, generic, options_of
from agentgate_mcp.backends.embedded.search.build import MAX_ROWS, Build
from agentgate_mcp.backends.embedded.search.commands.aggregates import Frame
from agentgate_mcp.backends.embedded.search.commands.inputs import positioned
from agentgate_mcp.backends.embedded.search.commands.sums import sum_sql
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.sqltext import finite, fresh, number_sql, text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

_TREND: Final = re.compile(r"(sma|ema|wma)([0-9]{1,5})", re.IGNORECASE)
_LAGS: Final = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?")
MAX_PERIOD: Final = 10_000
"""As in Splunk; the least is 2."""
_MAX_LAGS: Final = 100


def _numbers(field: str, source: Relation, build: Build) -> tuple[Relation, str, str, Column]:
    """The rows with the field's number in a column: rows, position, that column, the field as it was."""
    source, position = positioned(source)
    column = source.column(field, build.parameters) or ABSENT
    single = Column(sql=text_sql(column), kind="text") if column.kind == "list" else column
    made = f"c{source.ids}"
    rows = source.with_fields({"\0n": Column(sql=number_sql(single), kind="number")})
    kept = {name: c for name, c in rows.columns.items() if name != "\0n"}
    return replace(rows, columns=kept), position, made, column


def _accum(node: ast.Command, source: Relation, build: Build) -> Relation:
    """The running total of a field's numbers."""
    command = generic(node)
    options_of(command).done()
    field, name = field_and_name(command)
    rows, position, number, before = _numbers(field, source, build)
    frame = Frame(over=f" OVER (ORDER BY {position} ROWS UNBOUNDED PRECEDING)")
    total = sum_sql(number, many=False, call=frame.call)
    if name and name != field:
        return rows.with_fields({name: Column(sql=f"CASE WHEN {number} IS NOT NULL THEN {total} END", kind="number")})
    if before.kind == "number":
        return rows.with_fields({field: Column(sql=total, kind="number")})
    shown = text_sql(Column(sql=total, kind="number"))
    sql = f"CASE WHEN {number} IS NOT NULL THEN {shown} ELSE {text_sql(before)} END"
    return rows.with_fields({field: Column(sql=sql, kind="text")})


def _delta(node: ast.Command, source: Relation, build: Build) -> Relation:
    """The difference to the row ``p`` rows before; nothing where either is no number."""
    command = generic(node)
    options = options_of(command)
    back = options.count("p", 1, least=1)
    options.done()
    field, name = field_and_name(command)
    rows, position, number, _ = _numbers(field, source, build)
    sql = finite(f"({number} - lag({number}, {back}) OVER (ORDER BY {position}))")
    return rows.with_fields({name or f"delta({field})": Column(sql=sql, kind="number")})


def _autoregress(node: ast.Command, source: Relation, build: Build) -> Relation:
    """The values of the rows ``p`` before (``p=2-4`` those of 2, 3 and 4 rows before), as they are."""
    command = generic(node)
    options = options_of(command)
    written = options.text("p", "1")
    options.done()
    field, name = field_and_name(command)
    match = _LAGS.fullmatch(written)
    first = int(match.group(1)) if match else 0
    last = int(match.group(2) or first) if match else 0
    if not 0 < first <= last:
        raise SplError(f"autoregress p: got {written[:40]!a}", command.span.start, "p=2 or p=1-3")
    if last - first >= _MAX_LAGS or (name and last > first):
        raise UnsupportedSplError("autoregress: a name for several lags, or too many of them", command.span.start)
    rows, position = positioned(source)
    column = rows.column(field, build.parameters) or ABSENT
    made = {
        name or f"{field}_p{back}": Column(
            sql=f"lag({column.sql}, {back}) OVER (ORDER BY {position})", kind=column.kind
        )
        for back in range(first, last + 1)
    }
    return rows.with_fields(made)


def _trendline(node: ast.Command, source: Relation, build: Build) -> Relation:
    """Moving averages: simple, exponential, and weighted by place."""
    command = generic(node)
    options_of(command).done()
    trends = list(_trends(command))
    if not trends:
        raise SplError("trendline computes nothing", command.span.start, "sma5(field) AS name")
    for kind, period, field, name in trends:
        rows, position, number, _ = _numbers(field, source, build)
        over = f"OVER (ORDER BY {position} ROWS BETWEEN {period - 1} PRECEDING AND CURRENT ROW)"
        enough = f"count({number}) {over} = {period}"
        match kind:
            case "sma":
                value = f"({sum_sql(number, many=False, call=Frame(over=f' {over}').call)} / {period})"
            case "wma":
                item, place = fresh(), fresh()
                weighed = f"list_transform(list({number}) {over}, lambda {item}, {place}: {item} * {place})"
                value = finite(f"(list_sum({weighed}) / {period * (period + 1) // 2}.0)")
            case _:
                rows, value = _exponential(rows, position, number, period, build, command.span.start)
        source = rows.with_fields({name: Column(sql=f"CASE WHEN {enough} THEN {value} END", kind="number")})
    return source


def _trends(command: ast.Generic) -> Iterator[tuple[str, int, str, str]]:
    """Each ``sma5(field) [AS name]``: kind, period, field, name. Raises: SplError."""
    texts = [arg.text for arg in command.args if isinstance(arg, ast.Value | ast.Punct)]
    at = 0
    while at < len(texts):
        if texts[at] == ",":
            at += 1
            continue
        match = _TREND.fullmatch(texts[at])
        if match is None or texts[at + 1 : at + 2] != ["("] or texts[at + 3 : at + 4] != [")"]:
            raise SplError(f"trendline: unreadable at {texts[at][:40]!a}", command.span.start, "sma5(field) AS name")
        period, field = int(match.group(2)), texts[at + 2]
        if not 2 <= period <= MAX_PERIOD:
            raise SplError(f"trendline: period {period}", command.span.start, f"2 to {MAX_PERIOD}")
        name = f"{texts[at]}({field})"
        at += 4
        if texts[at : at + 1] and texts[at].lower() == "as" and len(texts) > at + 1:
            name = texts[at + 1]
            at += 2
        yield match.group(1).lower(), period, field, name


def _exponential(
    rows: Relation, position: str, number: str, period: int, build: Build, at: int
) -> tuple[Relation, str]:
    """Each value leans on the one before it, so it is computed row by row: the rows, and its SQL."""
    sql = f"SELECT {number} FROM ({rows.sql}) ORDER BY {position} LIMIT {MAX_ROWS + 1}"  # noqa: S608 - generated
    found = build.rows(sql)
    if len(found) > MAX_ROWS:
        raise UnsupportedSplError(f"trendline ema over more than {MAX_ROWS} rows is not supported", at)
    values = list(_smoothed([n if isinstance(n, int | float) else None for (n,) in found], 2 / (period + 1)))
    return rows, f"(SELECT {build.doubles(values)})[row_number() OVER (ORDER BY {position})]"


def _smoothed(numbers: Sequence[float | None], weight: float) -> Iterator[float | None]:
    average: float | None = None
    for number in numbers:
        if number is not None:
            # Weighed one by one: the difference of two may be out of range where they are not.
            average = number if average is None else weight * number + (1 - weight) * average
        yield average


COMMANDS: Final[Mapping[str, Apply]] = {
    "accum": _accum,
    "autoregress": _autoregress,
    "delta": _delta,
    "trendline": _trendline,
}
