"""The one shape that a model may answer in, and how it becomes text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.errors import CanonicalError

MAX_REPLY_BYTES = 65_536
_MAX_POINTS = 5

Line = Annotated[str, StringConstraints(max_length=4_000)]


class Reply(BaseModel):
    """Structured output: what the facts say, what is worrying, what a person may check next."""

    model_config = ConfigDict(extra="forbid", strict=True)

    summary: Line
    concerns: list[Line]
    checks: list[Line]


def reply_schema() -> dict[str, Any]:
    """The JSON schema that is sent to a model."""
    return Reply.model_json_schema()


def read_reply(raw: str) -> str | None:
    """The text of a structured answer, or None when ``raw`` is not one."""
    try:
        reply = Reply.model_validate(loads_strict(raw, max_bytes=MAX_REPLY_BYTES, max_depth=4))
    except (CanonicalError, ValidationError, UnicodeError):
        return None
    points = [f"- {p}" for p in reply.concerns[:_MAX_POINTS]]
    checks = [f"- Check: {c}" for c in reply.checks[:_MAX_POINTS]]
    return "\n".join(line for line in [reply.summary, *points, *checks] if line.strip("- ")) or None
