"""The values of a fact, cut into finitely many regions that the operators of some clauses can tell apart.

Each region is given by one value in it. An operator holds of a whole region or of none of it, so a
clause is a set of regions, and what clauses say of each other is set algebra over the same tests
that decide at run time.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from itertools import combinations, pairwise
from typing import cast

from agentgate_mcp.gate.policy.conditions import TESTS
from agentgate_mcp.gate.policy.paths import FactType

MAX_LENGTH = 10_000
"""No list of facts is longer; a clause that asks for more can never hold."""
_MAX_CLASSES = 8
_FRESH = "\x00some other text"


def regions(fact: FactType, clauses: Sequence[tuple[str, object]]) -> tuple[object, ...] | None:
    """One value of each region that ``clauses`` (operator, operand) can tell apart; None where there
    are too many to tell."""
    operands = [operand for _, operand in clauses]
    match fact.kind:
        case "bool":
            values: list[object] | None = [True, False]
        case "number":
            values = [*_numbers(fact, operands)]
        case "text":
            named = {t for o in operands for t in _texts(o)}
            values = [*fact.choices] if fact.choices else [*sorted(named | {""}), _FRESH]
        case "list":
            values = _lists(fact, clauses)
    if values is None:
        return None
    return (*values, None) if fact.optional else tuple(values)


def where(op: str, operand: object, values: Sequence[object]) -> frozenset[int]:
    """The regions in which the operator holds."""
    return frozenset(i for i, value in enumerate(values) if TESTS[op](value, operand))


def _numbers(fact: FactType, operands: Iterable[object]) -> list[float]:
    points = sorted({float(o) for o in operands if isinstance(o, int | float) and math.isfinite(o)})
    found = set(points)
    found |= {(a + b) / 2 for a, b in pairwise(points)}
    found |= {points[0] - 1.0, points[-1] + 1.0} if points else {0.0}
    found |= {bound for bound in (fact.low, fact.high) if math.isfinite(bound)}
    if fact.integral:
        found = {float(whole) for p in found for whole in (math.floor(p) - 1, math.floor(p), math.ceil(p) + 1)}
    return sorted(p for p in found if fact.low <= p <= fact.high)


def _lists(fact: FactType, clauses: Sequence[tuple[str, object]]) -> list[object] | None:
    """Lists by which named texts they hold and by how long they are. Texts that the same clauses name
    are alike, so one of each kind is enough."""
    kinds: dict[frozenset[int], str] = {}
    for text in sorted({t for _, o in clauses for t in _texts(o)}):
        kinds.setdefault(frozenset(i for i, (_, o) in enumerate(clauses) if text in _texts(o)), text)
    if len(kinds) > _MAX_CLASSES:
        return None
    limits = {math.floor(o) for op, o in clauses if op == "len_gt" and isinstance(o, int | float) and math.isfinite(o)}
    lengths = {n for limit in limits for n in (limit, limit + 1) if 0 <= n <= MAX_LENGTH}
    found: list[object] = []
    for size in range(len(kinds) + 1):
        for named in combinations(kinds.values(), size):
            least = [named, (*named, _FRESH)]
            longer = [(*named, *(_FRESH,) * (n - size)) for n in sorted(lengths) if n > size + 1]
            found += [*least, *longer]
    return found if fact.texts else [(object(),) * len(cast(Collection[object], v)) for v in found]


def _texts(operand: object) -> tuple[str, ...]:
    if isinstance(operand, str):
        return (operand,)
    items = cast(Iterable[object], operand) if isinstance(operand, list | tuple) else ()
    return tuple(i for i in items if isinstance(i, str))
