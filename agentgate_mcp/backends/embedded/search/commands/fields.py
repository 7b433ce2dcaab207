"""Commands that choose and name fields: `table`, `fields`, `rename`, `setfields`, `fieldformat`.

Choices where Splunk's behaviour is not documented: the pairs of one `rename` are made at once, so
that two fields can change names; of two fields renamed to one name the last pair counts. The
expression of `fieldformat` is computed over the rows that the search ends in, where it replaces what
is shown; it is forgotten with its field, or when a command such as `stats` makes new rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import Column, Relation
from agentgate_mcp.backends.embedded.search.reparsed import assignments_of, placed
from agentgate_mcp.backends.embedded.search.wildcards import captured, filled, paired
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast


def _table(node: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(node, ast.Table)
    return source.projected(source.matching(node.fields), build.parameters)


def _fields(node: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(node, ast.Fields)
    named = source.matching(node.fields)
    if not node.remove:
        internal = tuple(n for n in source.columns if n.startswith("_") and n not in named)
        return source.projected(named, build.parameters, internal)
    kept = [n for n in source.names() if n not in named]
    columns = tuple(n for n in kept if n in source.columns)
    return source.projected([n for n in kept if n not in columns], build.parameters, columns)


def _rename(node: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(node, ast.Rename)
    names: dict[str, str] = {}
    for old, new in node.pairs:
        paired(old, new, node.span.start, command="rename")
        if "*" not in old:
            names[old] = new
            continue
        for name in source.matching([old]):
            names[name] = filled(new, captured(old, name) or ())
    return renamed(source, {old: new for old, new in names.items() if old != new}, build)


def renamed(source: Relation, names: Mapping[str, str], build: Build) -> Relation:
    """The rows with fields under new names. A new name takes the place of a field that had it,
    also where the old one does not exist."""
    found = {old: source.column(old, build.parameters) for old in names}
    source = source.with_fields({old: c for old, c in found.items() if c is not None and old not in source.columns})
    owners = {new: old for old, new in names.items()}
    gone = {*names, *names.values()}
    columns: dict[str, Column] = {}
    for name, column in source.columns.items():
        if name in names and found[name] is not None and owners[names[name]] == name:
            columns[names[name]] = column
        elif name not in gone:
            columns[name] = column
    keeps_text = "_raw" not in gone
    return replace(
        source,
        columns=columns,
        extra_fields=source.extra_fields - gone,
        formats=tuple(f for f in source.formats if f[0] not in gone),
        # The text of the event is found through `_raw`.
        more=source.more if keeps_text else "",
        made=source.made if keeps_text else "",
    )


def _setfields(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    fields: dict[str, Column] = {}
    for arg in command.args:
        match arg:
            case ast.Option(value=ast.Value() as value):
                fields[arg.name] = Column(sql=build.bind(value.text), kind="text")
            case ast.Punct(text=","):
                pass
            case _:
                raise SplError("setfields: unreadable argument", arg.span.start, 'field="value"')
    if not fields:
        raise SplError("setfields sets nothing", node.span.start, 'field="value"')
    return source.with_fields(fields)


def _fieldformat(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    # Compiled here too, so that a wrong expression is an error of its own place.
    with placed(command.span.start, "fieldformat"):
        made = assignments_of(command.args)
        for assignment in made:
            Evaluator(relation=source, build=build).value(assignment.expr)
    given = {a.field: a.expr for a in made}
    return replace(source, formats=(*(f for f in source.formats if f[0] not in given), *given.items()))


def formatted(source: Relation, build: Build) -> Relation:
    """The rows as they are shown: with what `fieldformat` put in the place of values."""
    to = Evaluator(relation=source, build=build)
    present = source.names()
    return source.with_fields({name: to.value(expr) for name, expr in source.formats if name in present})


COMMANDS: Final[Mapping[str, Apply]] = {
    "table": _table,
    "fields": _fields,
    "rename": _rename,
    "setfields": _setfields,
    "fieldformat": _fieldformat,
}
