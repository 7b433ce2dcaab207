"""From what a client sent to the canonical arguments: lossless, strict, or refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.canonical import canonical_bytes
from agentgate_mcp.errors import ArgumentError
from agentgate_mcp.model.call import Json
from agentgate_mcp.tools import inputs
from agentgate_mcp.tools.arguments import canonical_arguments
from agentgate_mcp.tools.definition import Input
from tests.unit.dispatch.conftest import VALID

pytestmark = pytest.mark.req("dispatch.arguments", "R9")
REASON = "routine work"
MODELS: list[type[Input]] = [m for m in vars(inputs).values() if isinstance(m, type) and issubclass(m, Input)]


def query(**more: Json) -> dict[str, Json]:
    return {"query": "search index=auth", **more}


def action(**more: Json) -> dict[str, Json]:
    return {"action": "block_ip", "target": "203.0.113.45", "reason": REASON, **more}


@pytest.mark.parametrize(
    ("model", "sent", "field", "value"),
    [
        (inputs.RunQuery, query(row_limit="5"), "row_limit", 5),
        (inputs.RequestAction, action(simulate_response="false"), "simulate_response", False),
        (inputs.RequestAction, action(simulate_response="true"), "simulate_response", True),
        (inputs.EnrichBatch, {"indicators": '["203.0.113.45"]'}, "indicators", ["203.0.113.45"]),
        (inputs.SearchEvents, {"filters": '{"action":"failure"}'}, "filters", {"action": "failure"}),
        (
            inputs.ChangeSet,
            {"changes": '[{"action":"delete","kind":"macro","name":"m"}]', "reason": REASON},
            "changes",
            [{"action": "delete", "kind": "macro", "name": "m", "app": "", "settings": {}}],
        ),
    ],
)
def test_canonical_json_in_text_becomes_the_declared_type(
    model: type[Input], sent: dict[str, Json], field: str, value: Json
) -> None:
    assert canonical_arguments(model, sent)[field] == value


@pytest.mark.parametrize(
    "text",
    [" 5", "5 ", "5.0", "05", "+5", "-0", "1e3", "1E3", "0x5", "5,", "٥", "５", "five", "", "null", "true", "[5]",
     "5\n", "9007199254740993", "NaN"],
)  # fmt: skip
def test_text_that_is_no_canonical_integer_is_refused_by_name(text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        canonical_arguments(inputs.RunQuery, query(row_limit=text))
    assert caught.value.field == "row_limit"


@pytest.mark.parametrize("text", ["True", "1", "0", "yes", " true", "null", '"true"', "TRUE", "[]"])
def test_text_that_is_no_canonical_boolean_is_refused_by_name(text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        canonical_arguments(inputs.RequestAction, action(simulate_response=text))
    assert caught.value.field == "simulate_response"


@pytest.mark.parametrize("text", ['[ "a"]', '["a",]', "['a']", '["a","a"', '{"a":1}', '"a"', "a"])
def test_text_that_is_no_canonical_list_is_refused_by_name(text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        canonical_arguments(inputs.EnrichBatch, {"indicators": text})
    assert caught.value.field.split("/")[0] == "indicators"


@pytest.mark.parametrize("text", ["5", "true", "null", '["a"]', '{"a":1}', '"quoted"', "1e3", " 5", "05"])
def test_text_stays_text_where_text_is_asked_for(text: str) -> None:
    assert canonical_arguments(inputs.RunQuery, {"query": text})["query"] == text
    assert canonical_arguments(inputs.OneCase, {"case_id": text})["case_id"] == text
    settings: dict[str, Json] = {"definition": text, "n": [text]}
    sent: dict[str, Json] = {"name": "m", "settings": settings, "reason": REASON}
    assert canonical_arguments(inputs.SetObject, sent)["settings"] == settings


@pytest.mark.parametrize(
    ("model", "sent", "field", "expected", "got"),
    [
        (inputs.RunQuery, query(limit=5), "limit", "query", "an unknown argument"),
        (inputs.Nothing, {"x": 1}, "x", "no arguments", "an unknown argument"),
        (inputs.RunQuery, {"row_limit": 5}, "query", "a value", "nothing"),
        (inputs.RunQuery, {"query": 5}, "query", "string", "the number 5"),
        (inputs.RunQuery, {"query": None}, "query", "string", "null"),
        (inputs.RunQuery, {"query": ["a"]}, "query", "string", "a list of 1"),
        (inputs.RunQuery, {"query": ""}, "query", "at least 1 character", "text of 0 characters"),
        (inputs.RunQuery, query(row_limit=0), "row_limit", "greater than or equal to 1", "the number 0"),
        (inputs.RunQuery, query(row_limit=True), "row_limit", "integer", "a boolean"),
        (inputs.RunQuery, query(row_limit=5.5), "row_limit", "integer", "the number 5.5"),
        (inputs.RequestAction, action(simulate_response=0), "simulate_response", "boolean", "the number 0"),
        (inputs.RequestActions, {"actions": [{"action": "reboot"}]}, "actions/0/action", "block_ip", "text of 6"),
        (inputs.SearchEvents, {"filters": {"a": 1}}, "filters/a", "string", "the number 1"),
        (inputs.RunQuery, "search index=auth", "arguments", "a JSON object", "text of 17 characters"),
        (inputs.RunQuery, [1], "arguments", "a JSON object", "a list of 1"),
        (inputs.RunQuery, query(earliest_time="\ud800"), "earliest_time", "", "surrogate"),
        (inputs.SetObject, {"settings": {"a": float("nan")}}, "settings", "canonical form", ""),
        (inputs.SetObject, {"settings": {"a": 2**53}}, "settings", "canonical form", ""),
        (inputs.SetObject, {"settings": {"a": "x" * 2_097_152}}, "settings", "at most 1048576 bytes", "2097"),
    ],
)
def test_what_is_refused_names_the_field_what_was_expected_and_what_came(
    model: type[Input], sent: Json, field: str, expected: str, got: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        canonical_arguments(model, sent)
    assert caught.value.field == field
    assert expected in caught.value.expected
    assert got in caught.value.got


@pytest.mark.parametrize("depth", [40, 300, 20_000])
def test_deep_arguments_are_refused_by_name(depth: int) -> None:
    deep: Json = "x"
    for _ in range(depth):
        deep = {"a": deep}
    with pytest.raises(ArgumentError) as caught:
        canonical_arguments(inputs.SetObject, {"name": "m", "settings": deep, "reason": REASON})
    assert caught.value.field == "settings"


def test_an_error_stays_short_whatever_the_unknown_argument_is_called() -> None:
    with pytest.raises(ArgumentError) as caught:
        canonical_arguments(inputs.Nothing, {"\u202e" * 100_000: 1})
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isascii()


def test_an_error_never_repeats_the_text_that_came() -> None:
    with pytest.raises(ArgumentError) as caught:
        canonical_arguments(inputs.RunQuery, query(row_limit="correct horse battery staple"))
    assert "horse" not in str(caught.value)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)
SURROGATES = st.text(alphabet=st.characters(categories=["Cs", "Lu", "Nd"]), max_size=5)
AS_TEXT = ANYTHING.map(lambda value: json.dumps(value))


@st.composite
def raw_arguments(draw: st.DrawFn) -> tuple[type[Input], Any]:
    model = draw(st.sampled_from(MODELS))
    names = st.sampled_from(sorted(model.model_fields)) if model.model_fields else st.text()
    values = ANYTHING | SURROGATES | AS_TEXT
    return model, draw(st.dictionaries(names | SURROGATES, values, max_size=6) | ANYTHING)


@given(raw_arguments())
def test_whatever_comes_is_canonical_or_an_argument_error(case: tuple[type[Input], Any]) -> None:
    model, raw = case
    try:
        first = canonical_arguments(model, raw)
    except ArgumentError:
        return
    assert canonical_bytes(dict(canonical_arguments(model, dict(first)))) == canonical_bytes(dict(first))


@given(st.text(max_size=40), st.integers(1, 1000), st.dictionaries(st.text(max_size=8), AS_TEXT, max_size=3))
def test_canonical_arguments_of_canonical_arguments_are_the_same(text: str, limit: int, filters: Any) -> None:
    """Text that looks like JSON is not unpacked on a second pass either."""
    for model, raw in (
        (inputs.RunQuery, {"query": text or "x", "row_limit": str(limit)}),
        (inputs.SearchEvents, {"filters": filters, "row_limit": limit}),
    ):
        first = canonical_arguments(model, dict(raw))
        assert canonical_arguments(model, dict(first)) == first
        for name, value in raw.items():
            if isinstance(value, str) and name != "row_limit":
                assert first[name] == value


def test_the_samples_of_every_tool_are_canonical_after_one_pass() -> None:
    for tool, raw in VALID.items():
        model = next((m for m in MODELS if set(raw) <= set(m.model_fields) and _takes(m, raw)), None)
        assert model is not None, tool
        once = canonical_arguments(model, raw)
        assert canonical_arguments(model, dict(once)) == once


def _takes(model: type[Input], raw: dict[str, Json]) -> bool:
    try:
        canonical_arguments(model, raw)
    except ArgumentError:
        return False
    return True
