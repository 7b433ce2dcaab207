"""Fact paths: `blast_radius.change.techniques_lost`, checked against the typed fact models.

A path is compiled once, at load. It steps through optional models; when a model on the way is
absent, the value is None, and only `is_none` and `empty` hold of None.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel

from agentgate_mcp.model.facts import (
    BlastRadiusFacts,
    CostFacts,
    Facts,
    InjectionFacts,
    ProvenanceFacts,
    RequestFacts,
)


class FactSet(Facts):
    """The facts that conditions may speak of, by stage."""

    injection: InjectionFacts = InjectionFacts()
    provenance: ProvenanceFacts = ProvenanceFacts()
    blast_radius: BlastRadiusFacts = BlastRadiusFacts()
    cost: CostFacts = CostFacts()
    request: RequestFacts


Kind = Literal["bool", "number", "text", "list"]
_SCORES = frozenset({"blast_radius.score", "cost.score"})


class UnknownFact(ValueError):
    """A path that names no declared fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactType:
    """What values a fact can have, so that a comparison which no value satisfies is told at load.

    ``choices`` closes a text; ``low`` and ``high`` bound a number; ``texts`` says that a list holds
    texts. An ``optional`` fact is None where a model on its way, or itself, is absent."""

    kind: Kind
    optional: bool
    integral: bool = False
    choices: tuple[str, ...] = ()
    texts: bool = False
    low: float = -math.inf
    high: float = math.inf

    def __str__(self) -> str:
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.kind == "number":
            whole = "a whole number" if self.integral else "a number"
            low = f" from {self.low:g}" if math.isfinite(self.low) else ""
            return whole + low + (f" to {self.high:g}" if math.isfinite(self.high) else "")
        if self.kind == "list":
            return "a list of texts" if self.texts else "a list of records"
        return "true or false" if self.kind == "bool" else "a text"


def fact_at(path: str) -> FactType:
    """What ``path`` holds. Raises: UnknownFact naming the step that fails."""
    model: type[BaseModel] = FactSet
    optional = False
    steps = path.split(".")
    for i, step in enumerate(steps):
        info = model.model_fields.get(step)
        if info is None:
            known = ", ".join(sorted(model.model_fields))
            raise UnknownFact(f"{path}: {model.__name__} has no fact {step!r}; it has {known}")
        annotation = _strip_optional(info.annotation)
        optional = optional or annotation is not info.annotation
        if i < len(steps) - 1:
            if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
                raise UnknownFact(f"{path}: {step!r} has no parts")
            model = annotation
            continue
        return _typed(path, annotation, optional)
    raise UnknownFact(f"{path!r} is empty")


def kind_of(path: str) -> Kind:
    """The kind of value at ``path``. Raises: UnknownFact naming the step that fails."""
    return fact_at(path).kind


def reader(path: str) -> Callable[[FactSet], object]:
    """A function that reads ``path``; the path must have passed `kind_of`."""
    steps = path.split(".")

    def read(facts: FactSet) -> object:
        value: object = facts
        for step in steps:
            if value is None:
                return None
            value = getattr(value, step)
        return value

    return read


def _strip_optional(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [a for a in get_args(annotation) if a is not type(None)]
        return parts[0] if len(parts) == 1 else annotation
    return annotation


def _typed(path: str, annotation: Any, optional: bool) -> FactType:
    origin = get_origin(annotation)
    if origin is tuple:
        return FactType(kind="list", optional=optional, texts=get_args(annotation)[0] is str)
    if origin is Literal:
        return FactType(kind="text", optional=optional, choices=cast(tuple[str, ...], get_args(annotation)))
    if annotation is bool:
        return FactType(kind="bool", optional=optional)
    if annotation is int:
        # Whole numbers among the facts are counts, budgets and scores: none is below zero.
        high = 100.0 if path in _SCORES else math.inf
        return FactType(kind="number", optional=optional, integral=True, low=0.0, high=high)
    if annotation is float:
        return FactType(kind="number", optional=optional)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return FactType(kind="text", optional=optional, choices=tuple(m.value for m in annotation))
    if isinstance(annotation, type) and issubclass(annotation, str):
        return FactType(kind="text", optional=optional)
    raise UnknownFact(f"{path}: not a value that a condition can compare; name one of its parts")
