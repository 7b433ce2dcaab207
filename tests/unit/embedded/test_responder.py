"""The simulating responder and the report store: permits, receipts, duplicates, expiry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from agentgate_mcp.backends.embedded import read_journal
from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.canonical import digest
from agentgate_mcp.effects import ActionName, Effects, ResponseAction
from agentgate_mcp.errors import PermitError
from agentgate_mcp.permits import Permit, PermitBook, PermitKind

pytestmark = pytest.mark.req("embedded.responder")

PLAN = ResponseAction(
    action="isolate_host", target="cam-01", reason="C2", case_id="1001", simulate=True, requested_by="a.lund"
)
REAL = replace(PLAN, simulate=False)
Mint = Callable[..., Permit]


@pytest.mark.parametrize("action", get_args(ActionName))
def test_every_action_is_simulated_and_says_how_it_would_be_undone(backends: Backends, action: ActionName) -> None:
    (receipt,) = backends.responder.request([replace(PLAN, action=action)], permit=None, call_id="c", at=100.0)
    assert (receipt.status, receipt.action, receipt.at) == ("simulated", action, 100.0)
    assert "nothing was touched" in receipt.detail
    assert receipt.rollback
    assert receipt.expires_at is None or receipt.expires_at > 100.0
    assert not backends.responder.live


@pytest.mark.req("R1", "R3", "embedded.journal")
def test_a_real_action_needs_a_permit_and_is_still_a_simulation(
    backends: Backends, permit_for: Mint, tmp_path: Path
) -> None:
    with pytest.raises(PermitError):
        backends.responder.request([PLAN, REAL], permit=None, call_id="c", at=1.0)
    other = replace(REAL, target="dc01")
    with pytest.raises(PermitError):
        backends.responder.request([REAL], permit=permit_for(other), call_id="c", at=1.0)
    assert backends.responder.receipts("") == ()
    permit = permit_for(REAL, seq=9)
    (receipt,) = backends.responder.request([REAL], permit=permit, call_id="c", at=1.0)
    assert receipt.status == "simulated"
    assert "no responder is configured" in receipt.detail
    assert [(e.intent_seq, e.what) for e in read_journal(tmp_path / "state")] == [(9, "isolate_host:cam-01")]
    with pytest.raises(PermitError):
        backends.responder.request([REAL], permit=permit, call_id="c", at=2.0)


def test_simulations_leave_no_effect_in_the_journal(backends: Backends, tmp_path: Path) -> None:
    backends.responder.request([PLAN], permit=None, call_id="c", at=1.0)
    assert read_journal(tmp_path / "state") == ()


def test_an_action_in_force_is_not_repeated_until_it_expires(backends: Backends) -> None:
    first, second = backends.responder.request(
        [PLAN, replace(PLAN, target="CAM-01 ")], permit=None, call_id="c", at=0.0
    )
    assert (second.status, second.duplicate_of) == ("duplicate", first.action_id)
    (third,) = backends.responder.request([PLAN], permit=None, call_id="d", at=3600.0)
    assert (third.status, third.duplicate_of) == ("duplicate", first.action_id)
    assert first.expires_at is not None
    (later,) = backends.responder.request([PLAN], permit=None, call_id="e", at=first.expires_at)
    assert later.status == "simulated"


def test_a_simulation_does_not_stand_in_for_a_real_action(backends: Backends, permit_for: Mint) -> None:
    backends.responder.request([PLAN], permit=None, call_id="c", at=0.0)
    (receipt,) = backends.responder.request([REAL], permit=permit_for(REAL), call_id="d", at=1.0)
    assert receipt.status == "simulated"
    assert receipt.duplicate_of == ""


def test_tickets_of_different_reasons_are_different(backends: Backends) -> None:
    ticket = replace(PLAN, action="create_ticket", target="soc")
    got = backends.responder.request(
        [ticket, replace(ticket, reason="other"), ticket, replace(ticket, case_id="1002")],
        permit=None,
        call_id="c",
        at=0.0,
    )
    assert [r.status for r in got] == ["simulated", "simulated", "duplicate", "simulated"]


@pytest.mark.req("embedded.shared")
def test_receipts_are_kept_by_case_and_seen_by_another_opening(open_backend: Callable[[], Backends]) -> None:
    got = open_backend().responder.request(
        [PLAN, replace(PLAN, action="block_ip", target="192.0.2.7", case_id="1002")], permit=None, call_id="c", at=1.0
    )
    again = open_backend().responder
    assert again.receipts("1001") == (got[0],)
    assert again.receipts("1002") == (got[1],)
    assert again.receipts("") == got
    assert again.receipts("9999") == ()


@pytest.mark.req("embedded.reports", "R3", "embedded.journal")
def test_a_report_is_kept_under_a_permit_and_the_newest_is_given(
    backends: Backends, book: PermitBook, tmp_path: Path
) -> None:
    of = digest(Effects(report_of="1001").to_json())
    for verdict in ("inconclusive", "malicious"):
        permit = book.mint(kind=PermitKind.EFFECT, digest=of, call_id="c", intent_seq=3)
        backends.reports.save("1001", {"verdict": verdict, "confidence": 0.5}, permit=permit, at=1.0)
    assert backends.reports.latest("1001") == {"verdict": "malicious", "confidence": 0.5}
    assert backends.reports.latest("1002") is None
    assert [e.what for e in read_journal(tmp_path / "state")] == ["report:1001", "report:1001"]
    with pytest.raises(PermitError):
        backends.reports.save("1001", {}, permit=permit, at=1.0)
    wrong = book.mint(kind=PermitKind.EFFECT, digest=of, call_id="c", intent_seq=3)
    with pytest.raises(PermitError):
        backends.reports.save("1002", {}, permit=wrong, at=1.0)
