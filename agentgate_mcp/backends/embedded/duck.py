"""The one door to DuckDB. The library is imported on first use: cold start does not pay for it.

A store is opened read-only with no way out of its file: no external access, no extension, and a
configuration that the SQL itself cannot change.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol, cast

from agentgate_mcp.errors import BackendError, DataError

Scalar = str | int | float | bool | None
Record = tuple[Any, ...]

_NO_EXTENSIONS: Final[dict[str, str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
_SEALED: Final[dict[str, str]] = {
    **_NO_EXTENSIONS,
    "enable_external_access": "false",
    "memory_limit": "1500MB",
    # It mixes up columns where a window is partitioned by the result of another (seen in 2.0.0).
    "disabled_optimizers": "top_n_window_elimination",
    "lock_configuration": "true",
}


class QueryInterrupted(BackendError):
    """The query was stopped from outside: out of time, or cancelled."""

    code = "backend_interrupted"


class _Cursor(Protocol):
    def execute(self, query: str, parameters: object = ...) -> object: ...
    def fetchall(self) -> list[Record]: ...
    def fetchmany(self, size: int = ...) -> list[Record]: ...
    def interrupt(self) -> None: ...
    def cursor(self) -> _Cursor: ...
    def close(self) -> None: ...


def _library() -> ModuleType:
    import duckdb

    return duckdb


def _connect(path: Path, *, read_only: bool, config: Mapping[str, str]) -> _Cursor:
    duckdb = _library()
    try:
        return cast(_Cursor, duckdb.connect(str(path), read_only=read_only, config=dict(config)))
    except duckdb.Error as error:
        raise DataError(path.name, "file", f"expected a telemetry store, got {_what(error)}") from None


def _what(error: Exception) -> str:
    # Only the kind: the library's own messages repeat file names, statements and values.
    return type(error).__name__


class Query:
    """One connection for one thread at a time; `interrupt` may come from any thread."""

    def __init__(self, raw: _Cursor) -> None:
        self._raw = raw

    def rows(self, sql: str, parameters: Mapping[str, Scalar] | None = None) -> list[Record]:
        """All rows. Raises: QueryInterrupted, BackendError."""
        return [row for batch in self.batches(sql, parameters, size=10_000) for row in batch]

    def batches(self, sql: str, parameters: Mapping[str, Scalar] | None = None, *, size: int) -> Iterator[list[Record]]:
        """Rows as they come, at most ``size`` at a time. Raises: QueryInterrupted, BackendError."""
        duckdb = _library()
        try:
            self._raw.execute(sql, dict(parameters or {}))
            while batch := self._raw.fetchmany(size):
                yield batch
        except duckdb.InterruptException:
            raise QueryInterrupted("the search was stopped before it finished") from None
        except duckdb.OutOfMemoryException:
            raise BackendError("the search needs more memory than the engine may use; narrow it") from None
        except duckdb.Error as error:
            if "expression depth" in str(error):
                raise BackendError(
                    "an expression is nested too deeply for the engine; take it in several steps"
                ) from None
            raise BackendError(f"the embedded engine failed: {_what(error)}") from error

    def keep(self, name: str, sql: str, parameters: Mapping[str, Scalar] | None = None) -> None:
        """Stores a SELECT's rows, in their order, as a table of this connection alone.

        It lives in memory and goes with the connection. Raises: QueryInterrupted, BackendError."""
        assert name.isidentifier()
        self.rows(f"CREATE TEMP TABLE {name} AS {sql}", parameters)

    def interrupt(self) -> None:
        self._raw.interrupt()

    def close(self) -> None:
        self._raw.close()


class ReadOnlyStore:
    """A sealed store file. Thread-safe: each caller takes a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._root = _connect(path, read_only=True, config=_SEALED)

    def query(self) -> Query:
        return Query(self._root.cursor())

    def close(self) -> None:
        self._root.close()


def build_store(path: Path, statements: Sequence[tuple[str, Mapping[str, Scalar]]]) -> None:
    """Writes a new store beside ``path`` and renames it into place when it is complete.

    Readers of an earlier file of that name keep theirs; two builders at once are both right.
    Raises: DataError, BackendError; ``path`` is then as it was."""
    duckdb = _library()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
    raw = _connect(draft, read_only=False, config=_NO_EXTENSIONS)
    try:
        for sql, parameters in statements:
            raw.execute(sql, dict(parameters))
        raw.close()
        draft.replace(path)
    except duckdb.Error as error:
        raise BackendError(f"the telemetry store could not be written: {_what(error)}") from error
    finally:
        with suppress(duckdb.Error):
            raw.close()
        for leftover in (draft, draft.with_name(f"{draft.name}.wal")):
            leftover.unlink(missing_ok=True)
