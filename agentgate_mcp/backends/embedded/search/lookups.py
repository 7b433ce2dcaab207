"""Lookups: finding one by name, and its rows."""

from __future__ import annotations

from collections.abc import Mapping

from agentgate_mcp.backends.embedded.search.arguments import nearest
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.backends.embedded.search.sqltext import number_text
from agentgate_mcp.errors import SplError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import KnowledgeSet


def lookup_rows(item: KnowledgeObject) -> list[dict[str, str]]:
    """The rows of a lookup as text, in their own order; an empty cell is absent."""
    raw = item.content.get("rows")
    rows = [row for row in raw if isinstance(row, Mapping)] if isinstance(raw, list) else []
    return [{str(k): _cell(v) for k, v in row.items() if v is not None and v != ""} for row in rows]


def lookup_fields(item: KnowledgeObject) -> tuple[str, ...]:
    """The lookup's fields: the declared ones first, then any other that a row has."""
    declared = item.content.get("fields")
    names = [str(name) for name in declared] if isinstance(declared, list) else []
    return tuple(dict.fromkeys((*names, *(name for row in lookup_rows(item) for name in row))))


def lookup_relation(item: KnowledgeObject, build: Build) -> Relation:
    """The rows of a lookup in their own order, its declared fields first."""
    return build.loaded(lookup_fields(item), lookup_rows(item))


def _cell(value: Json) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case _:
            return str(value)


def lookup_named(name: str, knowledge: KnowledgeSet, position: int) -> KnowledgeObject:
    """The lookup of that name, or kept in a file of that name. Raises: SplError with the nearest names."""
    lookups = [o for o in knowledge.of_kind("lookup") if not o.disabled]
    for item in lookups:
        if name in (item.name, item.content.get("filename")):
            return item
    expected = nearest(name, {o.name for o in lookups}, "a lookup")
    raise SplError(f"lookup {name[:60]!a} does not exist", position, expected)
