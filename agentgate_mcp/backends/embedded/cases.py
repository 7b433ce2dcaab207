"""The case queue: one JSON file per case, read once."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from agentgate_mcp.backends.embedded.files import Record, items_of, json_files, validated
from agentgate_mcp.errors import DataError, NotFoundError
from agentgate_mcp.model.site import CaseRecord


class _StoredCase(Record):
    case_id: str = Field(min_length=1, max_length=64)
    title: str
    description: str
    severity: Literal["low", "medium", "high", "critical"]
    status: Literal["new", "in_progress", "closed"]
    category: str
    created_at: float
    earliest: float
    latest: float
    source: str
    entities: dict[str, list[str]]
    alerts: list[str] = Field(default_factory=list[str])


class CaseFiles:
    """Implements CasePort over ``data_dir``/cases. Raises: DataError on first use of a bad file."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def cases(self) -> Sequence[CaseRecord]:
        """All cases, by id."""
        return tuple(self._by_id.values())

    def case(self, case_id: str) -> CaseRecord:
        """One case. Raises: NotFoundError with the nearest ids."""
        found = self._by_id.get(case_id)
        if found is None:
            near = difflib.get_close_matches(case_id, self._by_id, n=3, cutoff=0.5)
            raise NotFoundError("case", case_id, tuple(near))
        return found

    @cached_property
    def _by_id(self) -> Mapping[str, CaseRecord]:
        found: dict[str, CaseRecord] = {}
        for label, document in json_files(self._data_dir, "cases"):
            for where, raw in items_of(document, label, "cases"):
                case = _case(validated(_StoredCase, raw, label, where))
                if case.case_id in found:
                    raise DataError(label, f"/{where}", f"case_id: expected a new one, got {case.case_id!a} again")
                if not case.earliest <= case.latest:
                    raise DataError(label, f"/{where}", "latest: expected a time after earliest")
                found[case.case_id] = case
        return dict(sorted(found.items()))


def _case(stored: _StoredCase) -> CaseRecord:
    return CaseRecord(
        case_id=stored.case_id,
        title=stored.title,
        description=stored.description,
        severity=stored.severity,
        status=stored.status,
        category=stored.category,
        created_at=stored.created_at,
        earliest=stored.earliest,
        latest=stored.latest,
        source=stored.source,
        entities={kind: tuple(values) for kind, values in stored.entities.items()},
        alerts=tuple(stored.alerts),
    )
