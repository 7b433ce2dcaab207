"""A finding as its records tell it: a fold over transitions, votes and advisory notes. Pure.

pending → approved | denied | withdrawn | expired; approved → consumed | denied | withdrawn |
expired. The rest is final.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from agentgate_mcp.errors import LedgerError
from agentgate_mcp.ledger.codec import call_from_json, mapping, number, text, verdict_from_json
from agentgate_mcp.ledger.entries import EntryKind, LedgerEntry
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Finding, FindingStatus, Transition

FindingKind = Literal["response", "change", "other"]

NEXT: Mapping[FindingStatus | None, frozenset[FindingStatus]] = {
    None: frozenset({FindingStatus.PENDING, FindingStatus.BLOCKED}),
    FindingStatus.PENDING: frozenset(
        {FindingStatus.APPROVED, FindingStatus.DENIED, FindingStatus.WITHDRAWN, FindingStatus.EXPIRED}
    ),
    FindingStatus.APPROVED: frozenset(
        {FindingStatus.CONSUMED, FindingStatus.DENIED, FindingStatus.WITHDRAWN, FindingStatus.EXPIRED}
    ),
    FindingStatus.DENIED: frozenset(),
    FindingStatus.WITHDRAWN: frozenset(),
    FindingStatus.EXPIRED: frozenset(),
    FindingStatus.CONSUMED: frozenset(),
    FindingStatus.BLOCKED: frozenset(),
}

FINDING_KINDS = frozenset({EntryKind.TRANSITION, EntryKind.APPROVAL, EntryKind.ADVISORY})
"""Kinds of record that a finding is made of; each names its `finding_id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One operator's word on a finding. ``teams`` are those that the operator speaks for (`*`: all)."""

    seq: int
    at: float
    operator: str
    decision: Literal["approve", "deny"]
    reason: str
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """A finding with what only approvals need: its kind, its binding, its votes.

    ``binding`` is as `approvals` wrote it; ``opened_seq`` and ``last_seq`` are ledger sequences."""

    finding: Finding
    kind: FindingKind
    binding: Mapping[str, Json]
    binding_digest: str
    votes: tuple[Vote, ...]
    opened_seq: int
    last_seq: int


def fold(entries: Iterable[LedgerEntry]) -> FindingRecord | None:
    """The finding that ``entries`` (one finding's, in order) tell of; None when there are none.

    Raises: LedgerError when they tell no possible story."""
    record: FindingRecord | None = None
    for entry in entries:
        record = apply(record, entry)
    return record


def apply(record: FindingRecord | None, entry: LedgerEntry) -> FindingRecord:
    """``record`` after ``entry``. Raises: LedgerError when the step is not possible."""
    match entry.kind:
        case EntryKind.TRANSITION:
            return _transition(record, entry)
        case EntryKind.APPROVAL:
            return _vote(_known(record, entry), entry)
        case EntryKind.ADVISORY:
            known = _known(record, entry)
            note = text(entry.payload, "text")
            return replace(known, finding=replace(known.finding, advisory=note), last_seq=entry.seq)
        case _:
            raise LedgerError(f"record {entry.seq}: {entry.kind} does not belong to a finding")


def _known(record: FindingRecord | None, entry: LedgerEntry) -> FindingRecord:
    if record is None:
        raise LedgerError(f"record {entry.seq}: expected a finding to be opened first")
    return record


def _transition(record: FindingRecord | None, entry: LedgerEntry) -> FindingRecord:
    payload = entry.payload
    try:
        status = FindingStatus(text(payload, "status"))
    except ValueError:
        raise LedgerError(f"record {entry.seq}: expected a known finding status") from None
    before = record.finding.status if record is not None else None
    if status not in NEXT[before]:
        was = before.value if before is not None else "not opened"
        raise LedgerError(f"record {entry.seq}: a finding that is {was} cannot become {status.value}")
    step = Transition(at=entry.at, status=status, by=text(payload, "by"), reason=text(payload, "reason"))
    if record is None:
        return _opened(entry, status, step)
    finding = replace(record.finding, status=status, history=(*record.finding.history, step))
    return replace(record, finding=finding, last_seq=entry.seq)


def _opened(entry: LedgerEntry, status: FindingStatus, step: Transition) -> FindingRecord:
    payload = entry.payload
    kind = text(payload, "kind")
    if kind not in get_args(FindingKind):
        raise LedgerError(f"record {entry.seq}: expected a kind of finding, got {kind[:40]!r}")
    return FindingRecord(
        finding=Finding(
            finding_id=text(payload, "finding_id"),
            status=status,
            created_at=entry.at,
            expires_at=number(payload, "expires_at"),
            call=call_from_json(payload.get("call")),
            verdict=verdict_from_json(payload.get("verdict")),
            history=(step,),
        ),
        kind=cast(FindingKind, kind),
        binding=mapping(payload, "binding"),
        binding_digest=text(payload, "binding_digest"),
        votes=(),
        opened_seq=entry.seq,
        last_seq=entry.seq,
    )


def _vote(record: FindingRecord, entry: LedgerEntry) -> FindingRecord:
    payload = entry.payload
    decision = text(payload, "decision")
    if decision not in ("approve", "deny"):
        raise LedgerError(f"record {entry.seq}: expected approve or deny, got {decision[:40]!r}")
    if record.finding.status not in (FindingStatus.PENDING, FindingStatus.APPROVED):
        raise LedgerError(f"record {entry.seq}: a finding that is {record.finding.status.value} takes no vote")
    teams = payload.get("teams")
    vote = Vote(
        seq=entry.seq,
        at=entry.at,
        operator=text(payload, "operator"),
        decision=decision,
        reason=text(payload, "reason"),
        teams=tuple(str(t) for t in teams) if isinstance(teams, list) else (),
    )
    decided = tuple(dict.fromkeys((*record.finding.decided_by, vote.operator)))
    return replace(
        record,
        finding=replace(record.finding, decided_by=decided),
        votes=(*record.votes, vote),
        last_seq=entry.seq,
    )
