"""The queue takes at once, drops rather than waits, accounts for every finding and never raises."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from agentgate_mcp.canonical import canonical_bytes
from agentgate_mcp.llm.ollama_client import OllamaModel
from agentgate_mcp.llm.port import AdvisoryNote, AdvisoryPrompt
from agentgate_mcp.llm.prompts import finding_prompt
from agentgate_mcp.llm.queue import CLOSED, QUEUE_FULL, AdvisoryQueue
from agentgate_mcp.model.decision import Severity
from agentgate_mcp.model.verdict import Finding

pytestmark = pytest.mark.req("llm.queue", "R5")

PATIENCE = 20


def prompt_of(finding: Finding) -> AdvisoryPrompt:
    return finding_prompt(finding, lambda value: value)


class Box:
    """A sink that remembers, and can be waited for."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, AdvisoryNote]] = []
        self.news = threading.Condition()

    def __call__(self, finding_id: str, note: AdvisoryNote) -> None:
        with self.news:
            self.notes.append((finding_id, note))
            self.news.notify_all()

    def wait(self, count: int) -> list[tuple[str, AdvisoryNote]]:
        with self.news:
            assert self.news.wait_for(lambda: len(self.notes) >= count, PATIENCE), self.notes
            return list(self.notes)


class Gated:
    """A model that answers when the test lets it."""

    name = "gated"

    def __init__(self, *, answers: bool = False) -> None:
        self.busy = threading.Event()
        self.answers = answers
        self._open: Callable[[], object] = lambda: None

    def let_go(self) -> None:
        self.answers = True
        self._open()

    async def reachable(self) -> str:
        return ""

    async def note(self, prompt: AdvisoryPrompt) -> AdvisoryNote:
        gate, loop = asyncio.Event(), asyncio.get_running_loop()
        self._open = lambda: loop.call_soon_threadsafe(gate.set)
        self.busy.set()
        if not self.answers:
            await gate.wait()
        return AdvisoryNote(model=self.name, text="It is as told.")


def test_a_finding_gets_its_note(stub: Any, finding: Callable[..., Finding]) -> None:
    box = Box()
    queue = AdvisoryQueue(OllamaModel(stub.url, "foundation-sec-8b"), prompt_of, box)
    queue.submit(finding())
    ((finding_id, note),) = box.wait(1)
    queue.close()
    assert finding_id == "f-1"
    assert note.text.startswith("The call disables detection-one on ws-042.")


def test_a_full_queue_drops_the_newest_and_says_why(finding: Callable[..., Finding]) -> None:
    box, model = Box(), Gated()
    queue = AdvisoryQueue(model, prompt_of, box, capacity=2)
    queue.submit(finding("f-0"))
    assert model.busy.wait(PATIENCE)
    for n in range(1, 5):
        queue.submit(finding(f"f-{n}"))
    assert queue.dropped == 2
    model.let_go()
    notes = dict(box.wait(5))
    queue.close()
    assert {i for i, n in notes.items() if n.problem == QUEUE_FULL} == {"f-3", "f-4"}
    assert {i for i, n in notes.items() if n.text} == {"f-0", "f-1", "f-2"}


def test_what_waits_when_the_process_ends_is_accounted_for(finding: Callable[..., Finding]) -> None:
    box, model = Box(), Gated()
    queue = AdvisoryQueue(model, prompt_of, box, capacity=2)
    queue.submit(finding("f-0"))
    assert model.busy.wait(PATIENCE)
    for n in range(1, 4):
        queue.submit(finding(f"f-{n}"))
    queue.close()
    assert {(i, n.problem) for i, n in box.notes} == {
        ("f-0", CLOSED),
        ("f-1", CLOSED),
        ("f-2", CLOSED),
        ("f-3", QUEUE_FULL),
    }


def test_a_closed_queue_takes_nothing_and_can_be_closed_again(finding: Callable[..., Finding]) -> None:
    box = Box()
    queue = AdvisoryQueue(Gated(), prompt_of, box)
    queue.close()
    queue.submit(finding())
    queue.close()
    assert box.notes == []


def test_no_thread_is_started_before_the_first_finding(finding: Callable[..., Finding]) -> None:
    before = threading.active_count()
    queue = AdvisoryQueue(Gated(), prompt_of, Box())
    queue.submit(finding(severity=Severity.LOW))
    assert threading.active_count() == before
    queue.close()


def test_findings_of_low_severity_are_not_asked_about(finding: Callable[..., Finding]) -> None:
    box, model = Box(), Gated(answers=True)
    queue = AdvisoryQueue(model, prompt_of, box)
    for severity in Severity:
        queue.submit(finding(severity.label, severity=severity))
    box.wait(3)
    queue.close()
    assert [i for i, _ in box.notes] == ["medium", "high", "critical"]


def test_neither_prompt_nor_sink_nor_model_can_make_it_raise(finding: Callable[..., Finding]) -> None:
    box, model = Box(), Gated(answers=True)

    def bad_prompt(item: Finding) -> AdvisoryPrompt:
        if item.finding_id == "f-bad-prompt":
            raise ValueError("secret words")
        return prompt_of(item)

    def bad_sink(finding_id: str, note: AdvisoryNote) -> None:
        if finding_id == "f-bad-sink":
            raise OSError("disk full")
        box(finding_id, note)

    queue = AdvisoryQueue(model, bad_prompt, bad_sink)
    for name in ("f-bad-sink", "f-bad-prompt", "f-good"):
        queue.submit(finding(name))
    notes = dict(box.wait(2))
    queue.close()
    assert notes["f-bad-prompt"].problem == "no prompt could be made (ValueError)"
    assert notes["f-good"].text == "It is as told."


@pytest.mark.parametrize("mood", ["slow", "lying", "garbage", "busy", "without-model", "endless"])
def test_whatever_a_model_does_the_verdict_keeps_every_byte(
    stub: Any, finding: Callable[..., Finding], mood: str
) -> None:
    stub.mood = mood
    asked = finding()
    before = canonical_bytes(asked.verdict.to_json())
    box = Box()
    queue = AdvisoryQueue(OllamaModel(stub.url, "foundation-sec-8b", timeout_s=0.3), prompt_of, box, timeout_s=5)
    queue.submit(asked)
    box.wait(1)
    queue.close()
    assert canonical_bytes(asked.verdict.to_json()) == before
    assert asked.advisory == ""


def test_many_threads_submit_and_each_finding_is_accounted_for_once(finding: Callable[..., Finding]) -> None:
    box, model = Box(), Gated(answers=True)
    queue = AdvisoryQueue(model, prompt_of, box, capacity=8)
    start = threading.Barrier(8)

    def submit(worker: int) -> None:
        start.wait()
        for n in range(20):
            queue.submit(finding(f"f-{worker}-{n}"))

    threads = [threading.Thread(target=submit, args=(w,)) for w in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    box.wait(160)
    queue.close()
    assert sorted(i for i, _ in box.notes) == sorted(f"f-{w}-{n}" for w in range(8) for n in range(20))
