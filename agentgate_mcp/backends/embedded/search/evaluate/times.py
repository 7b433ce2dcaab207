"""`strftime` and `strptime`: the directives of their formats. All times are UTC.

What was chosen where Splunk leaves it open: a directive that nobody knows is written as it stands
and refused when it is to be read; `%N` has nine digits and `%Q` three unless told, as documented.
In `strptime` a blank stands for any blanks or none, text after the format is not looked at, and of
a date the parts above the first one given are today's, those below it the first: `%H:%M` is a time
of the day on which the job runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity, literal
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result
from agentgate_mcp.backends.embedded.search.evaluate.moments import timestamp
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.errors import UnsupportedSplError
from agentgate_mcp.spl import ast

_DIRECTIVE: Final = re.compile(r"%(-?)([0-9]?)(:{0,2}z|[A-Za-z+%])")
_SHORT: Final = {
    "F": "%Y-%m-%d", "T": "%H:%M:%S", "X": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "x": "%m/%d/%y",
    "r": "%I:%M:%S %p", "c": "%a %b %e %H:%M:%S %Y", "+": "%a %b %e %H:%M:%S %Z %Y", "h": "%b",
}  # fmt: skip
"""Directives that stand for several."""


def _pieces(layout: str) -> Iterator[tuple[str, str, str]]:
    """A format in pieces: (text, "", "") for literal text, ("", name, digits) for a directive.
    A name has `-` before it where the directive says not to pad."""
    while match := _DIRECTIVE.search(layout):
        pad, digits, name = match.groups()
        if match.start():
            yield layout[: match.start()], "", ""
        layout = layout[match.end() :]
        if name in _SHORT and not pad and not digits:
            layout = _SHORT[name] + layout
        else:
            yield "", pad + name, digits
    if layout:
        yield layout, "", ""


# --- strftime ----------------------------------------------------------------------------------

_NATIVE: Final = frozenset({*"aAwudbBmyYHIpMSjUWGV%", "-d", "-m", "-H", "-I", "-M", "-S", "-j", "-y"})
"""Directives that the engine writes as Splunk does."""
_FIXED: Final = {
    "Z": "UTC", "z": "+0000", ":z": "+00:00", "::z": "+00:00:00", "n": "\n", "t": "\t",
}  # fmt: skip
_BLANK_PADDED: Final = {"e": "day", "k": "hour"}
_SUBSECOND: Final = {"N": 9, "Q": 3}


def _strftime(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    layout = literal(call, to, 1, "format")
    number = to.number(call.args[0])
    sql = sqltext.let(number, lambda n: sqltext.let(timestamp(n), lambda t: _shown(layout, n, t, to)))
    return Column(sql=sql, kind="text")


def _shown(layout: str, n: str, t: str, to: Evaluator) -> str:
    parts: list[str] = []
    native = ""

    def close() -> None:
        nonlocal native
        if native:
            parts.append(f"strftime({t}, {to.build.bind(native)})")
            native = ""

    for text, name, digits in _pieces(layout):
        if not name:
            native += text.replace("%", "%%")
        elif name in _NATIVE and not digits:
            native += f"%{name}"
        elif name in _FIXED and not digits:
            native += _FIXED[name]
        elif name in _SUBSECOND:
            close()
            count = int(digits) if digits else _SUBSECOND[name]
            parts.append(f"rpad(left(strftime({t}, '%f'), {count}), {count}, '0')")
        elif name in _BLANK_PADDED and not digits:
            close()
            parts.append(f"lpad(CAST({_BLANK_PADDED[name]}({t}) AS VARCHAR), 2, ' ')")
        elif name == "l" and not digits:
            close()
            parts.append(f"lpad(strftime({t}, '%-I'), 2, ' ')")
        elif name == "s" and not digits:
            close()
            parts.append(f"CAST(CAST(floor({n}) AS BIGINT) AS VARCHAR)")
        else:
            native += f"%%{digits}{name}"
    close()
    return f"CASE WHEN {t} IS NOT NULL THEN {' || '.join(parts) or to.build.bind('')} END"


# --- strptime ----------------------------------------------------------------------------------

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES: Final = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_DAY_NAMES: Final = r"(?i:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)"
_READ: Final = {
    "Y": r"(?P<Y>[0-9]{4})", "y": r"(?P<y>[0-9]{2})", "m": r"(?P<m>[0-9]{1,2})", "d": r"\s*(?P<d>[0-9]{1,2})",
    "H": r"\s*(?P<H>[0-9]{1,2})", "I": r"\s*(?P<I>[0-9]{1,2})", "M": r"(?P<M>[0-9]{1,2})", "S": r"(?P<S>[0-9]{1,2})",
    "p": r"(?P<p>(?i:[ap]m))", "j": r"(?P<j>[0-9]{1,3})", "b": rf"(?P<b>(?i:{_MONTH_NAMES}))",
    "z": r"(?P<z>[+-][0-9]{2}:?[0-9]{2}|Z)", "Z": "(?:UTC|GMT|Z)", "s": r"(?P<s>-?[0-9]{1,15}(?:\.[0-9]{1,9})?)",
    "a": _DAY_NAMES, "%": "%", "n": r"\s*", "t": r"\s*",
}  # fmt: skip
_SAME: Final = {"e": "d", "-d": "d", "k": "H", "l": "I", "B": "b", "A": "a", ":z": "z", "-m": "m", "-H": "H"}
_BLANKS: Final = re.compile(r"\s+")


def _strptime(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    pattern, names = _reader(literal(call, to, 1, "format"), call.args[1].span.start)
    regex = to.build.bind(pattern)
    text = to.text(call.args[0])
    if not names:
        return Column(sql="CAST(NULL AS DOUBLE)", kind="number")
    # Not the directives themselves: to the engine %m and %M would be one name.
    groups = ", ".join(f"'g{number}'" for number in range(len(names)))

    def of(c: str) -> str:
        read = sqltext.let(f"regexp_extract({c}, {regex}, [{groups}])", lambda p: _moment(p, names, to))
        return f"CASE WHEN regexp_matches({c}, {regex}) THEN {read} END"

    return Column(sql=sqltext.let(text, of), kind="number")


def _reader(layout: str, position: int) -> tuple[str, tuple[str, ...]]:
    """The pattern of a written time, and the names of its groups in order."""
    names: list[str] = []
    out = ["^"]
    for text, directive, _ in _pieces(layout):
        if not directive:
            out.append(r"\s*".join(map(sqltext.re2_literal, _BLANKS.split(text))))
            continue
        name = _SAME.get(directive, directive)
        if name in ("N", "Q"):
            group, shape = "N", r"(?P<N>[0-9]{1,9})"
        elif name in _READ:
            group, shape = name, _READ[name]
        else:
            raise UnsupportedSplError(f"strptime: %{directive} is not supported", position)
        if group in names:
            shape = shape.replace(f"(?P<{group}>", "(?:")
        elif f"(?P<{group}>" in shape:
            names.append(group)
        # Names are for reading this table; the engine numbers the groups.
        out.append(shape.replace(f"(?P<{group}>", "("))
    return "".join(out), tuple(names)


def _moment(p: str, names: tuple[str, ...], to: Evaluator) -> str:
    """Epoch seconds from the groups of a written time; NULL for a date that there is not."""

    def text(name: str) -> str:
        return f"{p}['g{names.index(name)}']"

    def whole(name: str) -> str:
        return f"CAST({text(name)} AS BIGINT)"

    if "s" in names:
        return f"CAST({text('s')} AS DOUBLE)"
    year, month, day = _date(names, whole, text, to)
    hour, minute, second = (whole(name) if name in names else "0" for name in ("H", "M", "S"))
    if "I" in names:
        after = f"CASE WHEN lower({text('p')}) = 'pm' THEN 12 ELSE 0 END" if "p" in names else "0"
        hour = f"CASE WHEN {whole('I')} BETWEEN 1 AND 12 THEN {whole('I')} % 12 + {after} END"
    at = f"epoch(make_timestamp({year}, {month}, {day}, {hour}, {minute}, CAST({second} AS DOUBLE)))"
    if "j" in names:
        at += f" + CASE WHEN {whole('j')} BETWEEN 1 AND 366 THEN ({whole('j')} - 1) * 86400 END"
    if "N" in names:
        at += f" + CAST('0.' || {text('N')} AS DOUBLE)"
    if "z" in names:
        sign = f"CASE WHEN starts_with({text('z')}, '-') THEN -1 ELSE 1 END"
        offset = f"CAST(substring({text('z')}, 2, 2) AS BIGINT) * 3600 + CAST(right({text('z')}, 2) AS BIGINT) * 60"
        at += f" - CASE WHEN {text('z')} = 'Z' THEN 0 ELSE {sign} * ({offset}) END"
    return f"TRY({at})"


def _date(
    names: tuple[str, ...], whole: Callable[[str], str], text: Callable[[str], str], to: Evaluator
) -> tuple[str, str, str]:
    """Year, month and day as SQL: as given, today's above what is given, the first below."""
    today = datetime.fromtimestamp(to.build.job.now, UTC)
    has_year, has_month = "Y" in names or "y" in names, "m" in names or "b" in names
    year, month, day = str(today.year), str(today.month), str(today.day)
    if "Y" in names:
        year = whole("Y")
    elif "y" in names:
        year = f"(CASE WHEN {whole('y')} < 69 THEN 2000 ELSE 1900 END + {whole('y')})"
    if "b" in names:
        known = ", ".join(f"'{name}'" for name in _MONTHS)
        month = f"list_position([{known}], lower(left({text('b')}, 3)))"
    elif "m" in names:
        month = whole("m")
    elif has_year or "j" in names:
        month = "1"
    if "d" in names:
        day = whole("d")
    elif has_year or has_month or "j" in names:
        day = "1"
    return year, month, day


FUNCTIONS: Final[Mapping[str, Function]] = {"strftime": _strftime, "strptime": _strptime}
