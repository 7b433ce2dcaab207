"""Conditions compiled to functions of the facts, with the clauses that held as evidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import cast

from agentgate_mcp.gate.policy.paths import FactSet, Kind, kind_of, reader
from agentgate_mcp.gate.policy.schema import UNARY, Clause, Condition
from agentgate_mcp.model.facts import ClauseMatch

Evidence = tuple[ClauseMatch, ...]
Compiled = Callable[[FactSet], Evidence | None]
"""The clauses that made the condition hold, or None when it does not hold."""

_ALLOWED: Mapping[Kind, frozenset[str]] = {
    "bool": frozenset({"is_true", "is_false"}),
    "number": frozenset({"eq", "ne", "lt", "le", "gt", "ge", "is_none", "not_none"}),
    "text": frozenset({"eq", "ne", "in", "not_in", "empty", "nonempty"}),
    "list": frozenset({"empty", "nonempty", "contains", "contains_any", "len_gt"}),
}
_MAX_SHOWN = 160


class ImpossibleClause(ValueError):
    """A comparison that can never hold, or that does not fit the kind of its fact."""


def compile_condition(condition: Condition, thresholds: Mapping[str, float]) -> Compiled:
    """``condition`` as a function. Raises: UnknownFact, ImpossibleClause."""
    if condition.clause is not None:
        return _clause(condition.clause, thresholds)
    if condition.not_ is not None:
        inner = compile_condition(condition.not_, thresholds)
        return lambda facts: () if inner(facts) is None else None
    if condition.all is not None:
        return _all([compile_condition(c, thresholds) for c in condition.all])
    return _any([compile_condition(c, thresholds) for c in condition.any or ()])


def _all(parts: list[Compiled]) -> Compiled:
    def holds(facts: FactSet) -> Evidence | None:
        evidence: list[ClauseMatch] = []
        for part in parts:
            found = part(facts)
            if found is None:
                return None
            evidence.extend(found)
        return tuple(evidence)

    return holds


def _any(parts: list[Compiled]) -> Compiled:
    def holds(facts: FactSet) -> Evidence | None:
        found = [e for part in parts if (e := part(facts)) is not None]
        return None if not found else tuple(m for e in found for m in e)

    return holds


def _clause(clause: Clause, thresholds: Mapping[str, float]) -> Compiled:
    operand = operand_of(clause, thresholds)
    read, test = reader(clause.fact), TESTS[clause.op]
    shown = "" if clause.op in UNARY else _show(operand)

    def holds(facts: FactSet) -> Evidence | None:
        value = read(facts)
        if not test(value, operand):
            return None
        return (ClauseMatch(fact=clause.fact, operator=clause.op, expected=shown, value=_show(value)),)

    return holds


def operand_of(clause: Clause, thresholds: Mapping[str, float]) -> object:
    """What the fact is compared with. Raises: UnknownFact, ImpossibleClause where the comparison does
    not fit the kind of the fact."""
    kind = kind_of(clause.fact)
    if clause.op not in _ALLOWED[kind]:
        fits = ", ".join(sorted(_ALLOWED[kind]))
        raise ImpossibleClause(f"{clause.fact} is a {kind}: expected one of {fits}, got {clause.op}")
    if clause.threshold and clause.threshold not in thresholds:
        known = ", ".join(sorted(thresholds)) or "none"
        raise ImpossibleClause(f"{clause.fact}: expected one of the thresholds {known}, got {clause.threshold}")
    operand: object = thresholds[clause.threshold] if clause.threshold else clause.value
    if clause.op not in UNARY:
        _check_operand(clause, kind, operand)
    return operand


def _check_operand(clause: Clause, kind: Kind, operand: object) -> None:
    number = isinstance(operand, int | float) and not isinstance(operand, bool)
    match clause.op:
        case "in" | "not_in" | "contains_any":
            fits = isinstance(operand, list) and bool(cast(list[object], operand))
        case "contains":
            fits = isinstance(operand, str)
        case "len_gt":
            fits = number
        case _:
            fits = number if kind == "number" else isinstance(operand, str)
    if not fits:
        raise ImpossibleClause(f"{clause.fact} {clause.op}: {operand!r} can never match a {kind}")


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _ordered(test: Callable[[float, float], bool]) -> Callable[[object, object], bool]:
    def holds(value: object, operand: object) -> bool:
        left, right = _number(value), _number(operand)
        return left is not None and right is not None and test(left, right)

    return holds


def _items(value: object) -> Collection[object]:
    return cast(Collection[object], value) if isinstance(value, tuple | list | str) else ()


TESTS: Mapping[str, Callable[[object, object], bool]] = {
    "eq": lambda v, o: v is not None and v == o,
    "ne": lambda v, o: v is not None and v != o,
    "lt": _ordered(lambda a, b: a < b),
    "le": _ordered(lambda a, b: a <= b),
    "gt": _ordered(lambda a, b: a > b),
    "ge": _ordered(lambda a, b: a >= b),
    "in": lambda v, o: v in _items(o),
    "not_in": lambda v, o: v is not None and v not in _items(o),
    "is_true": lambda v, _: v is True,
    "is_false": lambda v, _: v is False,
    "nonempty": lambda v, _: len(_items(v)) > 0,
    "empty": lambda v, _: len(_items(v)) == 0,
    "contains": lambda v, o: o in _items(v),
    "contains_any": lambda v, o: any(x in _items(v) for x in _items(o)),
    "is_none": lambda v, _: v is None,
    "not_none": lambda v, _: v is not None,
    "len_gt": lambda v, o: isinstance(o, int | float) and len(_items(v)) > o,
}
"""Each operator as a test of a fact's value and an operand; of None only `is_none` and `empty` hold."""


def _show(value: object) -> str:
    if isinstance(value, tuple | list):
        items = [str(v) for v in cast(Collection[object], value)]
        text = ", ".join(items[:5]) + (f" and {len(items) - 5} more" if len(items) > 5 else "")
    else:
        text = str(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"
