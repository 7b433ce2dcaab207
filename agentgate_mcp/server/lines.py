"""Cuts a byte stream into lines of bounded length, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

_HEAD = 65_536
_TAIL = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLong:
    """A line that was thrown away. ``head`` and ``tail`` are its two ends; ``size`` counts bytes."""

    size: int
    head: bytes
    tail: bytes


class LineSplitter:
    """Feed it chunks, take lines. A line over ``limit`` bytes is discarded up to its newline and
    comes out as TooLong; never more than ``limit`` bytes and one chunk are held."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._over = False
        self._lost = 0
        self._head = b""

    def feed(self, chunk: bytes) -> list[bytes | TooLong]:
        """The lines that ``chunk`` completes, without their newlines."""
        *ends, rest = chunk.split(b"\n")
        out = [self._finish(part) for part in ends]
        self._keep(rest)
        return out

    def close(self) -> list[bytes | TooLong]:
        """The line that the stream ended in, if it did not end with a newline."""
        return [self._finish(b"")] if self._kept else []

    def _keep(self, part: bytes) -> None:
        self._kept += part
        if not self._over and len(self._kept) > self._limit:
            self._over, self._head = True, bytes(self._kept[:_HEAD])
        if self._over:
            surplus = max(len(self._kept) - _TAIL, 0)
            self._lost += surplus
            del self._kept[:surplus]

    def _finish(self, part: bytes) -> bytes | TooLong:
        self._keep(part)
        line, over, size, head = bytes(self._kept), self._over, self._lost + len(self._kept), self._head
        self._kept.clear()
        self._over, self._lost, self._head = False, 0, b""
        return TooLong(size=size, head=head, tail=line) if over else line
