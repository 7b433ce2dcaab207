"""Signs that a stretch of text may hide words: each is one linear pass, and rare in logs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Final

from agentgate_mcp.gate.injection.engine import CharOffsets, Pattern, PatternSet
from agentgate_mcp.gate.injection.lexicon import DROP, SKELETON, skeleton

KEYWORDS: Final = tuple(
    word.replace("_", " ")
    for word in (
        "account administrator analyst answer anything approval approve assistant authorize become before benign "
        "bypass change channel code command comply confirm contents context continue conversation copilot credential "
        "customer database decode decrypt delete deactivate developer directive disable disclose disregard email "
        "encoded erase ethical everything execute exfiltrate export filters following follow forget forward from_now "
        "guardrail guideline hidden hypothetical ignore immediately important include initial instead instruct "
        "internal isolate jailbreak language leak maintenance mention message model never operator original override "
        "overrid password pending permission please policy precedence pretend previous priority process prompt "
        "purpose question records refuse remove repeat reply request respond response restrict reveal safety secret "
        "security silently snippet supersede suppress system not_tell never_tell token your_tools translate "
        "unnoticed unrestricted upload verbatim without"
    ).split()
)
"""Words that the families are made of and whose disguise by digits is looked for. None of them is a
short number when written in digits alone (`tell` would be 7311)."""

_CUT_UP: Final = (
    "ignore", "ignoring", "disregard", "forget", "previous", "instruct", "prompt", "guideline", "reveal", "override",
    "assistant", "jailbreak", "password", "credential", "unrestricted", "exfiltrate", "guardrail", "bypass",
)  # fmt: skip
"""Words that show a payload cut up at will (`Ig nore previ ous`)."""

REACH: Final = 240
"""Characters on either side of a sign."""
MAX_RESPELLED: Final = 16_000
"""Characters respelled in one view. Who needs more is not read to the end, and that is a finding (scan.py)."""
JOINED_LENGTH: Final = 16
"""Letters in a row that are worth cutting into words; longer than all but the rarest of words."""
_SENTENCE_LENGTH: Final = 22
"""Letters in a row that few identifiers need, so that one word is enough of a sign."""
_LONGEST_SPAN: Final = 64
_FREQUENT: Final = "the|and|your|that|with|from|this|you"
_TOLERANT: Final = {
    "a": "[a4@]",
    "b": "[b8]",
    "e": "[e3]",
    "g": "[g9]",
    "i": "[i1l!]",
    "l": "[l1i]",
    "o": "[o0]",
    "s": "[s5$]",
    "t": "[t7]",
}
_FORCED: Final = {"a": "[4@]", "e": "3", "g": "9", "i": "[1!]", "l": "1", "o": "0", "s": "[5$]", "t": "7"}
# English at its most frequent, in digits. No hash or address spells these between word borders.
_LEET_GLUE: Final = r"\b(?:7h[e3]|th3|y0u|y0ur|4nd|fr0m|w17h|wi7h|w1th|7h15|7h47|th4t|7h4t|n0w|w1ll|wh47|7h3m|7h3s3)\b"

SEPARATORS: Final = " -._*|/~+,"


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """A span of characters to be read anew, and what its signs were."""

    low: int
    high: int
    cut: bool = False
    wrapped: bool = False
    joined: bool = False


def stretches(text: str, data: bytes) -> tuple[list[Stretch], bool]:
    """Where ``text`` may hide words, and whether all such places are told; ``data`` is the text in UTF-8."""
    offsets = CharOffsets(data)
    found = [Stretch(max(0, s - REACH), min(len(text), e + REACH), True) for s, e in _cuts(text, data)]
    if not _any_sign().found(data):
        return _merged(found), True
    complete = True
    for pattern, cut, wrapped in (
        (leet(), False, False),
        (_spread_sign(), False, False),
        (_pieces(), True, False),
        (_wrapped(), False, True),
    ):
        at = pattern.first(data)
        count = 0
        while at >= 0:
            char = offsets.at(at)
            found.append(Stretch(max(0, char - REACH), min(len(text), char + 2 * REACH), cut, wrapped))
            count += 1
            if count * REACH > MAX_RESPELLED:
                complete = False
                break
            at = pattern.first(data, at + REACH)
    return [*_merged(found), *_lumps(data, offsets)], complete


def _merged(found: list[Stretch]) -> list[Stretch]:
    """Stretches of one kind that overlap, as one."""
    out: list[Stretch] = []
    for item in sorted(set(found), key=lambda s: (s.cut, s.wrapped, s.low)):
        last = out[-1] if out else None
        if last and (last.cut, last.wrapped) == (item.cut, item.wrapped) and item.low <= last.high:
            out[-1] = Stretch(last.low, max(last.high, item.high), item.cut, item.wrapped)
        else:
            out.append(item)
    return out


def _lumps(data: bytes, offsets: CharOffsets) -> Iterator[Stretch]:
    """What stands without a blank around a run of words."""
    joined, keyword = _joined()
    read_to = total = 0
    for start, end in joined.spans(data):
        if total > MAX_RESPELLED:
            return
        if start >= read_to and next(keyword.spans(data, start, end), None):
            before, after = data[max(0, start - REACH) : start], data[end : end + REACH]
            low = start - len(before) + max(before.rfind(b" "), before.rfind(b"\n")) + 1
            high = end + min((i for i in (after.find(b" "), after.find(b"\n")) if i >= 0), default=len(after))
            read_to = high
            total += high - low
            yield Stretch(*offsets.span(low, high), joined=True)


def _cuts(text: str, data: bytes) -> Iterator[tuple[int, int]]:
    """Keywords that the skeleton spells more often than the text."""
    bones = data.translate(SKELETON, DROP)
    spelled = [_CUT_UP[i] for i in _cut_up().match(bones)]
    if not spelled:
        return
    plain = data.lower()
    hidden = [w for w in spelled if bones.count(skeleton(w)) > plain.count(w.encode())]
    if not hidden:
        return
    kept = [i for i, c in enumerate(text) if c in _KEPT]
    for start, end in islice(
        Pattern("|".join(skeleton(w).decode() for w in hidden)).spans(bones), MAX_RESPELLED // REACH
    ):
        low, high = kept[start], kept[end - 1] + 1
        if high - low > end - start:
            yield low, high


_KEPT = frozenset(chr(c) for c in range(128) if c not in DROP)


def _leet_forms(word: str) -> Iterator[str]:
    """Expressions for ``word`` with at least one digit in place of a letter: one per first place."""
    for index, letter in enumerate(word):
        if letter in _FORCED:
            rest = "".join(_TOLERANT.get(c, c) for c in word[index + 1 :])
            yield f"{word[:index]}{_FORCED[letter]}{rest}".replace(" ", "[^a-z0-9]?")


@cache
def leet() -> Pattern:
    """Words with digits in place of letters."""
    return Pattern("|".join([_LEET_GLUE, *(form for word in KEYWORDS for form in _leet_forms(word))]))


@cache
def _spread_sign() -> Pattern:
    """Few letters of a spread text; what belongs to it is found by `_spread`."""
    between = (" {1,4}" if s == " " else rf"\{s}{{1,3}}(?: \{s}?)?" for s in SEPARATORS)
    return Pattern("|".join(rf"(?:[a-z0-9@$!]{gap}){{6}}" for gap in between))


@cache
def _pieces() -> Pattern:
    return Pattern(r"(?:\b[a-z0-9@$!]{4} ){6}|(?:\b[a-z0-9@$!]{3} ){8}|(?:\b[a-z0-9@$!]{5} ){6}")


@cache
def _wrapped() -> Pattern:
    return Pattern(r"(?:[^\x00-\x20]{1,20}[ \t\r]*\n[ \t\r\n]*){6}")


@cache
def _joined() -> tuple[Pattern, Pattern]:
    """Two keywords in one run of letters, or a run that is long for an identifier; what makes it worth reading."""
    words = "|".join(word.replace(" ", "") for word in KEYWORDS)
    between = rf"[a-z0-9@$]{{0,{_SENTENCE_LENGTH}}}"
    sentence = rf"[a-z]{{{_SENTENCE_LENGTH},{_LONGEST_SPAN}}}"
    return Pattern(rf"(?:{words}){between}(?:{words})|{sentence}"), Pattern(rf"{words}|{_FREQUENT}")


@cache
def _any_sign() -> Pattern:
    """All signs in one pass; most texts have none."""
    return Pattern("|".join(p.source for p in (leet(), _spread_sign(), _pieces(), _wrapped(), _joined()[0])))


@cache
def _cut_up() -> PatternSet:
    return PatternSet([skeleton(w).decode() for w in _CUT_UP])
