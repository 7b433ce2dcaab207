"""From names to edges: requirement groups of one object, and what the whole set of them shows."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import cast

from agentgate_mcp.graph.names import Names
from agentgate_mcp.graph.nodes import (
    DATA_KINDS,
    AssetNode,
    Detection,
    Force,
    Group,
    Node,
    NodeKind,
    Reading,
    Ref,
    Role,
    State,
)
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import well_known_macro
from agentgate_mcp.spl.wellknown import DATA_MODELS

_DEFINED_KINDS = frozenset({"macro", "lookup", "data_model", "saved_search"})
"""Kinds whose absence is a fault of the content; a sourcetype or an index needs no definition."""
_PROPAGATING = frozenset({Role.REQUIRES, Role.CONTAINS, Role.FEEDS, Role.DISPLAYS})


def part_id(kind: str, name: str) -> str:
    return f"{kind}:{name}"


def node_of(node_id: str) -> Node:
    """A node that nothing defines, from its id."""
    kind, _, name = node_id.partition(":")
    return Node(id=node_id, kind=cast(NodeKind, kind), name=name)


def fed(node_id: str, feeders: Iterable[str]) -> Group:
    """The requirement of what others write: a lookup grows stale without them, a tag is empty."""
    role = Role.FEEDS if node_id.startswith("lookup:") else Role.REQUIRES
    return Group(members=tuple(sorted(set(feeders))), role=role)


def dead_state(kind: str) -> State:
    """The state of an object of ``kind`` that is removed or disabled."""
    return State.EMPTY if kind in DATA_KINDS else State.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The edges of one object. ``external`` are the nodes that it needs and nothing defines;
    ``problems`` are (kind, detail) pairs; ``feeds`` are nodes that it writes or lends a tag to."""

    groups: tuple[Group, ...]
    feeds: tuple[str, ...]
    external: tuple[Node, ...]
    problems: tuple[tuple[str, str], ...]


def link(reading: Reading, user: KnowledgeObject | None, names: Names, nodes: Mapping[str, Node]) -> Links:
    """Resolves what ``user`` needs to node ids. ``nodes`` are those that objects define."""
    external: dict[str, Node] = {}
    problems: list[tuple[str, str]] = []
    groups: list[Group] = []

    def place(ref: Ref) -> tuple[str, ...]:
        found = names.resolve(ref, user)
        if found:
            return (found,)
        plain = part_id(ref.kind, ref.name)
        if plain in nodes and nodes[plain].object is not None and ref.kind != "macro":
            return (plain,)
        if "*" in ref.name and ref.kind in DATA_KINDS:
            matching = [n for n in names.defined.get(ref.kind, ()) if fnmatchcase(n, ref.name)]
            if matching:
                return tuple(part_id(ref.kind, n) for n in matching)
        if ref.kind == "macro" and ref.arity >= 0 and ("macro", ref.name) in names.by_name:
            problems.append(("arity", f"macro:{ref.name} is not defined with {ref.arity} arguments"))
            plain = f"{plain}({ref.arity})"
        elif ref.kind in _DEFINED_KINDS and not _well_known(ref):
            problems.append(("dangling", f"{plain} is not defined"))
        external[plain] = Node(id=plain, kind=ref.kind, name=plain.partition(":")[2])
        return (plain,)

    for need in reading.needs:
        members = sorted({node for ref in need.refs for node in place(ref)})
        groups.append(Group(members=tuple(members), role=need.role, force=need.force))
    feeds = tuple(node for ref in reading.writes if ref.kind in ("lookup", "tag") for node in place(ref))
    return Links(groups=tuple(groups), feeds=feeds, external=tuple(external.values()), problems=tuple(problems))


def _well_known(ref: Ref) -> bool:
    """Whether a name that nothing here defines belongs to Splunk itself or to a known app."""
    if ref.kind == "macro":
        return well_known_macro(ref.name, max(ref.arity, 0)) is not None
    return ref.kind == "data_model" and ref.name.split(".", 1)[0] in DATA_MODELS


def invert(groups: Mapping[str, Iterable[Group]]) -> dict[str, tuple[str, ...]]:
    """From each node to those that have it in a group."""
    dependents: defaultdict[str, set[str]] = defaultdict(set)
    for dependent, requirements in groups.items():
        for group in requirements:
            if group.role in _PROPAGATING:
                for member in group.members:
                    dependents[member].add(dependent)
    return {n: tuple(sorted(d)) for n, d in sorted(dependents.items())}


def rings(groups: Mapping[str, Iterable[Group]]) -> tuple[tuple[str, ...], ...]:
    """Sets of objects that can only be expanded into each other, and so never."""
    needs: dict[str, set[str]] = {}
    for node, requirements in groups.items():
        expanded = (g for g in requirements if g.force is not Force.WEAK and g.role in (Role.REQUIRES, Role.CONTAINS))
        needs[node] = {m for g in expanded for m in g.members} & groups.keys()
    users: defaultdict[str, list[str]] = defaultdict(list)
    for node, members in needs.items():
        for member in members:
            users[member].append(node)
    open_needs = {n: len(m) for n, m in needs.items()}
    queue = deque(n for n, count in open_needs.items() if count == 0)
    while queue:
        node = queue.popleft()
        del open_needs[node]
        for user in users[node]:
            open_needs[user] -= 1
            if open_needs[user] == 0:
                queue.append(user)
    if not open_needs:
        return ()
    from agentgate_mcp.graph.adapter import model_of  # only content with a fault in it pays for networkx

    nothing: dict[str, Json] = {}
    edges = [(m, n, nothing) for n in open_needs for m in needs[n] if m in open_needs]
    return model_of(dict.fromkeys(open_needs, nothing), edges).cycles()


def content_hash(
    nodes: Mapping[str, Node],
    groups: Mapping[str, Iterable[Group]],
    detections: Mapping[str, Detection],
    assets: Mapping[str, AssetNode],
    own_states: Mapping[str, State],
) -> str:
    """SHA-256 over everything that an impact can depend on, in a fixed order."""
    digest = hashlib.sha256()

    def take(*parts: object) -> None:
        digest.update(repr(parts).encode("utf-8", "surrogatepass"))
        digest.update(b"\n")

    for node_id, node in sorted(nodes.items()):
        take("node", node_id, node.kind, node.name, node.team, node.object is not None)
    for dependent, requirements in sorted(groups.items()):
        for group in sorted(requirements, key=lambda g: (g.members, g.role, g.force)):
            take("group", dependent, group.members, group.role.value, group.force.value)
    for _, detection in sorted(detections.items()):
        take(detection)
    for _, asset in sorted(assets.items()):
        take(asset)
    take(sorted((n, int(s)) for n, s in own_states.items()))
    return digest.hexdigest()
