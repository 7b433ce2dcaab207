"""The one door to SQLite: the mutable state of the embedded backend, shared by all processes.

Write-ahead log with synchronous=FULL: what a transaction has committed survives a power cut.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar, cast

import apsw

from agentgate_mcp.errors import BackendError, DataError

Cell = str | int | float | bytes | None
BUSY_TIMEOUT_MS: Final = 10_000
T = TypeVar("T")

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
  kind TEXT NOT NULL, app TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (kind, app, name)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, change_id TEXT NOT NULL UNIQUE, call_id TEXT NOT NULL,
  at REAL NOT NULL, change TEXT NOT NULL, before TEXT, after TEXT, rolled_back INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS effects (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, call_id TEXT NOT NULL, intent_seq INTEGER NOT NULL,
  what TEXT NOT NULL, at REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS receipts (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, action_id TEXT NOT NULL UNIQUE, case_id TEXT NOT NULL,
  call_id TEXT NOT NULL, action TEXT NOT NULL, identity TEXT NOT NULL, simulate INTEGER NOT NULL,
  status TEXT NOT NULL, at REAL NOT NULL, expires_at REAL, body TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS receipts_in_force ON receipts (action, identity, simulate);
CREATE TABLE IF NOT EXISTS reports (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL, call_id TEXT NOT NULL,
  at REAL NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS reports_of_case ON reports (case_id, seq);
"""


class _Connection(Protocol):
    in_transaction: bool

    def set_busy_timeout(self, milliseconds: int, /) -> None: ...
    def execute(self, statements: str, bindings: Sequence[Cell] = ...) -> Iterable[tuple[Any, ...]]: ...
    def close(self) -> None: ...


class Database:
    """One connection, one thread at a time; other processes see committed transactions only."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = cast(_Connection, apsw.Connection(str(path)))
            self._connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            self._use_write_ahead_log()
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute(_TABLES)
        except apsw.Error as error:
            raise DataError(path.name, "file", f"expected a state database, got {type(error).__name__}") from None

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Everything inside is committed together or not at all. Raises: BackendError."""
        with self._lock:
            self.run("BEGIN IMMEDIATE")
            try:
                yield
                self.run("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def rows(self, sql: str, parameters: Sequence[Cell] = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement. Raises: BackendError."""
        with self._lock:
            return _guarded(lambda: list(self._connection.execute(sql, tuple(parameters))))

    def one(self, sql: str, parameters: Sequence[Cell] = ()) -> tuple[Any, ...] | None:
        """The first row, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def run(self, sql: str, parameters: Sequence[Cell] = ()) -> None:
        """A statement without rows. Raises: BackendError."""
        self.rows(sql, parameters)

    def about(self, name: str) -> str:
        """A named value of this database, or an empty string."""
        found = self.one("SELECT value FROM about WHERE name = ?", (name,))
        return str(found[0]) if found else ""

    def set_about(self, name: str, value: str) -> None:
        self.run("INSERT INTO about VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _use_write_ahead_log(self) -> None:
        # SQLite does not wait for the busy time-out when two processes switch a new file at once.
        deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
        while True:
            try:
                ((mode,),) = self._connection.execute("PRAGMA journal_mode = wal")
            except apsw.BusyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
                continue
            if mode != "wal":
                raise BackendError("the state directory does not support write-ahead logging; expected a local disk")
            return


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except apsw.BusyError:
        raise BackendError("the state database is held by another process; expected it free within 10 s") from None
    except apsw.Error as error:
        raise BackendError(f"the state database failed: {type(error).__name__}") from error
