"""`agentgate-mcp check`: JSONL calls in, JSONL verdicts out, nothing executed (DESIGN §10)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.cli.scan import lines
from agentgate_mcp.cli.state import settings_of
from agentgate_mcp.cli.terminal import fail, print_line
from agentgate_mcp.dispatch.preview import OfflineJudge
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.errors import AgentGateError, ArgumentError
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.model.call import Json, ToolSpec
from agentgate_mcp.model.decision import ParamRole, SideEffect
from agentgate_mcp.model.site import KnowledgeObject, ObjectKind

MAX_LINE = 4 * 1024 * 1024


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SpecRow(_Line):
    """A tool outside the catalogue, as an upstream server would offer it."""

    name: str
    side_effect: Literal["read", "write", "egress"]
    roles: dict[str, Literal["sink", "selector", "body"]] = Field(default_factory=dict)

    def spec(self) -> ToolSpec:
        effects = {"read": SideEffect.READ, "write": SideEffect.PROPOSE, "egress": SideEffect.EGRESS}
        return ToolSpec(
            name=self.name,
            side_effect=effects[self.side_effect],
            roles={name: ParamRole(role) for name, role in self.roles.items()},
        )


class MacroRow(_Line):
    definition: str
    args: list[str] | str | None = None
    iseval: bool = False


class KnowledgeRow(_Line):
    """Objects that exist for one line only. A macro's name may carry its arity: `name(2)`."""

    macros: dict[str, MacroRow] = Field(default_factory=dict[str, MacroRow])
    saved_searches: dict[str, str] = Field(default_factory=dict[str, str])

    def objects(self) -> tuple[KnowledgeObject, ...]:
        found: list[KnowledgeObject] = []
        for name, row in self.macros.items():
            args = ",".join(row.args) if isinstance(row.args, list) else row.args or ""
            content: dict[str, Json] = {"definition": row.definition, "args": args, "iseval": row.iseval}
            found.append(_object("macro", name, content))
        found += [_object("saved_search", name, {"search": spl}) for name, spl in self.saved_searches.items()]
        return tuple(found)


class CheckLine(_Line):
    """One call to judge. Lines of one ``session`` share a provenance ledger."""

    id: JsonValue = None
    session: str = ""
    agent_id: str = "agent"
    tool: str
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    raw_user_prompt: str | None = None
    incoming_context: list[str] = Field(default_factory=list)
    tool_spec: SpecRow | None = None
    knowledge: KnowledgeRow = Field(default_factory=KnowledgeRow)


def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSONL calls; - reads stdin.")] = Path("-"),
    knowledge: Annotated[
        Path | None, typer.Option("--knowledge", help="A file or directory of knowledge objects to judge against.")
    ] = None,
) -> None:
    """Judge each call and print its verdict, in order. Exit code 1 when a line cannot be read."""
    from agentgate_mcp.compose import offline_judge

    checker = Checker(judge=offline_judge(settings_of(context), knowledge), as_of=time.time())
    bad = 0
    for number, text in lines(file):
        said = checker.check(text, number)
        bad += "error" in said
        print_line(said)
    if bad:
        fail(f"{bad} line(s) could not be read")


@dataclass(slots=True, kw_only=True)
class Checker:
    """Judges lines against one world; keeps a session per name."""

    judge: OfflineJudge
    as_of: float
    sessions: dict[str, SessionState] = field(default_factory=dict[str, SessionState])

    def check(self, text: str, number: int) -> dict[str, Json]:
        """The verdict on one line, or ``error`` with what is wrong with the line."""
        try:
            loads_strict(text, max_bytes=MAX_LINE)
            line = CheckLine.model_validate_json(text)
        except ValidationError as exc:
            first = exc.errors(include_url=False, include_input=False)[0]
            where = "/".join(str(p) for p in first["loc"]) or "line"
            return {"line": number, "error": f"{where}: {first['msg']}"}
        except AgentGateError as exc:
            return {"line": number, "error": str(exc)}
        return self._judge(line, number)

    def _judge(self, line: CheckLine, number: int) -> dict[str, Json]:
        name = line.session or f"line {number}"
        request = CallRequest(
            tool=line.tool,
            arguments=line.arguments,
            principal=name,
            agent_id=line.agent_id,
            raw_user_prompt=line.raw_user_prompt,
            incoming_context=tuple(line.incoming_context),
        )
        start = time.perf_counter_ns()
        try:
            verdict, session = self.judge.judge(
                request,
                session=self.sessions.get(name) or SessionState.empty(),
                as_of=self.as_of,
                spec=line.tool_spec.spec() if line.tool_spec else None,
                extra=line.knowledge.objects(),
            )
        except ArgumentError as exc:
            refused: dict[str, Json] = {"decision": "BLOCK", "severity": "low", "reasons": [str(exc)]}
            return _head(line, number, start) | refused
        self.sessions[name] = session
        stages: dict[str, Json] = {
            s.stage.value: {"severity": s.severity.label, "facts": s.facts.model_dump(mode="json")}
            for s in verdict.stages
        }
        said: dict[str, Json] = {
            "decision": verdict.decision.name,
            "severity": verdict.severity.label,
            "policies": list(verdict.policies),
            "reasons": list(verdict.reasons),
            "suggestion": verdict.suggestion,
            "stages": stages,
        }
        return _head(line, number, start) | said


def _head(line: CheckLine, number: int, start: int) -> dict[str, Json]:
    """Every key of an answer, so that refused arguments have the same shape as a verdict."""
    return {
        "id": line.id if line.id is not None else number,
        "decision": "",
        "severity": "",
        "policies": [],
        "reasons": [],
        "suggestion": "",
        "stages": {},
        "elapsed_us": (time.perf_counter_ns() - start) // 1000,
    }


def _object(kind: ObjectKind, name: str, content: dict[str, Json]) -> KnowledgeObject:
    return KnowledgeObject(
        kind=kind, name=name, app="search", owner="nobody", sharing="global", team="", disabled=False, content=content
    )
