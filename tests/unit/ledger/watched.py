"""Connections that a test can watch, hold up and break."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from agentgate_mcp.ledger.store import Cell, Connection, Cursor, Factory, file_factory

Hook = Callable[[str], None]


class Watched:
    """A connection that tells its hook of each statement before it is executed."""

    def __init__(self, connection: Connection, hook: Hook) -> None:
        self._connection = connection
        self._hook = hook

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, statements: str, bindings: Sequence[Cell] | None = None, /) -> Cursor:
        self._hook(statements)
        return self._connection.execute(statements, bindings)

    def changes(self) -> int:
        return self._connection.changes()

    def set_busy_timeout(self, milliseconds: int, /) -> None:
        self._connection.set_busy_timeout(milliseconds)

    def close(self, force: bool = False, /) -> None:
        self._connection.close(force)


def watched_factory(path: Path, hook: Hook) -> Factory:
    inner = file_factory(path)
    return lambda: Watched(inner(), hook)


class Gate:
    """A hook that counts commits, and lets none through while it is shut."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.waiting = threading.Semaphore(0)
        """Released whenever a commit arrives at the gate."""
        self.commits = 0

    def __call__(self, statement: str) -> None:
        if statement == "COMMIT":
            self.waiting.release()
            assert self.open.wait(30)
            self.commits += 1
