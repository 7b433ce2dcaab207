"""Models are off unless they are turned on, and say what would turn them on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agentgate_mcp import config
from agentgate_mcp.advisors import analyst_of, desk_of
from agentgate_mcp.approvals.service import ApprovalService
from agentgate_mcp.compose import open_office
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.llm.analyst import ModelAnalyst, NoAdvice
from agentgate_mcp.llm.gemini import GeminiModel
from agentgate_mcp.llm.port import AdvisoryPrompt
from agentgate_mcp.llm.prompts import case_prompt
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Finding
from agentgate_mcp.redact import Redactor

pytestmark = pytest.mark.req("llm.off", "R5", "R10")

REDACTOR = Redactor(b"0123456789abcdef")
RESULT: dict[str, Json] = {"case_id": "1002", "host": "ws-042", "note": "detection-one, 198.51.100.7, owner"}


def same(value: Json) -> Json:
    return value


def settings(tmp_path: Path, **environ: str) -> config.Settings:
    return config.load(environ={"AGENTGATE_STATE_DIR": str(tmp_path), **environ})


def test_by_default_no_model_is_asked(tmp_path: Path, finding: Callable[..., Finding]) -> None:
    with open_office(tmp_path).ledger as ledger:
        desk = desk_of(settings(tmp_path), REDACTOR, ApprovalService(ledger))
    assert isinstance(desk, NoAdvice)
    desk.submit(finding())
    desk.close()
    answer = asyncio.run(analyst_of(settings(tmp_path), REDACTOR).analyse(RESULT))
    assert (answer["model"], answer["text"]) == ("off", "")
    assert "ENABLE_LLM=true" in str(answer["problem"])


def test_turned_on_without_a_gemini_key_the_case_says_what_is_missing(tmp_path: Path) -> None:
    answer = asyncio.run(analyst_of(settings(tmp_path, ENABLE_LLM="true"), REDACTOR).analyse(RESULT))
    assert "GEMINI_API_KEY" in str(answer["problem"])


def test_turned_on_with_a_key_the_analyst_asks_gemini(tmp_path: Path) -> None:
    analyst = analyst_of(settings(tmp_path, ENABLE_LLM="true", GEMINI_API_KEY="k"), REDACTOR)
    assert isinstance(analyst, ModelAnalyst)
    assert analyst.model.name == "gemini:gemini-2.5-flash"


@pytest.mark.parametrize(("mood", "advice"), [("good", "The call disables"), ("without-model", "no note: Ollama")])
def test_a_note_joins_its_finding_on_the_record(
    stub: Any, tmp_path: Path, finding: Callable[..., Finding], mood: str, advice: str
) -> None:
    stub.mood = mood
    asked = finding()
    with open_office(tmp_path).ledger as ledger:
        approvals = ApprovalService(ledger)
        desk = desk_of(settings(tmp_path, ENABLE_LLM="true", OLLAMA_HOST=stub.url), REDACTOR, approvals)
        opened = asyncio.run(approvals.open_finding(asked.call, asked.verdict, now=asked.created_at))
        noted = threading.Event()
        ledger.subscribe(lambda _seq: noted.set() if _advice(ledger, opened) else None)
        desk.submit(opened)
        assert noted.wait(20)
        desk.close()
        assert _advice(ledger, opened).startswith(advice)
        kept = ledger.finding(opened.finding_id)
    assert kept is not None
    assert kept.finding.verdict == opened.verdict


def _advice(ledger: Ledger, finding: Finding) -> str:
    record = ledger.finding(finding.finding_id)
    return record.finding.advisory if record is not None else ""


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
