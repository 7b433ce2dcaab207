"""What the server needs of the gate. `dispatch` has this shape; the server knows nothing else of it.

Every method leaves a durable record before it returns (R3). A cancelled ``execute`` records its
own outcome. Nothing here approves anything (R6).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Outcome

ResourceKind = Literal["case_report", "case_notes", "finding"]
Progress = Callable[[float, float | None, str], Awaitable[None]]
"""Called with (done so far, total or None, what is being done)."""


class ToolView(Protocol):
    """One catalogue entry, as far as a client may see it. Schemas are JSON Schema objects."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def input_schema(self) -> dict[str, Json]: ...
    @property
    def output_schema(self) -> dict[str, Json] | None: ...
    @property
    def read_only(self) -> bool: ...
    @property
    def destructive(self) -> bool: ...
    @property
    def idempotent(self) -> bool: ...
    @property
    def open_world(self) -> bool: ...
    @property
    def toolset(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One `tools/call` as it came. ``arguments`` is exactly what the client sent, not coerced,
    completed or cut; ``principal`` and ``agent_id`` are authenticated, the rest is asserted."""

    tool: str
    arguments: Json
    principal: str
    agent_id: str
    raw_user_prompt: str | None = None
    incoming_context: tuple[str, ...] = ()
    asserted_agent: str | None = None
    """What `agentgate/agent_id` claims. It may narrow what is allowed; it never replaces
    ``agent_id``, or an agent could leave its limits and its breaker behind by renaming itself."""


class Gatekeeper(Protocol):
    """The one way to anything that reads or acts (R1)."""

    def tools(self) -> Sequence[ToolView]: ...

    async def execute(self, incoming: Incoming, progress: Progress) -> Outcome:
        """Run one call through the whole gate; an unknown tool is refused and recorded too."""
        ...

    async def read_resource(self, uri_kind: ResourceKind, key: str, principal: str, agent_id: str) -> Outcome:
        """Read one resource. A Released result is ``{"mime": str, "text": str}``."""
        ...

    async def render_prompt(self, name: str, arguments: dict[str, str], principal: str, agent_id: str) -> Outcome:
        """Fill one prompt. A Released result is ``{"text": str}``, perhaps with ``"description"``;
        an unknown name or a missing argument is Refused."""
        ...

    async def refuse_wire(self, principal: str, reason: str, location: str) -> None:
        """Record a message that was refused before it became a call.

        Raises: LedgerError when the record cannot be made durable."""
        ...
