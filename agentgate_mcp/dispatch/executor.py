"""`Dispatcher.execute`: validate → gate → (held?) → intent → tool → scan → outcome → release.

The order is the promise (R1–R3). Nothing runs before its intent is durable, nothing is released
before its outcome is, and every way out, cancellation included, leaves a record.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import anyio
from anyio import to_thread
from pydantic import BaseModel

from agentgate_mcp.approvals.service import ApprovalService
from agentgate_mcp.canonical import canonical_bytes, digest
from agentgate_mcp.dispatch.endings import ending
from agentgate_mcp.dispatch.judge import Judge, Judged
from agentgate_mcp.dispatch.records import Records
from agentgate_mcp.dispatch.request import CallRequest, checked_call, new_call_id
from agentgate_mcp.effects import Effects, effects_of
from agentgate_mcp.errors import AgentGateError, ArgumentError, GateError, LedgerError
from agentgate_mcp.gate.output import OutputScan, scan_output
from agentgate_mcp.ledger.entries import Draft, EntryKind, LedgerEntry
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.llm.port import AdvisoryDesk
from agentgate_mcp.masking import mask_classified
from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.decision import Decision, Severity
from agentgate_mcp.model.facts import CostFacts, RuntimeGuard
from agentgate_mcp.model.usage import PastSearch
from agentgate_mcp.model.verdict import Held, Outcome, Refused, Released, Verdict
from agentgate_mcp.permits import Permit, PermitBook, PermitKind
from agentgate_mcp.tools.definition import Caller, GateDesk, Progress, ToolContext, ToolDefinition

MAX_RESULT_BYTES = 786_432
"""A result that a model is sent; searches are cut earlier, by their runtime guard."""


async def no_progress(_done: float, _total: float | None, _message: str) -> None:
    """For callers that do not listen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a dispatcher is made of; wired by `compose`."""

    tools: Mapping[str, ToolDefinition]
    judge: Judge
    ledger: Ledger
    approvals: ApprovalService
    permits: PermitBook
    records: Records
    advisory: AdvisoryDesk
    clock: Callable[[], float]


class Dispatcher:
    """The one executor of a process. Everything that runs a tool goes through `execute`."""

    def __init__(self, parts: Parts, desk: Callable[[Dispatcher], GateDesk], caller: Callable[..., Caller]) -> None:
        self.parts = parts
        self._desk = desk(self)
        self._caller = caller

    async def execute(self, request: CallRequest, progress: Progress = no_progress) -> Outcome:
        """Run one request. Never raises for a refusal; raises only what cancels the task."""
        call_id = new_call_id()
        try:
            return await self._execute(request, call_id, progress)
        except anyio.get_cancelled_exc_class():
            await self._cut_off(request.principal, call_id, "unknown")
            raise
        except LedgerError as exc:
            # Nothing durable can be written, so nothing may happen and nothing may be shown (R3).
            return Refused(call_id=call_id, code=exc.code, message="the audit record cannot be written; refused")
        except Exception as exc:  # deny-on-error: an error on the way to a verdict is a refusal
            reason = str(exc) if isinstance(exc, AgentGateError) else f"internal error ({type(exc).__name__})"
            code = exc.code if isinstance(exc, AgentGateError) else "internal"
            return await self.refuse(request.principal, call_id, code, reason)

    async def _execute(self, request: CallRequest, call_id: str, progress: Progress) -> Outcome:
        definition = self.parts.tools.get(request.tool)
        if definition is None:
            return await self.refuse(
                request.principal, call_id, "unknown_tool", f"no tool named {request.tool[:128]!r}"
            )
        try:
            call = checked_call(definition, request, call_id)
        except ArgumentError as exc:
            return await self.refuse(request.principal, call_id, exc.code, str(exc), exc.field)
        judged = await self.parts.judge.judge(call, self.parts.clock())
        verdict = judged.verdict
        match verdict.decision:
            case Decision.ALLOW:
                return await self._allowed(definition, call, judged, progress)
            case Decision.REQUIRE_APPROVAL | Decision.BLOCK:
                return await self._stopped(call, verdict)

    # --- not allowed ------------------------------------------------------------------------

    async def _stopped(self, call: ToolCall, verdict: Verdict) -> Outcome:
        """Open a finding: pending for a person, or blocked for the record."""
        parts = self.parts
        reason = plain_reason(verdict)
        if verdict.decision is Decision.REQUIRE_APPROVAL and not parts.records.storable(call):
            text = "the arguments hold a secret, so the call cannot be kept for approval; pass it without the secret"
            entry = parts.records.refusal(
                principal=call.principal, call_id=call.call_id, code="secret_argument", reason=text
            )
            await parts.ledger.record([parts.records.verdict(call, verdict), entry])
            return Refused(call_id=call.call_id, code="secret_argument", message=text, verdict=verdict)
        finding = await parts.approvals.open_finding(
            call, verdict, [parts.records.verdict(call, verdict)], now=verdict.as_of
        )
        if verdict.severity >= Severity.MEDIUM:
            parts.advisory.submit(finding)
        if verdict.decision is Decision.BLOCK:
            return Refused(
                call_id=call.call_id, code="blocked", message=reason, finding_id=finding.finding_id, verdict=verdict
            )
        return Held(
            call_id=call.call_id,
            finding_id=finding.finding_id,
            expires_at=finding.expires_at,
            message=reason,
            verdict=verdict,
        )

    async def refuse(self, principal: str, call_id: str, code: str, reason: str, where: str = "") -> Refused:
        """Record a refusal that no verdict stands behind. An unwritable record is a refusal too."""
        draft = self.parts.records.refusal(principal=principal, call_id=call_id, code=code, reason=reason, where=where)
        try:
            await self.parts.ledger.record([draft])
        except LedgerError as exc:
            return Refused(call_id=call_id, code=exc.code, message="the audit record cannot be written; refused")
        return Refused(call_id=call_id, code=code, message=str(draft.payload["reason"]))

    async def _cut_off(self, principal: str, call_id: str, status: Literal["cancelled", "unknown"]) -> None:
        """Record how a cancelled call ended, unless its record says so already."""
        with anyio.CancelScope(shield=True), contextlib.suppress(LedgerError):
            # Where even this cannot be written, an open intent stays, to be reported as UNKNOWN.
            await self.parts.ledger.arun(ending(self._cancellation(principal, call_id), status))

    def _cancellation(self, principal: str, call_id: str) -> Draft:
        reason = "the call was cancelled"
        return self.parts.records.refusal(principal=principal, call_id=call_id, code="cancelled", reason=reason)

    # --- allowed ----------------------------------------------------------------------------

    async def _allowed(self, definition: ToolDefinition, call: ToolCall, judged: Judged, progress: Progress) -> Outcome:
        parts = self.parts
        effects = effects_of(call.tool_name, call.arguments)
        drafts = [
            parts.records.verdict(call, judged.verdict, executed=True),
            parts.records.intent(call, effects.to_json()),
        ]
        intent = await self.intended(call, self._intent(drafts))
        return await self.run(definition, call, judged, intent, effects, progress)

    async def _intent(self, drafts: Sequence[Draft]) -> LedgerEntry:
        return next(e for e in await self.parts.ledger.record(drafts) if e.kind is EntryKind.INTENT)

    async def intended(self, call: ToolCall, record: Awaitable[LedgerEntry]) -> LedgerEntry:
        """Wait for the durable intent of ``call``. When it comes to nothing, none is left open.

        Raises: what ``record`` raises, or what cancels the task."""
        try:
            return await record
        except anyio.get_cancelled_exc_class():
            await self._cut_off(call.principal, call.call_id, "cancelled")
            raise
        except LedgerError:
            # The record may still be made after the time to wait for it is over.
            with contextlib.suppress(LedgerError):
                self.parts.ledger.transact(ending(self._cancellation(call.principal, call.call_id), "cancelled"))
            raise

    async def run(
        self,
        definition: ToolDefinition,
        call: ToolCall,
        judged: Judged,
        intent: LedgerEntry,
        effects: Effects,
        progress: Progress,
    ) -> Outcome:
        """Run a tool whose intent is durable, and release what it gives.

        Raises: only what cancels the task, after a `cancelled` outcome is durable."""
        parts = self.parts
        permit = self._permit(call, intent, effects)
        context = ToolContext(
            call=call,
            permit=permit,
            caller=self._caller(self, call, progress),
            desk=self._desk,
            progress=progress,
            as_of=judged.verdict.as_of,
            search_now=judged.verdict.as_of if judged.world.search_now is None else judged.world.search_now,
            guard=_guard(judged.verdict),
        )
        try:
            arguments = definition.input_model.model_validate_json(canonical_bytes(dict(call.arguments)))
            with anyio.fail_after(definition.spec.timeout_s):
                answer = await definition.body(arguments, context)
            # Masking and scanning take time in proportion to the output, so not on the event loop.
            output = await to_thread.run_sync(self._output, definition, call, judged.verdict, answer)
        except TimeoutError:
            status = self._ending(permit, "timeout")
            return await self._ended(call, intent, status, "timeout", f"no answer in {definition.spec.timeout_s:g} s")
        except AgentGateError as exc:
            return await self._ended(call, intent, self._ending(permit, "error"), exc.code, str(exc))
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                status = self._ending(permit, "cancelled")
                await self._ended(call, intent, status, "cancelled", "the call was cancelled")
            raise
        except Exception as exc:  # deny-on-error: a tool that fails in an unforeseen way releases nothing
            reason = f"internal error ({type(exc).__name__})"
            return await self._ended(call, intent, self._ending(permit, "error"), "internal", reason)
        if permit is not None:
            parts.permits.void(permit)
        return await self._release(call, judged.verdict, intent, output, context.ran)

    def _ending(self, permit: Permit | None, status: str) -> str:
        """``status``, or `unknown` when the effect may have happened: its permit was spent."""
        spent = permit is not None and not self.parts.permits.void(permit)
        return "unknown" if spent else status

    def _output(
        self, definition: ToolDefinition, call: ToolCall, verdict: Verdict, answer: BaseModel
    ) -> tuple[OutputScan, dict[str, Json]]:
        """What the tool gave, bounded, masked, scanned and marked. Raises: GateError."""
        result = self._result(definition, answer.model_dump(mode="json"))
        masked = self.parts.records.redactor.redact(mask_classified(result))
        if not isinstance(masked, dict):
            raise GateError("a redacted result is not an object")
        frame = f"untrusted-{secrets.token_hex(4)}"
        return scan_output(call.tool_name, call.call_id, masked, at=verdict.as_of, frame=frame), masked

    async def _release(
        self,
        call: ToolCall,
        verdict: Verdict,
        intent: LedgerEntry,
        output: tuple[OutputScan, dict[str, Json]],
        ran: Sequence[PastSearch],
    ) -> Outcome:
        """Make the outcome durable, and only then show it."""
        scan, masked = output
        draft = self.parts.records.outcome(call, "ok", intent_seq=intent.seq, result=masked, read=scan.event, ran=ran)
        try:
            with anyio.CancelScope(shield=True):
                await self.parts.ledger.record([draft])
        except LedgerError as exc:
            return Refused(
                call_id=call.call_id, code=exc.code, message="done, but its record cannot be written; not released"
            )
        return Released(call_id=call.call_id, result=scan.framed, verdict=verdict, notes=scan.notes)

    async def _ended(self, call: ToolCall, intent: LedgerEntry, status: str, code: str, message: str) -> Refused:
        """Record that an intended call gave no result."""
        draft = self.parts.records.outcome(call, status, intent_seq=intent.seq, message=message)
        try:
            await self.parts.ledger.record([draft])
        except LedgerError as exc:
            return Refused(call_id=call.call_id, code=exc.code, message="the audit record cannot be written")
        return Refused(call_id=call.call_id, code=code, message=str(draft.payload["message"]))

    def _permit(self, call: ToolCall, intent: LedgerEntry, effects: Effects) -> Permit | None:
        listed = effects.to_json()
        if not listed:
            return None
        return self.parts.permits.mint(
            kind=PermitKind.EFFECT, digest=digest(listed), call_id=call.call_id, intent_seq=intent.seq
        )

    def _result(self, definition: ToolDefinition, result: dict[str, Json]) -> dict[str, Json]:
        size = len(canonical_bytes(result))
        if not size <= MAX_RESULT_BYTES:
            raise GateError(f"{definition.name} gave more than can be released; ask for fewer rows or fields")
        return result


def plain_reason(verdict: Verdict) -> str:
    """Why, in the words of the deciding policies: what a model or a person is told first."""
    return " ".join(verdict.reasons[:3]) or "no reason was given"


def _guard(verdict: Verdict) -> RuntimeGuard | None:
    facts = next((s.facts for s in verdict.stages if isinstance(s.facts, CostFacts)), None)
    return facts.guard if isinstance(facts, CostFacts) else None
