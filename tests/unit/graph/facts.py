"""Random bare facts, and a slow reading of the rules that shares nothing with the compiled graph."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agentgate_mcp.graph.index import GraphIndex, compile_index
from agentgate_mcp.graph.nodes import DATA_KINDS, Detection, Force, Group, Role, State

Groups = Mapping[str, Sequence[Group]]
KINDS = ("index", "sourcetype", "source", "eventtype", "macro", "lookup", "data_model", "saved_search", "dashboard")
TERMS = (
    *[(Role.REQUIRES, Force.FULL)] * 6,
    (Role.REQUIRES, Force.RUNS),
    (Role.REQUIRES, Force.WEAK),
    (Role.CONTAINS, Force.FULL),
    (Role.FEEDS, Force.FULL),
    (Role.DISPLAYS, Force.FULL),
)


@dataclass(kw_only=True)
class Facts:
    kinds: dict[str, str]
    groups: dict[str, tuple[Group, ...]]
    detections: dict[str, Detection]
    own: dict[str, State] = field(default_factory=dict)

    def index(self) -> GraphIndex:
        return compile_index(self.kinds, self.groups, self.detections.values(), self.own)


def random_group(rng: random.Random, nodes: Sequence[str]) -> Group:
    role, force = rng.choice(TERMS)
    width = rng.choice((1, 1, 1, 2, 2, 3, 5))
    picked = {nodes[int(len(nodes) * rng.random() ** 2)] for _ in range(width)}
    return Group(members=tuple(sorted(picked)), role=role, force=force)


def random_groups(rng: random.Random, nodes: Sequence[str]) -> tuple[Group, ...]:
    return tuple(dict.fromkeys(random_group(rng, nodes) for _ in range(rng.randrange(4))))


def random_facts(seed: int, size: int) -> Facts:
    """Nodes that need each other at random, circles included; some are broken from the start."""
    rng = random.Random(seed)
    nodes = [f"{KINDS[min(int(n / size * 9), 8)]}:{n}" for n in range(size)]
    groups = {n: g for n in nodes[size // 5 :] if (g := random_groups(rng, nodes))}
    detections: dict[str, Detection] = {}
    targets = [*(f"technique:T{n}" for n in range(8)), *(f"control:C{n}" for n in range(3))]
    assets = [f"asset:h{n}" for n in range(5)]
    for node in nodes:
        if node.startswith("saved_search:"):
            claimed = rng.sample(targets, rng.randrange(4)) + rng.sample(assets, rng.choice((0, 0, 1, 2)))
            draw = rng.random()
            reason = "disabled" if draw < 0.1 else "experimental" if draw < 0.2 else ""
            detections[node] = Detection(
                id=node, counts=not reason, reason=reason, experimental=reason == "experimental",
                **{k: tuple(sorted(c.partition(":")[2] for c in claimed if c.startswith(k[:-1]))) for k in
                   ("techniques", "controls", "assets")},
            )  # fmt: skip
    kinds = {n: n.partition(":")[0] for n in (*nodes, *targets, *assets)}
    own = {n: rng.choice((State.EMPTY, State.FAILED)) for n in rng.sample(nodes, max(1, size // 40))}
    return Facts(kinds=kinds, groups=groups, detections=detections, own=own)


def slow_states(facts: Facts, starts: Mapping[str, State]) -> dict[str, State]:
    """Every node is looked at again and again until none gets worse."""
    states = dict.fromkeys(facts.kinds, State.OK)
    for given in (facts.own, starts):
        for node, state in given.items():
            states[node] = max(states[node], state)
    while True:
        risen = {
            node: worst
            for node, groups in facts.groups.items()
            if (worst := max(slow_contribution(g, states) for g in groups)) > states[node]
        }
        if not risen:
            return {n: s for n, s in states.items() if s is not State.OK}
        states.update(risen)


def slow_contribution(group: Group, states: Mapping[str, State]) -> State:
    """What one requirement does to its object, as the documentation has it."""
    members = [states[m] for m in group.members]
    some_broken, all_broken = any(m >= State.EMPTY for m in members), all(m >= State.EMPTY for m in members)
    if group.role is Role.FEEDS:
        return State.DEGRADED if all_broken else State.OK
    if group.force is Force.WEAK:
        return State.DEGRADED if some_broken else State.OK
    if group.force is Force.RUNS:
        if State.FAILED in members:
            return State.FAILED
        return State.DEGRADED if any(members) else State.OK
    if len(members) == 1:
        return members[0]
    if group.role is Role.DISPLAYS:
        return min(members) if all_broken else State.DEGRADED if any(members) else State.OK
    code = [m for m in group.members if m.split(":")[0] not in DATA_KINDS]
    if any(states[m] is State.FAILED for m in code):
        return State.FAILED
    return State.EMPTY if all_broken else State.DEGRADED if any(members) else State.OK


def slow_cover(facts: Facts, states: Mapping[str, State]) -> dict[str, int]:
    """How many detections that count and work cover each node."""
    found: dict[str, int] = {}
    for detection in facts.detections.values():
        if detection.counts and not states.get(detection.id, State.OK).broken:
            claims = [("technique", detection.techniques), ("control", detection.controls), ("asset", detection.assets)]
            for kind, names in claims:
                for name in names:
                    found[f"{kind}:{name}"] = found.get(f"{kind}:{name}", 0) + 1
    return found
