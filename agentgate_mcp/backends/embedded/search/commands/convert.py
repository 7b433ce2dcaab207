"""`convert`: texts into numbers and times.

Choices where Splunk's behaviour is not documented: a value that a function cannot convert is gone
from a field that `dur2sec`, `memk`, `mktime`, `mstime` or `num` converts, and stays as it is for
`rmcomma` and `rmunit`; `num` and `auto` take numbers, numbers with commas between thousands, and
durations; `auto` converts a field only when every value of it can be, as documented. A multivalue
field is read as its first value. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import Column, Relation
from agentgate_mcp.backends.embedded.search.reparsed import placed
from agentgate_mcp.backends.embedded.search.sqltext import let, number_sql, text_sql
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.text import escape

_TIME_FORMAT: Final = "%m/%d/%Y %H:%M:%S"
_DURATION: Final = r"'^(?:([0-9]+)\+)?([0-9]+):([0-9]{1,2}):([0-9]{1,2}(?:\.[0-9]+)?)$'"
_MINUTES: Final = r"'^(?:([0-9]+):)?([0-9]+(?:\.[0-9]+)?)$'"
_MEMORY: Final = r"'^([0-9]+(?:\.[0-9]+)?)\s*([kKmMgG]?)$'"
_LEADING: Final = r"'^\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)'"
_THOUSANDS: Final = r"'^[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$'"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conversion:
    """``function(field) AS target``."""

    function: str
    field: str
    target: str
    position: int


_Convert = Callable[[Column], Column]


def _convert(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    form, conversions = _read(command)
    left_alone = {n for c in conversions if c.function == "none" for n in source.matching([c.field])}
    for conversion in conversions:
        if conversion.function == "none":
            continue
        if conversion.target and "*" in conversion.field:
            raise SplError("convert: AS with a wildcard", conversion.position, "one field for one name")
        fields: dict[str, Column] = {}
        for name in source.matching([conversion.field]):
            if "*" in conversion.field and name in left_alone:
                continue
            column = source.column(name, build.parameters)
            if column is not None:
                made = _converted(conversion, name, column, form, source, build)
                fields[conversion.target or name] = made
        source = source.with_fields(fields)
    return source


def _converted(conversion: _Conversion, name: str, column: Column, form: str, source: Relation, build: Build) -> Column:
    function = {"ctime": "strftime", "mktime": "strptime"}.get(conversion.function)
    if function is None:
        single = Column(sql=f"{column.sql}[1]", kind="text") if column.kind == "list" else column
        return _FUNCTIONS[conversion.function](single)
    call = ast.Call(function=function, args=(ast.FieldRef(name=name, quoted=True), ast.String(raw=escape(form))))
    with placed(conversion.position, "convert"):
        return Evaluator(relation=source, build=build).value(call)


# --- arguments -----------------------------------------------------------------------------------


def _read(command: ast.Generic) -> tuple[str, list[_Conversion]]:
    """The time format and the conversions in order."""
    form = _TIME_FORMAT
    found: list[_Conversion] = []
    args = [a for a in command.args if not (isinstance(a, ast.Punct) and a.text == ",")]
    at = 0
    while at < len(args):
        match args[at : at + 4]:
            case [ast.Option(key="timeformat", value=ast.Value() as value), *_]:
                form = value.text
                at += 1
            case [ast.Value() as function, ast.Punct(text="("), ast.Value() as field, ast.Punct(text=")")]:
                name = function.text.lower()
                if name not in _FUNCTIONS and name not in ("ctime", "mktime", "none"):
                    known = ", ".join(sorted({*_FUNCTIONS, "ctime", "mktime", "none"}))
                    raise SplError(f"convert: unknown function {name[:40]!a}", function.span.start, known)
                at += 4
                target, at = _target(args, at)
                found.append(_Conversion(function=name, field=field.text, target=target, position=function.span.start))
            case [arg, *_]:
                raise SplError("convert: unreadable argument", arg.span.start, "function(field) AS name")
            case _:
                break
    if not found:
        raise SplError("convert converts nothing", command.span.start, "function(field)")
    return form, found


def _target(args: Sequence[ast.Arg], at: int) -> tuple[str, int]:
    match args[at : at + 2]:
        case [ast.Value(quote="") as word, ast.Value() as name] if word.text.lower() == "as":
            return name.text, at + 2
        case _:
            return "", at


# --- functions -----------------------------------------------------------------------------------


def _of_text(use: Callable[[str], str]) -> _Convert:
    """A conversion of the text to DOUBLE, NULL where it cannot be made."""
    return lambda column: Column(sql=let(text_sql(column), use), kind="number")


def _duration(text: str) -> str:
    def part(group: int) -> str:
        return f"coalesce(TRY_CAST(nullif(regexp_extract({text}, {_DURATION}, {group}), '') AS DOUBLE), 0)"

    seconds = f"{part(1)} * 86400 + {part(2)} * 3600 + {part(3)} * 60 + {part(4)}"
    return f"CASE WHEN regexp_matches({text}, {_DURATION}) THEN {seconds} END"


def _minutes(text: str) -> str:
    def part(group: int) -> str:
        return f"coalesce(TRY_CAST(nullif(regexp_extract({text}, {_MINUTES}, {group}), '') AS DOUBLE), 0)"

    return f"CASE WHEN regexp_matches({text}, {_MINUTES}) THEN {part(1)} * 60 + {part(2)} END"


def _kilobytes(text: str) -> str:
    factor = f"CASE lower(regexp_extract({text}, {_MEMORY}, 2)) WHEN 'm' THEN 1024 WHEN 'g' THEN 1048576 ELSE 1 END"
    number = f"TRY_CAST(regexp_extract({text}, {_MEMORY}, 1) AS DOUBLE)"
    return f"CASE WHEN regexp_matches({text}, {_MEMORY}) THEN {number} * {factor} END"


def _best(text: str) -> str:
    plain = number_sql(Column(sql=text, kind="text"))
    thousands = f"TRY_CAST(replace({text}, ',', '') AS DOUBLE)"
    with_commas = f"CASE WHEN regexp_matches({text}, {_THOUSANDS}) THEN {thousands} END"
    return f"coalesce({plain}, {with_commas}, {_duration(text)})"


def _number(column: Column) -> Column:
    return column if column.kind == "number" else _of_text(_best)(column)


def _auto(column: Column) -> Column:
    if column.kind == "number":
        return column
    text = text_sql(column)
    every = f"bool_and(({text}) IS NULL OR ({let(text, _best)}) IS NOT NULL) OVER ()"
    shown = text_sql(Column(sql=let(text, _best), kind="number"))
    return Column(sql=f"CASE WHEN {every} THEN {shown} ELSE {text} END", kind="text")


def _without_commas(column: Column) -> Column:
    return Column(sql=f"replace({text_sql(column)}, ',', '')", kind="text")


def _without_unit(column: Column) -> Column:
    def use(text: str) -> str:
        return f"coalesce(nullif(regexp_extract({text}, {_LEADING}, 1), ''), {text})"

    return Column(sql=let(text_sql(column), use), kind="text")


_FUNCTIONS: Final[Mapping[str, _Convert]] = {
    "auto": _auto,
    "dur2sec": _of_text(_duration),
    "memk": _of_text(_kilobytes),
    "mstime": _of_text(_minutes),
    "num": _number,
    "rmcomma": _without_commas,
    "rmunit": _without_unit,
}

COMMANDS: Final[Mapping[str, Apply]] = {"convert": _convert}
