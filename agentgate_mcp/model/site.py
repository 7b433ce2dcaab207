"""What a site is made of: knowledge objects, assets, teams, and what may be done to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agentgate_mcp.model.call import Json

Criticality = Literal["low", "medium", "high", "critical"]
ObjectKind = Literal[
    "saved_search", "macro", "lookup", "data_model", "dashboard", "eventtype", "tag",
    "field_extraction", "index", "sourcetype", "kv_collection", "hec_token",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeObject:
    """One Splunk knowledge object, as a REST entry gives it.

    ``content`` holds the settings under Splunk's own names: ``search``, ``cron_schedule``,
    ``is_scheduled``, ``actions``, ``dispatch.earliest_time`` for a saved search; ``definition``,
    ``args``, ``iseval`` for a macro; ``filename`` or ``collection`` and ``rows`` for a lookup;
    ``objects`` for a data model; ``searches`` for a dashboard. What Splunk has no setting for
    stands under ``agentgate.*``: ``agentgate.techniques``, ``agentgate.controls``,
    ``agentgate.covers`` (asset ids), ``agentgate.status`` (production, experimental)."""

    kind: ObjectKind
    name: str
    app: str
    owner: str
    sharing: Literal["user", "app", "global"]
    team: str
    disabled: bool
    content: Mapping[str, Json]
    updated: str = ""

    @property
    def id(self) -> str:
        """`kind:name`, the name by which people and policies speak of it."""
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One asset of the inventory. ``role`` names what it is for (`domain controller`, `dns`,
    `gateway`, `splunk`, `gate`, `workstation`, `server`, `database`, `iot`, `backup`)."""

    asset_id: str
    hostnames: tuple[str, ...]
    addresses: tuple[str, ...]
    role: str
    criticality: Criticality
    tags: tuple[str, ...]
    owner_team: str
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    name: str
    title: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectChange:
    """One change to one knowledge object; ``content`` holds only what is set."""

    action: Literal["create", "modify", "disable", "delete"]
    kind: ObjectKind
    name: str
    app: str = ""
    content: Mapping[str, Json] = field(default_factory=dict[str, Json])

    @property
    def target(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """An executed change and how to undo it (R11). ``before`` is None for a creation."""

    change_id: str
    call_id: str
    at: float
    change: ObjectChange
    before: KnowledgeObject | None
    after: KnowledgeObject | None
    rolled_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """A case as the SOC's queue holds it: what was alerted, never what it turned out to be.

    ``entities`` maps `host`, `ip`, `user`, `domain`, `url`, `hash`, `email` to the values named
    in the alert. ``earliest``/``latest`` are epoch seconds."""

    case_id: str
    title: str
    description: str
    severity: Literal["low", "medium", "high", "critical"]
    status: Literal["new", "in_progress", "closed"]
    category: str
    created_at: float
    earliest: float
    latest: float
    source: str
    entities: Mapping[str, tuple[str, ...]]
    alerts: tuple[str, ...] = ()
    """event_ids of the alert events that opened the case."""
