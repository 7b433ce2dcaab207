"""Folds each principal's session from the ledger, so that it survives a restart.

Only entries newer than the last fold are read, those of other processes among them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from agentgate_mcp.dispatch.stored import stored_events
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.ledger.ledger import SESSION_KINDS, Ledger
from agentgate_mcp.ledger.query import PAGE, Query, payloads


@dataclass(slots=True)
class _Folded:
    seq: int = 0
    state: SessionState = field(default_factory=SessionState.empty)


class SessionKeeper:
    """Sessions by principal. Thread-safe; a fold holds the lock of its principal only."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._folded: dict[str, _Folded] = {}

    def current(self, principal: str) -> SessionState:
        """The session as of the last durable entry of ``principal``.

        Raises: LedgerError; GateError, each time, when a recorded event that still counts cannot
        be read."""
        with self._guard:
            lock = self._locks.setdefault(principal, threading.Lock())
            held = self._folded.setdefault(principal, _Folded())
        with lock:
            for seq, payload in self._payloads(principal, held.seq):
                state = held.state
                for event in stored_events(payload):
                    state = state.apply(event)
                # Both or neither: an entry that cannot be read is met again whole, never in part.
                held.state, held.seq = state, seq
            _ = held.state.hash  # what is kept of recorded reads is read or refused here
            return held.state

    def _payloads(self, principal: str, since: int) -> Iterator[tuple[int, str]]:
        query = Query(kinds=SESSION_KINDS, principal=principal)
        while True:
            with self._ledger.snapshot() as store:
                found = payloads(store, query, since)
            yield from found
            if len(found) < PAGE:
                return
            since = found[-1][0]
