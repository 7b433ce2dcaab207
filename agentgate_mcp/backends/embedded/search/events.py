"""From the event table to a relation, and what a search looks at."""

from __future__ import annotations

from typing import Final

from agentgate_mcp.backends.embedded.schema import EVENT_FIELDS, EXTRA, MADE, MORE, MULTIVALUE, SEQ
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.predicates import Predicates
from agentgate_mcp.backends.embedded.search.relation import Column, Kind, Relation, all_of
from agentgate_mcp.backends.embedded.search.resolve import resolved
from agentgate_mcp.backends.embedded.search.scope import Scope, read_scope
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast


def _kind(field: str) -> Kind:
    if field == "_time":
        return "number"
    return "list" if field in MULTIVALUE else "text"


_STORED: Final = {name: Column(sql=f'"{name}"', kind=_kind(name)) for name in EVENT_FIELDS}
_COLUMNS: Final = {name: Column(sql=f"c{number}", kind=_kind(name)) for number, name in enumerate(EVENT_FIELDS)}
_SELECTED: Final = ", ".join(
    [f'"{name}" AS c{number}' for number, name in enumerate(EVENT_FIELDS)]
    + [f"{EXTRA} AS x", f"{MORE} AS m", f"{MADE} AS r", f"{SEQ} AS o0"]
)


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
    return _events_relation(search, scope, build)


def filtered(expr: ast.SearchExpr | None, source: Relation, build: Build) -> Relation:
    """The rows that a search expression holds for."""
    if expr is None:
        return source
    plain = expr if {"eventtype", "tag"} & source.columns.keys() else resolved(expr, build)
    return source.where(Predicates(relation=source, build=build, over_events=False).compile(plain or expr))


def _events_relation(search: ast.Search, scope: Scope, build: Build) -> Relation:
    """The events that a search finds, newest first. Raises: SplError, UnsupportedSplError."""
    extra_fields = build.store.extra_fields
    table = Relation(sql="", columns=_STORED, order=(), extra=EXTRA, extra_fields=extra_fields, more=MORE)
    predicates = Predicates(relation=table, build=build, over_events=True)
    in_scope = scope.condition(build.parameters)
    found = "true" if search.expr is None else predicates.compile(search.expr)
    looked_at = all_of([in_scope, *(predicates.compile(node) for node in _index_terms(search.expr))])
    build.scans.append(f"SELECT count(*) FROM events WHERE {looked_at}")  # noqa: S608 - constants and placeholders
    return Relation(
        sql=f"SELECT {_SELECTED} FROM events WHERE {all_of([in_scope, found])}",  # noqa: S608
        columns=_COLUMNS,
        order=("o0 DESC",),
        carried=("o0",),
        extra="x",
        extra_fields=extra_fields,
        more="m",
        made="r",
        ids=len(EVENT_FIELDS),
    )


def _index_terms(expr: ast.SearchExpr | None) -> list[ast.SearchExpr]:
    """What every event must meet that speaks of the index alone; of an OR the terms of all its branches."""
    match expr:
        case None:
            return []
        case ast.SearchAnd():
            return [term for operand in expr.operands for term in _index_terms(operand)]
        case ast.SearchOr():
            branches = [_index_terms(operand) for operand in expr.operands]
            return [ast.SearchOr(operands=tuple(map(_all, branches)), span=expr.span)] if all(branches) else []
        case _:
            return [expr] if names_index(expr) else []


def _all(terms: list[ast.SearchExpr]) -> ast.SearchExpr:
    return terms[0] if len(terms) == 1 else ast.SearchAnd(operands=tuple(terms))


def names_index(node: ast.SearchExpr) -> bool:
    """Whether a condition speaks of the index alone."""
    match node:
        case ast.Comparison() | ast.Membership():
            return node.field == "index"
        case ast.SearchOr():
            return all(names_index(operand) for operand in node.operands)
        case _:
            return False
