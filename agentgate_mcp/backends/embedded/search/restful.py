"""What `rest` can read here: knowledge objects, indexes and the server itself, never a credential."""

from __future__ import annotations

import json
from typing import Final

from agentgate_mcp import __version__
from agentgate_mcp.backends.embedded.search.build import Build, FieldValue
from agentgate_mcp.errors import UnsupportedSplError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject, ObjectKind
from agentgate_mcp.spl.endpoints import normalise

_KINDS: Final[dict[str, ObjectKind]] = {
    "saved/searches": "saved_search",
    "admin/macros": "macro",
    "configs/conf-macros": "macro",
    "data/transforms/lookups": "lookup",
    "data/lookup-table-files": "lookup",
    "saved/eventtypes": "eventtype",
    "configs/conf-tags": "tag",
    "saved/fvtags": "tag",
    "datamodel/model": "data_model",
    "data/ui/views": "dashboard",
    "data/props/extractions": "field_extraction",
    "data/indexes": "index",
    "storage/collections/config": "kv_collection",
}
_BULKY: Final = frozenset({"rows", "searches", "objects"})


def rest_rows(endpoint: str, build: Build, position: int) -> list[dict[str, FieldValue]]:
    """One row per entry of an endpoint, named as Splunk names them.

    Raises: UnsupportedSplError for an endpoint that is not among those above."""
    path = normalise(endpoint)
    tail = path.removeprefix("/services/")
    if tail == "server/info":
        return [{"title": "server-info", "serverName": "embedded", "version": __version__, "product_type": "embedded"}]
    for known, kind in _KINDS.items():
        if tail == known or tail.startswith(f"{known}/"):
            name = tail.removeprefix(known).strip("/")
            found = [o for o in build.knowledge.of_kind(kind) if name in ("", o.name.lower())]
            return [_row(item) for item in sorted(found, key=lambda o: (o.name, o.app))]
    raise UnsupportedSplError(
        f"rest {path[:60]!a} is not supported by the embedded engine", position, f"one of {', '.join(sorted(_KINDS))}"
    )


def _row(item: KnowledgeObject) -> dict[str, FieldValue]:
    row: dict[str, FieldValue] = {
        "title": item.name,
        "eai:acl.app": item.app,
        "eai:acl.owner": item.owner,
        "eai:acl.sharing": item.sharing,
        "disabled": "1" if item.disabled else "0",
        "updated": item.updated,
    }
    for key, value in item.content.items():
        if key not in _BULKY:
            row.setdefault(key, _field(value))
    return row


def _field(value: Json) -> FieldValue:
    match value:
        case bool():
            return "1" if value else "0"
        case None | str() | int() | float():
            return value
        case list() if all(isinstance(v, str) for v in value):
            return [str(v) for v in value]
        case _:
            return json.dumps(value, ensure_ascii=False)
