"""One approval, many hands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from agentgate_mcp.approvals.registry import OperatorRegistry
from agentgate_mcp.errors import ApprovalError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.model.verdict import FindingStatus
from tests.unit.approvals.racer import race
from tests.unit.ledger.processes import child
from tests.unit.ledger.samples import NOW, REDACTOR, make_call

pytestmark = pytest.mark.anyio


@pytest.mark.req("approvals.single-use", "R6")
@pytest.mark.parametrize("number", range(3))
async def test_two_processes_and_thirty_two_threads_get_one_intent(office, tmp_path, number):
    finding = await office.open()
    office.approve(finding)
    with ExitStack() as stack:
        racers = [
            stack.enter_context(child(tmp_path / "state", finding.finding_id, 16, module="tests.unit.approvals.racer"))
            for _ in range(2)
        ]
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        got = [int(racer.communicate(timeout=60)[0]) for racer in racers]
    assert sum(got) == 1
    assert len(list(office.ledger.entries(kinds=frozenset({EntryKind.INTENT})))) == 1


@pytest.mark.req("approvals.single-use")
async def test_threads_of_one_process_get_one_intent(office):
    for n in range(5):
        finding = await office.open(make_call(f"c-{n}", agent_id=f"a{n}"))
        office.approve(finding)
        assert race(office.ledger, finding.finding_id, 12) == 1


@pytest.mark.req("approvals.single-use", "approvals.deny")
async def test_a_denial_and_a_use_never_both_win(office):
    for n in range(10):
        finding = await office.open(make_call(f"c-{n}", agent_id=f"a{n}"))
        office.approve(finding)

        def deny(finding_id=finding.finding_id):
            try:
                office.service.deny(finding_id, office.tokens["omar"], "stop")
            except ApprovalError:
                return 0
            return 1

        with ThreadPoolExecutor(2) as pool:
            denial = pool.submit(deny)
            used = pool.submit(race, office.ledger, finding.finding_id, 4)
            assert denial.result() + used.result() == 1


@pytest.mark.req("approvals.quorum", "approvals.single-use")
async def test_two_approvals_at_once_make_one_transition(office):
    finding = await office.open()

    def approve(name):
        try:
            office.approve(finding, name)
        except ApprovalError:
            return 0
        return 1

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(approve, ["olga", "omar"])) == 1
    record = office.service.get(finding.finding_id, now=NOW)
    assert record.finding.status is FindingStatus.APPROVED
    assert len(record.votes) == 1


@pytest.mark.req("approvals.operators")
def test_only_one_can_be_the_first_operator(tmp_path):
    with Ledger.open(tmp_path, redactor=REDACTOR) as ledger:
        registry = OperatorRegistry(ledger)

        def add(name):
            try:
                return registry.add(name, roles=["approver"])
            except ApprovalError:
                return ""

        with ThreadPoolExecutor(8) as pool:
            tokens = [t for t in pool.map(add, [f"o{n}" for n in range(8)]) if t]
        assert len(tokens) == 1
        assert len(registry.book().active) == 1
