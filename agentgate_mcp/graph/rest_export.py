"""Knowledge objects as Splunk's management interface lists them (``output_mode=json``).

An answer holds ``entry`` with name, ``acl`` and ``content``; its kind stands in the entry's ``id`` or
links. Data models and dashboards carry their definition as text in ``eai:data``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree as ET

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.errors import CanonicalError, DataError
from agentgate_mcp.graph.settings import flag, text
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import ObjectKind

_ENDPOINTS: Final[dict[str, ObjectKind]] = {
    "/saved/searches/": "saved_search",
    "/admin/macros/": "macro",
    "/configs/conf-macros/": "macro",
    "/data/transforms/lookups/": "lookup",
    "/data/lookup-table-files/": "lookup",
    "/datamodel/model/": "data_model",
    "/admin/datamodel-files/": "data_model",
    "/data/ui/views/": "dashboard",
    "/saved/eventtypes/": "eventtype",
    "/configs/conf-tags/": "tag",
    "/saved/fvtags/": "tag",
    "/data/props/extractions/": "field_extraction",
    "/data/props/lookups/": "field_extraction",
    "/data/indexes/": "index",
    "/storage/collections/config/": "kv_collection",
}
_MAX_DEFINITION: Final = 8 * 1024 * 1024


def is_export(document: Json) -> bool:
    """Whether a JSON document is a listing of the management interface."""
    return isinstance(document, dict) and isinstance(document.get("entry"), list)


def exported(entry: Json, file: str, where: str) -> dict[str, Json] | None:
    """One entry in the bundled shape; None for an endpoint that holds no knowledge objects.

    Raises: DataError naming the field that cannot be read."""
    if not isinstance(entry, dict):
        raise DataError(file, where, f"expected an object, got {type(entry).__name__}")
    kind = _kind(entry)
    if kind is None:
        return None
    raw = entry.get("content")
    content: dict[str, Json] = dict(raw) if isinstance(raw, dict) else {}
    definition = content.pop("eai:data", None)
    if isinstance(definition, str) and definition.strip():
        content.update(_definition(kind, definition, file, where))
    acl = entry.get("acl")
    access: Mapping[str, Json] = acl if isinstance(acl, dict) else {}
    return {
        "kind": kind,
        "name": text(entry, "name"),
        "app": text(access, "app") or text(content, "eai:appName"),
        "owner": text(access, "owner"),
        "sharing": text(access, "sharing") or "app",
        "disabled": flag(content, "disabled") is True,
        "content": {k: v for k, v in content.items() if not k.startswith("eai:") and k != "disabled"},
        "updated": text(entry, "updated"),
    }


def _kind(entry: Mapping[str, Json]) -> ObjectKind | None:
    links = entry.get("links")
    paths = [text(entry, "id"), *(v for v in links.values() if isinstance(v, str))] if isinstance(links, dict) else [
        text(entry, "id")
    ]  # fmt: skip
    return next((kind for path in paths for part, kind in _ENDPOINTS.items() if part in path), None)


def _definition(kind: ObjectKind, definition: str, file: str, where: str) -> dict[str, Json]:
    if kind == "data_model":
        try:
            model = loads_strict(definition, max_bytes=_MAX_DEFINITION)
        except CanonicalError as error:
            raise DataError(file, f"{where}/content/eai:data", str(error)) from None
        return {"objects": model.get("objects", [])} if isinstance(model, dict) else {}
    if kind == "dashboard":
        return {"searches": list(_searches(definition, file, where))}
    return {}


def _searches(definition: str, file: str, where: str) -> list[str]:
    """The queries of a dashboard in Simple XML. Raises: DataError for a document type or broken XML."""
    if len(definition) > _MAX_DEFINITION or "<!DOCTYPE" in definition or "<!ENTITY" in definition:
        raise DataError(file, f"{where}/content/eai:data", "expected XML without a document type")
    try:
        root = ET.fromstring(definition)  # noqa: S314 - no document type, so no entity
    except ET.ParseError as error:
        line, column = error.position
        raise DataError(file, f"{where}/content/eai:data", f"expected XML, got none at line {line}, {column}") from None
    found = [(e.text or "").strip() for name in ("query", "searchString", "searchTemplate") for e in root.iter(name)]
    return [query for query in found if query]
