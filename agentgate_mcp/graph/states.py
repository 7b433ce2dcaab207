"""How breakage spreads through a graph with edits on top, and the shortest way that it took.

The arithmetic is the index's (`graph/index`). Here names become numbers and back, and the edits
are laid over the arrays: nodes with other requirements than before are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.index.arrays import Flags, Ints, distinct, listed, numbers, ordered
from agentgate_mcp.graph.index.breakage import EDGES_PER_STEP, Spend, Spread, downstream, no_limit, spread
from agentgate_mcp.graph.nodes import State
from agentgate_mcp.graph.overlay import Overlay

__all__ = ["Spend", "no_limit", "reach", "settle", "witnesses"]
_UNSEEN = -2
_CAUSE = -1


def reach(graph: KnowledgeGraph, sources: Iterable[str], *, spend: Spend = no_limit) -> frozenset[str]:
    """The sources and everything downstream of them."""
    starts = frozenset(sources)
    index = graph.index
    seen = downstream(index, index.find(starts), spend=spend)
    return starts | frozenset(index.names(np.flatnonzero(seen)))


def settle(overlay: Overlay, starts: Mapping[str, State], *, spend: Spend = no_limit) -> Spread:
    """The states of all nodes once the edits are made and ``starts`` are broken in themselves.

    It is the least fixed point, so a cycle of objects that only lean on each other is fine until
    something outside it breaks. A changed node has no other state of its own than in ``starts``."""
    return spread(
        overlay.base.index,
        starts,
        changed=overlay.changed,
        patched=overlay.groups,
        added=overlay.added,
        spend=spend,
    )


def witnesses(
    overlay: Overlay, causes: Iterable[str], targets: Iterable[str], after: Spread, *, spend: Spend = no_limit
) -> dict[str, tuple[str, ...]]:
    """For each target a shortest chain from one of ``causes``, through nodes that fare worse.

    Of chains of one length it is that of the earliest ids, seen from the target."""
    index = after.index
    search = _Search(overlay, after, causes)
    wanted = {n: t for t in targets if (n := after.number(t)) >= 0}
    missing = {n for n in wanted if search.came[n] == _UNSEEN}
    while search.ring.size and missing:
        spend(1 + search.step() // EDGES_PER_STEP)
        missing = {n for n in missing if search.came[n] == _UNSEEN}
    ids = {number: node for node, number in after.extra.items()}
    found: dict[str, tuple[str, ...]] = {}
    for number, target in sorted(wanted.items(), key=lambda row: row[1]):
        if search.came[number] == _UNSEEN:
            continue
        path = [number]
        while (before := int(search.came[path[-1]])) != _CAUSE:
            path.append(before)
        found[target] = tuple(ids.get(n) or index.ids[n] for n in reversed(path))
    return found


class _Search:
    """A search in breadth. ``came`` holds, for each node, the one before it."""

    __slots__ = ("_after", "_open", "_patches", "_scratch", "came", "ring")

    def __init__(self, overlay: Overlay, after: Spread, causes: Iterable[str]) -> None:
        self.came: Ints = np.full(after.levels.size, _UNSEEN, np.int64)
        self.ring: Ints = ordered(numbers(n for c in causes if (n := after.number(c)) >= 0))
        self.came[self.ring] = _CAUSE
        self._after = after
        self._scratch: Ints = np.empty(after.levels.size, np.int64)
        self._open: Flags = after.levels > after.before
        self._patches = {
            after.number(node): {after.number(m) for g in groups for m in g.members}
            for node, groups in sorted(overlay.groups.items())
        }

    def step(self) -> int:
        """Goes one edge further; gives back how many were walked."""
        edges = self._after.index.edges
        known = self.ring[self.ring < self._after.index.size]
        targets, sources = edges.of(known), known.repeat(edges.counts(known))
        fresh = self._open.take(targets) & (self.came.take(targets) == _UNSEEN)
        targets, sources = targets[fresh], sources[fresh]
        patched: list[tuple[int, int]] = []
        if self._patches:
            usual = ~np.isin(targets, numbers(self._patches))
            targets, sources = targets[usual], sources[usual]
            reached = set(listed(self.ring))
            for node, members in self._patches.items():
                if self._open[node] and self.came[node] == _UNSEEN and (by := members & reached):
                    patched.append((node, min(by)))
        # Where several lead to one node, the first of them is written last.
        self.came[targets[::-1]] = sources[::-1]
        for node, by in patched:
            self.came[node] = by
        ring = np.concatenate([distinct(targets, self._scratch), numbers(node for node, _ in patched)])
        ring.sort()
        self.ring = ring
        return fresh.size
