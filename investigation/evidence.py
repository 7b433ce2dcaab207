"""Evidence: a statement, what it weighs, the events behind it and the query that finds them (R7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentgate_mcp.canonical import digest
from agentgate_mcp.model.call import Json

MAX_CITED = 12
"""Event ids kept per finding; the count of all of them stands beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where rows came from: the SPL, its window (epoch seconds), row count and hash of the rows."""

    query: str
    earliest: str
    latest: str
    row_count: int
    result_hash: str

    @classmethod
    def of(cls, query: str, earliest: str, latest: str, rows: Sequence[Mapping[str, Json]]) -> Source:
        plain: list[Json] = [dict(r) for r in rows]
        return cls(query=query, earliest=earliest, latest=latest, row_count=len(rows), result_hash=digest(plain))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece of evidence. ``weight`` is in log-odds (natural): above 0 speaks for malicious,
    below 0 for benign. Pieces of one ``family`` are correlated and share a cap (fusion.py)."""

    statement: str
    family: str
    weight: float
    event_ids: tuple[str, ...]
    source: Source
    techniques: tuple[str, ...] = ()
    targets: tuple[tuple[str, str], ...] = ()
    """What it incriminates, as (kind, value): `ip`, `domain`, `host`, `user`, `hash`."""

    def __post_init__(self) -> None:
        if not self.event_ids:
            raise ValueError("evidence needs at least one event id")

    @property
    def severity(self) -> str:
        size = abs(self.weight)
        return "high" if size >= 2.0 else "medium" if size >= 1.0 else "low"

    def to_json(self, number: int) -> dict[str, Json]:
        return {
            "id": f"F{number}",
            "statement": self.statement,
            "family": self.family,
            "speaks_for": "malicious" if self.weight > 0 else "benign",
            "severity": self.severity,
            "weight": round(self.weight, 3),
            "techniques": list(self.techniques),
            "event_ids": list(self.event_ids[:MAX_CITED]),
            "event_count": len(self.event_ids),
            "query": self.source.query,
            "earliest": self.source.earliest,
            "latest": self.source.latest,
            "row_count": self.source.row_count,
            "result_hash": self.source.result_hash,
        }
