"""Evidence: a statement, what it weighs, the events behind it and the query that finds them (R7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agentgate_mcp.model.call import Json
from investigation.dossier import RowSet
from investigation.rows import Row, ids
from investigation.weights import WEIGHTS

MAX_CITED = 12
"""Event ids shown per finding; the count of all of them stands beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One finding. Its weight, family and techniques are those of its code in weights.py."""

    code: str
    statement: str
    event_ids: tuple[str, ...]
    source: RowSet
    targets: tuple[tuple[str, str], ...] = ()
    """What it incriminates, as (kind, value): `ip`, `domain`, `host`, `user`, `password`, `hash`."""
    also: tuple[str, ...] = ()
    """Techniques beyond those of the code."""

    def __post_init__(self) -> None:
        if not self.event_ids:
            raise ValueError("evidence needs at least one event id")

    @property
    def weight(self) -> float:
        return WEIGHTS[self.code].log_odds

    @property
    def family(self) -> str:
        return WEIGHTS[self.code].family

    @property
    def techniques(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*WEIGHTS[self.code].techniques, *self.also)))

    @property
    def severity(self) -> str:
        if self.weight <= 0:
            return "info"
        return "high" if self.weight >= 2.0 else "medium" if self.weight >= 1.0 else "low"

    def to_json(self, number: int) -> dict[str, Json]:
        return {
            "id": f"F{number}",
            "code": self.code,
            "statement": self.statement,
            "why": WEIGHTS[self.code].why,
            "family": self.family,
            "speaks_for": "malicious" if self.weight > 0 else "benign" if self.weight < 0 else "neither",
            "severity": self.severity,
            "weight": self.weight,
            "techniques": list(self.techniques),
            "targets": [[kind, value] for kind, value in self.targets],
            "event_ids": list(self.event_ids[:MAX_CITED]),
            "event_count": len(self.event_ids),
            "query": self.source.query,
            "earliest": self.source.earliest,
            "latest": self.source.latest,
            "row_count": len(self.source.rows),
            "result_hash": self.source.result_hash,
        }


def found(
    code: str,
    statement: str,
    rows: Iterable[Row],
    source: RowSet | None,
    targets: Sequence[tuple[str, str]] = (),
    also: Sequence[str] = (),
) -> list[Evidence]:
    """One finding as a list, or none when no event stands behind it."""
    cited = ids(rows)
    if not cited or source is None:
        return []
    return [
        Evidence(
            code=code,
            statement=statement,
            event_ids=cited,
            source=source,
            targets=tuple(dict.fromkeys(targets)),
            also=tuple(also),
        )
    ]
