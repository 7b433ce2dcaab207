"""What a pipeline has become so far: a SELECT, its fields, and the order of its rows.

SQL text is made of constants and generated column names (`c0`, `c1`, …) only. What a search
says, field names outside the schema included, travels as bound parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from agentgate_mcp.backends.embedded.duck import Scalar
from agentgate_mcp.backends.embedded.search.wildcards import captured
from agentgate_mcp.spl import ast

_PLACEHOLDER: Final = re.compile(r"\$(p[0-9]+)\b")

Kind = Literal["text", "number", "list"]
SQL_TYPES: Final[Mapping[Kind, str]] = {"text": "VARCHAR", "number": "DOUBLE", "list": "VARCHAR[]"}
"""What a column of a kind is where rows of several sources meet; a number may also be a BIGINT."""


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
    literal: str | None = None
    """What a search wrote in this place, where it wrote a value and not something to compute."""


ABSENT: Final = Column(sql="CAST(NULL AS VARCHAR)", kind="text")
"""A field that no row has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Rows with named fields. Immutable: each method gives the next relation.

    ``extra`` is the column of the map of further fields, or empty; ``order`` holds sort
    expressions, the first strongest; ``carried`` the columns they need."""

    sql: str
    columns: Mapping[str, Column]
    order: tuple[str, ...]
    carried: tuple[str, ...] = ()
    extra: str = ""
    extra_fields: frozenset[str] = frozenset()
    """Fields that a row may have in the map. A column of the same name hides it there."""
    more: str = ""
    """Column of event text that `_raw` does not hold, or empty."""
    made: str = ""
    """Column that is true where `_raw` was made from the fields, or empty."""
    formats: tuple[tuple[str, ast.EvalExpr], ...] = ()
    """Fields and what is shown in their place once the search is done (`fieldformat`)."""
    delimiters: tuple[tuple[str, str], ...] = ()
    """Fields and what stands between their values once they are one text (`mvcombine delim=`)."""
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
        further = sorted(self.extra_fields.difference(self.columns)) if self.extra else ()
        return (*self.columns, *further)

    def matching(self, names: Iterable[str]) -> tuple[str, ...]:
        """The field names meant: those with `*` by what there is, the others as written, once each.

        As in Splunk, a wildcard reaches internal fields only when it says so."""
        out: list[str] = []
        for name in names:
            if "*" in name:
                known = (n for n in self.names() if not n.startswith("_") or name.startswith("_"))
                out.extend(n for n in known if captured(name, n) is not None)
            else:
                out.append(name)
        return tuple(dict.fromkeys(out))

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

    # --- the next relation ---------------------------------------------------------------------

    def where(self, condition: str) -> Relation:
        """The rows for which a SQL condition over them is true."""
        return replace(self, sql=f"SELECT * FROM ({self.sql}) WHERE {condition}")  # noqa: S608 - generated

    def limited(self, count: int) -> Relation:
        """The first rows in the order that holds."""
        return replace(self, sql=f"SELECT * FROM ({self.sql}){self.order_by} LIMIT {max(0, int(count))}")  # noqa: S608

    def with_fields(self, fields: Mapping[str, Column]) -> Relation:
        """The rows with more fields, or other values for those that were there. ``fields`` are
        expressions over the rows as they are; each is computed once."""
        if not fields:
            return self
        made = {name: Column(sql=f"c{self.ids + n}", kind=c.kind) for n, (name, c) in enumerate(fields.items())}
        selected = ", ".join(f"{c.sql} AS {made[name].sql}" for name, c in fields.items())
        return replace(
            self,
            sql=f"SELECT *, {selected} FROM ({self.sql})",  # noqa: S608 - generated
            columns={**self.columns, **made},
            made="" if "_raw" in made else self.made,
            ids=self.ids + len(made),
        )

    def beside(self, expression: str) -> tuple[Relation, str]:
        """The rows with one more column that is no field, and its name: for what several fields are made of."""
        name = f"o{self.ids}"
        sql = f"SELECT *, {expression} AS {name} FROM ({self.sql})"  # noqa: S608 - generated
        return replace(self, sql=sql, ids=self.ids + 1), name

    def projected(self, names: Sequence[str], parameters: Parameters, unasked: Sequence[str] = ()) -> Relation:
        """Exactly ``names``, in this order, then ``unasked``; a field that no row has is an empty column."""
        columns: dict[str, Column] = {}
        selected: list[str] = []
        ids = self.ids
        for name in dict.fromkeys((*names, *unasked)):
            column = (self.column(name, parameters) if name in names else self.unasked(name)) or ABSENT
            selected.append(f"{column.sql} AS c{ids}")
            columns[name] = Column(sql=f"c{ids}", kind=column.kind)
            ids += 1
        chosen = ", ".join((*selected, *self.carried)) or "1"
        sql = f"SELECT {chosen} FROM ({self.sql})"  # noqa: S608 - generated
        return replace(self, sql=sql, columns=columns, extra="", extra_fields=frozenset(), more="", made="", ids=ids)

    def numbered(self) -> Relation:
        """The same rows with one column that holds their order, counted from 1."""
        position = f"o{self.ids}"
        over = f"ORDER BY {', '.join(self.order)}" if self.order else ""
        return replace(
            self,
            sql=f"SELECT *, row_number() OVER ({over}) AS {position} FROM ({self.sql})",  # noqa: S608 - generated
            order=(position,),
            carried=(*self.carried, position),
            ids=self.ids + 1,
        )


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
