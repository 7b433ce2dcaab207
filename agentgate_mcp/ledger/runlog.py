"""`logs/agent.jsonl`: what the program did, for people who run it. Redacted, never the record."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from agentgate_mcp.ledger.files import open_private
from agentgate_mcp.model.call import Json
from agentgate_mcp.redact import Redactor

FILE_NAME = "agent.jsonl"
MAX_LINE = 16_384

Level = Literal["debug", "info", "warning", "error"]


class RunLog:
    """Appends one JSON line per event. Thread-safe; several processes may share the file."""

    def __init__(self, directory: Path, *, redactor: Redactor, clock: Callable[[], float] = time.time) -> None:
        self.path = directory / FILE_NAME
        self._redactor = redactor
        self._clock = clock
        self._lock = threading.Lock()
        self.lost = 0
        """Lines that could not be written. A log that fails stops nothing; the ledger does."""

    def write(self, event: str, *, level: Level = "info", **fields: Json) -> None:
        """Logs ``event`` (a stable word) with ``fields``. Never raises for the disk's sake."""
        head: dict[str, Json] = {"at": round(self._clock(), 3), "level": level, "event": event, "pid": os.getpid()}
        line = json.dumps(self._redactor.redact({**head, **fields}), ensure_ascii=False, separators=(",", ":"))
        raw = line.encode("utf-8", "backslashreplace")
        if len(raw) > MAX_LINE:
            head["cut"] = len(raw)
            raw = json.dumps(head).encode()
        try:
            with self._lock, open_private(self.path, append=True) as file:
                # One write to the end, so that lines of several processes do not mix.
                os.write(file.fileno(), raw + b"\n")
        except OSError:
            self.lost += 1
