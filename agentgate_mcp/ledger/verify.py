"""Proves a ledger from its first record to its last, in one pass and flat memory.

What it proves: no record was changed, removed, moved or put between others; every outcome has
its intent; the indexes say what the records say. What it cannot prove by itself: that nothing
was cut off the end. That takes a checkpoint kept elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from agentgate_mcp.errors import LedgerError
from agentgate_mcp.ledger import findings
from agentgate_mcp.ledger.chain import GENESIS
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.findings import FindingRecord
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.schema import RARE_DECISIONS, tag_of
from agentgate_mcp.ledger.store import Cell, Store, broken, file_factory, to_entry
from agentgate_mcp.ledger.transaction import ALL, frozen_targets, open_intents, summary_row
from agentgate_mcp.model.call import Json

MAX_PROBLEMS = 1000
_EVERY = 1024
_RARE = tuple(f'"decision":"{name}"' for name in sorted(RARE_DECISIONS))

Progress = Callable[[int, int], None]
"""Hears how many records are done, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that does not hold, and the sequence of the record where it shows."""

    seq: int
    problem: str

    def to_json(self) -> dict[str, Json]:
        return {"seq": self.seq, "problem": self.problem}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a verification. ``truncated``: more problems than are listed."""

    entries: int
    problems: tuple[Problem, ...]
    head: str
    unknown: int
    open: int
    truncated: bool = False

    @property
    def ok(self) -> bool:
        return not self.problems

    def to_json(self) -> dict[str, Json]:
        return {
            "ok": self.ok,
            "entries": self.entries,
            "problems": [p.to_json() for p in self.problems],
            "head": self.head,
            "unknown_outcomes": self.unknown,
            "open_intents": self.open,
            "truncated": self.truncated,
        }


def verify(ledger: Ledger, progress: Progress | None = None) -> Report:
    """Verifies every record of ``ledger`` as of now. Raises: LedgerError when it cannot be read."""
    with ledger.snapshot() as store:
        return _Verification(store, progress).run()


def verify_file(path: Path, progress: Progress | None = None) -> Report:
    """Verifies the ledger file at ``path``, which other processes may be writing.

    Raises: LedgerError when there is none or it cannot be read."""
    if not path.is_file():
        raise LedgerError(f"{path.name}: expected a ledger, there is no such file")
    store = Store(file_factory(path))
    try:
        store.begin(write=False)
        return _Verification(store, progress).run()
    finally:
        store.close()


@dataclass(slots=True)
class _Verification:
    store: Store
    progress: Progress | None
    problems: list[Problem] = field(default_factory=list[Problem])
    truncated: bool = False
    unknown: int = 0
    done: int = 0
    link: str = GENESIS
    intents: dict[str, int] = field(default_factory=dict[str, int])
    consumed: dict[str, int] = field(default_factory=dict[str, int])
    frozen: set[str] = field(default_factory=set[str])

    def run(self) -> Report:
        total = self.store.last_seq()
        expected, at = 1, 0.0
        for row in self.store.raw(total):
            seq = cast(int, row[0])
            if seq != expected:
                self._say(seq, f"records {expected} to {seq - 1} are missing")
            problem = broken(row)
            if problem:
                self._say(seq, problem)
            elif row[8] != self.link:
                self._say(seq, "it does not follow the record before it")
            if isinstance(row[2], float):
                if row[2] < at:
                    self._say(seq, "its time is before that of the record before it")
                at = max(at, row[2])
            if not problem:
                self._pair(seq, row)
            self.link = cast(str, row[9])
            expected = seq + 1
            self.done += 1
            if self.progress is not None and self.done % _EVERY == 0:
                self.progress(self.done, total)
        self._check_open_intents()
        self._check_frozen()
        self._check_findings()
        if self.progress is not None:
            self.progress(self.done, total)
        return Report(
            entries=self.done,
            problems=tuple(self.problems),
            head=self.link,
            unknown=self.unknown,
            open=len(self.intents),
            truncated=self.truncated,
        )

    def _say(self, seq: int, problem: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(seq=seq, problem=problem))
        else:
            self.truncated = True

    def _pair(self, seq: int, row: Sequence[Cell]) -> None:
        """Intents and outcomes; only those of open calls are kept in memory."""
        kind, call_id, text = EntryKind(cast(str, row[1])), cast(str, row[5]), cast(str, row[6])
        if kind is EntryKind.VERDICT and row[10] == "" and not any(d in text for d in _RARE):
            return  # the common case, told without reading the document
        payload = _payload(text)
        if row[10] != tag_of(kind, payload):
            self._say(seq, "its look-up tag does not match its payload")
        match kind:
            case EntryKind.INTENT:
                if call_id in self.intents:
                    self._say(seq, f"a second intent for a call that record {self.intents[call_id]} intends")
                self.intents[call_id] = seq
                self._check_approval(seq, payload)
                if payload.get("effects") != [] and self.frozen & {ALL, cast(str, row[4])}:
                    self._say(seq, "an intent with effects while they were frozen")
            case EntryKind.OUTCOME:
                if payload.get("status") == "unknown":
                    self.unknown += 1
                if self.intents.pop(call_id, None) != payload.get("intent_seq", -1):
                    self._say(seq, "an outcome without an open intent of its call")
            case EntryKind.REFUSAL:
                if call_id in self.intents and not self._has_effects(call_id):
                    del self.intents[call_id]
            case EntryKind.SESSION:
                if payload.get("action") == "freeze":
                    self.frozen.add(cast(str, row[4]))
                elif payload.get("action") == "thaw":
                    self.frozen.discard(cast(str, row[4]))
            case EntryKind.TRANSITION:
                if payload.get("status") == "consumed":
                    self.consumed[str(payload.get("finding_id"))] = seq
            case _:
                pass

    def _check_approval(self, seq: int, payload: dict[str, Json]) -> None:
        """An intent under an approval follows its consumption, and each consumption serves once."""
        finding_id = payload.get("finding_id")
        if finding_id and self.consumed.pop(str(finding_id), None) is None:
            self._say(seq, f"an intent under finding {finding_id} that was not consumed for it")

    def _has_effects(self, call_id: str) -> bool:
        rows = self.store.rows("SELECT payload FROM entry WHERE seq = ?", (self.intents[call_id],))
        return _payload(cast(str, rows[0][0])).get("effects") != []

    def _check_open_intents(self) -> None:
        indexed = {i.call_id: i.seq for i in open_intents(self.store)}
        for call_id in sorted(self.intents.keys() | indexed.keys()):
            if self.intents.get(call_id) != indexed.get(call_id):
                seq = self.intents.get(call_id, indexed.get(call_id, 0))
                self._say(seq, "the index of open intents does not match the records")

    def _check_frozen(self) -> None:
        if frozen_targets(self.store) != frozenset(self.frozen):
            self._say(0, "the index of freezes does not match the records")

    def _check_findings(self) -> None:
        """The finding index against the records of each finding, one finding at a time."""
        told = self.store.rows("SELECT count(DISTINCT tag) FROM entry WHERE tag >= 'finding:' AND tag < 'finding;'")
        indexed = 0
        for row in self.store.rows("SELECT finding_id FROM finding"):
            indexed += 1
            self._check_finding(cast(str, row[0]))
        if told[0][0] != indexed:
            self._say(0, f"the index lists {indexed} findings, the records tell of {told[0][0]}")

    def _check_finding(self, finding_id: str) -> None:
        rows = self.store.rows(
            "SELECT finding_id, status, principal, requester, binding_digest, created_at, expires_at,"
            " opened_seq, last_seq FROM finding WHERE finding_id = ?",
            (finding_id,),
        )
        last = cast(int, rows[0][8])
        try:
            record = self._refold(finding_id)
        except LedgerError as error:
            self._say(last, f"finding {finding_id}: {error}")
            return
        if record is None or summary_row(record) != rows[0]:
            self._say(last, f"finding {finding_id}: the index does not match the records")

    def _refold(self, finding_id: str) -> FindingRecord | None:
        sql = (
            "SELECT seq, kind, at, clock, principal, call_id, payload, payload_hash, previous, link FROM entry"
            " WHERE tag = ? AND tag <> '' ORDER BY seq"
        )
        rows: Iterator[tuple[Cell, ...]] = self.store.stream(sql, (f"finding:{finding_id}",))
        return findings.fold(to_entry(row) for row in rows)


def _payload(text: str) -> dict[str, Json]:
    loaded: object = json.loads(text)
    return cast("dict[str, Json]", loaded) if isinstance(loaded, dict) else {}
