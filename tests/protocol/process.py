"""The fake server as a child process, spoken to in raw bytes."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
"""Seconds until a missing answer is a failure; never a wait that is expected to run out."""

LEGACY = "2025-11-25"
MODERN = "2026-07-28"


class Server:
    """One child. ``stdin`` takes bytes; lines of stdout and stderr arrive in queues. With ``deaf``
    its stdout is a pipe that nobody reads."""

    def __init__(self, journal: Path, transport: str, *, deaf: bool = False) -> None:
        command = [sys.executable, "-m", "tests.protocol.fake_server", str(journal), transport]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        with _broken_pipe() as broken:
            stdout = broken if deaf else pipe
            self.process = subprocess.Popen(command, stdin=pipe, stdout=stdout, stderr=pipe, cwd=ROOT, env=environment)
        self.journal = journal
        self.stdout = _lines(self.process.stdout)
        self.stderr = _lines(self.process.stderr)

    def send(self, raw: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(raw)
        self.process.stdin.flush()

    def line(self) -> bytes:
        """The next line of stdout; b"" at its end."""
        return self.stdout.get(timeout=PATIENCE)

    def answer(self) -> dict[str, Any]:
        """The next message. Whatever is on stdout must be one."""
        message = json.loads(self.line())
        assert message["jsonrpc"] == "2.0"
        return message

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def events(self) -> list[dict[str, Any]]:
        """What the gatekeeper noted so far."""
        if not self.journal.exists():
            return []
        return [json.loads(line) for line in self.journal.read_text(encoding="utf-8").splitlines()]

    def refusals(self) -> list[dict[str, Any]]:
        return [e for e in self.events() if e["event"] == "refusal"]

    def initialize(self) -> dict[str, Any]:
        """Open a connection of the handshake era."""
        self.send(frame("initialize", 0, **initialization()))
        result = self.answer()["result"]
        self.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        return result

    def call(self, request_id: int | str, tool: str, arguments: object) -> dict[str, Any]:
        self.send(frame("tools/call", request_id, name=tool, arguments=arguments))
        answer = self.answer()
        assert answer["id"] == request_id
        return answer


@contextmanager
def running(tmp_path: Path, transport: str = "stdio", *, deaf: bool = False) -> Iterator[Server]:
    server = Server(tmp_path / "journal.jsonl", transport, deaf=deaf)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait(PATIENCE)
        for stream in (server.process.stdin, server.process.stdout, server.process.stderr):
            if stream is not None:
                stream.close()


def initialization() -> dict[str, Any]:
    client = {"name": "raw", "version": "1"}
    return {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": client}


def envelope() -> dict[str, Any]:
    """The `_meta` that every request of the stateless era carries."""
    return {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    }


def frame(method: str, request_id: int | str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode() + b"\n"


@contextmanager
def _broken_pipe() -> Iterator[int]:
    """The writing end of a pipe without a reading end."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


def _lines(stream: Any) -> queue.Queue[bytes]:
    """Lines as they come, then b"": read by a thread, so that a wait can end."""
    lines: queue.Queue[bytes] = queue.Queue()
    if stream is None:
        return lines

    def pump() -> None:
        try:
            for line in stream:
                lines.put(line)
        except ValueError:
            pass  # closed while reading: the test is over
        lines.put(b"")

    threading.Thread(target=pump, daemon=True).start()
    return lines
