"""A small phrase notation for patterns, compiled to RE2.

    word            that word; a trailing `*` lets it go on (`instruct*`)
    (a|b c|d)       one of these; an alternative may hold several words
    [a|b]  [a|b]*   at most one of these, or up to three
    ~3              up to three words of any kind
    {name}          an entry of the vocabulary handed to `compile_phrase`
    !word  !(a|b)   the anchor: the rarest element, or several in a row, looked for first
                    (without a mark it is the first element)

Between two elements any run of characters that are neither letters nor digits may stand.
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


def compile_phrase(notation: str, vocabulary: Mapping[str, str]) -> Phrase:
    """The RE2 sources of ``notation``. Raises: ValueError when the notation is malformed."""
    elements = _elements(_expand(notation, vocabulary))
    parts: list[str] = []
    words: set[str] = set()
    for element in elements:
        bare = element.removeprefix("!")
        lead = _SEP if parts else ""
        if bare.startswith("~"):
            parts.append(f"(?:{_SEP}{_WORD}){{0,{int(bare[1:])}}}")
            continue
        alternatives, repeat = _alternatives(bare)
        words.update(word for phrase in alternatives for word in phrase.split())
        if bare.startswith("["):
            parts.append(f"(?:{lead}{_source(alternatives)}){{0,{repeat}}}")
        else:
            parts.append(f"{lead}{_source(alternatives)}")
    marked = [e[1:] for e in elements if e.startswith("!")] or elements[:1]
    return Phrase(
        source=f"{WORD_START}{''.join(parts)}{_WORD_END}",
        anchor=f"{WORD_START}{_SEP.join(_source(_alternatives(e)[0]) for e in marked)}{_WORD_END}",
        words=frozenset(words),
    )


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
