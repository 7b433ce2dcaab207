"""One transaction of the ledger: what a job may do between the lock and the commit.

The rules that need the whole record are kept here, where nobody else can write: an outcome has
an open intent, a call has one intent, a finding goes only where it can go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from agentgate_mcp.errors import GateError, LedgerError
from agentgate_mcp.ledger import findings
from agentgate_mcp.ledger.chain import Head, Prepared, seal
from agentgate_mcp.ledger.codec import integer, mapping, text
from agentgate_mcp.ledger.entries import EntryKind, LedgerEntry, Owner
from agentgate_mcp.ledger.findings import FINDING_KINDS, FindingRecord
from agentgate_mcp.ledger.query import Query, matching, page
from agentgate_mcp.ledger.schema import tag_of
from agentgate_mcp.ledger.store import Store
from agentgate_mcp.model.call import Json

ALL = "*"
"""Stands for every principal in a freeze."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIntent:
    """An intent that has no outcome. ``effects`` is True when a lost outcome may hide one."""

    call_id: str
    seq: int
    principal: str
    owner: Owner
    effects: bool


class Tx:
    """Reads and appends under the write lock. Good until the job that got it returns."""

    def __init__(self, store: Store, clock: Callable[[], float], prepare: Callable[..., Prepared]) -> None:
        self._store = store
        self._clock = clock
        self._prepare = prepare
        self.head = store.head()

    @property
    def now(self) -> float:
        """Epoch seconds, never before the last record: turning a clock back revives nothing."""
        return max(self.head.at, self._clock())

    def append(self, kind: EntryKind, principal: str, call_id: str, payload: dict[str, Json]) -> LedgerEntry:
        """Adds one record. Raises: LedgerError when the record so far does not admit it."""
        return self.append_prepared(self._prepare(kind, principal, call_id, payload))

    def append_prepared(self, prepared: Prepared) -> LedgerEntry:
        """Adds one record whose canonical form is already made. Raises: LedgerError."""
        entry = seal(prepared, head=self.head, clock=self._clock())
        match entry.kind:
            case EntryKind.INTENT:
                self._open_intent(entry)
            case EntryKind.OUTCOME:
                self._close_intent(entry)
            case EntryKind.REFUSAL:
                # Cancelled between intent and tool: nothing ran. With an effect, only an outcome says so.
                self._store.write("DELETE FROM open_intent WHERE call_id = ? AND effects = 0", (entry.call_id,))
            case EntryKind.SESSION:
                self._move_freeze(entry)
            case _ if entry.kind in FINDING_KINDS:
                self._move_finding(entry)
            case _:
                pass
        self._store.insert(entry, prepared.text, tag_of(entry.kind, entry.payload))
        self.head = Head(seq=entry.seq, at=entry.at, link=entry.link)
        return entry

    def entries(self, query: Query) -> Iterator[LedgerEntry]:
        """Records that match, in order, this transaction's own included."""
        return matching(partial(page, self._store), query)

    def finding(self, finding_id: str) -> FindingRecord | None:
        """The finding as its records tell it, or None. Raises: LedgerError when they contradict."""
        return findings.fold(self.entries(Query(tag=f"finding:{finding_id}")))

    def findings_bound(self, binding_digest: str) -> tuple[str, ...]:
        """Ids of the findings with this binding, oldest first."""
        rows = self._store.rows(
            "SELECT finding_id FROM finding WHERE binding_digest = ? ORDER BY opened_seq", (binding_digest,)
        )
        return tuple(cast(str, row[0]) for row in rows)

    def frozen(self) -> frozenset[str]:
        """Principals whose effects are frozen; `*` when all are."""
        return frozen_targets(self._store)

    def open_intents(self) -> tuple[OpenIntent, ...]:
        return open_intents(self._store)

    # --- what follows from a record ---

    def _open_intent(self, entry: LedgerEntry) -> None:
        if not entry.call_id:
            raise LedgerError("an intent needs the id of its call")
        taken = self._store.rows(
            "SELECT seq FROM entry WHERE call_id = ? AND call_id <> '' AND kind = 'intent' LIMIT 1", (entry.call_id,)
        )
        if taken:
            raise LedgerError(f"call {entry.call_id} already has an intent (record {taken[0][0]})")
        if has_effects(entry) and self.frozen() & {ALL, entry.principal}:
            # Here and not in the gate alone: a freeze stops what was judged just before it (R11).
            raise GateError("effects are frozen by an operator")
        owner = mapping(entry.payload, "owner")
        self._store.write(
            "INSERT INTO open_intent(call_id, seq, principal, boot_id, pid, started, effects) VALUES(?,?,?,?,?,?,?)",
            (
                entry.call_id, entry.seq, entry.principal,
                text(owner, "boot_id"), integer(owner, "pid"), integer(owner, "started"),
                int(has_effects(entry)),
            ),
        )  # fmt: skip

    def _close_intent(self, entry: LedgerEntry) -> None:
        rows = self._store.rows("SELECT seq FROM open_intent WHERE call_id = ?", (entry.call_id,))
        if not rows:
            raise LedgerError(f"call {entry.call_id or '(none)'}: expected an open intent for this outcome, got none")
        named = entry.payload.get("intent_seq")
        if named != rows[0][0]:
            raise LedgerError(f"call {entry.call_id}: expected the outcome of record {rows[0][0]}, got {named!r}")
        self._store.write("DELETE FROM open_intent WHERE call_id = ?", (entry.call_id,))

    def _move_freeze(self, entry: LedgerEntry) -> None:
        match freeze_of(entry):
            case True:
                self._store.write(
                    "INSERT OR REPLACE INTO frozen(target, seq) VALUES(?,?)", (entry.principal, entry.seq)
                )
            case False:
                self._store.write("DELETE FROM frozen WHERE target = ?", (entry.principal,))
            case None:
                pass

    def _move_finding(self, entry: LedgerEntry) -> None:
        finding_id = text(entry.payload, "finding_id")
        record = findings.apply(self.finding(finding_id), entry)
        if record.last_seq == record.opened_seq:
            call = record.finding.call
            self._store.write(
                "INSERT INTO finding(finding_id, status, principal, requester, binding_digest, created_at,"
                " expires_at, opened_seq, last_seq) VALUES(?,?,?,?,?,?,?,?,?)",
                (finding_id, record.finding.status.value, call.principal, call.requester, *_moving(record)),
            )
            return
        self._store.write(
            "UPDATE finding SET status = ?, last_seq = ? WHERE finding_id = ?",
            (record.finding.status.value, record.last_seq, finding_id),
        )


def summary_row(record: FindingRecord) -> tuple[str | float | int, ...]:
    """A finding's row in the index, as its records demand it."""
    finding = record.finding
    return (
        finding.finding_id, finding.status.value, finding.call.principal, finding.call.requester, *_moving(record),
    )  # fmt: skip


def _moving(record: FindingRecord) -> Sequence[str | float | int]:
    finding = record.finding
    return (record.binding_digest, finding.created_at, finding.expires_at, record.opened_seq, record.last_seq)


def has_effects(intent: LedgerEntry) -> bool:
    """True unless the intent says that its call changes nothing."""
    return intent.payload.get("effects") != []


def freeze_of(session: LedgerEntry) -> bool | None:
    """True when the record freezes its principal, False when it thaws it, None for neither."""
    return {"freeze": True, "thaw": False}.get(str(session.payload.get("action")))


def frozen_targets(store: Store) -> frozenset[str]:
    """Principals whose effects are frozen, `*` for all. Raises: LedgerError."""
    return frozenset(cast(str, row[0]) for row in store.rows("SELECT target FROM frozen"))


def open_intents(store: Store) -> tuple[OpenIntent, ...]:
    """Intents without outcome, oldest first. Raises: LedgerError."""
    rows = store.rows("SELECT call_id, seq, principal, boot_id, pid, started, effects FROM open_intent ORDER BY seq")
    return tuple(
        OpenIntent(
            call_id=cast(str, call_id),
            seq=cast(int, seq),
            principal=cast(str, principal),
            owner=Owner(boot_id=cast(str, boot_id), pid=cast(int, pid), started=cast(int, started)),
            effects=bool(effects),
        )
        for call_id, seq, principal, boot_id, pid, started, effects in rows
    )
