"""Group commit: one thread per process writes, and many records share one sync of the disk.

A job is acknowledged after the commit that holds it has returned, never before. A job that
raises is undone alone; a commit that fails fails all its jobs.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar, cast

from agentgate_mcp.errors import LedgerError, LedgerFullError
from agentgate_mcp.ledger.store import Factory, Store
from agentgate_mcp.ledger.transaction import Tx

T = TypeVar("T")
MAX_BATCH = 256
"""Jobs in one commit: bounds how long the write lock is held."""


@dataclass(slots=True)
class _Job:
    run: Callable[[Tx], object]
    future: Future[object]


class Writer:
    """The writing thread of one process. Thread-safe."""

    def __init__(
        self, factory: Factory, begin: Callable[[Store], Tx], *, capacity: int, committed: Callable[[int], None]
    ) -> None:
        """``begin`` makes the transaction of a batch; ``committed`` hears, on this thread, of each
        sequence that became durable; ``capacity`` bounds the jobs that wait."""
        self._factory = factory
        self._begin = begin
        self._committed = committed
        self._capacity = capacity
        self._jobs: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._open = True
        self._store: Store | None = None
        self._thread = threading.Thread(target=self._loop, name="agentgate-ledger", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[Tx], T], *, reserved: bool = False) -> Future[T]:
        """Queues a job. ``reserved`` jobs may use twice the room: what has begun can be recorded.

        Raises: LedgerFullError when no room is left, LedgerError after `close`."""
        future: Future[object] = Future()
        # A queued record is written whatever its caller does next.
        future.set_running_or_notify_cancel()
        with self._wake:
            if not self._open:
                raise LedgerError("the ledger is closed")
            if len(self._jobs) >= self._capacity * (2 if reserved else 1):
                raise LedgerFullError(f"more than {self._capacity} records wait to be written; refused")
            self._jobs.append(_Job(run, future))
            self._wake.notify()
        return cast("Future[T]", future)

    def close(self, timeout_s: float | None = None) -> None:
        """Writes what waits, then ends the thread. Raises: LedgerError when that takes too long."""
        with self._wake:
            self._open = False
            self._wake.notify()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise LedgerError(f"closing the ledger: still writing after {timeout_s:g} s")

    # --- the thread ---

    def _loop(self) -> None:
        try:
            while batch := self._take():
                self._write(batch)
        finally:
            with self._wake:
                self._open = False
                left = list(self._jobs)
                self._jobs.clear()
            for job in left:
                job.future.set_exception(LedgerError("the ledger is closed"))
            self._disconnect()

    def _take(self) -> list[_Job]:
        """The next jobs, at most `MAX_BATCH`; none when the writer is closed and all is written."""
        with self._wake:
            self._wake.wait_for(lambda: self._jobs or not self._open)
            return [self._jobs.popleft() for _ in range(min(len(self._jobs), MAX_BATCH))]

    def _write(self, batch: list[_Job]) -> None:
        done: list[tuple[_Job, object]] = []
        refused: list[tuple[_Job, Exception]] = []
        try:
            store = self._connect()
            store.begin(write=True)
            tx = self._begin(store)
            first = tx.head
            for job in batch:
                self._run(store, tx, job, done, refused)
            store.commit()
        except Exception as error:  # deny-on-error: nothing here is durable, so nothing is acknowledged
            self._disconnect()
            failure = error if isinstance(error, LedgerError) else LedgerError(f"the ledger failed: {error}")
            for job in batch:
                job.future.set_exception(failure)
            return
        for job, result in done:
            job.future.set_result(result)
        for job, error in refused:
            job.future.set_exception(error)
        if tx.head.seq > first.seq:
            self._committed(tx.head.seq)

    def _run(
        self,
        store: Store,
        tx: Tx,
        job: _Job,
        done: list[tuple[_Job, object]],
        refused: list[tuple[_Job, Exception]],
    ) -> None:
        before = tx.head
        store.savepoint()
        try:
            result = job.run(tx)
        except Exception as error:  # deny-on-error: the job is undone and its caller told
            # Raises when SQLite has undone everything already: then the whole batch fails.
            store.release(undo=True)
            tx.head = before
            refused.append((job, error))
            return
        store.release(undo=False)
        done.append((job, result))

    def _connect(self) -> Store:
        if self._store is None:
            self._store = Store(self._factory)
        return self._store

    def _disconnect(self) -> None:
        """Drops a connection that cannot be trusted any more; closing it rolls back."""
        store, self._store = self._store, None
        if store is not None:
            store.close()
