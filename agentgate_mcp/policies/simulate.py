"""What another policy library would have decided on the calls that the ledger holds.

Facts do not depend on policies, so those that were recorded with a verdict are what the policies
are asked about again; invariants hold as they did. Nothing is parsed or searched again, and no
other world is needed than the one in which the call was judged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from pydantic import ValidationError

from agentgate_mcp.errors import LedgerError
from agentgate_mcp.gate.decision import decision_of
from agentgate_mcp.gate.policy.compiled import PolicyLibrary
from agentgate_mcp.gate.policy.paths import FactSet
from agentgate_mcp.gate.request import unreadable
from agentgate_mcp.ledger.codec import mapping, text, texts
from agentgate_mcp.ledger.entries import EntryKind, LedgerEntry
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Decision, Profile

Operator = Literal["approved", "denied", "none"]
_TOLD_EVERY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A call that would be decided otherwise. ``outcome`` is what an operator said of it then;
    ``policies`` are those that would stop it now, or where none would, those that did."""

    seq: int
    call_id: str
    agent_id: str
    tool: str
    before: str
    after: str
    policies: tuple[str, ...]
    outcome: Operator

    @property
    def stricter(self) -> bool:
        return Decision[self.after] > Decision[self.before]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """``unread`` says which records are in no form that can be judged again, and why."""

    lock: str
    calls: int
    flips: tuple[Flip, ...]
    unread: tuple[str, ...]

    def counts(self) -> dict[str, dict[str, int]]:
        """Flips by agent, by tool, and by what an operator said; the most first."""
        by = {
            "by_agent": Counter(f.agent_id for f in self.flips),
            "by_tool": Counter(f.tool for f in self.flips),
            "by_operator": Counter(str(f.outcome) for f in self.flips),
        }
        return {name: dict(sorted(found.items(), key=lambda kv: (-kv[1], kv[0]))) for name, found in by.items()}

    def to_json(self) -> Json:
        rows: list[Json] = [
            {
                "seq": f.seq,
                "call_id": f.call_id,
                "agent_id": f.agent_id,
                "tool": f.tool,
                "before": f.before,
                "after": f.after,
                "policies": list(f.policies),
                "operator": f.outcome,
            }
            for f in self.flips
        ]
        return {
            "lock": self.lock,
            "calls": self.calls,
            "stricter": sum(f.stricter for f in self.flips),
            "laxer": sum(not f.stricter for f in self.flips),
            **{name: {**found} for name, found in self.counts().items()},
            "flips": rows,
            "unread": list(self.unread),
        }


def simulate(
    ledger: Ledger,
    library: PolicyLibrary,
    profile: Profile,
    *,
    since: int = 0,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Simulation:
    """Every call judged after record ``since``, decided again by ``library``; a call that was judged
    more than once counts as it was judged first. Raises: LedgerError."""
    last = ledger.last_seq()
    outcomes = _outcomes(ledger, since)
    seen: set[str] = set()
    flips: list[Flip] = []
    unread: list[str] = []
    for entry in ledger.entries(since, kinds=frozenset({EntryKind.VERDICT}), upto=last):
        if entry.call_id in seen:
            continue
        seen.add(entry.call_id)
        try:
            flip = _flip(entry, library, profile, outcomes.get(entry.call_id, "none"))
        except (LedgerError, ValidationError, KeyError) as exc:
            unread.append(f"record {entry.seq}: cannot be judged again: {str(exc).splitlines()[0]}")
            continue
        if flip is not None:
            flips.append(flip)
        if len(seen) % _TOLD_EVERY == 0:
            told(entry.seq - since, last - since)
    told(last - since, last - since)
    return Simulation(lock=library.lock, calls=len(seen), flips=tuple(flips), unread=tuple(unread))


def _flip(entry: LedgerEntry, library: PolicyLibrary, profile: Profile, outcome: Operator) -> Flip | None:
    call, verdict = mapping(entry.payload, "call"), mapping(entry.payload, "verdict")
    before = Decision[text(verdict, "decision")]
    stages = mapping(verdict, "stages")
    ruling = mapping(mapping(stages, "decision"), "facts")
    held = max((decision_of(name) for name in texts(ruling, "invariants")), default=Decision.ALLOW)
    if held is Decision.BLOCK:
        # An invariant decided, and stages after one that failed have no facts.
        return None
    after, policies = _decide(stages, library, profile, held)
    if after is before:
        return None
    return Flip(
        seq=entry.seq,
        call_id=entry.call_id,
        agent_id=text(call, "agent_id"),
        tool=text(call, "tool_name"),
        before=before.name,
        after=after.name,
        policies=policies or texts(verdict, "policies"),
        outcome=outcome,
    )


def _decide(
    stages: Mapping[str, Json], library: PolicyLibrary, profile: Profile, held: Decision
) -> tuple[Decision, tuple[str, ...]]:
    """What the library says of recorded facts, with what the invariants said (``held``)."""
    policy = _facts(stages, "policy")
    parts = {name: _facts(stages, name) for name in ("injection", "provenance", "blast_radius", "cost")}
    facts = FactSet.model_validate_json(json.dumps({**parts, "request": policy["request"]}))
    if unreadable(facts.blast_radius):
        return held, ()
    granted = _granted(policy)
    stopping = [
        m for m in library.evaluate(facts, profile) if m.mode == "enforce" and (m.policy, m.rule) not in granted
    ]
    decision = max([held, *(Decision[m.action] for m in stopping)])
    return decision, tuple(sorted({m.policy for m in stopping}))


def _facts(stages: Mapping[str, Json], name: str) -> dict[str, Json]:
    return mapping(mapping(stages, name), "facts")


def _granted(policy: Mapping[str, Json]) -> frozenset[tuple[str, str]]:
    """The rules that a mandate had granted in advance, as (policy, rule)."""
    found = cast(list[dict[str, Json]], policy.get("matches") or [])
    return frozenset((str(m.get("policy")), str(m.get("rule"))) for m in found if m.get("mandated") is True)


def _outcomes(ledger: Ledger, since: int) -> dict[str, Operator]:
    """What operators said, by call; one that denies outweighs one that approves."""
    said: dict[str, Operator] = {}
    for entry in ledger.entries(since, kinds=frozenset({EntryKind.APPROVAL})):
        if entry.payload.get("decision") == "deny":
            said[entry.call_id] = "denied"
        elif entry.payload.get("decision") == "approve":
            said.setdefault(entry.call_id, "approved")
    return said
