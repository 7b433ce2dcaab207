"""`search`: events from the store at the start of a pipeline, a filter after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.events import events_relation
from agentgate_mcp.backends.embedded.search.predicates import Predicates
from agentgate_mcp.backends.embedded.search.registry import Apply, Generate
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.backends.embedded.search.resolve import resolved
from agentgate_mcp.backends.embedded.search.scope import read_scope
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast


def _events(command: ast.Command, build: Build) -> Relation:
    assert isinstance(command, ast.Search)
    return found_events(command.expr, build)


def found_events(expr: ast.SearchExpr | None, build: Build) -> Relation:
    """The events that a search expression finds, over the job's time range or its own.

    Raises: SplError where what nobody has read before (rows found on the way) would widen that range."""
    job = build.job
    search = ast.Search(expr=resolved(expr, build))
    scope = read_scope(search, earliest=job.earliest, latest=job.latest, now=job.now)
    if build.facts is not None and not scope.within(build.facts.earliest, build.facts.latest):
        place = 0 if expr is None else expr.span.start
        what = "the rows of a subsearch, or an event type under NOT, widen the time range"
        raise SplError(what, place, "times in the search itself")
    build.searched = (scope.earliest, scope.latest)
    return events_relation(search, scope, build)


def filtered(expr: ast.SearchExpr | None, source: Relation, build: Build) -> Relation:
    """The rows that a search expression holds for."""
    if expr is None:
        return source
    plain = expr if {"eventtype", "tag"} & source.columns.keys() else resolved(expr, build)
    return source.where(Predicates(relation=source, build=build, over_events=False).compile(plain or expr))


def _search(command: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(command, ast.Search)
    return filtered(command.expr, source, build)


GENERATING: Final[Mapping[str, Generate]] = {"search": _events}
COMMANDS: Final[Mapping[str, Apply]] = {"search": _search}
