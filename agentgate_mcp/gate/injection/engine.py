"""The only regular expressions that ever meet untrusted text: google-re2, in linear time.

Everything works on UTF-8 bytes, because RE2 does; `CharOffsets` turns byte offsets back. This is
the adapter of a library without types, so strict typing ends here.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import re2

# RE2 drops a cache that is full and goes on, but a set that cannot hold a handful of states
# would report no match at all, and a single expression would go on without its automaton, a
# hundred times slower. 64 MiB is a limit, not an allocation, and far above what ours need.
_MEMORY = 64 << 20


def _options(*, case_sensitive: bool = False) -> Any:
    options = re2.Options()
    options.case_sensitive = case_sensitive
    options.max_mem = _MEMORY
    options.log_errors = False
    return options


class Pattern:
    """One compiled expression over UTF-8 bytes, case-insensitive unless said otherwise."""

    __slots__ = ("_compiled", "source")

    def __init__(self, source: str, *, case_sensitive: bool = False) -> None:
        self.source = source
        self._compiled: Any = re2.compile(source, _options(case_sensitive=case_sensitive))

    def spans(self, data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
        """Byte spans of all matches between ``start`` and ``end``, leftmost first, without overlap.

        What stands outside of the bounds still decides whether a word begins or ends there."""
        for match in self._compiled.finditer(data, start, end):
            yield cast("tuple[int, int]", match.span())

    def first(self, data: bytes, start: int = 0) -> int:
        """Where the first match at or after ``start`` begins; -1 when there is none."""
        match = self._compiled.search(data, start)
        return -1 if match is None else cast("int", match.start())

    def found(self, data: bytes) -> bool:
        return self._compiled.search(data) is not None


class PatternSet:
    """Many expressions matched in one pass; says which of them occur, not where."""

    __slots__ = ("_set", "size")

    def __init__(self, sources: Sequence[str]) -> None:
        self._set: Any = re2.Set.SearchSet(_options())
        for source in sources:
            self._set.Add(source)
        self._set.Compile()
        self.size = len(sources)

    def match(self, data: bytes) -> Sequence[int]:
        """Indexes of the expressions that occur in ``data``, in no particular order."""
        return cast("Sequence[int]", self._set.Match(data) or ())


class CharOffsets:
    """Character offsets of byte offsets in UTF-8 ``data``, in steps that do not grow with it."""

    __slots__ = ("_data", "_marks", "_plain")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._plain = data.isascii()
        self._marks: list[int] = [0]
        if not self._plain:
            for at in range(0, len(data), _BLOCK):
                self._marks.append(self._marks[-1] + _chars(data[at : at + _BLOCK]))

    def at(self, offset: int) -> int:
        """How many characters begin before ``offset``."""
        if self._plain:
            return offset
        block = offset // _BLOCK
        return self._marks[block] + _chars(self._data[block * _BLOCK : offset])

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self.at(start), self.at(end)


_BLOCK = 1_024
_CONTINUATION = bytes(range(0x80, 0xC0))


def _chars(data: bytes) -> int:
    return len(data.translate(None, _CONTINUATION))
