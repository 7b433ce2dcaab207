"""One pass over a search's stages: what it runs, reads, writes and refers to.

The result is a `Sketch`: everything that does not depend on the clock or the tool's own time
range. It is what `facts` completes and remembers. Where a reading is uncertain the sketch takes
the wider one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.arguments import VALUE_KINDS, conditions, leading_wildcards, value_of
from agentgate_mcp.spl.commands import COMMANDS, SEARCH_COMMANDS, CommandClass, Risk
from agentgate_mcp.spl.expand import Expansion, expand
from agentgate_mcp.spl.handlers import HANDLERS
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.layout import Layout, Stage, lay_out
from agentgate_mcp.spl.lexer import FIELD, LPAREN, OP, STRING, WORD, Token, other_reading
from agentgate_mcp.spl.parser import check
from agentgate_mcp.spl.sketch import INHERITED, UNKNOWN_TIME, Sketch
from agentgate_mcp.spl.ways import Atom, every_way, narrows
from agentgate_mcp.spl.wellknown import DATA_MODELS

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
_TOKEN = re.compile(r"\$([\w.]+)\$")
_SHAPING = frozenset({"eval", "rename", "return", "stats", "fields", "table"})
_STEERING = frozenset({"index", "earliest", "latest", "search"})
_STEERING_FIELDS = frozenset({"index", "earliest", "latest"})


@dataclass(slots=True)
class Scanner:
    """Reads texts into one sketch. ``seen`` guards against saved searches that run each other."""

    knowledge: KnowledgeSet
    sketch: Sketch
    seen: set[str] = field(default_factory=set[str])
    texts: int = 0

    def read(self, text: str) -> Layout:
        """Expand and scan the search itself. Raises: SplError where it cannot be read."""
        layout, expansion = self._layout(text)
        self._walk(layout)
        try:
            check(layout)
        except SplError as error:
            self.sketch.problem = str(_moved(error, expansion))
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
            if other is not None and not _same_commands(layout, other):
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
        for group in layout.groups.values():
            if not group.template:
                sketch.subsearches += 1
                if group.owner in SEARCH_COMMANDS:
                    steered = _steers(group.stages)
                    sketch.all_indexes |= bool(steered & {"index", "search"})
                    sketch.steered_time |= bool(steered & {"earliest", "latest", "search"})
                _note_bare_word(group.stages[0], sketch)
            for position, stage in enumerate(group.stages):
                order.append((stage.name_start, stage.name))
                self._stage(stage, position == 0 and not group.template, layout)
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
            return
        if name in SEARCH_COMMANDS:
            self._search(stage, first or name != "search")
        if stage.surmised:
            sketch.raw_events = sketch.default_indexes = True
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
                if found.negated or not found.exact or (found.depth and _has_alternatives(stage)):
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
                named |= found.field == "eventtype"
                self._named(found.field, found.value, generating and not found.negated)
        if not generating:
            return
        if stage.name in ("tstats", "mstats"):
            modelled = self._data_model_of(stage)
        if not modelled and not (named and every_way(stage.tokens, self._names_index)):
            if negative:
                sketch.all_indexes = True
            else:
                sketch.default_indexes = True
        if stage.name == "search":
            sketch.raw_events = True
            sketch.reads_everything = sketch.reads_everything or not every_way(stage.tokens, self._narrows)
        if len(earliest) > len(latest) > 0:
            latest.append(INHERITED)
        elif len(latest) > len(earliest) > 0:
            earliest.append(INHERITED)
        sketch.windows.append((tuple(earliest), tuple(latest)))

    def _names_index(self, atom: Atom) -> bool:
        """Whether an atom keeps a search to the indexes that it, or its event type, names."""
        if atom.field == "eventtype":
            known = self._event_type(atom)
            return known is not None and every_way(known, _is_index)
        return _is_index(atom)

    def _narrows(self, atom: Atom) -> bool:
        known = self._event_type(atom) if atom.field == "eventtype" else None
        return narrows(atom, _FREE) and (known is None or every_way(known, _is_narrow))

    def _event_type(self, atom: Atom) -> list[Token] | None:
        """The condition that an event type stands for; None where it is not known."""
        if atom.op not in ("=", "==", "::") or len(atom.values) != 1:
            return None
        known = self.knowledge.get(f"eventtype:{atom.values[0]}")
        text = known.content.get("search") if known is not None and not known.disabled else None
        if not isinstance(text, str):
            return None
        try:
            return lay_out(expand(text, self.knowledge).text).stages[0].tokens
        except SplError:
            return None

    def _index(self, value: str | None) -> None:
        if value is None or "$" in value:
            self.sketch.all_indexes = True
        else:
            self.sketch.indexes.append(value.lower())

    def _named(self, name: str, value: str | None, generating: bool) -> None:
        """A condition on `sourcetype`, `source`, `eventtype` or `tag`."""
        sketch = self.sketch
        if value is None:
            return
        if name == "sourcetype":
            sketch.sourcetypes.append(value)
        elif name in ("eventtype", "tag"):
            sketch.references.append(f"{name}:{value}")
            if name == "eventtype" and generating:
                known = self.knowledge.get(f"eventtype:{value}")
                text = known.content.get("search") if known is not None and not known.disabled else None
                if isinstance(text, str):
                    self.read_condition(text, f"eventtype:{value}")
        elif name in ("savedsearch", "savedsplunk"):
            self.saved_search(value)

    def read_condition(self, text: str, label: str) -> None:
        """An event type's search: its indexes widen the reach. It opens no time range itself, and
        whether it reads the default indexes or everything is up to the search that it stands in."""
        sketch = self.sketch
        windows, default, everything = len(sketch.windows), sketch.default_indexes, sketch.reads_everything
        self.read_other(text, label)
        del sketch.windows[windows:]
        sketch.default_indexes, sketch.reads_everything = default, everything

    def _data_model_of(self, stage: Stage) -> bool:
        """Record `from datamodel=X`; True where the stage reads a data model."""
        tokens = stage.tokens
        for index, (kind, text, _) in enumerate(tokens):
            if kind == WORD and text.lower() == "from" and index + 1 < len(tokens):
                following = tokens[index + 1]
                word = value_of(following)
                if following[0] == WORD and word.lower() == "datamodel" and index + 2 < len(tokens):
                    after = tokens[index + 2]
                    target = tokens[index + 3] if after[0] == OP and index + 3 < len(tokens) else after
                    self.data_model(value_of(target) if target[0] in (WORD, STRING, FIELD) else None)
                    return True
                if following[0] == WORD and word.lower().startswith("datamodel:"):
                    self.data_model(word[10:] or (value_of(tokens[index + 2]) if index + 2 < len(tokens) else None))
                    return True
        return False

    def data_model(self, name: str | None) -> None:
        """Record a data model by `Model` or `Model.Object`."""
        if not name or "$" in name:
            self.sketch.unresolved.append("data_model: its name is computed")
            return
        self.sketch.data_models.append(name)
        label = f"data_model:{name.partition('.')[0]}"
        self.sketch.references.append(label)
        if label[11:] not in DATA_MODELS and self.knowledge.get(label) is None:
            self.sketch.unresolved.append(label)

    def saved_search(
        self, name: str | None, args: dict[str, str] | None = None, *, runs: bool = True, computed: bool = False
    ) -> None:
        """Record a saved search and, where it ``runs``, scan every one of that name. ``args``
        fill its ``$tokens$``; ``computed`` says that others are filled at run time."""
        if not name or "$" in name:
            self.sketch.unresolved.append("saved_search: its name is computed")
            return
        label = f"saved_search:{name}"
        self.sketch.references.append(label)
        found = self.knowledge.all_named(label)
        if not found:
            self.sketch.unresolved.append(label)
            return
        if not runs:
            return
        for item in found:
            text = item.content.get("search")
            if not isinstance(text, str) or not text.strip():
                self.sketch.unresolved.append(f"{label}: it has no text")
                continue
            if args:
                text = _TOKEN.sub(lambda m: args.get(m.group(1).lower(), m.group()), text)
            if computed and _TOKEN.search(text):
                self.sketch.unresolved.append(f"{label}: its arguments are computed")
            own = [item.content.get(f"dispatch.{bound}_time") for bound in ("earliest", "latest")]
            low, high = [(t,) if isinstance(t, str) and t else () for t in own]
            if low or high:
                self.sketch.windows.append((low, high))
            self.read_other(text, label)


def _moved(error: SplError, expansion: Expansion) -> SplError:
    """An error about expanded text, at the place of the original that it comes from."""
    return SplError(error.problem, expansion.origin(error.position), error.expected)


def _is_index(atom: Atom) -> bool:
    return atom.field == "index" and atom.op in ("=", "==", "::", "IN")


def _is_narrow(atom: Atom) -> bool:
    return narrows(atom, _FREE)


def _has_alternatives(stage: Stage) -> bool:
    return any(kind == WORD and text == "OR" for kind, text, _ in stage.tokens)


def _note_bare_word(stage: Stage, sketch: Sketch) -> None:
    """In brackets the first word is a command, pipe or not: one that is no known command, and is
    not the beginning of a condition, is an unknown command."""
    if not stage.implicit:
        return
    kind, text, _ = stage.tokens[0]
    following = stage.tokens[1] if len(stage.tokens) > 1 else None
    if kind != WORD or "::" in text or "*" in text or text.upper() == "NOT":
        return
    if following is None or (following[0] not in (OP, LPAREN) and following[1].upper() not in ("IN", "OR", "AND")):
        sketch.unknown.append(text.lower())


def _steers(stages: list[Stage]) -> set[str]:
    """The fields that a subsearch returns into its search and that set the search's index or time
    range, or its very text: ``[ makeresults | eval earliest=0 | return earliest ]``."""
    found: set[str] = set()
    for stage in stages:
        if stage.name not in _SHAPING:
            continue
        tokens = stage.tokens
        if stage.name in ("fields", "table"):
            names = _STEERING_FIELDS
            if tokens and tokens[0][1] == "-":
                continue
        else:
            names = _STEERING
        for index, token in enumerate(tokens):
            if token[0] not in VALUE_KINDS or value_of(token).lstrip("$") not in names:
                continue
            following = tokens[index + 1][0] if index + 1 < len(tokens) else ""
            if stage.name == "eval":
                steers = following == OP
            elif stage.name == "rename":
                steers = index > 0 and tokens[index - 1][1].lower() == "as"
            else:
                steers = following != LPAREN  # `stats earliest(x)` is a function
            if steers:
                found.add(value_of(token).lstrip("$"))
    return found


def _same_commands(layout: Layout, other: str) -> bool:
    """Whether another reading of the text runs the same commands."""
    try:
        alternative = lay_out(other)
    except SplError:
        return False
    return sorted(s.name for s in layout.all_stages()) == sorted(s.name for s in alternative.all_stages())


def scan(text: str, knowledge: KnowledgeSet) -> Sketch:
    """Read ``text`` against ``knowledge``. Raises: SplError where it cannot be read."""
    sketch = Sketch()
    Scanner(knowledge, sketch).read(text)
    return sketch
