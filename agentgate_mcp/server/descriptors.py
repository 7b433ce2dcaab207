"""Takes stdin and stdout away from everything else in the process while the protocol uses them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator


@contextlib.contextmanager
def claimed() -> Generator[tuple[int, int]]:
    """Private duplicates of (stdin, stdout). Meanwhile descriptor 0 reads nothing and descriptor 1
    is stderr, so that a stray print or a child process misses the wire."""
    source, sink = _duplicate(0, os.O_RDONLY), _duplicate(1, os.O_WRONLY)
    _divert(os.open(os.devnull, os.O_RDONLY), 0)
    _divert(_stderr(), 1)
    sys.stdout.flush()  # only now: what was printed before belongs on stderr as well
    try:
        yield source, sink
    finally:
        # The duplicates stay open: a thread may still be blocked reading one, and a descriptor
        # number that is used again under it would feed it another file.
        os.dup2(source, 0)
        os.dup2(sink, 1)


def _duplicate(number: int, mode: int) -> int:
    """A private copy that children do not inherit; of nothing, where the descriptor is closed."""
    try:
        copy = os.dup(number)
    except OSError:
        copy = os.open(os.devnull, mode)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(copy, os.O_BINARY)
    return copy


def _stderr() -> int:
    try:
        return os.dup(2)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


def _divert(replacement: int, number: int) -> None:
    os.dup2(replacement, number)
    os.close(replacement)
