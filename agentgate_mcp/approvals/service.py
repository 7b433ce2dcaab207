"""Findings from opening to consumption. Each step is one ledger transaction; whether a step may
be taken is decided by pure functions on what that transaction sees (R6).
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from agentgate_mcp.approvals.binding import Binding, Refusal, bind, holds, rule_of
from agentgate_mcp.approvals.operators import Operator
from agentgate_mcp.approvals.quorum import approvers, missing, why_not_approve, why_not_consume, why_not_deny
from agentgate_mcp.approvals.registry import book_of
from agentgate_mcp.effects import effects_of
from agentgate_mcp.errors import ApprovalError, ArgumentError, NotFoundError
from agentgate_mcp.ledger.codec import call_to_json
from agentgate_mcp.ledger.entries import Draft, EntryKind, LedgerEntry
from agentgate_mcp.ledger.findings import FindingKind, FindingRecord
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.transaction import Tx
from agentgate_mcp.model.call import ToolCall
from agentgate_mcp.model.decision import Decision
from agentgate_mcp.model.verdict import Finding, FindingStatus, Verdict

LIFE_S: Mapping[FindingKind, float] = {"response": 3_600.0, "change": 86_400.0, "other": 86_400.0}
"""How long a person has to decide, and the decision to be used."""

MAX_REASON = 2_000
MAX_ADVISORY = 8_000
_OPEN = (FindingStatus.PENDING, FindingStatus.APPROVED)


@dataclass(frozen=True, slots=True)
class _No:
    """A step that was not taken, while what the job recorded (an expiry) stands."""

    reason: str


class ApprovalService:
    """All that may be done with findings. Thread-safe; one per process."""

    def __init__(self, ledger: Ledger, *, new_id: Callable[[], str] = lambda: f"f-{secrets.token_hex(5)}") -> None:
        self._ledger = ledger
        self._new_id = new_id

    # --- for dispatch ---

    async def open_finding(
        self,
        call: ToolCall,
        verdict: Verdict,
        drafts: Sequence[Draft] = (),
        *,
        now: float,
        ceilings: Sequence[float] = (),
    ) -> Finding:
        """A finding on ``call``: pending a person, or blocked for the record. ``drafts`` (the
        verdict) are recorded in the same commit; ``ceilings`` are times by which it must expire.
        A call that already waits under an equal binding keeps its finding.

        Raises: ApprovalError when nothing was held, LedgerError."""
        if verdict.decision is Decision.ALLOW:
            raise ApprovalError("an allowed call needs no finding")
        if verdict.call_digest != call.digest:
            raise ApprovalError("the verdict is on another call")
        binding, kind = bind(call, verdict), kind_of(call)
        return await self._ledger.arun(lambda tx: self._open(tx, call, verdict, binding, kind, drafts, now, ceilings))

    async def finding(self, finding_id: str, *, now: float) -> Finding:
        """The finding as of ``now``: one past its expiry is shown as expired.

        Raises: NotFoundError, LedgerError."""
        return self.get(finding_id, now=now).finding

    async def consume(
        self, finding_id: str, *, requester: str, fresh: Verdict, drafts: Sequence[Draft], now: float
    ) -> LedgerEntry:
        """Uses an approval up: in one commit the finding becomes consumed and ``drafts``, with the
        intent among them, are recorded. Gives the intent's record. ``fresh`` is what the gate
        says of the stored call now.

        Raises: NotFoundError, ApprovalError naming what does not hold, LedgerError."""
        said = await self._ledger.arun(lambda tx: _consume(tx, finding_id, requester, fresh, drafts, now))
        if isinstance(said, _No):
            raise ApprovalError(f"finding {finding_id}: {said.reason}")
        return said

    async def withdraw(self, finding_id: str, *, requester: str, reason: str, now: float) -> Finding:
        """The requester takes the request back. Raises: NotFoundError, ApprovalError, LedgerError."""
        why = _reason(reason)

        def job(tx: Tx) -> FindingRecord | _No:
            record = _load(tx, finding_id)
            if record.finding.call.requester != requester:
                raise NotFoundError("finding", finding_id)
            if _lapsed(tx, record, max(tx.now, now)):
                return _No("it has expired")
            if record.finding.status not in _OPEN:
                raise ApprovalError(f"finding {finding_id} is {record.finding.status.value}, not open")
            return _step(tx, record, FindingStatus.WITHDRAWN, requester, why)

        return _finding(finding_id, await self._ledger.arun(job))

    async def advise(self, finding_id: str, text: str, *, model: str) -> None:
        """Attaches a model's note. It decides nothing and comes after the decision (R5).

        Raises: NotFoundError, LedgerError."""

        def job(tx: Tx) -> None:
            call = _load(tx, finding_id).finding.call
            payload = {"finding_id": finding_id, "text": text[:MAX_ADVISORY], "model": model[:128]}
            tx.append(EntryKind.ADVISORY, call.principal, call.call_id, dict(payload))

        await self._ledger.arun(job)

    # --- for people ---

    def get(self, finding_id: str, *, now: float) -> FindingRecord:
        """The finding with votes and binding, as of ``now``. Raises: NotFoundError, LedgerError."""
        record = self._ledger.finding(finding_id)
        if record is None:
            raise NotFoundError("finding", finding_id[:64])
        return _as_of(record, now)

    def findings(
        self, status: FindingStatus | None = None, *, now: float, limit: int = 200
    ) -> tuple[FindingRecord, ...]:
        """The newest ``limit`` findings with ``status`` as of ``now`` (any if None), oldest first.

        Raises: LedgerError."""
        with self._ledger.snapshot() as store:
            ids = store.newest_findings(None if status is None else status.value, now, limit)
        found = (self.get(i, now=now) for i in ids)
        return tuple(r for r in found if status in (None, r.finding.status))

    def approve(self, finding_id: str, token: str, reason: str, *, now: float = -math.inf) -> FindingRecord:
        """One operator's approval. The finding becomes approved when nobody further is needed.

        Raises: NotFoundError, ApprovalError naming why it may not be given, LedgerError."""
        why = _reason(reason)

        def job(tx: Tx) -> FindingRecord | _No:
            record, operator = _load(tx, finding_id), book_of(tx).holder(token)
            if _lapsed(tx, record, max(tx.now, now)):
                return _No("it has expired")
            refused = why_not_approve(operator, record)
            if refused:
                raise ApprovalError(f"finding {finding_id}: {refused}")
            record = _vote(tx, record, operator, "approve", why)
            if missing(rule_of(record.finding.verdict), record.votes):
                return record
            return _step(tx, record, FindingStatus.APPROVED, ", ".join(approvers(record.votes)), why)

        return _record(finding_id, self._ledger.run(job))

    def deny(self, finding_id: str, token: str, reason: str, *, now: float = -math.inf) -> FindingRecord:
        """One operator's denial; it ends the finding, an approved one too.

        Raises: NotFoundError, ApprovalError, LedgerError."""
        why = _reason(reason)

        def job(tx: Tx) -> FindingRecord | _No:
            record, operator = _load(tx, finding_id), book_of(tx).holder(token)
            if _lapsed(tx, record, max(tx.now, now)):
                return _No("it has expired")
            refused = why_not_deny(operator, record)
            if refused:
                raise ApprovalError(f"finding {finding_id}: {refused}")
            record = _vote(tx, record, operator, "deny", why)
            return _step(tx, record, FindingStatus.DENIED, operator.name, why)

        return _record(finding_id, self._ledger.run(job))

    def _open(
        self,
        tx: Tx,
        call: ToolCall,
        verdict: Verdict,
        binding: Binding,
        kind: FindingKind,
        drafts: Sequence[Draft],
        now: float,
        ceilings: Sequence[float],
    ) -> Finding:
        for draft in drafts:
            tx.append(draft.kind, draft.principal, draft.call_id, dict(draft.payload))
        moment = max(tx.now, now)
        pending = verdict.decision is Decision.REQUIRE_APPROVAL
        if pending:
            for known in tx.findings_bound(binding.digest):
                record = _as_of(_load(tx, known), moment)
                if record.finding.status in _OPEN:
                    return record.finding
        status = FindingStatus.PENDING if pending else FindingStatus.BLOCKED
        finding_id = self._new_id()
        tx.append(
            EntryKind.TRANSITION,
            call.principal,
            call.call_id,
            {
                "finding_id": finding_id,
                "status": status.value,
                "by": "gate",
                "reason": ", ".join(binding.demands or verdict.policies) or "no policy named",
                "kind": kind,
                "expires_at": min((moment + LIFE_S[kind], *ceilings)) if pending else moment,
                "binding": binding.to_json(),
                "binding_digest": binding.digest,
                "call": call_to_json(call),
                "verdict": verdict.to_json(),
            },
        )
        return _load(tx, finding_id).finding


def kind_of(call: ToolCall) -> FindingKind:
    """What the call would do, as far as its life time depends on it."""
    try:
        effects = effects_of(call.tool_name, call.arguments)
    except ArgumentError:
        return "other"
    if effects.actions:
        return "response"
    return "change" if effects.changes else "other"


def _consume(
    tx: Tx, finding_id: str, requester: str, fresh: Verdict, drafts: Sequence[Draft], now: float
) -> LedgerEntry | _No:
    record = _load(tx, finding_id)
    finding = record.finding
    intents = [d for d in drafts if d.kind is EntryKind.INTENT]
    if len(intents) != 1 or intents[0].call_id != finding.call.call_id or not _names(intents[0], finding):
        raise ApprovalError(f"finding {finding_id}: expected one intent, of its own call and under its name")
    moment = max(tx.now, now)
    if _lapsed(tx, record, moment):
        return _No("it has expired")
    if finding.status is not FindingStatus.APPROVED:
        return _No(f"it is {finding.status.value}, not approved")
    refused = why_not_consume(record, book_of(tx))
    if refused:
        return _No(refused)
    held = holds(
        bound_digest=record.binding_digest,
        call=finding.call,
        approved=finding.verdict,
        fresh=fresh,
        requester=requester,
        now=moment,
        created_at=finding.created_at,
        expires_at=finding.expires_at,
    )
    if isinstance(held, Refusal):
        return _No(held.reason)
    _step(tx, record, FindingStatus.CONSUMED, requester, "resumed")
    written = [tx.append(d.kind, d.principal, d.call_id, dict(d.payload)) for d in drafts]
    return next(entry for entry in written if entry.kind is EntryKind.INTENT)


def _names(intent: Draft, finding: Finding) -> bool:
    return (
        intent.payload.get("finding_id") == finding.finding_id
        and intent.payload.get("digest") == finding.call.digest
        and intent.principal == finding.call.principal
    )


def _load(tx: Tx, finding_id: str) -> FindingRecord:
    record = tx.finding(finding_id)
    if record is None:
        raise NotFoundError("finding", finding_id[:64])
    return record


def _lapsed(tx: Tx, record: FindingRecord, now: float) -> bool:
    """True when an open finding is past its time; that is then recorded."""
    if record.finding.status not in _OPEN or record.finding.created_at <= now < record.finding.expires_at:
        return False
    _step(tx, record, FindingStatus.EXPIRED, "gate", "not decided and used in time")
    return True


def _as_of(record: FindingRecord, now: float) -> FindingRecord:
    finding = record.finding
    if finding.status in _OPEN and not now < finding.expires_at:
        return replace(record, finding=replace(finding, status=FindingStatus.EXPIRED))
    return record


def _step(tx: Tx, record: FindingRecord, status: FindingStatus, by: str, reason: str) -> FindingRecord:
    finding = record.finding
    tx.append(
        EntryKind.TRANSITION,
        finding.call.principal,
        finding.call.call_id,
        {"finding_id": finding.finding_id, "status": status.value, "by": by, "reason": reason},
    )
    return _load(tx, finding.finding_id)


def _vote(tx: Tx, record: FindingRecord, operator: Operator, decision: str, reason: str) -> FindingRecord:
    finding = record.finding
    tx.append(
        EntryKind.APPROVAL,
        finding.call.principal,
        finding.call.call_id,
        {
            "finding_id": finding.finding_id,
            "decision": decision,
            "operator": operator.name,
            "reason": reason,
            "teams": list(operator.teams),
            "binding_digest": record.binding_digest,
        },
    )
    return _load(tx, finding.finding_id)


def _reason(reason: str) -> str:
    stripped = reason.strip()
    if not stripped:
        raise ApprovalError("expected a reason")
    return stripped[:MAX_REASON]


def _record(finding_id: str, said: FindingRecord | _No) -> FindingRecord:
    if isinstance(said, _No):
        raise ApprovalError(f"finding {finding_id}: {said.reason}")
    return said


def _finding(finding_id: str, said: FindingRecord | _No) -> Finding:
    return _record(finding_id, said).finding
