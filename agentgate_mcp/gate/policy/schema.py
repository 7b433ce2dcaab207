"""The form of a policy file, checked strictly at load (DESIGN §7)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

Operator = Literal[
    "eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "is_true", "is_false", "nonempty", "empty",
    "contains", "contains_any", "is_none", "not_none", "len_gt",
]  # fmt: skip
Action = Literal["REQUIRE_APPROVAL", "BLOCK"]
SeverityName = Literal["low", "medium", "high", "critical"]
UNARY: frozenset[str] = frozenset({"is_true", "is_false", "nonempty", "empty", "is_none", "not_none"})


class Strict(BaseModel):
    """Base of what is read from policy files: no coercion, no unknown field."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Clause(Strict):
    """One comparison on one declared fact. ``threshold`` names an entry of the file's
    ``thresholds`` instead of a literal ``value``, so that a site can tighten the number."""

    fact: str
    op: Operator
    value: JsonValue = None
    threshold: str = ""

    @model_validator(mode="after")
    def _operand(self) -> Clause:
        given = self.value is not None or bool(self.threshold)
        if given == (self.op in UNARY):
            need = "no value" if self.op in UNARY else "a value or a threshold"
            raise ValueError(f"{self.fact} {self.op}: expected {need}")
        return self


class Condition(Strict):
    """`all`, `any` or `not` over conditions, or one clause. Exactly one of the four."""

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Annotated[Condition | None, Field(alias="not")] = None
    clause: Clause | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: object) -> object:
        """`{fact, op, value}` stands for `{clause: {fact, op, value}}`."""
        if isinstance(data, dict) and "fact" in cast(dict[object, object], data):
            return {"clause": cast(object, data)}
        return cast(object, data)

    @model_validator(mode="after")
    def _one(self) -> Condition:
        if sum(part is not None for part in (self.all, self.any, self.not_, self.clause)) != 1:
            raise ValueError("a condition needs exactly one of: all, any, not, or a fact with an op")
        if self.all == () or self.any == ():
            raise ValueError("all and any need at least one condition")
        return self


class Standard(Strict):
    """A standard that the policy supports; never one that it claims to fulfil."""

    standard: str
    version: str
    year: int
    clause: str
    supports: str
    verified: bool = True


class Rule(Strict):
    """One outcome of a policy. ``reason`` and ``suggestion`` may hold `{fact.path}`."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    action: Action
    severity: SeverityName
    when: Condition
    reason: Annotated[str, Field(min_length=10)]
    suggestion: str = ""
    two_person: bool = False
    approver_team_from: str = ""
    """A fact path whose first value names the team that must approve."""


class PolicyCase(Strict):
    """An inline test: a call against the bundled world, or a fragment of facts."""

    name: str
    expect: Literal["ALLOW", "REQUIRE_APPROVAL", "BLOCK"]
    rule: str = ""
    facts: dict[str, JsonValue]
    """Fact path -> value; every other fact has its default."""


class PolicyFile(Strict):
    id: Annotated[str, Field(pattern=r"^[A-Z]{2,8}-\d{3}$")]
    version: Annotated[int, Field(ge=1)]
    title: str
    description: str
    owner: str
    approved_by: str
    review_by: date
    kind: Literal["read", "effect", "both"]
    """Which calls it can hold: what the `observe` profile may shadow is `read`."""
    overridable: tuple[str, ...] = ()
    """What a site may loosen: names of thresholds, or `mode`."""
    mode: Literal["enforce", "shadow"] = "enforce"
    mandate_covers: Literal["never", "approval", "two_person"] = "approval"
    thresholds: dict[str, float] = Field(default_factory=dict)
    standards: Annotated[tuple[Standard, ...], Field(min_length=1)]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    tests: tuple[PolicyCase, ...]


def clauses_of(condition: Condition) -> list[Clause]:
    """Every clause of a condition, in reading order."""
    found: list[Clause] = []
    stack = [condition]
    while stack:
        node = stack.pop()
        if node.clause is not None:
            found.append(node.clause)
        if node.not_ is not None:
            stack.append(node.not_)
        stack.extend(reversed(node.all or ()))
        stack.extend(reversed(node.any or ()))
    return found
