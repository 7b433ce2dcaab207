"""Changes put together: what each object is before and after a whole set of them.

Several changes of one object fold into one edit, and objects created by the set are known to
the changes after them. Names that mean nothing, or more than one thing, are not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.nodes import Node
from agentgate_mcp.graph.settings import flag, text
from agentgate_mcp.model.site import KnowledgeObject, ObjectChange
from agentgate_mcp.spl.knowledge import well_known_macro

_SHARING: tuple[Literal["user", "app", "global"], ...] = ("user", "app", "global")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One object before and after the whole set. ``before`` is None for what did not exist or is
    only referred to; ``after`` is None for what is deleted."""

    node: str
    kind: str
    action: str
    before: KnowledgeObject | None
    after: KnowledgeObject | None
    external: bool = False
    """The object is used but not defined here, so it cannot be compared."""

    @property
    def created(self) -> bool:
        return self.before is None and self.after is not None and not self.external


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All edits, in the order of their node ids. ``unknown`` are targets that name no object or
    several; ``nearest`` are the ids that may have been meant. ``shadowed`` maps a created
    object's node to those of the same name in other apps."""

    edits: tuple[Edit, ...] = ()
    unknown: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    shadowed: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def nodes(self) -> frozenset[str]:
        return frozenset(e.node for e in self.edits)


def plan_changes(graph: KnowledgeGraph, changes: Sequence[ObjectChange]) -> Plan:
    """Reads ``changes`` in their order against ``graph``."""
    edits: dict[str, Edit] = {}
    made: dict[tuple[str, str, str], str] = {}
    unknown: list[str] = []
    nearest: list[str] = []
    shadowed: list[tuple[str, tuple[str, ...]]] = []
    for change in changes:
        known = made.get((change.kind, change.name, change.app)) or made.get((change.kind, change.name, ""))
        found = (known,) if known else graph.find(change.kind, change.name, change.app)
        if change.action == "create" and not known:
            rivals = graph.find(change.kind, change.name)
            node = _new_node(change, found, rivals)
            edits[node] = _edit(graph, edits, node, change)
            made[change.kind, change.name, change.app] = made[change.kind, change.name, ""] = node
            if rivals and not (len(rivals) == 1 and rivals[0] not in graph.names.by_id):
                shadowed.append((node, rivals))
        elif len(found) == 1 and not (change.action == "modify" and _cannot_compare(graph, found[0], edits)):
            edits[found[0]] = _edit(graph, edits, found[0], change)
        else:
            unknown.append(f"{change.kind}:{change.app}/{change.name}" if change.app else change.target)
            nearest += found if len(found) > 1 else _similar(graph, change)
    return Plan(
        edits=tuple(edits[n] for n in sorted(edits)),
        unknown=tuple(dict.fromkeys(unknown)),
        nearest=tuple(dict.fromkeys(nearest)),
        shadowed=tuple(sorted(shadowed)),
    )


def _cannot_compare(graph: KnowledgeGraph, node: str, edits: Mapping[str, Edit]) -> bool:
    """Whether an object is only referred to, so that nobody knows what a change of it changes."""
    if node in edits or _object(graph.nodes.get(node)) is not None:
        return False
    kind, _, name = node.partition(":")
    return kind != "macro" or all(well_known_macro(name, arity) is None for arity in range(4))


def _similar(graph: KnowledgeGraph, change: ObjectChange) -> tuple[str, ...]:
    elsewhere = graph.find(change.kind, change.name) if change.app else ()
    return elsewhere or graph.knowledge.nearest(change.target)


def _new_node(change: ObjectChange, found: Sequence[str], rivals: Sequence[str]) -> str:
    if len(found) == 1:
        return found[0]
    if rivals:
        return f"{change.kind}:{change.app or '(new)'}/{change.name}"
    return f"{change.kind}:{change.name}"


def _edit(graph: KnowledgeGraph, edits: dict[str, Edit], node: str, change: ObjectChange) -> Edit:
    earlier = edits.get(node)
    original = _object(graph.nodes.get(node))
    current = earlier.after if earlier is not None else original
    external = original is None and node in graph.nodes and change.action != "create"
    return Edit(
        node=node,
        kind=change.kind,
        action=change.action if earlier is None else _stronger(earlier.action, change.action),
        before=original,
        after=_after(current, change),
        external=external or (earlier is not None and earlier.external),
    )


def _object(node: Node | None) -> KnowledgeObject | None:
    return node.object if node else None


def _stronger(first: str, second: str) -> str:
    order = ("create", "modify", "disable", "delete")
    return max(first, second, key=order.index)


def _after(current: KnowledgeObject | None, change: ObjectChange) -> KnowledgeObject | None:
    match change.action:
        case "delete":
            return None
        case "disable":
            return replace(current, disabled=True) if current is not None else None
        case "create":
            return _with_settings(_blank(change), change)
        case "modify":
            return _with_settings(current or _blank(change), change)


def _blank(change: ObjectChange) -> KnowledgeObject:
    return KnowledgeObject(
        kind=change.kind,
        name=change.name,
        app=change.app,
        owner="",
        sharing="app",
        team="",
        disabled=False,
        content={},
    )


def _with_settings(obj: KnowledgeObject, change: ObjectChange) -> KnowledgeObject:
    disabled = flag(change.content, "disabled")
    sharing = text(change.content, "sharing") or obj.sharing
    return replace(
        obj,
        content={**obj.content, **change.content},
        disabled=obj.disabled if disabled is None else disabled,
        sharing=sharing if sharing in _SHARING else obj.sharing,
    )
