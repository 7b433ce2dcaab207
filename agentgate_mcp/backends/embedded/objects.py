"""Knowledge objects of the embedded backend: seeded from data, changed under permits, undoable.

Every change is one transaction: the object, its record for rollback, the new generation and the
effect journal stand together or not at all.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, assert_never

from agentgate_mcp.backends.embedded import journal
from agentgate_mcp.backends.embedded.change import created, disabled, modified, resolve
from agentgate_mcp.backends.embedded.files import Record, validated
from agentgate_mcp.backends.embedded.knowledge import MAX_OBJECT, decode, encode, fingerprint, read_objects
from agentgate_mcp.backends.embedded.sqlite import Cell, Database
from agentgate_mcp.canonical import canonical_bytes, digest, loads_strict
from agentgate_mcp.effects import Effects, change_to_json
from agentgate_mcp.errors import ArgumentError, BackendError, NotFoundError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import ChangeRecord, KnowledgeObject, ObjectChange, ObjectKind
from agentgate_mcp.permits import Permit, PermitBook

_CHANGE_COLUMNS = "change_id, call_id, at, change, before, after, rolled_back"


class _StoredChange(Record):
    action: Literal["create", "modify", "disable", "delete"]
    kind: ObjectKind
    name: str
    app: str
    content: dict[str, Json]


class KnowledgeStore:
    """Implements KnowledgePort over the state database. Thread-safe."""

    def __init__(self, database: Database, data_dir: Path, book: PermitBook) -> None:
        self._database = database
        self._book = book
        self._lock = threading.Lock()
        self._cached: tuple[int, tuple[KnowledgeObject, ...]] = (0, ())
        self._seed(data_dir)

    def generation(self) -> int:
        """Grows with every change, whichever process made it."""
        return int(self._database.about("generation") or 0)

    def objects(self) -> Sequence[KnowledgeObject]:
        """All objects, by kind, app and name."""
        with self._lock:
            if self._cached[0] != self.generation():
                # One statement, so that objects and generation are of one moment.
                found = self._database.rows(
                    "SELECT a.value, o.body FROM about a LEFT JOIN objects o WHERE a.name = 'generation' "
                    "ORDER BY o.kind, o.app, o.name"
                )
                objects = tuple(decode(str(body)) for _, body in found if body is not None)
                self._cached = (int(found[0][0]) if found else 0, objects)
            return self._cached[1]

    def apply(self, changes: Sequence[ObjectChange], *, permit: Permit, at: float) -> Sequence[ChangeRecord]:
        """Executes all changes or none; a later change sees what an earlier one did.

        Raises: PermitError, NotFoundError, ArgumentError, BackendError. The permit is used up
        even when a change is refused."""
        held = journal.spend(self._book, permit, digest(Effects(changes=tuple(changes)).to_json()))
        if not changes:
            raise ArgumentError("changes", "at least one change", "none")
        with self._database.transaction():
            records = [self._execute(change, held, at) for change in changes]
            self._bump()
        return tuple(records)

    def changes(self) -> Sequence[ChangeRecord]:
        """Every change ever executed, oldest first."""
        found = self._database.rows(f"SELECT {_CHANGE_COLUMNS} FROM changes ORDER BY seq")  # noqa: S608
        return tuple(_record(row) for row in found)

    def rollback(self, change_id: str, *, permit: Permit, at: float) -> ChangeRecord:
        """Puts the object back exactly as it was before the change; an object that the change
        created goes away.

        Raises: PermitError; NotFoundError for an unknown change; ArgumentError when it was
        rolled back before, or when the object was changed since (undo the later change first)."""
        held = journal.spend(self._book, permit, digest(["rollback", change_id]))
        with self._database.transaction():
            record = self._change(change_id)
            if record.rolled_back:
                raise ArgumentError("change_id", "a change that is in force", f"{change_id}, rolled back before")
            current = self._current(record)
            if current != record.after:
                raise ArgumentError("change_id", "the latest change of its object", self._conflict(record))
            if record.after is not None:
                self._delete(record.after)
            if record.before is not None:
                self._put(record.before)
            self._database.run("UPDATE changes SET rolled_back = 1 WHERE change_id = ?", (change_id,))
            journal.write(self._database, held, f"rollback:{change_id}", at)
            self._bump()
        return replace(record, rolled_back=True)

    # --- inside a transaction ------------------------------------------------------------------

    def _execute(self, change: ObjectChange, permit: Permit, at: float) -> ChangeRecord:
        same_name = self._named(change.kind, change.name)
        before = None if change.action == "create" else resolve(change, same_name, self._names(change.kind))
        after = self._after(change, before, same_name, at)
        if before is not None:
            self._delete(before)
        if after is not None:
            self._put(after)
        record = ChangeRecord(
            change_id=f"chg-{secrets.token_hex(6)}",
            call_id=permit.call_id,
            at=at,
            change=change,
            before=before,
            after=after,
        )
        self._database.run(
            "INSERT INTO changes (change_id, call_id, at, change, before, after) VALUES (?, ?, ?, ?, ?, ?)",
            (record.change_id, record.call_id, at, canonical_bytes(change_to_json(change)).decode(),
             None if before is None else encode(before), None if after is None else encode(after)),
        )  # fmt: skip
        journal.write(self._database, permit, f"{change.action}:{change.target}", at)
        return record

    @staticmethod
    def _after(
        change: ObjectChange, before: KnowledgeObject | None, same_name: Sequence[KnowledgeObject], at: float
    ) -> KnowledgeObject | None:
        if change.action == "create":
            return created(change, same_name, at)
        if before is None:
            raise BackendError(f"{change.action} of {change.target} found no object to start from")
        match change.action:
            case "modify":
                return modified(before, change, at)
            case "disable":
                return disabled(before, at)
            case "delete":
                return None
            case _:
                assert_never(change.action)

    def _named(self, kind: str, name: str) -> list[KnowledgeObject]:
        found = self._database.rows("SELECT body FROM objects WHERE kind = ? AND name = ? ORDER BY app", (kind, name))
        return [decode(body) for (body,) in found]

    def _names(self, kind: str) -> list[str]:
        return [str(name) for (name,) in self._database.rows("SELECT name FROM objects WHERE kind = ?", (kind,))]

    def _put(self, item: KnowledgeObject) -> None:
        body = encode(item)
        if len(body) > MAX_OBJECT:
            raise ArgumentError("settings", f"an object of at most {MAX_OBJECT} bytes", f"{len(body)} bytes")
        self._database.run("INSERT INTO objects VALUES (?, ?, ?, ?)", (item.kind, item.app, item.name, body))

    def _delete(self, item: KnowledgeObject) -> None:
        self._database.run(
            "DELETE FROM objects WHERE kind = ? AND app = ? AND name = ?", (item.kind, item.app, item.name)
        )

    def _change(self, change_id: str) -> ChangeRecord:
        found = self._database.one(f"SELECT {_CHANGE_COLUMNS} FROM changes WHERE change_id = ?", (change_id,))  # noqa: S608
        if found is None:
            recent = self._database.rows(
                "SELECT change_id FROM changes WHERE rolled_back = 0 ORDER BY seq DESC LIMIT 3"
            )
            raise NotFoundError("change", change_id, tuple(str(c) for (c,) in recent))
        return _record(found)

    def _current(self, record: ChangeRecord) -> KnowledgeObject | None:
        item = record.after or record.before
        if item is None:
            raise BackendError(f"change {record.change_id} holds neither a before nor an after")
        return next((o for o in self._named(item.kind, item.name) if o.app == item.app), None)

    def _conflict(self, record: ChangeRecord) -> str:
        target = record.change.target
        later = [
            c.change_id for c in self.changes() if c.change.target == target and not c.rolled_back and c.at >= record.at
        ]
        names = ", ".join(i for i in later if i != record.change_id)
        return f"{record.change_id}; {target} was changed since by {names or 'another change'}"

    def _bump(self) -> None:
        self._database.set_about("generation", str(self.generation() + 1))

    def _seed(self, data_dir: Path) -> None:
        """Takes over the data files on first use, and again when they changed and nobody has
        changed an object meanwhile."""
        files = fingerprint(data_dir)
        if self._database.about("knowledge_seed") == files:
            return
        seeds = read_objects(data_dir)
        with self._database.transaction():
            known = self._database.about("knowledge_seed")
            touched: tuple[Cell, ...] | None = self._database.one("SELECT 1 FROM changes LIMIT 1")
            if known == files or (known and touched):
                return
            self._database.run("DELETE FROM objects")
            for item in seeds:
                self._put(item)
            self._database.set_about("knowledge_seed", files)
            self._bump()


def _record(row: tuple[object, ...]) -> ChangeRecord:
    change_id, call_id, at, change, before, after, rolled_back = row
    stored = validated(_StoredChange, loads_strict(str(change), max_bytes=MAX_OBJECT), "state database")
    return ChangeRecord(
        change_id=str(change_id),
        call_id=str(call_id),
        at=at if isinstance(at, float) else 0.0,
        change=ObjectChange(
            action=stored.action, kind=stored.kind, name=stored.name, app=stored.app, content=stored.content
        ),
        before=None if before is None else decode(str(before)),
        after=None if after is None else decode(str(after)),
        rolled_back=bool(rolled_back),
    )
