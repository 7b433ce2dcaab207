"""`logs/audit.jsonl`: the ledger once more, as lines that any tool can follow.

Whoever holds the file's lock copies what the file lacks, in order, from the ledger. So no line
is missing, double or out of place, whichever process wrote the record and whoever died; only a
line that a crash cut short is taken off and written again. The ledger stays the record.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import IO

from agentgate_mcp.errors import LedgerError
from agentgate_mcp.ledger.export import export_lines
from agentgate_mcp.ledger.files import locked
from agentgate_mcp.ledger.ledger import Ledger

FILE_NAME = "audit.jsonl"
_TAIL = 65_536


class Mirror:
    """Keeps one file level with the ledger, on a thread of its own."""

    def __init__(self, ledger: Ledger, directory: Path) -> None:
        """``directory`` is where the logs lie; the mirror is `audit.jsonl` in it."""
        self._ledger = ledger
        self.path = directory / FILE_NAME
        self._wake = threading.Event()
        self._stop = False
        self._thread: threading.Thread | None = None
        self.failure = ""
        """Why the mirror is behind, for `doctor`; empty while it is not."""

    def start(self) -> None:
        """Catches up, then follows every commit of this process."""
        self._thread = threading.Thread(target=self._loop, name="agentgate-mirror", daemon=True)
        self._ledger.subscribe(lambda _seq: self._wake.set())
        self._wake.set()
        self._thread.start()

    def close(self) -> None:
        """Copies what is left and ends. To be called before the ledger is closed."""
        self._stop = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def catch_up(self) -> int:
        """Copies what the file lacks; how many lines that was.

        Raises: LedgerError when the ledger cannot be read or the file is another's, OSError."""
        with locked(self.path) as file:
            last, link = _last_line(file)
            if last and link != self._link_of(last):
                raise LedgerError(f"{FILE_NAME}: its record {last} is not the ledger's; one of them was replaced")
            count = 0
            for line in export_lines(self._ledger, since=last):
                file.write(line.encode())
                count += 1
            return count

    def _link_of(self, seq: int) -> str:
        return next((entry.link for entry in self._ledger.entries(seq - 1, upto=seq)), "")

    def _loop(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            stopping = self._stop
            try:
                self.catch_up()
                self.failure = ""
            except (LedgerError, OSError) as error:
                # The ledger has the record; a copy that lags harms nobody and is caught up later.
                self.failure = str(error)
            if stopping:
                return


def _last_line(file: IO[bytes]) -> tuple[int, str]:
    """Sequence and link on the last whole line (0 and empty if there is none); cuts off a torn
    one and leaves the file at its end. Raises: LedgerError when the line is no record."""
    size = file.seek(0, os.SEEK_END)
    reach = _TAIL
    while True:
        start = max(0, size - reach)
        file.seek(start)
        tail = file.read(size - start)
        whole = tail.rfind(b"\n") + 1
        before = tail.rfind(b"\n", 0, whole - 1) + 1 if whole else 0
        if start == 0 or before:
            break
        reach *= 4
    file.seek(start + whole)
    file.truncate()
    if not whole:
        return 0, ""
    try:
        record: object = json.loads(tail[before:whole])
    except ValueError:
        record = None
    match record:
        case {"seq": int(seq), "link": str(link)}:
            return seq, link
        case _:
            raise LedgerError(f"{FILE_NAME}: expected its last line to be a record")
