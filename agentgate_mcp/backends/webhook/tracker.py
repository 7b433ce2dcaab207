"""Follows open actions to their end, beside the server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from agentgate_mcp.errors import AgentGateError

INTERVAL_S: Final = 5.0
_CLOSE_S: Final = 5.0


class Tracker:
    """Calls ``settle`` every few seconds in a thread of its own until it is closed. What fails is
    tried again at the next turn: until then the action stays as it is known to be."""

    def __init__(self, settle: Callable[[], None], *, interval_s: float = INTERVAL_S) -> None:
        self._settle = settle
        self._interval_s = interval_s
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._follow, name="agentgate-response", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Ends it; the state database may be closed afterwards."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_S)

    def _follow(self) -> None:
        while not self._closed.wait(self._interval_s):
            with suppress(AgentGateError):
                self._settle()
