"""The policy library: an immutable set of compiled policies with a lock over their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from agentgate_mcp.canonical import digest
from agentgate_mcp.errors import PolicyError
from agentgate_mcp.gate.policy.checks import problems
from agentgate_mcp.gate.policy.conditions import Compiled, compile_condition
from agentgate_mcp.gate.policy.paths import FactSet, reader
from agentgate_mcp.gate.policy.schema import PolicyFile, Rule
from agentgate_mcp.gate.policy.template import Template
from agentgate_mcp.model.decision import Profile
from agentgate_mcp.model.facts import PolicyMatch

_TOLD = 4
"""Further problems that an error names beside the first."""


def path_of(path: Sequence[str | int]) -> str:
    """`rules/0/when/fact`."""
    return "/".join(str(step) for step in path)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    rule: Rule
    holds: Compiled
    reason: Template
    suggestion: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPolicy:
    """One policy, ready to run. ``sha256`` is that of the file's bytes."""

    file: PolicyFile
    source: str
    sha256: str
    rules: tuple[CompiledRule, ...]

    def matches(self, facts: FactSet, profile: Profile) -> tuple[PolicyMatch, ...]:
        """Every rule that holds, with the values that made it hold."""
        found: list[PolicyMatch] = []
        for compiled in self.rules:
            clauses = compiled.holds(facts)
            if clauses is None:
                continue
            rule = compiled.rule
            found.append(
                PolicyMatch(
                    policy=self.file.id,
                    rule=rule.id,
                    version=self.file.version,
                    action=rule.action,
                    severity=rule.severity,
                    mode=self._mode(profile, facts),
                    reason=compiled.reason.fill(facts),
                    suggestion=compiled.suggestion.fill(facts),
                    clauses=clauses,
                    two_person=rule.two_person,
                    approver_team=_first(rule.approver_team_from, facts),
                )
            )
        return tuple(found)

    def _mode(self, profile: Profile, facts: FactSet) -> Literal["enforce", "shadow"]:
        soft = profile is Profile.OBSERVE and self.file.kind == "read" and not facts.request.mutates
        return "shadow" if soft or self.file.mode == "shadow" else "enforce"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLibrary:
    """All policies in force, ordered by id. ``lock`` is a digest over ids, versions and bytes."""

    policies: tuple[CompiledPolicy, ...]
    lock: str = field(init=False, default="")

    def __post_init__(self) -> None:
        rows = {p.file.id: f"{p.file.version}:{p.sha256}" for p in self.policies}
        if len(rows) != len(self.policies):
            raise PolicyError("policies", "id", "two policies have the same id")
        object.__setattr__(self, "lock", digest({k: rows[k] for k in sorted(rows)}))

    def get(self, policy_id: str) -> CompiledPolicy | None:
        return next((p for p in self.policies if p.file.id == policy_id), None)

    def evaluate(self, facts: FactSet, profile: Profile) -> tuple[PolicyMatch, ...]:
        return tuple(m for p in self.policies for m in p.matches(facts, profile))


def compile_policy(
    file: PolicyFile, *, source: str, raw: bytes, place: Callable[[Sequence[str | int]], str] = path_of
) -> CompiledPolicy:
    """A policy file, checked and compiled; ``place`` says where in the file a path stands.

    Raises: PolicyError with file, place, what was expected and what came; further problems follow."""
    if found := problems(file):
        first, *more = found
        also = "".join(f"; {place(p.path)}: {p}" for p in more[:_TOLD])
        raise PolicyError(source, place(first.path), f"{first}{also}")
    return CompiledPolicy(file=file, source=source, sha256=hashlib.sha256(raw).hexdigest(), rules=compile_rules(file))


def compile_rules(file: PolicyFile) -> tuple[CompiledRule, ...]:
    """The rules of a file that has been checked."""
    return tuple(
        CompiledRule(
            rule=rule,
            holds=compile_condition(rule.when, file.thresholds),
            reason=Template.parse(rule.reason),
            suggestion=Template.parse(rule.suggestion),
        )
        for rule in file.rules
    )


def _first(path: str, facts: FactSet) -> str:
    if not path:
        return ""
    value = reader(path)(facts)
    names = cast(tuple[object, ...], value) if isinstance(value, tuple) else ()
    return str(names[0]) if names else ""
