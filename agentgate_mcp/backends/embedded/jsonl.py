"""Telemetry files: one event per JSON line, every line checked before anything is kept."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn, cast

from agentgate_mcp.backends.embedded.schema import MULTIVALUE, REQUIRED
from agentgate_mcp.backends.embedded.staging import Value
from agentgate_mcp.errors import DataError

MAX_LINE: Final = 1_048_576


def read_events(path: Path, label: str) -> Iterator[tuple[int, float, dict[str, Value]]]:
    """(line number, time, fields) of each event of one file; ``label`` names it in errors.

    Empty values are left out, as absent. Raises: DataError naming the line and the field."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            where = f"line {number}"
            if len(raw) > MAX_LINE:
                raise DataError(label, where, f"expected at most {MAX_LINE} bytes, got {len(raw)}")
            if not raw.strip():
                raise DataError(label, where, "expected an event, got an empty line")
            at, fields = _event(_object(raw, label, where), label, where)
            yield number, at, fields
            if not raw.endswith(b"\n"):
                raise DataError(label, where, "expected a newline at the end: the file is cut off")


def _object(raw: bytes, label: str, where: str) -> dict[str, object]:
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise DataError(
            label, where, f"expected a JSON object, got {error.msg.lower()} at column {error.colno}"
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(label, where, f"expected UTF-8 at byte {error.start}") from None
    except _Repeated as error:
        raise DataError(label, where, f"expected each field once, got {error.name!a} twice") from None
    except (ValueError, RecursionError):
        raise DataError(label, where, "expected finite numbers and shallow nesting") from None
    if not isinstance(value, dict):
        raise DataError(label, where, f"expected a JSON object, got {type(value).__name__}")
    return cast("dict[str, object]", value)


class _Repeated(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name[:40]


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Repeated(name)
            seen.add(name)
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _event(record: dict[str, object], label: str, where: str) -> tuple[float, dict[str, Value]]:
    at = record.pop("_time", None)
    if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at):
        raise DataError(label, where, f"_time: expected epoch seconds, got {type(at).__name__}")
    fields: dict[str, Value] = {}
    for name, value in record.items():
        if not name or (name[0] == "_" and name != "_raw"):
            raise DataError(label, where, f"{name[:40]!a}: expected a field name without an underscore in front")
        if isinstance(value, str):
            if value:
                fields[name] = value
        elif name in MULTIVALUE and (texts := _texts(value)) is not None:
            if texts:
                fields[name] = texts
        else:
            raise DataError(label, where, f"{name[:40]!a}: expected text, got {type(value).__name__}")
    for name in REQUIRED[1:]:
        if name not in fields:
            raise DataError(label, where, f"{name}: expected a value, got none")
    return float(at), fields


def _texts(value: object) -> list[str] | None:
    if not isinstance(value, list):
        return None
    items = cast("list[object]", value)
    texts = [item for item in items if isinstance(item, str)]
    return texts if len(texts) == len(items) else None
