"""Functions that choose and test: `if`, `case`, `coalesce`, `isnull`, …"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result, Truth, unified
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast


def arity(call: ast.Call, least: int, most: int | None = None) -> None:
    """Refuses a call with another number of arguments. Raises: SplError."""
    count = len(call.args)
    if count < least or (most is not None and count > most):
        wanted = f"{least}" if most == least else f"{least} to {most}" if most is not None else f"at least {least}"
        raise SplError(f"{call.function} has {count} arguments", call.span.start, f"{wanted} arguments")


def _if(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 3, 3)
    condition = to.condition(call.args[0])
    (yes, no), kind = unified([to.value(call.args[1]), to.value(call.args[2])])
    return Column(sql=f"CASE WHEN {condition} THEN {yes} ELSE {no} END", kind=kind)


def _isnull(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    column = to.value(call.args[0])
    test = f"len(coalesce({column.sql}, [])) = 0" if column.kind == "list" else f"{column.sql} IS NULL"
    return Truth(sql=f"({test})" if call.function == "isnull" else f"(NOT {test})")


def _null(call: ast.Call, _: Evaluator) -> Result:
    arity(call, 0, 0)
    return ABSENT


def _truth(call: ast.Call, _: Evaluator) -> Result:
    arity(call, 0, 0)
    return Truth(sql=call.function)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "if": _if,
    "isnull": _isnull,
    "isnotnull": _isnull,
    "null": _null,
    "true": _truth,
    "false": _truth,
}
