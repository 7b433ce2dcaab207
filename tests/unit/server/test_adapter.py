"""Outcomes as MCP results."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.exceptions import MCPError
from mcp.types import TextContent

from agentgate_mcp.model.decision import Decision
from agentgate_mcp.model.verdict import Held, Refused, Released
from agentgate_mcp.server import adapter
from agentgate_mcp.server.plain import fit, token_estimate, without_thresholds
from tests.protocol.fakes import verdict


def text(result: Any) -> list[str]:
    return [c.text for c in result.content if isinstance(c, TextContent)]


@pytest.mark.req("server.released")
def test_a_released_result_is_structured_and_compact_text_of_the_same() -> None:
    result = adapter.tool_result(
        Released(call_id="c-1", result={"a": [1, "é"]}, verdict=verdict(Decision.ALLOW), notes=("cut at 100 rows",))
    )
    assert not result.is_error
    assert result.structured_content == {"a": [1, "é"]}
    assert text(result) == ['{"a":[1,"é"]}', "Notes: cut at 100 rows"]
    assert result.meta == {"agentgate/call_id": "c-1"}


@pytest.mark.req("server.refusal-text")
def test_a_refusal_without_a_verdict_is_a_block_that_names_its_code() -> None:
    result = adapter.tool_result(Refused(call_id="c", code="argument", message="row_limit: expected 1..1000, got 5000"))
    assert result.is_error
    assert text(result) == ["REFUSED (argument): row_limit: expected 1..1000, got 5000."]
    assert result.structured_content == {
        "decision": "BLOCK",
        "status": "refused",
        "finding_id": "",
        "policies": [],
        "suggestion": "",
        "reason": "row_limit: expected 1..1000, got 5000",
    }


@pytest.mark.req("server.refusal-text")
def test_a_call_that_was_allowed_and_failed_says_failed() -> None:
    result = adapter.tool_result(
        Refused(call_id="c", code="backend_timeout", message="no answer", verdict=verdict(Decision.ALLOW))
    )
    assert text(result) == ["FAILED (backend_timeout): no answer."]
    assert result.structured_content["status"] == "failed"
    assert result.structured_content["decision"] == "ALLOW"


@pytest.mark.req("server.refusal-text")
def test_a_policy_is_named_once() -> None:
    decided = verdict(Decision.BLOCK, "POL-004")
    outcome = Refused(call_id="c", code="blocked", message="POL-004: It destroys data.", verdict=decided)
    assert text(adapter.tool_result(outcome)) == ["BLOCK (POL-004): It destroys data."]


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=1500)


@pytest.mark.req("server.refusal-text")
@given(words, words, st.lists(st.sampled_from([f"POL-{n:03}" for n in range(1, 18)]), unique=True), st.booleans())
def test_no_refusal_is_longer_than_150_tokens(message: str, suggestion: str, policies: list[str], held: bool) -> None:
    if held:
        decided = verdict(Decision.REQUIRE_APPROVAL, *policies, suggestion=suggestion)
        outcome: Held | Refused = Held(
            call_id="c", finding_id="f-0123456789abcdef", expires_at=0, message=message, verdict=decided
        )
    else:
        decided = verdict(Decision.BLOCK, *policies, suggestion=suggestion)
        outcome = Refused(
            call_id="c", code="blocked", message=message, finding_id="f-0123456789abcdef", verdict=decided
        )
    [shown] = text(adapter.tool_result(outcome))
    assert token_estimate(shown) <= adapter.TOKENS == 150
    assert "f-0123456789abcdef" in shown


@pytest.mark.req("server.refusal-text")
@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("It reads more than 5 indexes.", "It reads more than [limit] indexes."),
        ("Predicted cost is over 1,200.5 SVC-hours", "Predicted cost is over [limit] SVC-hours"),
        ("above the ceiling of 2e9 events", "above the ceiling of [limit] events"),
        ("the limit is 40 targets", "the limit is [limit] targets"),
        ("ranges wider than /24 are refused", "ranges wider than [limit] are refused"),
        ("3 targets >= 3", "3 targets past [limit]"),
        ("at most 10% of rows", "at most [limit] of rows"),
        ("It touches 12 hosts.", "It touches 12 hosts."),
        ("Blocking 192.0.2.7 is over 10.0.0.1", "Blocking 192.0.2.7 is over 10.0.0.1"),
        ("POL-012 says so, SHA-256 too", "POL-012 says so, SHA-256 too"),
    ],
)
def test_numbers_after_comparisons_are_not_told(told: str, shown: str) -> None:
    assert without_thresholds(told) == shown


@pytest.mark.req("server.refusal-text")
@given(words, st.integers(0, 200))
def test_fitted_text_stays_within_its_budget(given_text: str, budget: int) -> None:
    assert token_estimate(fit(given_text, budget)) <= max(budget, 0)


@pytest.mark.req("server.resources")
def test_an_unreleased_resource_is_an_error_with_a_fitting_code() -> None:
    allowed, blocked = verdict(Decision.ALLOW), verdict(Decision.BLOCK, "POL-016")
    held = verdict(Decision.REQUIRE_APPROVAL, "POL-012")
    cases = [
        (Refused(call_id="c", code="not_found", message="no case"), -32602),
        (Refused(call_id="c", code="not_found", message="no case", verdict=allowed), -32602),
        (Refused(call_id="c", code="blocked", message="no", verdict=blocked), adapter.REFUSED_BY_GATE),
        (Refused(call_id="c", code="ledger", message="no record"), adapter.REFUSED_BY_GATE),
        (Held(call_id="c", finding_id="f", expires_at=0, message="m", verdict=held), adapter.REFUSED_BY_GATE),
        (Released(call_id="c", result={"text": 5}, verdict=allowed), adapter.REFUSED_BY_GATE),
    ]
    for outcome, code in cases:
        with pytest.raises(MCPError) as caught:
            adapter.resource_contents("case://1/report", outcome)
        assert caught.value.code == code
        assert json.loads(json.dumps(caught.value.data))["uri"] == "case://1/report"


@pytest.mark.req("server.prompts")
def test_a_prompt_is_one_message_of_the_user() -> None:
    released = Released(call_id="c", result={"text": "do", "description": "d"}, verdict=verdict(Decision.ALLOW))
    result = adapter.prompt_result(released)
    assert result.description == "d"
    assert [m.role for m in result.messages] == ["user"]
    with pytest.raises(MCPError):
        adapter.prompt_result(Released(call_id="c", result={}, verdict=verdict(Decision.ALLOW)))
