"""The ledger drafts of one call, from its verdict to its outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from agentgate_mcp.canonical import digest
from agentgate_mcp.gate.events import judged_events
from agentgate_mcp.ledger.codec import call_to_json
from agentgate_mcp.ledger.entries import Draft, EntryKind, Owner
from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.session import OutputRead, SessionEvent
from agentgate_mcp.model.usage import PastSearch
from agentgate_mcp.model.verdict import Verdict
from agentgate_mcp.redact import Redactor


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Makes drafts; redacts every one of them (R8)."""

    redactor: Redactor
    owner: Owner

    def verdict(self, call: ToolCall, verdict: Verdict, *, executed: bool = False) -> Draft:
        """``executed``: the intent is recorded in the same commit."""
        events = judged_events(call, verdict, at=verdict.as_of, executed=executed)
        return self._draft(
            EntryKind.VERDICT,
            call,
            {"call": call_to_json(call), "verdict": verdict.to_json(), "session_events": _events(events)},
        )

    def intent(self, call: ToolCall, effects: Sequence[Json], *, finding_id: str = "") -> Draft:
        return self._draft(
            EntryKind.INTENT,
            call,
            {
                "tool": call.tool_name,
                "digest": call.digest,
                "effects": list(effects),
                "finding_id": finding_id,
                "owner": {"boot_id": self.owner.boot_id, "pid": self.owner.pid, "started": self.owner.started},
            },
        )

    def outcome(
        self,
        call: ToolCall,
        status: str,
        *,
        intent_seq: int,
        message: str = "",
        result: Mapping[str, Json] | None = None,
        read: OutputRead | None = None,
        ran: Sequence[PastSearch] = (),
    ) -> Draft:
        """``status``: ok, error, timeout, cancelled or unknown. The result itself is not kept,
        only its hash: what was read stands in the leaves of ``session_events``. ``ran`` are the
        searches behind it, with what each of them took."""
        payload: dict[str, Json] = {
            "tool": call.tool_name,
            "status": status,
            "intent_seq": intent_seq,
            "message": message,
            "result_hash": digest(dict(result)) if result is not None else "",
            "session_events": _events([read] if read is not None else []),
        }
        if ran:
            payload["searches"] = [{**asdict(search)} for search in ran]
        return self._draft(EntryKind.OUTCOME, call, payload)

    def refusal(self, *, principal: str, call_id: str, code: str, reason: str, where: str = "") -> Draft:
        payload: dict[str, Json] = {"code": code, "reason": reason, "where": where}
        return Draft(
            kind=EntryKind.REFUSAL,
            principal=principal,
            call_id=call_id,
            payload=self._clean(payload),
        )

    def storable(self, call: ToolCall) -> bool:
        """True if the call can be kept to the letter: its arguments hold no secret."""
        arguments = dict(call.arguments)
        return self.redactor.redact(arguments) == arguments

    def _draft(self, kind: EntryKind, call: ToolCall, payload: dict[str, Json]) -> Draft:
        return Draft(kind=kind, principal=call.principal, call_id=call.call_id, payload=self._clean(payload))

    def _clean(self, payload: dict[str, Json]) -> dict[str, Json]:
        cleaned = self.redactor.redact(payload)
        return cleaned if isinstance(cleaned, dict) else {}


def _events(events: Sequence[SessionEvent]) -> list[Json]:
    return [e.to_json() for e in events]
