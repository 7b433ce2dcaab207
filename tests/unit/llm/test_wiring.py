"""Models are off unless they are turned on, and say what would turn them on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agentgate_mcp import config
from agentgate_mcp.llm.analyst import ModelAnalyst, NoAdvice, NoAnalyst
from agentgate_mcp.llm.gemini import GeminiModel
from agentgate_mcp.llm.port import AdvisoryNote, AdvisoryPrompt
from agentgate_mcp.llm.prompts import case_prompt
from agentgate_mcp.llm.queue import AdvisoryQueue
from agentgate_mcp.llm.wiring import advisors
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Finding

pytestmark = pytest.mark.req("llm.off", "R5", "R10")

RESULT: dict[str, Json] = {"case_id": "1002", "host": "ws-042", "note": "detection-one, 198.51.100.7, owner"}


def same(value: Json) -> Json:
    return value


def ignore(finding_id: str, note: AdvisoryNote) -> None:
    raise AssertionError(f"nobody was asked about {finding_id}: {note}")


def settings(tmp_path: Path, **environ: str) -> config.Settings:
    return config.load(environ={"AGENTGATE_STATE_DIR": str(tmp_path), **environ})


def test_by_default_no_model_is_asked(tmp_path: Path, finding: Callable[..., Finding]) -> None:
    off = advisors(settings(tmp_path), redact=same, sink=ignore)
    assert isinstance(off.desk, NoAdvice)
    off.desk.submit(finding())
    answer = asyncio.run(off.analyst.analyse(RESULT))
    off.close()
    assert answer == {
        "model": "off",
        "text": "",
        "problem": "off; set ENABLE_LLM=true and GEMINI_API_KEY to have it",
        "dropped": 0,
    }


def test_turned_on_without_a_gemini_key_the_case_says_what_is_missing(tmp_path: Path) -> None:
    on = advisors(settings(tmp_path, ENABLE_LLM="true"), redact=same, sink=ignore)
    assert isinstance(on.desk, AdvisoryQueue)
    assert on.analyst == NoAnalyst("off; set GEMINI_API_KEY to have it")
    on.close()


def test_turned_on_with_a_key_the_analyst_asks_gemini(tmp_path: Path) -> None:
    on = advisors(settings(tmp_path, ENABLE_LLM="true", GEMINI_API_KEY="k"), redact=same, sink=ignore)
    assert isinstance(on.analyst, ModelAnalyst)
    assert on.analyst.model.name == "gemini:gemini-2.5-flash"
    on.close()


def test_the_paragraph_of_a_case_is_grounded_in_its_result(stub: Any) -> None:
    stub.mood = "lying"
    model = GeminiModel(SecretStr("k"), "gemini-2.5-flash", base_url=stub.url)
    answer = asyncio.run(ModelAnalyst(model, lambda r: case_prompt(r, same)).analyse(RESULT))
    assert answer["text"] == "The call disables detection-one."
    assert answer["dropped"] == 2


def test_a_result_that_cannot_be_put_is_said_in_the_report() -> None:
    def broken(result: object) -> AdvisoryPrompt:
        raise KeyError("x")

    model = GeminiModel(SecretStr("k"), "gemini-2.5-flash")
    answer = asyncio.run(ModelAnalyst(model, broken).analyse(RESULT))
    assert answer["problem"] == "no prompt could be made (KeyError)"
