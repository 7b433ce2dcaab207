"""Knowledge objects as text: the data files they are seeded from and the rows they are kept in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from agentgate_mcp.backends.embedded.files import Record, items_of, json_files, validated
from agentgate_mcp.canonical import canonical_bytes, loads_strict
from agentgate_mcp.errors import DataError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject, ObjectKind

MAX_OBJECT = 16 * 1_048_576


class ObjectRecord(Record):
    """One knowledge object as a file holds it."""

    kind: ObjectKind
    name: str = Field(min_length=1, max_length=500)
    app: str = Field(min_length=1, max_length=200)
    owner: str = "nobody"
    sharing: Literal["user", "app", "global"] = "app"
    team: str = ""
    disabled: bool = False
    content: dict[str, Json] = Field(default_factory=dict[str, Json])
    updated: str = ""


def fingerprint(data_dir: Path) -> str:
    """Names the content of ``data_dir``/knowledge."""
    hasher = hashlib.sha256()
    for path in sorted((data_dir / "knowledge").glob("*.json")):
        content = path.read_bytes()
        hasher.update(f"{path.name} {len(content)}\n".encode())
        hasher.update(content)
    return hasher.hexdigest()


def read_objects(data_dir: Path) -> Sequence[KnowledgeObject]:
    """All objects of ``data_dir``/knowledge, in file order. Raises: DataError."""
    found: dict[tuple[str, str, str], KnowledgeObject] = {}
    for label, document in json_files(data_dir, "knowledge"):
        for where, raw in items_of(document, label, "objects"):
            item = from_record(validated(ObjectRecord, raw, label, where))
            key = (item.kind, item.app, item.name)
            if key in found:
                raise DataError(label, f"/{where}", f"expected each object once, got {item.id!a} of {item.app!a} again")
            found[key] = item
    return tuple(found.values())


def from_record(record: ObjectRecord) -> KnowledgeObject:
    return KnowledgeObject(
        kind=record.kind,
        name=record.name,
        app=record.app,
        owner=record.owner,
        sharing=record.sharing,
        team=record.team,
        disabled=record.disabled,
        content=record.content,
        updated=record.updated,
    )


def encode(item: KnowledgeObject) -> str:
    """The canonical JSON text that the database keeps."""
    return canonical_bytes(to_json(item)).decode()


def decode(text: str) -> KnowledgeObject:
    """The inverse of `encode`. Raises: DataError when the stored text was damaged."""
    return from_record(validated(ObjectRecord, loads_strict(text, max_bytes=MAX_OBJECT), "state database"))


def to_json(item: KnowledgeObject) -> dict[str, Json]:
    return {
        "kind": item.kind,
        "name": item.name,
        "app": item.app,
        "owner": item.owner,
        "sharing": item.sharing,
        "team": item.team,
        "disabled": item.disabled,
        "content": dict(item.content),
        "updated": item.updated,
    }
