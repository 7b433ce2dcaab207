"""From the event table to a relation, and what a search looks at."""

from __future__ import annotations

from typing import Final

from agentgate_mcp.backends.embedded.schema import EVENT_FIELDS, EXTRA, MADE, MORE, MULTIVALUE, SEQ
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.predicates import Predicates
from agentgate_mcp.backends.embedded.search.relation import Column, Kind, Relation, all_of
from agentgate_mcp.backends.embedded.search.scope import Scope
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


def events_relation(search: ast.Search, scope: Scope, build: Build) -> Relation:
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
