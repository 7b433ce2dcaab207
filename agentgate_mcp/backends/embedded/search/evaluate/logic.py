"""Functions that choose: `if`, `case`, `coalesce`, `nullif`, `validate`, `in`, …

A choice between conditions is a condition: `where if(a=1, true(), b=2)`. `validate` gives the value
of the first condition that is false; one that is neither true nor false is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity, pairs, refused
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result, Truth, unified
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Kind
from agentgate_mcp.spl import ast


def _branches(to: Evaluator, exprs: Sequence[ast.EvalExpr]) -> tuple[list[str], Kind | None]:
    """The SQL of several results brought to one kind; None where they are conditions."""
    results = [to.result(expr) for expr in exprs]
    truths = [r for r in results if isinstance(r, Truth)]
    if truths and all(isinstance(r, Truth) or r is ABSENT for r in results):
        return [r.sql if isinstance(r, Truth) else "NULL" for r in results], None
    return unified([to.value(e) if isinstance(r, Truth) else r for r, e in zip(results, exprs, strict=True)])


def _made(sql: str, kind: Kind | None) -> Result:
    return Truth(sql=f"({sql})") if kind is None else Column(sql=sql, kind=kind)


def _if(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 3, 3)
    condition = to.condition(call.args[0])
    (yes, no), kind = _branches(to, call.args[1:])
    return _made(f"CASE WHEN {condition} THEN {yes} ELSE {no} END", kind)


def _case(call: ast.Call, to: Evaluator) -> Result:
    chosen = pairs(call)
    wanted = "" if call.function == "case" else " = false"
    conditions = [f"({to.condition(condition)}){wanted}" for condition, _ in chosen]
    values, kind = _branches(to, [value for _, value in chosen])
    arms = " ".join(f"WHEN {c} THEN {v}" for c, v in zip(conditions, values, strict=True))
    return _made(f"CASE {arms} END", kind)


def _coalesce(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1)
    values, kind = unified([to.value(arg) for arg in call.args])
    if kind == "list":
        values = [sqltext.let(v, lambda v: f"CASE WHEN len({v}) > 0 THEN {v} END") for v in values]
    return Column(sql=f"coalesce({', '.join(values)})", kind=kind)


def _nullif(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    column, other = to.value(call.args[0]), to.value(call.args[1])
    return Column(sql=f"CASE WHEN {to.compared('=', column, other)} THEN NULL ELSE {column.sql} END", kind=column.kind)


def _in(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2)
    return Truth(sql=to.one_of(call.args[0], call.args[1:]))


def _null(call: ast.Call, _: Evaluator) -> Result:
    arity(call, 0, 0)
    return ABSENT


def _truth(call: ast.Call, _: Evaluator) -> Result:
    arity(call, 0, 0)
    return Truth(sql=call.function)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "if": _if,
    "case": _case,
    "validate": _case,
    "coalesce": _coalesce,
    "nullif": _nullif,
    "in": _in,
    "null": _null,
    "true": _truth,
    "false": _truth,
    "lookup": refused("use the lookup command"),
}
