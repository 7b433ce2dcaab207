"""Runbooks: Markdown files with YAML front matter."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import yaml
from pydantic import Field

from agentgate_mcp.backends.embedded.files import Record, read_text, validated
from agentgate_mcp.backends.ports import Runbook
from agentgate_mcp.errors import DataError, NotFoundError

_FENCE: Final = "---"


class _FrontMatter(Record):
    id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")
    title: str
    categories: list[str]
    techniques: list[str] = Field(default_factory=list[str])
    actions: list[str] = Field(default_factory=list[str])
    severity: str = ""
    updated: str = ""


class RunbookFiles:
    """Implements RunbookPort over ``data_dir``/runbooks. Raises: DataError on first use of a bad file."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def runbooks(self) -> Sequence[Runbook]:
        """All runbooks, by id."""
        return tuple(self._by_id.values())

    def runbook(self, runbook_id: str) -> Runbook:
        """One runbook. Raises: NotFoundError with the nearest ids."""
        found = self._by_id.get(runbook_id)
        if found is None:
            near = difflib.get_close_matches(runbook_id, self._by_id, n=3, cutoff=0.4)
            raise NotFoundError("runbook", runbook_id, tuple(near))
        return found

    @cached_property
    def _by_id(self) -> Mapping[str, Runbook]:
        found: dict[str, Runbook] = {}
        for path in sorted((self._data_dir / "runbooks").glob("*.md")):
            label = f"runbooks/{path.name}"
            book = read_runbook(read_text(path, label), label)
            if book.runbook_id in found:
                raise DataError(label, "line 2", f"id: expected a new one, got {book.runbook_id!a} again")
            found[book.runbook_id] = book
        return dict(sorted(found.items()))


def read_runbook(text: str, label: str) -> Runbook:
    """One file's runbook. Raises: DataError with the line or field."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != _FENCE:
        raise DataError(label, "line 1", "expected --- and front matter")
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.strip() == _FENCE), None)
    if end is None:
        raise DataError(label, f"line {len(lines)}", "expected --- at the end of the front matter: the file is cut off")
    try:
        raw: object = yaml.safe_load("\n".join(lines[1:end]))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 2 if mark is None else int(mark.line) + 2
        raise DataError(label, f"line {line}", "expected YAML in the front matter") from None
    front = validated(_FrontMatter, raw, label)
    body = "\n".join(lines[end + 1 :]).strip()
    if not body:
        raise DataError(label, f"line {len(lines)}", "expected a body after the front matter")
    return Runbook(
        runbook_id=front.id,
        title=front.title,
        categories=tuple(front.categories),
        techniques=tuple(front.techniques),
        actions=tuple(front.actions),
        severity=front.severity,
        updated=front.updated,
        body=body + "\n",
    )
