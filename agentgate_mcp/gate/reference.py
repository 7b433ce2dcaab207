"""What the user pointed at without writing it out: "the file plan.docx", "the largest file",
"the channel starting with ops", "her e-mail is on her page", "each user".

Resolved only for tools of other servers, only for an action that the user asked for, and only by
structure: a reference must lead to exactly one thing of what was read, or mean all of them. Where
it leads to two, or stands on prose that more than one candidate fits, nothing is resolved. What
our own tools change or act on is never resolved this way: an inventory endorses no sink.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from agentgate_mcp.gate.context import StageContext
from agentgate_mcp.gate.identifiers import addresses, shape_of
from agentgate_mcp.gate.intent import is_drastic
from agentgate_mcp.gate.kinds import address_meant, all_of, kind_of_parameter, kinds_in, left_open, singular
from agentgate_mcp.gate.records import Record, records_of_text
from agentgate_mcp.gate.structured import MAX_TEXT
from agentgate_mcp.gate.words import Prompt, words

_NAMES = frozenset("name title filename file_name subject label display_name full_name summary".split())
"""Fields that name their record."""
_POINTERS = _NAMES | frozenset("sender from author recipient to channel user owner".split())
"""Fields by which people point at a message: who wrote it, and where."""
_PROSE = frozenset("body content contents text message description snippet comment notes subject _raw".split())
_EVENT = frozenset("_time sourcetype event_id timestamp sender from".split())
_SIZE = frozenset("size bytes filesize file_size length".split())
_TIME = frozenset("last_modified modified updated updated_at created created_at timestamp date".split())
_EXTREMES = {
    "largest": (_SIZE, True),
    "biggest": (_SIZE, True),
    "smallest": (_SIZE, False),
    "newest": (_TIME, True),
    "latest": (_TIME, True),
    "oldest": (_TIME, False),
}
_SHORTEST_NAME = 3
_LONGEST_NAME = 80
_PARTIAL = 2
"""Words that must be left of a name of which the last is not said."""
_STARTS = frozenset("starting starts beginning begins".split())
_ENDS = frozenset("ending ends".split())


@dataclass(frozen=True)
class References:
    """Resolves values of one call against what its conversation has read."""

    ctx: StageContext
    prompt: Prompt
    tool: str

    @classmethod
    def of(cls, ctx: StageContext, prompt: Prompt, *, asked: bool) -> References | None:
        """None where nothing may be resolved: our own tools, no prompt, an action nobody asked for, or
        not all of what was read is at hand: what seems unique may then not be."""
        outside = ctx.spec is not None and ctx.spec.toolset == "upstream"
        at_hand = ctx.session.complete(ctx.as_of) and all(len(t) <= MAX_TEXT for t in ctx.call.incoming_context)
        return cls(ctx, prompt, ctx.call.tool_name) if outside and asked and prompt.given and at_hand else None

    def resolve(self, path: str, value: str) -> str:
        """Evidence that the user's words lead to ``value``, or empty."""
        names = [p for p in path.split("/") if p and not p.isdigit()]
        if not names or len(value) > _LONGEST_NAME:
            return ""
        self.ctx.budget.spend(1 + len(self._records))
        name = names[-1].lower()
        kind = kind_of_parameter(name)
        found = (
            self._abbreviated(name, value)
            or self._of_named_record(kind, value)
            or self._by_affix(kind, value)
            or self._extreme(kind, value)
        )
        if found or is_drastic(self.tool):
            return found
        return self._member(name, value) or self._chosen(kind, value) or self._looked_up(kind, value)

    # --- what was read ---

    @cached_property
    def _records(self) -> tuple[Record, ...]:
        passed = (
            record
            for number, text in enumerate(self.ctx.call.incoming_context)
            for record in records_of_text(f"context:{number}", text)
        )
        return (*passed, *(record for read in self.ctx.session.reads for record in read.records))

    @cached_property
    def _prose(self) -> tuple[str, ...]:
        return (*self.ctx.call.incoming_context, *(read.blob for read in self.ctx.session.reads))

    @cached_property
    def _spoken(self) -> list[str]:
        return [w for turn in self.prompt.turns for w in turn[1].split()]

    def _named(self, record: Record, keys: frozenset[str]) -> Iterator[tuple[str, bool]]:
        """How the user said the names of ``record``, and whether whole: a file also without its ending,
        a long name also without its last word."""
        for value in record.values(keys):
            if len(value) < _SHORTEST_NAME or len(value) > _LONGEST_NAME:
                continue
            stem, dot, ending = value.rpartition(".")
            parts = words(stem if dot and ending.isalnum() else value).split()
            if self.prompt.find(value):
                yield words(value), True
            elif len(parts) > 1 and self.prompt.find(" ".join(parts)):
                yield " ".join(parts), True
            elif len(parts) > _PARTIAL and self.prompt.find(" ".join(parts[:-1])):
                yield " ".join(parts[:-1]), False

    @cached_property
    def _by_name(self) -> dict[str, list[Record]]:
        """The records that each name said may mean; who bears it whole goes before who bears more, but only
        before those of the same read: elsewhere anybody may have written a shorter name."""
        found: dict[str, dict[bool, list[Record]]] = {}
        for record in self._records:
            for name, whole in self._named(record, _NAMES):
                found.setdefault(name, {}).setdefault(whole, []).append(record)
        return {name: _ranked(ranked.get(True, []), ranked.get(False, [])) for name, ranked in found.items()}

    @cached_property
    def _pointed(self) -> tuple[tuple[int, Record], ...]:
        """The records that the user's words point at, and by how many names; none where the best of them are
        pointed at by different fields: a subject `Ana` is no message from Ana."""
        counted = [(len({*self._named(r, _POINTERS)}), r) for r in self._records]
        most = max((n for n, _ in counted), default=0)
        best = [r for n, r in counted if n == most]
        if len({frozenset(k for k in _POINTERS if any(self._named(r, frozenset({k})))) for r in best}) > 1:
            return ()
        return tuple((n, r) for n, r in counted if n)

    # --- ways to point ---

    def _abbreviated(self, name: str, value: str) -> str:
        """`r` for what the user calls `read permissions`: the first letters of the word before the
        parameter's own name."""
        if not (0 < len(value) <= 2 and value.isalpha()):
            return ""
        for before, word in zip(self._spoken, self._spoken[1:], strict=False):
            if singular(word) == singular(name) and before.startswith(value.lower()):
                return f"prompt: {before} {word}"
        return ""

    def _of_named_record(self, kind: str, value: str) -> str:
        """The id of the one record that the user named; in a directory, also its address."""
        for name, records in self._by_name.items():
            for keys in ("id", "mail"):
                # Another record of that name without the value may be the one that is meant.
                if all({*_identities(r, kind, keys)} == {value.lower()} for r in records):
                    return f"{records[0].place} is {name!r}"
        return ""

    def _member(self, name: str, value: str) -> str:
        """A value of the field that the user named, in the one record that they named."""
        if singular(name) not in {singular(w) for w in self._spoken}:
            return ""
        for title, records in self._by_name.items():
            contents = {tuple(v for k, v in r.fields if singular(k) == singular(name)) for r in records}
            if len(contents) == 1 and value in next(iter(contents)):
                return f"{name} of {title!r} at {records[0].place}"
        return ""

    def _by_affix(self, kind: str, value: str) -> str:
        """The one listed name with the beginning or the ending that the user gave."""
        said = self._spoken
        for at, word in enumerate(said[:-2]):
            if said[at + 1] in ("with", "in", "by") and (word in _STARTS or word in _ENDS):
                part, begins = said[at + 2], word in _STARTS
                listed = {n for names in self._lists(kind) for n in names}
                fits = {n for n in listed if (n.startswith(part) if begins else n.endswith(part))}
                if fits == {value.lower()}:
                    return f"prompt: {word} {said[at + 1]} {part}"
        return ""

    def _extreme(self, kind: str, value: str) -> str:
        """The id of the record that a superlative of the prompt picks out, counted over all that was read."""
        for adjective, noun in zip(self._spoken, self._spoken[1:], strict=False):
            if adjective not in _EXTREMES or kind_of_parameter(noun) != kind:
                continue
            keys, highest = _EXTREMES[adjective]
            listed = [(r, m) for r in self._records if (m := next(r.values(keys), None)) is not None]
            pairs = {(i, _measure(m, keys)) for r, m in listed for i in _identities(r, kind, "id")}
            ranked = dict(pairs)
            # Another listing without it, or a second measure of one thing, may be somebody's who wants it picked.
            theirs = [r for r, _ in listed if value.lower() in _identities(r, kind, "id")]
            sole = _reads(theirs) == _reads(r for r, _ in listed) and len(ranked) == len(pairs)
            if sole and len({type(m) for m in ranked.values()}) == 1:
                ordered = sorted(ranked.items(), key=lambda item: _order(item[1]), reverse=highest)
                tied = len(ordered) > 1 and ordered[0][1] == ordered[1][1]
                if not tied and ordered[0][0] == value.lower():
                    return f"prompt: {adjective} {noun}"
        return ""

    def _chosen(self, kind: str, value: str) -> str:
        """A listed name, where the user left the choice of one open or meant all of them."""
        if shape_of(value) or " " in value:
            return ""
        lists = [names for names in self._lists(kind) if value.lower() in names]
        if not lists:
            return ""
        if all_of(self._spoken, kind):
            return f"prompt: every {kind}"
        named = any(self.prompt.find(n) for names in lists for n in names if len(n) >= _SHORTEST_NAME)
        return f"prompt: one {kind} of those listed" if left_open(self._spoken, kind) and not named else ""

    def _looked_up(self, kind: str, value: str) -> str:
        """An address that the user asked to look up: the only one, or one of all that they meant."""
        shape = shape_of(value)
        if shape == "link" and kind == "link" and "link" in kinds_in(self._spoken):
            every = all_of(self._spoken, "link")
            most = max((n for n, _ in self._pointed), default=0)
            meant = [r for n, r in self._pointed if every or n == most]
            found = _found(shape, (v for r in meant for _, v in r.fields))
            if value.lower() in found and (every or len(found) == 1):
                return f"{meant[0].place} is where the prompt points"
        if shape == "mail" and address_meant(self._spoken) and _found(shape, self._prose) == {value.lower()}:
            return "prompt: the only address that was read"
        if shape == "mail" and kind in ("person", "mail") and all_of(self._spoken, "person"):
            for record in (named[0] for named in self._by_name.values() if len(named) == 1):
                if any(v.lower() == value.lower() for k, v in record.fields if k not in _PROSE):
                    return f"prompt: everyone in {record.place}"
        return ""

    def _lists(self, kind: str) -> Iterator[frozenset[str]]:
        """Names (lower case) that stand in a bare list, and those in fields that hold this kind of thing."""
        fields: set[str] = set()
        for record in self._records:
            yield frozenset(v.lower() for k, v in record.fields if not k and len(v) <= _LONGEST_NAME)
            fields.update(
                value.lower()
                for key, value in record.fields
                if key and key not in _PROSE and kind_of_parameter(key) == kind and len(value) <= _LONGEST_NAME
            )
        yield frozenset(fields)


def _ranked(whole: list[Record], part: list[Record]) -> list[Record]:
    return whole if whole and _reads(part) <= _reads(whole) else [*whole, *part]


def _reads(records: Iterable[Record]) -> set[str]:
    """The reads that the records stand in."""
    return {record.place.partition("/")[0] for record in records}


def _identities(record: Record, kind: str, of: str) -> Iterator[str]:
    """The ids of ``record`` that fit a parameter of this kind; for `mail` the addresses of a directory entry."""
    keys = {key for key, _ in record.fields}
    if of == "mail":
        if not keys & (_PROSE | _EVENT):
            yield from (
                v.lower() for k, v in record.fields if shape_of(v) == "mail" and singular(k) in ("email", "mail")
            )
        return
    for key, value in record.fields:
        plain = key.strip("_")
        if plain in ("id", "uuid", "key", "number") or (plain.endswith("_id") and kind_of_parameter(plain) == kind):
            yield value.lower()


def _order(measure: float | str) -> tuple[float, str]:
    return (0.0, measure) if isinstance(measure, str) else (measure, "")


def _measure(text: str, keys: frozenset[str]) -> float | str:
    """A size as a number; a time as its text, which sorts where it is written year first."""
    if keys is _TIME:
        return text
    try:
        return float(text)
    except ValueError:
        return text


def _found(shape: str, texts: Iterable[str]) -> set[str]:
    return {address for text in texts for s, address in addresses(text) if s == shape}
