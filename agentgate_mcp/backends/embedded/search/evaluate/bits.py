"""Functions over bits: whole numbers from 0 to 2^53 - 1, as documented. Anything else gives null."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.spl import ast

_ALL: Final = 2**53 - 1


def _whole(to: Evaluator, expr: ast.EvalExpr) -> str:
    return sqltext.let(
        to.number(expr),
        lambda n: f"CASE WHEN {n} = trunc({n}) AND {n} BETWEEN 0 AND {_ALL} THEN CAST({n} AS BIGINT) END",
    )


def _folded(join: Callable[[str, str], str]) -> Function:
    def function(call: ast.Call, to: Evaluator) -> Result:
        arity(call, 2)
        return Column(sql=reduce(join, (_whole(to, arg) for arg in call.args)), kind="number")

    return function


def _not(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 2)
    value, *masks = (_whole(to, arg) for arg in call.args)
    return Column(sql=f"(xor({value}, {_ALL}) & {masks[0] if masks else _ALL})", kind="number")


def _shift(call: ast.Call, to: Evaluator) -> Result:
    """Bits that leave the range of 53 are null on the left and dropped on the right."""
    arity(call, 2, 2)
    value, offset = (_whole(to, arg) for arg in call.args)
    if call.function == "bit_shift_right":
        return Column(sql=f"({value} >> {_at_most(offset, 53)})", kind="number")
    product = f"{value} * pow(2.0, {_at_most(offset, 60)})"
    sql = sqltext.let(product, lambda n: f"CASE WHEN {n} <= {_ALL} THEN CAST({n} AS BIGINT) END")
    return Column(sql=sql, kind="number")


def _at_most(offset: str, limit: int) -> str:
    return sqltext.let(offset, lambda n: f"CASE WHEN {n} > {limit} THEN {limit} ELSE {n} END")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "bit_and": _folded(lambda a, b: f"({a} & {b})"),
    "bit_or": _folded(lambda a, b: f"({a} | {b})"),
    "bit_xor": _folded(lambda a, b: f"xor({a}, {b})"),
    "bit_not": _not,
    "bit_shift_left": _shift,
    "bit_shift_right": _shift,
}
