"""One compiled graph: immutable arrays, and a hash that is the same for the same facts in any order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from agentgate_mcp.graph.index.arrays import Flags, Ints, Levels, Rows, flagged, listed, numbers
from agentgate_mcp.graph.nodes import State


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choices:
    """Groups of several members, numbered; ``left`` counts, for each, the members that are not at
    its level in the baseline."""

    of: Rows
    """From a member to its choices; a band for each level."""
    owner: Ints
    outcome: Levels
    size: Ints
    left: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Claims:
    """What detections cover. The flags are by node, and False for what is no detection.

    ``counting`` covers; ``able`` also counts experimental ones; ``declares`` names assets;
    ``doubtful`` names one that the inventory does not know. ``covered`` is how many detections
    that count and work cover a node, ``assumed`` how many of those name no asset, in the baseline."""

    of: Rows
    """From a detection to the techniques, controls and assets that it claims."""
    detection: Flags
    counting: Flags
    able: Flags
    declares: Flags
    doubtful: Flags
    covered: Ints
    assumed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GraphIndex:
    """A typed graph in arrays. Nodes are numbered in the order of their ids.

    ``edges`` run from a node to its dependents, in one band per `Rule`; ``plain`` are those that
    plain reachability follows. ``own`` are states that objects have by
    themselves (disabled, a circle of macros), ``baseline`` what follows from them."""

    ids: tuple[str, ...]
    number_of: Mapping[str, int]
    kinds: tuple[str, ...]
    kind_of: Levels
    edges: Rows
    plain: Rows
    choices: Choices
    claims: Claims
    own: Levels
    baseline: Levels
    hash: str

    @property
    def size(self) -> int:
        return len(self.ids)

    @property
    def edge_count(self) -> int:
        return self.edges.data.size

    def find(self, ids: Iterable[str]) -> Ints:
        """The numbers of those of ``ids`` that are nodes."""
        known = self.number_of
        return numbers(known[i] for i in ids if i in known)

    def flags(self, ids: Iterable[str]) -> Flags:
        """Flags by node, set for ``ids``."""
        made = np.zeros(self.size, np.bool_)
        made[self.find(ids)] = True
        return made

    def names(self, found: Ints) -> tuple[str, ...]:
        """The ids of nodes by number."""
        ids = self.ids
        return tuple([ids[n] for n in listed(found)])

    def broken_before(self) -> dict[str, State]:
        """The nodes that are not OK before any change."""
        found = flagged(self.baseline > State.OK)
        return {self.ids[n]: State(s) for n, s in zip(listed(found), self.baseline[found], strict=True)}

    def state_of(self, node: str) -> State:
        """The state of ``node`` before any change."""
        number = self.number_of.get(node)
        return State.OK if number is None else State(int(self.baseline[number]))

    def covered_by(self, node: str) -> int:
        """How many detections that count and work cover ``node``, before any change."""
        number = self.number_of.get(node)
        return 0 if number is None else int(self.claims.covered[number])
