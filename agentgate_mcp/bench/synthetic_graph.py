"""A seeded graph of any size, shaped like a large site: a few names that half of everything needs."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agentgate_mcp.graph.nodes import Detection, Force, Group, Role

EDGES_PER_NODE: Final = 3.7
"""At least 735,000 requirement edges for 200,000 nodes."""
_SHARES: Final = (
    ("index", 0.0005), ("sourcetype", 0.005), ("source", 0.01), ("kv_collection", 0.005), ("eventtype", 0.03),
    ("macro", 0.16), ("lookup", 0.07), ("data_model", 0.03), ("saved_search", 0.57), ("dashboard", 0.0845),
    ("technique", 0.003), ("control", 0.002), ("asset", 0.03),
)  # fmt: skip
_NEEDS: Final[Mapping[str, Sequence[tuple[str, int]]]] = {
    "eventtype": (("index", 3), ("sourcetype", 4), ("source", 2), ("macro", 1)),
    "macro": (("index", 3), ("sourcetype", 5), ("source", 3), ("eventtype", 1), ("macro", 20), ("lookup", 1)),
    "lookup": (("kv_collection", 1),),
    "data_model": (("macro", 3), ("eventtype", 2), ("index", 1), ("data_model", 1)),
    "saved_search": (
        ("macro", 45), ("data_model", 15), ("lookup", 12), ("index", 8), ("sourcetype", 8), ("eventtype", 8),
        ("saved_search", 4),
    ),
    "dashboard": (("saved_search", 8), ("macro", 2)),
}  # fmt: skip
"""What each kind needs, and how often; the other kinds need nothing."""
_FEW: Final = frozenset({"eventtype", "macro", "lookup", "data_model"})
"""Kinds with one to three requirements; searches and dashboards have the rest."""
_ALTERNATIVES: Final = 0.2
"""The part of requirements that have two or three alternatives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticGraph:
    """The facts that an index is compiled from, as a reader of searches would find them."""

    kinds: Mapping[str, str]
    groups: Mapping[str, Sequence[Group]]
    detections: Sequence[Detection]

    @property
    def edges(self) -> int:
        return sum(len(g.members) for groups in self.groups.values() for g in groups)

    def hubs(self, count: int) -> list[str]:
        """The nodes with the most direct dependents, the largest first."""
        users: dict[str, int] = {}
        for groups in self.groups.values():
            for member in {m for g in groups for m in g.members}:
                users[member] = users.get(member, 0) + 1
        return sorted(users, key=lambda n: (-users[n], n))[:count]


def synthetic_graph(nodes: int, seed: int) -> SyntheticGraph:
    """About ``nodes`` nodes in 13 kinds. What is needed is drawn so that the first of each kind are hubs."""
    rng = random.Random(seed)
    kinds: dict[str, str] = {}
    groups: dict[str, list[Group]] = {}
    by_kind: dict[str, list[str]] = {}
    shares = dict(_SHARES)
    few = 2 * sum(shares[k] for k in _FEW)
    mean = (EDGES_PER_NODE - few) / sum(shares[k] for k in _NEEDS if k not in _FEW)
    for kind, share in _SHARES:
        by_kind[kind] = []
        for number in range(max(3, round(nodes * share))):
            node = f"{kind}:{kind[:3]}{number:06d}"
            if kind in _NEEDS:
                wanted = rng.choice((1, 2, 3)) if kind in _FEW else min(20, 1 + round(rng.expovariate(1 / (mean - 1))))
                groups[node] = _requirements(rng, kind, by_kind, wanted)
            kinds[node] = kind
            by_kind[kind].append(node)
    detections = [_detection(rng, node, by_kind) for node in by_kind["saved_search"] if rng.random() < 0.8]
    return SyntheticGraph(kinds=kinds, groups=groups, detections=detections)


def _skewed(rng: random.Random, pool: Sequence[str]) -> str:
    """An early name far more often than a late one."""
    return pool[int(len(pool) * rng.random() ** 6)]


def _requirements(rng: random.Random, kind: str, by_kind: Mapping[str, Sequence[str]], wanted: int) -> list[Group]:
    """Groups with ``wanted`` members in all, of what was made before."""
    needs = [(k, weight) for k, weight in _NEEDS[kind] if by_kind.get(k)]
    made: list[Group] = []
    while wanted > 0:
        pool = by_kind[rng.choices([k for k, _ in needs], [w for _, w in needs])[0]]
        several = min(wanted, rng.choice((2, 3))) if rng.random() < _ALTERNATIVES else 1
        members = tuple(sorted({_skewed(rng, pool) for _ in range(several)}))
        role = Role.DISPLAYS if kind == "dashboard" else Role.REQUIRES
        force = Force.WEAK if rng.random() < 0.05 else Force.FULL
        made.append(Group(members=members, role=role, force=force))
        wanted -= len(members)
    return made


def _detection(rng: random.Random, node: str, by_kind: Mapping[str, Sequence[str]]) -> Detection:
    def some(kind: str, most: int) -> tuple[str, ...]:
        names = {_skewed(rng, by_kind[kind]).partition(":")[2] for _ in range(rng.randrange(most + 1))}
        return tuple(sorted(names))

    draw = rng.random()
    reason = "disabled" if draw < 0.05 else "experimental" if draw < 0.12 else ""
    return Detection(
        id=node,
        techniques=some("technique", 3),
        controls=some("control", 2),
        assets=some("asset", 4),
        counts=not reason,
        reason=reason,
    )
