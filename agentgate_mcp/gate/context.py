"""What a stage is given: the call, the state of the world, and what earlier stages found."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentgate_mcp.effects import Effects
from agentgate_mcp.errors import BudgetError
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.gate.world import World
from agentgate_mcp.model.call import ToolCall, ToolSpec
from agentgate_mcp.model.facts import BlastRadiusFacts, CostFacts, InjectionFacts, ProvenanceFacts


class Budget:
    """Work that a verdict may cost, in steps, so that running out is the same on any machine."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Raises: BudgetError when the work budget is used up."""
        self.left -= steps
        if not self.left >= 0:
            raise BudgetError("the work budget of this verdict is used up")


@dataclass(slots=True, kw_only=True)
class StageContext:
    """Filled from stage to stage by the pipeline; stages only read it."""

    call: ToolCall
    spec: ToolSpec | None
    effects: Effects
    session: SessionState
    world: World
    as_of: float
    budget: Budget
    injection: InjectionFacts = field(default_factory=InjectionFacts)
    provenance: ProvenanceFacts = field(default_factory=ProvenanceFacts)
    blast_radius: BlastRadiusFacts = field(default_factory=BlastRadiusFacts)
    cost: CostFacts = field(default_factory=CostFacts)

    @property
    def search_now(self) -> float:
        """The instant that `-24h` counts from: bundled telemetry has a clock of its own."""
        return self.as_of if self.world.search_now is None else self.world.search_now
