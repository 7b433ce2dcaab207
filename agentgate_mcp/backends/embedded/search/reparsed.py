"""Expressions inside the arguments of commands without a form of their own, read from their tokens."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.parser import parse
from agentgate_mcp.spl.render import render


def text_of(args: Sequence[ast.Arg]) -> str:
    """The arguments as text, one blank between any two."""
    command = ast.Generic(command="x", args=tuple(args))
    return render(ast.Pipeline(commands=(command,))).removeprefix("| x").strip()


@contextmanager
def placed(position: int, command: str) -> Generator[None]:
    """Gives the errors of a text of our own the place of the argument that it was made from.

    Raises: SplError, UnsupportedSplError with ``position``."""
    try:
        yield
    except SplError as error:
        raise type(error)(f"{command}: {error.problem}", position, error.expected) from None


def assignments_of(args: Sequence[ast.Arg]) -> tuple[ast.Assignment, ...]:
    """``field=expression, …``. Raises: SplError; use it inside `placed`."""
    match parse(f"| eval {text_of(args)}").commands:
        case (ast.Eval(assignments=assignments),):
            return assignments
        case _:
            raise SplError("unreadable expression", 0, "field=expression")


def expression_of(text: str) -> ast.EvalExpr:
    """One eval expression. Raises: SplError; use it inside `placed`."""
    match parse(f"| where {text}").commands:
        case (ast.Where(expr=expr),):
            return expr
        case _:
            raise SplError("unreadable expression", 0, "an expression")


def search_of(text: str) -> ast.SearchExpr | None:
    """One search expression. Raises: SplError; use it inside `placed`."""
    match parse(f"| search {text}").commands:
        case (ast.Search(expr=expr),):
            return expr
        case _:
            raise SplError("more than a search", 0, "a search expression")
