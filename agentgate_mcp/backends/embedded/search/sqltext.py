"""SQL expressions for Splunk's reading of values: numbers, wildcards, terms, addresses."""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Callable
from typing import Final

from agentgate_mcp.backends.embedded.search.relation import Column

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NUMBER_SQL: Final = r"'[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?'"
_IPV4_SQL: Final = r"'(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}'"
_LARGE: Final = 1e308
_ATOM: Final = re.compile(r"\$?\w+|\"[a-z_]+\"|CAST\(NULL AS VARCHAR\)")
_names = itertools.count()


def number_text(value: float) -> str:
    """A number as Splunk writes it: whole ones without a decimal point."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def let(expression: str, use: Callable[[str], str]) -> str:
    """``use`` of the value of ``expression``, which is computed once however often ``use`` names it.

    Without it a chain of computations would grow by a factor at every step."""
    if _ATOM.fullmatch(expression):
        return use(expression)
    name = fresh()
    return f"list_transform([{expression}], lambda {name}: {use(name)})[1]"


def fresh() -> str:
    """A lambda's parameter, of its own for each: an inner one must not hide an outer one."""
    return f"v{next(_names)}"


def finite(number: str) -> str:
    """The number, or NULL where it left the range of doubles."""
    return let(number, lambda v: f"CASE WHEN isfinite({v}) THEN {v} END")


def as_number(text: str) -> float | None:
    """The number that a text is, or None. Blanks, underscores, `inf` and `nan` make it none."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if abs(value) <= _LARGE else None


def number_sql(column: Column) -> str:
    """DOUBLE, or NULL where the value is no number."""
    if column.kind == "number":
        return f"CAST({column.sql} AS DOUBLE)"
    return let(
        text_sql(column),
        lambda c: (
            f"CASE WHEN regexp_full_match({c}, {_NUMBER_SQL}) AND abs(TRY_CAST({c} AS DOUBLE)) <= {_LARGE} "
            f"THEN TRY_CAST({c} AS DOUBLE) END"
        ),
    )


def text_sql(column: Column) -> str:
    """VARCHAR, a number written as Splunk writes it: whole ones without a decimal point."""
    match column.kind:
        case "text":
            return column.sql
        case "list":
            return f"array_to_string({column.sql}, chr(10))"
        case "number":
            return let(
                column.sql,
                lambda c: (
                    f"CASE WHEN {c} = trunc({c}) AND abs({c}) < 1e15 THEN CAST(CAST({c} AS BIGINT) AS VARCHAR) "
                    f"ELSE CAST({c} AS VARCHAR) END"
                ),
            )


def list_sql(column: Column) -> str:
    """VARCHAR[]: the values of the field, none for NULL."""
    if column.kind == "list":
        return f"coalesce({column.sql}, [])"
    return let(text_sql(column), lambda c: f"CASE WHEN {c} IS NULL THEN [] ELSE [{c}] END")


def address_sql(text: str) -> str:
    """The 32-bit value of an IPv4 address in dotted form, or NULL."""

    def value(c: str) -> str:
        parts = (f"CAST(split_part({c}, '.', {n}) AS BIGINT) * {2 ** (32 - 8 * n)}" for n in range(1, 5))
        return f"CASE WHEN regexp_full_match({c}, {_IPV4_SQL}) THEN {' + '.join(parts)} END"

    return let(text, value)


def address_range(text: str) -> tuple[int, int] | None:
    """First and last address of an IPv4 network written with its prefix length, or None."""
    if "/" not in text:
        return None
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        return None
    return int(network.network_address), int(network.broadcast_address)


def is_ipv6_network(text: str) -> bool:
    if "/" not in text or ":" not in text:
        return False
    try:
        ipaddress.IPv6Network(text, strict=False)
    except ValueError:
        return False
    return True


def like_pattern(parts: tuple[str, ...]) -> str:
    """A LIKE pattern with `!` as escape for the literal texts between wildcards."""
    return "%".join(re.sub(r"([%_!])", r"!\1", part) for part in parts)


_BREAK: Final = r"[^\pL\pN]"
_INSIDE: Final = r"""[^\s\[\]<>(){}|!;,'"&?+]*"""
_TERM_BREAK: Final = r"""[\s\[\]<>(){}|!;,'"&?+]"""


def term_pattern(parts: tuple[str, ...], *, major_only: bool = False, case_sensitive: bool = False) -> str:
    """An RE2 pattern that finds a search term as Splunk's segmenter would.

    The term stands between breaks: anything but letters and digits, or with ``major_only``
    (`TERM`) only blanks and brackets and the like. A wildcard stays within one major segment;
    at an end of the term it lifts the break there."""
    body = _INSIDE.join(re2_literal(part) for part in parts)
    boundary = _TERM_BREAK if major_only else _BREAK
    left = f"(?:^|{boundary})" if parts[0] and (major_only or parts[0][0].isalnum()) else ""
    right = f"(?:$|{boundary})" if parts[-1] and (major_only or parts[-1][-1].isalnum()) else ""
    return f"(?{'s' if case_sensitive else 'is'}){left}{body}{right}"


def re2_literal(text: str) -> str:
    """``text`` as an RE2 pattern that matches only itself."""
    return "".join(char if char.isalnum() or ord(char) > 127 else f"\\x{{{ord(char):x}}}" for char in text)
