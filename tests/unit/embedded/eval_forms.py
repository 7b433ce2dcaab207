"""Expressions in the forms that their arguments can have: written, in a text field, in a number field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from agentgate_mcp.backends.ports import SearchResult

Argument: TypeAlias = str | float
Case: TypeAlias = tuple[str, tuple[Argument, ...], str | list[str] | None]
"""An expression with `#0`, `#1`, … for its arguments, the arguments, and what it gives."""


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(argument: Argument) -> str:
    return quoted(argument) if isinstance(argument, str) else repr(argument)


def batches(cases: Sequence[Case], size: int = 12) -> list[Sequence[Case]]:
    """Cases in groups that one search each computes."""
    return [cases[start : start + size] for start in range(0, len(cases), size)]


def check(run: Callable[..., SearchResult], cases: Sequence[Case]) -> None:
    """Every form of every expression gives what is expected, over one event."""
    assignments: list[str] = []
    expected: dict[str, tuple[str, str | list[str] | None]] = {}
    for case, (expression, arguments, value) in enumerate(cases):
        forms = {"literal": [written(a) for a in arguments]}
        if arguments:
            forms["texts"] = [f"t{case}_{n}" for n in range(len(arguments))]
            assignments += [f"t{case}_{n}={quoted(str(a))}" for n, a in enumerate(arguments)]
        if any(not isinstance(a, str) for a in arguments):
            forms["numbers"] = [f"n{case}_{n}" for n in range(len(arguments))]
            assignments += [f"n{case}_{n}={written(a)}" for n, a in enumerate(arguments)]
        for form, values in forms.items():
            filled = expression
            for number, text in enumerate(values):
                filled = filled.replace(f"#{number}", text)
            assignments.append(f"{form}{case}={filled}")
            expected[f"{form}{case}"] = (f"{expression} of {arguments} as {form}", value)
    rows = run(f"event_id=e-1 | eval {', '.join(assignments)} | table {' '.join(expected)}").rows
    row = rows[0] if rows else {}
    assert {what: row.get(name) for name, (what, _) in expected.items()} == dict(expected.values())
