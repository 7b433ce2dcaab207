"""A principal's session: what was asked, read and done, folded from events. Immutable and pure.

What is kept is bounded, and what falls out only lowers trust: a forgotten prompt endorses
nothing, a forgotten read makes a value NOVEL, and once a flagged read had to be forgotten every
effect counts as derived from it. Flagged reads are kept until an operator reviews them. Time is
always given, so the same events and instant give the same answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, assert_never, cast

from agentgate_mcp.canonical import canonical_bytes
from agentgate_mcp.gate.decoded import searchable
from agentgate_mcp.gate.records import Record, records_of_leaves
from agentgate_mcp.gate.trust import ours
from agentgate_mcp.gate.words import words
from agentgate_mcp.model.decision import Trust
from agentgate_mcp.model.session import (
    CallJudged,
    FlaggedSpan,
    Leaf,
    OutputRead,
    PromptGiven,
    SessionEvent,
    StoredRead,
    TaintCleared,
)

TAINT_CALLS = 50
TAINT_SECONDS = 1800.0
"""General taint ends after this many calls or this much recorded time (DESIGN §6.2)."""
MAX_READS = 64
MAX_FLAGGED = 256
MAX_PROMPTS = 16
MAX_TOUCHES = 4096
WEEK = 604_800.0
_FREE = frozenset({"gate_preview", "gate_finding_status"})


@dataclass(frozen=True)
class Read:
    """One output that was read, with an index of its values. ``number`` counts calls."""

    source: OutputRead | StoredRead
    number: int

    @property
    def event(self) -> OutputRead:
        """Raises: GateError when what was recorded is no event."""
        return self.source.event if isinstance(self.source, StoredRead) else self.source

    @cached_property
    def digest(self) -> bytes:
        return _digest(self.event)

    @cached_property
    def by_value(self) -> Mapping[str, Leaf]:
        """The leaf with the strongest trust for each value, lower-cased."""
        found: dict[str, Leaf] = {}
        order = list(Trust)
        for leaf in self.event.leaves:
            key = leaf.value.lower()
            known = found.get(key)
            if known is None or order.index(leaf.trust) < order.index(known.trust):
                found[key] = leaf
        return found

    @cached_property
    def blob(self) -> str:
        """All values as one lower-cased text, with what is encoded in them, for containment."""
        return searchable(leaf.value for leaf in self.event.leaves)

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The words of the blob: what holds a value holds all of its words."""
        return frozenset(words(self.blob).split())

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """The leaves by the record that they stood in; rows of events are kept too sparsely for that."""
        if ours(self.event.tool):
            return ()
        return records_of_leaves(f"call:{self.source.call_id}", self.event.leaves)

    @property
    def truncated(self) -> bool:
        if isinstance(self.source, StoredRead):
            return self.source.head.get("truncated") is not False
        return self.source.truncated

    @cached_property
    def untrusted(self) -> bool:
        return self.source.untrusted


@dataclass(frozen=True, slots=True)
class Touch:
    """Something used up at a time: a changed target, or rows and bytes read."""

    at: float
    target: str = ""
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """A value found in a read: which call, which leaf."""

    call_id: str
    leaf: Leaf


@dataclass(frozen=True)
class SessionState:
    """The fold so far. Build it with `empty` and `apply` only."""

    calls: int = 0
    """Calls that the agent itself has made, as taint is counted."""
    prompts: tuple[PromptGiven, ...] = ()
    reads: tuple[Read, ...] = ()
    flagged: tuple[Read, ...] = ()
    """Reads with flagged spans, newest last, until reviewed."""
    flags_lost: bool = False
    """More flagged reads than are kept: what derives from them can no longer be told."""
    tainted_at: tuple[int, float] | None = None
    """(call number, time) of the newest read of attacker-writable data, kept or forgotten."""
    lost_at: tuple[int, float] | None = None
    """(call number, time) at which a read was last forgotten."""
    touches: tuple[Touch, ...] = field(default=(), repr=False)
    touched: bytes = b""
    """Running digest of all touches, so that the hash need not visit them again."""

    @classmethod
    def empty(cls) -> SessionState:
        return cls()

    def apply(self, event: SessionEvent | StoredRead) -> SessionState:
        """The session after ``event``."""
        match event:
            case PromptGiven():
                if self.prompts and self.prompts[-1].text == event.text:
                    return self
                others = (p for p in self.prompts if p.text != event.text)
                return replace(self, prompts=(*others, event)[-MAX_PROMPTS:])
            case CallJudged():
                used = tuple(Touch(event.at, target=t) for t in event.targets)
                return self._with(used, event.at, calls=self.calls + _is_a_step(event))
            case OutputRead() | StoredRead():
                return self._read(event)
            case TaintCleared():
                return replace(self, reads=(), flagged=(), flags_lost=False, tainted_at=None, lost_at=None)
            case _:
                assert_never(event)

    def _read(self, event: OutputRead | StoredRead) -> SessionState:
        read = Read(event, self.calls)
        flagged = (*self.flagged, read) if isinstance(event, OutputRead) and event.flags else self.flagged
        changes: dict[str, object] = {
            "reads": (*self.reads, read)[-MAX_READS:],
            "flagged": flagged[-MAX_FLAGGED:],
            "flags_lost": self.flags_lost or len(flagged) > MAX_FLAGGED,
        }
        if len(self.reads) >= MAX_READS:
            changes["lost_at"] = (self.calls, event.at)
        if read.untrusted:
            changes["tainted_at"] = (self.calls, event.at)
        used = (Touch(event.at, rows=event.rows, bytes=event.bytes),) if event.rows or event.bytes else ()
        return self._with(used, event.at, **changes)

    def _with(self, used: tuple[Touch, ...], at: float, **changes: object) -> SessionState:
        if used:
            changes["touches"] = _kept(self.touches, used, at)
            changes["touched"] = hashlib.sha256(self.touched + repr(used).encode()).digest()
        return cast(SessionState, replace(self, **cast("dict[str, Any]", changes)))

    @cached_property
    def hash(self) -> str:
        """SHA-256 over everything that a verdict may read here."""
        head = f"{self.calls} {self.flags_lost} {self.tainted_at} {self.lost_at}"
        total = hashlib.sha256(head.encode() + self.touched)
        for prompt in self.prompts:
            total.update(_prompt_digest(prompt.at, prompt.call_id, prompt.text))
        for read in (*self.reads, *self.flagged):
            total.update(read.digest + str(read.number).encode())
        return total.hexdigest()

    # --- what was said and read ---

    @property
    def prompt_text(self) -> tuple[str, ...]:
        """Every user turn that is still known, oldest first."""
        return tuple(p.text for p in self.prompts)

    def evidence(self, value: str) -> Iterator[Evidence]:
        """Where ``value`` was read as a whole leaf, newest first."""
        return iter(self.found(value)[0])

    def found(self, value: str) -> tuple[tuple[Evidence, ...], str]:
        """Where ``value`` was read as a whole leaf; where not, the call whose output holds it."""
        key = value.lower()
        parts = words(key).split()
        longest = max(parts, key=len, default="")
        # What holds a value holds its longest word: few reads are left to look into.
        reads = [read for read, tokens in self._index if longest in tokens]
        whole = [Evidence(r.source.call_id, r.by_value[key]) for r in reads if key in r.by_value]
        if whole or not reads:
            return tuple(whole), ""
        needed = frozenset(parts)
        return (), next((r.source.call_id for r in reads if needed <= r.tokens and key in r.blob), "")

    def complete(self, as_of: float) -> bool:
        """False while something that was read of late is not kept: that a thing is the only one of
        its kind can then not be told."""
        lost = self.lost_at is not None and self._in_force(*self.lost_at, as_of)
        return not lost and not any(self._fresh(r, as_of) for r in self._truncated)

    @cached_property
    def _index(self) -> tuple[tuple[Read, frozenset[str]], ...]:
        """Each read with its words, newest first."""
        return tuple((r, r.tokens) for r in reversed(self.reads))

    @cached_property
    def _untrusted(self) -> tuple[tuple[int, float], ...]:
        return tuple((r.number, r.source.at) for r in self.reads if r.untrusted)

    @cached_property
    def _truncated(self) -> tuple[Read, ...]:
        return tuple(r for r in self.reads if r.truncated)

    def flags_in_force(self, as_of: float) -> tuple[tuple[str, FlaggedSpan], ...]:
        """Flagged spans under general taint, as (call_id, span): effects are refused while any is."""
        return tuple((r.event.call_id, f) for r in self.flagged if self._fresh(r, as_of) for f in r.event.flags)

    def flags_unreviewed(self) -> tuple[tuple[str, FlaggedSpan], ...]:
        """All flagged spans that nobody has reviewed: what derives from them stays restricted."""
        return tuple((r.event.call_id, f) for r in self.flagged for f in r.event.flags)

    def untrusted_reads(self, as_of: float) -> int:
        """Reads of attacker-writable data that still taint."""
        calls = self.calls
        # Written out: this is asked for every call and visits every read.
        return sum([not (calls - n >= TAINT_CALLS or as_of - at >= TAINT_SECONDS) for n, at in self._untrusted])

    def tainted(self, as_of: float) -> bool:
        """True while the newest read of attacker-writable data is in force, kept or forgotten."""
        return self.tainted_at is not None and self._in_force(*self.tainted_at, as_of)

    def _fresh(self, read: Read, as_of: float) -> bool:
        return self._in_force(read.number, read.source.at, as_of)

    def _in_force(self, number: int, at: float, as_of: float) -> bool:
        # Taint lasts while it is young in calls and in time; stated so that a bad clock keeps it.
        return not (self.calls - number >= TAINT_CALLS or as_of - at >= TAINT_SECONDS)

    # --- what was used up ---

    def targets_since(self, at: float) -> frozenset[str]:
        """Distinct objects changed and entities acted on since ``at``."""
        return frozenset(t.target for t in self.touches if t.target and t.at >= at)

    def rows_since(self, at: float) -> int:
        return sum(t.rows for t in self.touches if t.at >= at)

    def bytes_since(self, at: float) -> int:
        return sum(t.bytes for t in self.touches if t.at >= at)


def _is_a_step(event: CallJudged) -> bool:
    """False for what brings an agent no further, so that no taint is ended by it: refused calls,
    calls that a tool makes of itself, verdicts and statuses that are merely asked for."""
    return event.decision != "BLOCK" and not event.nested and event.tool not in _FREE


def _kept(before: tuple[Touch, ...], new: tuple[Touch, ...], now: float) -> tuple[Touch, ...]:
    """Touches of the last week, oldest first. Beyond the bound the older half of the reads is
    merged into one, so that no count of rows or bytes is lost; targets are merged last of all."""
    old = 0
    while old < len(before) and not now - before[old].at < WEEK:
        old += 1
    both = (*before[old:], *new)
    if len(both) <= MAX_TOUCHES:
        return both
    reads = [t for t in both if not t.target]
    acts = [t for t in both if t.target]
    if len(reads) > 1:
        half = len(reads) // 2
        merged = Touch(
            reads[half - 1].at, rows=sum(t.rows for t in reads[:half]), bytes=sum(t.bytes for t in reads[:half])
        )
        reads = [merged, *reads[half:]]
    return tuple(sorted([*reads, *acts[-MAX_TOUCHES:]], key=lambda t: t.at))


@lru_cache(maxsize=256)
def _prompt_digest(at: float, call_id: str, text: str) -> bytes:
    return _digest(PromptGiven(at=at, call_id=call_id, text=text))


def _digest(event: SessionEvent) -> bytes:
    return hashlib.sha256(canonical_bytes(event.to_json())).digest()
