"""Reading data files: strict JSON, validated models, and errors that name file and place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.errors import CanonicalError, DataError
from agentgate_mcp.model.call import Json

MAX_FILE: Final = 16 * 1_048_576


class Record(BaseModel):
    """Base of what a data file holds: no coercion, no unknown field."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


RecordT = TypeVar("RecordT", bound=Record)


def read_text(path: Path, label: str) -> str:
    """A whole file as UTF-8 text. Raises: DataError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(label, "file", f"expected a readable file, got {type(error).__name__}") from None
    if len(raw) > MAX_FILE:
        raise DataError(label, "file", f"expected at most {MAX_FILE} bytes, got {len(raw)}")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise DataError(label, f"byte {error.start}", "expected UTF-8") from None


def read_json(path: Path, label: str) -> Json:
    """A JSON file with one reading only. Raises: DataError with the place of the problem."""
    text = read_text(path, label)
    try:
        return loads_strict(text, max_bytes=MAX_FILE)
    except CanonicalError as error:
        where, found, problem = str(error).removeprefix("at ").partition(": ")
        raise DataError(label, where if found else "document", problem if found else str(error)) from None


def json_files(data_dir: Path, folder: str) -> Iterator[tuple[str, Json]]:
    """(label, document) of each JSON file of a folder, by name; nothing where there is no folder."""
    for path in sorted((data_dir / folder).glob("*.json")):
        label = f"{folder}/{path.name}"
        yield label, read_json(path, label)


def validated(model: type[RecordT], raw: object, label: str, where: str = "") -> RecordT:
    """``raw`` as a ``model``. Raises: DataError with the JSON path of the first problem."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = "/".join((where, *(str(step) for step in first["loc"]))).strip("/")
        raise DataError(label, f"/{place}", first["msg"][:160]) from None


def items_of(document: Json, label: str, key: str) -> Iterator[tuple[str, Json]]:
    """(place, item) of a file that holds one list: the list itself, or under ``key``; a file that
    holds a single object gives that object. Raises: DataError."""
    if isinstance(document, dict) and key in document:
        document = document[key]
        prefix = key
    else:
        prefix = ""
    if isinstance(document, dict):
        yield prefix, document
    elif isinstance(document, list):
        for number, item in enumerate(document):
            yield f"{prefix}/{number}".strip("/"), item
    else:
        raise DataError(label, f"/{prefix}", f"expected an object or a list, got {type(document).__name__}")
