"""How breakage spreads: a least fixed point over requirement groups.

Nothing here knows what changed; it is told which nodes start out in which state, and which part
of the graph may have to be looked at again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from agentgate_mcp.graph.nodes import DATA_KINDS, Force, Group, Role, State


class View(Protocol):
    """A graph as propagation sees it; a `KnowledgeGraph`, or one with planned changes on top."""

    def groups_of(self, node: str) -> Sequence[Group]: ...
    def dependents_of(self, node: str) -> Sequence[str]: ...


Spend = Callable[[int], None]
"""Takes a number of steps off a work budget; raises when none are left."""


def no_limit(_steps: int) -> None:
    """For callers without a budget."""


def reach(view: View, sources: Iterable[str], *, spend: Spend = no_limit) -> frozenset[str]:
    """The sources and everything downstream of them."""
    seen = set(sources)
    queue = deque(sorted(seen))
    while queue:
        following = view.dependents_of(queue.popleft())
        spend(1 + len(following))
        for node in following:
            if node not in seen:
                seen.add(node)
                queue.append(node)
    return frozenset(seen)


def settle(
    view: View,
    *,
    region: frozenset[str],
    starts: Mapping[str, State],
    outside: Mapping[str, State],
    spend: Spend = no_limit,
) -> dict[str, State]:
    """The state of every node of ``region`` that is not OK.

    ``starts`` holds nodes that are broken in themselves; ``outside`` the known states of nodes
    that the region cannot influence. The result is the least fixed point, so a cycle of objects
    that only lean on each other is fine until something outside it breaks."""
    found: dict[str, State] = {n: s for n, s in starts.items() if n in region and s is not State.OK}

    def state(node: str) -> State:
        return found.get(node, State.OK) if node in region else outside.get(node, State.OK)

    queue = deque(sorted(region))
    waiting = set(queue)
    while queue:
        node = queue.popleft()
        waiting.discard(node)
        groups = view.groups_of(node)
        spend(1 + sum(len(g.members) for g in groups))
        worst = max((contribution(g, state) for g in groups), default=State.OK)
        worst = max(worst, starts.get(node, State.OK))
        # States only ever rise, so the loop ends.
        if worst > found.get(node, State.OK):
            found[node] = worst
            for dependent in view.dependents_of(node):
                if dependent in region and dependent not in waiting:
                    waiting.add(dependent)
                    queue.append(dependent)
    return found


def contribution(group: Group, state: Callable[[str], State]) -> State:
    """What one requirement does to the object that has it."""
    states = [state(m) for m in group.members]
    worst, best = max(states), min(states)
    if group.role is Role.FEEDS:
        # A lookup whose writers are all gone still answers, from rows that grow old.
        return State.DEGRADED if best.broken else State.OK
    if group.force is not Force.FULL:
        if group.force is Force.WEAK:
            return State.DEGRADED if worst.broken else State.OK
        return worst if worst in (State.OK, State.FAILED) else State.DEGRADED
    if len(states) == 1:
        return worst
    if group.role is Role.DISPLAYS:
        return best if best.broken else State.DEGRADED if worst is not State.OK else State.OK
    # An alternative that cannot be expanded fails the whole search; one without data does not.
    failed = (m for m, s in zip(group.members, states, strict=True) if s is State.FAILED)
    if any(m.split(":", 1)[0] not in DATA_KINDS for m in failed):
        return State.FAILED
    if best.broken:
        return State.EMPTY
    return State.DEGRADED if worst is not State.OK else State.OK


def witnesses(
    view: View,
    causes: Iterable[str],
    targets: Iterable[str],
    affected: Mapping[str, State],
    *,
    spend: Spend = no_limit,
) -> dict[str, tuple[str, ...]]:
    """For each target a shortest chain from one of ``causes``, through affected nodes only."""
    came: dict[str, str] = dict.fromkeys(sorted(causes), "")
    wanted = set(targets)
    missing = wanted - came.keys()
    queue = deque(came)
    while queue and missing:
        node = queue.popleft()
        spend(1)
        for dependent in view.dependents_of(node):
            if dependent in came or dependent not in affected:
                continue
            if any(node in g.members for g in view.groups_of(dependent)):
                came[dependent] = node
                missing.discard(dependent)
                queue.append(dependent)
    found: dict[str, tuple[str, ...]] = {}
    for target in sorted(wanted & came.keys()):
        path = [target]
        while came[path[-1]]:
            path.append(came[path[-1]])
        found[target] = tuple(reversed(path))
    return found
