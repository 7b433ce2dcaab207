"""Which models are asked, from the settings: none unless ENABLE_LLM is set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from agentgate_mcp.config import Settings
from agentgate_mcp.llm.analyst import ModelAnalyst, NoAdvice, NoAnalyst
from agentgate_mcp.llm.gemini import GeminiModel
from agentgate_mcp.llm.ollama_client import OllamaModel
from agentgate_mcp.llm.port import CaseAnalyst, NoteSink
from agentgate_mcp.llm.prompts import Redact, case_prompt, finding_prompt
from agentgate_mcp.llm.queue import AdvisoryQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisors:
    """Who is asked for advice: ``desk`` about findings, ``analyst`` about cases."""

    desk: AdvisoryQueue | NoAdvice
    analyst: CaseAnalyst

    def close(self) -> None:
        """Ends what runs in the background. Call it before the ledger is closed."""
        self.desk.close()


def advisors(settings: Settings, *, redact: Redact, sink: NoteSink) -> Advisors:
    """Advisors for ``settings``. Nothing is contacted here: a model is probed when it is first asked."""
    if not settings.enable_llm:
        return Advisors(desk=NoAdvice(), analyst=NoAnalyst("off; set ENABLE_LLM=true and GEMINI_API_KEY to have it"))
    model = OllamaModel(settings.ollama_host, settings.reasoning_model)
    return Advisors(
        desk=AdvisoryQueue(model, partial(finding_prompt, redact=redact), sink),
        analyst=_analyst(settings, redact),
    )


def _analyst(settings: Settings, redact: Redact) -> CaseAnalyst:
    if settings.gemini_api_key is None:
        return NoAnalyst("off; set GEMINI_API_KEY to have it")
    model = GeminiModel(settings.gemini_api_key, settings.gemini_model)
    return ModelAnalyst(model, partial(case_prompt, redact=redact))
