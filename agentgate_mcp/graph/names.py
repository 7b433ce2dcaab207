"""Names to nodes: who is meant when a search says `name`, and how an object is called in full.

`kind:name` where that is unique; `kind:app/name` where several apps have one; a macro's arity
and a private object's owner are added only where nothing less tells two objects apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentgate_mcp.graph.nodes import KIND_ALIASES, NODE_KINDS, Problem, Ref
from agentgate_mcp.graph.settings import macro_name, text
from agentgate_mcp.model.site import KnowledgeObject

_SHARED = {"user": 0, "app": 1, "global": 2}


def base_name(obj: KnowledgeObject) -> str:
    """The name that a text uses: a macro's without its arity."""
    return macro_name(obj)[0] if obj.kind == "macro" else obj.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """All objects by name. Built once per graph; lookups are dictionary reads."""

    ids: Mapping[int, str]
    """Node id by position in ``objects``."""
    objects: tuple[KnowledgeObject, ...]
    by_name: Mapping[tuple[str, str], tuple[int, ...]]
    by_file: Mapping[str, tuple[int, ...]]
    by_id: Mapping[str, int]
    defined: Mapping[str, tuple[str, ...]]
    """Base names by kind, for wildcards."""
    problems: tuple[Problem, ...]

    @classmethod
    def of(cls, objects: Sequence[KnowledgeObject]) -> Names:
        """Orders and names the objects; the result does not depend on their order."""
        ordered, problems = _distinct(objects)
        by_name: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        by_file: defaultdict[str, list[int]] = defaultdict(list)
        for position, obj in enumerate(ordered):
            by_name[obj.kind, base_name(obj)].append(position)
            if obj.kind == "lookup" and (file := text(obj.content, "filename")):
                by_file[file].append(position)
        ids: dict[int, str] = {}
        for positions in by_name.values():
            ids.update(_named([(p, ordered[p]) for p in positions]))
        defined: defaultdict[str, list[str]] = defaultdict(list)
        for kind, name in sorted(by_name):
            defined[kind].append(name)
        return cls(
            ids=ids,
            objects=ordered,
            by_name={k: tuple(v) for k, v in by_name.items()},
            by_file={k: tuple(v) for k, v in by_file.items()},
            by_id={node_id: p for p, node_id in ids.items()},
            defined={k: tuple(v) for k, v in defined.items()},
            problems=problems,
        )

    def find(self, kind: str, name: str, app: str = "") -> tuple[str, ...]:
        """Ids of the objects that ``name`` may mean; more than one where it is ambiguous."""
        exact = self.by_id.get(f"{kind}:{name}") if not app else None
        if exact is not None:
            return (self.ids[exact],)
        wanted, arity = name, -1
        if kind == "macro":
            wanted, arity = _split_arity(name)
        found = self._candidates(kind, wanted, arity, app)
        if not found and not app and "/" in name:
            first, _, rest = name.partition("/")
            wanted, arity = _split_arity(rest) if kind == "macro" else (rest, -1)
            found = self._candidates(kind, wanted, arity, first)
        return tuple(sorted(self.ids[p] for p in found))

    def _candidates(self, kind: str, name: str, arity: int, app: str) -> list[int]:
        positions = self.by_name.get((kind, name), ())
        if not positions and kind == "lookup":
            positions = self.by_file.get(name, ()) or self.by_name.get((kind, name.removesuffix(".csv")), ())
        found = [p for p in positions if not app or self.objects[p].app == app]
        if arity >= 0:
            found = [p for p in found if macro_name(self.objects[p])[1] == arity]
        return found

    def resolve(self, ref: Ref, user: KnowledgeObject | None) -> str:
        """The node id that ``ref`` means to a text of ``user``, by Splunk's precedence: private,
        then of the same app, then exported by another app. Empty where nothing has that name."""
        positions = list(self.by_name.get((ref.kind, ref.name), ()))
        if not positions and ref.kind == "lookup":
            positions = self._candidates("lookup", ref.name, -1, "")
        if ref.kind == "macro" and ref.arity >= 0:
            positions = [p for p in positions if macro_name(self.objects[p])[1] == ref.arity]
        if not positions:
            return ""
        return self.ids[min(positions, key=lambda p: (self._rank(self.objects[p], user), self.ids[p]))]

    def _rank(self, obj: KnowledgeObject, user: KnowledgeObject | None) -> int:
        if obj.disabled:
            return 9
        if user is None:
            return 5 - _SHARED[obj.sharing]
        if obj.app == user.app:
            return 1 if obj.sharing != "user" else 0 if obj.owner == user.owner else 8
        return {"global": 2, "app": 3, "user": 8}[obj.sharing]


def known_kind(kind: str) -> str:
    """The canonical spelling of a node kind; empty where there is none."""
    kind = KIND_ALIASES.get(kind, kind)
    return kind if kind in NODE_KINDS else ""


def _split_arity(name: str) -> tuple[str, int]:
    base, open_, rest = name.rpartition("(")
    if open_ and rest.endswith(")") and rest[:-1].isdigit():
        return base, int(rest[:-1])
    return name, -1


def _distinct(objects: Sequence[KnowledgeObject]) -> tuple[tuple[KnowledgeObject, ...], tuple[Problem, ...]]:
    """The objects in a stable order, the second of two with one identity left out and reported."""
    problems: list[Problem] = []
    kept: dict[tuple[str, ...], KnowledgeObject] = {}
    for obj in sorted(objects, key=_identity_and_content):
        private = obj.owner if obj.sharing == "user" else ""
        identity = (obj.kind, obj.name, obj.app, private)
        if identity in kept:
            detail = f"a second {obj.kind} of this name in app {obj.app or '(none)'} was left out"
            problems.append(Problem(where=obj.id, kind="duplicate", detail=detail))
        else:
            kept[identity] = obj
    return tuple(kept.values()), tuple(problems)


def _identity_and_content(obj: KnowledgeObject) -> tuple[str, ...]:
    content = repr(sorted(obj.content.items(), key=lambda item: item[0]))
    return (obj.kind, obj.name, obj.app, obj.sharing, obj.owner, str(obj.disabled), content)


def _named(objects: list[tuple[int, KnowledgeObject]]) -> dict[int, str]:
    """The shortest ids that tell objects of one kind and base name apart."""
    first = objects[0][1]
    kind, base = first.kind, base_name(first)
    if len(objects) == 1:
        return {objects[0][0]: f"{kind}:{base}"}
    labels = {p: (f"{base}({macro_name(o)[1]})" if kind == "macro" else base) for p, o in objects}
    if len(set(labels.values())) == 1:
        labels = dict.fromkeys(labels, base)
    several_apps = len({o.app for _, o in objects}) > 1
    named: dict[int, str] = {}
    for position, obj in objects:
        rivals = [p for p, o in objects if o.app == obj.app and labels[p] == labels[position]]
        name = f"{obj.app}/{labels[position]}" if several_apps else labels[position]
        owned = f"@{obj.owner}" if len(rivals) > 1 and obj.sharing == "user" else ""
        named[position] = f"{kind}:{name}{owned}"
    return named
