"""Both clients against real servers on loopback that are good, dead, slow, lying or broken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from agentgate_mcp.llm.advise import advise
from agentgate_mcp.llm.gemini import GeminiModel
from agentgate_mcp.llm.ollama_client import OllamaModel
from agentgate_mcp.llm.port import AdvisoryModel, AdvisoryNote, AdvisoryPrompt
from agentgate_mcp.llm.reply import read_reply

pytestmark = pytest.mark.req("llm.clients", "R5")

KEY = "test-key-not-a-secret"
PROMPT = AdvisoryPrompt(
    system="You decide nothing.", question="What now?", facts="detection-one on ws-042 (198.51.100.7); owner"
)
GOOD_TEXT = "The call disables detection-one on ws-042.\n- It leaves 198.51.100.7 unwatched.\n- Check: Ask the owner."
BROKEN = ["garbage", "odd-error", "busy", "prose", "wrong-shape"]

Make = Callable[..., AdvisoryModel]


def ollama(url: str, timeout_s: float = 20.0) -> AdvisoryModel:
    return OllamaModel(url, "foundation-sec-8b", timeout_s=timeout_s, probe_s=timeout_s)


def gemini(url: str, timeout_s: float = 20.0) -> AdvisoryModel:
    return GeminiModel(SecretStr(KEY), "gemini-2.5-flash", timeout_s=timeout_s, base_url=url)


class Fixed:
    """A model that says one thing."""

    name = "fixed"

    def __init__(self, text: str = "All is well.", problem: str = "", error: Exception | None = None) -> None:
        self.text, self.problem, self.error = text, problem, error
        self.asked = 0

    async def reachable(self) -> str:
        self.asked += 1
        return self.problem

    async def note(self, prompt: AdvisoryPrompt) -> AdvisoryNote:
        if self.error is not None:
            raise self.error
        return AdvisoryNote(model=self.name, text=self.text)


both = pytest.mark.parametrize("make", [ollama, gemini])


def ask(model: AdvisoryModel) -> AdvisoryNote:
    return asyncio.run(advise(model, PROMPT, timeout_s=30.0))


@both
def test_a_structured_answer_becomes_text(stub: Any, make: Make) -> None:
    note = ask(make(stub.url))
    assert note.problem == ""
    assert note.text == GOOD_TEXT


@both
def test_a_lying_model_loses_the_sentences_that_it_made_up(stub: Any, make: Make) -> None:
    stub.mood = "lying"
    note = ask(make(stub.url))
    assert note.text == "The call disables detection-one."
    assert note.dropped == 2


@both
@pytest.mark.parametrize("mood", BROKEN)
def test_a_broken_answer_is_a_problem_not_an_exception(stub: Any, make: Make, mood: str) -> None:
    stub.mood = mood
    note = ask(make(stub.url))
    assert note.text == ""
    assert note.problem


@both
def test_a_dead_model_is_a_problem_that_names_neither_host_nor_key(dead_url: str, make: Make) -> None:
    note = ask(make(dead_url, 5.0))
    assert note.text == ""
    assert note.problem
    assert "127.0.0.1" not in note.problem
    assert KEY not in note.problem


@both
def test_a_slow_model_is_given_up(stub: Any, make: Make) -> None:
    assert ask(make(stub.url)).text  # imports the client, which takes longer than the time-out below
    stub.mood = "slow"
    note = asyncio.run(make(stub.url, 0.3).note(PROMPT))
    assert note.problem == "no answer within 0.3 s"


def test_a_client_that_never_returns_is_given_up_from_outside() -> None:
    class Stuck(Fixed):
        async def note(self, prompt: AdvisoryPrompt) -> AdvisoryNote:
            await asyncio.Event().wait()
            return AdvisoryNote(model=self.name)

    note = asyncio.run(advise(Stuck(), PROMPT, timeout_s=0.05))
    assert note.problem == "no answer within 0.05 s"


def test_cancelling_the_question_cancels_the_client() -> None:
    class Stuck(Fixed):
        cancelled = False

        async def note(self, prompt: AdvisoryPrompt) -> AdvisoryNote:
            started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
            return AdvisoryNote(model=self.name)

    async def scenario(model: Stuck) -> None:
        task = asyncio.create_task(advise(model, PROMPT, timeout_s=30))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    started = asyncio.Event()
    model = Stuck()
    asyncio.run(scenario(model))
    assert model.cancelled


def test_ollama_is_asked_for_structure_and_told_the_frame(stub: Any) -> None:
    ask(ollama(stub.url))
    body = stub.requests[0]["body"]
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    assert body["messages"][0]["content"] == PROMPT.system
    assert body["format"]["required"] == ["summary", "concerns", "checks"]
    assert body["stream"] is False
    assert body["options"]["temperature"] == 0


def test_gemini_is_asked_once_with_the_key_in_a_header_only(stub: Any) -> None:
    ask(gemini(stub.url))
    (request,) = stub.requests
    assert request["headers"]["x-goog-api-key"] == KEY
    assert KEY not in str(request["body"]) + request["path"]
    assert request["path"].endswith("/models/gemini-2.5-flash:generateContent")
    assert request["body"]["generationConfig"]["responseMimeType"] == "application/json"


def test_gemini_is_not_asked_again_when_it_is_busy(stub: Any) -> None:
    stub.mood = "busy"
    ask(gemini(stub.url))
    assert len(stub.requests) == 1


@pytest.mark.parametrize("mood", ["endless", "zipped", "elsewhere"])
def test_ollama_is_cut_off_when_it_floods_compresses_or_redirects(stub: Any, mood: str) -> None:
    stub.mood = mood
    note = ask(ollama(stub.url))
    assert note.problem.startswith("the request failed")
    assert [r["path"] for r in stub.requests] == ["/api/chat"]


@pytest.mark.parametrize(
    ("mood", "problem"), [("without-model", "pull it first"), ("garbage-tags", "Ollama is not reachable")]
)
def test_ollama_without_the_model_is_not_asked(stub: Any, mood: str, problem: str) -> None:
    stub.mood = mood
    assert problem in ask(ollama(stub.url)).problem
    assert stub.requests == []


def test_proxies_of_the_environment_are_not_used(stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:9")
    assert ask(ollama(stub.url)).text == GOOD_TEXT


def test_gemini_without_a_key_is_not_asked(stub: Any) -> None:
    model = GeminiModel(SecretStr(""), "gemini-2.5-flash", base_url=stub.url)
    assert ask(model).problem == "GEMINI_API_KEY is empty"
    assert stub.requests == []


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        (Fixed(problem="not here"), "not here"),
        (Fixed(error=ValueError("token=abc")), "the client failed (ValueError)"),
        (Fixed(error=RecursionError()), "the client failed (RecursionError)"),
        (Fixed(text=""), "an empty answer"),
        (Fixed(text="Host ws-999 did it."), "every sentence named something that the facts do not hold"),
    ],
)
def test_every_failure_is_a_note_with_a_problem(model: Fixed, problem: str) -> None:
    note = ask(model)
    assert (note.text, note.problem) == ("", problem)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"summary": "a"}',
        '{"summary": "a", "concerns": [], "checks": [], "approve": true}',
        '{"summary": "a", "summary": "b", "concerns": [], "checks": []}',
        '{"summary": "a", "concerns": "b", "checks": []}',
        '{"summary": "", "concerns": [], "checks": []}',
        '{"summary": "' + "a" * 5000 + '", "concerns": [], "checks": []}',
        '{"summary": "\\ud800", "concerns": [], "checks": []}' * 2,
        "[" * 5000,
    ],
)
def test_what_is_not_a_reply_is_not_read(raw: str) -> None:
    assert read_reply(raw) is None


def test_a_reply_is_read_and_shortened() -> None:
    points = ", ".join(f'"point {n}"' for n in range(9))
    text = read_reply(f'{{"summary": "s", "concerns": [{points}], "checks": ["look"]}}')
    assert text is not None
    assert text.splitlines() == ["s", *[f"- point {n}" for n in range(5)], "- Check: look"]
