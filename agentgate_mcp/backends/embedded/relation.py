"""What a pipeline has become so far: a SELECT, its fields, and the order of its rows.

SQL text is made of constants and generated column names (`c0`, `c1`, …) only. What a search
says, field names outside the schema included, travels as bound parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from agentgate_mcp.backends.embedded.duck import Scalar

_PLACEHOLDER: Final = re.compile(r"\$(p[0-9]+)\b")

Kind = Literal["text", "number", "list"]
"""VARCHAR, BIGINT or DOUBLE, VARCHAR[]."""


class Parameters:
    """Values bound to one statement."""

    def __init__(self) -> None:
        self._values: dict[str, Scalar] = {}

    def bind(self, value: Scalar) -> str:
        """The placeholder that stands for ``value``; equal texts may get several."""
        name = f"p{len(self._values)}"
        self._values[name] = value
        return f"${name}"

    def of(self, sql: str) -> dict[str, Scalar]:
        """The values that ``sql`` refers to; the library refuses any other."""
        used = set(_PLACEHOLDER.findall(sql))
        return {name: value for name, value in self._values.items() if name in used}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field's column. ``sql`` is an expression over the relation's rows."""

    sql: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Rows with named fields. ``extra`` is the column of the map of further fields, or empty;
    ``order`` holds sort expressions, the first strongest; ``carried`` the columns they need."""

    sql: str
    columns: Mapping[str, Column]
    order: tuple[str, ...]
    carried: tuple[str, ...] = ()
    extra: str = ""
    extra_fields: frozenset[str] = frozenset()
    more: str = ""
    """Column of event text that `_raw` does not hold, or empty."""
    made: str = ""
    """Column that is true where `_raw` was made from the fields, or empty."""
    ids: int = field(default=0)
    """Column names used up so far: `c0` … `c{ids-1}`."""

    def column(self, name: str, parameters: Parameters) -> Column | None:
        """The column of a field; None where no row can have it."""
        found = self.columns.get(name)
        if found is None and self.extra and name in self.extra_fields:
            return Column(sql=f"{self.extra}[{parameters.bind(name)}]", kind="text")
        return found

    def names(self) -> tuple[str, ...]:
        """All fields that a row can have: columns first, then those of the map, by name."""
        return (*self.columns, *sorted(self.extra_fields if self.extra else ()))

    def unasked(self, name: str) -> Column:
        """A field's column where the search does not name the field: a `_raw` that was made from
        the other fields is left out."""
        column = self.columns[name]
        if name != "_raw" or not self.made:
            return column
        return Column(sql=f"CASE WHEN {self.made} IS NULL THEN {column.sql} END", kind=column.kind)

    @property
    def order_by(self) -> str:
        return f" ORDER BY {', '.join(self.order)}" if self.order else ""


def any_of(predicates: Iterable[str]) -> str:
    return _joined(list(predicates), "OR", "false")


def all_of(predicates: Iterable[str]) -> str:
    return _joined(list(predicates), "AND", "true")


def _joined(parts: list[str], word: str, empty: str) -> str:
    # A balanced tree: a flat chain of thousands would be nested as deep by the SQL parser.
    if not parts:
        return empty
    while len(parts) > 1:
        pairs = [parts[i : i + 2] for i in range(0, len(parts), 2)]
        parts = [f"({f' {word} '.join(pair)})" if len(pair) > 1 else pair[0] for pair in pairs]
    return parts[0]
