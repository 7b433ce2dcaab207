"""Filters of a search as comparable conditions.

`search` and `where` say the same things in two languages; both become a conjunction of a few
forms, so that two versions of a filter can be compared by meaning instead of by text. What has
no such form is `Opaque` and compares by its syntax tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from agentgate_mcp.spl import ast


@dataclass(frozen=True, slots=True)
class In:
    """The field has one of the values; `*` means any value at all. Values are lower-case."""

    field: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class NotIn:
    """The field has none of the values (or is absent)."""

    field: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bound:
    """The field is at least (`min`) or at most (`max`) ``limit``; strictness is not kept."""

    field: str
    side: Literal["min", "max"]
    limit: float


@dataclass(frozen=True, slots=True)
class Either:
    """One of the branches holds; each branch is a conjunction."""

    branches: frozenset[frozenset[Condition]]


@dataclass(frozen=True, slots=True)
class Opaque:
    """A condition compared by its text. ``pipeline`` is set for a subsearch."""

    text: str
    positive: bool
    shown: str = field(compare=False)
    pipeline: ast.Pipeline | None = field(default=None, compare=False, hash=False)
    on: str = field(default="", compare=False)
    """The field that a pattern is matched against, if that is what the condition does."""
    literals: int = field(default=-1, compare=False)
    """Letters and digits in the pattern; -1 where there is none."""
    words: frozenset[str] = field(default=frozenset(), compare=False)
    """The literal words of the pattern."""
    fields: frozenset[str] | None = field(default=None, compare=False)
    """The fields that a `where` expression reads; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Never:
    """Holds for no event."""


Condition: TypeAlias = In | NotIn | Bound | Either | Opaque | Never

_FLIP: dict[str, str] = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRROR: dict[str, str] = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def of_search(expr: ast.SearchExpr | None, *, negated: bool = False) -> list[Condition]:
    """The conjunction that a search expression, or its negation, states."""
    match expr:
        case None:
            return []
        case ast.Term():
            if not expr.value.text.strip("*"):
                return [Never()] if negated else []
            return [_opaque(f"term:{expr.value.text.lower()}", expr.value.text, not negated)]
        case ast.Comparison():
            return _search_comparison(expr, negated=negated)
        case ast.Membership():
            if all(isinstance(v, ast.Value) for v in expr.values):
                values = frozenset(v.text.lower() for v in expr.values if isinstance(v, ast.Value))
                return [NotIn(expr.field, values) if negated else In(expr.field, values)]
            return [_opaque(repr(expr), f"{expr.field} IN (…)", not negated)]
        case ast.SearchNot():
            return of_search(expr.operand, negated=not negated)
        case ast.SearchAnd():
            parts = [of_search(o, negated=negated) for o in expr.operands]
            return _any(parts) if negated else [c for p in parts for c in p]
        case ast.SearchOr():
            parts = [of_search(o, negated=negated) for o in expr.operands]
            return [c for p in parts for c in p] if negated else _any(parts)
        case ast.Subsearch():
            return [Opaque(repr(expr), not negated, "a subsearch", expr.pipeline)]
        case ast.MacroCall():
            return [_opaque(repr(expr), f"`{expr.name}`", not negated)]
        case ast.Directive():
            return [_opaque(repr(expr), f"{expr.name}({expr.value.text})", not negated)]
        case ast.TimeModifier():
            return []
        case _:
            assert_never(expr)


def of_eval(expr: ast.EvalExpr, *, negated: bool = False) -> list[Condition]:
    """The conjunction that a `where` expression, or its negation, states."""
    match expr:
        case ast.Logical():
            if expr.op == "XOR":
                return [_expression(expr, "an XOR", not negated)]
            parts = [of_eval(o, negated=negated) for o in expr.operands]
            joined = expr.op == "AND"
            return [c for p in parts for c in p] if joined != negated else _any(parts)
        case ast.Unary():
            if expr.op == "NOT":
                return of_eval(expr.operand, negated=not negated)
            return [_expression(expr, "an expression", not negated)]
        case ast.Compare():
            return _eval_comparison(expr, negated=negated)
        case ast.InTest():
            return _eval_membership(expr, expr.operand, expr.values, negated=negated)
        case ast.Call():
            return _call(expr, negated=negated)
        case ast.MacroCall():
            return [_opaque(repr(expr), f"`{expr.name}`", not negated)]
        case ast.Number() | ast.String() | ast.FieldRef() | ast.Chain() | ast.Subsearch():
            return [_expression(expr, "an expression", not negated)]
        case _:
            assert_never(expr)


def number_of(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e18 else None


def fields_of(condition: Condition) -> frozenset[str] | None:
    """The fields that a condition reads; None where that is not known."""
    match condition:
        case In() | NotIn() | Bound():
            return frozenset({condition.field})
        case Either():
            return _joined(fields_of(c) for b in condition.branches for c in b)
        case Opaque():
            return condition.fields
        case Never():
            return frozenset()


def read_by(expr: ast.EvalExpr) -> frozenset[str] | None:
    """The fields that an expression reads; None where that is not known."""
    match expr:
        case ast.FieldRef():
            return frozenset({expr.name})
        case ast.Number() | ast.String():
            return frozenset()
        case ast.Unary():
            return read_by(expr.operand)
        case ast.Compare():
            return _joined(read_by(e) for e in (expr.left, expr.right))
        case ast.Chain():
            return _joined(read_by(e) for e in (expr.first, *(e for _, e in expr.rest)))
        case ast.InTest():
            return _joined(read_by(e) for e in (expr.operand, *expr.values))
        case ast.Call():
            return _joined(read_by(e) for e in expr.args)
        case ast.Logical():
            return _joined(read_by(e) for e in expr.operands)
        case ast.MacroCall() | ast.Subsearch():
            return None
        case _:
            assert_never(expr)


def _joined(parts: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    found: set[str] = set()
    for part in parts:
        if part is None:
            return None
        found |= part
    return frozenset(found)


def _expression(expr: ast.EvalExpr, shown: str, positive: bool) -> Opaque:
    return Opaque(repr(expr), positive, shown, fields=read_by(expr))


def _opaque(text: str, shown: str, positive: bool) -> Opaque:
    return Opaque(text, positive, shown)


def _any(parts: list[list[Condition]]) -> list[Condition]:
    """The disjunction of several conjunctions."""
    if any(not p for p in parts):
        return []
    alive = [p for p in parts if Never() not in p]
    if not alive:
        return [Never()]
    single = [p[0] for p in alive if len(p) == 1]
    if len(single) == len(alive):
        fields = {c.field for c in single if isinstance(c, In)}
        if len(fields) == 1 and all(isinstance(c, In) for c in single):
            return [In(fields.pop(), frozenset(v for c in single if isinstance(c, In) for v in c.values))]
    if len(alive) == 1:
        return alive[0]
    return [Either(frozenset(frozenset(p) for p in alive))]


def _search_comparison(expr: ast.Comparison, *, negated: bool) -> list[Condition]:
    if not isinstance(expr.value, ast.Value):
        return [_opaque(repr(expr), f"{expr.field}{expr.op}…", not negated)]
    op = "=" if expr.op == "::" else expr.op
    found = _simple(expr.field, _FLIP[op] if negated else op, expr.value.text)
    return [*found, _present(expr.field)] if op == "!=" and not negated else found


def _simple(name: str, op: str, value: str) -> list[Condition]:
    if op == "=":
        return [In(name, frozenset({value.lower()}))]
    if op == "!=":
        return [NotIn(name, frozenset({value.lower()}))]
    limit = number_of(value)
    if limit is None:
        return [_opaque(f"{name}{op}{value}", f"{name}{op}{value}", True)]
    return [Bound(name, "min" if op in (">", ">=") else "max", limit)]


def _present(name: str) -> In:
    """What `!=` says beside: an event without the field is not unequal to anything."""
    return In(name, frozenset({"*"}))


def _literal(expr: ast.EvalExpr) -> str | None:
    match expr:
        case ast.Number():
            return expr.raw
        case ast.String():
            return expr.value
        case ast.Unary(op="-", operand=ast.Number(raw=raw)):
            return f"-{raw}"
        case _:
            return None


def _eval_comparison(expr: ast.Compare, *, negated: bool) -> list[Condition]:
    if expr.op == "LIKE":
        return [_pattern(expr, expr.left, expr.right, "LIKE", positive=not negated)]
    op = _FLIP[expr.op] if negated else expr.op
    left, right = _literal(expr.left), _literal(expr.right)
    if left is not None and right is not None:
        return [] if _holds(left, op, right) else [Never()]
    if isinstance(expr.left, ast.FieldRef) and right is not None:
        found = _simple(expr.left.name, op, right.replace("*", "\\*") if op in ("=", "!=") else right)
        return [*found, _present(expr.left.name)] if expr.op == "!=" and not negated else found
    if isinstance(expr.right, ast.FieldRef) and left is not None:
        return _simple(expr.right.name, _MIRROR[op], left)
    if isinstance(expr.left, ast.FieldRef) and expr.left == expr.right:
        return [Never()] if op in ("!=", "<", ">") else []
    return [_expression(expr, "a comparison", not negated)]


def _holds(left: str, op: str, right: str) -> bool:
    a, b = number_of(left), number_of(right)
    if a is None or b is None:
        return (left == right) if op == "=" else (left != right) if op == "!=" else _ordered(left, op, right)
    return (a == b) if op == "=" else (a != b) if op == "!=" else _ordered(a, op, b)


def _ordered(a: float | str, op: str, b: float | str) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        a, b = str(a), str(b)
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]


def _eval_membership(
    expr: ast.EvalExpr, operand: ast.EvalExpr, values: tuple[ast.EvalExpr, ...], *, negated: bool
) -> list[Condition]:
    literals = [_literal(v) for v in values]
    if isinstance(operand, ast.FieldRef) and all(v is not None for v in literals):
        chosen = frozenset(v.lower() for v in literals if v is not None)
        return [NotIn(operand.name, chosen) if negated else In(operand.name, chosen)]
    return [_expression(expr, "an IN test", not negated)]


def _call(expr: ast.Call, *, negated: bool) -> list[Condition]:
    first = expr.args[0] if expr.args else None
    match expr.function:
        case "true":
            return [Never()] if negated else []
        case "false":
            return [] if negated else [Never()]
        case "isnull" | "isnotnull" if isinstance(first, ast.FieldRef):
            absent = (expr.function == "isnull") != negated
            return [(NotIn if absent else In)(first.name, frozenset({"*"}))]
        case "in" if first is not None:
            return _eval_membership(expr, first, expr.args[1:], negated=negated)
        case "cidrmatch" if len(expr.args) == 2 and isinstance(expr.args[1], ast.FieldRef):
            network = _literal(expr.args[0])
            if network is not None:
                return [(NotIn if negated else In)(expr.args[1].name, frozenset({network.lower()}))]
        case "match" | "like" if len(expr.args) == 2:
            return [_pattern(expr, expr.args[0], expr.args[1], expr.function, positive=not negated)]
        case _:
            pass
    return [_expression(expr, f"{expr.function}(…)", not negated)]


def _pattern(whole: ast.EvalExpr, subject: ast.EvalExpr, pattern: ast.EvalExpr, name: str, *, positive: bool) -> Opaque:
    on = subject.name if isinstance(subject, ast.FieldRef) else ""
    text = pattern.value if isinstance(pattern, ast.String) else ""
    return Opaque(
        repr(whole), positive, f"{name} on {on or 'a value'}", on=on, literals=literals_in(text), words=_words_in(text),
        fields=read_by(whole),
    )  # fmt: skip


def _words_in(pattern: str) -> frozenset[str]:
    """Runs of letters and digits in lower case, without flags such as `(?i)` and letters of escapes."""
    plain = pattern.partition("(?i)")[2] if pattern.startswith("(?i)") else pattern
    kept = [" " if b == "\\" else c for b, c in zip(" " + plain, plain, strict=False)]
    return frozenset("".join(c if c.isalnum() else " " for c in kept).lower().split())


def literals_in(pattern: str) -> int:
    """Letters and digits that a pattern demands; an escape's own letter is none."""
    count, escaped = 0, False
    for char in pattern:
        count += char.isalnum() and not escaped
        escaped = char == "\\" and not escaped
    return count
