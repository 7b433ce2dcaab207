"""Fact paths: `blast_radius.change.techniques_lost`, checked against the typed fact models.

A path is compiled once, at load. It steps through optional models; when a model on the way is
absent, the value is None, and only `is_none` and `empty` hold of None.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin

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


class UnknownFact(ValueError):
    """A path that names no declared fact."""


def kind_of(path: str) -> Kind:
    """The kind of value at ``path``. Raises: UnknownFact naming the step that fails."""
    model: type[BaseModel] = FactSet
    steps = path.split(".")
    for i, step in enumerate(steps):
        info = model.model_fields.get(step)
        if info is None:
            known = ", ".join(sorted(model.model_fields))
            raise UnknownFact(f"{path}: {model.__name__} has no fact {step!r}; it has {known}")
        annotation = _strip_optional(info.annotation)
        if i < len(steps) - 1:
            if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
                raise UnknownFact(f"{path}: {step!r} has no parts")
            model = annotation
            continue
        return _kind(path, annotation)
    raise UnknownFact(f"{path!r} is empty")


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


def _kind(path: str, annotation: Any) -> Kind:
    origin = get_origin(annotation)
    if origin is tuple:
        return "list"
    if origin is Literal:
        return "text"
    if annotation is bool:
        return "bool"
    if annotation in (int, float):
        return "number"
    if isinstance(annotation, type) and issubclass(annotation, str):
        return "text"
    raise UnknownFact(f"{path}: not a value that a condition can compare; name one of its parts")
