"""Runs the inline tests of policies: facts in, action out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue, ValidationError

from agentgate_mcp.gate.policy.compiled import CompiledPolicy
from agentgate_mcp.gate.policy.paths import FactSet
from agentgate_mcp.gate.policy.schema import PolicyCase
from agentgate_mcp.model.decision import Decision, Profile

_BASE: dict[str, dict[str, JsonValue]] = {
    "request": {
        "tool": "splunk_run_query",
        "side_effect": "read",
        "known_tool": True,
        "nested": False,
        "read_only": False,
        "frozen": False,
        "breaker_open": False,
        "rows_budget_left": 100_000,
        "bytes_budget_left": 100_000_000,
    },
}
_PARTS: dict[str, dict[str, JsonValue]] = {
    "search": {"parsed": True},
    "change": {"action": "modify", "targets": ["saved_search:Example"]},
    "response": {},
    "events": {"low": 0, "estimate": 0, "high": 0},
    "bytes": {"low": 0, "estimate": 0, "high": 0},
    "seconds": {"low": 0, "estimate": 0, "high": 0},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    policy: str
    name: str
    expected: str
    got: str
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem and self.expected == self.got


def run_cases(policy: CompiledPolicy) -> tuple[CaseResult, ...]:
    """Every inline test of one policy."""
    return tuple(_run(policy, case) for case in policy.file.tests)


def facts_from(paths: dict[str, JsonValue]) -> FactSet:
    """A fact set with everything at its default but ``paths``. Raises: ValueError."""
    tree: dict[str, JsonValue] = json.loads(json.dumps(_BASE))
    for path, value in paths.items():
        node = tree
        steps = path.split(".")
        for step in steps[:-1]:
            child = node.get(step)
            if not isinstance(child, dict):
                child = cast(dict[str, JsonValue], json.loads(json.dumps(_PARTS.get(step, {}))))
                node[step] = child
            node = child
        node[steps[-1]] = value
    return FactSet.model_validate_json(json.dumps(tree))


def _run(policy: CompiledPolicy, case: PolicyCase) -> CaseResult:
    try:
        facts = facts_from(case.facts)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        where = ".".join(str(p) for p in first["loc"])
        return CaseResult(
            policy=policy.file.id, name=case.name, expected=case.expect, got="", problem=f"{where}: {first['msg']}"
        )
    matches = policy.matches(facts, Profile.ENFORCE)
    got = max((Decision[m.action] for m in matches), default=Decision.ALLOW).name
    fired = {m.rule for m in matches}
    missing = case.rule and case.rule not in fired and case.expect != "ALLOW"
    return CaseResult(
        policy=policy.file.id,
        name=case.name,
        expected=case.expect,
        got=got,
        problem=f"rule {case.rule} did not fire" if missing else "",
    )
