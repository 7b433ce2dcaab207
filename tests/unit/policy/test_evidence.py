"""What an approval is bound to: the target as judged, not the clock (R6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from agentgate_mcp.dispatch.preview import OfflineJudge
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.errors import ArgumentError
from agentgate_mcp.gate.session import SessionState
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Profile
from agentgate_mcp.model.session import OutputRead
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.model.verdict import Verdict

pytestmark = pytest.mark.req("R6", "policy.evidence")
NOW = 1_795_000_000.0
Judge = Callable[..., Verdict]


def macro(name: str, definition: str, app: str = "search") -> KnowledgeObject:
    content: dict[str, Json] = {"definition": definition, "args": "", "iseval": False}
    return KnowledgeObject(
        kind="macro", name=name, app=app, owner="o", sharing="global", team="", disabled=False, content=content
    )


def judge(
    offline: OfflineJudge,
    tool: str,
    arguments: dict[str, Json],
    *,
    at: float = NOW,
    extra: tuple[KnowledgeObject, ...] = (),
    session: SessionState | None = None,
) -> Verdict:
    request = CallRequest(tool=tool, arguments=arguments, principal="p", agent_id="a")
    return offline.judge(request, session=session or SessionState.empty(), as_of=at, extra=extra)[0]


def test_an_edited_macro_inside_a_held_search_changes_its_evidence(offline: OfflineJudge) -> None:
    arguments: dict[str, Json] = {"query": "search index=auth `mm` | outputlookup allow.csv"}
    seen = [
        judge(offline, "splunk_run_query", arguments, extra=(macro("mm", definition),))
        for definition in ("src=10.0.0.1", "src=10.9.9.9", "src=10.0.0.1")
    ]
    assert {v.decision.name for v in seen} == {"REQUIRE_APPROVAL"}
    assert seen[0].evidence_hash == seen[2].evidence_hash != seen[1].evidence_hash


def test_an_unrelated_macro_changes_no_evidence(offline: OfflineJudge) -> None:
    arguments: dict[str, Json] = {"query": "search index=auth `mm` | outputlookup allow.csv"}
    one, two = (
        judge(offline, "splunk_run_query", arguments, extra=(macro("mm", "src=10.0.0.1"), macro("other", text)))
        for text in ("a=1", "a=2")
    )
    assert one.evidence_hash == two.evidence_hash


@pytest.mark.parametrize("earliest", ["-30d", "-30d@d", "-7mon", "@w0"])
def test_the_clock_changes_no_evidence(offline: OfflineJudge, earliest: str) -> None:
    live = replace(offline, world=replace(offline.world, search_now=None))
    arguments: dict[str, Json] = {"query": "search index=auth user=x | outputlookup u.csv", "earliest_time": earliest}
    hashes = {judge(live, "splunk_run_query", arguments, at=NOW + later).evidence_hash for later in (0, 60, 3600)}
    assert len(hashes) == 1


def test_a_change_binds_the_object_in_every_app(offline: OfflineJudge) -> None:
    arguments: dict[str, Json] = {
        "name": "network_long_dns_names_filter",
        "app": "northmere_network",
        "settings": {"definition": 'search NOT query="*.sentrel.example"'},
        "reason": "noise",
    }
    alone = judge(offline, "propose_modify_macro", arguments)
    shadowed = judge(
        offline, "propose_modify_macro", arguments, extra=(macro("network_long_dns_names_filter", "x=1", "elsewhere"),)
    )
    assert alone.evidence_hash != shadowed.evidence_hash


@pytest.mark.req("R2", "policy.profiles")
def test_the_observe_profile_executes_no_effect(offline: OfflineJudge) -> None:
    ticket: dict[str, Json] = {"action": "create_ticket", "target": "SOC", "reason": "r", "simulate_response": False}
    observing = replace(offline, world=replace(offline.world, profile=Profile.OBSERVE))
    assert judge(observing, "response_request_action", ticket).decision.name == "BLOCK"


@pytest.mark.req("R10")
def test_a_used_up_row_budget_does_not_lock_the_way_out(offline: OfflineJudge) -> None:
    used = SessionState.empty().apply(OutputRead(at=NOW - 5, call_id="c", tool="splunk_run_query", rows=10_000_000))
    for tool, arguments in (("gate_finding_status", {"finding_id": "f-1"}), ("splunk_get_info", {})):
        assert judge(offline, tool, dict[str, Json](arguments), session=used).decision.name == "ALLOW"
    search: dict[str, Json] = {"query": "search index=auth user=x"}
    assert judge(offline, "splunk_run_query", search, session=used).policies == ("POL-017",)


@pytest.mark.req("R9")
def test_an_argument_that_cannot_be_read_is_named(offline: OfflineJudge) -> None:
    with pytest.raises(ArgumentError, match="field"):
        judge(offline, "telemetry_search_events", {"filters": {"source ip": "1.2.3.4"}})
    with pytest.raises(ArgumentError, match="domain"):
        judge(offline, "telemetry_pivot_domain", {"domain": "*"})


@pytest.mark.req("R9")
def test_a_broken_search_is_refused_as_broken_and_not_by_a_policy(offline: OfflineJudge) -> None:
    found = judge(offline, "splunk_run_query", {"query": 'search index=network "abc'})
    assert (found.decision.name, found.policies) == ("BLOCK", ())
    assert "cannot be read" in found.reasons[0]
