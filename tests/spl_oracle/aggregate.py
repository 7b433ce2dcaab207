"""The functions of `stats` and its kin over the rows of one group."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction

from agentgate_mcp.spl import ast
from tests.spl_oracle.evaluate import Scope, evaluate, whole
from tests.spl_oracle.job import Job, OracleError, Result
from tests.spl_oracle.values import Row, Value, byte_order, items, name_pattern, number, single

LIST_CAP = 100
SAME = {
    "c": "count", "distinct_count": "dc", "estdc": "dc", "mean": "avg", "exactperc": "perc", "p": "perc",
}  # fmt: skip
COUNTS = frozenset({"count", "dc"})
_PERCENTILE = re.compile(r"(exactperc|perc|p)(\d+(?:\.\d+)?)")
Pair = tuple[Row, Value]
"""A row with what the aggregation looks at in it."""


def known_name(function: str) -> str:
    """The plain name of a function: `c` is `count`."""
    return SAME.get(function, function)


def counts(node: ast.Aggregation) -> bool:
    """Whether it is 0 rather than nothing where there is nothing."""
    return known_name(node.function) in COUNTS


def expanded(nodes: Sequence[ast.Aggregation], source: Result, by: Sequence[str]) -> list[ast.Aggregation]:
    """Aggregations with each ``*`` replaced by the fields that it matches."""
    found: list[ast.Aggregation] = []
    for node in nodes:
        if "*" not in node.field:
            found.append(node)
            continue
        shape = name_pattern(node.field)
        for name in source.names():
            match = shape.fullmatch(name)
            if match and name not in by and not name.startswith("_"):
                parts = iter(match.groups())
                alias = re.sub(r"\*", lambda _, parts=parts: next(parts), node.alias) if node.alias else ""
                found.append(ast.Aggregation(function=node.function, field=name, alias=alias))
    return found


def aggregate(node: ast.Aggregation, rows: Sequence[Row], job: Job, span: float = 0) -> Value:
    """The result of one aggregation. Raises: OracleError for a function that does not exist."""
    function = known_name(node.function)
    if function == "eval":
        return _over_aggregations(node, rows, job, span)
    if function == "count" and not node.field and node.expr is None:
        return len(rows)
    per = {"per_second": 1, "per_minute": 60, "per_hour": 3600, "per_day": 86400}.get(function)
    pairs = _pairs(node, rows, job)
    if per is not None:
        total = _sum(_numbers(pairs))
        return None if total is None else whole(total / span * per)
    return _computed(node, pairs)


def _computed(node: ast.Aggregation, pairs: Sequence[Pair]) -> Value:
    percentile = _PERCENTILE.fullmatch(node.function)
    if percentile:
        return _percentile(_numbers(pairs), Fraction(percentile.group(2)))
    compute = _FUNCTIONS.get(known_name(node.function))
    if compute is None:
        raise OracleError(f"stats function {node.function}")
    return compute(pairs)


def _pairs(node: ast.Aggregation, rows: Sequence[Row], job: Job) -> list[Pair]:
    """Each row's value, rows without one left out. A false condition counts as none."""
    if node.expr is None:
        return [(row, row[node.field]) for row in rows if node.field in row]
    found: list[Pair] = []
    for row in rows:
        value = evaluate(node.expr, Scope(row, job))
        if value is not None and value is not False:
            found.append((row, value))
    return found


def _over_aggregations(node: ast.Aggregation, rows: Sequence[Row], job: Job, span: float) -> Value:
    """`eval(round(avg(x), 2))`: aggregations inside an expression."""
    assert node.expr is not None
    made = Row()

    def replaced(expr: ast.EvalExpr) -> ast.EvalExpr:
        if not isinstance(expr, ast.Call):
            if isinstance(expr, ast.Chain):
                rest = tuple((op, replaced(operand)) for op, operand in expr.rest)
                return ast.Chain(first=replaced(expr.first), rest=rest)
            return expr
        names = [a.name for a in expr.args if isinstance(a, ast.FieldRef)]
        of_all = not expr.args and known_name(expr.function) == "count"
        if of_all or (len(names) == len(expr.args) == 1 and is_function(expr.function)):
            name = f"\0{len(made)}"
            field = names[0] if names else ""
            made.put(name, aggregate(ast.Aggregation(function=expr.function, field=field), rows, job, span))
            return ast.FieldRef(name=name)
        return ast.Call(function=expr.function, args=tuple(replaced(a) for a in expr.args))

    return evaluate(replaced(node.expr), Scope(made, job))


def is_function(name: str) -> bool:
    plain = known_name(name)
    return plain in _FUNCTIONS or plain == "count" or _PERCENTILE.fullmatch(name) is not None


# --- the functions ------------------------------------------------------------------------------


def _texts(pairs: Sequence[Pair]) -> list[str]:
    return [item for _, value in pairs for item in items(value)]


def _numbers(pairs: Sequence[Pair]) -> list[float]:
    return [n for item in _texts(pairs) if (n := number(item)) is not None]


def _sum(numbers: Sequence[float]) -> float | int | None:
    if not numbers:
        return None
    return sum(numbers) if all(isinstance(n, int) for n in numbers) else math.fsum(numbers)


def _mean(numbers: Sequence[float]) -> Value:
    total = _sum(numbers)
    return None if total is None else whole(total / len(numbers))


def _variance(numbers: Sequence[float], *, sample: bool) -> float | None:
    """0 for one value, also of a sample."""
    if not numbers:
        return None
    if len(numbers) == 1:
        return 0.0
    exact = [Fraction(n) for n in numbers]
    mean = sum(exact) / len(exact)
    return float(sum((n - mean) ** 2 for n in exact) / (len(exact) - sample))


def _deviation(numbers: Sequence[float], *, sample: bool) -> Value:
    variance = _variance(numbers, sample=sample)
    return None if variance is None else whole(math.sqrt(variance))


def _percentile(numbers: Sequence[float], percent: Fraction) -> Value:
    """The value at 0-based rank ⌊p/100 · n⌋; for the median of an even number the higher one."""
    if not numbers:
        return None
    rank = math.floor(percent / 100 * len(numbers))
    return whole(sorted(numbers)[min(rank, len(numbers) - 1)])


def _extreme(pairs: Sequence[Pair], *, largest: bool) -> Value:
    """By number where every value is one, else by text."""
    texts, numbers = _texts(pairs), _numbers(pairs)
    if not texts:
        return None
    pick = max if largest else min
    return whole(pick(numbers)) if len(numbers) == len(texts) else pick(texts, key=byte_order)


def _mode(pairs: Sequence[Pair]) -> Value:
    counted = Counter(_texts(pairs))
    return min(counted, key=lambda t: (-counted[t], byte_order(t))) if counted else None


def _range(pairs: Sequence[Pair]) -> Value:
    numbers = _numbers(pairs)
    return whole(max(numbers) - min(numbers)) if numbers else None


def _when(row: Row) -> tuple[float, int]:
    at = number(row.get("_time"))
    return (float("-inf") if at is None else at, row.seq)


def _oldest(pairs: Sequence[Pair]) -> Pair | None:
    timed = [p for p in pairs if number(p[0].get("_time")) is not None]
    return min(timed, key=lambda p: _when(p[0])) if timed else None


def _newest(pairs: Sequence[Pair]) -> Pair | None:
    timed = [p for p in pairs if number(p[0].get("_time")) is not None]
    return max(timed, key=lambda p: _when(p[0])) if timed else None


def _value(pair: Pair | None) -> Value:
    return None if pair is None else pair[1]


def _moment(pair: Pair | None) -> Value:
    return None if pair is None else pair[0]["_time"]


def _sum_of_squares(pairs: Sequence[Pair]) -> Value:
    total = _sum([n * n for n in _numbers(pairs)])
    return None if total is None else whole(total)


def _whole_sum(pairs: Sequence[Pair]) -> Value:
    total = _sum(_numbers(pairs))
    return None if total is None else whole(total)


def _variance_value(pairs: Sequence[Pair], *, sample: bool) -> Value:
    variance = _variance(_numbers(pairs), sample=sample)
    return None if variance is None else whole(variance)


_FUNCTIONS: dict[str, Callable[[Sequence[Pair]], Value]] = {
    "count": lambda pairs: len(_texts(pairs)),
    "dc": lambda pairs: len(set(_texts(pairs))),
    "sum": _whole_sum,
    "avg": lambda pairs: _mean(_numbers(pairs)),
    "min": lambda pairs: _extreme(pairs, largest=False),
    "max": lambda pairs: _extreme(pairs, largest=True),
    "mode": _mode,
    "median": lambda pairs: _percentile(_numbers(pairs), Fraction(50)),
    "range": _range,
    "stdev": lambda pairs: _deviation(_numbers(pairs), sample=True),
    "stdevp": lambda pairs: _deviation(_numbers(pairs), sample=False),
    "var": lambda pairs: _variance_value(pairs, sample=True),
    "varp": lambda pairs: _variance_value(pairs, sample=False),
    "sumsq": _sum_of_squares,
    "first": lambda pairs: pairs[0][1] if pairs else None,
    "last": lambda pairs: pairs[-1][1] if pairs else None,
    "earliest": lambda pairs: _value(_oldest(pairs)),
    "latest": lambda pairs: _value(_newest(pairs)),
    "earliest_time": lambda pairs: _moment(_oldest(pairs)),
    "latest_time": lambda pairs: _moment(_newest(pairs)),
    "list": lambda pairs: single(_texts(pairs)[:LIST_CAP]),
    "values": lambda pairs: single(sorted(set(_texts(pairs)), key=byte_order)),
}


class Running:
    """One aggregation over rows that come one by one; counts and sums are carried along."""

    def __init__(self, node: ast.Aggregation, job: Job) -> None:
        self._node, self._job = node, job
        self._function = known_name(node.function)
        self._of_all = self._function == "count" and not node.field and node.expr is None
        self._pairs: list[Pair] = []
        self._count = 0
        self._sum: float | None = None

    def add(self, row: Row) -> None:
        if self._of_all:
            self._count += 1
            return
        pairs = _pairs(self._node, [row], self._job)
        self._pairs += pairs
        self._count += len(_texts(pairs))
        added = _sum(_numbers(pairs))
        if added is not None:
            self._sum = added + (self._sum or 0)

    def value(self) -> Value:
        if self._function == "count":
            return self._count
        if self._function == "sum" and not isinstance(self._sum, float):
            return self._sum
        return _computed(self._node, self._pairs)
