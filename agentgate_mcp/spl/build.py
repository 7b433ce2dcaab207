"""Safe building of searches: a value is always read back as exactly that value.

Conditions come only from here, so no value can end its quotes, open a bracket or add a command.
What SPL cannot say literally (a ``*`` in a search condition is always a wildcard) is refused
with an error that names the field; `where_equals` can say it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NewType

from agentgate_mcp.errors import ArgumentError
from agentgate_mcp.spl.search_expr import TIME_MODIFIERS
from agentgate_mcp.spl.text import escape

Condition = NewType("Condition", str)
"""A search condition made by this module: complete, and safe to join with others."""

_FIELD = re.compile(r"[A-Za-z_][\w.:{}@\-]{0,127}", re.ASCII)
# Names that are not fields in a search: they set the time range or paste another search.
_RESERVED = TIME_MODIFIERS | {"savedsearch", "savedsplunk", "and", "or", "not", "in"}


def quote(value: str) -> str:
    """``value`` as a double-quoted string. Raises: ArgumentError for a text that some reader
    might take for a comment (three backticks) even inside quotes."""
    if "```" in value:
        raise ArgumentError("value", "a text without ``` (three backticks)", repr(value[:40]))
    return f'"{escape(value)}"'


def field_equals(field: str, value: str) -> Condition:
    """``field="value"``, for a search. Raises: ArgumentError for a name that is no field, and for
    a value with ``*``, which a search always reads as a wildcard."""
    return Condition(f"{_field(field)}={_literal(field, value)}")


def field_matches(field: str, pattern: str) -> Condition:
    """``field="pattern"`` where each ``*`` is meant as a wildcard."""
    return Condition(f"{_field(field)}={quote(pattern)}")


def in_list(field: str, values: Sequence[str]) -> Condition:
    """``field IN ("a", "b")``. Raises: ArgumentError as `field_equals`, and for an empty list."""
    if not values:
        raise ArgumentError(field, "at least one value", "none")
    return Condition(f"{_field(field)} IN ({', '.join(_literal(field, v) for v in values)})")


def any_of(conditions: Sequence[Condition]) -> Condition:
    """The conditions joined by OR, in parentheses. Raises: ArgumentError where there is none."""
    if not conditions:
        raise ArgumentError("conditions", "at least one condition", "none")
    return Condition(f"({' OR '.join(conditions)})") if len(conditions) > 1 else conditions[0]


def all_of(conditions: Sequence[Condition]) -> Condition:
    """The conditions side by side, all of which must hold; empty means no condition."""
    return Condition(" ".join(conditions))


def negate(condition: Condition) -> Condition:
    """``NOT (condition)``."""
    return Condition(f"NOT ({condition})")


def where_equals(field: str, value: str) -> str:
    """``'field'="value"`` for a `where` command: exact, case-sensitive, ``*`` is only a star."""
    return f"'{_field(field)}'={quote(value)}"


def _field(name: str) -> str:
    if not _FIELD.fullmatch(name) or name.lower() in _RESERVED or "::" in name:
        raise ArgumentError("field", "a field name of letters, digits and _ . : { } @ -", repr(name[:40]))
    return name


def _literal(field: str, value: str) -> str:
    if "*" in value:
        raise ArgumentError(field, "a value without '*'", repr(value[:40]))
    return quote(value)
