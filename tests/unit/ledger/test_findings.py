"""Findings as their records tell them."""

from __future__ import annotations

import itertools

import pytest

from agentgate_mcp.errors import LedgerError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.findings import NEXT
from agentgate_mcp.ledger.verify import verify
from agentgate_mcp.model.decision import Decision
from agentgate_mcp.model.verdict import FindingStatus
from tests.unit.ledger.samples import NOW, draft, make_call, make_verdict, opening, step

pytestmark = pytest.mark.req("ledger.findings")

CALL = make_call()
VERDICT = make_verdict(CALL)


def reach(ledger, status):
    """Brings a fresh finding into ``status`` by the shortest way."""
    if status is FindingStatus.BLOCKED:
        ledger.append([opening("f-1", CALL, make_verdict(CALL, Decision.BLOCK), "blocked")]).result()
        return
    ledger.append([opening("f-1", CALL, VERDICT)]).result()
    if status is FindingStatus.CONSUMED:
        ledger.append([step("f-1", "approved")]).result()
    if status is not FindingStatus.PENDING:
        ledger.append([step("f-1", status.value)]).result()


@pytest.mark.parametrize(("before", "after"), list(itertools.product([None, *FindingStatus], FindingStatus)))
def test_a_finding_goes_only_where_its_state_allows(ledger, before, after):
    if before is not None:
        reach(ledger, before)
    made = opening("f-1", CALL, VERDICT, after.value) if before is None else step("f-1", after.value)
    future = ledger.append([made])
    if after in NEXT[before]:
        future.result()
        assert ledger.finding("f-1").finding.status is after
        assert ledger.finding_ids(after) == ("f-1",)
    else:
        with pytest.raises(LedgerError, match="cannot become"):
            future.result()
    assert verify(ledger).ok


def test_a_finding_holds_its_call_verdict_history_votes_and_note(ledger, clock):
    ledger.append([opening("f-1", CALL, VERDICT)]).result()
    clock.at += 5
    word = {"finding_id": "f-1", "decision": "approve", "operator": "olga", "reason": "seen", "teams": ["soc"]}
    ledger.append([draft(EntryKind.APPROVAL, "c-1", **word)]).result()
    ledger.append([step("f-1", "approved")]).result()
    ledger.append([draft(EntryKind.ADVISORY, "c-1", finding_id="f-1", text="a note", model="m")]).result()
    record = ledger.finding("f-1")
    finding = record.finding
    assert (finding.call, finding.verdict, finding.advisory) == (CALL, VERDICT, "a note")
    assert (finding.created_at, finding.expires_at) == (NOW, NOW + 3600)
    assert [(t.at, t.status, t.by) for t in finding.history] == [
        (NOW, FindingStatus.PENDING, "gate"),
        (NOW + 5, FindingStatus.APPROVED, "olga"),
    ]
    assert (finding.decided_by, record.votes[0].teams, record.kind) == (("olga",), ("soc",), "change")
    assert (record.opened_seq, record.last_seq) == (1, 4)
    assert (finding.status, finding.finding_id) == (FindingStatus.APPROVED, "f-1")
    assert verify(ledger).ok


@pytest.mark.parametrize(
    "made",
    [
        draft(EntryKind.APPROVAL, finding_id="f-9", decision="approve", operator="o", reason="r"),
        draft(EntryKind.ADVISORY, finding_id="f-9", text="t"),
        draft(EntryKind.APPROVAL, finding_id="f-1", decision="maybe", operator="o", reason="r"),
        draft(EntryKind.TRANSITION, finding_id="f-1", status="odd", by="o", reason="r"),
        draft(EntryKind.TRANSITION, finding_id="f-1", status="approved"),
        draft(EntryKind.TRANSITION, status="approved", by="o", reason="r"),
        draft(EntryKind.TRANSITION, finding_id="f-2", status="pending", by="gate", reason="r"),
        draft(EntryKind.TRANSITION, finding_id=7, status="pending", by="gate", reason="r"),
    ],
)
def test_a_record_that_fits_no_finding_is_refused(ledger, made):
    ledger.append([opening("f-1", CALL, VERDICT)]).result()
    with pytest.raises(LedgerError):
        ledger.append([made]).result()
    assert ledger.last_seq() == 1


def test_a_decided_finding_takes_no_further_vote(ledger):
    reach(ledger, FindingStatus.DENIED)
    with pytest.raises(LedgerError, match="takes no vote"):
        ledger.append(
            [draft(EntryKind.APPROVAL, finding_id="f-1", decision="approve", operator="o", reason="r")]
        ).result()


def test_findings_are_listed_by_status_oldest_first(ledger):
    for n in range(5):
        ledger.append([opening(f"f-{n}", make_call(f"c-{n}"), make_verdict(make_call(f"c-{n}")))]).result()
    ledger.append([step("f-2", "denied")]).result()
    assert ledger.finding_ids(FindingStatus.PENDING) == ("f-0", "f-1", "f-3", "f-4")
    assert ledger.finding_ids(FindingStatus.PENDING, limit=2) == ("f-0", "f-1")
    assert ledger.finding_ids() == ("f-0", "f-1", "f-2", "f-3", "f-4")
    assert ledger.finding("f-9") is None
