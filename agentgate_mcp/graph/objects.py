"""What each kind of knowledge object needs: one reading per node that the object stands for.

A data model stands for itself and its datasets, a dashboard for itself and its panels; every
other object is one node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from agentgate_mcp.graph.nodes import Need, NodeKind, Reading, Ref, Role
from agentgate_mcp.graph.settings import mappings, text, texts
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject

TextReader = Callable[[str, bool], Reading]
"""Reads a search, or with True a macro's definition. It never raises: what it cannot read is a
`problem` of the reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One node of an object. ``name`` is empty for the object itself."""

    kind: NodeKind
    name: str = ""
    reading: Reading


def read_object(obj: KnowledgeObject, read: TextReader) -> tuple[Part, ...]:
    """All nodes of ``obj``, the object's own first."""
    content = obj.content
    match obj.kind:
        case "saved_search":
            return (Part(kind="saved_search", reading=_saved_search(content, read)),)
        case "macro":
            return (Part(kind="macro", reading=_if_text(text(content, "definition"), read, definition=True)),)
        case "eventtype":
            return (Part(kind="eventtype", reading=_if_text(text(content, "search"), read)),)
        case "lookup":
            return (Part(kind="lookup", reading=_lookup(content)),)
        case "tag":
            return (Part(kind="tag", reading=_tag(obj)),)
        case "data_model":
            return _data_model(obj, read)
        case "dashboard":
            return _dashboard(obj, read)
        case "field_extraction":
            stanza = text(content, "stanza") or text(content, "sourcetype")
            return (Part(kind="field_extraction", reading=_any_of("sourcetype", (stanza,) if stanza else ())),)
        case "index" | "sourcetype" | "kv_collection" | "hec_token":
            return (Part(kind=obj.kind, reading=Reading()),)


def merged(readings: list[Reading]) -> Reading:
    """All requirements of several readings, without repeats."""
    needs = dict.fromkeys(n for r in readings for n in r.needs)
    writes = dict.fromkeys(w for r in readings for w in r.writes)
    return Reading(
        needs=tuple(needs), writes=tuple(writes), problem="; ".join(r.problem for r in readings if r.problem)
    )


def _if_text(search: str, read: TextReader, *, definition: bool = False) -> Reading:
    return read(search, definition) if search.strip() else Reading()


def _saved_search(content: Mapping[str, Json], read: TextReader) -> Reading:
    reading = _if_text(text(content, "search"), read)
    sources = texts(content, "agentgate.data_sources")
    return merged([reading, _any_of("data_source", sources)]) if sources else reading


def _any_of(kind: str, names: tuple[str, ...]) -> Reading:
    if not names:
        return Reading()
    refs = tuple(Ref(kind=cast(NodeKind, kind), name=n) for n in sorted(set(names)))
    return Reading(needs=(Need(refs=refs),))


def _tag(obj: KnowledgeObject) -> Reading:
    """A tag object is called ``field=value`` and lends its ``tags`` to what that matches."""
    field, equals, value = (text(obj.content, "field_name_value") or obj.name).partition("=")
    lent = tuple(Ref(kind="tag", name=t) for t in texts(obj.content, "tags") if t != obj.name)
    if not equals or field not in ("eventtype", "sourcetype", "source", "index"):
        return Reading(writes=lent)
    return Reading(needs=_any_of(field, (value,)).needs, writes=lent)


def _lookup(content: Mapping[str, Json]) -> Reading:
    collection = text(content, "collection")
    return _any_of("kv_collection", (collection,) if collection else ())


def _data_model(obj: KnowledgeObject, read: TextReader) -> tuple[Part, ...]:
    parts = [Part(kind="data_model", reading=Reading())]
    for dataset in mappings(obj.content.get("objects")):
        name = text(dataset, "objectName") or text(dataset, "name")
        if not name:
            continue
        parent = text(dataset, "parentName") or text(dataset, "parent")
        holds = [Need(refs=(Ref(kind="data_model", name=obj.name),), role=Role.CONTAINS)]
        if parent and parent not in ("BaseEvent", "BaseSearch", "BaseTransaction", name):
            holds.append(Need(refs=(Ref(kind="data_model", name=f"{obj.name}.{parent}"),), role=Role.CONTAINS))
        constraints = [read(c, False) for c in constraints_of(dataset)]
        reading = merged([Reading(needs=tuple(holds)), *constraints])
        parts.append(Part(kind="data_model", name=f"{obj.name}.{name}", reading=reading))
    return tuple(parts)


def constraints_of(dataset: Mapping[str, Json]) -> tuple[str, ...]:
    """The searches that an event must all match to be of ``dataset``."""
    found = [text(dataset, k) for k in ("search", "baseSearch", "constraint")]
    found += [text(c, "search") for c in mappings(dataset.get("constraints"))]
    constraints = dataset.get("constraints")
    if isinstance(constraints, list):
        found += [c for c in constraints if isinstance(c, str)]
    elif isinstance(constraints, str):
        found.append(constraints)
    return tuple(f for f in found if f.strip())


def _dashboard(obj: KnowledgeObject, read: TextReader) -> tuple[Part, ...]:
    panels = obj.content.get("searches")
    items = panels if isinstance(panels, list) else []
    parts: list[Part] = []
    for position, item in enumerate(items, start=1):
        reading = _panel(item, read)
        if reading.needs or reading.writes or reading.problem:
            parts.append(Part(kind="panel", name=f"{obj.name}#{position}", reading=reading))
    shown = Need(refs=tuple(sorted(Ref(kind="panel", name=p.name) for p in parts)), role=Role.DISPLAYS)
    own = Reading(needs=(shown,) if parts else ())
    return (Part(kind="dashboard", reading=own), *parts)


def _panel(item: Json, read: TextReader) -> Reading:
    if isinstance(item, str):
        return _if_text(item, read)
    if not isinstance(item, dict):
        return Reading()
    ref = text(item, "ref") or text(item, "saved_search")
    own = _if_text(text(item, "search") or text(item, "query"), read)
    if not ref:
        return own
    return merged([own, Reading(needs=(Need(refs=(Ref(kind="saved_search", name=ref),), role=Role.DISPLAYS),))])
