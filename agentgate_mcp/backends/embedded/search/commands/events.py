"""`search`: events from the store at the start of a pipeline, a filter after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.events import filtered, found_events
from agentgate_mcp.backends.embedded.search.registry import Apply, Generate
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.spl import ast


def _events(command: ast.Command, build: Build) -> Relation:
    assert isinstance(command, ast.Search)
    return found_events(command.expr, build)


def _search(command: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(command, ast.Search)
    return filtered(command.expr, source, build)


GENERATING: Final[Mapping[str, Generate]] = {"search": _events}
COMMANDS: Final[Mapping[str, Apply]] = {"search": _search}
