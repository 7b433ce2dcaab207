"""Which models advise this deployment. None of them decides anything (R5)."""

from __future__ import annotations

import asyncio
from typing import Protocol

from agentgate_mcp.approvals.service import ApprovalService
from agentgate_mcp.config import Settings
from agentgate_mcp.llm.analyst import ModelAnalyst, NoAdvice, NoAnalyst
from agentgate_mcp.llm.gemini import GeminiModel
from agentgate_mcp.llm.ollama_client import OllamaModel
from agentgate_mcp.llm.port import AdvisoryNote, CaseAnalyst
from agentgate_mcp.llm.prompts import case_prompt, finding_prompt
from agentgate_mcp.llm.queue import AdvisoryQueue
from agentgate_mcp.model.verdict import Finding
from agentgate_mcp.redact import Redactor


class Desk(Protocol):
    """An advisory desk that can be closed."""

    def submit(self, finding: Finding) -> None: ...
    def close(self) -> None: ...


def desk_of(settings: Settings, redactor: Redactor, approvals: ApprovalService) -> Desk:
    """Notes on findings by a model behind Ollama, or nobody's."""
    if not settings.enable_llm:
        return NoAdvice()

    def attach(finding_id: str, note: AdvisoryNote) -> None:
        asyncio.run(approvals.advise(finding_id, note.text or f"no note: {note.problem}", model=note.model))

    model = OllamaModel(settings.ollama_host, settings.reasoning_model)
    return AdvisoryQueue(model, lambda finding: finding_prompt(finding, redactor.redact), attach)


def analyst_of(settings: Settings, redactor: Redactor) -> CaseAnalyst:
    """The model's paragraph of a case report, or why there is none."""
    if not settings.enable_llm:
        return NoAnalyst("models are off; ENABLE_LLM=true turns them on")
    if settings.gemini_api_key is None:
        return NoAnalyst("no GEMINI_API_KEY is set")
    model = GeminiModel(settings.gemini_api_key, settings.gemini_model)
    return ModelAnalyst(model, lambda result: case_prompt(result, redactor.redact))
