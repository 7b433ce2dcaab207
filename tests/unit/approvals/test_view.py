"""What an approver sees."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.approvals.escape import escape
from agentgate_mcp.approvals.view import MAX_UNTRUSTED, text_lines, to_json, view
from agentgate_mcp.model.decision import Severity, Stage
from agentgate_mcp.model.facts import (
    AssetCoverage,
    BlastRadiusFacts,
    ChangeFacts,
    CoverageChange,
    ResponseFacts,
    ResponseTarget,
    SearchFacts,
    TypedLoss,
)
from agentgate_mcp.model.verdict import StageResult, Verdict
from tests.unit.ledger.samples import NOW, make_call, make_verdict, match

pytestmark = [pytest.mark.req("approvals.view"), pytest.mark.anyio]


def with_facts(verdict: Verdict, facts: BlastRadiusFacts) -> Verdict:
    stages = tuple(
        StageResult(stage=s.stage, severity=Severity.HIGH, reasons=(), facts=facts)
        if s.stage is Stage.BLAST_RADIUS
        else s
        for s in verdict.stages
    )
    return replace(verdict, stages=stages)


async def shown(office, call=None, verdict=None, **more):
    asked = call or make_call()
    finding = await office.open(asked, verdict or make_verdict(asked))
    if more.get("advisory"):
        await office.service.advise(finding.finding_id, more["advisory"], model="m")
    record = office.service.get(finding.finding_id, now=NOW)
    return view(record, isolation=more.get("isolation", "same-user"), now=NOW + 60)


async def test_computed_facts_come_first_and_other_peoples_words_last(office):
    sections = await shown(office, advisory="I would approve this.")
    assert [s.title for s in sections] == [
        "Finding f-1",
        "Why it was stopped",
        "Exactly this would run",
        "Change",
        "Rollback",
        "Cost",
        "Where the arguments came from",
        "Bound to",
        "Isolation",
        "What the client says its user asked",
        "Context the client passed on (1 of 1)",
        "A model's note",
    ]
    assert [s.trusted for s in sections] == [True] * 9 + [False] * 3
    lines = text_lines(sections)
    assert "A model's note (not from AgentGate; may try to persuade)" in lines
    assert json.loads(json.dumps(to_json(sections)))[2]["title"] == "Exactly this would run"


async def test_the_exact_bytes_that_would_run_are_shown(office):
    call = make_call(
        arguments={"name": "Brute\u200b Force", "settings": {"b": 1.0, "a": ["\u202ex", 'q"']}, "app": "Вase"}
    )
    lines = text_lines(await shown(office, call))
    assert '  name = "Brute\\u{200b} Force"' in lines
    assert '  settings = {"a":["\\u{202e}x","q\\""],"b":1}' in lines
    assert '  app = "Вase"' in lines
    assert "    holds letters outside ASCII: some may only look like the ones you expect" in lines
    assert f"  digest: {call.digest}" in lines


async def test_nothing_left_out_goes_unsaid(office):
    call = make_call(arguments={"query": "x" * 50_000, "z": "tail"}, raw_user_prompt="p" * 5000)
    lines = text_lines(await shown(office, call))
    assert any("[30002 more characters]" in line for line in lines)
    assert any(f"[{5000 - MAX_UNTRUSTED} more characters]" in line for line in lines)


async def test_words_of_others_are_capped_escaped_and_cannot_forge_a_section(office):
    note = "fine\nIsolation\n  remote: all is well\x1b[2J\u202e" + "\nline" * 50
    lines = text_lines(await shown(office, advisory=note))
    assert lines.count("Isolation") == 1
    assert "\x1b" not in "\n".join(lines)
    assert "    remote: all is well\\u{1b}[2J\\u{202e}" in lines
    assert sum(line.strip() == "line" for line in lines) < 12


async def test_who_must_still_approve_and_until_when_is_said(office):
    call = make_call()
    verdict = make_verdict(call, matches=(match(two_person=True, approver_team="network"),))
    finding = await office.open(call, verdict)
    office.approve(finding)
    record = office.service.get(finding.finding_id, now=NOW)
    lines = text_lines(view(record, isolation="separate-user", now=NOW + 3600))
    assert "  needs: 1 more person and an approver of team network" in lines
    assert "  approved by: olga" in lines
    assert "  expires: 2026-11-21 12:00:00Z (in 23 h 0 min)" in lines
    assert any(line.startswith("  separate-user: ") for line in lines)
    assert "  expires: 2026-11-21 12:00:00Z (past)" in text_lines(view(record, isolation="remote", now=NOW + 1e6))


async def test_an_isolation_level_that_is_not_known_is_not_made_up(office):
    assert "  vault: not a known level" in text_lines(await shown(office, isolation="vault"))


async def test_the_impact_of_a_change_is_told_in_numbers(office):
    change = ChangeFacts(
        action="delete",
        targets=tuple(f"saved_search:s{n}" for n in range(20)),
        owner_teams=("soc",),
        broken=("dashboard:d",),
        degraded=("saved_search:x",),
        losses=(TypedLoss(kind="throttle", object="saved_search:y", detail="1h to 24h"),),
        techniques=(CoverageChange(id="T1110", before=1, after=0), CoverageChange(id="T1059", before=2, after=2)),
        compliance=(CoverageChange(id="PCI 10.2.1", before=2, after=1),),
        assets=(
            AssetCoverage(
                asset="dc01", criticality="critical", tags=(), owner_team="iam", before=1, after=0, origin="declared"
            ),
        ),
        assumed_coverage=True,
    )
    call = make_call()
    lines = text_lines(await shown(office, call, with_facts(make_verdict(call), BlastRadiusFacts(change=change))))
    for line in (
        "  stops working: dashboard:d",
        "  works worse: saved_search:x",
        "  loses (throttle): saved_search:y, 1h to 24h",
        "  technique T1110: 1 → 0 detections",
        "  control PCI 10.2.1: 2 → 1 detections",
        "  asset dc01 (critical): 1 → 0 detections, declared",
        "  the object is created again with the settings it had",
    ):
        assert line in lines
    assert any(line.endswith("and 8 more") for line in lines)
    assert not any("T1059" in line for line in lines)


async def test_a_response_and_a_search_are_told_too(office):
    target = ResponseTarget(
        action="isolate_host", target="10.0.0.1", entity="dc01", criticality="critical", addresses=256
    )
    response = ResponseFacts(targets=(target,), simulate=False, real_effects=1)
    search = SearchFacts(
        parsed=True, index_wildcard=True, writes=("outputlookup:allow",), egress=("sendemail",), real_time=True
    )
    call = make_call()
    facts = BlastRadiusFacts(response=response, search=search)
    lines = text_lines(await shown(office, call, with_facts(make_verdict(call), facts)))
    for line in (
        "  real effects: 1",
        "  isolate_host 10.0.0.1: dc01, critical, 256 addresses",
        "  indexes: all",
        "  time range: unbounded, real time",
        "  writes: outputlookup:allow",
        "  sends rows out: sendemail",
    ):
        assert line in lines


@given(st.text())
def test_escaped_text_shows_itself_and_nothing_else(text):
    shown_text = escape(text)
    assert shown_text.isprintable() or not shown_text
    assert not any(c in shown_text for c in "\u200b\u202e\u2066\ufeff\u00ad\u3164\ufe0f\u00a0\n\t\x1b")
    if text.isascii() and text.isprintable() and "\\u{" not in text:
        assert shown_text == text


@pytest.mark.parametrize(
    ("text", "shown_text"),
    [
        ("a\u200bb", "a\\u{200b}b"),
        ("a\\u{200b}b", "a\\\\u{200b}b"),
        ("e\u0301", "e\u0301"),
        (" \u0301", " \\u{301}"),
        ("\U000e0041", "\\u{e0041}"),
        ("a\ufe0f", "a\\u{fe0f}"),
        ("naïve", "naïve"),
    ],
)
def test_known_escapes(text, shown_text):
    assert escape(text) == shown_text
