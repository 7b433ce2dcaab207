"""A graph with planned edits on top: the same view, a little different, without a rebuild."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.linking import dead_state, fed, link, part_id
from agentgate_mcp.graph.nodes import Force, Group, Role, State
from agentgate_mcp.graph.objects import read_object
from agentgate_mcp.graph.planning import Edit
from agentgate_mcp.model.site import KnowledgeObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """``changed`` are all nodes that an edit stands for; ``groups`` are those of nodes that need
    something else than before, ``added`` the other way round; ``own`` are the states of datasets
    and panels that an edit removes. What it does to the object itself is for `assess` to say."""

    base: KnowledgeGraph
    groups: Mapping[str, tuple[Group, ...]]
    added: Mapping[str, tuple[str, ...]]
    changed: frozenset[str]
    own: Mapping[str, State]

    @classmethod
    def of(cls, graph: KnowledgeGraph, edits: Iterable[Edit]) -> Overlay:
        """Puts ``edits`` on top of ``graph``."""
        groups: dict[str, tuple[Group, ...]] = {}
        own: dict[str, State] = {}
        changed: set[str] = set()
        feeds: dict[str, frozenset[str]] = {}
        for edit in edits:
            changed.add(edit.node)
            before = _parts(graph, edit.before, edit.node)
            after = _parts(graph, edit.after, edit.node)
            for node in before.keys() | after.keys():
                changed.add(node)
                if node in after:
                    groups[node], feeds[node] = after[node]
                    # What others write to this node is theirs, and stays.
                    groups[node] += tuple(g for g in graph.groups_of(node) if g.role is Role.FEEDS)
                elif node != edit.node:
                    own[node] = dead_state(node.partition(":")[0])
        _refeed(graph, feeds, groups)
        groups = {n: g for n, g in groups.items() if frozenset(g) != frozenset(graph.groups_of(n))}
        added: defaultdict[str, set[str]] = defaultdict(set)
        for node, requirements in groups.items():
            for group in requirements:
                for member in group.members:
                    added[member].add(node)
        return cls(
            base=graph,
            groups=groups,
            added={m: tuple(sorted(n)) for m, n in added.items()},
            changed=frozenset(changed),
            own=own,
        )

    def groups_of(self, node: str) -> Sequence[Group]:
        found = self.groups.get(node)
        return self.base.groups_of(node) if found is None else found

    def dependents_of(self, node: str) -> Sequence[str]:
        extra = self.added.get(node)
        known = self.base.dependents_of(node)
        return known if extra is None else (*known, *(n for n in extra if n not in known))


def needs_itself(overlay: Overlay, node: str) -> tuple[str, ...]:
    """The nodes of a circle of expansions through ``node``; empty where there is none."""
    came: dict[str, str] = {}
    stack = [node]
    while stack:
        current = stack.pop()
        for group in overlay.groups_of(current):
            if group.force is Force.WEAK or group.role not in (Role.REQUIRES, Role.CONTAINS):
                continue
            for member in group.members:
                if member == node:
                    ring = [current]
                    while ring[-1] != node:
                        ring.append(came[ring[-1]])
                    return tuple(reversed(ring))
                if member not in came:
                    came[member] = current
                    stack.append(member)
    return ()


def _parts(
    graph: KnowledgeGraph, obj: KnowledgeObject | None, node: str
) -> dict[str, tuple[tuple[Group, ...], frozenset[str]]]:
    """Groups and feeds of every node that ``obj`` stands for."""
    if obj is None:
        return {}
    found: dict[str, tuple[tuple[Group, ...], frozenset[str]]] = {}
    for part in read_object(obj, graph.reader):
        links = link(part.reading, obj, graph.names, graph.nodes)
        part_node = part_id(part.kind, part.name) if part.name else node
        found[part_node] = (links.groups, frozenset(links.feeds) - {part_node})
    return found


def _refeed(graph: KnowledgeGraph, feeds: Mapping[str, frozenset[str]], groups: dict[str, tuple[Group, ...]]) -> None:
    """Lookups that an edited search begins or stops to write get their writers anew."""
    touched = {t for targets in feeds.values() for t in targets}
    touched |= {t for node in feeds for t in graph.dependents_of(node) if _is_fed_by(graph, t, node)}
    for target in sorted(touched):
        current = groups.get(target, tuple(graph.groups_of(target)))
        feeders = {m for g in current if g.role is Role.FEEDS for m in g.members}
        for node, targets in feeds.items():
            feeders.discard(node)
            if target in targets:
                feeders.add(node)
        kept = tuple(g for g in current if g.role is not Role.FEEDS)
        groups[target] = (*kept, fed(target, feeders)) if feeders and target.startswith("lookup:") else kept


def _is_fed_by(graph: KnowledgeGraph, target: str, node: str) -> bool:
    return any(g.role is Role.FEEDS and node in g.members for g in graph.groups_of(target))
