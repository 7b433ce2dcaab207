"""The bundled events and knowledge objects, read from their files without the product's store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import KnowledgeSet
from tests.spl_oracle.values import MadeRaw, Row, Value

NOW = 1_795_176_000.0
"""The data's own now: 2026-11-20T12:00:00Z."""
_METADATA = ("_time", "index", "sourcetype", "source", "_raw")


@dataclass(frozen=True)
class Data:
    """Events newest first (of one time the one loaded last first), and the objects around them."""

    events: Sequence[Row]
    objects: Sequence[KnowledgeObject]
    memo: dict[object, list[Row]] = field(default_factory=dict[object, list[Row]], repr=False)
    """Rows found before, by what was asked for; nothing changes a row once it is here."""

    @cached_property
    def knowledge(self) -> KnowledgeSet:
        return KnowledgeSet.from_objects(self.objects)

    @cached_property
    def by_index(self) -> Mapping[str, Sequence[Row]]:
        """The events of each index, in the same order."""
        found: dict[str, list[Row]] = {}
        for row in self.events:
            found.setdefault(str(row["index"]), []).append(row)
        return found

    @cached_property
    def by_sourcetype(self) -> Mapping[tuple[str, str], Sequence[Row]]:
        """The events of each index and source type, in the same order."""
        found: dict[tuple[str, str], list[Row]] = {}
        for row in self.events:
            found.setdefault((str(row["index"]), str(row["sourcetype"])), []).append(row)
        return found

    def named(self, kind: str, name: str) -> KnowledgeObject | None:
        """The enabled object of that kind and name; for a lookup also by its file's name."""
        for item in self.objects:
            if item.kind == kind and not item.disabled and name in (item.name, item.content.get("filename")):
                return item
        return None


def rows_of(events: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Rows in search order from events in the order in which they are loaded."""
    rows: list[Row] = []
    for number, event in enumerate(events, start=1):
        row = Row(dict(event), number)
        if "_raw" not in row:
            row["_raw"] = MadeRaw(_line(event))
        rows.append(row)
    return sorted(rows, key=lambda r: (_at(r), r.seq), reverse=True)


def _at(row: Row) -> float:
    at = row["_time"]
    assert isinstance(at, float | int)
    return at


def _line(event: Mapping[str, Any]) -> str:
    parts: list[str] = []
    for name, value in event.items():
        if name not in _METADATA:
            shown = ",".join(value) if isinstance(value, list) else value
            parts.append(f'{name}="{shown}"')
    return " ".join(parts)


def bundled() -> Data:
    """The bundled data set."""
    return read(bundled_dir("data"))


def read(folder: Path) -> Data:
    """A data directory in the bundled layout."""
    events: list[dict[str, Value]] = []
    for path in sorted((folder / "telemetry").glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            events.extend(json.loads(line) for line in file)
    objects: list[KnowledgeObject] = []
    for path in sorted((folder / "knowledge").glob("*.json")):
        objects.extend(KnowledgeObject(**record) for record in json.loads(path.read_text(encoding="utf-8")))
    return Data(events=rows_of(events), objects=objects)
