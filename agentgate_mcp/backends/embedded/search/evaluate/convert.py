"""Functions between numbers and texts: `tonumber`, `tostring`.

What was chosen where Splunk leaves it open: `tostring` with a format leaves what is no number as it
is; a negative number has its sign before `0x`, the binary digits or the duration; a duration counts
whole seconds, and days as `2+03:04:05`. `commas` rounds to two decimals, as documented.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity, literal
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result, Truth
from agentgate_mcp.backends.embedded.search.evaluate.numbers import rounded
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_LONGEST: Final = 64
"""Digits of a number in another base; more of them are no number."""
_WHOLE: Final = 1e15
"""Up to here a DOUBLE is written as a whole number."""


def _tonumber(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 2)
    number, *bases = call.args
    base = 10
    if bases:
        written = literal(call, to, 1, "base")
        if not written.isdecimal() or not written.isascii() or not 2 <= int(written[:4]) <= 36:
            raise SplError(f"tonumber: unreadable base {written[:20]!a}", bases[0].span.start, "2 to 36")
        base = int(written)
    if base == 10:
        return Column(sql=to.number(number), kind="number")
    return Column(sql=sqltext.let(to.text(number), lambda c: _in_base(c, base)), kind="number")


def _in_base(c: str, base: int) -> str:
    letters = _DIGITS[:base]
    prefix = "(0[xX])?" if base == 16 else ""
    sign, digits = f"CASE WHEN starts_with({c}, '-') THEN -1.0 ELSE 1.0 END", sqltext.fresh()
    pattern = f"'[+-]?{prefix}([{letters}{letters[10:].upper()}]{{1,{_LONGEST}}})'"
    only = f"lower(regexp_extract({c}, {pattern}, {2 if prefix else 1}))"

    def total(d: str) -> str:
        value = f"(strpos('{_DIGITS}', substring({d}, {digits}, 1)) - 1) * pow({base}.0, length({d}) - {digits})"
        return f"list_sum(list_transform(range(1, length({d}) + 1), lambda {digits}: {value}))"

    return f"CASE WHEN regexp_full_match({c}, {pattern}) THEN {sign} * {sqltext.let(only, total)} END"


def _tostring(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 2)
    result = to.result(call.args[0])
    if isinstance(result, Truth):
        return Column(sql=f"CASE {result.sql} WHEN true THEN 'True' WHEN false THEN 'False' END", kind="text")
    text = sqltext.text_sql(result)
    if len(call.args) == 1:
        return Column(sql=text, kind="text")
    layout = literal(call, to, 1, "format")
    write = _LAYOUTS.get(layout)
    if write is None:
        raise SplError(f"tostring: unknown format {layout[:40]!a}", call.args[1].span.start, " or ".join(_LAYOUTS))
    written = sqltext.let(sqltext.number_sql(result), lambda n: f"CASE WHEN abs({n}) < {_WHOLE} THEN {write(n)} END")
    return Column(sql=f"coalesce({written}, {text})", kind="text")


def _whole(n: str) -> str:
    return f"CAST(trunc(abs({n})) AS BIGINT)"


def _sign(n: str) -> str:
    return f"CASE WHEN {n} <= -1 THEN '-' ELSE '' END"


def _duration(n: str) -> str:
    def of(s: str) -> str:
        days = f"CASE WHEN {s} >= 86400 THEN printf('%d+', {s} // 86400) ELSE '' END"
        clock = f"printf('%02d:%02d:%02d', {s} // 3600 % 24, {s} // 60 % 60, {s} % 60)"
        return f"{_sign(n)} || {days} || {clock}"

    return sqltext.let(_whole(n), of)


def _commas(n: str) -> str:
    def of(v: str) -> str:
        return (
            f"CASE WHEN {v} = trunc({v}) THEN format('{{:,}}', CAST({v} AS BIGINT)) ELSE format('{{:,.2f}}', {v}) END"
        )

    return sqltext.let(rounded(n, "2"), of)


_LAYOUTS: Final[Mapping[str, Callable[[str], str]]] = {
    "binary": lambda n: f"{_sign(n)} || bin({_whole(n)})",
    "hex": lambda n: f"{_sign(n)} || '0x' || to_hex({_whole(n)})",
    "commas": _commas,
    "duration": _duration,
}

FUNCTIONS: Final[Mapping[str, Function]] = {"tonumber": _tonumber, "tostring": _tostring}
