"""Words that are spelled with digits, spread out, cut up or run together, put back as words.

Four signs say that a stretch of text may hide words; each is one linear pass and rare in logs.
The stretch is reduced to its skeleton (letters and digits alone, leet digits read as letters, `l`
written as `i`), cut into known words again, and that reading is scanned like any other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from typing import Final

from agentgate_mcp.gate.injection.engine import Pattern, char_span
from agentgate_mcp.gate.injection.views import View

KEYWORDS: Final = tuple(
    word.replace("_", " ")
    for word in (
        "account administrator analyst answer anything approval approve assistant authorize become before benign "
        "bypass change code command comply confirm contents context continue conversation copilot credential customer "
        "decode decrypt delete deactivate developer directive disable disclose disregard email encoded erase ethical "
        "everything execute exfiltrate export filters following follow forget forward from_now guardrail guideline "
        "hidden hypothetical ignore immediately important include initial instead instruct isolate jailbreak language "
        "leak maintenance mention message model never operator original override overrid password pending permission "
        "please policy precedence pretend previous priority process prompt purpose question records refuse remove "
        "repeat reply request respond response restrict reveal safety secret security silently snippet supersede "
        "suppress system not_tell never_tell token your_tools translate unnoticed unrestricted upload verbatim without"
    ).split()
)
"""Words that the families are made of and whose disguise by digits is looked for. None of them is a
short number when written in digits alone (`tell` would be 7311)."""

_CUT_UP: Final = (
    "ignore", "ignoring", "disregard", "forget", "previous", "instruct", "prompt", "guideline", "reveal", "override",
    "assistant", "jailbreak", "password", "credential", "unrestricted", "exfiltrate", "guardrail", "bypass",
)  # fmt: skip
"""Words that show a payload cut up at will (`Ig nore previ ous`)."""

_GLUE: Final = (
    "a an the to of and or in is are was be been it its this that these those for with from by on at as you your me my"
    " we our i he she they them will would can could may do does not no so if then now please any all each every some"
    " into out up about after before until when where who what which how why there here just only also than more most"
    " customer customers email emails attacker evil invalid example user users name file files data server host report"
    " internal hidden new old next one two call run use get set make take give go see know need want like open close"
).split()
_STEM_ENDINGS: Final = ("", "s", "e", "es", "ed", "ing", "ion", "ions", "er", "ers")

REACH: Final = 240
"""Characters on either side of a sign."""
_MAX_STRETCH: Final = 1_600
_MAX_RESPELLED: Final = 8_000
"""Characters respelled in one view; a text with more of it has been flagged long before."""

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

_KEEP = b"abcdefghijklmnopqrstuvwxyz0123456789@$!"
_LEET_FROM = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ" + b"0134579@$!lL"
_LEET_TO = b"abcdefghijklmnopqrstuvwxyz" + b"oieastgasiii"
_TABLE = bytes.maketrans(_LEET_FROM, _LEET_TO)
_DROP = bytes(c for c in range(256) if c not in _KEEP and c not in _KEEP.upper())
_KEPT = frozenset(chr(c) for c in range(128) if c not in _DROP)


def skeleton(text: str) -> bytes:
    """Letters and digits only, lower-case, leet read as letters, `l` as `i`."""
    return text.encode("ascii", "ignore").translate(_TABLE, _DROP)


def keywords(words: frozenset[str], shortest: int) -> tuple[str, ...]:
    """The words that are long enough to say something, stems without their asterisk, longest first."""
    stems = {w.rstrip("*").replace("'", "") for w in words}
    return tuple(sorted((w for w in stems if len(w) >= shortest), key=lambda w: (-len(w), w)))


def _leet_forms(word: str) -> Iterator[str]:
    """Expressions for ``word`` with at least one digit in place of a letter: one per first place."""
    for index, letter in enumerate(word):
        if letter in _FORCED:
            rest = "".join(_TOLERANT.get(c, c) for c in word[index + 1 :])
            yield f"{word[:index]}{_FORCED[letter]}{rest}".replace(" ", "[^a-z0-9]?")


@cache
def _signs() -> Pattern:
    """Leet spelling; letters one by one, or in equal chunks."""
    leet = "|".join(form for word in KEYWORDS for form in _leet_forms(word))
    return Pattern(
        rf"{leet}|\b(?:[a-z0-9@$!][^a-z0-9\n]{{1,3}}){{6}}[a-z0-9@$!]\b"
        r"|(?:\b[a-z0-9]{4} ){6}|(?:\b[a-z0-9]{3} ){8}|(?:\b[a-z0-9]{5} ){6}"
    )


@cache
def _joined() -> tuple[Pattern, Pattern]:
    """Twenty letters and more without a blank, and the words that make such a run worth reading."""
    return Pattern(r"[a-z]{20,}"), Pattern("|".join(word.replace(" ", "") for word in KEYWORDS))


@cache
def _cut_up() -> tuple[Pattern, Pattern]:
    return Pattern("|".join(skeleton(w).decode() for w in _CUT_UP)), Pattern("|".join(_CUT_UP))


def respelled(view: View, words: frozenset[str]) -> Iterator[View]:
    """The disguised stretches of ``view`` as words, one per line. ``words`` is what may be read."""
    done = 0
    for low, high in _stretches(view.text):
        done += high - low
        if done > _MAX_RESPELLED:
            return
        yield _reading(view, low, high, _lexicon(words))


def _stretches(text: str) -> list[tuple[int, int]]:
    data = text.encode("utf-8", "replace")
    found: list[tuple[int, int]] = []
    exact: list[tuple[int, int]] = []
    at = _signs().first(data)
    while at >= 0 and len(found) * REACH < _MAX_RESPELLED:
        char = at if len(data) == len(text) else char_span(data, at, at)[0]
        found.append((char, char + REACH))
        at = _signs().first(data, at + REACH)
    found.extend(_cuts(text, data))
    joined, keyword = _joined()
    for start, end in joined.spans(data):
        if keyword.found(data[start:end]):
            low = char_span(data, start, start)[0]
            exact.append((low, low + end - start))
    out: list[tuple[int, int]] = []
    for start, end in sorted(found):
        low, high = max(0, start - REACH), min(len(text), end + REACH)
        if out and low <= out[-1][1] and high - out[-1][0] <= _MAX_STRETCH:
            out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return [*out, *((s, e) for s, e in exact if not any(low <= s and e <= high for low, high in out))]


def _cuts(text: str, data: bytes) -> Iterator[tuple[int, int]]:
    """Keywords that the skeleton spells and the text does not."""
    in_bones, in_text = _cut_up()
    bones = data.translate(_TABLE, _DROP)
    if in_bones.first(bones) < 0:
        return
    hidden = list(in_bones.spans(bones))
    if len(hidden) <= sum(1 for _ in in_text.spans(data)):
        return
    kept = [i for i, c in enumerate(text) if c in _KEPT]
    for start, end in hidden:
        low, high = kept[start], kept[end - 1] + 1
        if high - low > end - start:
            yield low, high


def _reading(view: View, low: int, high: int, lexicon: dict[str, str]) -> View:
    text = view.text[low:high]
    kept = [low + i for i, c in enumerate(text) if c in _KEPT]
    parts = _segment(skeleton(text).decode("ascii"), lexicon)
    starts: list[int] = []
    offsets: list[int] = []
    at = out = 0
    for size, word in parts:
        starts.append(out)
        offsets.append(at)
        at, out = at + size, out + len(word) + 1

    def origin(start: int, end: int) -> tuple[int, int]:
        first = max(0, bisect_left(starts, start + 1) - 1)
        last = max(first, bisect_left(starts, max(start + 1, end)) - 1)
        return view.origin(kept[offsets[first]], kept[offsets[last] + parts[last][0] - 1] + 1)

    name = "respelled" if view.name in ("original", "folded") else f"{view.name}+respelled"
    return View(name, "\n".join(word for _, word in parts), origin)


# --- cutting letters into words ------------------------------------------------------------


@cache
def _lexicon(words: frozenset[str]) -> dict[str, str]:
    """Skeleton of a word to the word."""
    out: dict[str, str] = {}
    for word in (*_GLUE, *sorted(words)):
        plain = word.replace("'", "")
        endings = _STEM_ENDINGS if plain.endswith("*") else ("",)
        for ending in endings:
            full = plain.rstrip("*") + ending
            if full.isalpha() and full.isascii():
                out.setdefault(skeleton(full).decode(), full)
    return out


def _segment(bones: str, lexicon: dict[str, str]) -> list[tuple[int, str]]:
    """(skeleton length, word) in order. Long words win; letters that fit nothing stay together."""
    longest = max(map(len, lexicon))
    size = len(bones)
    best = [0] * (size + 1)
    choice = [0] * (size + 1)
    for end in range(1, size + 1):
        best[end] = best[end - 1]
        for length in range(1, min(longest, end) + 1):
            if bones[end - length : end] in lexicon:
                value = best[end - length] + length * length
                if value > best[end]:
                    best[end], choice[end] = value, length
    return _walk_back(bones, choice, lexicon)


def _walk_back(bones: str, choice: list[int], lexicon: dict[str, str]) -> list[tuple[int, str]]:
    out: list[tuple[int, str]] = []
    end, loose = len(bones), 0
    while end > 0:
        length = choice[end]
        if length == 0:
            loose += 1
            end -= 1
            continue
        if loose:
            out.append((loose, bones[end : end + loose]))
            loose = 0
        out.append((length, lexicon[bones[end - length : end]]))
        end -= length
    if loose:
        out.append((loose, bones[:loose]))
    return out[::-1]
