"""Judges lines of `agentgate-mcp check`: a call in, a verdict out, nothing executed (DESIGN §10)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.cli.lines import MAX_LINE
from agentgate_mcp.dispatch.preview import OfflineJudge
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.errors import AgentGateError, InputError
from agentgate_mcp.gate.schema_roles import roles_of_schema
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.model.call import Json, ToolSpec
from agentgate_mcp.model.decision import ParamRole, SideEffect
from agentgate_mcp.model.site import KnowledgeObject, ObjectKind


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SpecRow(_Line):
    """A tool outside the catalogue, as an upstream server would offer it. Roles that are not written
    come from ``input_schema``."""

    name: str
    side_effect: Literal["read", "write", "egress"]
    roles: dict[str, Literal["sink", "selector", "body"]] = Field(default_factory=dict)
    input_schema: dict[str, JsonValue] = Field(default_factory=dict)

    def spec(self) -> ToolSpec:
        effects = {"read": SideEffect.READ, "write": SideEffect.PROPOSE, "egress": SideEffect.EGRESS}
        return ToolSpec(
            name=self.name,
            side_effect=effects[self.side_effect],
            roles=roles_of_schema(self.input_schema) | {name: ParamRole(role) for name, role in self.roles.items()},
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


@dataclass(slots=True, kw_only=True)
class Checker:
    """Judges lines against one world; keeps a session per name."""

    judge: OfflineJudge
    as_of: float
    sessions: dict[str, SessionState] = field(default_factory=dict[str, SessionState])

    def check(self, text: str | bytes, number: int) -> dict[str, Json]:
        """The verdict on one line, or ``error`` with what is wrong with the line."""
        refused: dict[str, Json] = {"line": number}
        try:
            raw = loads_strict(text, max_bytes=MAX_LINE)
            if isinstance(raw, dict) and "id" in raw:
                refused = {"id": raw["id"], **refused}
            return self._judge(CheckLine.model_validate_json(text), number)
        except ValidationError as exc:
            first = exc.errors(include_url=False, include_input=False)[0]
            where = "/".join(str(p) for p in first["loc"]) or "line"
            return refused | {"error": f"{where}: {first['msg']}"}
        except AgentGateError as exc:
            return refused | {"error": str(exc)}

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
        except InputError as exc:
            # The call itself cannot be made: a refusal, as the server would give, and not a bad line.
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
