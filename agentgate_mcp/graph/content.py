"""Knowledge objects from files: our own JSON, or a detection repository's export.

Read whole or refused whole: a file that cannot be read is a DataError with its place, never a
smaller set. Understood are

- ``*.json`` with a list of objects that carry ``kind`` and ``name`` (the bundled shape), or
  ``macros.json`` and ``lookups.json`` as lists of entries without a kind;
- ``*.jsonl`` with one object per line: the same, or detections with ``search`` and ``mitre``;
- a detection repository's own folders of YAML (repository.py);
- ``*.json`` that is a listing of Splunk's management interface (rest_export.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import cast, get_args

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.errors import CanonicalError, DataError
from agentgate_mcp.graph.repository import repository_entry, repository_files
from agentgate_mcp.graph.rest_export import exported, is_export
from agentgate_mcp.graph.settings import flag, text, texts
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject, ObjectKind
from agentgate_mcp.spl.wellknown import FILTER_DEFINITION, FILTER_SUFFIX

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_TOTAL_BYTES = 4 * MAX_FILE_BYTES
"""Of a directory's files together: reading them takes about five times as much memory."""
_SHARING = ("user", "app", "global")
_CONTENT_APP = "content"
"""The app that objects without one are put into."""
_TEXTS = ("app", "owner", "sharing", "team", "updated")
_CONTENT_TEXTS = ("search", "definition", "filename", "collection", "cron_schedule")
"""Settings that decide what an object needs: of another type they would read as absent."""


def load_objects(path: Path) -> tuple[KnowledgeObject, ...]:
    """All objects of a file or of a directory's files, in a stable order.

    Detections of a content repository also get the filter macro that its build makes for each.
    Raises: DataError naming the file and the place."""
    files = [path]
    if path.is_dir():
        files = [*sorted(p for p in path.iterdir() if p.suffix in (".json", ".jsonl")), *repository_files(path)]
    if not files:
        raise DataError(path.name, "/", "expected at least one .json or .jsonl file, or folders of YAML")
    if (total := sum(_size(f) for f in files)) > MAX_TOTAL_BYTES:
        raise DataError(path.name, "/", f"expected at most {MAX_TOTAL_BYTES} bytes in all, got {total}")
    objects: list[KnowledgeObject] = []
    for file in files:
        objects.extend(_of_file(file))
    if not objects:
        raise DataError(path.name, "/", "expected knowledge objects, got none")
    return (*objects, *_filter_macros(objects))


def object_of(raw: Mapping[str, Json], *, file: str, where: str) -> KnowledgeObject:
    """One object of the bundled shape. Raises: DataError naming the field."""
    kind = text(raw, "kind")
    if kind not in get_args(ObjectKind):
        raise DataError(file, f"{where}/kind", f"expected a knowledge object kind, got {kind!r}")
    content = raw.get("content", {})
    if not isinstance(content, dict):
        raise DataError(file, f"{where}/content", f"expected an object, got {type(content).__name__}")
    _check_texts(raw, _TEXTS, file=file, where=where)
    _check_texts(content, _CONTENT_TEXTS, file=file, where=f"{where}/content")
    if raw.get("disabled") is not None and flag(raw, "disabled") is None:
        raise DataError(file, f"{where}/disabled", f"expected a boolean, got {type(raw['disabled']).__name__}")
    sharing = text(raw, "sharing") or "app"
    if sharing not in _SHARING:
        raise DataError(file, f"{where}/sharing", f"expected user, app or global, got {sharing!r}")
    return KnowledgeObject(
        kind=cast(ObjectKind, kind),
        name=_name(raw, file, where),
        app=text(raw, "app"),
        owner=text(raw, "owner"),
        sharing=sharing,
        team=text(raw, "team"),
        disabled=flag(raw, "disabled") is True,
        content=content,
        updated=text(raw, "updated"),
    )


def _check_texts(raw: Mapping[str, Json], keys: Iterable[str], *, file: str, where: str) -> None:
    for key in keys:
        value = raw.get(key)
        if isinstance(value, list | dict | bool):
            raise DataError(file, f"{where}/{key}", f"expected a text, got {type(value).__name__}")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise DataError(file.name, "/", f"expected a readable file, got {type(error).__name__}") from None


def _of_file(file: Path) -> Iterator[KnowledgeObject]:
    for where, raw in _entries(file):
        if not isinstance(raw, dict):
            raise DataError(file.name, where, f"expected an object, got {type(raw).__name__}")
        made = _object(file, where, raw)
        if made is not None:
            yield made


def _entries(file: Path) -> Iterator[tuple[str, Json]]:
    try:
        size = _size(file)
        if size > MAX_FILE_BYTES:
            raise DataError(file.name, "/", f"expected at most {MAX_FILE_BYTES} bytes, got {size}")
        document = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(file.name, f"byte {error.start}", "expected UTF-8") from None
    except OSError as error:
        raise DataError(file.name, "/", f"expected a readable file, got {type(error).__name__}") from None
    if file.suffix == ".jsonl":
        for number, line in enumerate(document.split("\n"), start=1):
            if line.strip():
                yield f"line {number}", _json(file, f"line {number}", line)
        return
    if file.suffix in (".yml", ".yaml"):
        yield "/", repository_entry(document, file)
        return
    value = _json(file, "/", document)
    if isinstance(value, dict) and is_export(value):
        listed = value["entry"]
        for position, entry in enumerate(listed if isinstance(listed, list) else []):
            if (made := exported(entry, file.name, f"/entry/{position}")) is not None:
                yield f"/entry/{position}", made
        return
    if isinstance(value, dict) and "kind" not in value and isinstance(value.get("objects"), list):
        value = value["objects"]
    items = value if isinstance(value, list) else [value]
    for position, item in enumerate(items):
        yield f"/{position}", item


def _json(file: Path, where: str, document: str) -> Json:
    try:
        return loads_strict(document, max_bytes=MAX_FILE_BYTES)
    except CanonicalError as error:
        raise DataError(file.name, where, str(error)) from None


def _object(file: Path, where: str, raw: Mapping[str, Json]) -> KnowledgeObject | None:
    kind = text(raw, "kind")
    if kind in ("detection", "baseline", "investigation"):
        return _detection(file, where, raw) if "search" in raw else None
    if kind:
        return object_of(raw, file=file.name, where=where)
    if "definition" in raw:
        return _entry("macro", file, where, raw)
    if "filename" in raw or "collection" in raw or file.stem == "lookups":
        return _entry("lookup", file, where, raw)
    # Reference material beside the objects (expected results, edge lists) is not content.
    return None


def _name(raw: Mapping[str, Json], file: str, where: str) -> str:
    name = text(raw, "name")
    if not name:
        raise DataError(file, f"{where}/name", "expected a non-empty name")
    return name


def _entry(kind: ObjectKind, file: Path, where: str, raw: Mapping[str, Json]) -> KnowledgeObject:
    _check_texts(raw, _CONTENT_TEXTS, file=file.name, where=where)
    content: dict[str, Json] = {k: v for k, v in raw.items() if k not in ("name", "path")}
    if "arguments" in content:
        content["args"] = content.pop("arguments")
    return _shared(kind, _name(raw, file.name, where), content)


def _detection(file: Path, where: str, raw: Mapping[str, Json]) -> KnowledgeObject | None:
    """A search of a content repository. What is deprecated is no longer shipped by its build."""
    _check_texts(raw, _CONTENT_TEXTS, file=file.name, where=where)
    status = text(raw, "status").lower()
    if flag(raw, "deprecated") is True or status == "deprecated" or not text(raw, "search").strip():
        return None
    is_detection = text(raw, "kind") == "detection"
    content: dict[str, Json] = {
        "search": text(raw, "search"),
        "cron_schedule": "0 * * * *",
        "dispatch.earliest_time": "-70m@m",
        "dispatch.latest_time": "-10m@m",
        "is_scheduled": is_detection,
        "alert.track": is_detection,
        "actions": "notable" if is_detection else "",
        "agentgate.data_sources": list(texts(raw, "data_source")),
        "agentgate.status": status or "production",
        "agentgate.type": text(raw, "type"),
        "agentgate.uuid": text(raw, "id"),
    }
    if is_detection:
        content["agentgate.techniques"] = list(texts(raw, "mitre"))
    return _shared("saved_search", _name(raw, file.name, where), content)


def _shared(kind: ObjectKind, name: str, content: Mapping[str, Json]) -> KnowledgeObject:
    return KnowledgeObject(
        kind=kind,
        name=name,
        app=_CONTENT_APP,
        owner="nobody",
        sharing="global",
        team="",
        disabled=False,
        content=content,
    )


def _filter_macros(objects: list[KnowledgeObject]) -> Iterator[KnowledgeObject]:
    """The filter macros that a content repository's build would make, where none is defined."""
    defined = {o.name for o in objects if o.kind == "macro"}
    for obj in objects:
        if obj.kind != "saved_search" or obj.app != _CONTENT_APP:
            continue
        letters = [c if c.isalnum() else "_" for c in obj.name.lower()]
        stem = "_".join(part for part in "".join(letters).split("_") if part)
        if (name := f"{stem}{FILTER_SUFFIX}") not in defined and f"`{name}`" in text(obj.content, "search"):
            defined.add(name)
            yield _shared("macro", name, {"definition": FILTER_DEFINITION})
