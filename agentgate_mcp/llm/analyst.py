"""The model's paragraph of a case report, and what stands there when no model is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agentgate_mcp.llm.advise import advise
from agentgate_mcp.llm.port import AdvisoryModel, AdvisoryNote, AdvisoryPrompt
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Finding

OFF = "off"
"""Name of the model when there is none."""


@dataclass(frozen=True, slots=True)
class ModelAnalyst:
    """A `CaseAnalyst` that asks ``model``."""

    model: AdvisoryModel
    prompt_of: Callable[[Mapping[str, Json]], AdvisoryPrompt]
    timeout_s: float = 45.0

    async def analyse(self, result: Mapping[str, Json]) -> dict[str, Json]:
        try:
            prompt = self.prompt_of(result)
        except Exception as error:  # deny-on-error: what cannot be put safely is not asked
            problem = f"no prompt could be made ({type(error).__name__})"
            return AdvisoryNote(model=self.model.name, problem=problem).to_json()
        return (await advise(self.model, prompt, timeout_s=self.timeout_s)).to_json()


@dataclass(frozen=True, slots=True)
class NoAnalyst:
    """A `CaseAnalyst` without a model. ``reason`` says what would turn it on."""

    reason: str

    async def analyse(self, result: Mapping[str, Json]) -> dict[str, Json]:
        return AdvisoryNote(model=OFF, problem=self.reason).to_json()


@dataclass(frozen=True, slots=True)
class NoAdvice:
    """An `AdvisoryDesk` without a model: findings stand alone."""

    def submit(self, finding: Finding) -> None:
        """Nobody is asked."""

    def close(self) -> None:
        """Nothing is open."""
