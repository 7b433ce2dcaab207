"""Search expressions as requirements: which data must exist for an expression to match at all.

``source=A OR source=B`` needs one of two; ``index=x sourcetype=y`` needs both; what stands
under NOT is not needed. The result is a conjunction of alternatives, exact up to `MAX_CLAUSES`.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import assert_never

from agentgate_mcp.graph.nodes import NodeKind, Ref
from agentgate_mcp.spl.ast import (
    Comparison,
    Directive,
    MacroCall,
    Membership,
    Operand,
    SearchAnd,
    SearchExpr,
    SearchNot,
    SearchOr,
    Subsearch,
    Term,
    TimeModifier,
    Value,
)

DATA_FIELDS: dict[str, NodeKind] = {
    "index": "index", "sourcetype": "sourcetype", "source": "source", "eventtype": "eventtype", "tag": "tag",
}  # fmt: skip
MAX_CLAUSES = 64

Clause = frozenset[Ref]


def clauses_of(expr: SearchExpr) -> tuple[Clause, ...]:
    """The alternatives that ``expr`` needs, one frozenset per requirement."""
    return tuple(dict.fromkeys(_clauses(expr)))


def _clauses(expr: SearchExpr) -> list[Clause]:
    match expr:
        case Comparison():
            return _value_clause(expr.field, expr.op, (expr.value,))
        case Membership():
            return _value_clause(expr.field, "=", expr.values)
        case MacroCall():
            return [frozenset({Ref(kind="macro", name=expr.name, arity=expr.arity)})]
        case SearchAnd():
            return [c for operand in expr.operands for c in _clauses(operand)]
        case SearchOr():
            return _either([_clauses(o) for o in expr.operands])
        case Term() | TimeModifier() | Directive() | SearchNot() | Subsearch():
            return []
        case _:
            assert_never(expr)


def _either(branches: list[list[Clause]]) -> list[Clause]:
    """OR over conjunctions: each choice of one clause per branch must hold."""
    if not all(branches):
        return []
    count = 1
    for branch in branches:
        count *= len(branch)
    if count > MAX_CLAUSES:
        # Weaker, and so never claims a break that is not there.
        return [frozenset(r for branch in branches for clause in branch for r in clause)]
    return [frozenset().union(*choice) for choice in product(*branches)]


def _value_clause(field: str, op: str, values: Iterable[Operand]) -> list[Clause]:
    kind = DATA_FIELDS.get(field)
    if kind is None or op not in ("=", "::"):
        return []
    refs = [data_ref(kind, v) for v in values]
    if any(r is None for r in refs):
        return []
    return [frozenset(r for r in refs if r is not None)]


def data_ref(kind: NodeKind, value: Operand) -> Ref | None:
    """The data that ``value`` names; None where it names none in particular."""
    if isinstance(value, MacroCall):
        return Ref(kind="macro", name=value.name, arity=value.arity)
    if not isinstance(value, Value) or not value.text.strip("*") or "$" in value.text:
        return None
    return Ref(kind=kind, name=value.text)
