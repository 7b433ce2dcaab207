"""Finding a value in what the user said: whole words, whatever their case and punctuation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from agentgate_mcp.gate.verbs import SPOKEN

_ECHO = 40
"""Characters of a flagged text that nobody types by chance."""
_JOINED = "_-./:\\@"
_SEPARATORS = str.maketrans(dict.fromkeys("_-/\\:,;()[]{}<>\"'`*|!?=+", " "))


_NEGATIONS = frozenset(
    "don't dont never without cannot can't cant mustn't mustnt shouldn't shouldnt won't wont avoid".split()
)
_BEFORE_NOT = frozenset("do must should shall can may will please but and or to".split())
"""`is not` and `does not` tell what is so; these tell what is wished."""
_TURNS = frozenset("but instead rather then so".split())
_CLAUSE_ENDS = frozenset(".;!?")
_BULLETS = frozenset("-*\u2022")


@dataclass(frozen=True, slots=True)
class Prompt:
    """The user's turns, normalised once. Evidence names the turn and the place in it."""

    turns: tuple[tuple[str, str, frozenset[int]], ...]
    """(text in lower case, the same with punctuation as spaces and padded, where a sentence ends without a space
    behind it) per turn."""

    @classmethod
    def of(cls, texts: tuple[str, ...]) -> Prompt:
        return cls(tuple((t.lower(), f" {words(t)} ", _run_on(t)) for t in dict.fromkeys(texts) if t.strip()))

    @property
    def given(self) -> bool:
        return bool(self.turns)

    @property
    def spoken(self) -> tuple[str, ...]:
        """Each turn in lower case, punctuation as single spaces."""
        return tuple(padded.strip() for _, padded, _ in self.turns)

    def without(self, flagged: Iterable[str]) -> Prompt:
        """What the user wishes: the turns that repeat none of the ``flagged`` texts, for a client
        that passes on what a log told it to say has not asked its user; and of those what is not
        said in the negative. Places in a turn stay what they are."""
        heard = [h[:_ECHO] for h in (words(f) for f in flagged) if len(h) >= _ECHO]
        own = [(affirmed(low), ends) for low, padded, ends in self.turns if not any(h in padded for h in heard)]
        return Prompt(tuple((wish, f" {words(wish)} ", ends) for wish, ends in own))

    def find(self, value: str) -> str:
        """`prompt:N[start:end]` where ``value`` stands in a turn as whole words, or empty."""
        exact, spaced = value.strip().lower(), words(value)
        if not exact:
            return ""
        for number, (lower, padded, ends) in enumerate(self.turns):
            start = _whole(lower, exact, ends)
            if start >= 0:
                return f"prompt:{number}[{start}:{start + len(exact)}]"
            if spaced and f" {spaced} " in padded:
                return f"prompt:{number}"
        return ""


@lru_cache(maxsize=64)
def wished(turns: tuple[str, ...], flagged: tuple[str, ...]) -> Prompt:
    """What the user wishes in ``turns``: the same for every call until somebody says or reads more."""
    return Prompt.of(turns).without(flagged)


def affirmed(text: str) -> str:
    """``text`` (lower case) with each clause from its negation on as spaces: `never touch x`
    endorses neither the deed nor the name, `do not disable x, y` neither of the names."""
    kept: list[str] = []
    negated, before, listing = False, "", False
    pieces = list(_pieces(text))
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
        word = piece.strip().replace("\u2019", "'").strip("\"'`*_()[]{}<>,.;:!?-")
        # Behind a comma a list goes on, unless something else is asked for: `don't wait, isolate it`.
        if listing and word in SPOKEN and before not in SPOKEN:
            negated = False
        if word in _TURNS or (listing and word in _BEFORE_NOT - {"and", "or"}):
            negated = False
        if word in _NEGATIONS or (word == "not" and before in _BEFORE_NOT):
            negated = True
        kept.append(" " * len(piece) if negated else piece)
        end = piece.rstrip()[-1:]
        listing = end == "," or (listing and word in ("and", "or"))
        if end in _CLAUSE_ENDS or ("\n" in piece and following.strip() not in _BULLETS):
            negated = False
        before = word
    return "".join(kept)


def _pieces(text: str) -> Iterator[str]:
    """Words with the white space after them; together they are ``text``."""
    start = 0
    for at in range(1, len(text)):
        if text[at - 1].isspace() and not text[at].isspace():
            yield text[start:at]
            start = at
    yield text[start:]


def words(text: str) -> str:
    """``text`` in lower case, punctuation as single spaces."""
    parts = (word.strip(".") for word in text.lower().translate(_SEPARATORS).split())
    return " ".join(word for word in parts if word)


def _run_on(text: str) -> frozenset[int]:
    """Where a full stop ends a sentence though no space follows: `www.corp.example.They sent …`, a
    word in lower case before it and a capitalised one behind."""
    found: set[int] = set()
    at = text.find(".")
    while at >= 0:
        behind = text[at + 1 : at + 3]
        if len(behind) == 2 and behind[0].isupper() and behind[1].islower():
            before = text[max(0, at - 80) : at].split()[-1:]
            if before and before[0].islower():
                found.add(at)
        at = text.find(".", at + 1)
    return frozenset(found)


def _whole(text: str, value: str, ends: frozenset[int]) -> int:
    """Where ``value`` stands in ``text`` and is not a part of a longer word, or -1."""
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        before, after = text[start - 1 : start], text[end : end + 1]
        beyond = text[end : end + 2]
        joined = bool(after) and after in _JOINED and len(beyond) == 2 and beyond[1].isalnum() and end not in ends
        if not (before.isalnum() or (before in _JOINED and before)) and not after.isalnum() and not joined:
            return start
        start = text.find(value, start + 1)
    return -1
