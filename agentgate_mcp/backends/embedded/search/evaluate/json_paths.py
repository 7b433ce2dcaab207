"""Functions that take JSON apart: `spath`, `json_extract`, `json_keys`, …

A path is `a.b{}.c{0}`: keys between dots, `{}` for all items of an array, `{n}` for one. What was
chosen where Splunk leaves it open: `json_extract` counts items from 0 and, negative, from the end,
`spath` from 1; `json_extract` gives items found with `{}` as a JSON array and `spath` as a
multivalue field; `spath` reads JSON only; text that is no JSON has nothing at any path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity, literal
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result, Truth
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

_STEP: Final = re.compile(r"\.?([^.{}]+)|\{(-?[0-9]{0,9})\}")
_BETWEEN: Final = frozenset('"\\*')
"""What a quoted key of the engine's own paths cannot hold."""


def parsed(text: str, position: int) -> tuple[str | int | None, ...]:
    """A path as keys, positions from 0, and None for every item. Raises: SplError."""
    steps: list[str | int | None] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or (match.group(1) is not None and text[at] != "." and at):
            raise SplError(f"unreadable path {text[:50]!a}", position, "a path such as a.b{}.c{0}")
        key, number = match.groups()
        steps.append(key if key is not None else int(number) if number not in ("", "-") else None)
        at = match.end()
    return tuple(steps)


def pointed(steps: tuple[str | int | None, ...], position: int) -> str:
    """A path as the engine takes it. Raises: UnsupportedSplError for a key that cannot be told."""
    if all(isinstance(s, str) or (s is not None and s >= 0) for s in steps):
        return "".join(f"/{str(s).replace('~', '~0').replace('/', '~1')}" for s in steps) or "$"
    out = ["$"]
    for step in steps:
        if step is None:
            out.append("[*]")
        elif isinstance(step, int):
            out.append(f"[{step}]" if step >= 0 else f"[#{step}]")
        elif _BETWEEN & set(step):
            raise UnsupportedSplError(f"the key {step[:40]!a} beside an array is not supported", position)
        else:
            out.append(f'."{step}"')
    return "".join(out)


def _spath(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    start = call.args[1].span.start
    steps = parsed(literal(call, to, 1, "path"), start)
    if any(isinstance(s, int) and s < 1 for s in steps):
        raise SplError("spath counts the items of an array from 1", start, "a position such as {1}")
    lowered = tuple(s - 1 if isinstance(s, int) else s for s in steps)
    path = to.build.bind(pointed(lowered, start))
    found = f"TRY(json_extract_string({to.text(call.args[0])}, {path}))"
    if None not in steps:
        return Column(sql=found, kind="text")
    name = sqltext.fresh()
    # Of a text that is always null the engine would make no list.
    return Column(sql=f"list_filter(CAST({found} AS VARCHAR[]), lambda {name}: {name} IS NOT NULL)", kind="list")


def _json_extract(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1)
    document = to.text(call.args[0])
    numbers = range(1, len(call.args))
    if call.function == "json_extract":
        steps = [parsed(literal(call, to, n, "path"), call.args[n].span.start) for n in numbers]
    else:
        steps = [(literal(call, to, n, "key"),) for n in numbers]
    paths = [(pointed(s, call.args[n].span.start), None in s) for n, s in zip(numbers, steps, strict=True)]
    if len(paths) < 2:
        path, several = paths[0] if paths else ("$", False)
        sql = _items(document, path, to) if several else f"TRY(json_extract_string({document}, {to.build.bind(path)}))"
        return Column(sql=sql, kind="text")

    def of(c: str) -> str:
        values = (_items(c, p, to) if many else _one(c, p, to) for p, many in paths)
        joined = ", ".join(f"coalesce({value}, 'null')" for value in values)
        return f"CASE WHEN json_valid({c}) THEN '[' || concat_ws(',', {joined}) || ']' END"

    return Column(sql=sqltext.let(document, of), kind="text")


def _one(document: str, path: str, to: Evaluator) -> str:
    """The JSON text of what is at a path."""
    return f"CAST(TRY(json_extract({document}, {to.build.bind(path)})) AS VARCHAR)"


def _items(document: str, path: str, to: Evaluator) -> str:
    """A JSON array of all that is at a path with `{}`."""
    found = f"TRY(json_extract({document}, {to.build.bind(path)}))"
    return sqltext.let(found, lambda v: f"CASE WHEN len({v}) > 0 THEN CAST(to_json({v}) AS VARCHAR) END")


def _of_kind(kind: str, made: str) -> Function:
    """A function of one JSON text, null for another kind of JSON; ``made`` has ``{c}`` for the text."""

    def function(call: ast.Call, to: Evaluator) -> Result:
        arity(call, 1, 1)
        sql = sqltext.let(
            to.text(call.args[0]), lambda c: f"CASE WHEN TRY(json_type({c})) = '{kind}' THEN {made.format(c=c)} END"
        )
        return Column(sql=sql, kind="list" if kind == "ARRAY" else "text")

    return function


def _json_valid(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    return Truth(sql=f"json_valid({to.text(call.args[0])})")


def _json(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    sql = sqltext.let(to.text(call.args[0]), lambda c: f"CASE WHEN json_valid({c}) THEN {c} END")
    return Column(sql=sql, kind="text")


def _json_has_key(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    return Truth(sql=f"list_contains(TRY(json_keys({to.text(call.args[0])})), {to.text(call.args[1])})")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "spath": _spath,
    "json_extract": _json_extract,
    "json_extract_exact": _json_extract,
    "json_keys": _of_kind("OBJECT", "CAST(to_json(json_keys({c})) AS VARCHAR)"),
    "json_array_to_mv": _of_kind(
        "ARRAY", "list_filter(CAST(json_extract_string({c}, '$[*]') AS VARCHAR[]), lambda item: item IS NOT NULL)"
    ),
    "json_has_key_exact": _json_has_key,
    "json_valid": _json_valid,
    "json": _json,
}
