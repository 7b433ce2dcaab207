"""The first search of a pipeline: from the event table to a relation, and what it looks at."""

from __future__ import annotations

from typing import Final

from agentgate_mcp.backends.embedded.predicates import Predicates
from agentgate_mcp.backends.embedded.relation import Column, Kind, Parameters, Relation, all_of
from agentgate_mcp.backends.embedded.schema import EVENT_FIELDS, EXTRA, MADE, MORE, MULTIVALUE, SEQ
from agentgate_mcp.backends.embedded.scope import Scope
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


def events_relation(search: ast.Search, scope: Scope, parameters: Parameters, extra_fields: frozenset[str]) -> Relation:
    """The events that a first search finds, newest first. Raises: UnsupportedSplError."""
    wanted = [scope.condition(parameters)]
    if search.expr is not None:
        wanted.append(_predicates(parameters, extra_fields).compile(search.expr))
    return Relation(
        sql=f"SELECT {_SELECTED} FROM events WHERE {all_of(wanted)}",  # noqa: S608 - constants and placeholders
        columns=_COLUMNS,
        order=("o0 DESC",),
        carried=("o0",),
        extra="x",
        extra_fields=extra_fields,
        more="m",
        made="r",
        ids=len(EVENT_FIELDS),
    )


def scanned_sql(search: ast.Search, scope: Scope, parameters: Parameters) -> str:
    """Counts the events that the search has to look at: those of its time range and indexes."""
    predicates = _predicates(parameters, frozenset())
    wanted = [scope.condition(parameters), *(predicates.compile(node) for node in _index_terms(search.expr))]
    return f"SELECT count(*) FROM events WHERE {all_of(wanted)}"  # noqa: S608 - constants and placeholders


def _predicates(parameters: Parameters, extra_fields: frozenset[str]) -> Predicates:
    table = Relation(sql="", columns=_STORED, order=(), extra=EXTRA, extra_fields=extra_fields, more=MORE)
    return Predicates(relation=table, parameters=parameters, over_events=True)


def _index_terms(expr: ast.SearchExpr | None) -> list[ast.SearchExpr]:
    """The parts of a search that every event must meet and that speak of the index alone."""
    operands = expr.operands if isinstance(expr, ast.SearchAnd) else () if expr is None else (expr,)
    return [node for node in operands if _names_index(node)]


def _names_index(node: ast.SearchExpr) -> bool:
    match node:
        case ast.Comparison() | ast.Membership():
            return node.field == "index"
        case ast.SearchOr():
            return all(_names_index(operand) for operand in node.operands)
        case _:
            return False
