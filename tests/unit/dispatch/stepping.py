"""Cancelling a call at its nth suspension, whatever it waits for there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Generic, Literal, TypeVar

import anyio

T = TypeVar("T")
Way = Literal["at once", "when it comes", "by the loop"]
"""Cancelled as soon as the call waits; when what it waits for has come but it has not gone on; or
by the event loop itself, which knows no shields."""
WAYS: tuple[Way, ...] = ("at once", "when it comes", "by the loop")


class Stepped(Generic[T]):
    """Awaits ``work`` and calls ``interrupt`` with what it waits for at its ``nth`` suspension."""

    def __init__(self, work: Coroutine[Any, Any, T], nth: int, interrupt: Callable[[Any], None]) -> None:
        self._work = work
        self._left = nth
        self._interrupt = interrupt

    def __await__(self) -> Generator[Any, Any, T]:
        send: Callable[[], Any] = lambda: self._work.send(None)  # noqa: E731
        while True:
            try:
                waited_for = send()
            except StopIteration as stop:
                return stop.value
            self._left -= 1
            if self._left == 0:
                self._interrupt(waited_for)
            try:
                yield waited_for
            except BaseException as error:
                send = _throwing(self._work, error)
            else:
                send = _sending(self._work)


def _sending(work: Coroutine[Any, Any, Any]) -> Callable[[], Any]:
    return lambda: work.send(None)


def _throwing(work: Coroutine[Any, Any, Any], error: BaseException) -> Callable[[], Any]:
    return lambda: work.throw(error)


async def cancelled_at(nth: int, way: Way, work: Coroutine[Any, Any, T]) -> T | None:
    """What ``work`` gives when it ends before its ``nth`` suspension, else None: it was cancelled."""
    reached = False

    def interrupt(cancel: Callable[[], object], waited_for: Any) -> None:
        nonlocal reached
        reached = True
        if way == "when it comes" and isinstance(waited_for, asyncio.Future):
            waited_for.add_done_callback(lambda _: cancel())
        else:
            cancel()

    result: T | None = None
    if way == "by the loop":

        async def run() -> T:
            task = asyncio.current_task()
            assert task is not None
            loop = asyncio.get_running_loop()
            return await Stepped(work, nth, lambda f: interrupt(lambda: loop.call_soon(task.cancel), f))

        (said,) = await asyncio.gather(run(), return_exceptions=True)
        if isinstance(said, BaseException):
            assert isinstance(said, asyncio.CancelledError), said
        else:
            result = said
    else:
        with anyio.CancelScope() as scope:
            result = await Stepped(work, nth, lambda f: interrupt(scope.cancel, f))
    return None if reached else result


async def at_every_suspension(
    way: Way, make: Callable[[int], Awaitable[Coroutine[Any, Any, T]]], after: Callable[[int], Awaitable[None]]
) -> tuple[int, T]:
    """Cancels the nth work that ``make`` gives at its nth suspension, for n = 1, 2, … until one ends
    by itself; ``after`` looks at what each left. Gives the number cancelled, and the last result."""
    nth = 0
    while True:
        nth += 1
        assert nth < 500, "a call that never ends"
        with anyio.fail_after(60):
            result = await cancelled_at(nth, way, await make(nth))
            await after(nth)
        if result is not None:
            return nth - 1, result
