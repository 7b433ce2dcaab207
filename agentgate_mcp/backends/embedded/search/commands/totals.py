"""`addtotals` and `addcoltotals`: sums over the numbers of each row, of each column, or both.

What is not a number counts for nothing: a row without any has the total 0, a column without any
has none. Without field names all fields count but internal ones and the total itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic, options_of
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.combine import stacked
from agentgate_mcp.backends.embedded.search.commands.stats import grouped
from agentgate_mcp.backends.embedded.search.presence import fields_meant
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.sqltext import finite, fresh, number_sql
from agentgate_mcp.spl import ast


def _addtotals(node: ast.Command, source: Relation, build: Build) -> Relation:
    """Raises: SplError, UnsupportedSplError."""
    command = generic(node)
    options = options_of(command)
    only_columns = command.command == "addcoltotals"
    of_rows = not only_columns and options.flag("row", True)
    of_columns = only_columns or options.flag("col", False)
    total = options.text("fieldname", "Total")
    label_field, label = options.text("labelfield"), options.text("label", "Total")
    options.done()
    source, meant = fields_meant(command, source, build)
    names = [name for name in meant if name != total]
    if of_rows:
        source = source.with_fields({total: _row_total(names, source, build)})
        names.append(total)
    if not of_columns:
        return source
    last = _column_totals(names, source, build)
    if label_field:
        last = last.with_fields({label_field: Column(sql=f"CAST({build.bind(label)} AS VARCHAR)", kind="text")})
    return stacked([source, last], build)


def _row_total(names: Sequence[str], source: Relation, build: Build) -> Column:
    single: list[str] = []
    lists: list[str] = []
    for name in names:
        column = source.column(name, build.parameters) or ABSENT
        if column.kind == "list":
            item = fresh()
            lists.append(f"list_transform({column.sql}, lambda {item}: {number_sql(Column(sql=item, kind='text'))})")
        else:
            single.append(number_sql(column))
    numbers = f"[{', '.join(single)}]" if single else "CAST([] AS DOUBLE[])"
    joined = f"list_concat({', '.join((numbers, *lists))})" if lists else numbers
    return Column(sql=finite(f"coalesce(CAST(list_sum({joined}) AS DOUBLE), 0.0)"), kind="number")


def _column_totals(names: Sequence[str], source: Relation, build: Build) -> Relation:
    """One row: the sum of each column that has a number."""
    nodes = [ast.Aggregation(function="sum", field=name, alias=name) for name in names]
    marker = ast.Aggregation(function="count", alias="\0rows")
    totals = grouped(source, {}, [*nodes, marker], build)
    columns = {name: column for name, column in totals.columns.items() if name != marker.output}
    return replace(totals, columns=columns)


COMMANDS: Final[Mapping[str, Apply]] = {"addcoltotals": _addtotals, "addtotals": _addtotals}
