"""Who is frozen, and whose circuit breaker is open. A fold over the ledger; the fold is pure.

Three BLOCKs, or ten calls that were not simply allowed, within ten minutes make a requester
read-only. The breaker does not close by waiting: an operator looks and clears it.
"""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from agentgate_mcp.ledger.entries import EntryKind, LedgerEntry
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.transaction import ALL, freeze_of
from agentgate_mcp.model.call import Json

WINDOW_S = 600.0
MAX_BLOCKED = 3
MAX_NOT_ALLOWED = 10
CLEAR = "clear_breaker"
MISTAKES = frozenset({"unparsed_search", "unknown_object", "unread_effect", "unread_search"})
"""Invariants that a slip of the pen breaks: refused, but no sign of misuse."""
_UNREAD = "stage_failed:reading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """``frozen`` holds principals (`*`: all), ``breaker_open`` requesters."""

    frozen: frozenset[str]
    breaker_open: frozenset[str]


class _Refused(NamedTuple):
    at: float
    call_id: str
    blocked: bool


_Recent: TypeAlias = "deque[_Refused]"


@dataclass(slots=True)
class StandingFold:
    """Takes verdicts and session records in order; `standing` is the result so far."""

    _frozen: set[str] = field(default_factory=set[str])
    _open: set[str] = field(default_factory=set[str])
    _recent: dict[str, _Recent] = field(default_factory=dict[str, "_Recent"])

    @property
    def standing(self) -> Standing:
        return Standing(frozen=frozenset(self._frozen), breaker_open=frozenset(self._open))

    def apply(self, entry: LedgerEntry) -> None:
        """Records of other kinds, and verdicts that allow, change nothing."""
        match entry.kind:
            case EntryKind.SESSION:
                self._session(entry)
            case EntryKind.VERDICT:
                self._verdict(entry)
            case _:
                pass

    def _session(self, entry: LedgerEntry) -> None:
        match freeze_of(entry):
            case True:
                self._frozen.add(entry.principal)
            case False:
                self._frozen.discard(entry.principal)
            case None:
                if entry.payload.get("action") == CLEAR:
                    self._clear(str(entry.payload.get("target")))

    def _clear(self, target: str) -> None:
        cleared = [r for r in self._open | self._recent.keys() if target in (ALL, r, r.rpartition("/")[0])]
        for requester in cleared:
            self._open.discard(requester)
            self._recent.pop(requester, None)

    def _verdict(self, entry: LedgerEntry) -> None:
        call, verdict = entry.payload.get("call"), entry.payload.get("verdict")
        decision = verdict.get("decision") if isinstance(verdict, dict) else "BLOCK"
        if decision == "ALLOW" or (isinstance(verdict, dict) and _is_mistake(verdict)):
            return
        agent = call.get("agent_id") if isinstance(call, dict) else ""
        requester = f"{entry.principal}/{agent}"
        if requester in self._open:
            return  # it stays open, and counting begins anew when it is cleared
        # So at most one call fewer than opens it is ever kept.
        recent = self._recent.setdefault(requester, deque())
        while recent and not entry.at - recent[0].at < WINDOW_S:
            recent.popleft()
        if any(refused.call_id == entry.call_id for refused in recent):
            return  # judged again for its resume: still one call
        recent.append(_Refused(entry.at, entry.call_id, decision != "REQUIRE_APPROVAL"))
        if len(recent) >= MAX_NOT_ALLOWED or sum(refused.blocked for refused in recent) >= MAX_BLOCKED:
            self._open.add(requester)
            del self._recent[requester]


def _is_mistake(verdict: Mapping[str, Json]) -> bool:
    """True when nothing but `MISTAKES` made the verdict a refusal."""
    facts: Json = dict(verdict)
    for step in ("stages", "decision", "facts"):
        facts = facts.get(step) if isinstance(facts, dict) else None
    if not isinstance(facts, dict):
        return False
    broken, deciding = facts.get("invariants"), facts.get("deciding")
    if not isinstance(broken, list) or not isinstance(deciding, list) or not deciding:
        return False
    return all(isinstance(b, str) and (b in MISTAKES or b.startswith(_UNREAD)) for b in (*broken, *deciding))


def standing(entries: Iterable[LedgerEntry]) -> Standing:
    """The standing that ``entries`` (in order) lead to."""
    fold = StandingFold()
    for entry in entries:
        fold.apply(entry)
    return fold.standing


class LedgerStanding:
    """The standing as the ledger has it now, whichever process wrote. Thread-safe."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._fold = StandingFold()
        self._seen = 0

    def frozen(self) -> frozenset[str]:
        """Principals whose effects are frozen, `*` for all. Raises: LedgerError."""
        return self.current().frozen

    def breaker_open(self, now: float) -> frozenset[str]:
        """Requesters (`principal/agent`) who are read-only; time alone (``now``) ends it for none.

        Raises: LedgerError."""
        return self.current().breaker_open

    def current(self) -> Standing:
        """Reads what is new since the last time. Raises: LedgerError."""
        with self._lock:
            upto = self._ledger.last_seq()
            if upto > self._seen:
                for entry in self._new(upto):
                    self._fold.apply(entry)
                self._seen = upto
            return self._fold.standing

    def _new(self, upto: int) -> Iterable[LedgerEntry]:
        # Refused calls are few and found by their tag; allowed ones are never read.
        parts = [
            self._ledger.entries(self._seen, upto=upto, tag="decision:BLOCK"),
            self._ledger.entries(self._seen, upto=upto, tag="decision:REQUIRE_APPROVAL"),
            self._ledger.entries(self._seen, upto=upto, kinds=frozenset({EntryKind.SESSION})),
        ]
        return heapq.merge(*parts, key=lambda entry: entry.seq)
