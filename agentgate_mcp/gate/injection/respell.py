"""Words that are spelled with digits, spread out, cut up or run together, put back as words.

What the signs of `signs.py` point at is read as a person would read it, punctuation kept, and scanned like any other:

    spread    letters one by one (`i g n o r e`, `i-g-n-o-r-e`) are joined
    cut       pieces of equal size, and words cut anywhere (`Ig nore previ ous`), are joined
    joined    letters without blanks are cut into words
    leet      `1gn0r3` is spelled with letters
    unwrapped one word per line becomes one line
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from agentgate_mcp.gate.injection.engine import Pattern
from agentgate_mcp.gate.injection.lexicon import SKELETON, lexicon, segment, skeleton
from agentgate_mcp.gate.injection.signs import JOINED_LENGTH, MAX_RESPELLED, SEPARATORS, Stretch, leet, stretches
from agentgate_mcp.gate.injection.views import View

_SHORT_LUMP: Final = 5
_TOKEN = Pattern(r"[a-z0-9@$!|]+")
_LETTERS_BETWEEN = Pattern(rf"[a-z0-9@$][ {''.join(chr(92) + s for s in SEPARATORS[1:])}]{{1,3}}[a-z0-9@$!]")


@dataclass(frozen=True, slots=True)
class Respelled:
    """The readings of a text; ``complete`` is False when it held more signs than are followed."""

    views: tuple[View, ...]
    complete: bool


def respelled(view: View, words: frozenset[str]) -> Respelled:
    """The disguised stretches of ``view`` as words. ``words`` is what may be read."""
    data = view.text.encode("utf-8", "replace")
    found, complete = stretches(view.text, data)
    views: list[View] = []
    done = 0
    for stretch in found:
        done += stretch.high - stretch.low
        if done > MAX_RESPELLED:
            return Respelled(tuple(views), False)
        reading = _read(view, stretch, words)
        if reading is not None:
            views.append(reading)
    return Respelled(tuple(views), complete)


@dataclass(slots=True)
class _Reading:
    """A text in the making, and where each of its characters came from."""

    text: str
    places: list[int]

    def splice(self, changes: list[tuple[int, int, str]]) -> None:
        """Replace spans, given in order; what is put in comes from all over the span."""
        if not changes:
            return
        parts: list[str] = []
        places: list[int] = []
        at = 0
        for start, end, value in changes:
            parts += (self.text[at:start], value)
            places += self.places[at:start]
            size = end - start
            places += (self.places[start + min(size - 1, i * size // max(1, len(value)))] for i in range(len(value)))
            at = end
        self.text = "".join([*parts, self.text[at:]])
        self.places = places + self.places[at:]


def _read(view: View, stretch: Stretch, words: frozenset[str]) -> View | None:
    """The stretch as a person would read it; None when that is how it is written."""
    low, high = stretch.low, stretch.high
    plain = "".join(c if c.isascii() else "\x7f" for c in view.text[low:high])
    reading = _Reading(plain, list(range(low, high)))
    if stretch.wrapped:
        reading.splice(_unwrap(reading.text))
    spread = _collapse(reading.text)
    reading.splice(spread)
    if stretch.cut:
        reading.splice(_join(reading.text))
    digits = leet().found(reading.text.encode("ascii"))
    if digits:
        reading.splice(_spell(reading.text, words))
    if spread or stretch.cut or stretch.joined:
        reading.splice(_separate(reading.text, words, _RUN))
    elif digits:
        reading.splice(_separate(reading.text, words, _LONG_RUN))
    if reading.text == plain:
        return None
    places = reading.places

    def origin(start: int, end: int) -> tuple[int, int]:
        first = places[min(max(start, 0), len(places) - 1)]
        last = places[min(max(start, end - 1), len(places) - 1)]
        return view.origin(min(first, last), max(first, last) + 1)

    kind = "unwrapped" if stretch.wrapped else "respelled"
    name = kind if view.name in ("original", "folded") else f"{view.name}+{kind}"
    return View(name, reading.text, origin)


def _unwrap(text: str) -> list[tuple[int, int, str]]:
    return [(s, e, " ") for s, e in _LINE_BREAK.spans(text.encode("ascii"))]


_LINE_BREAK = Pattern(r"[ \t\r]*\n[ \t\r\n]*")


def _spread_form(separator: str) -> str:
    """Visible characters one by one between equal separators; a wider gap stands for a blank."""
    visible = rf"[^\x00-\x09\x0b-\x20\{separator}]"
    gap = r" {1,4}" if separator == " " else rf"\{separator}(?: \{separator})?"
    return rf"(?:{visible}{gap}){{6,}}{visible}"


@cache
def _spread() -> Pattern:
    return Pattern("|".join(_spread_form(s) for s in SEPARATORS))


def _collapse(text: str) -> list[tuple[int, int, str]]:
    """Letters one by one become words; the wider gaps between them become blanks."""
    changes: list[tuple[int, int, str]] = []
    for start, end in _spread().spans(text.encode("ascii")):
        run = text[start:end]
        separator = run[1]
        at = 1
        while at < len(run):
            close = at
            while close < len(run) and run[close] in (separator, " "):
                close += 1
            changes.append((start + at, start + close, "" if close - at == 1 else " "))
            at = close + 1
    return changes


def _join(text: str) -> list[tuple[int, int, str]]:
    """Blanks and single marks between letters go: the words are cut anew afterwards."""
    data = text.encode("ascii")
    changes: list[tuple[int, int, str]] = []
    at = 0
    while (start := _LETTERS_BETWEEN.first(data, at)) >= 0:
        close = start + 1
        while text[close] in SEPARATORS:
            close += 1
        changes.append((start + 1, close, ""))
        at = close
    return changes


def _spell(text: str, words: frozenset[str]) -> list[tuple[int, int, str]]:
    """Leet words in letters; a number that spells no word stays."""
    known = lexicon(words)
    changes: list[tuple[int, int, str]] = []
    for start, end in _TOKEN.spans(text.encode("ascii")):
        token = text[start:end].rstrip("!|")
        if not token or token.isalpha():
            continue
        bones = skeleton(token).decode("ascii")
        word = known.get(bones)
        if word is not None and len(word) == len(token):
            changes.append((start, start + len(token), word))
        elif "@" not in token and len(token) < JOINED_LENGTH and not token.isdigit():
            changes.append((start, start + len(token), token.translate(_PLAIN)))
        elif "@" in token and len(token) < JOINED_LENGTH:
            name, _, domain = token.partition("@")
            plain = "@".join(known.get(skeleton(p).decode("ascii"), p) for p in (name, domain))
            if len(plain) == len(token):
                changes.append((start, start + len(token), plain))
    return changes


_PLAIN: Final = str.maketrans("013457$!|", "oieastsii")


def _separate(text: str, words: frozenset[str], runs: Pattern) -> list[tuple[int, int, str]]:
    """Runs of letters as words with blanks between; a short one only where all of it reads as words."""
    changes: list[tuple[int, int, str]] = []
    known = lexicon(words)
    for start, end in runs.spans(text.encode("ascii")):
        bones = text[start:end].encode("ascii").translate(SKELETON).decode("ascii")
        if bones in known:
            continue
        parts = segment(bones, words)
        if end - start < JOINED_LENGTH and not all(part.known for part in parts):
            continue
        at = start
        quoted = text[end : end + 1] in _QUOTES and text[end + 1 : end + 2].isalnum()
        for index, part in enumerate(parts):
            lead, tail = " " if index else "", " " if quoted and index + 1 == len(parts) else ""
            changes.append((at, at + part.size, f"{lead}{part.text}{tail}"))
            at += part.size
    return changes


_QUOTES: Final = ("'", '"', "`")
_RUN = Pattern(rf"[a-z0-9@$]{{{_SHORT_LUMP},}}")
_LONG_RUN = Pattern(rf"[a-z0-9@$]{{{JOINED_LENGTH},}}")
