"""What aggregates look at: each field or expression is computed once per row, before the grouping."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.commands.sums import ROOT_LIMIT
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Truth
from agentgate_mcp.backends.embedded.search.relation import ABSENT, SQL_TYPES, Column, Kind, Relation
from agentgate_mcp.backends.embedded.search.sqltext import fresh, number_sql, text_sql
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast

_ATOM: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One aggregate's input, as names of columns: ``value`` as it is, ``text`` as VARCHAR, ``number``
    as DOUBLE; with ``many`` the latter two are lists. ``truth`` is set for a condition instead."""

    value: str = ""
    kind: Kind = "text"
    text: str = ""
    number: str = ""
    truth: str = ""

    @property
    def many(self) -> bool:
        return self.kind == "list"

    @property
    def numeric(self) -> bool:
        return self.kind == "number"

    @property
    def squares(self) -> str:
        """The squares of the numbers; too large ones are left out."""
        if self.many:
            n = fresh()
            return f"list_transform({self.number}, lambda {n}: CASE WHEN abs({n}) <= {ROOT_LIMIT} THEN {n} * {n} END)"
        return f"(CASE WHEN abs({self.number}) <= {ROOT_LIMIT} THEN {self.number} * {self.number} END)"

    @property
    def sql_type(self) -> str:
        return SQL_TYPES[self.kind]


class Inputs:
    """Collects the inputs of one command's aggregates; `relation` then has them as columns."""

    def __init__(self, source: Relation, build: Build) -> None:
        self._source = source
        self._build = build
        self._ids = source.ids
        self._values: dict[str, str] = {}
        self._derived: dict[str, str] = {}
        self._fields: dict[str, Input] = {}

    def of(self, node: ast.Aggregation) -> Input | None:
        """The input of one aggregate, None where it has none.

        Raises: SplError for a condition in anything but `count`, UnsupportedSplError."""
        if node.expr is None:
            if not node.field:
                return None
            if node.field not in self._fields:
                column = self._source.column(node.field, self._build.parameters) or ABSENT
                self._fields[node.field] = self._input(column)
            return self._fields[node.field]
        result = Evaluator(relation=self._source, build=self._build).result(node.expr)
        if not isinstance(result, Truth):
            return self._input(result)
        if node.function not in ("count", "c"):
            raise SplError(
                f"{node.function}(eval(…)) of a condition", node.expr.span.start, "a value such as if(condition, 1, 0)"
            )
        return Input(truth=self._kept(self._values, result.sql))

    def column(self, column: Column) -> Column:
        """Any column, computed once."""
        return Column(sql=self._kept(self._values, column.sql), kind=column.kind)

    def time(self) -> str:
        """`_time` as a number, or empty."""
        column = self._source.columns.get("_time")
        if column is None:
            return ""
        return self._kept(self._derived, number_sql(self.column(column)))

    @property
    def relation(self) -> Relation:
        """The rows with all that was asked for, in columns without field names."""
        sql = self._source.sql
        for made in (self._values, self._derived):
            if made:
                chosen = ", ".join(f"{expression} AS {name}" for expression, name in made.items())
                sql = f"SELECT *, {chosen} FROM ({sql})"  # noqa: S608 - generated
        return replace(self._source, sql=sql, ids=self._ids)

    def _input(self, column: Column) -> Input:
        value = self.column(column)
        match value.kind:
            case "number":
                return Input(
                    value=value.sql,
                    kind="number",
                    text=self._kept(self._derived, text_sql(value)),
                    number=self._kept(self._derived, number_sql(value)),
                )
            case "text":
                return Input(
                    value=value.sql, kind="text", text=value.sql, number=self._kept(self._derived, number_sql(value))
                )
            case "list":
                item = fresh()
                number = number_sql(Column(sql=item, kind="text"))
                read = f"list_transform({value.sql}, lambda {item}: {number})"
                numbers = f"list_filter({read}, lambda {item}: {item} IS NOT NULL)"
                return Input(value=value.sql, kind="list", text=value.sql, number=self._kept(self._derived, numbers))

    def _kept(self, made: dict[str, str], sql: str) -> str:
        if _ATOM.fullmatch(sql):
            return sql
        if sql not in made:
            made[sql] = f"c{self._ids}"
            self._ids += 1
        return made[sql]


def positioned(source: Relation) -> tuple[Relation, str]:
    """The rows with a number that grows in their order, and its SQL."""
    if len(source.order) == 1:
        key = source.order[0]
        if key in source.carried:
            return source, key
        if key.removesuffix(" DESC") in source.carried:
            return source, f"(-{key.removesuffix(' DESC')})"
    numbered = source.numbered()
    return numbered, numbered.order[0]


def expanded(
    nodes: Sequence[ast.Aggregation], source: Relation, build: Build, *, without: Sequence[str]
) -> tuple[ast.Aggregation, ...]:
    """The aggregates with each `*` in a field replaced by the fields that have a value in some row.

    A `*` in the name after AS stands for what the one in the field matched; ``without`` are fields
    that are grouped by. Raises: SplError for a computed input without a name."""
    found: list[ast.Aggregation] = []
    for node in nodes:
        if node.expr is not None and not node.alias:
            raise SplError(f"{node.function}(eval(…)) has no name", node.span.start, "AS and a name")
        if "*" not in node.field:
            found.append(node)
            continue
        shape = re.compile("(.*)".join(re.escape(part) for part in node.field.split("*")), re.DOTALL)
        names = [n for n in source.matching([node.field]) if n not in without]
        for name in _present(names, source, build):
            match = shape.fullmatch(name)
            parts = list(match.groups()) if match else []
            alias = "".join(
                piece + (parts.pop(0) if parts and number < node.alias.count("*") else "")
                for number, piece in enumerate(node.alias.split("*"))
            )
            found.append(replace(node, field=name, alias=alias))
    return tuple(found)


def _present(names: Sequence[str], source: Relation, build: Build) -> list[str]:
    columns = [source.column(name, build.parameters) or ABSENT for name in names]
    if not columns:
        return []
    counts = ", ".join(f"count({column.sql})" for column in columns)
    found = build.rows(f"SELECT {counts} FROM ({source.sql})")[0]  # noqa: S608 - generated
    return [name for name, count in zip(names, found, strict=True) if count]
