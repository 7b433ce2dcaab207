"""The functions of `eval` and `where`: conditions, numbers, text, time. Lists and JSON stand apart."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import re
import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from agentgate_mcp.spl import ast
from agentgate_mcp.spl.time import parse_time
from tests.spl_oracle import clock
from tests.spl_oracle.job import OracleError
from tests.spl_oracle.values import Value, items, number, text

if TYPE_CHECKING:
    from tests.spl_oracle.evaluate import Scope

Lazy: TypeAlias = Callable[["tuple[ast.EvalExpr, ...]", "Scope"], Value]
Strict: TypeAlias = Callable[..., Value]

LAZY: dict[str, Lazy] = {}
STRICT: dict[str, Strict] = {}


def call(node: ast.Call, scope: Scope) -> Value:
    """The value of a call. Raises: OracleError for a function that does not exist."""
    from tests.spl_oracle import functions_json, functions_mv, functions_number  # each adds to the tables

    assert functions_json and functions_mv and functions_number
    lazy = LAZY.get(node.function)
    if lazy is not None:
        return lazy(node.args, scope)
    strict = STRICT.get(node.function)
    if strict is None:
        raise OracleError(f"function {node.function}")
    return strict(*(scope.of(arg) for arg in node.args))


def lazy(*names: str) -> Callable[[Lazy], Lazy]:
    def keep(function: Lazy) -> Lazy:
        LAZY.update(dict.fromkeys(names, function))
        return function

    return keep


def strict(*names: str) -> Callable[[Strict], Strict]:
    def keep(function: Strict) -> Strict:
        STRICT.update(dict.fromkeys(names, function))
        return function

    return keep


def regex(pattern: Value, flags: int = 0) -> re.Pattern[str]:
    from tests.spl_oracle.evaluate import regular

    return regular(text(pattern), flags)


# --- conditions ---------------------------------------------------------------------------------


@lazy("if")
def _if(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    return scope.of(args[1]) if scope.of(args[0]) is True else scope.of(args[2])


@lazy("case")
def _case(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    return next((scope.of(v) for c, v in zip(args[::2], args[1::2], strict=True) if scope.of(c) is True), None)


@lazy("validate")
def _validate(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    return next((scope.of(v) for c, v in zip(args[::2], args[1::2], strict=True) if scope.of(c) is False), None)


@lazy("coalesce")
def _coalesce(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    return next((v for v in map(scope.of, args) if v is not None), None)


@lazy("searchmatch")
def _searchmatch(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    return scope.search_matches(text(scope.of(args[0])))


@lazy("in")
def _in(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    from tests.spl_oracle.evaluate import compare, logical

    left = scope.of(args[0])
    return logical("OR", [compare("=", left, scope.of(v)) for v in args[1:]])


@lazy("now", "time")
def _now(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    return int(scope.job.now) if scope.job.now == int(scope.job.now) else scope.job.now


@lazy("typeof")
def _typeof(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    value = scope.of(args[0])
    if value is None:
        return "Invalid"
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, list):
        return "Multivalue"
    return "Number" if _is_number(args[0], value) else "String"


def _is_number(node: ast.EvalExpr, value: Value) -> bool:
    """A computed text is no number; a field's text is one where it reads as one."""
    if isinstance(value, str) and not isinstance(node, ast.FieldRef):
        return False
    return number(value) is not None


@lazy("isnum")
def _isnum(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    return _is_number(args[0], scope.of(args[0]))


@lazy("isint")
def _isint(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    value = scope.of(args[0])
    amount = number(value)
    return _is_number(args[0], value) and amount is not None and amount == int(amount)


@lazy("isstr")
def _isstr(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    value = scope.of(args[0])
    return isinstance(value, str) and not _is_number(args[0], value)


STRICT.update(
    {
        "null": lambda: None,
        "true": lambda: True,
        "false": lambda: False,
        "isnull": lambda v: v is None,
        "isnotnull": lambda v: v is not None,
        "isbool": lambda v: isinstance(v, bool),
        "ismv": lambda v: isinstance(v, list),
        "exact": lambda v: v,
        "pi": lambda: math.pi,
    }
)


@strict("nullif")
def _nullif(value: Value, other: Value) -> Value:
    from tests.spl_oracle.evaluate import compare

    return None if compare("=", value, other) else value


@strict("match")
def _match(value: Value, pattern: Value) -> Value:
    if value is None or pattern is None:
        return None
    shape = regex(pattern)
    return any(shape.search(item) for item in items(value))


@strict("like")
def like(value: Value, pattern: Value) -> Value:
    if value is None or pattern is None:
        return None
    shape = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in text(pattern))
    return re.fullmatch(shape, text(value), re.DOTALL) is not None


@strict("cidrmatch")
def _cidrmatch(network: Value, address: Value) -> Value:
    if network is None or address is None:
        return None
    try:
        return ipaddress.ip_address(text(address)) in ipaddress.ip_network(text(network), strict=False)
    except ValueError:
        return False


# --- text ---------------------------------------------------------------------------------------


def textual(function: Callable[..., Value]) -> Strict:
    """A function of texts; where one is missing there is no result."""

    def apply(*values: Value) -> Value:
        return None if any(v is None for v in values) else function(*map(text, values))

    return apply


STRICT.update(
    {
        "len": textual(len),
        "lower": textual(str.lower),
        "upper": textual(str.upper),
        "trim": textual(lambda s, chars=" \t": s.strip(chars)),
        "ltrim": textual(lambda s, chars=" \t": s.lstrip(chars)),
        "rtrim": textual(lambda s, chars=" \t": s.rstrip(chars)),
        "urldecode": textual(urllib.parse.unquote_plus),
        **{
            name: textual(lambda s, _name=name: hashlib.new(_name, s.encode()).hexdigest())
            for name in ("md5", "sha1", "sha256", "sha512")
        },
    }
)
# `unquote_plus` turns + into a blank; Splunk documents only %-sequences, so a + stays.
STRICT["urldecode"] = textual(urllib.parse.unquote)


@strict("substr")
def _substr(value: Value, start: Value, length: Value = None) -> Value:
    if value is None:
        return None
    whole, first = text(value), int(number(start) or 0)
    begin = first - 1 if first > 0 else max(len(whole) + first, 0) if first < 0 else 0
    if length is None:
        return whole[begin:]
    return whole[begin : begin + max(0, int(number(length) or 0))]


@strict("replace")
def _replace(value: Value, pattern: Value, by: Value) -> Value:
    if value is None or pattern is None or by is None:
        return None
    made = re.sub(r"\\(\d)", r"\\g<\1>", text(by).replace("\\\\", "\\\\\\\\"))
    return regex(pattern).sub(made, text(value))


@strict("printf")
def _printf(layout: Value, *values: Value) -> Value:
    wanted = re.findall(r"%[-+ #0']*(?:\*|\d+)?(?:\.(?:\*|\d+))?([a-zA-Z%])", text(layout))
    given = list(values)
    made: list[float | str] = []
    for letter in wanted:
        if letter == "%":
            continue
        value = given.pop(0) if given else None
        amount = number(value)
        if letter in "diouxX":
            made.append(int(amount or 0))
        elif letter in "eEfFgG":
            made.append(float(amount or 0))
        else:
            made.append(text(value))
    return text(layout) % tuple(made)


# --- time ---------------------------------------------------------------------------------------


@strict("strftime")
def _strftime(at: Value, layout: Value) -> Value:
    amount = number(at)
    return None if amount is None or layout is None else clock.strftime(amount, text(layout))


@strict("strptime")
def _strptime(written: Value, layout: Value) -> Value:
    return None if written is None or layout is None else clock.strptime(text(written), text(layout))


@strict("relative_time")
def _relative_time(at: Value, specifier: Value) -> Value:
    amount = number(at)
    if amount is None or specifier is None:
        return None
    found = parse_time(text(specifier), amount)
    return None if found is None else int(found) if found == int(found) else found
