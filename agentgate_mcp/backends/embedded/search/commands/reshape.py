"""Rows to columns and back: `untable`, `xyseries`, `transpose`.

Choices where Splunk's behaviour is not documented: `untable` gives fields in the order of the
columns, internal ones left out; `xyseries` gives rows in the order of the text of the x values (with
`grouped=true` in the order in which they come), columns in name order for each data field, and of
several values for one cell the last; `transpose` shows `_time` but no other internal field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic, options_of, words_of
from agentgate_mcp.backends.embedded.search.build import Build, FieldValue, Record
from agentgate_mcp.backends.embedded.search.evaluate.core import unified
from agentgate_mcp.backends.embedded.search.presence import fields_present
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.rowwise import MAX_FIELDS, values_of
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast


def _untable(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options_of(command).done()
    words = words_of(command)
    if len(words) != 3 or len({w.text for w in words}) < 3:
        raise SplError("untable", command.span.start, "the x field and names for the field and for its value")
    x, label, value = (w.text for w in words)
    source, present = fields_present(source, build)
    names = [n for n in present if n != x]
    rows = source.numbered()
    key = rows.column(x, build.parameters) or ABSENT
    values, kind = unified([rows.column(n, build.parameters) or ABSENT for n in names] or [ABSENT])
    labels = ", ".join(build.bind(n) for n in names)
    first, place = rows.ids, f"o{rows.ids + 3}"
    unnested = (
        f"{key.sql} AS c{first}, unnest(CAST([{labels}] AS VARCHAR[])) AS c{first + 1}, "
        f"unnest([{', '.join(values) if names else ''}]) AS c{first + 2}, "
        f"generate_subscripts([{', '.join('1' for _ in names)}], 1) AS {place}"
    )
    position = rows.order[0]
    table = Relation(
        sql=f"SELECT {position}, {unnested} FROM ({rows.sql})",  # noqa: S608 - generated names and placeholders
        columns={
            x: Column(sql=f"c{first}", kind=key.kind),
            label: Column(sql=f"c{first + 1}", kind="text"),
            value: Column(sql=f"c{first + 2}", kind=kind),
        },
        order=(position, place),
        carried=(position, place),
        ids=rows.ids + 4,
    )
    held = f"len(c{first + 2}) > 0" if kind == "list" else f"c{first + 2} IS NOT NULL"
    return table.where(held if names else "false")


def _xyseries(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options = options_of(command)
    grouped, separator = options.flag("grouped", False), options.text("sep", ": ")
    form = options.text("format", f"$AGG${separator}$VAL$")
    options.done()
    words = words_of(command)
    if len(words) < 3:
        raise SplError("xyseries", command.span.start, "the x field, the field of names and those of values")
    x, label, *data = (w.text for w in words)
    table: dict[str, Record] = {}
    columns: dict[str, set[str]] = {name: set() for name in data}
    taken = source.projected(tuple(dict.fromkeys((x, label, *data))), build.parameters)
    for record in build.fetched(taken, command="xyseries", position=command.span.start):
        key, name = "\n".join(values_of(record.get(x))), "\n".join(values_of(record.get(label)))
        if not key or not name:
            continue
        row = table.setdefault(key, {x: record[x]})
        for aggregate in data:
            column = name if len(data) == 1 else form.replace("$AGG$", aggregate).replace("$VAL$", name)
            columns[aggregate].add(column)
            if record.get(aggregate) is not None:
                row[column] = record[aggregate]
    names = [column for aggregate in data for column in sorted(columns[aggregate])]
    _bounded(names, "xyseries", command.span.start)
    rows = list(table.values()) if grouped else [table[key] for key in sorted(table)]
    return build.loaded(tuple(dict.fromkeys((x, *names))), rows)


def _transpose(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options = options_of(command)
    count = options.count("int", 5)
    column_name, header = options.text("column_name", "column"), options.text("header_field")
    include_empty = options.flag("include_empty", True)
    options.done()
    for word in words_of(command):
        if not word.text.isdecimal() or not word.text.isascii():
            raise SplError("transpose", word.span.start, "a number of rows")
        count = int(word.text[:9])
    source, names = fields_present(source, build)
    shown = [n for n in source.columns if n == "_time"] + list(names)
    taken = source.limited(count) if count else source
    chosen = taken.projected(tuple(dict.fromkeys((*shown, *([header] if header else [])))), build.parameters)
    records: list[Record] = []
    for record in build.fetched(chosen, command="transpose", position=command.span.start):
        records.append(record)
        _bounded(records, "transpose", command.span.start)
    titles = ["\n".join(values_of(r.get(header))) or f"row {n}" for n, r in enumerate(records, 1)]
    rows: list[dict[str, FieldValue]] = []
    for name in shown:
        if name == header:
            continue
        cells = {title: r[name] for title, r in zip(titles, records, strict=True) if r.get(name) not in (None, [])}
        if cells or include_empty:
            rows.append({column_name: name, **cells})
    return build.loaded(tuple(dict.fromkeys((column_name, *titles))), rows)


def _bounded(names: list[str] | list[Record], command: str, position: int) -> None:
    if len(names) > MAX_FIELDS:
        raise UnsupportedSplError(f"{command} to more than {MAX_FIELDS} columns is not supported", position)


COMMANDS: Final[Mapping[str, Apply]] = {"untable": _untable, "xyseries": _xyseries, "transpose": _transpose}
