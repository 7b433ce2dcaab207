"""The events that a session is folded from. They stand inside ledger payloads (DESIGN §3.3).

Each has an exact JSON form: what `to_json` writes, `event_from_json` reads back or refuses.
Times are epoch seconds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agentgate_mcp.errors import GateError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Trust

MAX_PROMPT = 16_384
"""Characters of a user's prompt that are kept; the rest endorses nothing."""


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    def to_json(self) -> dict[str, Json]:
        return cast(dict[str, Json], self.model_dump(mode="json"))


class Leaf(_Event):
    """One value of a tool's output: where it stood and how far its author is trusted."""

    path: str
    value: str
    trust: Trust


class FlaggedSpan(_Event):
    """A piece of output that addresses an AI system. ``text`` is cut to what matching needs."""

    path: str
    family: str
    start: int
    end: int
    text: str


class PromptGiven(_Event):
    """The user's words, as the client asserts them."""

    kind: Literal["prompt"] = "prompt"
    at: float
    call_id: str
    text: str

    @classmethod
    def of(cls, *, at: float, call_id: str, text: str) -> PromptGiven:
        return cls(at=at, call_id=call_id, text=text[:MAX_PROMPT])


class CallJudged(_Event):
    """One verdict. ``targets`` names what an executed call changes or acts on, else it is empty.
    ``nested``: the call was made by a tool on behalf of another call."""

    kind: Literal["judged"] = "judged"
    at: float
    call_id: str
    agent_id: str
    tool: str
    decision: str
    severity: str
    targets: tuple[str, ...] = ()
    cost_score: int = 0
    nested: bool = False


class OutputRead(_Event):
    """What a tool gave the agent to read. ``truncated``: more leaves than were kept."""

    kind: Literal["read"] = "read"
    at: float
    call_id: str
    tool: str
    leaves: tuple[Leaf, ...] = ()
    flags: tuple[FlaggedSpan, ...] = ()
    rows: int = 0
    bytes: int = 0
    truncated: bool = False

    @property
    def untrusted(self) -> bool:
        """True when an attacker may have written some of it."""
        return self.truncated or any(leaf.trust is Trust.WRITABLE for leaf in self.leaves)


@dataclass(frozen=True)
class StoredRead:
    """A recorded `OutputRead` without flags, of which a fold needs only this much: most reads are
    forgotten before anything looks at their leaves. ``event`` reads those, and refuses what is
    not as it was written."""

    at: float
    call_id: str
    rows: int
    bytes: int
    untrusted: bool
    head: dict[str, Json]
    leaves: str
    """JSON text of the leaves, which are empty in ``head``."""

    @classmethod
    def of(cls, head: dict[str, Json], leaves: str) -> StoredRead:
        """Raises: GateError when ``head`` is no unflagged read."""
        event = event_from_json(head)
        if not isinstance(event, OutputRead) or event.flags or event.leaves:
            raise GateError("session event: kind: expected a read without flags")
        # A quote inside a JSON string is escaped, so what is counted here are keys with their values.
        trusted = sum(leaves.count(f'"trust":"{trust.value}"') for trust in Trust if trust is not Trust.WRITABLE)
        return cls(
            at=event.at,
            call_id=event.call_id,
            rows=event.rows,
            bytes=event.bytes,
            untrusted=event.truncated or trusted != leaves.count('"trust":'),
            head=head,
            leaves=leaves,
        )

    @cached_property
    def event(self) -> OutputRead:
        """The whole event. Raises: GateError."""
        try:
            leaves: Json = json.loads(self.leaves)
        except ValueError:
            raise GateError("session event: leaves: expected JSON") from None
        event = event_from_json({**self.head, "leaves": leaves})
        if not isinstance(event, OutputRead):
            raise GateError("session event: kind: expected a read")
        return event


class TaintCleared(_Event):
    """An operator has reviewed what was read so far."""

    kind: Literal["taint_cleared"] = "taint_cleared"
    at: float
    by: str


SessionEvent = PromptGiven | CallJudged | OutputRead | TaintCleared
_ADAPTER: TypeAdapter[SessionEvent] = TypeAdapter(Annotated[SessionEvent, Field(discriminator="kind")])


def event_from_json(raw: Json) -> SessionEvent:
    """The event that `to_json` wrote. Raises: GateError when it is anything else."""
    try:
        return _ADAPTER.validate_json(json.dumps(raw))
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        raise GateError(f"session event: {'/'.join(str(p) for p in first['loc'])}: {first['msg']}") from None
