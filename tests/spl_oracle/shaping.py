"""Commands that turn rows and columns: addtotals, addcoltotals, accum, delta, untable, xyseries, transpose."""

from __future__ import annotations

from collections.abc import Sequence

from agentgate_mcp.spl import ast
from tests.spl_oracle.evaluate import whole
from tests.spl_oracle.formatting import DEFAULT, EMPTY, formatted
from tests.spl_oracle.job import Result, truth, word
from tests.spl_oracle.values import Row, Value, byte_order, items, matching_names, number, text


def addtotals(node: ast.Generic, source: Result) -> Result:
    """A sum per row in `Total` (`fieldname`), with `col=t` also one per column in a last row."""
    given = node.options
    of_rows, of_columns = truth(given.get("row"), True), truth(given.get("col"), node.command == "addcoltotals")
    if node.command == "addcoltotals":
        of_rows = False
    target = word(given["fieldname"]) if "fieldname" in given else "Total"
    label_field = word(given["labelfield"]) if "labelfield" in given else ""
    label = word(given["label"]) if "label" in given else "Total"
    names = matching_names(node.words or ("*",), source.names())
    names = [n for n in names if not n.startswith("_") and n != target]
    rows = [row.copy() for row in source.rows]
    columns = source.columns
    if of_rows:
        for row in rows:
            row[target] = _sum([row.get(n) for n in names]) or 0
        columns = source.with_columns(target)
    if of_columns:
        last = Row()
        for name in [*names, *([target] if of_rows else [])]:
            last.put(name, _sum([row.get(name) for row in rows]))
        if label_field:
            last[label_field] = label
            columns = Result(rows, columns).with_columns(label_field)
        rows.append(last)
    return Result(rows, columns)


def _sum(values: Sequence[Value]) -> Value:
    numbers = [n for v in values for item in items(v) if (n := number(item)) is not None]
    return whole(sum(numbers)) if numbers else None


def accum(node: ast.Generic, source: Result) -> Result:
    """The running total of a field, under the name after AS or its own."""
    words = list(node.words)
    target = words[2] if len(words) > 2 else words[0]
    total: float = 0
    rows = [row.copy() for row in source.rows]
    for row in rows:
        amount = number(row.get(words[0]))
        if amount is not None:
            total += amount
            row[target] = whole(total)
    return Result(rows, source.with_columns(target))


def delta(node: ast.Generic, source: Result) -> Result:
    """The difference to the row `p` (1) rows before."""
    words = list(node.words)
    target = words[2] if len(words) > 2 else f"delta({words[0]})"
    back = int(word(node.options["p"])) if "p" in node.options else 1
    rows = [row.copy() for row in source.rows]
    for position, row in enumerate(rows):
        before = number(source.rows[position - back].get(words[0])) if position >= back else None
        amount = number(row.get(words[0]))
        if before is not None and amount is not None:
            row[target] = whole(amount - before)
    return Result(rows, source.with_columns(target))


def untable(node: ast.Generic, source: Result) -> Result:
    """A row per cell: the row's own field, the column's name, the cell."""
    own, name_field, value_field = node.words[:3]
    rows: list[Row] = []
    for row in source.rows:
        names = [n for n in source.names() if n != own and n in row and own in row and not n.startswith("_")]
        rows.extend(Row({own: row[own], name_field: name, value_field: row[name]}) for name in names)
    return Result(rows, [own, name_field, value_field])


def xyseries(node: ast.Generic, source: Result) -> Result:
    """The inverse of `untable`; with several data fields columns are called ``data: name``."""
    words = node.words
    x, y, data = words[0], words[1], words[2:]
    separator = word(node.options["sep"]) if "sep" in node.options else ": "
    made: dict[str, Row] = {}
    columns: list[set[str]] = [set() for _ in data]
    for row in source.rows:
        if x not in row or y not in row:
            continue
        target = made.setdefault(text(row[x]), Row({x: row[x]}))
        for position, field in enumerate(data):
            name = text(row[y]) if len(data) == 1 else f"{field}{separator}{text(row[y])}"
            columns[position].add(name)
            if field in row:
                target[name] = row[field]
    names = [name for some in columns for name in sorted(some, key=byte_order)]
    rows = [made[key] for key in sorted(made, key=byte_order)]
    return Result(rows, [x, *names])


def transpose(node: ast.Generic, source: Result) -> Result:
    """Columns as rows: the first five (or ``n``, 0 for all) rows become `row 1`, `row 2`, …"""
    given = node.options
    count = int(node.words[0]) if node.words else 5
    column_name = word(given["column_name"]) if "column_name" in given else "column"
    header = word(given["header_field"]) if "header_field" in given else ""
    chosen = source.rows[:count] if count else source.rows
    headers = [
        text(row[header]) if header and header in row else f"row {position}"
        for position, row in enumerate(chosen, start=1)
    ]
    rows: list[Row] = []
    for name in source.names():
        if name == header or (name.startswith("_") and name != "_time"):
            continue
        made = Row({column_name: name})
        for title, row in zip(headers, chosen, strict=True):
            made.put(title, row.get(name))
        rows.append(made)
    return Result(rows, [column_name, *headers])


def format_(node: ast.Generic, source: Result) -> Result:
    """One row whose `search` is the rows as a search expression."""
    words = list(node.words)
    marks = tuple(words[:6]) if len(words) >= 6 else DEFAULT
    separator = word(node.options["mvsep"]) if "mvsep" in node.options else "OR"
    rows = source.rows
    if "maxresults" in node.options and (most := int(word(node.options["maxresults"]))):
        rows = rows[:most]
    names = [n for n in source.names() if not n.startswith("_")]
    return Result([Row({"search": formatted(rows, names, marks, separator)})], ["search"])


def return_(node: ast.Generic, source: Result, written: str) -> Result:
    """`return [n] field`, ``alias=field`` or ``$field``: the first n rows as search text."""
    words = written.split()[1:]
    count = int(words.pop(0)) if words and words[0].isdecimal() else 1
    parts: list[str] = []
    for row in source.rows[:count]:
        conditions: list[str] = []
        for item in words:
            alias, _, field = item.rpartition("=")
            bare = field.startswith("$")
            field = field.removeprefix("$")
            if field in row:
                shown = text(row[field])
                conditions.append(shown if bare else f'{alias or field}="{shown}"')
        if conditions:
            parts.append(" ".join(conditions))
    search = " OR ".join(f"({p})" for p in parts) if parts else EMPTY
    return Result([Row({"search": search})], ["search"])
