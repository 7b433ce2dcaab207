"""Opens the embedded backend: one data directory to read, one state directory to write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from agentgate_mcp.backends.embedded import journal
from agentgate_mcp.backends.embedded.cases import CaseFiles
from agentgate_mcp.backends.embedded.intel import IntelFeeds
from agentgate_mcp.backends.embedded.objects import KnowledgeStore
from agentgate_mcp.backends.embedded.reports import ReportStore
from agentgate_mcp.backends.embedded.responder import SimulatingResponder
from agentgate_mcp.backends.embedded.runbooks import RunbookFiles
from agentgate_mcp.backends.embedded.splunk import EmbeddedSplunk
from agentgate_mcp.backends.embedded.sqlite import Database
from agentgate_mcp.backends.embedded.store import TelemetryStore, open_bundled, open_telemetry
from agentgate_mcp.backends.ports import Backends, ResponderPort
from agentgate_mcp.permits import PermitBook

STATE_FILE: Final = "embedded.sqlite"


def open_embedded(
    data_dir: Path,
    state_dir: Path,
    book: PermitBook,
    clock: Callable[[], float],
    *,
    telemetry: Path | None = None,
    responder: Callable[[Database, PermitBook], ResponderPort] = SimulatingResponder,
) -> Backends:
    """All ports over ``data_dir`` (never written) and ``state_dir`` (shared by processes).

    ``telemetry`` names a store built from Zeek logs, to be searched instead of the bundled
    events; ``responder`` makes the executor of response actions over the state database.
    Telemetry, cases, feeds and runbooks are read on first use. Raises: DataError for knowledge
    objects or a state database that cannot be read; BackendError."""
    database = Database(state_dir / STATE_FILE)
    knowledge = KnowledgeStore(database, data_dir, book)

    def opened() -> TelemetryStore:
        return open_bundled(data_dir, state_dir) if telemetry is None else open_telemetry(telemetry)

    store = _Once(opened)

    def close() -> None:
        store.close()
        database.close()

    return Backends(
        search=EmbeddedSplunk(store, knowledge, data_dir, clock),
        knowledge=knowledge,
        cases=CaseFiles(data_dir),
        intel=IntelFeeds(data_dir),
        runbooks=RunbookFiles(data_dir),
        responder=responder(database, book),
        reports=ReportStore(database, book),
        extra={"telemetry": "bundled" if telemetry is None else "zeek"},
        sightings=lambda since: store().sightings(since),
        volumes=lambda: store().volumes,
        close=close,
    )


def read_journal(state_dir: Path) -> Sequence[journal.JournalEntry]:
    """Every effect that the embedded backend has made in ``state_dir``, oldest first."""
    database = Database(state_dir / STATE_FILE)
    try:
        return journal.entries(database)
    finally:
        database.close()


class _Once:
    """A telemetry store that is opened when it is first asked for, however many threads ask; after
    an error the next asks again."""

    def __init__(self, make: Callable[[], TelemetryStore]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: TelemetryStore | None = None

    def __call__(self) -> TelemetryStore:
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = self._make()
        return self._made

    def close(self) -> None:
        with self._lock:
            if self._made is not None:
                self._made.close()
                self._made = None
