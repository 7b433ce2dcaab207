"""Words back from letters: which words disguised text may spell, and how a run of letters is cut into them.

A skeleton is a word in lower case with leet digits read as letters and `l` written as `i`, because
a `1` may be either. Two words with one skeleton read as the one that the rules use.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Final

from agentgate_mcp.gate.injection.engine import Pattern

_GLUE: Final = (
    "a an the to of and or in is are was were be been it its this that these those for with from by on at as you"
    " your my me we our i he she they them their will would can could may might must should shall do does did not no"
    " so if then than now please any all each every some into out up about after before until when where who whom"
    " what which how why there here just only also more most much many very both such other another same own back"
    " customer customers email emails attacker evil invalid example user users name names file files data server"
    " servers host hosts report reports internal external hidden new old next one two three call run use using get"
    " set make take give go see know need want like open close visit click link links reach channel channels invite"
    " create database patient records record complete completed status retrieved healthy service services body"
    " message messages website received sent com www http https org net first last time day people work company"
    " market system access private public code list add remove change update check review read write text number"
    " question answer task tasks action actions account accounts payment money transfer bank details information"
).split()
_STEM_ENDINGS: Final = ("", "s", "e", "es", "ed", "ing", "ion", "ions", "er", "ers")

LEET_FROM: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ" + b"0134578@$9!|lL"
LEET_TO: Final = b"abcdefghijklmnopqrstuvwxyz" + b"oieastbasgiiii"
SKELETON: Final = bytes.maketrans(LEET_FROM, LEET_TO)
_KEEP = b"abcdefghijklmnopqrstuvwxyz0123456789@$!"
DROP: Final = bytes(c for c in range(256) if c not in _KEEP and c not in _KEEP.upper())

Lexicon = dict[str, str]
"""Skeleton to word."""

_WORDS = Pattern(r"\\.|[a-z]{3,}")


def skeleton(text: str) -> bytes:
    """Letters and digits only, lower-case, leet read as letters, `l` as `i`."""
    return text.encode("ascii", "ignore").translate(SKELETON, DROP)


@cache
def lexicon(words: frozenset[str]) -> Lexicon:
    """Everything that ``words`` (of the rules; a trailing `*` marks a stem) and plain English spell."""
    out: Lexicon = {}
    for word in (*sorted(words), *_GLUE):
        plain = word.replace("'", "")
        for ending in _STEM_ENDINGS if plain.endswith("*") else ("",):
            full = plain.rstrip("*") + ending
            if full.isalpha() and full.isascii() and (len(full) > 1 or full in "ai"):
                out.setdefault(skeleton(full).decode(), full)
    return out


def words_of(source: str) -> frozenset[str]:
    """The words that an expression spells out."""
    data = source.encode("ascii", "ignore")
    found = (data[start:end].decode() for start, end in _WORDS.spans(data))
    return frozenset(word for word in found if not word.startswith("\\"))


def keywords(words: frozenset[str], shortest: int) -> tuple[str, ...]:
    """The words that are long enough to say something, stems without their asterisk, longest first."""
    stems = {w.rstrip("*").replace("'", "") for w in words}
    return tuple(sorted((w for w in stems if len(w) >= shortest), key=lambda w: (-len(w), w)))


@cache
def _by_start(words: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """The skeletons of some length by their first letters."""
    found: dict[str, list[str]] = defaultdict(list)
    for bones in lexicon(words):
        if len(bones) >= _START:
            found[bones[:_START]].append(bones)
    return {start: tuple(sorted(group, key=len)) for start, group in found.items()}


_START: Final = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a skeleton: its length, and the word that it spells, or itself when it spells none."""

    size: int
    text: str
    known: bool


def segment(bones: str, words: frozenset[str]) -> list[Part]:
    """The words in order. Long words win; letters that fit nothing stay together.

    Work: the length of ``bones`` times the words that begin with the same letters."""
    known, starts = lexicon(words), _by_start(words)
    size = len(bones)
    best = [0] * (size + 1)
    choice = [0] * (size + 1)
    for at in range(size):
        here = best[at]
        if here > best[at + 1]:
            best[at + 1], choice[at + 1] = here, 0
        for length in range(1, min(_START, size - at + 1)):
            value = here + length * length
            if value > best[at + length] and bones[at : at + length] in known:
                best[at + length], choice[at + length] = value, length
        for word in starts.get(bones[at : at + _START], ()):
            if bones.startswith(word, at):
                length = len(word)
                value = here + length * length
                if value > best[at + length]:
                    best[at + length], choice[at + length] = value, length
    return _walk_back(bones, choice, known)


def _walk_back(bones: str, choice: list[int], known: Lexicon) -> list[Part]:
    out: list[Part] = []
    end, loose = len(bones), 0
    while end > 0:
        length = choice[end]
        if length == 0:
            loose += 1
            end -= 1
            continue
        if loose:
            out.append(Part(loose, bones[end : end + loose], False))
            loose = 0
        out.append(Part(length, known[bones[end - length : end]], True))
        end -= length
    if loose:
        out.append(Part(loose, bones[:loose], False))
    return out[::-1]
