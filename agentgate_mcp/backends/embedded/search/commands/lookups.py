"""`inputlookup`: the rows that a lookup keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.commands.events import filtered
from agentgate_mcp.backends.embedded.search.lookups import lookup_named, lookup_relation
from agentgate_mcp.backends.embedded.search.registry import Generate
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.errors import UnsupportedSplError
from agentgate_mcp.spl import ast


def _inputlookup(command: ast.Command, build: Build) -> Relation:
    assert isinstance(command, ast.InputLookup)
    if command.options:
        raise UnsupportedSplError("inputlookup with options is not supported", command.options[0].span.start)
    rows = lookup_relation(lookup_named(command.name, build.knowledge, command.span.start), build)
    return filtered(command.where, rows, build)


GENERATING: Final[Mapping[str, Generate]] = {"inputlookup": _inputlookup}
