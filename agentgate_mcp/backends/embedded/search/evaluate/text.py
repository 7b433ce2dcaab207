"""Functions over text: `len`, `substr`, `replace`, `trim`, hashes, …

A multivalue field is read as its values on lines. What was chosen where Splunk leaves it open:
`substr` from position 0 begins at the first character; a reference in a replacement to a group that
the pattern lacks is empty; `urldecode` leaves `+` as it is, and
where the whole is no UTF-8 everything beyond ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search import patterns, sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import LARGEST, arity, clamped, of_texts, refused
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result
from agentgate_mcp.backends.embedded.search.evaluate.matching import from_row, written
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.spl import ast

_BLANKS: Final = "chr(32) || chr(9)"
_ESCAPE: Final = re.compile(r"\\(.?)", re.DOTALL)


def _len(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    return Column(sql=f"length({to.text(call.args[0])})", kind="number")


def _substr(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 3)
    text = to.text(call.args[0])
    start, *lengths = (clamped(to.number(arg)) for arg in call.args[1:])
    length = lengths[0] if lengths else str(LARGEST)

    def from_start(c: str, n: str, count: str) -> str:
        first = f"CASE WHEN {n} < 0 THEN greatest(length({c}) + {n} + 1, 1) WHEN {n} = 0 THEN 1 ELSE {n} END"
        return f"substring({c}, {first}, CASE WHEN {count} < 0 THEN 0 ELSE {count} END)"

    sql = sqltext.let(
        text, lambda c: sqltext.let(start, lambda n: sqltext.let(length, lambda count: from_start(c, n, count)))
    )
    return Column(sql=sql, kind="text")


def _trim(side: str) -> Function:
    def trim(text: str, chars: str = _BLANKS) -> str:
        return f"{side}({text}, {chars})"

    return of_texts(trim, 1, 2)


def _rewrite(replacement: str, groups: int) -> str:
    """A replacement as RE2 takes it: references to groups stay, any other backslash is itself."""

    def one(match: re.Match[str]) -> str:
        char = match.group(1)
        if char.isdecimal() and char.isascii():
            return match.group() if int(char) <= groups else ""
        return r"\\" + char.strip("\\")

    return _ESCAPE.sub(one, replacement)


def _replace(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 3, 3)
    text, pattern, by = to.text(call.args[0]), written(call, to, 1), to.constant(call.args[2])
    if pattern is None:
        replacement = to.text(call.args[2])
        made = sqltext.let(from_row(call, to, 1), lambda p: f"TRY(regexp_replace({text}, {p}, {replacement}, 'g'))")
    elif by is None:
        # A replacement that names a group which is not there would be an error of the engine.
        made = f"TRY(regexp_replace({text}, {to.build.bind(pattern)}, {to.text(call.args[2])}, 'g'))"
    else:
        replacement = to.build.bind(_rewrite(by, len(patterns.groups(pattern))))
        made = f"regexp_replace({text}, {to.build.bind(pattern)}, {replacement}, 'g')"
    return Column(sql=made, kind="text")


def _urldecode(text: str) -> str:
    def of(c: str) -> str:
        ascii_only = f"regexp_replace({c}, '%([89A-Fa-f][0-9A-Fa-f])', '%25\\1', 'g')"
        return f"coalesce(TRY(url_decode({c})), url_decode({ascii_only}))"

    return sqltext.let(text, of)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "len": _len,
    "lower": of_texts("lower({})".format, 1),
    "upper": of_texts("upper({})".format, 1),
    "substr": _substr,
    "trim": _trim("trim"),
    "ltrim": _trim("ltrim"),
    "rtrim": _trim("rtrim"),
    "replace": _replace,
    "urldecode": of_texts(_urldecode, 1),
    "md5": of_texts("md5({})".format, 1),
    "sha1": of_texts("sha1({})".format, 1),
    "sha256": of_texts("sha256({})".format, 1),
    "sha512": refused("the engine has no SHA-512"),
}
