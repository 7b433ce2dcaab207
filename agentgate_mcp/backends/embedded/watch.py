"""Stopping a query from outside: after its time, or when its caller gives up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final

_POLL_S: Final = 0.05


class Watch:
    """Interrupts once when ``seconds`` have passed or ``cancelled`` says so. A context manager
    around the work; afterwards ``reason`` is `time`, `cancel` or empty."""

    def __init__(self, interrupt: Callable[[], None], *, seconds: float, cancelled: Callable[[], bool] | None) -> None:
        self._interrupt = interrupt
        self._seconds = seconds
        self._cancelled = cancelled
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._wait, name="search-watch", daemon=True)
        self.reason = ""

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def _wait(self) -> None:
        left = self._seconds
        while left > 0 and self._cancelled is not None:
            if self._cancelled():
                break
            if self._done.wait(min(_POLL_S, left)):
                return
            left -= _POLL_S
        if self._cancelled is None and self._done.wait(left):
            return
        self.reason = "time" if self._cancelled is None or not self._cancelled() else "cancel"
        # An interrupt between two statements is lost, so it is repeated until the work ends.
        while True:
            self._interrupt()
            if self._done.wait(_POLL_S):
                return
