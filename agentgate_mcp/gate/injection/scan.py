"""Scanning: text in, hits out. Pure, linear in the length of the text, and bounded.

All fields of one call or one result are scanned as one text, which costs a single pass and finds
a payload that was split over two fields; each hit is then judged within its own field.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from agentgate_mcp.gate.injection import mention
from agentgate_mcp.gate.injection.decode import MAX_DEPTH, decoded
from agentgate_mcp.gate.injection.engine import CharOffsets
from agentgate_mcp.gate.injection.families import WEAK, Rule
from agentgate_mcp.gate.injection.matching import MAX_MATCHES, Work, groups_for
from agentgate_mcp.gate.injection.respell import respelled
from agentgate_mcp.gate.injection.rules import BIDI_RULE, READABLE, TAGS_RULE, UNREAD_RULE
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

    def by_field(self) -> dict[int, Scan]:
        """The parts of this scan by field, for each field that has hits: one pass, however many they are."""
        parts: dict[int, list[Hit]] = {}
        for hit in self.hits:
            parts.setdefault(hit.field, []).append(hit)
        return {index: _summed(hits, 0) for index, hits in sorted(parts.items())}


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
    offsets: CharOffsets | None = None
    for group in groups_for(data):
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
            use = mentions[item.rule.name] >= MAX_MATCHES
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
