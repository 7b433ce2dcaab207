"""The functions of `stats` and its kin, as SQL over a group of rows or over a window.

Choices where Splunk's behaviour is open or differs between versions:

- Every value of a multivalue field counts, in sums as in `count`, `dc`, `values` and the rest;
  `first`, `last`, `earliest` and `latest` give the field as it stands in that row.
- Arithmetic looks at the values that are numbers and leaves the others out (`allnum` changes that).
- `min`, `max` compare numbers when all values of the group are numbers, else text; `mode` takes,
  of values equally frequent, the first by text; `estdc` is exact.
- Percentiles are exact and by nearest rank: of n values in order the one at 1-based rank
  ⌊n·p/100⌋ + 1, at most n. For the median of an even number that is the higher one, as documented.
  `perc`, `exactperc` and `upperperc` are therefore one.
- `stdev` and `var` of a single value are 0.
- Sums are exact and rounded once, so neither the order of rows nor the number of threads shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from agentgate_mcp.backends.embedded.search.commands.inputs import Input
from agentgate_mcp.backends.embedded.search.commands.sums import ROOT_LIMIT, sum_sql
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.backends.embedded.search.sqltext import finite, let, text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

LIST_CAP: Final = 100
"""Values that `list` keeps, as in Splunk."""
_SAME: Final[Mapping[str, str]] = {"c": "count", "distinct_count": "dc", "estdc": "dc", "mean": "avg"}
_PERCENTILE: Final = re.compile(r"(?:exactperc|upperperc|perc|p)([0-9]{1,3}(?:\.[0-9]{1,6})?)")
_COUNTING: Final = frozenset({"count", "dc"})
_POSITIONAL: Final = frozenset({"first", "last", "earliest", "latest", "rate", "list"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The rows that an aggregate is taken over: a group's, or with ``over`` those of a window.

    ``position`` counts rows in their order, ``time`` is `_time` as DOUBLE (empty where there is
    none). A window is ordered by position already."""

    over: str = ""
    position: str = ""
    time: str = ""
    allnum: bool = False

    def call(self, function: str, argument: str, *more: str, where: str = "", order: str = "") -> str:
        """One SQL aggregate."""
        arguments = ", ".join((argument, *more))
        ordered = f" ORDER BY {order}" if order and not self.over else ""
        chosen = f" FILTER (WHERE {where})" if where else ""
        return f"{function}({arguments}{ordered}){chosen}{self.over}"

    def collected(self, values: str, order: str = "") -> str:
        """The values of all rows as one list, NULL where there are none; ``values`` is a scalar."""
        return self.call("list", values, where=f"{values} IS NOT NULL", order=order)

    def flattened(self, values: str) -> str:
        """The same for a column of lists, in the order of the rows."""
        return f"flatten({self.collected(values, self.position)})"


_Function: TypeAlias = Callable[[Input, Frame], Column]


def plain_name(node: ast.Aggregation) -> str:
    """The function under its first name: `mean` is `avg`, `p95` is `perc`."""
    if _PERCENTILE.fullmatch(node.function):
        return "perc"
    return _SAME.get(node.function, node.function)


def is_function(name: str) -> bool:
    """Whether ``name`` is an aggregate function."""
    return _SAME.get(name, name) in _FUNCTIONS or _PERCENTILE.fullmatch(name) is not None


def is_counting(node: ast.Aggregation) -> bool:
    """Whether the result over no rows is 0 and not nothing."""
    return plain_name(node) in _COUNTING


def needs_order(nodes: Sequence[ast.Aggregation]) -> bool:
    """Whether a result depends on the order of rows."""
    return any(plain_name(node) in _POSITIONAL for node in nodes)


def aggregated(node: ast.Aggregation, given: Input | None, frame: Frame) -> Column:
    """One aggregate; ``given`` is None for a bare `count`.

    Raises: UnsupportedSplError for an unknown function, SplError for a percentile above 100."""
    match = _PERCENTILE.fullmatch(node.function)
    if match:
        percent = Decimal(match.group(1))
        if percent > 100:
            raise SplError(f"{node.function}: a percentile above 100", node.span.start, "perc0 to perc100")
        compute = _percentile(percent)
    else:
        found = _FUNCTIONS.get(plain_name(node))
        if found is None or node.argument:
            raise UnsupportedSplError(f"stats function {node.function} is not supported", node.span.start)
        compute = found
    if given is None:
        if plain_name(node) != "count":
            raise SplError(f"{node.function} needs a field", node.span.start, f"{node.function}(field)")
        return Column(sql=f"count(*){frame.over}", kind="number")
    column = compute(given, frame)
    if frame.allnum and plain_name(node) in _NUMERIC:
        total, numbers = _count(given, frame).sql, _count_numbers(given, frame)
        return Column(sql=f"CASE WHEN {total} = {numbers} THEN {column.sql} END", kind=column.kind)
    return column


# --- counting -----------------------------------------------------------------------------------


def _count(given: Input, frame: Frame) -> Column:
    if given.truth:
        return Column(sql=frame.call("count", "*", where=given.truth), kind="number")
    if given.many:
        total = frame.call("sum", f"len({given.text})")
        return Column(sql=f"CAST(coalesce({total}, 0) AS BIGINT)", kind="number")
    return Column(sql=frame.call("count", given.text), kind="number")


def _count_numbers(given: Input, frame: Frame) -> str:
    if given.many:
        return f"coalesce({frame.call('sum', f'len({given.number})')}, 0)"
    return frame.call("count", given.number)


def _distinct(given: Input, frame: Frame) -> Column:
    if given.many:
        return Column(sql=f"coalesce(len(list_distinct({frame.flattened(given.text)})), 0)", kind="number")
    return Column(sql=frame.call("count", f"DISTINCT {given.text}"), kind="number")


def _mode(given: Input, frame: Frame) -> Column:
    if not given.many and not frame.over:
        return Column(sql=frame.call("mode", given.text, order=given.text), kind="text")
    values = frame.flattened(given.text) if given.many else frame.collected(given.text)
    return Column(sql=f"list_aggregate(list_sort({values}), 'mode')", kind="text")


# --- arithmetic ---------------------------------------------------------------------------------


def _sum(given: Input, frame: Frame) -> Column:
    return Column(sql=sum_sql(given.number, many=given.many, call=frame.call), kind="number")


def _sum_of_squares(given: Input, frame: Frame) -> Column:
    return Column(sql=sum_sql(given.squares, many=given.many, call=frame.call), kind="number")


def _average(given: Input, frame: Frame) -> Column:
    return Column(sql=f"({_sum(given, frame).sql} / nullif({_count_numbers(given, frame)}, 0))", kind="number")


def _range(given: Input, frame: Frame) -> Column:
    low, high = (_number_extreme(given, frame, name) for name in ("min", "max"))
    return Column(sql=finite(f"({high} - {low})"), kind="number")


def _variance(function: str, *, root: bool) -> _Function:
    def compute(given: Input, frame: Frame) -> Column:
        # The library refuses to square what is too large for it; such values make the result null.
        if given.many:
            numbers = frame.flattened(given.number)
            sql = let(
                f"list_sort({numbers})",
                lambda v: (
                    f"CASE WHEN len({v}) > 0 AND greatest(abs({v}[1]), abs({v}[-1])) <= {ROOT_LIMIT} "
                    f"THEN CASE WHEN len({v}) = 1 THEN 0.0 ELSE list_aggregate({v}, '{function}') END END"
                ),
            )
        else:
            n = given.number
            value = frame.call(function, n, where=f"abs({n}) <= {ROOT_LIMIT}", order=n)
            largest = frame.call("max", f"abs({n})")
            # One value has no spread; the library says NULL of a sample of one.
            sql = f"CASE WHEN {largest} <= {ROOT_LIMIT} THEN coalesce({value}, 0.0) END"
        return Column(sql=f"sqrt({sql})" if root else sql, kind="number")

    return compute


def _percentile(percent: Decimal) -> _Function:
    millionths = int(percent * 1_000_000)

    def compute(given: Input, frame: Frame) -> Column:
        numbers = frame.flattened(given.number) if given.many else frame.collected(given.number)
        sql = let(
            f"list_sort({numbers})",
            lambda v: f"{v}[least(len({v}) * {millionths} // 100000000 + 1, len({v}))]",
        )
        return Column(sql=sql, kind="number")

    return compute


def _number_extreme(given: Input, frame: Frame, function: str) -> str:
    return frame.call(function, f"list_{function}({given.number})" if given.many else given.number)


def _extreme(function: str) -> _Function:
    def compute(given: Input, frame: Frame) -> Column:
        number = _number_extreme(given, frame, function)
        if given.numeric:
            return Column(sql=number, kind="number")
        text = frame.call(function, f"list_{function}({given.text})" if given.many else given.text)
        shown = text_sql(Column(sql=number, kind="number"))
        all_numbers = f"{_count(given, frame).sql} = {_count_numbers(given, frame)}"
        return Column(sql=f"CASE WHEN {all_numbers} THEN {shown} ELSE {text} END", kind="text")

    return compute


# --- lists of values ----------------------------------------------------------------------------


def _values(given: Input, frame: Frame) -> Column:
    if given.many or frame.over:
        values = frame.flattened(given.text) if given.many else frame.collected(given.text)
        return Column(sql=f"list_sort(list_distinct({values}))", kind="list")
    values = frame.call("list", f"DISTINCT {given.text}", where=f"{given.text} IS NOT NULL")
    return Column(sql=f"list_sort({values})", kind="list")


def _list(given: Input, frame: Frame) -> Column:
    values = frame.flattened(given.text) if given.many else frame.collected(given.text, frame.position)
    return Column(sql=f"({values})[1:{LIST_CAP}]", kind="list")


# --- by order and by time -----------------------------------------------------------------------


def _placed(function: str) -> _Function:
    def compute(given: Input, frame: Frame) -> Column:
        value = frame.call(function, given.value, frame.position, where=f"{given.value} IS NOT NULL")
        return Column(sql=value, kind=given.kind)

    return compute


def _chronological(function: str) -> _Function:
    def compute(given: Input, frame: Frame) -> Column:
        if not frame.time:
            return Column(sql=f"CAST(NULL AS {given.sql_type})", kind=given.kind)
        # Events come newest first: of one time the earliest is the one that comes last.
        when = f"row({frame.time}, -{frame.position})"
        there = f"{given.value} IS NOT NULL AND {frame.time} IS NOT NULL"
        return Column(sql=frame.call(function, given.value, when, where=there), kind=given.kind)

    return compute


def _moment(function: str) -> _Function:
    def compute(given: Input, frame: Frame) -> Column:
        if not frame.time:
            return Column(sql="CAST(NULL AS DOUBLE)", kind="number")
        return Column(sql=frame.call(function, frame.time, where=f"{given.value} IS NOT NULL"), kind="number")

    return compute


def _rate(given: Input, frame: Frame) -> Column:
    if not frame.time or given.many:
        return Column(sql="CAST(NULL AS DOUBLE)", kind="number")
    there = f"{given.number} IS NOT NULL AND {frame.time} IS NOT NULL"
    when = f"row({frame.time}, -{frame.position})"
    first, last = (frame.call(f, given.number, when, where=there) for f in ("arg_min", "arg_max"))
    begin, end = (frame.call(f, frame.time, where=there) for f in ("min", "max"))
    return Column(sql=finite(f"(({last}) - ({first})) / nullif(({end}) - ({begin}), 0)"), kind="number")


_NUMERIC: Final = frozenset(
    {"sum", "avg", "sumsq", "range", "stdev", "stdevp", "var", "varp", "perc", "median", "rate"}
)  # fmt: skip

_FUNCTIONS: Final[Mapping[str, _Function]] = {
    "avg": _average,
    "count": _count,
    "dc": _distinct,
    "earliest": _chronological("arg_min"),
    "earliest_time": _moment("min"),
    "first": _placed("arg_min"),
    "last": _placed("arg_max"),
    "latest": _chronological("arg_max"),
    "latest_time": _moment("max"),
    "list": _list,
    "max": _extreme("max"),
    "median": _percentile(Decimal(50)),
    "min": _extreme("min"),
    "mode": _mode,
    "range": _range,
    "rate": _rate,
    "stdev": _variance("var_samp", root=True),
    "stdevp": _variance("var_pop", root=True),
    "sum": _sum,
    "sumsq": _sum_of_squares,
    "values": _values,
    "var": _variance("var_samp", root=False),
    "varp": _variance("var_pop", root=False),
}
