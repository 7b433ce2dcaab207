"""JSONL in: one line at a time, numbered, in bounded memory, each judged on its own.

Lines stay bytes until they are parsed: one line that is not UTF-8 must not cost the others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO

from agentgate_mcp.cli.boundary import said_of
from agentgate_mcp.cli.terminal import fail

MAX_LINE = 4 * 1024 * 1024
"""Bytes of one line. A longer one is cut to one byte more, which every reader refuses."""
_BOM = b"\xef\xbb\xbf"


def input_of(file: Path) -> AbstractContextManager[IO[bytes]]:
    """The file, or stdin for `-`. Ends with exit code 1 when it cannot be opened."""
    if str(file) == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return file.open("rb")
    except OSError as exc:
        fail(said_of(exc))


def lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, numbered from 1, without a byte order mark."""
    number = 0
    while piece := stream.readline(MAX_LINE + 1):
        number += 1
        line = piece.removeprefix(_BOM) if number == 1 else piece
        while not piece.endswith(b"\n") and (piece := stream.readline(MAX_LINE + 1)):
            pass
        if line.strip():
            yield number, line
