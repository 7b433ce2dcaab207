"""What lists say, and which addresses are resources."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.errors import ConfigError
from agentgate_mcp.model.decision import Decision
from agentgate_mcp.model.verdict import Held, Refused
from agentgate_mcp.server.adapter import tool_result
from agentgate_mcp.server.catalogue import INSTRUCTIONS, PROMPTS, RESOURCES, listed, resource_of
from agentgate_mcp.server.plain import token_estimate
from agentgate_mcp.server.toolsets import ToolFilter, checked
from tests.protocol.fakes import TOOLS, FakeTool, verdict


@pytest.mark.req("server.resources")
@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("case://1002/report", ("case_report", "1002")),
        ("case://1002/notes", ("case_notes", "1002")),
        ("case://iot.34-1/notes", ("case_notes", "iot.34-1")),
        ("finding://f-01ab", ("finding", "f-01ab")),
        ("finding://f-01ab/", ("finding", "f-01ab")),
        ("case://1002/report/", None),
        ("case://1002/report?x=1", None),
        ("case://1002/report\n", None),
        ("CASE://1002/report", None),
        ("case:///report", None),
        ("case://-1/report", None),
        ("case://../report", None),
        ("case://a b/report", None),
        ("finding://a/b", None),
        ("http://case://1002/report", None),
        ("", None),
    ],
)
def test_only_these_addresses_are_resources(uri: str, found: object) -> None:
    assert resource_of(uri) == found


@pytest.mark.req("server.resources")
@given(st.text(max_size=60))
def test_a_key_never_holds_a_path(text: str) -> None:
    for uri in (f"case://{text}/report", f"finding://{text}"):
        found = resource_of(uri)
        assert found is None or not set(found[1]) & set("/\\%?# \n\x00")


@pytest.mark.req("server.schema-small")
def test_a_listed_tool_has_no_bytes_to_spare() -> None:
    tool = listed(FakeTool(name="t", description="d", input_schema={"type": "object", "title": "T", "properties": {}}))
    wire = tool.model_dump(by_alias=True, exclude_none=True, mode="json")
    assert wire == {
        "name": "t",
        "description": "d",
        "inputSchema": {"type": "object", "properties": {}},
        "annotations": {
            "readOnlyHint": True,
            "destructiveHint": False,
            "idempotentHint": True,
            "openWorldHint": False,
        },
    }


@pytest.mark.req("server.refusal-text", "server.released")
def test_the_listed_output_schema_admits_results_and_refusals_and_nothing_else() -> None:
    output: dict[str, Any] = {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": {"type": "string"}}, "status": {"enum": ["open"]}},
        "required": ["rows"],
        "additionalProperties": False,
    }
    schema = listed(FakeTool(name="t", output_schema=output)).output_schema
    assert schema is not None
    assert schema["type"] == "object"
    accepts = jsonschema.Draft202012Validator(schema).is_valid
    assert accepts({"rows": ["a"]})
    for outcome in (
        Refused(call_id="c", code="argument", message="m"),
        Refused(call_id="c", code="blocked", message="m", verdict=verdict(Decision.BLOCK, "POL-001")),
        Held(call_id="c", finding_id="f", expires_at=0, message="m", verdict=verdict(Decision.REQUIRE_APPROVAL)),
    ):
        assert accepts(tool_result(outcome).structured_content)
    assert not accepts({"rows": "a"})
    assert not accepts({"rows": [], "more": 1})
    assert not accepts({})


@pytest.mark.req("server.schema-small")
def test_instructions_prompts_and_resources_are_short() -> None:
    assert token_estimate(INSTRUCTIONS) < 250
    rest = [p.model_dump(exclude_none=True) for p in PROMPTS] + [r.model_dump(exclude_none=True) for r in RESOURCES]
    assert len(json.dumps(rest)) < 1_500


@pytest.mark.req("server.toolsets")
def test_filters_narrow_and_keep_the_order() -> None:
    everything = ToolFilter()
    assert everything.select(TOOLS) == TOOLS
    reading = ToolFilter(read_only=True)
    assert "blocked" not in [t.name for t in reading.select(TOOLS)]
    only = ToolFilter(toolsets=frozenset({"cases", "telemetry"}))
    assert [t.name for t in only.select(TOOLS)] == ["echo", "stages", "forever"]
    assert only.standing("echo", TOOLS) == "offered"
    assert only.standing("blocked", TOOLS) == "withheld"
    assert only.standing("nothing", TOOLS) == "unknown"


@pytest.mark.req("server.toolsets")
def test_a_filter_that_leaves_nothing_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="telemetry"):
        checked(("changes",), True, TOOLS)
    assert checked(None, False, ()) == ToolFilter()
