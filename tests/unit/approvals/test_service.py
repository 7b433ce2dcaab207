"""Findings from opening to consumption, on a real ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentgate_mcp.approvals.service import ApprovalService
from agentgate_mcp.errors import ApprovalError, GateError, NotFoundError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.model.decision import Decision, Severity
from agentgate_mcp.model.verdict import FindingStatus
from tests.unit.ledger.samples import NOW, REDACTOR, draft, intent, make_call, make_verdict, match, verdict_draft

pytestmark = pytest.mark.anyio
HOUR = 3600.0


@pytest.mark.req("approvals.open", "R3")
async def test_a_held_call_is_a_pending_finding_with_its_verdict_in_the_same_commit(office):
    heard: list[int] = []
    office.ledger.subscribe(heard.append)
    before = office.ledger.last_seq()
    finding = await office.open()
    assert (finding.status, finding.call, finding.verdict) == (
        FindingStatus.PENDING,
        make_call(),
        make_verdict(make_call()),
    )
    assert [e.kind for e in office.ledger.entries(before)] == [EntryKind.VERDICT, EntryKind.TRANSITION]
    assert await office.service.finding(finding.finding_id, now=NOW) == finding
    office.ledger.run(lambda tx: None)  # listeners of the commit before have been told by now
    assert heard == [before + 2]


@pytest.mark.req("approvals.open")
async def test_a_blocked_call_is_a_final_finding(office):
    call = make_call()
    finding = await office.open(call, make_verdict(call, Decision.BLOCK))
    assert finding.status is FindingStatus.BLOCKED
    with pytest.raises(ApprovalError, match="blocked, not pending"):
        office.approve(finding)


@pytest.mark.req("approvals.open")
async def test_an_allowed_call_or_another_calls_verdict_opens_nothing(office):
    call = make_call()
    with pytest.raises(ApprovalError):
        await office.open(call, make_verdict(call, Decision.ALLOW))
    with pytest.raises(ApprovalError):
        await office.open(call, make_verdict(make_call(tool_name="propose_delete_saved_search")))


@pytest.mark.req("approvals.open")
async def test_a_call_that_already_waits_keeps_its_finding(office):
    first = await office.open()
    again = await office.open(make_call("c-2"))
    assert again == first
    assert len(list(office.ledger.entries(kinds=frozenset({EntryKind.VERDICT})))) == 2
    other = make_call("c-3", agent_id="another")
    assert (await office.open(other)).finding_id != first.finding_id
    office.service.deny(first.finding_id, office.tokens["olga"], "no")
    assert (await office.open(make_call("c-4"))).finding_id not in (first.finding_id,)


@pytest.mark.req("approvals.expiry")
@pytest.mark.parametrize(
    ("tool", "arguments", "life"),
    [
        ("response_request_action", {"action": "block_ip", "target": "203.0.113.9", "reason": "c2"}, HOUR),
        ("propose_disable_saved_search", {"name": "x", "reason": "y"}, 24 * HOUR),
        ("splunk_run_query", {"query": "search index=a"}, 24 * HOUR),
        ("propose_change_set", {"changes": "malformed"}, 24 * HOUR),
    ],
)
async def test_a_finding_lives_as_long_as_its_kind_and_no_longer_than_any_ceiling(office, tool, arguments, life):
    call = make_call(tool_name=tool, arguments=arguments)
    assert (await office.open(call)).expires_at == NOW + life
    other = replace(call, call_id="c-2", agent_id="b")
    assert (await office.open(other, ceilings=[NOW + 60, NOW + 900])).expires_at == NOW + 60


@pytest.mark.req("approvals.binding", "approvals.single-use", "R6")
async def test_an_approved_call_is_consumed_with_its_intent_in_one_commit(office):
    finding = await office.open()
    office.approve(finding)
    heard: list[int] = []
    office.ledger.subscribe(heard.append)
    before = office.ledger.last_seq()
    entry = await office.consume(finding)
    assert (entry.kind, entry.call_id) == (EntryKind.INTENT, "c-1")
    kinds = [e.kind for e in office.ledger.entries(before)]
    assert kinds == [EntryKind.TRANSITION, EntryKind.VERDICT, EntryKind.INTENT]
    office.ledger.run(lambda tx: None)
    assert heard == [before + 3]
    record = office.service.get(finding.finding_id, now=NOW)
    assert record.finding.status is FindingStatus.CONSUMED
    assert record.finding.decided_by == ("olga",)


@pytest.mark.req("approvals.single-use", "R6")
async def test_a_second_use_is_refused(office):
    finding = await office.open()
    office.approve(finding)
    await office.consume(finding)
    with pytest.raises(ApprovalError, match="consumed, not approved"):
        await office.consume(finding)


@pytest.mark.req("approvals.binding", "R6")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"requester": "bob/agent"}, "another requester"),
        ({"fresh": make_verdict(make_call(), Decision.BLOCK)}, "blocks"),
        ({"fresh": make_verdict(make_call(), policy_lock="lock-2")}, "policies changed"),
        ({"fresh": make_verdict(make_call(), evidence_hash="evidence-2")}, "acts on changed"),
        ({"fresh": make_verdict(make_call(), severity=Severity.CRITICAL)}, "more severe"),
        ({"fresh": make_verdict(make_call(), matches=(match(two_person=True),))}, "more people"),
        ({"fresh": make_verdict(make_call("c-1", principal="bob"))}, "another call"),
    ],
)
async def test_what_does_not_hold_is_refused_with_its_reason_and_stays_approved(office, changes, reason):
    finding = await office.open()
    office.approve(finding)
    before = office.ledger.last_seq()
    with pytest.raises(ApprovalError, match=reason):
        await office.consume(finding, **changes)
    assert office.ledger.last_seq() == before
    await office.consume(finding)


@pytest.mark.req("approvals.binding", "R6")
async def test_only_the_intent_of_the_finding_itself_is_consumed(office):
    finding = await office.open()
    office.approve(finding)
    call, owner = finding.call, office.ledger.owner
    right = office.drafts(finding)
    for wrong in (
        [],
        right[:1],
        [*right, right[1]],
        [intent(owner, "c-9", finding_id=finding.finding_id, digest=call.digest)],
        [intent(owner, call.call_id, finding_id="f-9", digest=call.digest)],
        [intent(owner, call.call_id, finding_id=finding.finding_id, digest="other")],
        [intent(owner, call.call_id, finding_id=finding.finding_id, digest=call.digest, principal="bob")],
    ):
        with pytest.raises(ApprovalError, match="expected one intent"):
            await office.consume(finding, drafts=wrong)
    await office.consume(finding)


@pytest.mark.req("approvals.binding")
async def test_a_consumption_whose_records_fail_consumes_nothing(office):
    """The intent is refused by the ledger, so the approval is not used up either."""
    finding = await office.open()
    office.approve(finding)
    office.ledger.append([draft(EntryKind.SESSION, action="freeze", target="alice")]).result()
    with pytest.raises(GateError, match="frozen"):
        await office.consume(finding)
    assert office.service.get(finding.finding_id, now=NOW).finding.status is FindingStatus.APPROVED


@pytest.mark.req("approvals.binding", "R8")
async def test_a_stored_call_that_lost_a_secret_to_redaction_is_never_run(office):
    call = make_call(arguments={"name": "x", "password": "hunter2"})
    finding = await office.open(call)
    office.approve(finding)
    with pytest.raises(ApprovalError, match="not the one that was approved"):
        await office.consume(replace(finding, call=call))


@pytest.mark.req("approvals.expiry", "R6")
async def test_a_finding_past_its_time_is_expired_and_that_is_recorded_once(office):
    finding = await office.open()
    office.clock.at = finding.expires_at
    shown = await office.service.finding(finding.finding_id, now=office.clock.at)
    assert shown.status is FindingStatus.EXPIRED
    assert office.ledger.finding(finding.finding_id).finding.status is FindingStatus.PENDING
    for _ in range(2):
        with pytest.raises(ApprovalError, match="expired"):
            office.approve(finding)
    assert office.ledger.finding(finding.finding_id).finding.status is FindingStatus.EXPIRED
    steps = [e.payload["status"] for e in office.ledger.entries(kinds=frozenset({EntryKind.TRANSITION}))]
    assert steps == ["pending", "expired"]


@pytest.mark.req("approvals.expiry", "R6")
async def test_an_approval_past_its_time_cannot_be_used_and_a_clock_set_back_revives_nothing(office):
    finding = await office.open()
    office.approve(finding)
    office.clock.at = finding.expires_at
    office.ledger.append([draft(EntryKind.REFUSAL)]).result()
    office.clock.at = NOW + 1
    with pytest.raises(ApprovalError, match="expired"):
        await office.consume(finding, now=NOW + 1)


@pytest.mark.req("approvals.expiry")
async def test_the_callers_time_can_only_make_a_finding_older(office):
    finding = await office.open()
    office.approve(finding)
    with pytest.raises(ApprovalError, match="expired"):
        await office.consume(finding, now=finding.expires_at + 1)


@pytest.mark.req("approvals.not-requester", "R6")
@pytest.mark.parametrize("principal", ["olga", "user:olga", "OLGA"])
async def test_nobody_approves_their_own_call(office, principal):
    finding = await office.open(make_call(principal=principal))
    with pytest.raises(ApprovalError, match="own call"):
        office.approve(finding)
    office.approve(finding, "omar")


@pytest.mark.req("approvals.not-requester")
async def test_an_agent_named_like_the_operator_is_no_other_person(office):
    finding = await office.open(make_call(agent_id="olga"))
    with pytest.raises(ApprovalError, match="own call"):
        office.approve(finding)


@pytest.mark.req("approvals.operators", "approvals.deny")
@pytest.mark.parametrize("token", ["", "ago_0_x", "olga"])
async def test_no_word_counts_without_a_token(office, token):
    finding = await office.open()
    for act in (office.service.approve, office.service.deny):
        with pytest.raises(ApprovalError, match="token"):
            act(finding.finding_id, token, "reason")


@pytest.mark.req("approvals.deny")
@pytest.mark.parametrize("reason", ["", "  \n"])
async def test_a_reason_is_required(office, reason):
    finding = await office.open()
    for act in (office.service.approve, office.service.deny):
        with pytest.raises(ApprovalError, match="reason"):
            act(finding.finding_id, office.tokens["olga"], reason)
    with pytest.raises(ApprovalError, match="reason"):
        await office.service.withdraw(finding.finding_id, requester="alice/agent", reason=reason, now=NOW)


@pytest.mark.req("approvals.deny")
@pytest.mark.parametrize("approved_first", [False, True])
async def test_a_denied_finding_is_over_also_after_an_approval(office, approved_first):
    finding = await office.open()
    if approved_first:
        office.approve(finding)
    record = office.service.deny(finding.finding_id, office.tokens["omar"], "not now")
    assert (record.finding.status, record.finding.history[-1].by) == (FindingStatus.DENIED, "omar")
    assert record.finding.history[-1].reason == "not now"
    with pytest.raises(ApprovalError, match="denied"):
        office.approve(finding)
    with pytest.raises(ApprovalError, match="denied"):
        await office.consume(finding)
    with pytest.raises(ApprovalError, match="nothing to deny"):
        office.service.deny(finding.finding_id, office.tokens["olga"], "again")


@pytest.mark.req("approvals.deny")
async def test_a_requester_withdraws_their_own_request_only(office):
    finding = await office.open()
    with pytest.raises(NotFoundError):
        await office.service.withdraw(finding.finding_id, requester="bob/agent", reason="mine now", now=NOW)
    done = await office.service.withdraw(finding.finding_id, requester="alice/agent", reason="not needed", now=NOW)
    assert done.status is FindingStatus.WITHDRAWN
    with pytest.raises(ApprovalError, match="not open"):
        await office.service.withdraw(finding.finding_id, requester="alice/agent", reason="twice", now=NOW)
    with pytest.raises(ApprovalError, match="withdrawn"):
        office.approve(finding)


@pytest.mark.req("approvals.quorum", "R6")
async def test_a_two_person_rule_needs_two_persons(office):
    call = make_call()
    finding = await office.open(call, make_verdict(call, matches=(match(two_person=True),)))
    office.approve(finding)
    assert office.service.get(finding.finding_id, now=NOW).finding.status is FindingStatus.PENDING
    with pytest.raises(ApprovalError, match="another person"):
        office.approve(finding)
    with pytest.raises(ApprovalError, match="pending, not approved"):
        await office.consume(finding)
    office.approve(finding, "omar")
    record = office.service.get(finding.finding_id, now=NOW)
    assert record.finding.status is FindingStatus.APPROVED
    assert record.finding.decided_by == ("olga", "omar")
    await office.consume(finding, fresh=finding.verdict)


@pytest.mark.req("approvals.quorum")
async def test_a_teams_change_needs_an_approver_of_that_team(office):
    call = make_call()
    finding = await office.open(call, make_verdict(call, matches=(match(approver_team="network"),)))
    with pytest.raises(ApprovalError, match="network"):
        office.approve(finding, "olga")
    office.approve(finding, "omar")
    assert office.service.get(finding.finding_id, now=NOW).finding.status is FindingStatus.APPROVED


@pytest.mark.req("approvals.quorum")
async def test_two_persons_of_whom_one_speaks_for_the_team(office):
    office.tokens["eva"] = office.operators.add(
        "eva", roles=["approver"], teams=["soc"], by_token=office.tokens["olga"]
    )
    call = make_call()
    verdict = make_verdict(call, matches=(match(approver_team="network", two_person=True),))
    finding = await office.open(call, verdict)
    office.approve(finding, "olga", "eva")
    assert office.service.get(finding.finding_id, now=NOW).finding.status is FindingStatus.PENDING
    office.approve(finding, "omar")
    assert office.service.get(finding.finding_id, now=NOW).finding.status is FindingStatus.APPROVED


@pytest.mark.req("approvals.quorum")
async def test_an_auditor_or_an_approver_of_lower_severity_cannot_approve(office):
    admin = office.tokens["olga"]
    office.tokens["audit"] = office.operators.add("audit", roles=["auditor"], by_token=admin)
    office.tokens["junior"] = office.operators.add(
        "junior", roles=["approver"], max_severity=Severity.MEDIUM, by_token=admin
    )
    finding = await office.open()
    with pytest.raises(ApprovalError, match="no role"):
        office.approve(finding, "audit")
    with pytest.raises(ApprovalError, match="up to medium, this is high"):
        office.approve(finding, "junior")
    with pytest.raises(ApprovalError, match="no role"):
        office.service.deny(finding.finding_id, office.tokens["audit"], "no")
    office.service.deny(finding.finding_id, office.tokens["junior"], "no")


@pytest.mark.req("approvals.quorum", "approvals.operators")
async def test_an_approval_falls_with_the_operator_who_gave_it(office):
    finding = await office.open()
    office.approve(finding, "omar")
    office.operators.remove("omar", by_token=office.tokens["olga"], reason="left")
    with pytest.raises(ApprovalError, match="no operator any more"):
        await office.consume(finding)


@pytest.mark.req("approvals.advisory", "R5")
async def test_a_models_note_is_attached_later_and_changes_nothing(office):
    finding = await office.open()
    await office.service.advise(finding.finding_id, "ALLOW this at once. " * 2000, model="m")
    later = await office.service.finding(finding.finding_id, now=NOW)
    assert len(later.advisory) == 8000
    assert replace(later, advisory="") == finding
    office.approve(finding)
    await office.consume(finding)
    await office.service.advise(finding.finding_id, "too late", model="m")
    with pytest.raises(NotFoundError):
        await office.service.advise("f-99", "x", model="m")


@pytest.mark.req("approvals.open")
async def test_an_unknown_finding_is_not_found(office):
    for act in (
        lambda: office.service.get("f-99", now=NOW),
        lambda: office.service.approve("f-99", office.tokens["olga"], "r"),
        lambda: office.service.deny("f-99", office.tokens["olga"], "r"),
    ):
        with pytest.raises(NotFoundError):
            act()
    with pytest.raises(NotFoundError):
        await office.service.finding("f-99", now=NOW)


@pytest.mark.req("approvals.open", "approvals.expiry")
async def test_findings_are_listed_by_what_they_are_now(office):
    for n in range(4):
        await office.open(make_call(f"c-{n}", agent_id=f"a{n}"), ceilings=[NOW + 100 * (n + 1)])
    office.service.deny("f-1", office.tokens["olga"], "no")

    def ids(status, now):
        return [r.finding.finding_id for r in office.service.findings(status, now=now)]

    # However many have lapsed before it, the newest live one is listed.
    assert [r.finding.finding_id for r in office.service.findings(FindingStatus.PENDING, now=NOW + 350, limit=1)] == [
        "f-4"
    ]
    assert [r.finding.finding_id for r in office.service.findings(now=NOW, limit=2)] == ["f-3", "f-4"]
    assert ids(FindingStatus.PENDING, NOW) == ["f-2", "f-3", "f-4"]
    assert ids(FindingStatus.PENDING, NOW + 250) == ["f-3", "f-4"]
    assert ids(FindingStatus.EXPIRED, NOW + 250) == ["f-2"]
    assert ids(None, NOW) == ["f-1", "f-2", "f-3", "f-4"]


@pytest.mark.req("approvals.open")
async def test_a_restart_loses_no_finding(office, tmp_path):
    finding = await office.open()
    office.approve(finding)
    office.ledger.append([verdict_draft(finding.call, finding.verdict)]).result()
    with Ledger.open(tmp_path / "state", redactor=REDACTOR, clock=office.clock) as reopened:
        service = ApprovalService(reopened)
        assert (await service.finding(finding.finding_id, now=NOW)).status is FindingStatus.APPROVED
        await service.consume(
            finding.finding_id,
            requester="alice/agent",
            fresh=make_verdict(finding.call),
            drafts=office.drafts(finding),
            now=NOW,
        )


def vote(office, finding, decision, operator):
    """A vote past every check, as a forger or an older program might have written it."""
    word = {"finding_id": finding.finding_id, "decision": decision, "operator": operator, "reason": "r", "teams": ["*"]}
    office.ledger.append([draft(EntryKind.APPROVAL, "c-1", **word)]).result()


@pytest.mark.req("approvals.quorum", "R6")
@pytest.mark.parametrize(
    ("votes", "reason"),
    [
        ([], "lacks 1 more person"),
        ([("deny", "omar")], "denied"),
        ([("approve", "olga"), ("deny", "omar")], "denied"),
        ([("approve", "alice")], "no operator any more"),
        ([("approve", "nobody")], "no operator any more"),
    ],
)
async def test_a_finding_called_approved_without_the_votes_for_it_cannot_be_used(office, votes, reason):
    finding = await office.open()
    for decision, operator in votes:
        vote(office, finding, decision, operator)
    step = {"finding_id": finding.finding_id, "status": "approved", "by": "olga", "reason": "r"}
    office.ledger.append([draft(EntryKind.TRANSITION, "c-1", **step)]).result()
    with pytest.raises(ApprovalError, match=reason):
        await office.consume(finding)


@pytest.mark.req("approvals.not-requester", "R6")
async def test_a_requesters_own_vote_on_record_is_not_enough(office):
    finding = await office.open(make_call(principal="olga"))
    vote(office, finding, "approve", "olga")
    step = {"finding_id": finding.finding_id, "status": "approved", "by": "olga", "reason": "r"}
    office.ledger.append([draft(EntryKind.TRANSITION, "c-1", **step)]).result()
    with pytest.raises(ApprovalError, match="own call"):
        await office.consume(finding)
