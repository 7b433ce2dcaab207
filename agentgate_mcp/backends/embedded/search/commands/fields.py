"""Commands that choose fields: `table`, `fields`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import Relation
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


COMMANDS: Final[Mapping[str, Apply]] = {"table": _table, "fields": _fields}
