"""Outcome → what MCP carries. A refusal is a result that the model can read, never silence.

Error text stays within 150 tokens: decision, policy ids, the reason in plain words, what would be
allowed instead. Structured content of a refusal is for programs and says the same.
"""

from __future__ import annotations

import json
from typing import Any, assert_never

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolResult, GetPromptResult, PromptMessage, TextContent

from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Decision
from agentgate_mcp.model.verdict import Held, Outcome, Refused, Released, Verdict
from agentgate_mcp.server.plain import fit, token_estimate, without_thresholds

REFUSED_BY_GATE = -32010
"""Implementation-defined (the protocol leaves -32000 to -32019 to servers): the gate said no."""
TOKENS = 150
_SPARE = 6
"""For the full stops and quotation of a text that is put together from parts."""
_SUGGESTION_TOKENS = 45
_POLICIES_SHOWN = 4
_CALL_ID = "agentgate/call_id"
_CALLER_FAULTS = frozenset({"input", "argument", "canonical", "not_found", "unknown_resource", "unknown_prompt"})


def tool_result(outcome: Outcome) -> CallToolResult:
    """The result of one tool call."""
    match outcome:
        case Released():
            return _released(outcome)
        case Refused() | Held():
            text, structured = explain(outcome)
            return _result(text, structured, outcome.call_id, is_error=True)
        case _:
            assert_never(outcome)


def refusal(code: str, message: str, call_id: str = "") -> CallToolResult:
    """A refusal that the server gives itself, in the same shape as the gate's."""
    return tool_result(Refused(call_id=call_id, code=code, message=message))


def resource_contents(uri: str, outcome: Outcome) -> ReadResourceContents:
    """The contents of one resource.

    Raises: MCPError when it was not released: -32602 for a wrong name, -32010 for a refusal."""
    released = _released_or_raise(outcome, {"uri": uri[:200]})
    text, mime = released.result.get("text"), released.result.get("mime")
    if not isinstance(text, str) or not isinstance(mime, str):
        raise MCPError(REFUSED_BY_GATE, "The resource came back in an unknown form.", {"uri": uri[:200]})
    return ReadResourceContents(content=text, mime_type=mime)


def prompt_result(outcome: Outcome) -> GetPromptResult:
    """One filled prompt, as a message of the user.

    Raises: MCPError when it was not released: -32602 for a wrong name or argument."""
    released = _released_or_raise(outcome, {})
    text, description = released.result.get("text"), released.result.get("description")
    if not isinstance(text, str):
        raise MCPError(REFUSED_BY_GATE, "The prompt came back in an unknown form.")
    message = PromptMessage(role="user", content=TextContent(type="text", text=text))
    return GetPromptResult(description=description if isinstance(description, str) else None, messages=[message])


def explain(outcome: Refused | Held) -> tuple[str, dict[str, Json]]:
    """(text for the model, structured content) of a call that was not released."""
    verdict = outcome.verdict
    decision = verdict.decision if verdict is not None else Decision.BLOCK
    policies = list(verdict.policies) if verdict is not None else []
    reason, suggestion = _reason(outcome.message, verdict), _suggestion(verdict)
    status, head, tail = _frame(outcome, decision, policies)
    fixed = token_estimate(f"{head}: . {tail}")
    advice = fit(suggestion, _SUGGESTION_TOKENS)
    left = max(TOKENS - _SPARE - fixed - token_estimate(f" Allowed instead: {advice}."), 0)
    parts = [f"{head}: {_sentence(fit(reason, left))}", tail, f"Allowed instead: {_sentence(advice)}" if advice else ""]
    structured: dict[str, Json] = {
        "decision": decision.name,
        "status": status,
        "finding_id": outcome.finding_id,
        "policies": list[Json](policies),
        "suggestion": suggestion,
        "reason": reason,
    }
    return " ".join(p for p in parts if p), structured


def _frame(outcome: Refused | Held, decision: Decision, policies: list[str]) -> tuple[str, str, str]:
    """(status, how the text begins, what to do about it)."""
    shown = ", ".join(policies[:_POLICIES_SHOWN]) + (", …" if len(policies) > _POLICIES_SHOWN else "")
    match outcome:
        case Held(finding_id=finding):
            named = f" ({shown})" if shown else ""
            do = f"Nothing ran. Another person must approve finding {finding}; then call gate_resume with that id."
            return "pending", f"REQUIRE_APPROVAL{named}", do
        case Refused(finding_id=finding):
            seen = f"Finding {finding}." if finding else ""
            if outcome.verdict is not None and decision is Decision.BLOCK:
                return "blocked", f"BLOCK ({shown or outcome.code})", seen
            if outcome.verdict is not None and decision is Decision.ALLOW:
                return "failed", f"FAILED ({outcome.code})", seen
            return "refused", f"REFUSED ({outcome.code})", seen
        case _:
            assert_never(outcome)


def _reason(message: str, verdict: Verdict | None) -> str:
    """Plain words. A limit of an argument is in its schema and may be told; a policy's may not."""
    if verdict is None or verdict.decision is Decision.ALLOW:
        return message
    reason = message or " ".join(verdict.reasons[:2])
    for policy in verdict.policies:
        reason = reason.removeprefix(f"{policy}: ")  # named at the beginning of the text already
    return without_thresholds(reason)


def _suggestion(verdict: Verdict | None) -> str:
    return without_thresholds(verdict.suggestion) if verdict is not None else ""


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "…", "!", "?")) else f"{text}."


def _released(outcome: Released) -> CallToolResult:
    text = json.dumps(outcome.result, ensure_ascii=False, separators=(",", ":"))
    return _result(text, outcome.result, outcome.call_id, is_error=False, notes=outcome.notes)


def _result(
    text: str, structured: dict[str, Json], call_id: str, *, is_error: bool, notes: tuple[str, ...] = ()
) -> CallToolResult:
    content = [TextContent(type="text", text=text)]
    if notes:
        content.append(TextContent(type="text", text="Notes: " + "; ".join(notes)))
    meta: dict[str, Any] | None = {_CALL_ID: call_id} if call_id else None
    return CallToolResult(content=list(content), structured_content=structured, is_error=is_error, _meta=meta)


def _released_or_raise(outcome: Outcome, data: dict[str, Any]) -> Released:
    """Raises: MCPError, marked as recorded: the gatekeeper's record is durable by now."""
    match outcome:
        case Released():
            return outcome
        case Refused() | Held():
            text, structured = explain(outcome)
            blocked = outcome.verdict is not None and outcome.verdict.decision is not Decision.ALLOW
            faulty = isinstance(outcome, Refused) and not blocked and outcome.code in _CALLER_FAULTS
            code = INVALID_PARAMS if faulty else REFUSED_BY_GATE
            raise MCPError(code, text, {**data, **structured, "recorded": True})
        case _:
            assert_never(outcome)
