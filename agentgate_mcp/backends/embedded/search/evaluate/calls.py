"""What the tables of eval functions are made of: checks of arguments, and simple shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result
from agentgate_mcp.backends.embedded.search.relation import Column, Kind
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

LARGEST: Final = 1_000_000_000
"""Positions and counts are cut to this: far beyond any text, and safe in the engine's arithmetic."""


def arity(call: ast.Call, least: int, most: int | None = None) -> None:
    """Refuses a call with another number of arguments. Raises: SplError."""
    count = len(call.args)
    if count < least or (most is not None and count > most):
        wanted = f"{least}" if most == least else f"{least} to {most}" if most is not None else f"at least {least}"
        raise SplError(f"{call.function} has {count} arguments", call.span.start, f"{wanted} arguments")


def pairs(call: ast.Call) -> tuple[tuple[ast.EvalExpr, ast.EvalExpr], ...]:
    """The arguments two by two. Raises: SplError for none or an odd number of them."""
    count = len(call.args)
    if not count or count % 2:
        raise SplError(f"{call.function} has {count} arguments", call.span.start, "pairs of arguments")
    return tuple(zip(call.args[::2], call.args[1::2], strict=True))


def literal(call: ast.Call, to: Evaluator, number: int, what: str) -> str:
    """The text of an argument that must not depend on the row. Raises: UnsupportedSplError."""
    argument = call.args[number]
    text = to.constant(argument)
    if text is None:
        raise UnsupportedSplError(f"{call.function} with a computed {what} is not supported", argument.span.start)
    return text


def flag(call: ast.Call, number: int) -> bool:
    """An optional `true()` or `false()` argument, by default false. Raises: SplError."""
    if len(call.args) <= number:
        return False
    match call.args[number]:
        case ast.Call(function="true" | "false" as name, args=()):
            return name == "true"
        case ast.FieldRef(name=name) if name.lower() in ("true", "false"):
            return name.lower() == "true"
        case other:
            raise SplError(f"{call.function}: unexpected argument", other.span.start, "true() or false()")


def refused(reason: str) -> Function:
    """A function that this engine does not have, and why. Raises, when called: UnsupportedSplError."""

    def refuse(call: ast.Call, _: Evaluator) -> Result:
        raise UnsupportedSplError(f"eval function {call.function} is not supported: {reason}", call.span.start)

    return refuse


def of_texts(make: Callable[..., str], least: int, most: int | None = None, *, kind: Kind = "text") -> Function:
    """A function over the texts of its arguments."""

    def function(call: ast.Call, to: Evaluator) -> Result:
        arity(call, least, least if most is None else most)
        return Column(sql=make(*(to.text(arg) for arg in call.args)), kind=kind)

    return function


def of_numbers(make: Callable[..., str], least: int, most: int | None = None) -> Function:
    """A function over DOUBLEs; a result that is no finite number is null."""

    def function(call: ast.Call, to: Evaluator) -> Result:
        arity(call, least, least if most is None else most)
        return Column(sql=computed(make(*(to.number(arg) for arg in call.args))), kind="number")

    return function


def computed(sql: str) -> str:
    """The number, NULL where the engine cannot compute it or it is not finite."""
    return sqltext.finite(f"TRY({sql})")


def clamped(number: str) -> str:
    """A DOUBLE as a whole BIGINT, cut off towards zero and at ± `LARGEST`."""

    def of(n: str) -> str:
        # The engine's least and greatest pass over NULL.
        return f"CASE WHEN {n} IS NOT NULL THEN CAST(trunc(greatest(-{LARGEST}, least({LARGEST}, {n}))) AS BIGINT) END"

    return sqltext.let(number, of)


def item(name: str) -> Column:
    """One value of a list, by the name of a lambda's parameter."""
    return Column(sql=name, kind="text")
