"""Views: the text as written, and as a reader or a model would see through its disguises.

Every view maps a span back to the original, because a finding quotes the original and only the
original is ever executed. Character views replace one character at a time, so a view's offsets
are sums of lengths; no state is kept that grows with the text.

    stripped   Unicode tags become ASCII; invisible and bidirectional controls are dropped
    folded     compatibility forms, look-alike letters, accents and case are folded to plain letters

`respell.py` and `decode.py` make the views that need more than a character at a time.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Final

from agentgate_mcp.gate.injection.engine import CharOffsets, Pattern
from agentgate_mcp.gate.injection.folds import FOLDS

SpanMap = Callable[[int, int], tuple[int, int]]

_CACHE_LIMIT = 65_536
_INVISIBLE: Final[tuple[tuple[int, int], ...]] = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0x1D173, 0x1D17A), (0xE0001, 0xE0001),
    (0xE007F, 0xE007F), (0xE0100, 0xE01EF),
)  # fmt: skip
_TAGS: Final = range(0xE0020, 0xE007F)


@dataclass(frozen=True, slots=True)
class View:
    """A reading of the original; ``origin`` maps a character span of ``text`` to one of the original."""

    name: str
    text: str
    origin: SpanMap


class _Table(dict[int, str]):
    """A translation table that fills itself; it stops growing at a limit, never stops working."""

    def __init__(self, replace: Callable[[int], str]) -> None:
        super().__init__()
        self._replace = replace

    def __missing__(self, code: int) -> str:
        value = self._replace(code)
        if len(self) < _CACHE_LIMIT:
            self[code] = value
        return value


def _strip(code: int) -> str:
    if code in _TAGS:
        return chr(code - 0xE0000)
    if any(low <= code <= high for low, high in _INVISIBLE):
        return ""
    return chr(code)


def _fold(code: int) -> str:
    char = _strip(code)
    if not char:
        return ""
    if char in FOLDS:
        return FOLDS[char]
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.category(c).startswith("M"))
    return "".join(FOLDS.get(c, c) for c in plain.casefold())


_STRIP = _Table(_strip)
_FOLD = _Table(_fold)


def identity(start: int, end: int) -> tuple[int, int]:
    """The span itself."""
    return start, end


def original(text: str) -> View:
    """The text as it is."""
    return View("original", text, identity)


def stripped(view: View) -> View:
    """Without what cannot be seen; the text itself when there is nothing of that kind."""
    if not _UNSEEN.found(view.text.encode("utf-8", "replace")):
        return View("stripped", view.text, view.origin)
    return _translated(view, "stripped", _STRIP, lower=False)


def folded(view: View) -> View:
    """In plain lower-case letters."""
    return _translated(view, "folded", _FOLD, lower=True)


def _translated(view: View, name: str, table: _Table, *, lower: bool) -> View:
    source = view.text
    text = _translate(source, table, lower=lower)
    ends: list[int] = []

    def origin(start: int, end: int) -> tuple[int, int]:
        if not ends:
            ends.extend(accumulate(len(table[ord(c)]) for c in source))
        first = bisect_right(ends, start)
        last = bisect_right(ends, max(start, end - 1))
        return view.origin(min(first, len(source)), min(last + 1, len(source)))

    return View(name, text, origin)


def _translate(source: str, table: _Table, *, lower: bool) -> str:
    """Character by character; where few are not ASCII, only those are looked up."""
    data = source.encode("utf-8", "replace")
    if len(data) - len(source) > len(source) // _SPARSE:
        return source.translate(table)
    parts: list[str] = []
    at = 0
    for start, end in _NOT_ASCII.spans(data):
        plain = data[at:start].decode("ascii")
        parts += (plain.lower() if lower else plain, data[start:end].decode("utf-8", "replace").translate(table))
        at = end
    rest = data[at:].decode("ascii")
    return "".join([*parts, rest.lower() if lower else rest])


_SPARSE = 16
_NOT_ASCII: Final = Pattern(r"[^\x00-\x7f]+")
_UNSEEN: Final = Pattern(
    "[" + "".join(rf"\x{{{low:X}}}-\x{{{high:X}}}" for low, high in (*_INVISIBLE, (_TAGS[0], _TAGS[-1]))) + "]"
)


def pieces_map(pieces: list[tuple[int, int, int, int]], view: View) -> SpanMap:
    """The map of a text that was put together from (out start, out end, in start, in end) pieces.

    A piece of equal length maps character by character; another maps as a whole."""
    starts = [p[0] for p in pieces]

    def locate(offset: int, *, closing: bool) -> int:
        out_start, out_end, in_start, in_end = pieces[max(0, bisect_right(starts, offset) - 1)]
        if out_end - out_start == in_end - in_start:
            return min(in_start + offset - out_start, in_end) + (1 if closing else 0)
        return in_end if closing else in_start

    def origin(start: int, end: int) -> tuple[int, int]:
        if not pieces:
            return view.origin(0, len(view.text))
        return view.origin(locate(start, closing=False), locate(max(start, end - 1), closing=True))

    return origin


# --- findings that need no pattern ---------------------------------------------------------

_FLAG_BASE = 0x1F3F4
"""Black flag: the one emoji that is followed by tag characters on purpose (Scotland, Wales)."""


def tag_spans(text: str) -> list[tuple[int, int]]:
    """Runs of three or more tag characters that are not part of a flag emoji."""
    data = text.encode("utf-8", "replace")
    offsets = CharOffsets(data)
    spans = [offsets.span(start, end) for start, end in islice(_TAG_RUN.spans(data), _MAX_TAG_RUNS)]
    return [(s, e) for s, e in spans if not (s and ord(text[s - 1]) == _FLAG_BASE and e - s <= _FLAG_LENGTH)]


_FLAG_LENGTH: Final = 7
_MAX_TAG_RUNS: Final = 1_000
_TAG_RUN: Final = Pattern(r"[\x{E0020}-\x{E007F}]{3,}")

BIDI_OVERRIDES: Final = ("\u202d", "\u202e")
