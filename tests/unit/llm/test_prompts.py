"""A prompt holds facts, framed and bounded, and no secret."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.llm.prompts import MAX_FACTS, case_prompt, finding_prompt, framed
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.verdict import Finding
from agentgate_mcp.redact import Redactor

pytestmark = pytest.mark.req("llm.prompt", "R5", "R8")

REDACT = Redactor(b"0123456789abcdef").redact
SECRET = "AKIAIOSFODNN7" + "EXAMPLE"


def marker_of(question: str) -> str:
    return question.splitlines()[2]


def test_the_prompt_holds_decision_reasons_and_arguments(finding: Callable[..., Finding]) -> None:
    prompt = finding_prompt(finding(), REDACT)
    for expected in (
        "decision: BLOCK",
        "severity: high",
        "policies: POL-001",
        "arguments.name: detection-one",
        "ws-042",
    ):
        assert expected in prompt.facts
    assert prompt.facts in prompt.question


def test_neither_the_users_prompt_nor_passed_context_goes_to_a_model(finding: Callable[..., Finding]) -> None:
    prompt = finding_prompt(finding(), REDACT)
    for hidden in ("private-host-9", "context-host-8", "alice", "0" * 64):
        assert hidden not in prompt.system + prompt.question


def test_a_secret_in_an_argument_is_replaced_before_it_is_cut(finding: Callable[..., Finding]) -> None:
    arguments: dict[str, Json] = {"settings": {"password": "hunter2hunter2"}, "reason": "x" * 290 + " " + SECRET}
    prompt = finding_prompt(finding(arguments=arguments), REDACT)
    assert "hunter2" not in prompt.question
    assert SECRET[:8] not in prompt.question


def test_the_frame_cannot_be_foreseen_or_closed(finding: Callable[..., Finding]) -> None:
    first, second = (finding_prompt(finding(), REDACT).question for _ in range(2))
    assert marker_of(first) != marker_of(second)
    assert first.count(marker_of(first)) == 2
    assert framed("before [m1] m1 after", "m1").splitlines()[1] == "before []  after"


@given(st.text(max_size=400))
def test_text_from_data_stays_on_its_line_inside_the_frame(hostile: str) -> None:
    prompt = case_prompt({"title": f"a{hostile}b"}, REDACT)
    lines = prompt.question.split("\n")
    assert len(lines) == 5
    assert lines[2] == lines[4]
    assert len(prompt.facts.splitlines()) == 1


def test_facts_are_bounded_whatever_the_case_is_like() -> None:
    deep: Json = "end"
    for _ in range(50):
        deep = {"more": deep}
    result: dict[str, Json] = {
        "case_id": "1002",
        "timeline": [{"event": f"e-{n}", "text": "y" * 5000} for n in range(500)],
        "deep": deep,
    }
    prompt = case_prompt(result, REDACT)
    assert prompt.facts.startswith("case_id: 1002")
    assert prompt.facts.endswith("(more facts were left out)")
    assert len(prompt.facts) <= MAX_FACTS + 100


def test_an_earlier_analysis_and_queries_are_no_facts() -> None:
    prompt = case_prompt({"case_id": "1", "llm_analysis": {"text": "old"}, "findings": [{"query": "search x"}]}, REDACT)
    assert prompt.facts == "case_id: 1"


def test_the_system_text_says_that_nothing_is_decided(finding: Callable[..., Finding]) -> None:
    system = finding_prompt(finding(), REDACT).system
    assert "You decide nothing" in system
    assert "Use only these facts" in system
