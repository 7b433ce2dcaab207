"""One analyst's session: calls in order, some with the words that led to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentgate_mcp.model.call import Json
from agentgate_mcp.synth.chance import Stream


@dataclass(slots=True, kw_only=True)
class Call:
    """One call at a minute of the day."""

    minute: int
    tool: str
    arguments: dict[str, Json]
    prompt: str = ""
    context: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Session:
    """Calls of one agent in one conversation. ``clock`` is the minute of the next call."""

    agent: str
    stream: Stream
    clock: int
    calls: list[Call] = field(default_factory=list[Call])
    turn: str = ""
    pasted: tuple[str, ...] = ()

    def ask(self, text: str, *, pasted: tuple[str, ...] = ()) -> None:
        """What the person types, and what they pasted with it; both stand with the calls that
        follow, until the next words."""
        self.turn, self.pasted = text, pasted

    def call(self, tool: str, /, **arguments: Json) -> None:
        """One call with only the arguments that differ from the defaults."""
        made = Call(minute=self.clock, tool=tool, arguments=dict(arguments), prompt=self.turn, context=self.pasted)
        self.calls.append(made)
        self.clock += self.stream.between(0, 3)

    def query(self, text: str, earliest: str = "", rows: int = 0, latest: str = "") -> None:
        """One search."""
        arguments: dict[str, Json] = {"query": text}
        if earliest:
            arguments["earliest_time"] = earliest
        if latest:
            arguments["latest_time"] = latest
        if rows:
            arguments["row_limit"] = rows
        self.call("splunk_run_query", **arguments)

    def lines(self, name: str) -> list[tuple[int, dict[str, Json]]]:
        """(minute, check line without id) of each call."""
        out: list[tuple[int, dict[str, Json]]] = []
        for call in self.calls:
            line: dict[str, Json] = {
                "session": name,
                "agent_id": self.agent,
                "tool": call.tool,
                "arguments": call.arguments,
            }
            if call.prompt:
                line["raw_user_prompt"] = call.prompt
            if call.context:
                line["incoming_context"] = list(call.context)
            out.append((call.minute, line))
        return out
