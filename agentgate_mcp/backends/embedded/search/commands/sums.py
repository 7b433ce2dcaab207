"""Exact sums of doubles: the same digits whatever the order of rows.

A double of ordinary size is the sum of a whole number and a fraction that is a multiple of 2⁻⁹⁶, so
both parts add up without rounding in 128-bit integers. Only numbers beyond that (above 10²⁷, or
nearer to 0 than 2⁻⁴³) are added as doubles, in the order of their size.
"""

from __future__ import annotations

from typing import Final, Protocol

from agentgate_mcp.backends.embedded.search.sqltext import finite, fresh, let

ROOT_LIMIT: Final = "1e150"
"""Beyond it a square, or the sum of many, may leave the range of doubles."""
_LARGEST: Final = "1e27"
_SMALLEST: Final = "1.1368683772161603e-13"  # 2⁻⁴³: the last bit of such a double is 2⁻⁹⁶
_ONE: Final = "79228162514264337593543950336"  # 2⁹⁶


class Call(Protocol):
    """Writes one SQL aggregate: function, argument, condition, order."""

    def __call__(self, function: str, argument: str, /, *, where: str = "", order: str = "") -> str: ...


def sum_sql(numbers: str, *, many: bool, call: Call) -> str:
    """DOUBLE: the sum of a column of doubles (of lists of them with ``many``), NULL for none.

    A sum that leaves the range of doubles is NULL."""
    if many:
        inside = fresh()
        ordinary = f"list_filter({numbers}, lambda {inside}: {_is_ordinary(inside)})"
        rest = f"list_sum(list_filter({numbers}, lambda {inside}: NOT ({_is_ordinary(inside)})))"
        whole = f"list_sum(list_transform({ordinary}, lambda {inside}: {_whole(inside)}))"
        part = f"list_sum(list_transform({ordinary}, lambda {inside}: {_part(inside)}))"
        sums = (call("sum", whole), call("sum", part), call("sum", rest, order=rest))
    else:
        ordinary, others = _is_ordinary(numbers), f"NOT ({_is_ordinary(numbers)})"
        sums = (
            call("sum", _whole(numbers), where=ordinary),
            call("sum", _part(numbers), where=ordinary),
            call("sum", numbers, where=others, order=numbers),
        )
    w, p, r = sums
    return let(
        f"struct_pack(w := {w}, p := {p}, r := {r})",
        lambda v: finite(
            f"CASE WHEN {v}.w IS NULL THEN {v}.r ELSE CAST({v}.w + {v}.p // {_ONE} AS DOUBLE) "
            f"+ CAST({v}.p % {_ONE} AS DOUBLE) / {_ONE}.0 + coalesce({v}.r, 0.0) END"
        ),
    )


def _is_ordinary(n: str) -> str:
    return f"({n} = 0 OR abs({n}) BETWEEN {_SMALLEST} AND {_LARGEST})"


def _whole(n: str) -> str:
    return f"TRY_CAST(trunc({n}) AS HUGEINT)"


def _part(n: str) -> str:
    return f"TRY_CAST(({n} - trunc({n})) * {_ONE}.0 AS HUGEINT)"
