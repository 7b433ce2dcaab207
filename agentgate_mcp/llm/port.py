"""The ports to generative models. What comes back is text to show to people, labelled, and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryPrompt:
    """A question to a model. ``facts`` is all that the answer may name: anything else is dropped."""

    system: str
    question: str
    facts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryNote:
    """What a model said, or why there is nothing: exactly one of ``text`` and ``problem`` is set.

    ``dropped`` counts sentences removed because they named something that the facts do not hold."""

    model: str
    text: str = ""
    problem: str = ""
    dropped: int = 0

    def to_json(self) -> dict[str, Json]:
        return {"model": self.model, "text": self.text, "problem": self.problem, "dropped": self.dropped}


class AdvisoryModel(Protocol):
    """A model behind a client. Neither method raises: a failure is a value that says what happened."""

    @property
    def name(self) -> str: ...

    async def note(self, prompt: AdvisoryPrompt) -> AdvisoryNote: ...

    async def reachable(self) -> str:
        """Empty when the model can be asked now, else why not, in words without host or key."""
        ...


NoteSink = Callable[[str, AdvisoryNote], None]
"""Takes a finding id and its note; may block, and may run a loop of its own."""


class AdvisoryDesk(Protocol):
    """Takes findings that deserve a note. Returns at once, never raises."""

    def submit(self, finding: Finding) -> None: ...


class CaseAnalyst(Protocol):
    """Writes the model's paragraph of a case report from the finished result. Never raises.

    The answer has the keys of `AdvisoryNote.to_json`; ``problem`` says why ``text`` is empty."""

    async def analyse(self, result: Mapping[str, Json]) -> dict[str, Json]: ...
