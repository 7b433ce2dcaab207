"""The world as one immutable snapshot, each part with a hash (DESIGN §3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from agentgate_mcp.canonical import digest
from agentgate_mcp.gate.cost_model import CostBaselines
from agentgate_mcp.gate.policy.compiled import PolicyLibrary
from agentgate_mcp.graph.baseline import Baseline
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.model.call import Json, ToolSpec
from agentgate_mcp.model.decision import Profile
from agentgate_mcp.model.site import Asset, Team
from agentgate_mcp.spl.knowledge import KnowledgeSet


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """What an agent may reach. Empty ``indexes`` or ``apps`` means: no limit of that kind."""

    agent_id: str
    team: str = ""
    roles: tuple[str, ...] = ()
    read_only: bool = False
    indexes: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    rows_per_day: int = 200_000
    bytes_per_day: int = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything outside the call and the session that a verdict may depend on."""

    tools: Mapping[str, ToolSpec]
    knowledge: KnowledgeSet
    graph: KnowledgeGraph
    assets: tuple[Asset, ...]
    teams: tuple[Team, ...]
    agents: Mapping[str, AgentProfile]
    cost: CostBaselines
    policies: PolicyLibrary
    profile: Profile
    search_now: float | None = None
    accepted: Baseline = field(default_factory=Baseline)
    """What objects were when an operator last accepted them."""
    frozen: frozenset[str] = frozenset()
    """Principals under `freeze`; `*` is everybody."""
    breaker_open: frozenset[str] = frozenset()
    """Requesters whose circuit breaker is open."""
    hash: str = field(init=False, default="")

    def __post_init__(self) -> None:
        parts: dict[str, Json] = {
            "knowledge": self.knowledge.hash,
            "graph": self.graph.hash,
            "policies": self.policies.lock,
            "cost": self.cost.hash,
            "accepted": self.accepted.hash,
            "site": _site_hash(self),
        }
        object.__setattr__(self, "hash", digest(parts))

    def agent(self, agent_id: str, asserted: str = "") -> AgentProfile:
        """What ``agent_id`` may reach, narrowed by the limits of the agent it says it is."""
        own = self.agents.get(agent_id) or AgentProfile(agent_id=agent_id)
        claimed = self.agents.get(asserted)
        if claimed is None:
            return own
        return replace(
            own,
            read_only=own.read_only or claimed.read_only,
            indexes=_narrowed(own.indexes, claimed.indexes),
            apps=_narrowed(own.apps, claimed.apps),
            rows_per_day=min(own.rows_per_day, claimed.rows_per_day),
            bytes_per_day=min(own.bytes_per_day, claimed.bytes_per_day),
        )


_NOTHING = ("",)
"""A limit that nothing satisfies; an empty one would mean no limit."""


def _narrowed(own: tuple[str, ...], claimed: tuple[str, ...]) -> tuple[str, ...]:
    if not own or not claimed:
        return own or claimed
    return tuple(n for n in own if n in claimed) or _NOTHING


def _site_hash(world: World) -> str:
    parts: dict[str, Json] = {
        "tools": _sorted(_described(tool) for tool in world.tools.values()),
        "assets": _sorted(repr(a) for a in world.assets),
        "teams": _sorted(repr(t) for t in world.teams),
        "agents": _sorted(repr(a) for a in world.agents.values()),
        "profile": world.profile.value,
        "search_now": world.search_now,
        "frozen": _sorted(world.frozen),
        "breaker_open": _sorted(world.breaker_open),
    }
    return digest(parts)


def _described(tool: ToolSpec) -> str:
    roles = sorted((name, role.value) for name, role in tool.roles.items())
    return f"{tool.name}:{tool.toolset}:{tool.side_effect}:{roles}"


def _sorted(texts: Iterable[str]) -> Json:
    return [*sorted(texts)]
