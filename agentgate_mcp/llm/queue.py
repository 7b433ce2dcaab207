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
        self._news = threading.Condition()
        self._waiting: deque[Finding] = deque()
        self._turned_away: deque[str] = deque()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._cancel: Callable[[], object] | None = None
        """Ends the question that is being asked, from any thread."""
        self.dropped = 0
        """Findings that were turned away because the queue was full."""

    def submit(self, finding: Finding) -> None:
        """Take ``finding`` if it deserves a note and there is room. Thread-safe, returns at once."""
        if finding.verdict.severity < Severity.MEDIUM:
            return
        with self._news:
            if self._closed:
                return
            if len(self._waiting) >= self._capacity:
                self.dropped += 1
                if len(self._turned_away) < MAX_REMEMBERED:
                    self._turned_away.append(finding.finding_id)
            else:
                self._waiting.append(finding)
            # Not being able to start a thread costs the note, not the call.
            with contextlib.suppress(RuntimeError):
                self._start()
            self._news.notify()

    def close(self) -> None:
        """Stop asking, deliver the reason for what still waits, and end the thread."""
        with self._news:
            self._closed = True
            thread, cancel = self._thread, self._cancel
            self._news.notify()
            if cancel is not None:
                cancel()
        if thread is not None:
            thread.join(JOIN_S)

    # --- the thread -------------------------------------------------------------------------

    def _start(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="advisory", daemon=True)
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        # The sink is called between two questions, where no loop runs: it may block or run one.
        try:
            with asyncio.Runner() as runner:
                while finding := self._next():
                    self._deliver(finding.finding_id, runner.run(self._ask(finding)))
                    self._deliver_all(self._take_turned_away())
        finally:
            self._deliver_all(self._leftovers())

    def _next(self) -> Finding | None:
        """The next finding, when there is one; None when the queue is closed."""
        with self._news:
            self._news.wait_for(lambda: self._closed or self._waiting)
            return None if self._closed else self._waiting.popleft()

    async def _ask(self, finding: Finding) -> AdvisoryNote:
        try:
            prompt = self._prompt_of(finding)
        except Exception as error:  # deny-on-error: what cannot be put safely is not asked
            return self._none(f"no prompt could be made ({type(error).__name__})")
        question = asyncio.ensure_future(advise(self._model, prompt, timeout_s=self._timeout_s))
        loop = asyncio.get_running_loop()
        with self._news:
            if self._closed:
                question.cancel()
            self._cancel = lambda: loop.call_soon_threadsafe(question.cancel)
        try:
            return await question
        except asyncio.CancelledError:
            return self._none(CLOSED)
        finally:
            with self._news:
                self._cancel = None

    def _deliver(self, finding_id: str, note: AdvisoryNote) -> bool:
        try:
            self._sink(finding_id, note)
        except Exception as error:  # deny-on-error: a note that cannot be kept is lost; the finding stands
            _log.warning("advisory note for %s was not kept (%s)", finding_id, type(error).__name__)
            return False
        return True

    def _deliver_all(self, reasons: list[tuple[str, str]]) -> None:
        for finding_id, problem in reasons:
            self._deliver(finding_id, self._none(problem))

    # --- state under the lock ---------------------------------------------------------------

    def _take_turned_away(self) -> list[tuple[str, str]]:
        with self._news:
            ids = [(i, QUEUE_FULL) for i in self._turned_away]
            self._turned_away.clear()
            return ids

    def _leftovers(self) -> list[tuple[str, str]]:
        with self._news:
            self._closed = True
            left = [(i, QUEUE_FULL) for i in self._turned_away] + [(f.finding_id, CLOSED) for f in self._waiting]
            self._turned_away.clear()
            self._waiting.clear()
            return left

    def _none(self, problem: str) -> AdvisoryNote:
        return AdvisoryNote(model=self._model.name, problem=problem)
