"""Asks the gate, off the event loop, with a time-out and a watchdog (R2).

What a verdict is reached from is gathered first, with time to spare: building the world on first
use is slow on a slow machine, and no sign of a fault. A verdict that does not come in time is a
refusal. Work that then still does not return would hold a thread for good, so the watchdog ends
the process: nothing has run, and the client sees the server go.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from agentgate_mcp.errors import GateError
from agentgate_mcp.gate.pipeline import Pipeline
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.gate.world import World
from agentgate_mcp.model.call import ToolCall
from agentgate_mcp.model.decision import Decision
from agentgate_mcp.model.verdict import Verdict

T = TypeVar("T")
EXIT_HUNG_STAGE = 70
"""sysexits EX_SOFTWARE."""
GATHER_TIMEOUT_S = 60.0
"""For reading the data, the knowledge and the ledger; once read, they are followed."""


class WorldSource(Protocol):
    """Gives the current snapshot; thread-safe, and cheap when nothing has changed."""

    def current(self) -> World: ...


class SessionSource(Protocol):
    """Gives a principal's session as the ledger has it; thread-safe."""

    def current(self, principal: str) -> SessionState: ...


class StandingSource(Protocol):
    """Who is frozen (`*` for all) and whose breaker is open, as the ledger has it."""

    def frozen(self) -> frozenset[str]: ...
    def breaker_open(self, now: float) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict with the world it was reached in."""

    verdict: Verdict
    world: World


class Judge:
    """One per process. ``timeout_s`` bounds a verdict, ``watchdog_s`` what may follow."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        world: WorldSource,
        sessions: SessionSource,
        standing: StandingSource,
        timeout_s: float,
        watchdog_s: float,
        end_process: Callable[[int], None] = os._exit,
    ) -> None:
        self._pipeline = pipeline
        self._world = world
        self._sessions = sessions
        self._standing = standing
        self._timeout_s = timeout_s
        self._watchdog_s = watchdog_s
        self._end_process = end_process
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="agentgate-gate")

    async def judge(self, call: ToolCall, as_of: float) -> Judged:
        """The verdict on ``call``. Raises: GateError when none comes in time or it is malformed."""
        world, session = await self._within(GATHER_TIMEOUT_S, lambda: self._gather(call, as_of))
        return await self._within(self._timeout_s, lambda: self._evaluate(call, session, world, as_of))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _gather(self, call: ToolCall, as_of: float) -> tuple[World, SessionState]:
        world = self._world.current()
        frozen, open_breakers = self._standing.frozen(), self._standing.breaker_open(as_of)
        if frozen != world.frozen or open_breakers != world.breaker_open:
            world = replace(world, frozen=frozen, breaker_open=open_breakers)
        return world, self._sessions.current(call.principal)

    def _evaluate(self, call: ToolCall, session: SessionState, world: World, as_of: float) -> Judged:
        verdict = self._pipeline.evaluate(call, session, world, as_of)
        if not isinstance(verdict, Verdict) or not isinstance(verdict.decision, Decision):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise GateError("the gate returned something that is not a verdict")
        if verdict.call_digest != call.digest:
            raise GateError("the verdict is on another call")
        return Judged(verdict=verdict, world=world)

    async def _within(self, seconds: float, function: Callable[[], T]) -> T:
        """Run ``function`` on a thread of the gate. However the wait ends, the thread is watched."""
        work = self._threads.submit(function)
        due = time.monotonic() + seconds
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(work)), seconds)
        except TimeoutError:
            raise GateError(f"no verdict within {seconds:g} s") from None
        finally:
            # Work that waited for a thread all the time has not hung, and need not begin.
            if not work.done() and not work.cancel():
                self._watch(work, max(due - time.monotonic(), 0.0) + self._watchdog_s)

    def _watch(self, work: Future[T], seconds: float) -> None:
        def end_if_hung() -> None:
            if not work.done():
                sys.stderr.write("agentgate-mcp: a gate stage hangs; ending the process\n")
                sys.stderr.flush()
                self._end_process(EXIT_HUNG_STAGE)

        # A timer of the event loop would go with the loop, and leave the process to wait for the thread.
        timer = threading.Timer(seconds, end_if_hung)
        timer.daemon = True
        timer.start()
