"""The queue of findings that wait for a note. It takes at once, waits for nothing, and never raises.

One thread with an event loop of its own asks one model, one finding after the other: whatever a
model does, the loop that serves calls does not notice. The thread starts with the first finding.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable

from agentgate_mcp.llm.advise import advise
from agentgate_mcp.llm.port import AdvisoryModel, AdvisoryNote, AdvisoryPrompt, NoteSink
from agentgate_mcp.model.decision import Severity
from agentgate_mcp.model.verdict import Finding

CAPACITY = 64
MAX_REMEMBERED = 256
"""Findings turned away whose reason is still delivered; beyond that they are only counted."""
JOIN_S = 5.0

QUEUE_FULL = "the queue of notes was full"
CLOSED = "the process ended before the note was written"

_log = logging.getLogger(__name__)


class AdvisoryQueue:
    """An `AdvisoryDesk` over one model. ``sink`` gets every finding's note, or why it has none."""

    def __init__(
        self,
        model: AdvisoryModel,
        prompt_of: Callable[[Finding], AdvisoryPrompt],
        sink: NoteSink,
        *,
        capacity: int = CAPACITY,
        timeout_s: float = 90.0,
    ) -> None:
        self._model = model
        self._prompt_of = prompt_of
        self._sink = sink
        self._capacity = capacity
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._waiting: deque[Finding] = deque()
        self._turned_away: deque[str] = deque()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._worker: asyncio.Task[None] | None = None
        self.dropped = 0
        """Findings that were turned away because the queue was full."""

    def submit(self, finding: Finding) -> None:
        """Take ``finding`` if it deserves a note and there is room. Thread-safe, returns at once."""
        if finding.verdict.severity < Severity.MEDIUM:
            return
        with self._lock:
            if self._closed:
                return
            if len(self._waiting) >= self._capacity:
                self.dropped += 1
                if len(self._turned_away) < MAX_REMEMBERED:
                    self._turned_away.append(finding.finding_id)
            else:
                self._waiting.append(finding)
            # Not being able to start a thread, or a loop that is just ending, costs the note, not the call.
            with contextlib.suppress(RuntimeError):
                self._start()
                self._notify()

    def close(self) -> None:
        """Stop asking, deliver the reason for what still waits, and end the thread."""
        with self._lock:
            self._closed = True
            thread, loop, worker = self._thread, self._loop, self._worker
            if loop is not None and worker is not None:
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(worker.cancel)
        if thread is not None:
            thread.join(JOIN_S)

    # --- the thread -------------------------------------------------------------------------

    def _start(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="advisory", daemon=True)
            thread.start()
            self._thread = thread

    def _notify(self) -> None:
        if self._loop is not None and self._wake is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        finally:
            with self._lock:
                self._closed = True
            for finding_id, problem in self._leftovers():
                self._deliver(finding_id, self._none(problem))

    async def _main(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._loop = asyncio.get_running_loop()
            self._wake = asyncio.Event()
            self._worker = asyncio.create_task(self._work(self._wake))
        await asyncio.wait({self._worker})

    async def _work(self, wake: asyncio.Event) -> None:
        # The sink may block: this thread has nothing else to do.
        while True:
            for finding_id in self._take_turned_away():
                self._deliver(finding_id, self._none(QUEUE_FULL))
            finding = self._next()
            if finding is None:
                await wake.wait()
                wake.clear()
                continue
            try:
                note = await self._ask(finding)
            except asyncio.CancelledError:
                # It was taken from the queue, so nobody else would account for it.
                self._deliver(finding.finding_id, self._none(CLOSED))
                raise
            self._deliver(finding.finding_id, note)

    async def _ask(self, finding: Finding) -> AdvisoryNote:
        try:
            prompt = self._prompt_of(finding)
        except Exception as error:  # deny-on-error: what cannot be put safely is not asked
            return self._none(f"no prompt could be made ({type(error).__name__})")
        return await advise(self._model, prompt, timeout_s=self._timeout_s)

    def _deliver(self, finding_id: str, note: AdvisoryNote) -> bool:
        try:
            self._sink(finding_id, note)
        except Exception as error:  # deny-on-error: a note that cannot be kept is lost; the finding stands
            _log.warning("advisory note for %s was not kept (%s)", finding_id, type(error).__name__)
            return False
        return True

    # --- state under the lock ---------------------------------------------------------------

    def _next(self) -> Finding | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def _take_turned_away(self) -> list[str]:
        with self._lock:
            ids = list(self._turned_away)
            self._turned_away.clear()
            return ids

    def _leftovers(self) -> list[tuple[str, str]]:
        with self._lock:
            left = [(i, QUEUE_FULL) for i in self._turned_away] + [(f.finding_id, CLOSED) for f in self._waiting]
            self._turned_away.clear()
            self._waiting.clear()
            return left

    def _none(self, problem: str) -> AdvisoryNote:
        return AdvisoryNote(model=self._model.name, problem=problem)
