"""What a tool is: its spec for the gate, its models for the wire, and its body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, Protocol, TypeVar

from anyio import to_thread
from pydantic import BaseModel, ConfigDict

from agentgate_mcp.model.call import Json, ToolCall, ToolSpec
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.model.usage import PastSearch
from agentgate_mcp.model.verdict import Finding, Outcome
from agentgate_mcp.permits import Permit

P = ParamSpec("P")
R = TypeVar("R")


class Input(BaseModel):
    """Base of all input models: strict, closed, immutable."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Output(BaseModel):
    """Base of all output models: lean, closed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Caller(Protocol):
    """Runs a nested call through the whole of `dispatch`, with a verdict and record of its own."""

    async def call(self, tool: str, arguments: Mapping[str, Json]) -> Outcome: ...


class GateDesk(Protocol):
    """What the gate's own tools may ask `dispatch` for. None of it approves anything (R6)."""

    async def preview(self, parent: ToolCall, tool: str, arguments: Mapping[str, Json]) -> dict[str, Json]: ...
    async def finding(self, parent: ToolCall, finding_id: str, wait_s: float) -> Finding: ...
    async def resume(self, parent: ToolCall, finding_id: str) -> Outcome: ...


Progress = Callable[[float, float | None, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """What a body gets besides its arguments. ``permit`` is None for reads and simulations."""

    call: ToolCall
    permit: Permit | None
    caller: Caller
    desk: GateDesk
    progress: Progress
    as_of: float
    search_now: float
    guard: RuntimeGuard | None
    ran: list[PastSearch] = field(default_factory=list[PastSearch])
    """Searches that have run for this call so far; their use is recorded with its outcome."""

    async def thread(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a blocking port method in a worker thread; a cancelled call does not wait for it."""
        return await to_thread.run_sync(partial(function, *args, **kwargs), abandon_on_cancel=True)


Body = Callable[[Any, ToolContext], Awaitable[BaseModel]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDefinition:
    """One catalogue entry. Annotations are honest hints for clients, never used to decide."""

    spec: ToolSpec
    title: str
    description: str
    input_model: type[Input]
    output_model: type[BaseModel]
    body: Body
    read_only: bool = True
    destructive: bool = False
    idempotent: bool = True
    open_world: bool = False

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def toolset(self) -> str:
        return self.spec.toolset

    @property
    def input_schema(self) -> dict[str, Json]:
        return self.input_model.model_json_schema()

    @property
    def output_schema(self) -> dict[str, Json] | None:
        return self.output_model.model_json_schema(mode="serialization")
