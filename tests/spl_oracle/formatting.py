"""`format` and `return`: rows as the text of a search expression."""

from __future__ import annotations

from collections.abc import Sequence

from tests.spl_oracle.job import Result
from tests.spl_oracle.values import Row, byte_order, items

EMPTY = "NOT( )"
DEFAULT = ("(", "(", "AND", ")", "OR", ")")


def formatted(rows: Sequence[Row], names: Sequence[str], marks: Sequence[str] = DEFAULT, mvsep: str = "OR") -> str:
    """``( ( a="1" AND b="2" ) OR ( … ) )``; fields by name, internal ones left out."""
    row_open, column_open, column_sep, column_close, row_sep, row_close = marks
    parts: list[str] = []
    for row in rows:
        conditions: list[str] = []
        for name in sorted(names, key=byte_order):
            if name.startswith("_") or name not in row:
                continue
            alternatives = [f'{name}="{_escaped(item)}"' for item in items(row[name])]
            joined = f" {mvsep} ".join(alternatives)
            conditions.append(f"( {joined} )" if len(alternatives) > 1 else joined)
        if conditions:
            parts.append(f"{column_open} {f' {column_sep} '.join(conditions)} {column_close}")
    if not parts:
        return EMPTY
    return f"{row_open} {f' {row_sep} '.join(parts)} {row_close}"


def search_text(result: Result) -> str:
    """What a subsearch puts in its place: the text of its `search` field, else `format`."""
    if result.rows and "search" in result.rows[0]:
        return " OR ".join(f"( {item} )" for row in result.rows for item in items(row.get("search")))
    return formatted(result.rows, [n for n in result.names() if not n.startswith("_")])


def _escaped(item: str) -> str:
    return item.replace("\\", "\\\\").replace('"', '\\"')
