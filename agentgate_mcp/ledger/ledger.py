"""The ledger: append, transact, read. One object per process; processes share the file (R3).

Every record passes the redactor on its way in (R8), is chained under the write lock to whatever
any process wrote last, and is acknowledged when it is on the disk.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from agentgate_mcp.errors import LedgerError
from agentgate_mcp.ledger import findings
from agentgate_mcp.ledger.chain import Prepared, prepare
from agentgate_mcp.ledger.entries import Draft, EntryKind, LedgerEntry, Owner
from agentgate_mcp.ledger.findings import FindingRecord
from agentgate_mcp.ledger.owner import this_process
from agentgate_mcp.ledger.query import Query, matching, page
from agentgate_mcp.ledger.store import Factory, Store, file_factory
from agentgate_mcp.ledger.transaction import OpenIntent, Tx, frozen_targets, open_intents
from agentgate_mcp.ledger.writer import Writer
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import FindingStatus
from agentgate_mcp.redact import Redactor

T = TypeVar("T")
FILE_NAME = "ledger.sqlite3"
SESSION_KINDS = frozenset({EntryKind.VERDICT, EntryKind.OUTCOME, EntryKind.SESSION})
_RESERVED = frozenset({EntryKind.OUTCOME, EntryKind.TRANSITION, EntryKind.SESSION})


class Ledger:
    """The record. Thread-safe; not usable after a fork, where it must be opened anew."""

    def __init__(
        self,
        factory: Factory,
        *,
        redactor: Redactor,
        clock: Callable[[], float] = time.time,
        capacity: int = 1024,
        deadline_s: float = 30.0,
    ) -> None:
        """``clock`` gives epoch seconds; ``capacity`` bounds waiting jobs; a record that is not
        durable within ``deadline_s`` is refused.

        Raises: LedgerError when the file cannot be opened or its end does not verify."""
        self._factory = factory
        self._redactor = redactor
        self._clock = clock
        self._deadline_s = deadline_s
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._readers: list[Store] = []
        self._listeners: list[Callable[[int], None]] = []
        self._closed = False
        with self._reader() as store:
            store.head()
        self._writer = Writer(factory, self._begin, capacity=capacity, committed=self._tell)
        self.owner: Owner = this_process()

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        redactor: Redactor,
        clock: Callable[[], float] = time.time,
        capacity: int = 1024,
        deadline_s: float = 30.0,
    ) -> Ledger:
        """The ledger in ``directory`` (made with mode 0700), its file being `ledger.sqlite3` (0600)."""
        return cls(
            file_factory(directory / FILE_NAME),
            redactor=redactor,
            clock=clock,
            capacity=capacity,
            deadline_s=deadline_s,
        )

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Writes what waits and closes the file. In a forked child it does nothing: the file is
        the parent's."""
        if os.getpid() != self._pid:
            return
        self._writer.close(self._deadline_s)
        with self._lock:
            self._closed = True
            readers, self._readers = self._readers, []
        for store in readers:
            store.close()

    # --- writing ---

    def append(self, drafts: Sequence[Draft]) -> Future[tuple[LedgerEntry, ...]]:
        """Records ``drafts`` in one commit, in order; resolved when they are durable.

        Raises: LedgerFullError when too much waits, CanonicalError for a payload that has no
        canonical form. The future raises LedgerError when the record was not made."""
        self._check_process()
        prepared = [prepare(self._clean(draft)) for draft in drafts]
        reserved = all(p.kind in _RESERVED for p in prepared)
        return self._writer.submit(lambda tx: tuple(tx.append_prepared(p) for p in prepared), reserved=reserved)

    async def record(self, drafts: Sequence[Draft]) -> tuple[LedgerEntry, ...]:
        """`append`, awaited. A cancelled caller does not take the record back.

        Raises: LedgerError when the record is not durable in time."""
        return await self._durable(self.append(drafts))

    def transact(self, job: Callable[[Tx], T]) -> Future[T]:
        """Runs ``job`` on the writing thread under the write lock; all that it appends is one
        commit, and nothing is kept of it when it raises."""
        self._check_process()
        return self._writer.submit(job, reserved=True)

    def run(self, job: Callable[[Tx], T]) -> T:
        """`transact`, waited for. Raises: LedgerError, or what ``job`` raises."""
        try:
            return self.transact(job).result(self._deadline_s)
        except TimeoutError:
            raise self._late() from None

    async def arun(self, job: Callable[[Tx], T]) -> T:
        """`transact`, awaited. Raises: LedgerError, or what ``job`` raises."""
        return await self._durable(self.transact(job))

    async def _durable(self, future: Future[T]) -> T:
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), self._deadline_s)
        except TimeoutError:
            raise self._late() from None

    def _late(self) -> LedgerError:
        return LedgerError(f"no durable record within {self._deadline_s:g} s")

    def subscribe(self, listener: Callable[[int], None]) -> None:
        """``listener`` hears the last sequence after each commit of this process. It is called on
        the writing thread, so it must neither wait nor raise."""
        self._listeners.append(listener)

    # --- reading ---

    def entries(
        self,
        since: int = 0,
        kinds: frozenset[EntryKind] | None = None,
        principal: str | None = None,
        call_id: str | None = None,
        *,
        tag: str | None = None,
        upto: int | None = None,
    ) -> Iterator[LedgerEntry]:
        """Records after sequence ``since`` that match all conditions, in order. Raises: LedgerError."""
        query = Query(since=since, upto=upto, kinds=kinds, principal=principal, call_id=call_id, tag=tag)
        return matching(self._fetch, query)

    def last_seq(self) -> int:
        """Sequence of the last record, 0 when there is none. Raises: LedgerError."""
        with self._reader() as store:
            return store.last_seq()

    def seq_at(self, at: float) -> int:
        """The last sequence before the time ``at``, for `since`. Raises: LedgerError."""
        with self._reader() as store:
            return store.seq_before(at)

    def finding(self, finding_id: str) -> FindingRecord | None:
        """A finding as its records tell it, or None. Raises: LedgerError."""
        return findings.fold(self.entries(tag=f"finding:{finding_id}"))

    def finding_ids(self, status: FindingStatus | None = None, *, limit: int = 1000) -> tuple[str, ...]:
        """Ids of findings whose last recorded status is ``status`` (any if None), oldest first."""
        with self._reader() as store:
            return store.finding_ids(None if status is None else status.value, limit)

    def orphans(self) -> tuple[OpenIntent, ...]:
        """Intents without outcome, those of living processes included. Raises: LedgerError."""
        with self._reader() as store:
            return open_intents(store)

    def frozen(self) -> frozenset[str]:
        """Principals whose effects are frozen, `*` for all. Raises: LedgerError."""
        with self._reader() as store:
            return frozen_targets(store)

    @contextmanager
    def snapshot(self) -> Generator[Store]:
        """A store that sees one moment of the file, whatever is written meanwhile."""
        with self._reader() as store:
            store.begin(write=False)
            try:
                yield store
            finally:
                store.rollback()

    # --- parts ---

    def _fetch(self, query: Query, after: int) -> list[LedgerEntry]:
        with self._reader() as store:
            return page(store, query, after)

    @contextmanager
    def _reader(self) -> Generator[Store]:
        self._check_process()
        with self._lock:
            if self._closed:
                raise LedgerError("the ledger is closed")
            store = self._readers.pop() if self._readers else None
        if store is None:
            store = Store(self._factory)
        fit = False
        try:
            yield store
            fit = True
        finally:
            with self._lock:
                keep = fit and not self._closed
                if keep:
                    self._readers.append(store)
            if not keep:
                store.close()  # a connection that failed once is not used again

    def _begin(self, store: Store) -> Tx:
        return Tx(store, self._clock, self._prepare)

    def _prepare(self, kind: EntryKind, principal: str, call_id: str, payload: dict[str, Json]) -> Prepared:
        return prepare(self._clean(Draft(kind=kind, principal=principal, call_id=call_id, payload=payload)))

    def _clean(self, draft: Draft) -> Draft:
        before = dict(draft.payload)
        payload = self._redactor.redact(before)
        if payload is before:
            return draft
        if not isinstance(payload, dict):
            raise LedgerError("a redacted payload is not an object")
        return Draft(kind=draft.kind, principal=draft.principal, call_id=draft.call_id, payload=payload)

    def _tell(self, seq: int) -> None:
        for listener in self._listeners:
            listener(seq)

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise LedgerError("the ledger was opened by another process; open it again after a fork")
