"""`inputlookup`: the rows that a lookup keeps, as the start of a pipeline."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping

from agentgate_mcp.backends.embedded.relation import Column, Parameters, Relation
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.knowledge import KnowledgeSet


def lookup_relation(command: ast.InputLookup, knowledge: KnowledgeSet, parameters: Parameters) -> Relation:
    """The rows of a lookup in their own order, its declared fields first.

    Raises: SplError for a lookup that does not exist or is disabled; UnsupportedSplError for options."""
    if command.options:
        raise UnsupportedSplError("inputlookup with options is not supported", command.options[0].span.start)
    found = _named(command, knowledge)
    raw = found.content.get("rows")
    rows = [row for row in raw if isinstance(row, Mapping)] if isinstance(raw, list) else []
    declared = found.content.get("fields")
    names = [str(name) for name in declared] if isinstance(declared, list) else []
    fields = list(dict.fromkeys((*names, *(str(key) for row in rows for key in row))))
    # One bound text holds all values, so a lookup of any size is one parameter.
    table = [[None if row.get(name) is None else str(row[name]) for name in fields] for row in rows]
    bound = parameters.bind(json.dumps(table))
    selected = ", ".join((*(f"r[{n + 1}] AS c{n}" for n in range(len(fields))), "o0"))
    unnested = (
        f"SELECT unnest(t) AS r, generate_subscripts(t, 1) AS o0 "  # noqa: S608 - placeholder
        f"FROM (SELECT from_json({bound}, '[[\"VARCHAR\"]]') AS t)"
    )
    return Relation(
        sql=f"SELECT {selected} FROM ({unnested})",  # noqa: S608 - generated names
        columns={name: Column(sql=f"c{n}", kind="text") for n, name in enumerate(fields)},
        order=("o0",),
        carried=("o0",),
        ids=len(fields) + 1,
    )


def _named(command: ast.InputLookup, knowledge: KnowledgeSet) -> KnowledgeObject:
    """The lookup of that name, or kept in a file of that name."""
    lookups = [o for o in knowledge.of_kind("lookup") if not o.disabled]
    for item in lookups:
        if command.name in (item.name, item.content.get("filename")):
            return item
    near = difflib.get_close_matches(command.name, sorted({o.name for o in lookups}), n=3, cutoff=0.6)
    expected = f"a lookup such as {', '.join(near)}" if near else "the name of a lookup"
    raise SplError(f"lookup {command.name[:60]!a} does not exist", command.span.start, expected)
