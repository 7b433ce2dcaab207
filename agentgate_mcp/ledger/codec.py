"""Calls and verdicts as stored JSON, and back. What is written is what is read, to the byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from pydantic import ValidationError

from agentgate_mcp.canonical import canonical_bytes
from agentgate_mcp.errors import LedgerError
from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.decision import Decision, Severity, Stage
from agentgate_mcp.model.verdict import FACTS_OF_STAGE, StageResult, Verdict


def call_to_json(call: ToolCall) -> dict[str, Json]:
    """Every field of a call; `call_from_json` gives it back."""
    return {
        "call_id": call.call_id,
        "parent_id": call.parent_id,
        "principal": call.principal,
        "agent_id": call.agent_id,
        "tool_name": call.tool_name,
        "arguments": dict(call.arguments),
        "raw_user_prompt": call.raw_user_prompt,
        "incoming_context": list(call.incoming_context),
        "digest": call.digest,
        "asserted_agent": call.asserted_agent,
    }


def call_from_json(raw: Json) -> ToolCall:
    """The call that `call_to_json` wrote. Raises: LedgerError naming the field."""
    item = _mapping(raw, "call")
    return ToolCall(
        call_id=text(item, "call_id"),
        parent_id=_optional_text(item, "parent_id"),
        principal=text(item, "principal"),
        agent_id=text(item, "agent_id"),
        tool_name=text(item, "tool_name"),
        arguments=_mapping(item.get("arguments"), "arguments"),
        raw_user_prompt=_optional_text(item, "raw_user_prompt"),
        incoming_context=texts(item, "incoming_context"),
        digest=text(item, "digest"),
        asserted_agent=text(item, "asserted_agent"),
    )


def verdict_from_json(raw: Json) -> Verdict:
    """The verdict that `Verdict.to_json` wrote. Raises: LedgerError naming the field."""
    item = _mapping(raw, "verdict")
    stages = _mapping(item.get("stages"), "stages")
    try:
        return Verdict(
            decision=Decision[text(item, "decision")],
            severity=Severity.parse(text(item, "severity")),
            # Canonical JSON sorts keys; the order of stages is the order in which they run.
            stages=tuple(_stage(s, stages[s.value]) for s in _stages(stages)),
            policies=texts(item, "policies"),
            suggestion=text(item, "suggestion"),
            policy_lock=text(item, "policy_lock"),
            world_hash=text(item, "world_hash"),
            session_hash=text(item, "session_hash"),
            evidence_hash=text(item, "evidence_hash"),
            as_of=number(item, "as_of"),
            call_digest=text(item, "call_digest"),
        )
    except (KeyError, ValueError, ValidationError) as error:
        raise LedgerError(f"stored verdict: {_first_line(error)}") from None


def _stages(stages: Mapping[str, Json]) -> list[Stage]:
    known = {s.value for s in Stage}
    unknown = sorted(set(stages) - known)
    if unknown:
        raise LedgerError(f"stored verdict: expected known stages, got {', '.join(unknown)}")
    return [s for s in Stage if s.value in stages]


def _stage(stage: Stage, raw: Json) -> StageResult:
    item = _mapping(raw, f"stages/{stage.value}")
    facts = FACTS_OF_STAGE[stage].model_validate_json(canonical_bytes(item.get("facts")))
    return StageResult(
        stage=stage,
        severity=Severity.parse(text(item, "severity")),
        reasons=texts(item, "reasons"),
        facts=facts,
    )


# --- fields of stored objects ------------------------------------------------------------------


def text(item: Mapping[str, Json], field: str) -> str:
    """The string called ``field``. Raises: LedgerError when it is not one."""
    value = item.get(field)
    if not isinstance(value, str):
        raise LedgerError(f"stored record: {field}: expected text, got {type(value).__name__}")
    return value


def number(item: Mapping[str, Json], field: str) -> float:
    """The number called ``field``. Raises: LedgerError when it is not one."""
    value = item.get(field)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise LedgerError(f"stored record: {field}: expected a number, got {type(value).__name__}")
    return float(value)


def integer(item: Mapping[str, Json], field: str) -> int:
    """The integer called ``field``. Raises: LedgerError when it is not one."""
    value = item.get(field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise LedgerError(f"stored record: {field}: expected an integer, got {type(value).__name__}")
    return value


def texts(item: Mapping[str, Json], field: str) -> tuple[str, ...]:
    """The list of strings called ``field``. Raises: LedgerError when it is not one."""
    value = item.get(field)
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise LedgerError(f"stored record: {field}: expected a list of text, got {type(value).__name__}")
    return tuple(cast(Sequence[str], value))


def mapping(item: Mapping[str, Json], field: str) -> dict[str, Json]:
    """The object called ``field``. Raises: LedgerError when it is not one."""
    return _mapping(item.get(field), field)


def _mapping(value: Json, field: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise LedgerError(f"stored record: {field}: expected an object, got {type(value).__name__}")
    return value


def _optional_text(item: Mapping[str, Json], field: str) -> str | None:
    return None if item.get(field) is None else text(item, field)


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False)[0]
        return f"{'/'.join(str(p) for p in first['loc'])}: {first['msg']}"
    return f"{type(error).__name__} {str(error)[:120]}"
