"""Reasons in plain words with the facts filled in: `{blast_radius.change.targets}`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from agentgate_mcp.gate.policy.paths import FactSet, kind_of, reader

_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Template:
    """Text and fact readers in turn. Filled text is for people and models: lists are cut."""

    parts: tuple[str | Callable[[FactSet], object], ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Raises: ValueError for an unbalanced brace, UnknownFact for an unknown path."""
        parts: list[str | Callable[[FactSet], object]] = []
        rest = text
        while rest:
            before, brace, after = rest.partition("{")
            if "}" in before:
                raise ValueError(f"unbalanced '}}' in {text!r}")
            if before:
                parts.append(before)
            if not brace:
                break
            path, close, rest = after.partition("}")
            if not close:
                raise ValueError(f"unbalanced '{{' in {text!r}")
            kind_of(path)
            parts.append(reader(path))
        return cls(tuple(parts))

    def fill(self, facts: FactSet) -> str:
        return "".join(p if isinstance(p, str) else words(p(facts)) for p in self.parts)


def words(value: object) -> str:
    """A fact as it stands in a sentence; of a list the first few and how many more."""
    if value is None:
        return "none"
    if isinstance(value, tuple):
        names = [_name(v) for v in cast(tuple[object, ...], value)]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return (", ".join(names[:_SHOWN]) + more) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return _name(value)


def _name(value: object) -> str:
    for attribute in ("id", "asset", "target", "object"):
        named = getattr(value, attribute, None)
        if isinstance(named, str):
            return named
    return str(value)
