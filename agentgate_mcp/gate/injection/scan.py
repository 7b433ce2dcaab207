"""Scanning: text in, hits out. Pure, linear in the length of the text, and bounded.

All fields of one call or one result are scanned as one text, which costs a single pass and finds
a payload that was split over two fields; each hit is then judged within its own field.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Final

from agentgate_mcp.gate.injection import mention
from agentgate_mcp.gate.injection.decode import MAX_DEPTH, decoded
from agentgate_mcp.gate.injection.engine import CharOffsets, Pattern, PatternSet
from agentgate_mcp.gate.injection.families import WEAK, Rule
from agentgate_mcp.gate.injection.respell import respelled
from agentgate_mcp.gate.injection.rules import BIDI_RULE, READABLE, RULES, TAGS_RULE, UNREAD_RULE
from agentgate_mcp.gate.injection.views import BIDI_OVERRIDES, View, folded, original, stripped, tag_spans
from agentgate_mcp.model.decision import Severity

FLAG_AT: Final = 0.6
"""Sum over families of the heaviest use-hit: one rule of weight 0.6, or two weak ones that agree."""
CRITICAL_AT: Final = 1.6
HIGH_AT: Final = 1.0

WINDOW: Final = 262_144
OVERLAP: Final = 2_048
BETWEEN: Final = "\f\n"
"""What fields are joined by: blank to every pattern, and the beginning of a line; but short fields under each
other are no text with one word per line, as every table of events would be otherwise (respell.py)."""
MAX_HITS: Final = 64
"""Hits that are told, besides the heaviest of each family in each field, which always are."""
_MAX_MATCHES: Final = 200
"""Matches of one rule that are judged; if all of so many are mentions, the last counts as a use."""
_MAX_JUDGED: Final = 800
"""Matches in one scan whose surroundings are weighed; in a text with more, every further one is a use."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that matched. ``start``/``end`` are offsets in the original text of ``field``;
    ``field`` counts the texts handed in; ``use`` is False for a mention."""

    family: str
    rule: str
    view: str
    field: int
    start: int
    end: int
    use: bool
    weight: float
    disguised: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan found. ``flagged`` needs use-hits of at least `FLAG_AT` together."""

    hits: tuple[Hit, ...] = ()
    chars: int = 0
    score: float = 0.0

    @property
    def flagged(self) -> bool:
        return self.score >= FLAG_AT

    @property
    def severity(self) -> Severity:
        if self.score >= CRITICAL_AT:
            return Severity.CRITICAL
        if self.score >= HIGH_AT:
            return Severity.HIGH
        if self.flagged:
            return Severity.MEDIUM
        return Severity.LOW if self.hits else Severity.NONE

    def of_field(self, index: int) -> Scan:
        """The part of this scan that belongs to one field."""
        return _summed([h for h in self.hits if h.field == index], 0)


def scan_text(text: str, *, query: bool = False) -> Scan:
    """Scan one text. ``query`` says that it is a search the caller wrote, so that a quoted
    literal in it is something looked for."""
    return scan_fields((text,), queries=frozenset({0}) if query else frozenset())


def evidence(text: str, hit: Hit, *, query: bool = False) -> dict[str, int]:
    """What in ``text`` speaks for a use or a mention of a ``hit`` in it (mention.py)."""
    return mention.features(
        mention.Context(text=text, start=hit.start, end=hit.end, disguised=hit.disguised, query=query)
    )


def scan_fields(fields: Sequence[str], *, queries: frozenset[int] = frozenset()) -> Scan:
    """Scan several texts at once; hits name the index of their field."""
    text = BETWEEN.join(fields)
    found: list[_Found] = []
    unread: list[tuple[int, int]] = []
    for base, window in _windows(text):
        work = Work.of(len(window))
        found.extend(_shifted(_search(original(window), 0, work), base))
        if work.exhausted:
            unread.append((base, base + len(window)))
    if not found and not unread:
        return Scan(chars=len(text))
    starts = [0, *accumulate(len(part) + len(BETWEEN) for part in fields[:-1])]
    hits = _judged(text, fields, starts, _deduplicated(found), queries)
    return _summed([*hits, *_unread(fields, starts, unread)], len(text))


def _unread(fields: Sequence[str], starts: Sequence[int], windows: Sequence[tuple[int, int]]) -> Iterator[Hit]:
    """A hit for each field of a window that was not read to its end."""
    rule = UNREAD_RULE
    for low, high in windows:
        for index in range(max(0, bisect_right(starts, low) - 1), bisect_left(starts, high)):
            if fields[index]:
                yield Hit(rule.family, rule.name, "original", index, 0, len(fields[index]), True, rule.weight)


# --- finding -------------------------------------------------------------------------------


@dataclass(slots=True)
class _Found:
    """A match of a rule in some view, by its span in the whole original text."""

    rule: Rule
    view: str
    start: int
    end: int
    weight: float
    disguised: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """Rules that share an alphabet, matched in three steps so that no automaton is ever a product
    of many: ``anchor`` finds places worth a look (None: the whole text), ``union`` says whose
    anchors stand there, and only those rules' own expressions are run."""

    anchor: Pattern | None
    rules: tuple[Rule, ...]
    union: PatternSet

    @classmethod
    def of(cls, rules: Sequence[Rule], *, anchored: bool = True) -> _Group:
        anchors = [r.anchor for r in rules]
        return cls(
            anchor=Pattern("|".join(dict.fromkeys(anchors))) if anchored else None,
            rules=tuple(rules),
            union=PatternSet(anchors if anchored else [r.source for r in rules]),
        )

    def matches(self, data: bytes, work: Work) -> Iterator[tuple[Rule, int, int]]:
        """Every match as (rule, byte start, byte end); a match may come twice. Ends when ``work`` does."""
        read: dict[int, int] = {}
        for probe, low, high in self._places(data):
            for index in sorted(self.union.match(probe)):
                start = max(low, read.get(index, 0) - _REACH)
                read[index] = high
                if not work.spend(high - start + _STEP):
                    return
                for count, (first, last) in enumerate(_pattern(self.rules[index].source).spans(data, start, high)):
                    if count >= _MAX_MATCHES or not work.spend(_MATCH_COST):
                        break
                    yield self.rules[index], first, last

    def _places(self, data: bytes) -> Iterator[tuple[bytes, int, int]]:
        """(what may hold anchors, where a match may begin, where it ends), for each place with an anchor."""
        if self.anchor is None or len(data) <= 2 * _REACH:
            if self.anchor is None or self.anchor.found(data):
                yield data, 0, len(data)
            return
        at = self.anchor.first(data)
        while at >= 0:
            probe = data[max(0, at - _LEAD) : at + _STEP + _REACH]
            yield probe, max(0, at - _REACH), min(len(data), at + 2 * _REACH)
            at = self.anchor.first(data, at + _STEP)


_REACH: Final = 768
"""Bytes on either side of an anchor; far longer than any phrase people write."""
_STEP: Final = 256
_LEAD: Final = 4
"""What an anchor's first expression may look back at."""
_MATCH_COST: Final = 4_096
"""Bytes that could be read in the time that one match takes."""


@dataclass(slots=True)
class Work:
    """What may still be done for one window, counted in bytes matched again after the first pass.

    Ordinary text stays far below the limit, security prose at a third of it. What lies behind the
    limit is not read, and text that was not read is flagged."""

    left: int
    exhausted: bool = False

    @classmethod
    def of(cls, chars: int) -> Work:
        return cls(left=_WORK_BASE + _WORK_PER_CHAR * chars)

    def spend(self, amount: int) -> bool:
        self.left -= amount
        self.exhausted = self.exhausted or self.left <= 0
        return not self.exhausted


_WORK_BASE: Final = 1_000_000
_WORK_PER_CHAR: Final = 20


@cache
def _pattern(source: str) -> Pattern:
    return Pattern(source)


@cache
def _plain_group() -> _Group:
    return _Group.of([r for r in RULES if r.language not in _SCRIPTS])


_SCRIPTS: Final[dict[str, str]] = {
    "ru": r"[\x{0410}-\x{044f}]{3}",
    "zh": r"[\x{4e00}-\x{9fff}]{2}",
    "ja": r"[\x{3040}-\x{30ff}]{2}",
    "ko": r"[\x{ac00}-\x{d7a3}]{2}",
    "ar": r"[\x{0620}-\x{064a}]{3}",
}


@cache
def _script_group(language: str) -> _Group:
    return _Group.of([r for r in RULES if r.language == language], anchored=False)


def _windows(text: str) -> Iterator[tuple[int, str]]:
    """The text in overlapping windows, so that no step ever holds more than one window's views."""
    if len(text) <= WINDOW:
        yield 0, text
        return
    for base in range(0, len(text), WINDOW - OVERLAP):
        yield base, text[base : base + WINDOW]
        if base + WINDOW >= len(text):
            return


def _shifted(found: Iterator[_Found], base: int) -> Iterator[_Found]:
    for item in found:
        item.start += base
        item.end += base
        yield item


def _search(view: View, depth: int, work: Work) -> Iterator[_Found]:
    """Hits in ``view``, in its character views and in what can be decoded from them."""
    text = view.text
    hidden = depth > 0
    yield from _patterns(view, depth, hidden, work)
    if text.isascii():
        yield from _respelled(view, depth, work)
        return
    for start, end in tag_spans(text):
        yield _Found(TAGS_RULE, view.name, *view.origin(start, end), TAGS_RULE.weight, True)
    at = min((i for i in (text.find(c) for c in BIDI_OVERRIDES) if i >= 0), default=-1)
    if at >= 0:
        yield _Found(BIDI_RULE, view.name, *view.origin(at, at + 1), WEAK, True)
    clean = stripped(view)
    if clean.text != text:
        yield from _patterns(_named(clean, view), depth, True, work)
    plain = folded(view)
    if plain.text != clean.text:
        yield from _patterns(_named(plain, view), depth, hidden, work)
    yield from _respelled(_named(plain, view), depth, work)


def _respelled(view: View, depth: int, work: Work) -> Iterator[_Found]:
    readings = respelled(view, READABLE)
    for inner in readings.views:
        yield from _patterns(inner, max(depth, MAX_DEPTH), not inner.name.endswith("unwrapped"), work)
    if not readings.complete:
        work.exhausted = True


def _named(inner: View, outer: View) -> View:
    return inner if outer.name == "original" else View(f"{outer.name}+{inner.name}", inner.text, inner.origin)


def _patterns(view: View, depth: int, hidden: bool, work: Work) -> Iterator[_Found]:
    data = _LINE + view.text.encode("utf-8", "replace")
    ascii_only = len(data) == len(view.text) + 1
    groups = [_plain_group()]
    offsets: CharOffsets | None = None
    if not ascii_only:
        groups += [_script_group(name) for name, script in _SCRIPTS.items() if _pattern(script).found(data)]
    for group in groups:
        for rule, start, end in group.matches(data, work):
            offsets = offsets or CharOffsets(data)
            first, last = offsets.span(start, end)
            yield _Found(rule, view.name, *view.origin(max(0, first - 1), last - 1), rule.weight, hidden)
    if depth < MAX_DEPTH and not work.exhausted:
        for inner in decoded(view, data[1:]):
            if not work.spend(len(inner.text)):
                return
            yield from _search(inner, depth + 1, work)


_LINE: Final = b"\n"
"""Put before every text, so that no pattern needs `^` and stretches have no false beginning."""


def _deduplicated(found: list[_Found]) -> list[_Found]:
    """One hit per rule and place: the plainest view, then the longest span (a window may cut one off)."""
    kept: list[_Found] = []
    taken: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for item in sorted(
        found, key=lambda f: (f.view.endswith("respelled"), f.view.count("+"), f.view != "original", f.start - f.end)
    ):
        spans = taken.setdefault((item.rule.language, item.rule.name), [])
        at = bisect_right(spans, (item.start, item.end))
        before, after = spans[at - 1 : at], spans[at : at + 1]
        if not any(start < item.end and item.start < end for start, end in (*before, *after)):
            spans.insert(at, (item.start, item.end))
            kept.append(item)
    return kept


# --- judging -------------------------------------------------------------------------------


def _judged(
    text: str, fields: Sequence[str], starts: Sequence[int], found: list[_Found], queries: frozenset[int]
) -> list[Hit]:
    hits: list[Hit] = []
    mentions: dict[str, int] = {}
    for count, item in enumerate(found):
        first = bisect_right(starts, item.start) - 1
        last = max(first, bisect_right(starts, max(item.start, item.end - 1)) - 1)
        low = starts[first]
        high = starts[last] + len(fields[last])
        context = mention.Context(
            text=text[low:high],
            start=item.start - low,
            end=item.end - low,
            disguised=item.disguised,
            query=first in queries,
        )
        use = count >= _MAX_JUDGED or mention.score(context) > 0
        if not use:
            mentions[item.rule.name] = mentions.get(item.rule.name, 0) + 1
            use = mentions[item.rule.name] >= _MAX_MATCHES
        end = min(item.end - low, len(fields[first]))
        hits.append(
            Hit(
                item.rule.family,
                item.rule.name,
                item.view,
                first,
                item.start - low,
                max(end, 0),
                use,
                item.weight,
                item.disguised,
            )
        )
    return hits


def _summed(hits: Sequence[Hit], chars: int) -> Scan:
    strongest: dict[str, float] = {}
    best: dict[tuple[int, str], Hit] = {}
    for hit in hits:
        if hit.use:
            strongest[hit.family] = max(strongest.get(hit.family, 0.0), hit.weight)
            place = (hit.field, hit.family)
            if place not in best or hit.weight > best[place].weight:
                best[place] = hit
    ordered = sorted(hits, key=lambda h: (not h.use, -h.weight, h.field, h.start, h.rule))[:MAX_HITS]
    # A field must not lose its flag because another field is full of hits.
    told = {*ordered, *best.values()}
    total = round(sum(strongest.values()), 3)
    return Scan(hits=tuple(sorted(told, key=lambda h: (h.field, h.start, h.rule, h.view))), chars=chars, score=total)
