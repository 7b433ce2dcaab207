"""Commands that take values apart or put them together: rex, makemv, mvexpand, mvcombine, nomv, spath."""

from __future__ import annotations

import re
from collections.abc import Callable

from agentgate_mcp.spl import ast
from tests.spl_oracle.evaluate import regular
from tests.spl_oracle.functions_json import flattened, loaded, spath_values
from tests.spl_oracle.job import OracleError, Result, truth, word
from tests.spl_oracle.values import Row, Value, items, single, text


def rex(node: ast.Generic, source: Result) -> Result:
    """Named groups become fields; `max_match` above 1 gathers lists; `mode=sed` edits in place."""
    given = node.options
    field = word(given["field"]) if "field" in given else "_raw"
    pattern = node.words[-1]
    if "mode" in given and word(given["mode"]) == "sed":
        edit = _sed(pattern)
        rows = [row.copy() for row in source.rows]
        for row in rows:
            if field in row:
                row[field] = single(edit(item) for item in items(row[field]))
        return Result(rows, source.columns)
    shape = regular(pattern)
    most = int(word(given["max_match"])) if "max_match" in given else 1
    names = list(shape.groupindex)
    offset = word(given["offset_field"]) if "offset_field" in given else ""
    rows = [row.copy() for row in source.rows]
    for row in rows:
        matches = [m for item in items(row.get(field)) for m in shape.finditer(item)]
        matches = matches[:most] if most else matches
        for name in names:
            found = [m.group(name) for m in matches if m.group(name) is not None]
            if found:
                row[name] = single(found)
        if offset and matches:
            row[offset] = "&".join(f"{n}={m.start(n)}-{m.end(n) - 1}" for m in matches for n in names)
    return Result(rows, source.with_columns(*names, *([offset] if offset else ())))


def _sed(script: str) -> Callable[[str], str]:
    """`s/pattern/by/flags` (``g`` or a number) and `y/abc/xyz/`, several one after the other."""
    steps: list[Callable[[str], str]] = []
    rest = script.strip()
    while rest:
        kind, mark = rest[0], rest[1]
        parts = re.match(
            rf"{kind}{re.escape(mark)}((?:\\.|[^\\])*?){re.escape(mark)}((?:\\.|[^\\])*?){re.escape(mark)}(\w*)\s*",
            rest,
        )
        if parts is None or kind not in "sy":
            raise OracleError(f"sed {script!r}")
        rest = rest[parts.end() :]
        steps.append(_step(kind, parts.group(1), parts.group(2), parts.group(3)))

    def edit(value: str) -> str:
        for step in steps:
            value = step(value)
        return value

    return edit


def _step(kind: str, old: str, new: str, flags: str) -> Callable[[str], str]:
    if kind == "y":
        return lambda value: value.translate(str.maketrans(old, new))
    shape = regular(old, re.IGNORECASE if "i" in flags else 0)
    by = re.sub(r"\\(\d)", r"\\g<\1>", new)
    digits = re.sub(r"\D", "", flags)
    if digits:
        return lambda value: _nth(shape, by, value, int(digits))
    return lambda value: shape.sub(by, value, count=0 if "g" in flags else 1)


def _nth(shape: re.Pattern[str], by: str, value: str, which: int) -> str:
    for position, match in enumerate(shape.finditer(value), start=1):
        if position == which:
            return value[: match.start()] + match.expand(by) + value[match.end() :]
    return value


def makemv(node: ast.Generic, source: Result) -> Result:
    """`makemv delim="," f`, or `tokenizer=` with one group per value; empty parts go unless
    `allowempty`."""
    given, name = node.options, node.words[-1]
    delimiter = word(given["delim"]) if "delim" in given else " "
    tokenizer = regular(word(given["tokenizer"])) if "tokenizer" in given else None
    keep = truth(given.get("allowempty"), False)
    rows = [row.copy() for row in source.rows]
    for row in rows:
        if name in row:
            parts = [
                part
                for item in items(row[name])
                for part in ([m.group(1) for m in tokenizer.finditer(item)] if tokenizer else item.split(delimiter))
            ]
            row.put(name, single(p for p in parts if p or keep))
    return Result(rows, source.columns)


def nomv(node: ast.Generic, source: Result) -> Result:
    """The values of a field as one text, a line each or with the delimiter that `mvcombine` gave."""
    name = node.words[-1]
    rows = [row.copy() for row in source.rows]
    for row in rows:
        if name in row:
            value = row[name]
            row[name] = value.delimiter.join(value) if isinstance(value, _Combined) else text(value)
    return Result(rows, source.columns)


def mvexpand(node: ast.Generic, source: Result) -> Result:
    """A row per value; `limit` keeps the first values; a row without the field stays as it is."""
    name = node.words[-1]
    limit = int(word(node.options["limit"])) if "limit" in node.options else 0
    rows: list[Row] = []
    for row in source.rows:
        values = items(row.get(name))
        if not values:
            rows.append(row)
        for value in values[:limit] if limit else values:
            copy = row.copy()
            copy[name] = value
            rows.append(copy)
    return Result(rows, source.columns)


class _Combined(list[str]):
    """Values that `mvcombine` put together, and the text that goes between them in one value."""

    def __init__(self, values: list[str], delimiter: str) -> None:
        super().__init__(values)
        self.delimiter = delimiter


def mvcombine(node: ast.Generic, source: Result) -> Result:
    """Rows that differ in one field only become one, at the place of the first."""
    name = node.words[-1]
    delimiter = word(node.options["delim"]) if "delim" in node.options else " "
    combined: dict[tuple[tuple[str, str], ...], tuple[Row, list[str]]] = {}
    rows: list[Row] = []
    for row in source.rows:
        if name not in row:
            rows.append(row)
            continue
        key = tuple(sorted((n, text(v)) for n, v in row.items() if n != name))
        if key not in combined:
            copy = row.copy()
            combined[key] = (copy, [])
            rows.append(copy)
        combined[key][1].extend(items(row[name]))
    for copy, values in combined.values():
        copy[name] = _Combined(values, delimiter) if len(values) > 1 else values[0]
    return Result(rows, source.columns)


def spath(node: ast.Generic, source: Result) -> Result:
    """`spath [input=f] [path=p] [output=o]`; without a path every leaf under its own name."""
    given = node.options
    field = word(given["input"]) if "input" in given else "_raw"
    path = word(given["path"]) if "path" in given else (node.words[0] if node.words else "")
    output = word(given["output"]) if "output" in given else path
    rows = [row.copy() for row in source.rows]
    added: dict[str, None] = {}
    for row in rows:
        valid, document = loaded(row.get(field))
        if not valid:
            continue
        found: dict[str, Value]
        if path:
            found = {output: spath_values(document, path)}
        else:
            found = {name: single(leafs) for name, leafs in flattened(document).items()}
        for name, value in found.items():
            if value is not None:
                row[name] = value
                added[name] = None
    return Result(rows, source.with_columns(*([output] if path else added)))
