"""The ledger's file: the one adapter of apsw in the ledger.

A store is one connection. Where the connection comes from is the caller's affair (a factory),
so that a test can put a failing disk or a power cut under the very code that ships.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeAlias, cast

import apsw

from agentgate_mcp.canonical import loads_canonical
from agentgate_mcp.errors import CanonicalError, LedgerError, LedgerFullError
from agentgate_mcp.ledger.chain import GENESIS, Head, link_of, payload_hash_of
from agentgate_mcp.ledger.entries import EntryKind, LedgerEntry
from agentgate_mcp.ledger.schema import APPLICATION_ID, SCHEMA, VERSION

Cell: TypeAlias = "str | int | float | bytes | None"
BUSY_TIMEOUT_MS = 5_000
_OPEN_ATTEMPTS = 20
_OPEN_PAUSE_S = 0.05


class Cursor(Protocol):
    """The part of apsw's cursor that is used here."""

    def fetchall(self) -> list[tuple[Cell, ...]]: ...
    def __iter__(self) -> Iterator[tuple[Cell, ...]]: ...


class Connection(Protocol):
    """The part of apsw's connection that is used here."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, statements: str, bindings: Sequence[Cell] | None = None, /) -> Cursor: ...
    def changes(self) -> int: ...
    def set_busy_timeout(self, milliseconds: int, /) -> None: ...
    def close(self, force: bool = False, /) -> None: ...


Factory: TypeAlias = Callable[[], Connection]

_COLUMNS = "seq, kind, at, clock, principal, call_id, payload, payload_hash, previous, link"


@contextmanager
def as_ledger_error(doing: str) -> Generator[None]:
    """Turns what SQLite or the disk says into a LedgerError that names what was being done."""
    try:
        yield
    except apsw.FullError:
        raise LedgerFullError(f"{doing}: expected room on the disk, got none") from None
    except apsw.BusyError:
        raise LedgerError(f"{doing}: expected the lock within {BUSY_TIMEOUT_MS} ms, got none") from None
    except (apsw.NotADBError, apsw.CorruptError):
        raise LedgerError(f"{doing}: expected a ledger, got a file that is none or is damaged") from None
    except apsw.Error as error:
        raise LedgerError(f"{doing}: {type(error).__name__}") from error
    except OSError as error:
        raise LedgerError(f"{doing}: {os.strerror(error.errno or 0)}") from error


def file_factory(path: Path) -> Factory:
    """Connections to the ledger at ``path``; the file is made for its owner alone (0600)."""

    def connect() -> Connection:
        with as_ledger_error("opening the ledger"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
            path.chmod(0o600)  # SQLite gives the WAL the mode of the file
            return cast(Connection, apsw.Connection(str(path)))

    return connect


class Store:
    """One configured connection. Not for use by two threads at once."""

    def __init__(self, factory: Factory) -> None:
        """Raises: LedgerError when the file cannot be opened or is not a ledger of this version."""
        self._db = factory()
        try:
            with as_ledger_error("opening the ledger"):
                self._configure()
                self._migrate()
        except LedgerError:
            self.close()
            raise

    def _configure(self) -> None:
        self._db.set_busy_timeout(BUSY_TIMEOUT_MS)
        self._version()  # before anything is written to what may be another program's file
        mode = self._write_ahead()
        if mode != "wal":
            raise LedgerError(f"opening the ledger: expected journal mode wal, got {mode}")
        self._pragma("synchronous=full")
        self._pragma("trusted_schema=off")

    def _write_ahead(self) -> Cell:
        for _ in range(_OPEN_ATTEMPTS):
            try:
                return self._pragma("journal_mode=wal")
            except apsw.BusyError:
                # SQLite does not wait when two processes turn a new file to WAL at once.
                time.sleep(_OPEN_PAUSE_S)
        return self._pragma("journal_mode=wal")

    def _migrate(self) -> None:
        if self._version() == VERSION:
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if self._version() == 0:
                self._db.execute(SCHEMA)
                self._pragma(f"application_id={APPLICATION_ID}")
                self._pragma(f"user_version={VERSION}")
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _version(self) -> int:
        """`VERSION`, or 0 for an empty file. Raises: LedgerError for any other."""
        # One statement, so that a schema being made by another process is seen whole or not at all.
        rows = self._rows(
            "SELECT (SELECT user_version FROM pragma_user_version),"
            " (SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_schema)"
        )
        version, application, tables = rows[0]
        if (version, application) == (VERSION, APPLICATION_ID):
            return VERSION
        if application == APPLICATION_ID:
            raise LedgerError(f"opening the ledger: expected schema version {VERSION}, got {version}")
        if version or application or tables:
            raise LedgerError("opening the ledger: expected a ledger, got another program's file")
        return 0

    def _pragma(self, what: str) -> Cell:
        rows = self._rows(f"PRAGMA {what}")
        return rows[0][0] if rows else None

    def close(self) -> None:
        """Closes the connection, whatever state it is in; an open transaction is rolled back."""
        with suppress(apsw.Error):  # what was acknowledged is durable already
            self._db.close(True)

    # --- transactions ---

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def begin(self, *, write: bool) -> None:
        """Takes the write lock at once, or a snapshot for reading. Raises: LedgerError."""
        with as_ledger_error("locking the ledger"):
            self._db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            if not write:
                self._rows("SELECT 1 FROM entry LIMIT 1")  # a deferred snapshot is taken by its first read

    def commit(self) -> None:
        """Returns when everything since `begin` is on the disk. Raises: LedgerError."""
        with as_ledger_error("making the record durable"):
            self._db.execute("COMMIT")

    def rollback(self) -> None:
        with as_ledger_error("rolling back"):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def savepoint(self) -> None:
        with as_ledger_error("writing the record"):
            self._db.execute("SAVEPOINT job")

    def release(self, *, undo: bool) -> None:
        with as_ledger_error("writing the record"):
            if undo:
                self._db.execute("ROLLBACK TO job")
            self._db.execute("RELEASE job")

    # --- statements ---

    def rows(self, sql: str, bindings: Sequence[Cell] = ()) -> list[tuple[Cell, ...]]:
        """All rows of one query. Raises: LedgerError."""
        with as_ledger_error("reading the ledger"):
            return self._rows(sql, bindings)

    def stream(self, sql: str, bindings: Sequence[Cell] = ()) -> Iterator[tuple[Cell, ...]]:
        """Rows of one query, as they are read. Raises: LedgerError."""
        with as_ledger_error("reading the ledger"):
            yield from self._db.execute(sql, tuple(bindings))

    def write(self, sql: str, bindings: Sequence[Cell]) -> int:
        """Executes one statement; the number of rows it changed. Raises: LedgerError."""
        with as_ledger_error("writing the record"):
            self._db.execute(sql, tuple(bindings))
            return self._db.changes()

    def _rows(self, sql: str, bindings: Sequence[Cell] = ()) -> list[tuple[Cell, ...]]:
        return self._db.execute(sql, tuple(bindings)).fetchall()

    # --- entries ---

    def head(self) -> Head:
        """The end of the chain, proved by its own fields. Raises: LedgerError when it does not hold."""
        rows = self.rows(f"SELECT {_COLUMNS} FROM entry ORDER BY seq DESC LIMIT 1")  # noqa: S608
        if not rows:
            return Head()
        problem = broken(rows[0])
        if problem:
            raise LedgerError(f"the last record does not verify ({problem}); run `ledger verify`")
        return Head(seq=cast(int, rows[0][0]), at=cast(float, rows[0][2]), link=cast(str, rows[0][9]))

    def last_seq(self) -> int:
        return cast(int, self.rows("SELECT coalesce(max(seq), 0) FROM entry")[0][0])

    def seq_before(self, at: float) -> int:
        """The last sequence whose time is before ``at``; times never go back, so halving finds it."""
        low, high = 0, self.last_seq()
        while low < high:
            middle = (low + high + 1) // 2
            rows = self.rows("SELECT at FROM entry WHERE seq = ?", (middle,))
            if rows and cast(float, rows[0][0]) < at:
                low = middle
            else:
                high = middle - 1
        return low

    def finding_ids(self, status: str | None, limit: int) -> tuple[str, ...]:
        """Ids of findings, oldest first, as their index has them."""
        where = "1" if status is None else "status = ?"
        sql = f"SELECT finding_id FROM finding WHERE {where} ORDER BY opened_seq LIMIT ?"  # noqa: S608
        rows = self.rows(sql, (limit,) if status is None else (status, limit))
        return tuple(cast(str, row[0]) for row in rows)

    def newest_findings(self, status: str | None, now: float, limit: int) -> tuple[str, ...]:
        """Ids of the newest findings that are ``status`` at ``now`` (any if None), oldest first.
        What is past its time counts as expired, also where that is not recorded yet."""
        match status:
            case None:
                where, bindings = "true", ()
            case "pending" | "approved":
                where, bindings = "status = ? AND expires_at > ?", (status, now)
            case "expired":
                where = "status = 'expired' OR status IN ('pending', 'approved') AND expires_at <= ?"
                bindings = (now,)
            case _:
                where, bindings = "status = ?", (status,)
        sql = f"SELECT finding_id FROM finding WHERE {where} ORDER BY opened_seq DESC LIMIT ?"  # noqa: S608
        rows = self.rows(sql, (*bindings, limit))
        return tuple(cast(str, row[0]) for row in reversed(rows))

    def insert(self, entry: LedgerEntry, text: str, tag: str) -> None:
        """Adds a sealed record. ``text`` is its canonical payload, ``tag`` what it is looked up by."""
        self.write(
            f"INSERT INTO entry({_COLUMNS}, tag) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
            (
                entry.seq, entry.kind.value, entry.at, entry.clock, entry.principal, entry.call_id,
                text, entry.payload_hash, entry.previous, entry.link, tag,
            ),
        )  # fmt: skip

    def page(self, where: str, bindings: Sequence[Cell], after: int, limit: int) -> list[LedgerEntry]:
        """Up to ``limit`` records after sequence ``after`` for which ``where`` holds, in order."""
        sql = f"SELECT {_COLUMNS} FROM entry WHERE {where} AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
        return [to_entry(row) for row in self.rows(sql, (*bindings, after, limit))]

    def payloads(self, where: str, bindings: Sequence[Cell], after: int, limit: int) -> list[tuple[int, str]]:
        """`page`, but of each record its sequence and the text of its payload only."""
        sql = f"SELECT seq, payload FROM entry WHERE {where} AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
        return [(cast(int, seq), cast(str, text)) for seq, text in self.rows(sql, (*bindings, after, limit))]

    def raw(self, upto: int) -> Iterator[tuple[Cell, ...]]:
        """Every record up to ``upto`` as it is stored, with its tag last."""
        return self.stream(f"SELECT {_COLUMNS}, tag FROM entry WHERE seq <= ? ORDER BY seq", (upto,))  # noqa: S608


def to_entry(row: Sequence[Cell]) -> LedgerEntry:
    """A stored row as a record. Raises: LedgerError when it is not one."""
    try:
        seq, kind, at, clock, principal, call_id, payload, payload_hash, previous, link = row[:10]
        parsed = loads_canonical(cast(str, payload))
        if not isinstance(parsed, dict):
            raise LedgerError(f"record {seq!r}: expected an object as payload")
        return LedgerEntry(
            seq=cast(int, seq),
            kind=EntryKind(cast(str, kind)),
            at=cast(float, at),
            clock=cast(float, clock),
            principal=cast(str, principal),
            call_id=cast(str, call_id),
            payload_hash=cast(str, payload_hash),
            payload=parsed,
            previous=cast(str, previous),
            link=cast(str, link),
        )
    except (CanonicalError, ValueError, TypeError) as error:
        raise LedgerError(f"record {row[0]!r}: cannot be read ({type(error).__name__}); run `ledger verify`") from None


def broken(row: Sequence[Cell]) -> str:
    """What does not hold of one stored row by itself; empty when all does."""
    match row[:10]:
        case (
            int(seq), str(kind), int() | float() as at, int() | float() as clock, str(principal), str(call_id),
            str(payload), str(payload_hash), str(previous), str(link),
        ):  # fmt: skip
            pass
        case _:
            return "a field has another type"
    if kind not in _KINDS:
        return "its kind is unknown"
    if payload_hash_of(payload) != payload_hash:
        return "its payload was changed"
    try:
        expected = link_of(
            previous, seq=seq, kind=kind, at=at, clock=clock, principal=principal, call_id=call_id,
            payload_hash=payload_hash,
        )  # fmt: skip
    except ValueError:
        return "its previous link is no hash"
    if expected != link:
        return "its link does not match its fields"
    if seq == 1 and previous != GENESIS:
        return "it is the first but names a predecessor"
    return ""


_KINDS = frozenset(k.value for k in EntryKind)
