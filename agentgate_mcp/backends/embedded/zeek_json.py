"""Zeek's JSON logs: one object per line, one log per file or several in one stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from agentgate_mcp.backends.embedded.zeek_record import (
    SECRET,
    MalformedRow,
    RowProblem,
    Value,
    ZeekRow,
    is_label,
    log_name,
    plain_name,
)
from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.errors import CanonicalError, DataError
from agentgate_mcp.model.call import Json

_LOG_KEYS: Final = ("@stream", "_path")
SENSOR: Final = "@system"
"""Key under which a collector notes the sensor; kept as the event's host."""


def read_json(lines: Iterable[tuple[int, str]], label: str, log: str | None) -> Iterator[ZeekRow | RowProblem]:
    """The rows of one file. ``log`` is the log's name where the file name tells it.

    Raises: DataError when neither the file nor the first row says which log it is."""
    for number, line in lines:
        if not line.strip():
            continue
        try:
            row = _row(line, number, log)
        except MalformedRow as problem:
            yield RowProblem(file=label, line=number, problem=str(problem))
            continue
        if row is None:
            raise DataError(label, f"line {number}", "expected a log name: @stream, _path, or a file such as conn.log")
        yield row


def _row(line: str, number: int, log: str | None) -> ZeekRow | None:
    try:
        document = loads_strict(line)
    except CanonicalError as error:
        raise MalformedRow(f"expected one JSON object: {error}") from None
    if not isinstance(document, dict):
        raise MalformedRow(f"expected a JSON object, got {type(document).__name__}")
    named = next((document[key] for key in _LOG_KEYS if key in document), log)
    if named is None:
        return None
    if not isinstance(named, str) or log_name(named) is None:
        raise MalformedRow("expected the name of a Zeek log in @stream or _path")
    kept = {name: value for name, value in _flat(document) if not is_label(name) and plain_name(name) not in SECRET}
    fields: dict[str, Value] = {}
    for name, value in kept.items():
        if name[:1] in "@_" and name != SENSOR:
            continue
        text = _text(value)
        if text:
            fields[plain_name(name)] = text
    return ZeekRow(log=named, line=number, fields=fields, raw=json.dumps(kept, ensure_ascii=False))


def _flat(document: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Names and values, `{"id": {"orig_h": …}}` as `id.orig_h`."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", item) for inner, item in _flat(value))
        else:
            yield name, value


def _text(value: Json) -> Value:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int():
            return str(value)
        case float():
            return repr(value)
        case list():
            return [text for item in value if (text := _scalar(item))]
        case dict():
            return json.dumps(value, ensure_ascii=False)


def _scalar(value: Json) -> str:
    text = _text(value)
    return text if isinstance(text, str) else ",".join(text)
