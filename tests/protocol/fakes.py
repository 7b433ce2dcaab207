"""A gatekeeper that allows, refuses or holds by tool name, and remembers all that reached it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Decision, Severity
from agentgate_mcp.model.verdict import Held, Outcome, Refused, Released, Verdict
from agentgate_mcp.server.seam import Incoming, Progress, ResourceKind, ToolView


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeTool:
    name: str
    title: str = ""
    description: str = "A tool of the tests."
    input_schema: dict[str, Json] = field(
        default_factory=lambda: {
            "title": "Args",
            "type": "object",
            "properties": {
                "n": {"title": "N", "type": "integer"},
                "ids": {"type": "array", "items": {"type": "string"}},
            },
            "additionalProperties": False,
        }
    )
    output_schema: dict[str, Json] | None = None
    read_only: bool = True
    destructive: bool = False
    idempotent: bool = True
    open_world: bool = False
    toolset: str = "telemetry"


TOOLS: tuple[FakeTool, ...] = (
    FakeTool(name="echo", title="Echo"),
    FakeTool(name="blocked", toolset="changes", read_only=False, destructive=True, idempotent=False),
    FakeTool(name="held", toolset="splunk"),
    FakeTool(name="stages", toolset="cases"),
    FakeTool(name="forever", toolset="cases"),
    FakeTool(name="surrogate", toolset="gate"),
    FakeTool(name="broken", toolset="gate"),
)


def verdict(decision: Decision, *policies: str, suggestion: str = "") -> Verdict:
    return Verdict(
        decision=decision,
        severity=Severity.NONE if decision is Decision.ALLOW else Severity.HIGH,
        stages=(),
        policies=policies,
        suggestion=suggestion,
        policy_lock="lock",
        world_hash="world",
        session_hash="session",
        evidence_hash="evidence",
        as_of=1_795_176_000.0,
        call_digest="digest",
    )


class FakeGatekeeper:
    """Satisfies the server's seam. With a ``journal`` every event is also a line of that file."""

    def __init__(self, journal: Path | None = None, tools: Sequence[ToolView] = TOOLS) -> None:
        self.executed: list[Incoming] = []
        self.reads: list[tuple[str, str, str, str]] = []
        self.prompts: list[tuple[str, dict[str, str]]] = []
        self.refusals: list[tuple[str, str, str]] = []
        self.cancelled: list[str] = []
        self.started = anyio.Event()
        self.settled = anyio.Event()
        self.inside: Callable[[], Awaitable[object]] | None = None
        self._tools = tools
        self._journal = journal

    def tools(self) -> Sequence[ToolView]:
        return self._tools

    async def execute(self, incoming: Incoming, progress: Progress) -> Outcome:
        self.executed.append(incoming)
        print("a stray print inside a call")
        self._note({"event": "execute", "tool": incoming.tool, "arguments": incoming.arguments})
        call_id = f"c-{len(self.executed)}"
        match incoming.tool:
            case "echo":
                if self.inside is not None:
                    inside, self.inside = self.inside, None
                    await inside()
                return Released(call_id=call_id, result={"got": incoming.arguments}, verdict=verdict(Decision.ALLOW))
            case "blocked":
                return Refused(
                    call_id=call_id,
                    code="blocked",
                    message="It would leave a critical asset with no coverage.",
                    finding_id="f-1",
                    verdict=verdict(Decision.BLOCK, "POL-001", suggestion="create the replacement first"),
                )
            case "held":
                held = verdict(Decision.REQUIRE_APPROVAL, "POL-012", suggestion="name at most 5 indexes")
                message = "It reads raw events of more than 5 indexes."
                return Held(call_id=call_id, finding_id="f-2", expires_at=1.0, message=message, verdict=held)
            case "stages":
                for done, name in enumerate(("triage", "investigate", "report"), start=1):
                    await progress(float(done), 3.0, name)
                return Released(call_id=call_id, result={"stages": 3}, verdict=verdict(Decision.ALLOW))
            case "forever":
                return await self._forever(call_id)
            case "surrogate":
                return Released(call_id=call_id, result={"text": "\ud800"}, verdict=verdict(Decision.ALLOW))
            case "broken":
                raise RuntimeError("secret-in-the-message")
            case _:
                return Refused(call_id=call_id, code="unknown_tool", message=f"There is no tool {incoming.tool!r}.")

    async def _forever(self, call_id: str) -> Outcome:
        self.started.set()
        try:
            await anyio.sleep_forever()
        finally:
            self.cancelled.append(call_id)
            self._note({"event": "cancelled", "call_id": call_id})
            self.settled.set()
        raise AssertionError("sleep_forever returned")

    async def read_resource(self, uri_kind: ResourceKind, key: str, principal: str, agent_id: str) -> Outcome:
        self.reads.append((uri_kind, key, principal, agent_id))
        self._note({"event": "read", "kind": uri_kind, "key": key})
        if key == "9999":
            return Refused(call_id="r-1", code="not_found", message="no case named '9999'")
        if key == "secret":
            blocked = verdict(Decision.BLOCK, "POL-016")
            return Refused(call_id="r-2", code="blocked", message="Outside your scope.", verdict=blocked)
        result: dict[str, Json] = {"mime": "text/markdown", "text": f"# {uri_kind} {key}"}
        return Released(call_id="r-3", result=result, verdict=verdict(Decision.ALLOW))

    async def render_prompt(self, name: str, arguments: dict[str, str], principal: str, agent_id: str) -> Outcome:
        self.prompts.append((name, arguments))
        if name not in ("investigate", "triage"):
            return Refused(call_id="p-1", code="not_found", message=f"no prompt named {name!r}")
        return Released(call_id="p-2", result={"text": f"{name}: {arguments}"}, verdict=verdict(Decision.ALLOW))

    async def refuse_wire(self, principal: str, reason: str, location: str) -> None:
        self.refusals.append((principal, reason, location))
        self._note({"event": "refusal", "principal": principal, "reason": reason, "location": location})

    def _note(self, event: dict[str, Json]) -> None:
        if self._journal is not None:
            with self._journal.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(event, ensure_ascii=True) + "\n")
