"""Functions over multivalue fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgate_mcp.spl import ast
from tests.spl_oracle import clock
from tests.spl_oracle.functions import lazy, regex, strict
from tests.spl_oracle.job import OracleError
from tests.spl_oracle.values import Value, byte_order, items, number, single, text

if TYPE_CHECKING:
    from tests.spl_oracle.evaluate import Scope


@strict("split")
def _split(value: Value, separator: Value) -> Value:
    if value is None or separator is None:
        return None
    mark = text(separator)
    return single(text(value).split(mark) if mark else list(text(value)))


@strict("mvindex")
def _mvindex(value: Value, first: Value, last: Value = None) -> Value:
    every, start = items(value), number(first)
    if start is None or not every:
        return None
    begin = int(start) + (len(every) if start < 0 else 0)
    if last is None:
        return every[begin] if 0 <= begin < len(every) else None
    stop = number(last)
    if stop is None:
        return None
    end = int(stop) + (len(every) if stop < 0 else 0)
    return single(every[begin : end + 1]) if 0 <= begin <= end else None


@strict("mvcount")
def _mvcount(value: Value) -> Value:
    return len(items(value)) or None


@strict("mvjoin")
def _mvjoin(value: Value, separator: Value) -> Value:
    return None if value is None else text(separator).join(items(value))


@strict("mvappend")
def _mvappend(*values: Value) -> Value:
    return single(item for value in values for item in items(value))


@strict("mvdedup")
def _mvdedup(value: Value) -> Value:
    return single(dict.fromkeys(items(value)))


@strict("mvsort")
def _mvsort(value: Value) -> Value:
    return single(sorted(items(value), key=byte_order))


@strict("mvfind")
def _mvfind(value: Value, pattern: Value) -> Value:
    shape = regex(pattern)
    return next((n for n, item in enumerate(items(value)) if shape.search(item)), None)


@strict("mvzip")
def _mvzip(left: Value, right: Value, separator: Value = ",") -> Value:
    return single(a + text(separator) + b for a, b in zip(items(left), items(right), strict=False))


@strict("mvrange")
def _mvrange(start: Value, end: Value, step: Value = 1) -> Value:
    at, stop = number(start), number(end)
    width = number(step)
    if width is None:
        width = clock.span(text(step)).seconds
    found: list[str] = []
    while at is not None and stop is not None and width > 0 and at < stop:
        found.append(text(int(at) if at == int(at) else at))
        at += width
    return single(found)


@lazy("mvfilter")
def _mvfilter(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    name = _one_field(args[0])
    return single(i for i in items(scope.row.get(name)) if scope.with_field(name, i).of(args[0]) is True)


@lazy("mvmap")
def _mvmap(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    name = _one_field(args[0])
    made = (scope.with_field(name, item).of(args[1]) for item in items(scope.row.get(name)))
    return single(text(value) for value in made if value is not None)


def _one_field(node: ast.EvalExpr) -> str:
    from tests.spl_oracle.evaluate import fields_of

    names = fields_of(node)
    if len(names) != 1:
        raise OracleError("expected one field")
    return names[0]
