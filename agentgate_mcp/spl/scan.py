"""One pass over a search's stages: what it runs, reads, writes and refers to.

The result is a `Sketch`: everything that does not depend on the clock or the tool's own time
range. It is what `facts` completes and remembers. Where a reading is uncertain the sketch takes
the wider one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import elsewhere
from agentgate_mcp.spl.arguments import conditions, leading_wildcards
from agentgate_mcp.spl.commands import COMMANDS, SEARCH_COMMANDS, CommandClass, Risk
from agentgate_mcp.spl.expand import Expansion, expand
from agentgate_mcp.spl.handlers import HANDLERS
from agentgate_mcp.spl.hints import bare_word, has_alternatives, same_commands, steers
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.layout import Layout, Stage, lay_out
from agentgate_mcp.spl.lexer import OPEN, other_reading
from agentgate_mcp.spl.meanings import automatic_lookups
from agentgate_mcp.spl.parser import check
from agentgate_mcp.spl.reach import Reach
from agentgate_mcp.spl.sketch import INHERITED, UNKNOWN_TIME, Place, Sketch, Window
from agentgate_mcp.spl.ways import Atom, every_way

MAX_TEXTS = 64
"""Texts read for one search: itself, the bodies of saved searches, `map`, event types."""

_TIMES: dict[str, tuple[str, str]] = {
    # name: (bound, how its value becomes a time expression; {} is the value)
    "earliest": ("earliest", "{}"),
    "latest": ("latest", "{}"),
    "starttime": ("earliest", "{}"),
    "endtime": ("latest", "{}"),
    "starttimeu": ("earliest", "{}"),
    "endtimeu": ("latest", "{}"),
    "daysago": ("earliest", "-{}d"),
    "hoursago": ("earliest", "-{}h"),
    "minutesago": ("earliest", "-{}m"),
    "monthsago": ("earliest", "-{}mon"),
    "startdaysago": ("earliest", "-{}d"),
    "starthoursago": ("earliest", "-{}h"),
    "startminutesago": ("earliest", "-{}m"),
    "startmonthsago": ("earliest", "-{}mon"),
    "enddaysago": ("latest", "-{}d"),
    "endhoursago": ("latest", "-{}h"),
    "endminutesago": ("latest", "-{}m"),
    "endmonthsago": ("latest", "-{}mon"),
}
_FREE = frozenset({*_TIMES, "index"})
_WANTED = frozenset({*_TIMES, "index", "sourcetype", "source", "eventtype", "tag", "savedsearch", "savedsplunk"})


class _Read(NamedTuple):
    """A text read on its own, as remembered, and how many texts that took."""

    sketch: Sketch
    texts: int


class Mark(NamedTuple):
    """What was found before a place was begun."""

    indexes: int
    all_indexes: bool
    default_indexes: bool


@dataclass(slots=True)
class Scanner:
    """Reads texts into one sketch. ``seen`` guards against saved searches that run each other."""

    knowledge: KnowledgeSet
    sketch: Sketch
    seen: set[str] = field(default_factory=set[str])
    texts: int = 0
    inner: bool = False
    """Reads a condition of another scanner."""
    meant: set[str] = field(default_factory=set[str])
    """What has been read for its meaning already."""

    owner: str = ""
    """The command whose brackets are being read."""

    reach: Reach = field(init=False)

    def __post_init__(self) -> None:
        self.reach = Reach(self.knowledge, _FREE)

    def read(self, text: str) -> Layout:
        """Expand and scan the search itself. Raises: SplError where it cannot be read."""
        layout, expansion = self._layout(text)
        self._walk(layout)
        try:
            check(layout)
        except SplError as error:
            self.sketch.problem = str(_moved(error, expansion))
        if self.sketch.raw_events and self.sketch.sourcetypes:
            found = automatic_lookups(self.knowledge, self.sketch.sourcetypes)
            self.sketch.references.extend(f"lookup:{name}" for name in found)
        last = [s for s in layout.stages if s.name in COMMANDS]
        self.sketch.transforming = any(COMMANDS[s.name].kind is CommandClass.TRANSFORMING for s in last)
        return layout

    def read_other(self, text: str, label: str) -> None:
        """Scan a search that this one runs (``label`` names it). What cannot be read is
        unresolved, never an error: the outer search is still judged."""
        if text in self.seen:
            return
        self.seen.add(text)
        try:
            layout, _ = self._layout(text)
            self._walk(layout)
            check(layout)
        except SplError as error:
            self.sketch.unresolved.append(f"{label}: {error}")

    def _layout(self, text: str) -> tuple[Layout, Expansion]:
        self.texts += 1
        if self.texts > MAX_TEXTS:
            raise SplError("the search runs too many others", 0, f"at most {MAX_TEXTS} texts")
        expansion = expand(text, self.knowledge)
        sketch = self.sketch
        for use in expansion.uses:
            sketch.references.append(use.id)
        sketch.unresolved.extend(expansion.unresolved)
        try:
            layout = lay_out(expansion.text)
        except SplError as error:
            raise _moved(error, expansion) from None
        if layout.doubtful:
            other = other_reading(expansion.text, layout.doubtful)
            if other is not None and not same_commands(layout, other):
                place = expansion.origin(layout.doubtful[0])
                sketch.unresolved.append(f"quoting: position {place} can be read in two ways")
        return layout, expansion

    def _walk(self, layout: Layout) -> None:
        """Scan every pipeline of a text. Brackets of a template command act on rows at hand."""
        sketch = self.sketch
        order: list[tuple[int, str]] = []
        for position, stage in enumerate(layout.stages):
            order.append((stage.name_start, stage.name))
            self._stage(stage, position == 0, layout)
        filters = _filters(layout)
        widened = 0
        for group in layout.groups.values():
            if not group.template:
                sketch.subsearches += 1
                if group.owner in SEARCH_COMMANDS and group.start not in filters:
                    steered = steers(group.stages, _FREE)
                    if steered & {"index", "search"}:
                        sketch.all_indexes = True
                        # Those before are widened already; anew for each bracket would be quadratic.
                        sketch.places[widened:] = [replace(p, everything=True) for p in sketch.places[widened:]]
                        widened = len(sketch.places)
                    sketch.steered_time |= bool(steered - {"index"})
                if word := bare_word(group.stages[0]):
                    sketch.unknown.append(word)
            outer, self.owner = self.owner, self.owner if group.template else group.owner
            for position, stage in enumerate(group.stages):
                order.append((stage.name_start, stage.name))
                self._stage(stage, position == 0 and not group.template, layout)
            self.owner = outer
        order.sort()
        sketch.commands.extend(name for _, name in order if name)

    def _stage(self, stage: Stage, first: bool, layout: Layout) -> None:
        name = stage.name
        sketch = self.sketch
        known = COMMANDS.get(name)
        if known is None:
            # A macro in command position is already named by the expansion.
            if name:
                sketch.unknown.append(name)
            else:
                sketch.opaque_stage = True
                sketch.places.append(Place(window=((), ()), indexes=(), everything=True, owner=self.owner))
            return
        if name in SEARCH_COMMANDS:
            self._search(stage, first or name != "search")
        if stage.surmised:
            sketch.raw_events = sketch.default_indexes = True
            sketch.places.append(Place(window=((), ()), indexes=(), everything=True, owner=self.owner))
        if known.risks:
            if Risk.DESTROY in known.risks or Risk.EXECUTE in known.risks or Risk.SEND in known.risks:
                sketch.destructive.append(name)
            if Risk.SEND in known.risks or Risk.NETWORK in known.risks:
                sketch.egress.append(name)
        handler = HANDLERS.get(name)
        if handler is not None:
            handler(self, stage)
        elif known.risks:
            if Risk.WRITE in known.risks:
                sketch.writes.append(name)
            if Risk.INDIRECT in known.risks:
                sketch.unresolved.append(f"{name}: it runs a search that stands elsewhere")

    def _search(self, stage: Stage, generating: bool) -> None:
        """A search expression: what it reads where it generates, what it names anyhow."""
        sketch = self.sketch
        sketch.leading_wildcards += leading_wildcards(stage.tokens)
        mark, kinds = self.mark(), len(sketch.sourcetypes)
        earliest: list[str] = []
        latest: list[str] = []
        negative = modelled = named = False
        for found in conditions(stage.tokens, _WANTED):
            bound = _TIMES.get(found.field)
            if bound is not None:
                times = earliest if bound[0] == "earliest" else latest
                known = found.value is not None and "$" not in found.value
                times.append(bound[1].format(found.value) if known else UNKNOWN_TIME)
                # Perhaps no bound at all, or the bound of one alternative: the tool's counts too.
                if found.negated or not found.exact or (found.depth and has_alternatives(stage)):
                    times.append(INHERITED)
            elif found.field == "index":
                if not generating:
                    continue
                if found.negated:
                    negative = True
                    continue
                named = True
                sketch.default_indexes |= not found.exact
                self._index(found.value)
            else:
                named |= found.field in ("eventtype", "tag")
                self._named(found.field, found.value, generating, negated=found.negated)
        if not generating:
            self.unmark(mark)
            return
        if stage.name in ("tstats", "mstats"):
            modelled = elsewhere.data_model_of(self, stage)
        if not modelled and not (named and every_way(stage.tokens, self.reach.names_index)):
            if negative:
                sketch.all_indexes = True
            else:
                sketch.default_indexes = True
        if stage.name == "search":
            sketch.raw_events = True
            sketch.reads_everything = sketch.reads_everything or not every_way(stage.tokens, self.reach.narrows)
        if len(earliest) > len(latest) > 0:
            latest.append(INHERITED)
        elif len(latest) > len(earliest) > 0:
            earliest.append(INHERITED)
        named_kinds = tuple(dict.fromkeys(name.lower() for name in sketch.sourcetypes[kinds:]))
        if named_kinds and not every_way(stage.tokens, _names_sourcetype):
            named_kinds = ()
        self.reads(mark, (tuple(earliest), tuple(latest)), named_kinds, summaries=stage.name in ("tstats", "mstats"))

    def mark(self) -> Mark:
        """Begin a place: what is found from here on belongs to it, until `reads` or `unmark`."""
        sketch = self.sketch
        mark = Mark(len(sketch.indexes), sketch.all_indexes, sketch.default_indexes)
        sketch.all_indexes = sketch.default_indexes = False
        return mark

    def unmark(self, mark: Mark) -> None:
        """The place reads nothing of its own after all."""
        self.sketch.all_indexes |= mark.all_indexes
        self.sketch.default_indexes |= mark.default_indexes

    def reads(self, mark: Mark, window: Window, sourcetypes: tuple[str, ...] = (), *, summaries: bool = False) -> None:
        """Events are read over ``window``, from the indexes found since ``mark``."""
        sketch = self.sketch
        place = Place(
            window=window,
            indexes=tuple(dict.fromkeys(sketch.indexes[mark.indexes :])),
            everything=sketch.all_indexes or sketch.default_indexes,
            sourcetypes=sourcetypes,
            summaries=summaries,
            owner=self.owner,
        )
        sketch.windows.append(window)
        sketch.places.append(place)
        self.unmark(mark)

    def _index(self, value: str | None) -> None:
        if value is None or "$" in value:
            self.sketch.all_indexes = True
        else:
            self.sketch.indexes.append(value.lower())

    def _named(self, name: str, value: str | None, generating: bool, *, negated: bool) -> None:
        """A condition on `sourcetype`, `source`, `eventtype` or `tag`."""
        sketch = self.sketch
        if value is None:
            return
        if name == "sourcetype":
            sketch.sourcetypes.append(value)
        elif name in ("eventtype", "tag"):
            sketch.references.append(f"{name}:{value}")
            if generating:
                elsewhere.read_meaning(self, name, value, negated=negated)
        elif name in ("savedsearch", "savedsplunk"):
            elsewhere.saved_search(self, value)

    def aside(self, text: str, label: str) -> Sketch:
        """The sketch of a text alone, remembered with the knowledge that it was read against."""
        key = f"\0{label}\0{text}"
        known = self.knowledge.memo.get(key)
        if isinstance(known, _Read) and self.texts + known.texts <= MAX_TEXTS:
            self.texts += known.texts
            return known.sketch
        made, before = Sketch(), self.texts
        inner = Scanner(self.knowledge, made, set(self.seen) if self.inner else set(), before, inner=True)
        inner.read_other(text, label)
        self.texts = inner.texts
        # What was cut short, by the cap or by a ring inside another condition, is less than all of it.
        if not self.inner and inner.texts <= MAX_TEXTS:
            self.knowledge.memo.put(key, _Read(made, inner.texts - before))
        return made


def _names_sourcetype(atom: Atom) -> bool:
    return (
        atom.field.lower() == "sourcetype"
        and atom.op in ("=", "==", "::", "IN")
        and all(value is not None and "$" not in value for value in atom.values)
    )


def _filters(layout: Layout) -> set[int]:
    """Where the brackets of a `search` after another command begin: what they return only filters rows."""
    pipelines = [layout.stages[1:]]
    pipelines.extend(group.stages if group.template else group.stages[1:] for group in layout.groups.values())
    stages = [stage for stages in pipelines for stage in stages if stage.name == "search"]
    return {start for stage in stages for kind, _, start in stage.tokens if kind == OPEN}


def _moved(error: SplError, expansion: Expansion) -> SplError:
    """An error about expanded text, at the place of the original that it comes from."""
    return SplError(error.problem, expansion.origin(error.position), error.expected)


def scan(text: str, knowledge: KnowledgeSet) -> Sketch:
    """Read ``text`` against ``knowledge``. Raises: SplError where it cannot be read."""
    sketch = Sketch()
    Scanner(knowledge, sketch).read(text)
    return sketch
