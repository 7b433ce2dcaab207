"""Words that are spelled with digits, spread out, cut up or run together, put back as words.

Five signs say that a stretch of text may hide words; each is one linear pass and rare in logs.
What they point at is read as a person would read it, punctuation kept, and scanned like any other:

    spread    letters one by one (`i g n o r e`, `i-g-n-o-r-e`) are joined
    cut       pieces of equal size, and words cut anywhere (`Ig nore previ ous`), are joined
    joined    letters without blanks are cut into words
    leet      `1gn0r3` is spelled with letters
    unwrapped one word per line becomes one line
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Final

from agentgate_mcp.gate.injection.engine import CharOffsets, Pattern, PatternSet
from agentgate_mcp.gate.injection.lexicon import DROP, SKELETON, lexicon, segment, skeleton
from agentgate_mcp.gate.injection.views import View

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
_JOINED_LENGTH: Final = 16
"""Letters in a row that are worth cutting into words; longer than all but the rarest of words."""
_SENTENCE_LENGTH: Final = 22
"""Letters in a row that few identifiers need, so that one word is enough of a sign."""
_LONGEST_SPAN: Final = 64
_FREQUENT: Final = "the|and|your|that|with|from|this|you"
_SHORT_LUMP: Final = 5

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

_SEPARATORS: Final = " -._*|/~+,"


def _leet_forms(word: str) -> Iterator[str]:
    """Expressions for ``word`` with at least one digit in place of a letter: one per first place."""
    for index, letter in enumerate(word):
        if letter in _FORCED:
            rest = "".join(_TOLERANT.get(c, c) for c in word[index + 1 :])
            yield f"{word[:index]}{_FORCED[letter]}{rest}".replace(" ", "[^a-z0-9]?")


def _spread_form(separator: str) -> str:
    """Visible characters one by one between equal separators; a wider gap stands for a blank."""
    visible = rf"[^\x00-\x09\x0b-\x20\{separator}]"
    gap = r" {1,4}" if separator == " " else rf"\{separator}(?: \{separator})?"
    return rf"(?:{visible}{gap}){{6,}}{visible}"


@cache
def _leet() -> Pattern:
    return Pattern("|".join([_LEET_GLUE, *(form for word in KEYWORDS for form in _leet_forms(word))]))


@cache
def _spread_sign() -> Pattern:
    """Few letters of a spread text; what belongs to it is found by `_spread`."""
    return Pattern("|".join(rf"(?:[a-z0-9@$!]\{s}{{1,3}} ?){{6}}" for s in _SEPARATORS).replace(r"\ {1,3} ?", " {1,4}"))


@cache
def _spread() -> Pattern:
    return Pattern("|".join(_spread_form(s) for s in _SEPARATORS))


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
    return Pattern("|".join(p.source for p in (_leet(), _spread_sign(), _pieces(), _wrapped(), _joined()[0])))


@cache
def _cut_up() -> PatternSet:
    return PatternSet([skeleton(w).decode() for w in _CUT_UP])


_TOKEN = Pattern(r"[a-z0-9@$!|]+")
_LETTERS_BETWEEN = Pattern(rf"[a-z0-9@$][ {''.join(chr(92) + s for s in _SEPARATORS[1:])}]{{1,3}}[a-z0-9@$!]")


@dataclass(frozen=True, slots=True)
class Respelled:
    """The readings of a text; ``complete`` is False when it held more signs than are followed."""

    views: tuple[View, ...]
    complete: bool


@dataclass(frozen=True, slots=True, order=True)
class _Stretch:
    low: int
    high: int
    cut: bool = False
    wrapped: bool = False
    joined: bool = False


def respelled(view: View, words: frozenset[str]) -> Respelled:
    """The disguised stretches of ``view`` as words. ``words`` is what may be read."""
    data = view.text.encode("utf-8", "replace")
    stretches, complete = _stretches(view.text, data)
    views: list[View] = []
    done = 0
    for stretch in stretches:
        done += stretch.high - stretch.low
        if done > MAX_RESPELLED:
            return Respelled(tuple(views), False)
        reading = _read(view, stretch, words)
        if reading is not None:
            views.append(reading)
    return Respelled(tuple(views), complete)


# --- where to look -------------------------------------------------------------------------


def _stretches(text: str, data: bytes) -> tuple[list[_Stretch], bool]:
    offsets = CharOffsets(data)
    found = [_Stretch(max(0, s - REACH), min(len(text), e + REACH), True) for s, e in _cuts(text, data)]
    if not _any_sign().found(data):
        return _merged(found), True
    complete = True
    for pattern, cut, wrapped in (
        (_leet(), False, False),
        (_spread_sign(), False, False),
        (_pieces(), True, False),
        (_wrapped(), False, True),
    ):
        at = pattern.first(data)
        count = 0
        while at >= 0:
            char = offsets.at(at)
            found.append(_Stretch(max(0, char - REACH), min(len(text), char + 2 * REACH), cut, wrapped))
            count += 1
            if count * REACH > MAX_RESPELLED:
                complete = False
                break
            at = pattern.first(data, at + REACH)
    return [*_merged(found), *_lumps(data, offsets)], complete


def _merged(found: list[_Stretch]) -> list[_Stretch]:
    """Stretches of one kind that overlap, as one."""
    out: list[_Stretch] = []
    for item in sorted(set(found), key=lambda s: (s.cut, s.wrapped, s.low)):
        last = out[-1] if out else None
        if last and (last.cut, last.wrapped) == (item.cut, item.wrapped) and item.low <= last.high:
            out[-1] = _Stretch(last.low, max(last.high, item.high), item.cut, item.wrapped)
        else:
            out.append(item)
    return out


def _lumps(data: bytes, offsets: CharOffsets) -> Iterator[_Stretch]:
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
            yield _Stretch(*offsets.span(low, high), joined=True)


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


# --- reading -------------------------------------------------------------------------------


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


def _read(view: View, stretch: _Stretch, words: frozenset[str]) -> View | None:
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
    leet = _leet().found(reading.text.encode("ascii"))
    if leet:
        reading.splice(_spell(reading.text, words))
    if spread or stretch.cut or stretch.joined:
        reading.splice(_separate(reading.text, words, _RUN))
    elif leet:
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
        while text[close] in _SEPARATORS:
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
        elif "@" not in token and len(token) < _JOINED_LENGTH and not token.isdigit():
            changes.append((start, start + len(token), token.translate(_PLAIN)))
        elif "@" in token and len(token) < _JOINED_LENGTH:
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
        if end - start < _JOINED_LENGTH and not all(part.known for part in parts):
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
_LONG_RUN = Pattern(rf"[a-z0-9@$]{{{_JOINED_LENGTH},}}")
