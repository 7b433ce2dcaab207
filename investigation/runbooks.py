"""Runbooks: which apply, and what they say before, and after, an action."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from investigation.rows import Row, text

_HEADING = re.compile(r"^###\s+([a-z_]+)\s*:?\s*(.*)$")
_ROLLBACK = re.compile(r"^Roll\s?back:\s*(.+)$", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """What one runbook says of one action."""

    runbook_id: str
    action: str
    about: str
    checks: tuple[str, ...] = ()
    rollback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A runbook as far as the planner uses it."""

    runbook_id: str
    title: str
    categories: tuple[str, ...]
    techniques: tuple[str, ...]
    actions: tuple[str, ...]
    guidance: tuple[Guidance, ...] = field(default=())

    @classmethod
    def of(cls, raw: Row) -> Book:
        def many(name: str) -> tuple[str, ...]:
            value = raw.get(name)
            return tuple(str(v) for v in value) if isinstance(value, list) else ()

        runbook_id = text(raw, "runbook_id")
        return cls(
            runbook_id=runbook_id,
            title=text(raw, "title"),
            categories=many("categories"),
            techniques=many("techniques"),
            actions=many("actions"),
            guidance=_guidance(runbook_id, text(raw, "body")),
        )

    def score(self, category: str, techniques: Sequence[str]) -> int:
        """How well it fits: its category counts 3, each technique shown counts 2."""
        return 3 * (category in self.categories) + 2 * len(set(self.techniques) & set(techniques))


def _guidance(runbook_id: str, body: str) -> tuple[Guidance, ...]:
    """The containment sections: a heading `### action: about`, bullets, and a line `Roll back:`."""
    out: list[Guidance] = []
    action = about = rollback = ""
    checks: list[str] = []

    def close() -> None:
        if action:
            out.append(
                Guidance(runbook_id=runbook_id, action=action, about=about, checks=tuple(checks), rollback=rollback)
            )

    for line in body.splitlines():
        heading = _HEADING.match(line)
        if heading or line.startswith("## "):
            close()
            action, about, rollback, checks = "", "", "", []
            if heading:
                action, about = heading.group(1), heading.group(2)
            continue
        undo = _ROLLBACK.match(line)
        if undo:
            rollback = undo.group(1)
        elif action and line.startswith("- "):
            checks.append(line[2:].strip())
    close()
    return tuple(out)
