"""The knowledge objects that a search can name, indexed for expansion. Immutable."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl import wellknown
from agentgate_mcp.spl.lru import Lru

_STANZA = re.compile(r"(.*)\((\d+)\)", re.DOTALL)
_TRUE = frozenset({"1", "true", "t", "yes", "y"})
_SHARING_RANK = {"global": 0, "app": 1, "user": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroDefinition:
    """What a macro stands for. ``object_id`` is empty for one of the well-known table;
    ``rivals`` counts enabled definitions under the same name and arity that say otherwise."""

    name: str
    arity: int
    args: tuple[str, ...]
    definition: str
    iseval: bool = False
    object_id: str = ""
    rivals: int = 0


ExpansionMemo: TypeAlias = Lru[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeSet:
    """A snapshot of knowledge objects. ``hash`` changes whenever any of them does; two sets of
    one hash are equal."""

    objects: tuple[KnowledgeObject, ...]
    hash: str
    _by_id: Mapping[str, tuple[KnowledgeObject, ...]] = field(repr=False, compare=False)
    _macros: Mapping[tuple[str, int], tuple[KnowledgeObject, MacroDefinition]] = field(repr=False, compare=False)
    _by_kind: Mapping[str, tuple[KnowledgeObject, ...]] = field(repr=False, compare=False)
    memo: ExpansionMemo = field(repr=False, compare=False)
    """Expanded macro calls by their text, kept by `expand`; a cache, never part of the value."""

    @classmethod
    def from_objects(cls, objects: Sequence[KnowledgeObject]) -> KnowledgeSet:
        """Index ``objects``. Order does not matter: a global object goes before an app's own."""
        ordered = sorted(objects, key=lambda o: (o.kind, o.name, _SHARING_RANK[o.sharing], o.app, o.owner))
        by_id: dict[str, list[KnowledgeObject]] = {}
        by_kind: dict[str, list[KnowledgeObject]] = {}
        for item in ordered:
            by_kind.setdefault(item.kind, []).append(item)
            by_id.setdefault(item.id, []).append(item)
            by_id.setdefault(f"{item.kind}:{item.app}/{item.name}", []).append(item)
        return cls(
            objects=tuple(ordered),
            hash=_hash(ordered),
            _by_id={k: tuple(v) for k, v in by_id.items()},
            _macros=_macros(o for o in ordered if o.kind == "macro" and not o.disabled),
            _by_kind={k: tuple(v) for k, v in by_kind.items()},
            memo=Lru(8192),
        )

    @classmethod
    def from_definitions(
        cls,
        macros: Mapping[str, Mapping[str, Json]] | None = None,
        saved_searches: Mapping[str, str] | None = None,
    ) -> KnowledgeSet:
        """A set from bare texts: macros as ``{name: {definition, args, iseval}}``, saved
        searches as ``{name: search}``."""
        made = [_bare("macro", name, content) for name, content in (macros or {}).items()]
        made += [_bare("saved_search", name, {"search": text}) for name, text in (saved_searches or {}).items()]
        return cls.from_objects(made)

    def __hash__(self) -> int:
        return hash(self.hash)

    def get(self, object_id: str) -> KnowledgeObject | None:
        """The object called ``kind:name`` or ``kind:app/name``; the most widely shared one."""
        found = self._by_id.get(object_id)
        return found[0] if found else None

    def all_named(self, object_id: str) -> tuple[KnowledgeObject, ...]:
        """Every object of that id, in all apps."""
        return self._by_id.get(object_id, ())

    def of_kind(self, kind: str) -> tuple[KnowledgeObject, ...]:
        return self._by_kind.get(kind, ())

    def macro(self, name: str, arity: int) -> KnowledgeObject | None:
        """The enabled macro of that name and number of arguments."""
        found = self._macros.get((name, arity))
        return found[0] if found else None

    def macro_definition(self, name: str, arity: int) -> MacroDefinition | None:
        """The macro's meaning: from this set, else from the well-known table, else None."""
        found = self._macros.get((name, arity))
        return found[1] if found else well_known_macro(name, arity)

    def saved_search(self, name: str, app: str = "") -> KnowledgeObject | None:
        """The saved search of that name, in ``app`` where one is given."""
        return self.get(f"saved_search:{app}/{name}" if app else f"saved_search:{name}")

    def nearest(self, object_id: str) -> tuple[str, ...]:
        """Up to three ids of the same kind whose names are similar, the best first."""
        kind, _, _ = object_id.partition(":")
        ids = sorted({o.id for o in self.of_kind(kind)})
        return tuple(difflib.get_close_matches(object_id, ids, n=3, cutoff=0.6))


def well_known_macro(name: str, arity: int) -> MacroDefinition | None:
    """The bundled meaning of a well-known external macro; None for any other name."""
    known = wellknown.MACROS.get((name, arity))
    if known is not None:
        return MacroDefinition(name=name, arity=arity, args=known[0], definition=known[1])
    if arity:
        return None
    if name.endswith(wellknown.FILTER_SUFFIX) and len(name) > len(wellknown.FILTER_SUFFIX):
        return MacroDefinition(name=name, arity=0, args=(), definition=wellknown.FILTER_DEFINITION)
    if name.startswith(wellknown.CIM_INDEXES_PREFIX) and name.endswith(wellknown.CIM_INDEXES_SUFFIX):
        return MacroDefinition(name=name, arity=0, args=(), definition=wellknown.CIM_INDEXES_DEFINITION)
    return None


def split_stanza(name: str, content: Mapping[str, Json]) -> tuple[str, tuple[str, ...], int]:
    """A macro's bare name, argument names and arity, from `name(2)` and its ``args``."""
    raw = content.get("args")
    if isinstance(raw, str):
        args = tuple(a.strip() for a in raw.split(",") if a.strip())
    elif isinstance(raw, list):
        args = tuple(str(a).strip() for a in raw)
    else:
        args = ()
    match = _STANZA.fullmatch(name)
    if match:
        return match.group(1).strip(), args, int(match.group(2))
    return name.strip(), args, len(args)


def is_true(value: Json) -> bool:
    """Splunk's reading of a boolean setting."""
    return value is True or value == 1 or (isinstance(value, str) and value.strip().lower() in _TRUE)


def _macros(objects: Iterable[KnowledgeObject]) -> dict[tuple[str, int], tuple[KnowledgeObject, MacroDefinition]]:
    found: dict[tuple[str, int], list[tuple[KnowledgeObject, MacroDefinition]]] = {}
    for item in objects:
        name, args, arity = split_stanza(item.name, item.content)
        made = MacroDefinition(
            name=name,
            arity=arity,
            args=args,
            definition=str(item.content.get("definition") or ""),
            iseval=is_true(item.content.get("iseval")),
            object_id=item.id,
        )
        found.setdefault((name, arity), []).append((item, made))
    out: dict[tuple[str, int], tuple[KnowledgeObject, MacroDefinition]] = {}
    for key, several in found.items():
        item, first = several[0]
        rivals = sum(d.definition != first.definition or d.args != first.args for _, d in several[1:])
        if rivals:
            first = replace(first, rivals=rivals)
        out[key] = (item, first)
    return out


def _bare(kind: str, name: str, content: Mapping[str, Json]) -> KnowledgeObject:
    assert kind == "macro" or kind == "saved_search"
    return KnowledgeObject(
        kind=kind, name=name, app="", owner="nobody", sharing="global", team="", disabled=False, content=dict(content)
    )


def _hash(objects: Sequence[KnowledgeObject]) -> str:
    digest = hashlib.sha256()
    for item in objects:
        row = [item.kind, item.app, item.name, item.owner, item.sharing, item.team, item.disabled, dict(item.content)]
        digest.update(json.dumps(row, sort_keys=True, ensure_ascii=True, default=dict).encode())
        digest.update(b"\n")
    return digest.hexdigest()


EMPTY = KnowledgeSet.from_objects(())
"""Nothing but the well-known table."""
