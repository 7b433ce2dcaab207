"""Folds each principal's session from the ledger, so that it survives a restart.

Only entries newer than the last fold are read, those of other processes among them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.model.session import event_from_json


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
        """The session as of the last durable entry of ``principal``."""
        with self._guard:
            lock = self._locks.setdefault(principal, threading.Lock())
            held = self._folded.setdefault(principal, _Folded())
        with lock:
            for entry in self._ledger.session_entries(principal, held.seq):
                events = entry.payload.get("session_events")
                for raw in events if isinstance(events, list) else []:
                    held.state = held.state.apply(event_from_json(raw))
                held.seq = entry.seq
            return held.state
