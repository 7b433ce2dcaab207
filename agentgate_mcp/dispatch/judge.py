"""Asks the gate, off the event loop, with a time-out and a watchdog (R2).

A verdict that does not come in time is a refusal. A stage that then still does not return
would hold a thread for good, so the watchdog ends the process: nothing has run, and the client
sees the server go.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from agentgate_mcp.errors import GateError
from agentgate_mcp.gate.pipeline import Pipeline
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.gate.world import World
from agentgate_mcp.model.call import ToolCall
from agentgate_mcp.model.decision import Decision
from agentgate_mcp.model.verdict import Verdict

EXIT_HUNG_STAGE = 70
"""sysexits EX_SOFTWARE."""


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
        work = self._threads.submit(self._evaluate, call, as_of)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(work)), self._timeout_s)
        except TimeoutError:
            self._watch(work)
            raise GateError(f"no verdict within {self._timeout_s:g} s") from None

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _evaluate(self, call: ToolCall, as_of: float) -> Judged:
        world = self._world.current()
        frozen, open_breakers = self._standing.frozen(), self._standing.breaker_open(as_of)
        if frozen != world.frozen or open_breakers != world.breaker_open:
            world = replace(world, frozen=frozen, breaker_open=open_breakers)
        verdict = self._pipeline.evaluate(call, self._sessions.current(call.principal), world, as_of)
        if not isinstance(verdict, Verdict) or not isinstance(verdict.decision, Decision):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise GateError("the gate returned something that is not a verdict")
        if verdict.call_digest != call.digest:
            raise GateError("the verdict is on another call")
        return Judged(verdict=verdict, world=world)

    def _watch(self, work: Future[Judged]) -> None:
        def end_if_hung() -> None:
            if not work.done():
                sys.stderr.write("agentgate-mcp: a gate stage hangs; ending the process\n")
                sys.stderr.flush()
                self._end_process(EXIT_HUNG_STAGE)

        asyncio.get_running_loop().call_later(self._watchdog_s, end_if_hung)
