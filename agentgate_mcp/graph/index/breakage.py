"""How breakage spreads: a least fixed point over arrays, one ring of dependents at a time.

States only rise, so every edge is walked at most three times, and a group of alternatives needs
only a count of the members that it has left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from agentgate_mcp.graph.index.arrays import Flags, Ints, Levels, Rows, distinct, flagged, listed, numbers
from agentgate_mcp.graph.index.rules import Rule, contribution
from agentgate_mcp.graph.index.snapshot import GraphIndex
from agentgate_mcp.graph.nodes import Group, State

Spend = Callable[[int], None]
"""Takes a number of steps off a work budget; raises when none are left."""
EDGES_PER_STEP = 16
"""Edges that an array walks in the time of one step of Python."""
_NONE = np.zeros(0, np.int64)
Starts = Mapping[int, State]
"""States that nodes get from outside, by number."""


def no_limit(_steps: int) -> None:
    """For callers without a budget."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """States after something broke. ``levels`` is by node number; ``extra`` numbers the nodes that
    the index does not have, after those that it has."""

    index: GraphIndex
    levels: Levels
    extra: Mapping[str, int] = field(default_factory=dict[str, int])

    def state_of(self, node: str) -> State:
        number = self.number(node)
        return State.OK if number < 0 else State(int(self.levels[number]))

    def worsened(self, node: str) -> bool:
        """Whether ``node`` fares worse than before."""
        return self.state_of(node) > self.index.state_of(node)

    def number(self, node: str) -> int:
        """The number of ``node``; -1 for none."""
        known = self.index.number_of.get(node)
        return self.extra.get(node, -1) if known is None else known

    @property
    def before(self) -> Levels:
        """The states before, in as many places as ``levels``."""
        padding = np.zeros(len(self.extra), np.int8)
        return np.concatenate([self.index.baseline, padding]) if self.extra else self.index.baseline

    def names(self, found: Ints) -> tuple[str, ...]:
        """Ids by number, in order."""
        if not self.extra:
            return self.index.names(found)
        ids = {number: node for node, number in self.extra.items()}
        size = self.index.size
        return tuple(sorted(ids[n] if n >= size else self.index.ids[n] for n in listed(found)))


def from_nothing(index: GraphIndex, starts: Levels | Starts) -> tuple[Levels, Ints]:
    """All states, and what the choices have left, when ``starts`` break and all else is well."""
    run = _Run(index, np.zeros(index.size, np.int8), index.choices.size.copy(), no_limit)
    run.settle(starts)
    return run.levels, run.left


def from_baseline(index: GraphIndex, starts: Starts, *, spend: Spend = no_limit) -> Spread:
    """The states when the nodes of ``starts`` break and nothing else changes."""
    run = _Run(index, index.baseline.copy(), index.choices.left.copy(), spend)
    run.settle(starts)
    return Spread(index=index, levels=run.levels)


def spread(
    index: GraphIndex,
    starts: Mapping[str, State],
    *,
    changed: Iterable[str] = (),
    patched: Mapping[str, Sequence[Group]] | None = None,
    added: Mapping[str, Iterable[str]] | None = None,
    spend: Spend = no_limit,
) -> Spread:
    """The states when ``starts`` break, and the nodes ``changed`` have no state of their own but that.

    ``patched`` are nodes with other requirements than the index has; ``added`` maps nodes to
    dependents that they have through these."""
    patched, added = patched or {}, added or {}
    known = index.number_of
    altered = index.find(changed)
    if not patched and not index.own[altered].any() and all(n in known for n in starts):
        return from_baseline(index, {known[n]: s for n, s in starts.items()}, spend=spend)
    members = (m for groups in patched.values() for g in groups for m in g.members)
    named = sorted({*starts, *changed, *patched, *members})
    extra = {node: index.size + place for place, node in enumerate(n for n in named if n not in known)}
    result = Spread(index=index, levels=np.zeros(index.size + len(extra), np.int8), extra=extra)
    region = _region(result, {*starts, *changed, *patched}, added, spend)
    initial = index.baseline.copy()
    initial[region] = index.own[region]
    initial[altered] = State.OK
    run = _Run(index, result.levels, index.choices.size.copy(), spend)
    run.hold(index.find(patched))
    run.settle(initial)
    run.settle({result.number(node): state for node, state in starts.items()})
    while worse := _patches(result, patched):
        run.settle(worse)
    return result


def _patches(result: Spread, patched: Mapping[str, Sequence[Group]]) -> dict[int, State]:
    """The patched nodes that are worse than they were, as follows from the states of all others."""
    worse: dict[int, State] = {}
    for node, groups in patched.items():
        state = max((contribution(g, result.state_of) for g in groups), default=State.OK)
        if state > result.state_of(node):
            worse[result.number(node)] = state
    return worse


def downstream(index: GraphIndex, starts: Ints, *, edges: Rows | None = None, spend: Spend = no_limit) -> Flags:
    """The nodes ``starts`` and all that can be reached from them, over all edges or over ``edges``."""
    edges = index.edges if edges is None else edges
    seen = np.zeros(index.size, np.bool_)
    scratch = np.empty(index.size, np.int64)
    ring = distinct(starts, scratch)
    seen[ring] = True
    while ring.size:
        found = edges.of(ring)
        spend(1 + found.size // EDGES_PER_STEP)
        ring = distinct(found[~seen.take(found)], scratch)
        seen[ring] = True
    return seen


def _region(result: Spread, causes: set[str], added: Mapping[str, Iterable[str]], spend: Spend) -> Flags:
    """All nodes of the index that ``causes`` may influence, also through ``added`` edges."""
    index = result.index
    while True:
        seen = downstream(index, index.find(causes), spend=spend)
        more = {
            dependent
            for member, dependents in added.items()
            if member in causes or ((n := index.number_of.get(member)) is not None and seen[n])
            for dependent in dependents
        }
        if more <= causes:
            return seen
        causes = causes | more


class _Run:
    """One computation, in three passes: what fails, then what is empty, then what is degraded.

    No state follows from a better one, so a node's edges are walked once, when its state is known.
    ``levels`` may have places after those of the index, for nodes that only patched ones need."""

    __slots__ = ("_held", "_scratch", "_spend", "index", "left", "levels")

    def __init__(self, index: GraphIndex, levels: Levels, left: Ints, spend: Spend) -> None:
        self.index = index
        self.levels = levels
        self.left = left
        self._scratch = np.empty(levels.size, np.int64)
        self._held: Flags | None = None
        self._spend = spend

    def hold(self, nodes: Ints) -> None:
        """Leaves ``nodes`` alone: their requirements are not those of the index."""
        self._held = np.zeros(self.levels.size, np.bool_)
        self._held[nodes] = True

    def settle(self, starts: Levels | Starts) -> None:
        """Raises nodes to ``starts``, and everything to what follows from it."""
        index, edges = self.index, self.index.edges
        given = _by_state(starts)
        failed, crossed = self._fail(given[State.FAILED])
        empty, stale = self._empty(given[State.EMPTY], crossed)
        ring = self._raise(given[State.DEGRADED], State.DEGRADED)
        for nodes, first, last in ((failed, Rule.SOFT, Rule.NOTHING), (empty, Rule.MUST_RUN, Rule.NOTHING)):
            ring = np.concatenate([ring, self._raise(self._walk(edges, nodes, first, last), State.DEGRADED, free=True)])
        ring = np.concatenate([ring, self._raise(index.choices.owner.take(stale), State.DEGRADED, free=True)])
        while ring.size:
            ring = self._raise(self._walk(edges, ring, Rule.ALL, Rule.WEAK), State.DEGRADED, free=True)

    def _fail(self, starts: Ints) -> tuple[Ints, Ints]:
        """Everything that can no longer run; and of that, what found something before."""
        rings, crossed = [_NONE], [_NONE]
        before = self.levels.copy()
        ring = self._raise(starts, State.FAILED)
        while ring.size:
            rings.append(ring)
            crossed.append(ring[before.take(ring) < State.EMPTY])
            found = self._walk(self.index.edges, ring, Rule.ALL, Rule.SOFT)
            fired = self.index.choices.owner.take(self._decided(ring, State.FAILED))
            ring = self._raise(np.concatenate([found, fired]) if fired.size else found, State.FAILED, free=True)
        return np.concatenate(rings), np.concatenate(crossed)

    def _empty(self, starts: Ints, crossed: Ints) -> tuple[Ints, Ints]:
        """Everything that runs and finds nothing; and the choices that only degrade."""
        choices = self.index.choices
        rings, stale = [_NONE], [_NONE]
        ring = self._raise(starts, State.EMPTY)
        crossed = np.concatenate([crossed, ring])
        while crossed.size:
            rings.append(ring)
            decided = self._decided(crossed, State.EMPTY)
            ends = choices.outcome.take(decided) == State.EMPTY
            stale.append(decided[~ends])
            found = self._walk(self.index.edges, ring, Rule.ALL, Rule.MUST_RUN)
            fired = choices.owner.take(decided[ends])
            ring = crossed = self._raise(np.concatenate([found, fired]), State.EMPTY, free=True)
        return np.concatenate(rings), np.concatenate(stale)

    def _raise(self, nodes: Ints, state: State, *, free: bool = False) -> Ints:
        """Raises those of ``nodes`` that are better than ``state``, and gives them back, each once;
        with ``free`` not those that are held."""
        nodes = nodes[self.levels.take(nodes) < state]
        if free and self._held is not None:
            nodes = nodes[~self._held.take(nodes)]
        nodes = distinct(nodes, self._scratch)
        self.levels[nodes] = state
        return nodes if self.levels.size == self.index.size else nodes[nodes < self.index.size]

    def _walk(self, rows: Rows, nodes: Ints, first: int, last: int) -> Ints:
        found = rows.of(nodes, first, last)
        self._spend(1 + found.size // EDGES_PER_STEP)
        return found

    def _decided(self, nodes: Ints, level: State) -> Ints:
        """The choices that have no member left, now that ``nodes`` are at ``level``."""
        band = level - State.EMPTY
        found = self._walk(self.index.choices.of, nodes, band, band + 1)
        np.subtract.at(self.left, found, 1)
        return found[self.left.take(found) == 0]


def _by_state(starts: Levels | Starts) -> dict[State, Ints]:
    if isinstance(starts, np.ndarray):
        return {state: flagged(starts == state) for state in State}
    return {state: numbers(n for n, s in starts.items() if s is state) for state in State}
