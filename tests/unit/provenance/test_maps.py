"""Tables: what sourcetypes measure, and roles from schemas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentgate_mcp.gate.schema_roles import roles_of_schema
from agentgate_mcp.gate.sourcetypes import MEASURED, SET_BY_SPLUNK, measured
from agentgate_mcp.model.decision import ParamRole

DATA = Path(__file__).parents[3] / "data"
SENT = frozenset(
    "user src_user http_user_agent http_referrer url uri uri_path uri_query query answer subject sender recipient "
    "file_name file_path process process_name process_path parent_process_name command reason msg message message_id "
    "ssl_server_name ssl_issuer ssl_subject cookie src_host dest_host service app object signature category tag body "
    "_raw src_nt_domain session_id dvc vendor_product".split()
)
"""Fields of the Common Information Model whose text comes from whoever causes the event."""


@pytest.mark.req("provenance.sourcetypes")
def test_every_bundled_sourcetype_is_listed() -> None:
    written = json.loads((DATA / "knowledge" / "sourcetypes.json").read_text(encoding="utf-8"))
    assert {o["name"].lower() for o in written} <= set(MEASURED)


@pytest.mark.req("provenance.sourcetypes")
@pytest.mark.parametrize("sourcetype", sorted(MEASURED))
def test_nothing_that_is_sent_counts_as_measured(sourcetype) -> None:
    assert sourcetype == sourcetype.lower()
    assert not MEASURED[sourcetype] & SENT


@pytest.mark.req("provenance.sourcetypes")
def test_an_unknown_sourcetype_measures_nothing() -> None:
    assert not measured("vendor:new", "src")
    assert measured("vendor:new", "event_id")
    assert measured("ZEEK:conn", "src")
    assert not measured("syslog", "src")
    assert not SET_BY_SPLUNK & {"host", "source", "src"}


@pytest.mark.req("provenance.schema")
def test_roles_come_from_names_and_types_and_not_from_prose() -> None:
    text = {"type": "string"}
    schema = {
        "properties": {
            "body": text,
            "comment": {"type": "string", "format": "email"},
            "notes": {"$ref": "#/$defs/x"},
            "message": {"type": "object", "properties": {"to": text}},
            "to": {"type": "string", "title": "Comment", "description": "Free text, a note to nobody."},
            "limit": {"type": "integer"},
            "labels": {"type": "array", "items": text},
            "summary": {"anyOf": [text, {"type": "null"}]},
            "reason": {},
            "query": True,
        }
    }
    roles = roles_of_schema(schema)
    body, sink, selector = ParamRole.BODY, ParamRole.SINK, ParamRole.SELECTOR
    assert roles == {
        "body": body,
        "comment": sink,
        "notes": sink,
        "message": sink,
        "to": sink,
        "limit": selector,
        "labels": body,
        "summary": body,
        "reason": sink,
        "query": sink,
    }
    assert roles_of_schema({"type": "object"}) == {}
