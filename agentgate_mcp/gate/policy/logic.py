"""What conditions say of each other: whether one can hold at all, and whether it holds only where another does.

A condition becomes alternatives: for each fact, the regions it must lie in. Facts are taken to vary
freely, so `implies` never says yes wrongly; it may miss that some facts cannot occur together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agentgate_mcp.gate.policy.conditions import operand_of
from agentgate_mcp.gate.policy.paths import fact_at
from agentgate_mcp.gate.policy.regions import regions, where
from agentgate_mcp.gate.policy.schema import Clause, Condition, clauses_of

MAX_ALTERNATIVES = 512
Alternative = Mapping[str, frozenset[int]]
"""Fact path -> the regions it must lie in; a fact that is not named may have any value."""


class TooManyAlternatives(ValueError):
    """A condition whose alternatives cannot be looked through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A condition with the thresholds that its clauses name."""

    condition: Condition
    thresholds: Mapping[str, float]


class Space:
    """The regions of every fact that some conditions name; conditions of one space compare."""

    def __init__(self, conditions: Sequence[Bound]) -> None:
        """Raises: UnknownFact, ImpossibleClause for a clause that does not fit its fact."""
        named: dict[str, list[tuple[str, object]]] = {}
        for bound in conditions:
            for clause in clauses_of(bound.condition):
                named.setdefault(clause.fact, []).append((clause.op, operand_of(clause, bound.thresholds)))
        self._values = {fact: regions(fact_at(fact), clauses) for fact, clauses in named.items()}

    def share(self, clause: Clause, thresholds: Mapping[str, float]) -> tuple[int, int]:
        """In how many regions of its fact the clause holds, and of how many; (1, 2) where that is unknown."""
        values = self._values[clause.fact]
        if values is None:
            return 1, 2
        return len(where(clause.op, operand_of(clause, thresholds), values)), len(values)

    def alternatives(self, bound: Bound) -> tuple[Alternative, ...]:
        """The ways in which the condition can hold; none when it cannot. Raises: TooManyAlternatives."""
        return tuple(self._expand(bound.condition, bound.thresholds, True))

    def implies(self, narrow: Bound, wide: Bound) -> bool:
        """True when ``wide`` holds wherever ``narrow`` does. Raises: TooManyAlternatives."""
        ways = self.alternatives(wide)
        return all(any(_within(way, other) for other in ways) for way in self.alternatives(narrow))

    def _expand(self, condition: Condition, thresholds: Mapping[str, float], holds: bool) -> list[Alternative]:
        if condition.not_ is not None:
            return self._expand(condition.not_, thresholds, not holds)
        if condition.clause is not None:
            return self._literal(condition.clause, thresholds, holds)
        parts = [self._expand(c, thresholds, holds) for c in condition.all or condition.any or ()]
        # Where it must not hold, `all` is an `any` of what is not, and the other way round.
        if (condition.all is not None) is holds:
            return _product(parts)
        return _bounded([way for part in parts for way in part])

    def _literal(self, clause: Clause, thresholds: Mapping[str, float], holds: bool) -> list[Alternative]:
        values = self._values[clause.fact]
        if values is None:
            # Unknown regions: an alternative that only itself lies within.
            operand = operand_of(clause, thresholds)
            return [{f"{clause.fact} {clause.op} {operand!r} {holds}": frozenset({1})}]
        found = where(clause.op, operand_of(clause, thresholds), values)
        found = found if holds else frozenset(range(len(values))) - found
        return [{clause.fact: found}] if found else []


def _product(parts: Sequence[list[Alternative]]) -> list[Alternative]:
    found: list[Alternative] = [{}]
    for part in parts:
        found = _bounded([m for way in found for other in part if (m := _merged(way, other)) is not None])
    return found


def _merged(one: Alternative, other: Alternative) -> Alternative | None:
    both = dict(one)
    for fact, allowed in other.items():
        both[fact] = both[fact] & allowed if fact in both else allowed
        if not both[fact]:
            return None
    return both


def _within(narrow: Alternative, wide: Alternative) -> bool:
    return all(fact in narrow and narrow[fact] <= allowed for fact, allowed in wide.items())


def _bounded(ways: Iterable[Alternative]) -> list[Alternative]:
    found = list(ways)
    if len(found) > MAX_ALTERNATIVES:
        raise TooManyAlternatives(f"expected at most {MAX_ALTERNATIVES} alternatives, got {len(found)}")
    return found
