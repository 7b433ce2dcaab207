"""What the names in a search stand for in a knowledge set: event types, tags, data sets, source types.

A name may hold ``*`` and then stands for every object that fits it. Disabled objects mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.text import matches

MAX_MEANINGS = 32
"""Event types that one pattern or tag is read for; one that fits more may reach any index."""
_ROOTS = frozenset({"BaseEvent", "BaseSearch", "BaseTransaction", "BaseInterface"})
_LOOKUP = "LOOKUP-"


class Meaning(NamedTuple):
    """One search condition and the object, ``kind:name``, that it is the meaning of."""

    label: str
    text: str


class DataSet(NamedTuple):
    """What a data model, or one data set of it, is made of."""

    conditions: tuple[str, ...]
    lookups: tuple[str, ...]


def event_types(knowledge: KnowledgeSet, pattern: str) -> tuple[Meaning, ...]:
    """The conditions of the event types called ``pattern``, in all apps; case does not count."""
    found = knowledge.all_named(f"eventtype:{pattern}") or [
        o for o in knowledge.of_kind("eventtype") if matches(pattern, o.name)
    ]
    texts = [(o.id, o.content.get("search")) for o in found if not o.disabled]
    return tuple(Meaning(label, text) for label, text in texts if isinstance(text, str) and text.strip())


def tagged(knowledge: KnowledgeSet, pattern: str) -> tuple[tuple[str, str], ...]:
    """The (field, value) pairs that bear the tag ``pattern``."""
    return tuple(pair for tag, pair in _tags(knowledge) if matches(pattern, tag))


def data_set(knowledge: KnowledgeSet, name: str) -> DataSet:
    """The constraints of ``Model`` or ``Model.Object`` and of what it inherits from. A model alone,
    or an object that it does not have, means all of its objects."""
    model, _, path = name.partition(".")
    wanted = path.rpartition(".")[2]
    conditions: list[str] = []
    lookups: list[str] = []
    for item in knowledge.all_named(f"data_model:{model}"):
        objects = model_objects(item)
        for part in with_parents(wanted, objects) if wanted in objects else objects.values():
            conditions.extend(constraints(part))
            lookups.extend(_text(c, "lookupName") for c in mappings(part.get("calculations")))
    return DataSet(tuple(dict.fromkeys(conditions)), tuple(dict.fromkeys(name for name in lookups if name)))


def automatic_lookups(knowledge: KnowledgeSet, source_types: list[str]) -> Iterator[str]:
    """The lookups that Splunk applies by itself to events of ``source_types``."""
    known = _automatic(knowledge)
    for name in dict.fromkeys(source_types) if known else ():
        if "*" in name:
            yield from (lookup for stanza, found in known.items() if matches(name, stanza) for lookup in found)
        else:
            yield from known.get(name.lower(), ())


def model_objects(model: KnowledgeObject) -> dict[str, Mapping[str, Json]]:
    """The objects of a data model by name, in their own order."""
    return {_text(o, "objectName") or _text(o, "name"): o for o in mappings(model.content.get("objects"))}


def with_parents(name: str, objects: Mapping[str, Mapping[str, Json]]) -> list[Mapping[str, Json]]:
    """An object of a data model and those that it inherits from, itself first."""
    found: dict[str, Mapping[str, Json]] = {}
    while name in objects and name not in found and name not in _ROOTS:
        found[name] = objects[name]
        name = _text(objects[name], "parentName") or _text(objects[name], "parent")
    return list(found.values())


def constraints(part: Mapping[str, Json]) -> Iterator[str]:
    """The searches that all events of a data model's object meet, what it inherits left out."""
    yield from (_text(part, k) for k in ("search", "baseSearch", "constraint") if _text(part, k))
    listed = part.get("constraints")
    if isinstance(listed, str):
        listed = [listed]
    for item in listed if isinstance(listed, list) else ():
        text = item.get("search") if isinstance(item, dict) else item
        if isinstance(text, str) and text.strip():
            yield text


_Tags = tuple[tuple[str, tuple[str, str]], ...]


def _tags(knowledge: KnowledgeSet) -> _Tags:
    """Every tag with a pair that bears it: from tag objects, and as event types list their own."""
    known = knowledge.memo.get("\0tags")
    if known is not None:
        return cast("_Tags", known)
    found: list[tuple[str, tuple[str, str]]] = []
    for item in knowledge.of_kind("tag"):
        field, equals, value = (_text(item.content, "field_name_value") or item.name).partition("=")
        if equals and not item.disabled:
            found.extend((tag, (field.strip(), value.strip())) for tag in _names(item.content.get("tags")))
    for item in knowledge.of_kind("eventtype"):
        if not item.disabled:
            found.extend((tag, ("eventtype", item.name)) for tag in _names(item.content.get("tags")))
    made = tuple(dict.fromkeys(found))
    knowledge.memo.put("\0tags", made)
    return made


def _automatic(knowledge: KnowledgeSet) -> dict[str, tuple[str, ...]]:
    """Lower-case source type to lookups: settings `LOOKUP-x = name …` of props, either as field
    extractions of type LOOKUP or among a source type's own settings."""
    known = knowledge.memo.get("\0automatic lookups")
    if known is not None:
        return cast("dict[str, tuple[str, ...]]", known)
    found: dict[str, list[str]] = {}
    for item in knowledge.of_kind("field_extraction"):
        stanza, _, attribute = item.name.rpartition(" : ")
        kind = _text(item.content, "type") or _text(item.content, "attribute") or attribute
        if kind.upper().startswith("LOOKUP"):
            where = _text(item.content, "stanza") or _text(item.content, "sourcetype") or stanza
            _note(found, item, where, _text(item.content, "transform") or _text(item.content, "value"))
    for item in knowledge.of_kind("sourcetype"):
        for key, value in item.content.items():
            if key.upper().startswith(_LOOKUP) and isinstance(value, str):
                _note(found, item, item.name, value)
    made = {where: tuple(names) for where, names in found.items()}
    knowledge.memo.put("\0automatic lookups", made)
    return made


def _note(found: dict[str, list[str]], item: KnowledgeObject, where: str, value: str) -> None:
    words = value.split()
    if words and not item.disabled:
        found.setdefault(where.lower(), []).append(words[0])


def _text(content: Mapping[str, Json], key: str) -> str:
    value = content.get(key)
    return value.strip() if isinstance(value, str) else ""


def _names(tags: Json) -> list[str]:
    """Tags stand in a text, in a list, or in a map of tag to `enabled`."""
    match tags:
        case str():
            return tags.replace(",", " ").split()
        case list():
            return [tag for tag in tags if isinstance(tag, str)]
        case dict():
            return [tag for tag, state in tags.items() if state == "enabled"]
        case _:
            return []


def mappings(value: Json) -> list[Mapping[str, Json]]:
    """The maps among the items of a list; none where there is no list."""
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
