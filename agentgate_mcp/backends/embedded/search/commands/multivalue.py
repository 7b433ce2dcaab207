"""Commands over multivalue fields: `makemv`, `mvexpand`, `mvcombine`, `nomv`.

Choices where Splunk's behaviour is not documented: `mvexpand` drops rows that lack the field, as
Splunk is known to; `mvcombine` compares the other fields by their values, keeps the place of the
first row of a group and the values in the order of the rows; `nomv` puts the delimiter of the last
`mvcombine` of the field between the values, else a new line. `makemv setsv=true` is refused: what
the single value beside the values would be is not said anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic, one_field, options_of
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.patterns import checked, groups
from agentgate_mcp.backends.embedded.search.presence import fields_present
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import Column, Relation
from agentgate_mcp.backends.embedded.search.sqltext import fresh, list_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast


def _makemv(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options = options_of(command)
    delimiter, tokenizer = options.text("delim", " "), options.text("tokenizer")
    allow_empty = options.flag("allowempty", False)
    if options.flag("setsv", False):
        raise UnsupportedSplError("makemv setsv=true is not supported", command.span.start)
    options.done()
    name = one_field(command)
    column = source.column(name, build.parameters)
    if column is None:
        return source
    item, part = fresh(), fresh()
    if tokenizer:
        pattern = checked(tokenizer, command.span.start, what="makemv")
        group = 1 if groups(pattern) else 0
        parts = f"regexp_extract_all({item}, {build.bind(pattern)}, {group})"
    elif delimiter:
        parts = f"string_split({item}, {build.bind(delimiter)})"
    else:
        raise SplError("makemv: an empty delimiter", command.span.start, "delim=")
    whole = f"flatten(list_transform({list_sql(column)}, lambda {item}: {parts}))"
    kept = whole if allow_empty else f"list_filter({whole}, lambda {part}: {part} != '')"
    return source.with_fields({name: Column(sql=kept, kind="list")})


def _mvexpand(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options = options_of(command)
    limit = options.count("limit", 0)
    options.done()
    name = one_field(command)
    column = source.column(name, build.parameters)
    if column is None:
        return source.where("false")
    if column.kind != "list":
        return source.where(f"{column.sql} IS NOT NULL")
    rows = source.numbered()
    values = f"{column.sql}[1:{limit}]" if limit else column.sql
    value, place = f"c{rows.ids}", f"o{rows.ids + 1}"
    unnested = f"unnest({values}) AS {value}, generate_subscripts({values}, 1) AS {place}"
    return replace(
        rows,
        sql=f"SELECT *, {unnested} FROM ({rows.sql})",  # noqa: S608 - generated names
        columns={**rows.columns, name: Column(sql=value, kind="text")},
        order=(*rows.order, place),
        carried=(*rows.carried, place),
        ids=rows.ids + 2,
    )


def _mvcombine(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options = options_of(command)
    delimiter = options.text("delim", " ")
    options.done()
    name = one_field(command)
    column = source.column(name, build.parameters)
    if column is None:
        return source
    source, names = fields_present(source, build)
    internal = [n for n in source.columns if n.startswith("_") and n != name]
    rows = source.numbered().projected(tuple(dict.fromkeys((*names, name))), build.parameters, internal)
    keys = [c.sql for other, c in rows.columns.items() if other != name]
    values, place = f"c{rows.ids}", f"o{rows.ids + 1}"
    combined = f"flatten(list({list_sql(rows.columns[name])} ORDER BY {rows.order[0]})) AS {values}"
    chosen = ", ".join((*keys, combined, f"min({rows.order[0]}) AS {place}"))
    grouped = f" GROUP BY {', '.join(keys)}" if keys else " HAVING count(*) > 0"
    return Relation(
        sql=f"SELECT {chosen} FROM ({rows.sql}){grouped}",  # noqa: S608 - generated names
        columns={**rows.columns, name: Column(sql=values, kind="list")},
        order=(place,),
        carried=(place,),
        formats=source.formats,
        delimiters=(*source.delimiters, (name, delimiter)),
        ids=rows.ids + 2,
    )


def _nomv(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options_of(command).done()
    name = one_field(command)
    column = source.column(name, build.parameters)
    if column is None or column.kind != "list":
        return source
    delimiter = build.bind(dict(source.delimiters).get(name, "\n"))
    joined = f"CASE WHEN len({column.sql}) > 0 THEN array_to_string({column.sql}, {delimiter}) END"
    return source.with_fields({name: Column(sql=joined, kind="text")})


COMMANDS: Final[Mapping[str, Apply]] = {
    "makemv": _makemv,
    "mvexpand": _mvexpand,
    "mvcombine": _mvcombine,
    "nomv": _nomv,
}
