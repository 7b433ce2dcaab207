"""Functions that tell what a value is: `isnull`, `isnum`, `typeof`, …

What was chosen where Splunk leaves it open: the text of a field is a number where it reads as one,
while a text that was written or made in the expression is a string. A field with several values is
`Multivalue`, one with a single value what that value is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result, Truth
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.spl import ast

_PASSING: Final = frozenset(
    {
        *("if", "case", "validate", "coalesce", "nullif", "min", "max"),
        *("mvindex", "spath", "json_extract", "json_extract_exact"),
    }
)
"""Functions that hand on a value as it is."""

_Test: TypeAlias = Callable[[str, str], str]
"""SQL truth from a single value: its text, and its number or NULL."""


def _isnull(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    result = to.result(call.args[0])
    if isinstance(result, Column) and result.kind == "list":
        test = f"len(coalesce({result.sql}, [])) = 0"
    else:
        test = f"{result.sql} IS NULL"
    return Truth(sql=f"({test})" if call.function == "isnull" else f"(NOT {test})")


def _single(expr: ast.EvalExpr, column: Column, use: _Test) -> str:
    """``use`` of the one value that a column has; NULL texts where it has none or several."""
    match column.kind:
        case "number":
            return sqltext.let(column.sql, lambda n: use(n, n))
        case "list":
            text = sqltext.let(column.sql, lambda v: f"CASE WHEN len({v}) = 1 THEN {v}[1] END")
        case "text":
            text = column.sql
    if not isinstance(expr, ast.FieldRef) and not (isinstance(expr, ast.Call) and expr.function in _PASSING):
        return sqltext.let(text, lambda c: use(c, "CAST(NULL AS DOUBLE)"))
    return sqltext.let(text, lambda c: sqltext.let(sqltext.number_sql(Column(sql=c, kind="text")), lambda n: use(c, n)))


def _is(test: _Test) -> Function:
    def function(call: ast.Call, to: Evaluator) -> Result:
        arity(call, 1, 1)
        result = to.result(call.args[0])
        if isinstance(result, Truth):
            return Truth(sql="false")
        return Truth(sql=f"coalesce({_single(call.args[0], result, test)}, false)")

    return function


def _isbool(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    return Truth(sql="true" if isinstance(to.result(call.args[0]), Truth) else "false")


def _ismv(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    result = to.result(call.args[0])
    several = isinstance(result, Column) and result.kind == "list"
    return Truth(sql=f"coalesce(len({result.sql}) > 1, false)" if several else "false")


def _json_kind(name: str) -> Function:
    def function(call: ast.Call, to: Evaluator) -> Result:
        arity(call, 1, 1)
        return Truth(sql=f"coalesce(TRY(json_type({to.text(call.args[0])})) = '{name}', false)")

    return function


def _typeof(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    result = to.result(call.args[0])
    if isinstance(result, Truth):
        return Column(sql="'Boolean'", kind="text")
    several = f"WHEN len({result.sql}) > 1 THEN 'Multivalue'" if result.kind == "list" else ""

    def name(c: str, n: str) -> str:
        return (
            f"CASE {several} WHEN {n} IS NOT NULL THEN 'Number' WHEN {c} IS NOT NULL THEN 'String' ELSE 'Invalid' END"
        )

    return Column(sql=_single(call.args[0], result, name), kind="text")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "isnull": _isnull,
    "isnotnull": _isnull,
    "isnum": _is(lambda _, n: f"{n} IS NOT NULL"),
    "isint": _is(lambda _, n: f"{n} = trunc({n})"),
    "isdouble": _is(lambda _, n: f"{n} != trunc({n})"),
    "isstr": _is(lambda c, n: f"{c} IS NOT NULL AND {n} IS NULL"),
    "isbool": _isbool,
    "ismv": _ismv,
    "isarray": _json_kind("ARRAY"),
    "isobject": _json_kind("OBJECT"),
    "typeof": _typeof,
}
