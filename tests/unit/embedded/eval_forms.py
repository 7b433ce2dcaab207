"""One expression in the forms that its arguments can have: written, in a text field, in a number field."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from agentgate_mcp.backends.ports import SearchResult

Argument: TypeAlias = str | float
Case: TypeAlias = tuple[str, tuple[Argument, ...], str | list[str] | None]
"""An expression with `#0`, `#1`, … for its arguments, the arguments, and what it gives."""


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(argument: Argument) -> str:
    return quoted(argument) if isinstance(argument, str) else repr(argument)


def query(expression: str, arguments: tuple[Argument, ...]) -> tuple[str, list[str]]:
    """A search over one event that computes the expression in every form; the fields to look at."""
    forms = {"literal": [written(a) for a in arguments]}
    assignments: list[str] = []
    if arguments:
        forms["texts"] = [f"t{n}" for n in range(len(arguments))]
        assignments += [f"t{n}={quoted(str(a))}" for n, a in enumerate(arguments)]
    if any(not isinstance(a, str) for a in arguments):
        forms["numbers"] = [f"n{n}" for n in range(len(arguments))]
        assignments += [f"n{n}={written(a)}" for n, a in enumerate(arguments)]
    for name, values in forms.items():
        filled = expression
        for number, value in enumerate(values):
            filled = filled.replace(f"#{number}", value)
        assignments.append(f"{name}={filled}")
    return f"event_id=e-1 | eval {', '.join(assignments)} | table {' '.join(forms)}", list(forms)


def check(run: Callable[..., SearchResult], case: Case) -> None:
    """Every form of the expression gives what is expected."""
    expression, arguments, expected = case
    search, forms = query(expression, arguments)
    (row,) = run(search).rows or ({},)
    assert {form: row.get(form) for form in forms} == dict.fromkeys(forms, expected)
