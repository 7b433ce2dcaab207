"""`printf`: a format with conversions as in C, read before anything runs.

What was chosen where Splunk leaves it open: a number that is missing is 0, a text that is missing
is empty, and arguments beyond the last conversion are not looked at. A width or precision given as
`*` must be a number that the search writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity, literal
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast

_CONVERSION: Final = re.compile(r"%([-+ #0']*)(\*|[0-9]{1,4})?(?:\.(\*|[0-9]{0,4}))?([A-Za-z%]?)")
_FLAGS: Final = {
    **dict.fromkeys("di", "-+ 0'"),
    "u": "-0'",
    **dict.fromkeys("oxX", "-#0"),
    **dict.fromkeys("eEgGaA", "-+ #0"),
    **dict.fromkeys("fF", "-+ #0'"),
    **dict.fromkeys("sc", "-"),
}
"""The flags that mean something, by conversion."""
_MAX_WIDTH: Final = 1_000
_MAX_PRECISION: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conversion:
    flags: str
    width: int
    precision: int | None
    letter: str


def _printf(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1)
    layout = literal(call, to, 0, "format")
    arguments = iter(call.args[1:])
    parts: list[str] = []
    position = 0
    for found in _CONVERSION.finditer(layout):
        parts.append(to.build.bind(layout[position : found.start()]))
        position = found.end()
        if found.group() == "%%":
            parts.append("'%'")
            continue
        conversion = _conversion(found, call, to, arguments)
        parts.append(_written(conversion, _next(call, arguments), to))
    parts.append(to.build.bind(layout[position:]))
    return Column(sql=f"({' || '.join(parts)})", kind="text")


def _conversion(found: re.Match[str], call: ast.Call, to: Evaluator, arguments: Iterator[ast.EvalExpr]) -> _Conversion:
    flags, width_text, precision_text, letter = found.groups()
    start = call.args[0].span.start
    if letter not in _FLAGS:
        raise SplError(f"printf: unknown conversion {found.group()[:20]!a}", start, f"one of {' '.join(_FLAGS)} %")
    width = _size(width_text, call, to, arguments) or 0
    if width < 0:
        flags, width = f"{flags}-", -width
    precision = _size(precision_text, call, to, arguments)
    if width > _MAX_WIDTH or (precision or 0) > _MAX_PRECISION:
        limits = f"a width up to {_MAX_WIDTH}, a precision up to {_MAX_PRECISION}"
        raise SplError(f"printf: {found.group()[:20]!a} is too large", start, limits)
    kept = "".join(f for f in _FLAGS[letter] if f in flags)
    if "-" in kept:
        kept = kept.replace("0", "")
    if "+" in kept:
        kept = kept.replace(" ", "")
    negative = precision is not None and precision < 0
    return _Conversion(flags=kept, width=width, precision=None if negative else precision, letter=letter)


def _size(text: str | None, call: ast.Call, to: Evaluator, arguments: Iterator[ast.EvalExpr]) -> int | None:
    if text is None:
        return None
    if text != "*":
        return int(text or 0)
    argument = _next(call, arguments)
    written = to.constant(argument)
    number = None if written is None else sqltext.as_number(written)
    if number is None or number != int(number) or abs(number) > _MAX_WIDTH:
        raise SplError("printf: a width or precision from the row", argument.span.start, "a whole number")
    return int(number)


def _next(call: ast.Call, arguments: Iterator[ast.EvalExpr]) -> ast.EvalExpr:
    argument = next(arguments, None)
    if argument is None:
        raise SplError("printf has fewer arguments than conversions", call.span.start, "an argument for each")
    return argument


def _written(conversion: _Conversion, argument: ast.EvalExpr, to: Evaluator) -> str:
    """One converted value, never NULL."""
    flags = conversion.flags.replace("'", "")
    size = f"{conversion.width or ''}" + ("" if conversion.precision is None else f".{conversion.precision}")
    match conversion.letter:
        case "s":
            value, kind = f"coalesce({to.text(argument)}, '')", "s"
        case "c":
            value, kind, size = _character(argument, to), "s", f"{conversion.width or ''}"
        case "d" | "i" | "u" | "o" | "x" | "X" as letter:
            # Only C gives a whole number a precision: the least count of its digits.
            value, kind, size = _whole(to.number(argument)), letter, f"{conversion.width or ''}"
            if conversion.precision is not None and not conversion.width:
                flags, size = f"{flags.replace('-', '')}0".replace("00", "0"), f"{conversion.precision or ''}"
        case letter:
            value, kind = f"coalesce({to.number(argument)}, 0.0)", letter
    if "'" in conversion.flags:
        return _grouped(conversion, value, to)
    layout = to.build.bind(f"%{flags}{size}{kind}")
    return f"coalesce(TRY(printf({layout}, {value})), '')"


def _whole(number: str) -> str:
    return f"coalesce(TRY_CAST(trunc({number}) AS BIGINT), 0)"


def _character(argument: ast.EvalExpr, to: Evaluator) -> str:
    """A code point by its number, or the first character of a text."""

    def of(n: str) -> str:
        return f"TRY(chr(CASE WHEN {n} BETWEEN 1 AND 1114111 THEN CAST(trunc({n}) AS INTEGER) END))"

    number = sqltext.let(to.number(argument), of)
    return f"coalesce({number}, left({to.text(argument)}, 1), '')"


def _grouped(conversion: _Conversion, value: str, to: Evaluator) -> str:
    """A number with a comma between thousands, padded with blanks."""
    places = 6 if conversion.precision is None else conversion.precision
    sign = next((f for f in conversion.flags if f in "+ "), "")
    layout = to.build.bind(f"{{:{sign},.{places}f}}" if conversion.letter in "fF" else f"{{:{sign},}}")
    side = "rpad" if "-" in conversion.flags else "lpad"
    return sqltext.let(
        f"coalesce(TRY(format({layout}, {value})), '')",
        lambda c: f"{side}({c}, CAST(greatest(length({c}), {conversion.width}) AS INTEGER), ' ')",
    )


FUNCTIONS: Final[Mapping[str, Function]] = {"printf": _printf}
