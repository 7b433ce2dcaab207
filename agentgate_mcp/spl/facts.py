"""The typed facts of a search: what the gate's stages and policies match on.

`read_search` never raises on bad SPL: what `parser.parse` would refuse is ``parsed=False`` with the
problem and its position. Where its stages can still be told apart the other facts say what they
would do; else they are empty. Everything that does not depend on the clock is remembered per (text,
knowledge hash), so that only the time range is computed anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentgate_mcp.errors import SplError
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.lru import Lru
from agentgate_mcp.spl.scan import scan
from agentgate_mcp.spl.sketch import INHERITED, UNKNOWN_TIME, Place, Sketch
from agentgate_mcp.spl.text import matches
from agentgate_mcp.spl.time import is_real_time, parse_time

ALL_TIME_BEFORE = 31_536_000.0
"""An earliest in 1970 (`0`, `1`) means all time, whatever it says."""
_REMEMBERED_CHARS = 16_384
_MEMO: Lru[tuple[str, str], Sketch | SplError] = Lru(1024)


def read_search(query: str, earliest: str, latest: str, knowledge: KnowledgeSet, now: float) -> SearchFacts:
    """The facts of ``query`` run with the tool's time arguments against ``knowledge``.

    ``earliest`` and ``latest`` are Splunk time expressions, empty for no bound; times written in
    the search win over them. ``now`` is epoch seconds and what relative times count from."""
    sketch = _sketch(query, knowledge)
    if isinstance(sketch, SplError):
        return SearchFacts(parsed=False, problem=str(sketch), index_wildcard=True)
    return _Range(earliest, latest, now).complete(sketch, knowledge)


def search_writes(query: str, knowledge: KnowledgeSet) -> tuple[str, ...]:
    """The write targets of ``query`` alone, as in `SearchFacts.writes`; they depend on no time."""
    sketch = _sketch(query, knowledge)
    return () if isinstance(sketch, SplError) else _unique(sketch.writes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRead:
    """One place where a search reads events. Times are epoch seconds, ``earliest`` included and
    ``latest`` not; None is unbounded, and a ``span_seconds`` of None all time."""

    indexes: tuple[str, ...] = ()
    """Lower-case names and patterns, as written."""
    everything: bool = False
    """Also reads whatever an unrestricted search reads."""
    sourcetypes: tuple[str, ...] = ()
    """Lower-case names and patterns, one of which every event read has; empty for any."""
    earliest: float | None = None
    latest: float | None = None
    span_seconds: float | None = None
    summaries: bool = False
    owner: str = ""
    """The command whose brackets it stands in; empty for the search itself."""
    runs: int = 1


def read_places(query: str, earliest: str, latest: str, knowledge: KnowledgeSet, now: float) -> tuple[SearchRead, ...]:
    """Where ``query`` reads events, place by place; arguments as for `read_search`.

    A search that cannot be read has one place, which reads everything."""
    sketch = _sketch(query, knowledge)
    if isinstance(sketch, SplError):
        return (SearchRead(everything=True),)
    return _Range(earliest, latest, now).places(sketch)


def forget() -> None:
    """Empty the memo; results do not change."""
    _MEMO.clear()


def _sketch(query: str, knowledge: KnowledgeSet) -> Sketch | SplError:
    key = (query, knowledge.hash)
    known = _MEMO.get(key)
    if known is not None:
        return known
    try:
        made: Sketch | SplError = scan(query, knowledge)
    except SplError as error:
        made = error.with_traceback(None)
    if len(query) <= _REMEMBERED_CHARS:
        _MEMO.put(key, made)
    return made


class _Range:
    """The widest time range that any part of a search covers."""

    def __init__(self, earliest: str, latest: str, now: float) -> None:
        self.now = now
        self.given = (earliest, latest)
        self.real_time = False
        self.problems: list[str] = []
        self.known: dict[str, float | None] = {}

    def complete(self, sketch: Sketch, knowledge: KnowledgeSet) -> SearchFacts:
        windows = sketch.windows or [((), ())]
        lows = [self._bound(w[0], 0, widest_low=True) for w in windows]
        highs = [self._bound(w[1], 1, widest_low=False) for w in windows]
        low = None if sketch.steered_time or None in lows else min(t for t in lows if t is not None)
        high = None if None in highs else max(t for t in highs if t is not None)
        low, span = self._span(low, high)
        indexes, wildcard = _indexes(sketch, knowledge)
        raw_events = sketch.raw_events or sketch.opaque_stage
        return SearchFacts(
            parsed=not sketch.problem,
            problem=sketch.problem,
            commands=_unique(sketch.commands),
            unknown_commands=_unique(sketch.unknown),
            unresolved=_unique([*sketch.unresolved, *self.problems]),
            destructive=_unique(sketch.destructive),
            writes=_unique(sketch.writes),
            egress=_unique(sketch.egress),
            rest_endpoints=_unique(sketch.rest),
            credential_endpoints=_unique(sketch.credentials),
            rest_unlisted=_unique(sketch.rest_unlisted),
            indexes=indexes,
            # No knowledge object says which indexes a user searches by default: it may be all.
            index_wildcard=wildcard or (raw_events and sketch.default_indexes),
            default_indexes=sketch.default_indexes,
            raw_events=raw_events,
            reads_everything=sketch.reads_everything,
            sourcetypes=_unique(sketch.sourcetypes),
            data_models=_unique(sketch.data_models),
            references=_unique(sketch.references),
            earliest=low,
            latest=high,
            real_time=self.real_time,
            span_seconds=span,
            subsearches=sketch.subsearches,
            joins=sketch.joins,
            leading_wildcards=sketch.leading_wildcards,
            transforming=sketch.transforming,
        )

    def places(self, sketch: Sketch) -> tuple[SearchRead, ...]:
        if not sketch.places and sketch.raw_events:
            return (SearchRead(everything=True),)
        return tuple(self._read(place, sketch) for place in sketch.places)

    def _read(self, place: Place, sketch: Sketch) -> SearchRead:
        low = None if sketch.steered_time else self._bound(place.window[0], 0, widest_low=True)
        high = self._bound(place.window[1], 1, widest_low=False)
        low, span = self._span(low, high)
        return SearchRead(
            indexes=place.indexes,
            everything=place.everything,
            sourcetypes=place.sourcetypes,
            earliest=low,
            latest=high,
            span_seconds=span,
            summaries=place.summaries,
            owner=place.owner,
            runs=place.runs,
        )

    def _span(self, low: float | None, high: float | None) -> tuple[float | None, float | None]:
        """The lower bound with what means all time taken as none, and the seconds up to the upper one."""
        if low is None or low < ALL_TIME_BEFORE:
            return None, None
        return low, max(0.0, (high if high is not None else self.now) - low)

    def _bound(self, written: tuple[str, ...], side: int, *, widest_low: bool) -> float | None:
        """The lowest or highest moment that the expressions name; None for no bound."""
        moments: list[float] = []
        for expression in written or (INHERITED,):
            if expression == UNKNOWN_TIME:
                self.problems.append("time: it is computed when the search runs")
                return None
            text = self.given[side] if expression == INHERITED else expression
            if is_real_time(text):
                self.real_time = True
            moment = self._moment(text)
            if moment is None:
                return None
            moments.append(moment)
        return min(moments) if widest_low else max(moments)

    def _moment(self, text: str) -> float | None:
        if text not in self.known:
            try:
                self.known[text] = parse_time(text, self.now)
            except SplError as error:
                self.problems.append(f"time: {error}")
                self.known[text] = None
        return self.known[text]


def _indexes(sketch: Sketch, knowledge: KnowledgeSet) -> tuple[tuple[str, ...], bool]:
    """The indexes named, patterns replaced by what the knowledge set says they match, and
    whether the reach stays open all the same."""
    wildcard = sketch.all_indexes or sketch.opaque_stage
    if not any("*" in name for name in sketch.indexes):
        return _unique(sketch.indexes), wildcard
    existing = [o.name.lower() for o in knowledge.of_kind("index")]
    found: list[str] = []
    for name in sketch.indexes:
        if "*" not in name:
            found.append(name)
            continue
        # `*` alone and in front does not reach the internal indexes, whose names begin with `_`.
        meant = [n for n in existing if matches(name, n) and n.startswith("_") == name.startswith("_")]
        if name.strip("*_") and meant:
            found.extend(meant)
        else:
            found.append(name)
            wildcard = True
    return _unique(found), wildcard


def _unique(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names)) if names else ()
