"""A small phrase notation for patterns, compiled to RE2.

    word            that word; a trailing `*` lets it go on (`instruct*`)
    (a|b c|d)       one of these; an alternative may hold several words
    [a|b]  [a|b]*   at most one of these, or up to three
    ~3              up to three words of any kind
    {name}          an entry of the vocabulary handed to `compile_phrase`
    !word  !(a|b)   the rarest element, or several in a row
                    (without a mark it is the first element)

Between two elements any run of characters that are neither letters nor digits may stand.

The anchor is what is looked for first: the rarest element and its neighbours on either side, as far
as at most two unknown words stand between. One word alone is everyday language; two or three are
rare, and without long gaps their automaton stays small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_SEP = "[^0-9a-z]+"
_WORD = "[0-9a-z]+"
WORD_START = r"(?:\b|_|\\[nrt])"
"""A word begins, also after an underscore or a line break that was written as `\\n`."""
_WORD_END = r"(?:\b|_)"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled phrase. Its anchor occurs wherever it does; ``words`` are all it is made of."""

    source: str
    anchor: str
    words: frozenset[str]


_NARROW = 2
"""Unknown words that an anchor may hold between two of its elements."""


def compile_phrase(notation: str, vocabulary: Mapping[str, str], *, begin: str = WORD_START) -> Phrase:
    """The RE2 sources of ``notation``, after ``begin``. Raises: ValueError when the notation is malformed."""
    elements = _elements(_expand(notation, vocabulary))
    bare = [e.removeprefix("!") for e in elements]
    marked = [i for i, e in enumerate(elements) if e.startswith("!")] or [0]
    low, high = _reach(bare, marked[0], -1), _reach(bare, marked[-1], 1)
    return Phrase(
        source=f"{begin}{_sequence(bare)}{_WORD_END}",
        anchor=f"{WORD_START if low else begin}{_sequence(bare[low : high + 1])}{_WORD_END}",
        words=frozenset(w for e in bare if not e.startswith("~") for p in _alternatives(e)[0] for w in p.split()),
    )


def _sequence(elements: list[str]) -> str:
    """The source of elements one after the other."""
    parts: list[str] = []
    for element in elements:
        lead = _SEP if parts else ""
        if element.startswith("~"):
            parts.append(f"(?:{_SEP}{_WORD}){{0,{int(element[1:])}}}")
            continue
        alternatives, repeat = _alternatives(element)
        group = f"{lead}{_source(alternatives)}"
        parts.append(f"(?:{group}){{0,{repeat}}}" if element.startswith("[") else group)
    return "".join(parts)


def _reach(elements: list[str], start: int, step: int) -> int:
    """The next element beside ``start`` that must occur, or ``start`` when a wide gap or the end comes first."""
    at = start + step
    while 0 <= at < len(elements):
        element = elements[at]
        if element.startswith("~") and int(element[1:]) > _NARROW:
            return start
        if not element.startswith(("~", "[")):
            return at
        at += step
    return start


def _expand(notation: str, vocabulary: Mapping[str, str]) -> str:
    for name, words in vocabulary.items():
        notation = notation.replace("{" + name + "}", words)
    if "{" in notation:
        raise ValueError(f"unknown vocabulary in {notation!r}")
    return notation


def _elements(notation: str) -> list[str]:
    """Split at blanks that stand outside of brackets."""
    out: list[str] = []
    depth, current = 0, ""
    for char in notation:
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        if char == " " and depth == 0:
            if current:
                out.append(current)
            current = ""
        else:
            current += char
    if depth:
        raise ValueError(f"unbalanced brackets in {notation!r}")
    return [*out, current] if current else out


def _alternatives(element: str) -> tuple[list[str], int]:
    if element.startswith("["):
        repeat = 3 if element.endswith("]*") else 1
        return element.removesuffix("*")[1:-1].replace("(", "").replace(")", "").split("|"), repeat
    if element.startswith("("):
        return element[1:-1].replace("(", "").replace(")", "").split("|"), 1
    return [element], 1


def _source(alternatives: list[str]) -> str:
    return "(?:" + "|".join(_SEP.join(_word(w) for w in phrase.split()) for phrase in alternatives) + ")"


def _word(word: str) -> str:
    return word.replace("'", "['’]?").replace("*", "[a-z]*")
