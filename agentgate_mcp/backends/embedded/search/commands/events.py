"""`search`: events from the store at the start of a pipeline, a filter after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.events import events_relation
from agentgate_mcp.backends.embedded.search.predicates import Predicates
from agentgate_mcp.backends.embedded.search.registry import Apply, Generate
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.backends.embedded.search.scope import read_scope
from agentgate_mcp.spl import ast


def _events(command: ast.Command, build: Build) -> Relation:
    assert isinstance(command, ast.Search)
    job = build.job
    scope = read_scope(command, earliest=job.earliest, latest=job.latest, now=job.now)
    return events_relation(command, scope, build)


def filtered(expr: ast.SearchExpr | None, source: Relation, build: Build) -> Relation:
    """The rows that a search expression holds for."""
    if expr is None:
        return source
    return source.where(Predicates(relation=source, build=build, over_events=False).compile(expr))


def _search(command: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(command, ast.Search)
    return filtered(command.expr, source, build)


GENERATING: Final[Mapping[str, Generate]] = {"search": _events}
COMMANDS: Final[Mapping[str, Apply]] = {"search": _search}
