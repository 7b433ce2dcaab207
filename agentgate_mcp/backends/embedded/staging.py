"""Building a telemetry store: events are staged as JSON lines, then loaded in one statement.

The store file appears complete or not at all. Events are kept in time order, so that a time
range reads few blocks; events of one time keep the order in which they were added.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO

from agentgate_mcp.backends.embedded.duck import Scalar, build_store
from agentgate_mcp.backends.embedded.schema import (
    EVENT_FIELDS,
    EXTRA,
    MADE,
    METADATA,
    MORE,
    MULTIVALUE,
    SEQ,
    STORE_VERSION,
    column_type,
)

Value = str | list[str]

STALE_S: Final = 3600
_KNOWN: Final = frozenset(EVENT_FIELDS)
_STAGED: Final = {
    **{name: column_type(name) for name in EVENT_FIELDS},
    EXTRA: "MAP(VARCHAR, VARCHAR)",
    MORE: "VARCHAR",
    MADE: "BOOLEAN",
    "_n": "BIGINT",
}
_EXTRA_FIELDS: Final = (
    f"CREATE TABLE extra_fields AS SELECT DISTINCT unnest(map_keys({EXTRA})) AS name FROM events ORDER BY name"  # noqa: S608
)


def _load_sql() -> str:
    # Every name in this text is a constant of schema.py; the file name is a bound parameter.
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in _STAGED.items())
    names = ", ".join(f'"{name}"' for name in (*EVENT_FIELDS, EXTRA, MORE, MADE) if name != "event_id")
    return (
        f'CREATE TABLE events AS SELECT row_number() OVER (ORDER BY _time, _n) AS "{SEQ}", '  # noqa: S608
        "CASE WHEN occurrence = 1 THEN event_id ELSE event_id || '#' || occurrence END AS event_id, "
        f"{names} FROM (SELECT *, row_number() OVER (PARTITION BY event_id ORDER BY _n) AS occurrence "
        f"FROM read_json($file, format = 'newline_delimited', columns = {{{types}}})) ORDER BY 1"
    )


class Staging:
    """Collects events for one new store. Use as a context manager; `build` ends it."""

    def __init__(self, target: Path) -> None:
        self._target = target
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent, f".{target.name}.*")
        self._path = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}.jsonl")
        self._file: TextIO = self._path.open("x", encoding="utf-8", newline="\n")
        self.count = 0

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def add(self, at: float, fields: Mapping[str, Value]) -> None:
        """One event; ``at`` is epoch seconds. Values are not empty. An `event_id` that came
        before gets `#2`, `#3`, … behind it. Raises: UnicodeEncodeError for a lone surrogate."""
        self.count += 1
        record: dict[str, object] = {"_n": self.count, "_time": at}
        extra: dict[str, str] = {}
        for name, value in fields.items():
            if name in _KNOWN:
                record[name] = [value] if name in MULTIVALUE and isinstance(value, str) else value
            else:
                extra[name] = value if isinstance(value, str) else "\n".join(value)
        if extra:
            record[EXTRA] = extra
        raw = fields.get("_raw")
        if not isinstance(raw, str):
            record["_raw"] = _raw_of(fields)
            record[MADE] = True
        elif more := _missing_from(raw, fields):
            record[MORE] = more
        self._file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def build(self, origin: str) -> None:
        """Writes the store and moves it into place. ``origin`` says in it what it was built from.

        Raises: BackendError; an earlier store of that name is then untouched."""
        self._file.close()
        nothing: dict[str, Scalar] = {}
        build_store(
            self._target,
            [
                (_load_sql(), {"file": str(self._path)}),
                ("CREATE TABLE about (name VARCHAR PRIMARY KEY, value VARCHAR)", nothing),
                ("INSERT INTO about VALUES ('version', $version)", {"version": str(STORE_VERSION)}),
                ("INSERT INTO about VALUES ('origin', $origin)", {"origin": origin}),
                (_EXTRA_FIELDS, nothing),
            ],
        )


def sweep(folder: Path, pattern: str) -> None:
    """Removes drafts that a killed process left behind; one that is being written is younger."""
    for path in folder.glob(pattern):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_S:
                path.unlink()


def _raw_of(fields: Mapping[str, Value]) -> str:
    """A readable line for an event that came without one."""
    parts: list[str] = []
    for name, value in fields.items():
        if name not in METADATA:
            text = value if isinstance(value, str) else ",".join(value)
            parts.append(f'{name}="{text}"')
    return " ".join(parts)


def _missing_from(raw: str, fields: Mapping[str, Value]) -> str:
    missing: list[str] = []
    for name, value in fields.items():
        if name in METADATA:
            continue
        if not isinstance(value, str):
            missing.extend(text for text in value if text not in raw)
        elif value not in raw:
            missing.append(value)
    return "\n".join(missing)
