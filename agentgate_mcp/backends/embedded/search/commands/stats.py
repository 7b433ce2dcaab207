"""`stats`: groups of rows and what is computed over each.

Choices where Splunk's behaviour is not documented: groups come in the order of the text of their
`by` values; `min` and `max` compare numbers when every value of the group is one, else text;
`values` sorts by text. Sums are taken in a fixed order, so that two runs give the same digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import Column, Kind, Parameters, Relation
from agentgate_mcp.backends.embedded.search.sqltext import number_sql, text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

_SAME: Final[Mapping[str, str]] = {"c": "count", "distinct_count": "dc", "mean": "avg"}


def _stats(node: ast.Command, source: Relation, build: Build) -> Relation:
    """The grouped rows. Raises: UnsupportedSplError naming the function or option."""
    assert isinstance(node, ast.Stats)
    parameters = build.parameters
    if not node.aggregations:
        raise SplError("stats computes nothing", node.span.start, "a function such as count")
    if node.options:
        option = node.options[0]
        raise UnsupportedSplError(f"stats option {option.key} is not supported", option.span.start)
    names = [*(k.field for k in node.by), *(a.output for a in node.aggregations)]
    if len(set(names)) < len(names):
        raise UnsupportedSplError("stats with two columns of one name is not supported", node.span.start)
    ids = source.ids
    keys: dict[str, Column] = {}
    unnested: list[str] = []
    for key in node.by:
        if key.options or "*" in key.field:
            raise UnsupportedSplError(f"by {key.field!a} with options or wildcards is not supported", key.span.start)
        column = source.column(key.field, parameters)
        if column is None:
            # No row has the field, so no row is in a group.
            unnested.append(f"CAST(NULL AS VARCHAR) AS c{ids}")
            keys[key.field] = Column(sql=f"c{ids}", kind="text")
        elif column.kind == "list":
            unnested.append(f"unnest({column.sql}) AS c{ids}")
            keys[key.field] = Column(sql=f"c{ids}", kind="text")
        else:
            unnested.append(f"{column.sql} AS c{ids}")
            keys[key.field] = Column(sql=f"c{ids}", kind=column.kind)
        ids += 1
    rows = f"SELECT *, {', '.join(unnested)} FROM ({source.sql})" if unnested else source.sql  # noqa: S608
    columns: dict[str, Column] = {name: Column(sql=c.sql, kind=c.kind) for name, c in keys.items()}
    selected = [c.sql for c in keys.values()]
    for aggregation in node.aggregations:
        sql, kind = _aggregate(aggregation, source, parameters)
        selected.append(f"{sql} AS c{ids}")
        columns[aggregation.output] = Column(sql=f"c{ids}", kind=kind)
        ids += 1
    return _grouped(rows, selected, columns, keys, ids)


def _grouped(rows: str, selected: list[str], columns: dict[str, Column], keys: dict[str, Column], ids: int) -> Relation:
    own = [c.sql for c in keys.values()]
    present = " AND ".join(f"{key} IS NOT NULL" for key in own) or "true"
    groups = f" GROUP BY {', '.join(own)}" if own else ""
    grouped = f"SELECT {', '.join(selected)} FROM ({rows}) WHERE {present}{groups}"  # noqa: S608 - generated names
    order = ", ".join(text_sql(c) for c in keys.values()) or "1"
    numbered = f"SELECT *, row_number() OVER (ORDER BY {order}) AS o{ids} FROM ({grouped})"  # noqa: S608
    if not keys:
        # Splunk shows one row of counts for no events, but no row of nothing.
        shown = " OR ".join(f"{c.sql} IS NOT NULL" for c in columns.values())
        numbered = f"{numbered} WHERE {shown}"
    return Relation(sql=numbered, columns=columns, order=(f"o{ids}",), carried=(f"o{ids}",), ids=ids + 1)


_Build = Callable[[Column, Relation], tuple[str, Kind]]


def _aggregate(node: ast.Aggregation, source: Relation, parameters: Parameters) -> tuple[str, Kind]:
    function = _SAME.get(node.function, node.function)
    build = _FUNCTIONS.get(function)
    if build is None or node.argument:
        raise UnsupportedSplError(f"stats function {node.function} is not supported", node.span.start)
    if node.expr is not None:
        raise UnsupportedSplError(f"{node.function}(eval(…)) is not supported", node.span.start)
    if function == "count" and not node.field:
        return "count(*)", "number"
    if not node.field or "*" in node.field:
        raise UnsupportedSplError(f"{node.function} needs the name of one field", node.span.start)
    column = source.column(node.field, parameters)
    if column is None:
        column = Column(sql="CAST(NULL AS VARCHAR)", kind="text")
    return build(column, source)


def _count(column: Column, _: Relation) -> tuple[str, Kind]:
    if column.kind == "list":
        return f"CAST(coalesce(sum(len({column.sql})), 0) AS BIGINT)", "number"
    return f"count({column.sql})", "number"


def _distinct(column: Column, _: Relation) -> tuple[str, Kind]:
    if column.kind == "list":
        return f"len(list_distinct(coalesce(flatten(list({column.sql})), [])))", "number"
    return f"count(DISTINCT {text_sql(column)})", "number"


def _ordered_sum(function: str) -> _Build:
    def build(column: Column, _: Relation) -> tuple[str, Kind]:
        number = number_sql(_single(column))
        return f"{function}({number} ORDER BY {number})", "number"

    return build


def _extreme(function: str) -> _Build:
    def build(column: Column, _: Relation) -> tuple[str, Kind]:
        if column.kind == "number":
            return f"{function}({column.sql})", "number"
        item = _single(column)
        number = number_sql(item)
        text = text_sql(Column(sql=f"{function}({number})", kind="number"))
        return f"CASE WHEN count({item.sql}) = count({number}) THEN {text} ELSE {function}({item.sql}) END", "text"

    return build


def _values(column: Column, _: Relation) -> tuple[str, Kind]:
    if column.kind == "list":
        return f"list_sort(list_distinct(flatten(list({column.sql}) FILTER ({column.sql} IS NOT NULL))))", "list"
    text = text_sql(column)
    return f"list_sort(list(DISTINCT {text}) FILTER ({column.sql} IS NOT NULL))", "list"


def _chronological(function: str) -> _Build:
    def build(column: Column, source: Relation) -> tuple[str, Kind]:
        at = source.columns.get("_time")
        if at is None:
            return "CAST(NULL AS VARCHAR)", "text"
        when = f"row({', '.join((at.sql, *source.carried))})"
        return f"{function}({column.sql}, {when}) FILTER ({column.sql} IS NOT NULL)", column.kind

    return build


def _single(column: Column) -> Column:
    """A multivalue field in arithmetic: its first value."""
    return Column(sql=f"{column.sql}[1]", kind="text") if column.kind == "list" else column


_FUNCTIONS: Final[Mapping[str, _Build]] = {
    "count": _count,
    "dc": _distinct,
    "sum": _ordered_sum("sum"),
    "avg": _ordered_sum("avg"),
    "min": _extreme("min"),
    "max": _extreme("max"),
    "values": _values,
    "earliest": _chronological("arg_min"),
    "latest": _chronological("arg_max"),
}

COMMANDS: Final[Mapping[str, Apply]] = {"stats": _stats}
