"""Commands that choose or order rows: where, search, head, tail, sort, dedup, reverse, regex."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from itertools import pairwise

from agentgate_mcp.spl import ast
from tests.spl_oracle.evaluate import Scope, evaluate, holds, regular
from tests.spl_oracle.job import Job, OracleError, Result, options, truth
from tests.spl_oracle.search import compiled
from tests.spl_oracle.values import Row, Value, byte_order, items, matching_names, number, text

SORT_LIMIT = 10_000


def where(node: ast.Where, source: Result, job: Job) -> Result:
    return Result([row for row in source.rows if holds(node.expr, row, job)], source.columns)


def search(node: ast.Search, source: Result, job: Job) -> Result:
    wanted = compiled(node.expr, job)
    return Result([row for row in source.rows if wanted(row)], source.columns)


def head(node: ast.Head, source: Result, job: Job) -> Result:
    """`head` while a condition holds, at most ``count``; without a condition ``count`` rows."""
    if node.command == "tail":
        return Result(source.rows[::-1][: node.count], source.columns)
    if node.expr is None:
        return Result(source.rows[: node.count], source.columns)
    given = options(node.options)
    limited = f"limit={node.count}" in job.source(node).replace(" ", "") or node.count != 10
    kept: list[Row] = []
    for row in source.rows:
        if limited and len(kept) == node.count:
            break
        value = evaluate(node.expr, Scope(row, job))
        passes = value is True or (value is None and truth(given.get("null"), False))
        if not passes:
            if truth(given.get("keeplast"), False):
                kept.append(row)
            break
        kept.append(row)
    return Result(kept, source.columns)


def sort(node: ast.Sort, source: Result, job: Job) -> Result:
    limit = SORT_LIMIT if node.limit is None else node.limit
    rows = ordered(source.rows, node.keys, reverse=node.reverse)
    return Result(rows[:limit] if limit else rows, source.columns)


def ordered(rows: list[Row], keys: tuple[ast.SortKey, ...], *, reverse: bool = False) -> list[Row]:
    """Stable; a row without the field comes last whichever way the field is sorted."""
    found = list(rows)
    for key in reversed(keys):
        rank = RANKS[key.cast]
        descending = key.descending is not reverse
        present = [r for r in found if _sortable(r.get(key.field), key.cast)]
        absent = [r for r in found if not _sortable(r.get(key.field), key.cast)]
        present.sort(key=lambda r, name=key.field, rank=rank: rank(r[name]), reverse=descending)
        found = present + absent
    return found


def _sortable(value: Value, cast: str) -> bool:
    """`num` takes what is no number, and `ip` what is no address, for missing."""
    if value is None:
        return False
    if cast == "num":
        return number(_first(value)) is not None
    return cast != "ip" or _address(text(value)) is not None


def _first(value: Value) -> Value:
    return value[0] if isinstance(value, list) else value


def _address(written: str) -> int | None:
    try:
        return int(ipaddress.IPv4Address(written))
    except ValueError:
        return None


def _auto(value: Value) -> tuple[int, float, bytes]:
    """Numbers before addresses before other text."""
    amount = number(value)
    if amount is not None:
        return (0, amount, byte_order(text(value)))
    address = _address(text(value))
    return (2, 0.0, byte_order(text(value))) if address is None else (1, float(address), b"")


RANKS: dict[str, Callable[[Value], tuple[int, float, bytes]]] = {
    "": _auto,
    "auto": _auto,
    "num": lambda value: (0, number(_first(value)) or 0, b""),
    "ip": lambda value: (0, float(_address(text(value)) or 0), b""),
    "str": lambda value: (0, 0.0, byte_order(text(value))),
}


def reverse(source: Result) -> Result:
    return Result(source.rows[::-1], source.columns)


def dedup(node: ast.Dedup, source: Result, job: Job) -> Result:
    """The first ``count`` rows per combination. `sortby` orders the rows before any is dropped."""
    given = options(node.options)
    keep_events, keep_empty = truth(given.get("keepevents"), False), truth(given.get("keepempty"), False)
    consecutive = truth(given.get("consecutive"), False)
    names = matching_names(node.fields, source.names())
    rows = ordered(source.rows, node.sortby) if node.sortby else source.rows
    seen: dict[tuple[str, ...], int] = {}
    previous: tuple[str, ...] | None = None
    kept: list[Row] = []
    for row in rows:
        if any(name not in row for name in names):
            if keep_empty:
                kept.append(row)
            continue
        key = tuple(text(row[name]) for name in names)
        if consecutive and key != previous:
            seen = {}
        previous = key
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= node.count:
            kept.append(row)
        elif keep_events:
            copy = row.copy()
            for name in names:
                copy.pop(name, None)
            kept.append(copy)
    return Result(kept, source.columns)


def regex(node: ast.Generic, source: Result, job: Job) -> Result:
    """`regex field="…"`, `regex field!="…"`, or the pattern alone, which looks at `_raw`."""
    field, negated = "_raw", False
    pattern = node.words[-1] if node.words else ""
    if node.options:
        field, operand = next(iter(node.options.items()))
        field = job.source(node).split(None, 1)[1].split("=", 1)[0].strip().strip('"')
        if not isinstance(operand, ast.Value):
            raise OracleError("regex: expected a pattern")
        pattern = operand.text
    for one, two in pairwise(node.args):
        if isinstance(one, ast.Value) and isinstance(two, ast.Punct) and two.text == "!=":
            field, negated = one.text, True
    shape = regular(pattern)
    rows = [r for r in source.rows if any(shape.search(item) for item in items(r.get(field))) is not negated]
    return Result(rows, source.columns)
