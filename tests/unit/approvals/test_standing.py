"""Freezes and breakers."""

from __future__ import annotations

import itertools

import pytest

from agentgate_mcp.approvals.control import Control
from agentgate_mcp.approvals.standing import MAX_NOT_ALLOWED, LedgerStanding, StandingFold, standing
from agentgate_mcp.errors import ApprovalError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.model.decision import Decision
from tests.unit.ledger.samples import NOW, draft, intent, make_call, make_verdict, match, verdict_draft

NUMBERS = itertools.count()


def judged(office, decision, agent="agent", after=0.0, call_id=""):
    office.clock.at += after
    call = make_call(call_id or f"c-{next(NUMBERS)}", agent_id=agent)
    office.ledger.append([verdict_draft(call, make_verdict(call, decision))]).result()


def is_open(office):
    """Both readings: the incremental one and a fold over everything."""
    seen = LedgerStanding(office.ledger).breaker_open(NOW)
    assert seen == standing(office.ledger.entries()).breaker_open
    return "alice/agent" in seen


@pytest.mark.req("approvals.breaker")
@pytest.mark.parametrize(
    ("decisions", "apart", "opened"),
    [
        ([Decision.BLOCK] * 2, 1, False),
        ([Decision.BLOCK] * 3, 1, True),
        ([Decision.BLOCK] * 3, 299, True),
        ([Decision.BLOCK] * 3, 300, False),
        ([Decision.BLOCK] * 20, 301, False),
        ([Decision.REQUIRE_APPROVAL] * 9, 1, False),
        ([Decision.REQUIRE_APPROVAL] * 10, 1, True),
        ([Decision.REQUIRE_APPROVAL] * 10, 66, True),
        ([Decision.REQUIRE_APPROVAL] * 10, 67, False),
        ([Decision.BLOCK] * 2 + [Decision.REQUIRE_APPROVAL] * 7, 1, False),
        ([Decision.BLOCK] * 2 + [Decision.REQUIRE_APPROVAL] * 8, 1, True),
        ([Decision.ALLOW] * 50, 1, False),
        ([Decision.BLOCK, Decision.ALLOW] * 3, 1, True),
    ],
)
def test_a_breaker_opens_at_three_blocks_or_ten_refusals_in_ten_minutes(office, decisions, apart, opened):
    for decision in decisions:
        judged(office, decision, after=apart)
    assert is_open(office) is opened


def slipped(office, *invariants, matches=()):
    call = make_call(f"c-{next(NUMBERS)}")
    verdict = make_verdict(call, Decision.BLOCK, matches=matches, invariants=invariants)
    office.ledger.append([verdict_draft(call, verdict)]).result()


@pytest.mark.req("approvals.breaker")
@pytest.mark.parametrize(
    ("invariants", "opened"),
    [
        (("unparsed_search",), False),
        (("unknown_object", "unread_effect"), False),
        (("unread_search", "stage_failed:reading (ArgumentError)"), False),
        (("unparsed_search", "read_only"), True),
        (("stage_failed:policy",), True),
        (("unknown_tool",), True),
        ((), True),
    ],
)
def test_slips_of_the_pen_open_no_breaker(office, invariants, opened):
    for _ in range(20):
        slipped(office, *invariants)
    assert is_open(office) is opened


@pytest.mark.req("approvals.breaker")
def test_a_slip_that_a_policy_blocks_too_counts(office):
    for _ in range(3):
        slipped(office, "unparsed_search", matches=(match(),))
    assert is_open(office)


@pytest.mark.req("approvals.breaker")
def test_what_is_kept_of_a_flood_is_bounded(office):
    fold = StandingFold()
    for _ in range(50):
        judged(office, Decision.BLOCK)
    for entry in office.ledger.entries():
        fold.apply(entry)
        assert sum(map(len, fold._recent.values())) < MAX_NOT_ALLOWED
    assert fold.standing.breaker_open == {"alice/agent"}


@pytest.mark.req("approvals.breaker")
def test_an_open_breaker_does_not_close_by_waiting(office):
    for _ in range(3):
        judged(office, Decision.BLOCK)
    judged(office, Decision.ALLOW, after=1_000_000)
    assert is_open(office)


@pytest.mark.req("approvals.breaker")
def test_one_agents_breaker_is_not_anothers(office):
    for agent in ("agent", "other", "agent", "other"):
        judged(office, Decision.BLOCK, agent)
    assert not is_open(office)


@pytest.mark.req("approvals.breaker")
def test_a_call_judged_again_for_its_resume_counts_once(office):
    for n in range(9):
        judged(office, Decision.REQUIRE_APPROVAL, call_id=f"held-{n}")
        judged(office, Decision.REQUIRE_APPROVAL, call_id=f"held-{n}")
    assert not is_open(office)


@pytest.mark.req("approvals.breaker")
@pytest.mark.parametrize("target", ["alice/agent", "alice", "*"])
def test_an_operator_clears_a_breaker_and_counting_begins_anew(office, target):
    control = Control(office.ledger)
    for _ in range(3):
        judged(office, Decision.BLOCK)
    with pytest.raises(ApprovalError, match="token"):
        control.clear_breaker(target, token="wrong", reason="seen")
    with pytest.raises(ApprovalError, match="reason"):
        control.clear_breaker(target, token=office.tokens["omar"], reason=" ")
    control.clear_breaker(target, token=office.tokens["omar"], reason="a test of a new hunt")
    assert not is_open(office)
    for _ in range(2):
        judged(office, Decision.BLOCK)
    assert not is_open(office)
    judged(office, Decision.BLOCK)
    assert is_open(office)


@pytest.mark.req("approvals.breaker", "ledger.processes")
def test_the_standing_follows_the_ledger_step_by_step(office):
    followed = LedgerStanding(office.ledger)
    for n in range(4):
        judged(office, Decision.BLOCK, after=1)
        assert ("alice/agent" in followed.breaker_open(NOW)) is (n >= 2)
    Control(office.ledger).freeze("bob", by="olga", reason="odd behaviour")
    assert followed.frozen() == {"bob"}


@pytest.mark.req("approvals.freeze", "R11")
def test_anyone_freezes_and_an_operator_thaws(office):
    control = Control(office.ledger)
    with pytest.raises(ApprovalError, match="reason"):
        control.freeze(by="alice", reason="")
    control.freeze(by="alice", reason="something is wrong")
    assert LedgerStanding(office.ledger).frozen() == office.ledger.frozen() == {"*"}
    with pytest.raises(Exception, match="frozen"):
        office.ledger.append([intent(office.ledger.owner, "c-1", effects=["e"])]).result()
    for token in ("", "ago_0_0"):
        with pytest.raises(ApprovalError, match="token"):
            control.thaw(token=token, reason="all clear")
    with pytest.raises(ApprovalError, match="expected a frozen principal"):
        control.thaw("bob", token=office.tokens["olga"], reason="all clear")
    entry = control.thaw(token=office.tokens["olga"], reason="all clear")
    assert (entry.kind, entry.payload["by"]) == (EntryKind.SESSION, "olga")
    assert LedgerStanding(office.ledger).frozen() == office.ledger.frozen() == frozenset()


@pytest.mark.req("approvals.freeze", "approvals.quorum")
def test_an_auditor_neither_thaws_nor_clears(office):
    token = office.operators.add("audit", roles=["auditor"], by_token=office.tokens["olga"])
    control = Control(office.ledger)
    control.freeze(by="audit", reason="stop")
    for act in (control.thaw, control.clear_breaker):
        with pytest.raises(ApprovalError, match="auditor"):
            act("*", token=token, reason="go")
    control.thaw(token=office.tokens["olga"], reason="go")


@pytest.mark.req("approvals.breaker")
def test_a_verdict_that_cannot_be_read_counts_as_a_block(office):
    for n in range(3):
        office.ledger.append(
            [draft(EntryKind.VERDICT, f"x-{n}", verdict="garbled", call={"agent_id": "agent"})]
        ).result()
    assert "alice/agent" in standing(office.ledger.entries()).breaker_open
