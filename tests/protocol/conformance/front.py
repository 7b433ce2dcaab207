"""A loopback front for tools that cannot send a token: it adds the header, and changes nothing else.

One request per connection, so that every request passes the rewriting; names of the front in Host
and Origin become names of the server, foreign ones stay, because DNS rebinding is under test.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

_HEAD_LIMIT = 65_536


def rewrite(head: bytes, *, token: str, front: bytes, server: bytes) -> bytes:
    """The request head (with its final blank line) as the server shall see it."""
    request, *headers = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    kept: list[bytes] = []
    for header in headers:
        name = header.partition(b":")[0].strip().lower()
        if name in (b"authorization", b"connection"):
            continue
        kept.append(header.replace(front, server) if name in (b"host", b"origin") else header)
    extra = [b"Authorization: Bearer " + token.encode(), b"Connection: close"]
    return b"\r\n".join([request, *kept, *extra]) + b"\r\n\r\n"


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(_HEAD_LIMIT):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


class Front:
    """Listens on a free loopback port and forwards to the server's port."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self.host, self.port, self.token = host, port, token
        self.address = ("", 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            upstream_reader, upstream_writer = await asyncio.open_connection(self.host, self.port)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            writer.close()
            return
        front = f"{self.address[0]}:{self.address[1]}".encode()
        upstream_writer.write(rewrite(head, token=self.token, front=front, server=f"{self.host}:{self.port}".encode()))
        request = asyncio.create_task(_copy(reader, upstream_writer))
        try:
            await _copy(upstream_reader, writer)
        finally:
            request.cancel()
            for each in (writer, upstream_writer):
                each.close()

    async def _run(self, ready: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_HEAD_LIMIT)
        self.address = server.sockets[0].getsockname()[:2]
        ready.set()
        async with server:
            await stop.wait()

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """Runs the front in a thread of its own; yields `host:port`."""
        loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

        def run() -> None:
            # The runner cancels what is still being forwarded when the front stops.
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(self._run(ready, stop))

        thread = threading.Thread(target=run, name="front", daemon=True)
        thread.start()
        if not ready.wait(10):
            raise RuntimeError("the front did not start")
        try:
            yield f"{self.address[0]}:{self.address[1]}"
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(10)
