"""Who named the target: labels, the action itself, settings, aliases, corroboration."""

from __future__ import annotations

import pytest

from agentgate_mcp.errors import BudgetError
from agentgate_mcp.gate.intent import ACTION_PATH
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.model.decision import Label, Severity
from tests.unit.graph.samples import obj
from tests.unit.provenance.calls import context, facts, having_read, judged

ISOLATE = {"action": "isolate_host", "target": "wks-031", "reason": "beacon", "simulate_response": False}
BLOCK = {"action": "block_ip", "target": "203.0.113.9", "reason": "c2", "simulate_response": False}
DISABLE = {"name": "Brute Force", "app": "", "reason": "noisy"}


def label(found, path: str) -> Label:
    return next(a.label for a in found.arguments if a.path == path)


@pytest.mark.req("provenance.labels")
def test_a_target_that_the_user_named_is_theirs_whatever_case_and_quotes() -> None:
    found = facts("propose_disable_saved_search", DISABLE, prompt='Please turn off "brute force" for today.')
    assert label(found, "/name") is Label.PROMPT
    assert found.unsupported_sinks == ()
    assert found.prompt_given


@pytest.mark.req("provenance.labels")
def test_without_a_prompt_every_sink_and_the_action_are_unsupported() -> None:
    found = facts("propose_disable_saved_search", DISABLE)
    assert set(found.unsupported_sinks) == {ACTION_PATH, "/name"}
    assert not found.prompt_given
    assert label(found, "/name") is Label.NOVEL


@pytest.mark.req("provenance.labels")
def test_a_longer_name_does_not_pass_for_a_shorter_one_that_was_said() -> None:
    found = facts("response_request_action", ISOLATE | {"target": "wks-0312"}, prompt="isolate wks-031 now")
    assert "/target" in found.unsupported_sinks


@pytest.mark.req("provenance.labels")
def test_values_from_outputs_carry_the_trust_of_their_field() -> None:
    session = having_read(
        (
            "telemetry_search_events",
            {"events": [{"sourcetype": "zeek:http", "src_ip": "10.1.1.1", "http_user_agent": "10.2.2.2"}]},
        ),
        ("knowledge_get_runbook", {"runbook_id": "rb-7", "body": "free text"}),
    )
    given = {"prompt": "block", "session": session}
    assert label(facts("response_request_action", BLOCK | {"target": "10.1.1.1"}, **given), "/target") is Label.TRUSTED
    assert (
        label(facts("response_request_action", BLOCK | {"target": "10.2.2.2"}, **given), "/target") is Label.UNTRUSTED
    )
    assert label(facts("response_request_action", BLOCK | {"target": "rb-7"}, **given), "/target") is Label.CONSTANT
    assert label(facts("response_request_action", BLOCK | {"target": "10.9.9.9"}, **given), "/target") is Label.NOVEL


@pytest.mark.req("provenance.inventory")
def test_that_an_inventory_knows_a_target_endorses_nothing() -> None:
    session = having_read(("splunk_get_knowledge_objects", {"objects": [{"name": "Brute Force", "app": "x"}]}))
    found = facts("propose_disable_saved_search", DISABLE, prompt="disable the noisy search", session=session)
    assert label(found, "/name") is Label.TRUSTED
    assert found.unsupported_sinks == ("/name",)


@pytest.mark.req("provenance.inventory")
def test_another_name_of_an_asset_that_the_user_named_is_derived_and_passes() -> None:
    found = facts("response_request_action", ISOLATE | {"target": "10.20.30.31"}, prompt="isolate wks-031")
    assert label(found, "/target") is Label.DERIVED
    assert found.unsupported_sinks == ()


@pytest.mark.req("provenance.inventory")
def test_rows_of_a_free_search_are_attacker_writable_under_any_field_name() -> None:
    rows = [{"src": "203.0.113.9", "event_id": "e1"}, {"src": "203.0.113.9", "event_id": "e2"}]
    found = facts(
        "response_request_action", BLOCK, prompt="block it", session=having_read(("splunk_run_query", {"rows": rows}))
    )
    assert label(found, "/target") is Label.UNTRUSTED
    assert "/target" in found.unsupported_sinks


@pytest.mark.req("provenance.action")
@pytest.mark.parametrize(
    ("prompt", "asked"),
    [
        ("isolate wks-031", True),
        ("please quarantine wks-031 from the network", True),
        ("wks-031 should be disconnected", True),
        ("what do you know about wks-031?", False),
        ("summarise the logs of wks-031", False),
    ],
)
def test_naming_a_host_is_not_asking_to_isolate_it(prompt, asked) -> None:
    found = facts("response_request_action", ISOLATE, prompt=prompt)
    assert (ACTION_PATH not in found.unsupported_sinks) == asked
    assert "/target" not in found.unsupported_sinks


@pytest.mark.req("provenance.action")
def test_an_effect_without_any_argument_still_needs_somebody_who_asked() -> None:
    assert facts("wipe_everything", {}).unsupported_sinks == (ACTION_PATH,)
    assert facts("wipe_everything", {}, prompt="show me the index list").unsupported_sinks == (ACTION_PATH,)
    assert facts("wipe_everything", {}, prompt="wipe everything").unsupported_sinks == ()


@pytest.mark.req("provenance.action")
def test_a_simulated_response_is_recorded_and_gated_by_nothing() -> None:
    found = facts("response_request_action", ISOLATE | {"simulate_response": True})
    assert found.unsupported_sinks == ()
    assert not found.can_change_state
    assert label(found, "/target") is Label.NOVEL


@pytest.mark.req("provenance.reads")
def test_reads_are_never_gated_and_writes_inside_a_search_are_sinks() -> None:
    read = facts("splunk_run_query", {"query": "search index=auth user=zz9"}, passed=["zz9 was seen"])
    assert read.unsupported_sinks == ()
    written = facts("splunk_run_query", {"query": "search index=auth | outputlookup allow.csv"})
    assert written.unsupported_sinks == ("/query#outputlookup:allow.csv",)
    assert written.can_change_state
    named = facts(
        "splunk_run_query", {"query": "search index=auth | outputlookup allow.csv"}, prompt="refresh allow.csv"
    )
    assert named.unsupported_sinks == ()


@pytest.mark.req("provenance.settings")
def test_settings_are_text_except_where_they_send_or_decide_rows() -> None:
    call = {"name": "Brute Force", "app": "", "reason": "r"}
    given = {"prompt": 'tune "Brute Force"'}
    quiet = facts("propose_modify_saved_search", call | {"settings": {"description": "new words"}}, **given)
    assert quiet.unsupported_sinks == ()
    mailed = facts("propose_modify_saved_search", call | {"settings": {"action.email.to": "x@evil.example"}}, **given)
    assert mailed.unsupported_sinks == ("/settings/action.email.to",)


@pytest.mark.req("provenance.settings")
def test_rows_that_a_lookup_holds_already_are_no_change_and_new_ones_must_be_named() -> None:
    table = obj("lookup", "allow", {"rows": [{"address": "10.0.0.7"}]})
    call = {
        "name": "allow",
        "app": "",
        "reason": "r",
        "settings": {"rows": [{"address": "10.0.0.7"}, {"address": "10.6.6.6"}]},
    }
    found = facts("propose_modify_lookup", call, prompt="add a row to allow", objects=[table])
    assert found.unsupported_sinks == ("/settings/rows/1/address",)
    named = facts("propose_modify_lookup", call, prompt="add 10.6.6.6 to allow", objects=[table])
    assert named.unsupported_sinks == ()


@pytest.mark.req("provenance.settings")
def test_every_target_of_a_large_change_set_is_judged() -> None:
    changes = [{"action": "disable", "kind": "saved_search", "name": f"rule {i}"} for i in range(400)]
    found = facts("propose_change_set", {"changes": changes, "reason": "r"}, prompt="disable rule 0")
    assert len([p for p in found.unsupported_sinks if p.endswith("/name")]) == 399
    assert {a.path for a in found.arguments} <= {ACTION_PATH, *found.unsupported_sinks}


def events(*ids: str, field: str = "dest_ip", sourcetype: str = "zeek:conn"):
    rows = [{"sourcetype": sourcetype, "event_id": i, field: "203.0.113.9"} for i in ids]
    return ("telemetry_search_events", {"events": rows})


@pytest.mark.req("provenance.corroboration")
@pytest.mark.parametrize(
    ("session", "backed"),
    [
        ([events("e1")], False),
        ([events("e1")] * 2, False),
        ([events("e1", "e2")], True),
        ([events("e1"), events("e1", "e2")], True),
        ([events("e1", "e2", field="url", sourcetype="zeek:http")], False),
        ([events("e1", "e2", sourcetype="vendor:new")], False),
        ([("threatintel_enrich", {"indicator": "203.0.113.9", "verdict": "malicious"})], True),
        ([("threatintel_enrich", {"indicator": "203.0.113.9", "verdict": "unknown"})], False),
        ([("threatintel_enrich", {"indicator": "203.0.113.9", "verdict": "malicious", "allow_listed": "cdn"})], False),
        ([("threatintel_enrich_batch", {"results": [{"indicator": "203.0.113.9", "verdict": "malicious"}]})], True),
    ],
    ids=[
        "one event",
        "one event twice",
        "two events",
        "two in two reads",
        "free text",
        "unknown",
        "intel",
        "no verdict",
        "allow-listed",
        "batch",
    ],
)
def test_containment_may_rest_on_independent_evidence(session, backed) -> None:
    found = facts("response_request_action", BLOCK, prompt="block what is bad", session=having_read(*session))
    assert ("/target" not in found.unsupported_sinks) == backed
    assert next(a for a in found.arguments if a.path == "/target").corroborated == backed


@pytest.mark.req("provenance.corroboration")
def test_evidence_about_an_address_endorses_no_change_to_a_search() -> None:
    session = having_read(("threatintel_enrich", {"indicator": "Brute Force", "verdict": "malicious"}))
    found = facts("propose_disable_saved_search", DISABLE, prompt="disable it", session=session)
    assert found.unsupported_sinks == ("/name",)


@pytest.mark.req("provenance.upstream")
def test_an_unknown_parameter_of_an_upstream_tool_is_a_sink_and_free_text_is_not() -> None:
    call = {"recipients": ["eve@evil.example"], "subject": "hello", "body": "text", "region": "x1"}
    found = facts("send_email", call, prompt="send an email")
    assert set(found.unsupported_sinks) == {"/recipients/0", "/region"}
    assert facts("send_email", call, prompt="send an email to eve@evil.example, region x1").unsupported_sinks == ()


@pytest.mark.req("provenance.upstream")
def test_text_inside_an_unknown_structure_is_a_sink() -> None:
    found = facts("send_email", {"options": {"body": "x"}, "body": {"text": "y"}}, prompt="send mail")
    assert found.unsupported_sinks == ("/options/body",)


@pytest.mark.req("provenance.upstream")
def test_a_tool_that_nobody_described_is_taken_for_an_effect() -> None:
    assert set(facts("mystery", {"body": "q"}).unsupported_sinks) == {ACTION_PATH, "/body"}


@pytest.mark.req("provenance.facts")
def test_passed_text_and_earlier_reads_taint_and_are_evidence() -> None:
    found = facts("response_request_action", BLOCK, prompt="block", passed=["see 203.0.113.9 there"])
    origin = next(a for a in found.arguments if a.path == "/target")
    assert (origin.label, origin.evidence) == (Label.UNTRUSTED, "context:0[4:15]")
    assert found.tainted
    assert found.untrusted_input
    assert found.can_change_state
    clean = facts("splunk_run_query", {"query": "search index=auth"})
    assert not clean.tainted
    assert clean.sensitive_reach


@pytest.mark.req("provenance.facts")
def test_a_setting_of_the_object_itself_does_not_name_it() -> None:
    held = obj("saved_search", "Brute Force", {"search": "index=auth"})
    found = facts("propose_disable_saved_search", DISABLE, prompt="disable it", objects=[held])
    assert found.unsupported_sinks == ("/name",)


@pytest.mark.req("provenance.facts")
def test_the_stage_stops_when_its_work_budget_is_used_up() -> None:
    ctx = context("propose_change_set", {"changes": [], "reason": "r", "x": list(range(50))}, steps=20)
    with pytest.raises(BudgetError):
        judged(ctx)


@pytest.mark.req("provenance.facts")
def test_severity_follows_the_worst_fact() -> None:
    from agentgate_mcp.gate import provenance

    quiet = provenance.run(context("splunk_run_query", {"query": "search index=auth"}))
    assert quiet.severity is Severity.NONE
    held = provenance.run(context("propose_disable_saved_search", DISABLE))
    assert held.severity is Severity.MEDIUM
    assert any("nobody named it" in r for r in held.reasons)
    assert any("asked for this kind of action" in r for r in held.reasons)


@pytest.mark.req("provenance.facts")
def test_an_empty_session_and_an_applied_nothing_judge_alike() -> None:
    assert facts("splunk_run_query", {"query": "x"}, session=SessionState.empty()) == facts(
        "splunk_run_query", {"query": "x"}
    )
