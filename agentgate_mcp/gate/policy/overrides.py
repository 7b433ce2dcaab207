"""What a site changes of a shipped policy: it tightens freely, and loosens only what is marked `overridable`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from agentgate_mcp.errors import PolicyError
from agentgate_mcp.gate.policy.changes import Change, compare
from agentgate_mcp.gate.policy.checks import rule_problems
from agentgate_mcp.gate.policy.compiled import CompiledPolicy, compile_rules
from agentgate_mcp.gate.policy.schema import Action, PolicyCase, Rule, SeverityName, Strict


class RuleOverride(Strict):
    """What a site changes of one rule; what is left out stays as shipped."""

    action: Action | None = None
    severity: SeverityName | None = None
    two_person: bool | None = None


class PolicyOverride(Strict):
    """A file that changes one shipped policy. Its tests say what the site wants of the result."""

    overrides: Annotated[str, Field(pattern=r"^[A-Z]{2,8}-\d{3}$")]
    version: Annotated[int, Field(ge=1)]
    reason: Annotated[str, Field(min_length=10)]
    owner: str
    approved_by: str
    review_by: date
    mode: Literal["enforce", "shadow"] | None = None
    thresholds: dict[str, float] = Field(default_factory=dict)
    rules: dict[str, RuleOverride] = Field(default_factory=dict)
    tests: Annotated[tuple[PolicyCase, ...], Field(min_length=1)]


def override(
    shipped: CompiledPolicy,
    change: PolicyOverride,
    *,
    source: str,
    raw: bytes,
    place: Callable[[Sequence[str | int]], str],
) -> CompiledPolicy:
    """``shipped`` as the site has it.

    Raises: PolicyError naming what may not be loosened, or does not exist, with its place."""
    known = {"thresholds": set(shipped.file.thresholds), "rules": {r.id for r in shipped.file.rules}}
    for part, given in (("thresholds", change.thresholds), ("rules", change.rules)):
        for name in given:
            if name not in known[part]:
                expected = ", ".join(sorted(known[part])) or "none"
                raise PolicyError(
                    source, place((part, name)), f"{change.overrides}: expected one of {expected}, got {name}"
                )
    file = shipped.file.model_copy(
        update={
            "mode": change.mode or shipped.file.mode,
            "thresholds": {**shipped.file.thresholds, **change.thresholds},
            "rules": tuple(_rule(rule, change.rules.get(rule.id)) for rule in shipped.file.rules),
            # Model copies are not checked again, so the tests are those of the file that changes it.
            "tests": change.tests,
        }
    )
    for row in compare(shipped.file, file):
        _permit(row, shipped, source, place)
    if found := rule_problems(file, shadowed=False):
        path = ("thresholds",) if change.thresholds else ("rules",)
        raise PolicyError(source, place(path), f"{change.overrides}: {found[0]}")
    rules = {r.id for r in file.rules}
    for index, test in enumerate(change.tests):
        if test.rule and test.rule not in rules:
            got = f"expected one of {', '.join(sorted(rules))}, got {test.rule}"
            raise PolicyError(source, place(("tests", index, "rule")), got)
    both = hashlib.sha256(bytes.fromhex(shipped.sha256) + hashlib.sha256(raw).digest()).hexdigest()
    return CompiledPolicy(file=file, source=f"{shipped.source} with {source}", sha256=both, rules=compile_rules(file))


def _permit(row: Change, shipped: CompiledPolicy, source: str, place: Callable[[Sequence[str | int]], str]) -> None:
    """A tighter change always, another only where the shipped file marks it."""
    name = row.what.removeprefix("thresholds/")
    if row.what == "tests" or row.direction == "tighter" or name in shipped.file.overridable:
        return
    marked = ", ".join(shipped.file.overridable) or "nothing"
    raise PolicyError(
        source,
        place(row.what.split("/")),
        f"{row.policy} lets a site loosen {marked}: expected {row.what} tighter than {row.before}, got {row.after}",
    )


def _rule(rule: Rule, change: RuleOverride | None) -> Rule:
    given = {} if change is None else change.model_dump(exclude_none=True)
    return rule.model_copy(update=given)
