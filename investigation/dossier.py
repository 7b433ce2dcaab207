"""All that an investigation has been told: the case, result sets, lookups and intelligence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentgate_mcp.canonical import digest
from agentgate_mcp.model.call import Json
from investigation.rows import Row, at, event_id, iso, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The case record. Times are epoch seconds."""

    case_id: str
    title: str
    description: str
    severity: str
    category: str
    earliest: float
    latest: float
    entities: Mapping[str, tuple[str, ...]]
    alerts: tuple[str, ...]

    @classmethod
    def of(cls, raw: Mapping[str, Json]) -> Case:
        entities = raw.get("entities")
        alerts = raw.get("alerts")
        return cls(
            case_id=text(raw, "case_id"),
            title=text(raw, "title"),
            description=text(raw, "description"),
            severity=text(raw, "severity"),
            category=text(raw, "category"),
            earliest=at(raw, "earliest"),
            latest=at(raw, "latest"),
            entities={k: tuple(str(v) for v in vs) for k, vs in entities.items() if isinstance(vs, list)}
            if isinstance(entities, dict)
            else {},
            alerts=tuple(str(a) for a in alerts) if isinstance(alerts, list) else (),
        )

    def named(self, kind: str) -> tuple[str, ...]:
        return self.entities.get(kind, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSet:
    """The rows of one search, oldest first, with what is needed to run it again."""

    name: str
    query: str
    earliest: str
    latest: str
    rows: tuple[Row, ...]
    partial: str = ""
    flagged: tuple[str, ...] = ()
    """Texts that the gate marked as trying to instruct their reader."""

    @property
    def result_hash(self) -> str:
        plain: list[Json] = [dict(r) for r in self.rows]
        return digest(plain)

    def to_json(self, purpose: str) -> dict[str, Json]:
        return {
            "name": self.name,
            "purpose": purpose,
            "query": self.query,
            "earliest": self.earliest,
            "latest": self.latest,
            "row_count": len(self.rows),
            "result_hash": self.result_hash,
            "partial": self.partial,
        }


@dataclass(slots=True)
class Dossier:
    """Grows while the case is worked; analytics only read it."""

    case: Case
    sets: dict[str, RowSet] = field(default_factory=dict[str, RowSet])
    lookups: dict[str, tuple[Row, ...]] = field(default_factory=dict[str, tuple[Row, ...]])
    intel: dict[str, Row] = field(default_factory=dict[str, Row])
    queries: list[dict[str, Json]] = field(default_factory=list[dict[str, Json]])
    not_checked: list[str] = field(default_factory=list[str])
    held: list[dict[str, Json]] = field(default_factory=list[dict[str, Json]])
    refused: list[dict[str, Json]] = field(default_factory=list[dict[str, Json]])
    spans: dict[str, str] = field(default_factory=dict[str, str])
    """Flagged texts and the set in which each was first met."""
    hosts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    """Our addresses that the case is about."""
    outside: tuple[str, ...] = ()
    """Other people's addresses that the alert names."""
    domains: tuple[str, ...] = ()

    def rows(self, name: str) -> tuple[Row, ...]:
        found = self.sets.get(name)
        return found.rows if found else ()

    def events(self) -> dict[str, Row]:
        """Every raw event seen, by id."""
        return {event_id(r): r for s in self.sets.values() for r in s.rows if event_id(r)}

    def lookup(self, name: str) -> tuple[Row, ...]:
        return self.lookups.get(name, ())

    def set_of(self, row: Row, *names: str) -> RowSet | None:
        """The first of the named sets that holds the row."""
        for name in names or tuple(self.sets):
            found = self.sets.get(name)
            if found and any(event_id(r) == event_id(row) for r in found.rows):
                return found
        return None

    @property
    def window(self) -> tuple[float, float]:
        return self.case.earliest, self.case.latest

    def asset(self, value: str) -> Row | None:
        """The inventory's record of a host name or address."""
        for row in self.lookup("asset_inventory"):
            if value in (text(row, "asset_id"), text(row, "address")):
                return row
        return None

    def host_of(self, address: str) -> str:
        """Our name for an address of ours, or the address itself."""
        row = self.asset(address)
        return text(row, "asset_id") if row else address

    def tags_of(self, value: str) -> frozenset[str]:
        row = self.asset(value)
        return frozenset(text(row, "tags").split()) if row else frozenset()

    def window_text(self) -> str:
        return f"{iso(self.case.earliest)} to {iso(self.case.latest)}"
