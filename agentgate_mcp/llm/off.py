"""No models: what stands in their place says so and costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentgate_mcp.llm.port import AdvisoryNote
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Finding


@dataclass(frozen=True, slots=True)
class NoDesk:
    """Takes findings and asks nobody."""

    def submit(self, finding: Finding) -> None:
        return None


@dataclass(frozen=True, slots=True)
class NoAnalyst:
    """``reason`` says why no model is asked."""

    reason: str

    async def analyse(self, result: Mapping[str, Json]) -> dict[str, Json]:
        return AdvisoryNote(model="", problem=self.reason).to_json()
