"""What the graph is made of: typed nodes, requirement groups, coverage claims, problems.

An object's requirements stand in conjunctive form: every `Group` must hold, and a group holds
while one of its members does. A plain dependency is a group of one; alternatives
(``source=A OR source=B``) are one group of several.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Literal, get_args

from agentgate_mcp.model.site import Criticality, KnowledgeObject

NodeKind = Literal[
    "saved_search", "macro", "lookup", "data_model", "dashboard", "panel", "eventtype", "tag", "field_extraction",
    "index", "sourcetype", "source", "kv_collection", "hec_token", "data_source", "asset", "technique", "control",
]  # fmt: skip

NODE_KINDS: frozenset[str] = frozenset(get_args(NodeKind))

DATA_KINDS: frozenset[str] = frozenset({"index", "sourcetype", "source", "eventtype", "tag", "data_source"})
"""Kinds whose absence makes a search find nothing; the absence of any other kind makes it fail."""

KIND_ALIASES: Mapping[str, NodeKind] = {
    "datamodel": "data_model", "det": "saved_search", "detection": "saved_search", "alert": "saved_search",
    "savedsearch": "saved_search", "datasource": "data_source", "view": "dashboard", "kvstore": "kv_collection",
}  # fmt: skip


class Role(StrEnum):
    """What an edge says of its dependency. Only `REQUIRES` counts in plain reachability."""

    REQUIRES = "requires"
    CONTAINS = "contains"
    """A data model holds its datasets."""
    FEEDS = "feeds"
    """A search writes a lookup: without it the lookup goes stale."""
    DISPLAYS = "displays"
    PROTECTS = "protects"
    COVERS = "covers"


class Force(StrEnum):
    """What a requirement that does not hold does to the object: `FULL` passes everything on,
    `RUNS` breaks it only where the needed thing cannot run (a macro beside NOT, in an appended
    search), `WEAK` (named in quotes, data under NOT) can degrade and never break."""

    FULL = "full"
    RUNS = "runs"
    WEAK = "weak"


class State(IntEnum):
    """How an object fares. `EMPTY`: it runs and can find nothing. `FAILED`: it cannot run."""

    OK = 0
    DEGRADED = 1
    EMPTY = 2
    FAILED = 3

    @property
    def broken(self) -> bool:
        return self >= State.EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One requirement: ``members`` (node ids, sorted) are alternatives."""

    members: tuple[str, ...]
    role: Role = Role.REQUIRES
    force: Force = Force.FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node. ``object`` is None for what is only referred to (a sourcetype, an external macro)."""

    id: str
    kind: NodeKind
    name: str
    object: KnowledgeObject | None = None

    @property
    def team(self) -> str:
        return self.object.team if self.object else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What a saved search claims to cover, and whether it counts.

    ``counts`` is False for what is disabled, not scheduled, failing, experimental or deprecated;
    ``reason`` then says why."""

    id: str
    techniques: tuple[str, ...]
    controls: tuple[str, ...]
    assets: tuple[str, ...]
    counts: bool
    reason: str = ""
    experimental: bool = False
    observed: tuple[str, ...] = ()
    """Assets whose data it finds, where it declares none."""

    @property
    def declares_assets(self) -> bool:
        return bool(self.assets)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetNode:
    """The part of an asset that coverage needs."""

    id: str
    criticality: Criticality
    tags: tuple[str, ...]
    owner_team: str
    known: bool = True
    names: frozenset[str] = frozenset()
    """Id, host names and addresses, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """Something in the content that is wrong, and where. The graph is built all the same.

    ``kind`` is `cycle`, `dangling`, `duplicate`, `unreadable`, `arity` or `unknown_asset`."""

    where: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one object needs, feeds and claims, before names are resolved to nodes."""

    needs: tuple[Need, ...] = ()
    writes: tuple[Ref, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Ref:
    """A name as a text uses it. ``arity`` is the number of a macro call's arguments."""

    kind: NodeKind
    name: str
    arity: int = -1


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Need:
    """A requirement by names: ``refs`` are alternatives."""

    refs: tuple[Ref, ...]
    force: Force = Force.FULL
    role: Role = Role.REQUIRES
