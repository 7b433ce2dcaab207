"""Serves one connection over the process's own stdin and stdout, behind the wire reader.

A thread reads stdin: a pipe that is read in the event loop is not portable, and a read that
blocks must not keep the process alive.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import TypeGuard

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp.types import (
    INTERNAL_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

from agentgate_mcp.server.descriptors import claimed
from agentgate_mcp.server.lines import LineSplitter, TooLong
from agentgate_mcp.server.refusals import MALFORMED, RefusalRecorder, is_recorded
from agentgate_mcp.server.wire import MESSAGE_BYTES, Rejected, duplicate_id, oversize, read_message, too_many

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 5.0
"""How long calls in flight may still answer after the client closed its side."""
MAX_IN_FLIGHT = 256
"""Requests of one client that may run at once; a client that floods is refused, not queued."""
_CHUNK = 65_536

Inbound = MemoryObjectReceiveStream[SessionMessage | Exception]
Outbound = MemoryObjectSendStream[SessionMessage]
Serve = Callable[[Inbound, Outbound], Awaitable[None]]


async def serve_stdio(serve: Serve, recorder: RefusalRecorder, *, drain_seconds: float = DRAIN_SECONDS) -> None:
    """Serve until the client closes stdin or the process is told to stop (SIGTERM, SIGINT).

    Either way no call in flight is dropped without a record: at the end of input it may still
    finish, on a signal it is cancelled and records that."""
    with claimed() as (source, sink):
        await serve_descriptors(serve, recorder, source=source, sink=sink, drain_seconds=drain_seconds)


async def serve_descriptors(
    serve: Serve, recorder: RefusalRecorder, *, source: int, sink: int, drain_seconds: float = DRAIN_SECONDS
) -> None:
    """The same over two given file descriptors, which stay open."""
    to_server, inbound = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outbound, from_server = anyio.create_memory_object_stream[SessionMessage](0)
    link = _Link(recorder, sink, drain_seconds)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(link.read, source, to_server)
        tasks.start_soon(link.write, from_server)
        tasks.start_soon(_stop_on_signal, link)
        await serve(inbound, outbound)
        await link.written.wait()
        tasks.cancel_scope.cancel()


class _Link:
    """One client on one pair of descriptors."""

    def __init__(self, recorder: RefusalRecorder, sink: int, drain_seconds: float) -> None:
        self._recorder = recorder
        self._sink = sink
        self._drain_seconds = drain_seconds
        self._reading = anyio.CancelScope()
        self._writing = anyio.Lock()
        self._open: set[str] = set()
        self._settled = anyio.Event()
        self.written = anyio.Event()

    def stop(self) -> None:
        """Take no more messages; calls in flight are cancelled and record it."""
        self._reading.cancel()

    # --- from the client ---

    async def read(self, source: int, to_server: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
        """Pass on what is acceptable until the input ends, then wait for what is in flight."""
        sender, lines = anyio.create_memory_object_stream[bytes | TooLong](0)
        token = anyio.lowlevel.current_token()
        threading.Thread(target=_pump, args=(source, sender, token), name="agentgate-stdin", daemon=True).start()
        async with to_server, lines:
            with self._reading, contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                async for line in lines:
                    await self._take(line, to_server)
                await self._drain()

    async def _take(self, line: bytes | TooLong, to_server: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
        if isinstance(line, TooLong):
            await self._refuse(oversize(line.size, line.head, line.tail))
            return
        if not line.strip():
            return
        checked = read_message(line)
        if isinstance(checked, Rejected):
            await self._refuse(checked)
            return
        message = checked.message
        # The SDK keys running requests by the id's text: a second one would take over the first's
        # cancellation, and the answer to one would be taken for the other's.
        if isinstance(message, JSONRPCRequest):
            if str(message.id) in self._open:
                await self._refuse(duplicate_id())
                return
            if len(self._open) >= MAX_IN_FLIGHT:
                await self._refuse(too_many(message.id, MAX_IN_FLIGHT))
                return
            self._open.add(str(message.id))
        await to_server.send(SessionMessage(message=message))
        if isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            # A cancelled request is never answered.
            self._settle((message.params or {}).get("requestId"))

    async def _refuse(self, refused: Rejected) -> None:
        recorded = await self._recorder.record(refused.reason, refused.location)
        await self._send(refused.answer(recorded=recorded))

    async def _drain(self) -> None:
        with anyio.move_on_after(self._drain_seconds):
            while self._open:
                self._settled = anyio.Event()
                await self._settled.wait()

    def _settle(self, request_id: object) -> None:
        self._open.discard(str(request_id))
        self._settled.set()

    # --- to the client ---

    async def write(self, from_server: MemoryObjectReceiveStream[SessionMessage]) -> None:
        """Send what the server says, in order, each refusal only after it is on record."""
        try:
            async with from_server:
                async for item in from_server:
                    message = item.message
                    if _is_fresh_refusal(message):
                        await self._recorder.record(message.error.message, "protocol")
                    await self._send(message)
                    if isinstance(message, JSONRPCResponse | JSONRPCError):
                        self._settle(message.id)
        finally:
            self.written.set()

    async def _send(self, message: JSONRPCMessage) -> None:
        data = _encode(message)
        try:
            async with self._writing:
                await anyio.to_thread.run_sync(_write_all, self._sink, data)
        except OSError:
            logger.warning("the client no longer reads; stopping")
            self.stop()


def _is_fresh_refusal(message: JSONRPCMessage) -> TypeGuard[JSONRPCError]:
    """Whether the SDK refused a message below the middleware, so that nobody has recorded it."""
    if not isinstance(message, JSONRPCError) or message.error.code not in MALFORMED:
        return False
    return not is_recorded(message.error.data)


async def _stop_on_signal(link: _Link) -> None:
    """Turn the first SIGTERM or SIGINT into an orderly end; a second one ends the process."""
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        return
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for number in signals:
            logger.warning("stopping on %s", number.name)
            link.stop()
            return


def _pump(source: int, sender: MemoryObjectSendStream[bytes | TooLong], token: anyio.lowlevel.EventLoopToken) -> None:
    """Read lines in this thread and hand each over, waiting until it was taken."""
    splitter = LineSplitter(MESSAGE_BYTES)
    ended = (anyio.BrokenResourceError, anyio.ClosedResourceError, RuntimeError, concurrent.futures.CancelledError)
    with contextlib.suppress(*ended):
        while True:
            try:
                chunk = os.read(source, _CHUNK)
            except OSError:
                chunk = b""
            for line in splitter.feed(chunk) if chunk else splitter.close():
                anyio.from_thread.run(sender.send, line, token=token)
            if not chunk:
                anyio.from_thread.run_sync(sender.close, token=token)
                return


def _encode(message: JSONRPCMessage) -> bytes:
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
    except ValueError:
        # Text that is not Unicode. Whoever waits for it gets an answer all the same.
        logger.warning("a message could not be written as JSON and was replaced by an error")
        request_id = message.id if isinstance(message, JSONRPCResponse | JSONRPCError | JSONRPCRequest) else None
        error = ErrorData(code=INTERNAL_ERROR, message="The result could not be written as JSON.")
        replaced = JSONRPCError(jsonrpc="2.0", id=request_id, error=error)
        return replaced.model_dump_json(exclude_unset=True).encode() + b"\n"


def _write_all(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sink, view) :]
