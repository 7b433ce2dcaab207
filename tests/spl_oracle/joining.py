"""Commands that bring in other rows: join, append, appendcols, appendpipe, union, lookup, inputlookup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgate_mcp.spl import ast
from tests.spl_oracle.job import Job, OracleError, Result, options, truth, word
from tests.spl_oracle.search import compiled
from tests.spl_oracle.values import Row, Value, items, number, single, text


def _bracket(node: ast.Generic) -> ast.Subsearch:
    found = [a for a in node.args if isinstance(a, ast.Subsearch)]
    if len(found) != 1:
        raise OracleError(f"{node.command}: expected one bracket")
    return found[0]


def join(node: ast.Generic, source: Result, job: Job) -> Result:
    """Rows by their own order; of several matches the first `max` (1; 0 is all)."""
    given = node.options
    left = word(given["type"]).lower() in ("left", "outer") if "type" in given else False
    most = int(word(given["max"])) if "max" in given else 1
    overwrite = truth(given.get("overwrite"), True)
    other = job.subsearch(_bracket(node))
    names = list(node.words) or [n for n in source.names() if n in other.names() and not n.startswith("_")]
    index: dict[tuple[str, ...], list[Row]] = {}
    for row in other.rows:
        if all(name in row for name in names):
            index.setdefault(tuple(text(row[n]) for n in names), []).append(row)
    rows: list[Row] = []
    for row in source.rows:
        key = tuple(text(row[n]) for n in names) if all(n in row for n in names) else None
        matches = index.get(key, []) if key is not None else []
        if left and not matches:
            rows.append(row)
        for match in matches[:most] if most else matches:
            copy = row.copy()
            for name, value in match.items():
                if overwrite or name not in copy:
                    copy[name] = value
            rows.append(copy)
    return Result(rows, _union(source, other))


def _union(one: Result, other: Result) -> list[str] | None:
    if one.columns is None or other.columns is None:
        return None
    return list(dict.fromkeys((*one.columns, *other.columns)))


def append(node: ast.Generic, source: Result, job: Job) -> Result:
    other = job.subsearch(_bracket(node))
    return Result([*source.rows, *other.rows], _union(source, other))


def appendpipe(node: ast.Generic, source: Result, job: Job) -> Result:
    other = job.subsearch(_bracket(node), Result(list(source.rows), source.columns))
    return Result([*source.rows, *other.rows], _union(source, other))


def appendcols(node: ast.Generic, source: Result, job: Job) -> Result:
    """Row by row; a field that is there stays unless `override`."""
    override = truth(node.options.get("override"), False)
    other = job.subsearch(_bracket(node))
    rows: list[Row] = []
    for position in range(max(len(source.rows), len(other.rows))):
        copy = source.rows[position].copy() if position < len(source.rows) else Row()
        extra = other.rows[position] if position < len(other.rows) else Row()
        for name, value in extra.items():
            if override or name not in copy:
                copy[name] = value
        rows.append(copy)
    return Result(rows, _union(source, other))


def union(node: ast.Generic, source: Result | None, job: Job) -> Result:
    """The rows so far, then those of each bracket; whole events in order of time."""
    parts = [] if source is None else [source]
    parts += [job.subsearch(arg) for arg in node.args if isinstance(arg, ast.Subsearch)]
    rows = [row for part in parts for row in part.rows]
    if all(part.columns is None for part in parts):
        return Result(sorted(rows, key=lambda r: (number(r.get("_time")) or 0, r.seq), reverse=True))
    columns = None if any(part.columns is None for part in parts) else [n for part in parts for n in part.names()]
    return Result(rows, None if columns is None else list(dict.fromkeys(columns)))


# --- lookups ------------------------------------------------------------------------------------


def lookup_rows(name: str, job: Job) -> tuple[list[Row], list[str]]:
    """A lookup's rows and its fields in their order. Raises: OracleError."""
    item = job.data.named("lookup", name)
    if item is None:
        raise OracleError(f"lookup {name}")
    raw, declared = item.content.get("rows"), item.content.get("fields")
    entries = [entry for entry in raw if isinstance(entry, Mapping)] if isinstance(raw, list) else []
    rows = [Row({str(k): str(v) for k, v in entry.items() if v is not None}) for entry in entries]
    names = [str(n) for n in declared] if isinstance(declared, list) else []
    return rows, list(dict.fromkeys((*names, *(n for row in rows for n in row))))


def inputlookup(node: ast.InputLookup, source: Result | None, job: Job) -> Result:
    given = options(node.options)
    rows, names = lookup_rows(node.name, job)
    if node.where is not None:
        wanted = compiled(node.where, job)
        rows = [row for row in rows if wanted(row)]
    start = int(word(given["start"])) if "start" in given else 0
    rows = rows[start:]
    if "max" in given:
        rows = rows[: int(word(given["max"]))]
    found = Result(rows, names)
    if source is None:
        return found
    return Result([*source.rows, *rows], _union(source, found))


def lookup(node: ast.Lookup, source: Result, job: Job) -> Result:
    """Every match adds its values; fields without a match lose theirs under OUTPUT. Values match
    with their case; a lookup's own ``*`` and networks count only where it says so (none here do)."""
    table, names = lookup_rows(node.name, job)
    matched = [(m.field, m.alias or m.field) for m in node.match]
    keys = {field for field, _ in matched}
    outputs = [(o.field, o.alias or o.field) for o in node.output] or [(n, n) for n in names if n not in keys]
    index: dict[tuple[str, ...], list[Row]] = {}
    for entry in table:
        index.setdefault(tuple(text(entry.get(field)) for field, _ in matched), []).append(entry)
    rows: list[Row] = []
    for row in source.rows:
        copy = row.copy()
        hits = [hit for key in _keys(row, [alias for _, alias in matched]) for hit in index.get(key, ())]
        for field, alias in outputs:
            value: Value = single(i for hit in hits for i in items(hit.get(field)))
            if node.keep_existing and row.get(alias) is not None:
                continue
            if hits or not node.keep_existing:
                copy.put(alias, value)
        rows.append(copy)
    return Result(rows, source.with_columns(*(alias for _, alias in outputs)))


def _keys(row: Row, names: Sequence[str]) -> list[tuple[str, ...]]:
    if any(name not in row for name in names):
        return []
    found: list[tuple[str, ...]] = [()]
    for name in names:
        found = [(*key, item) for key in found for item in items(row[name])]
    return found
