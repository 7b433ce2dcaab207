"""Appending, group commit, transactions."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agentgate_mcp.errors import ApprovalError, CanonicalError, GateError, LedgerError, LedgerFullError
from agentgate_mcp.ledger.chain import GENESIS
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.ledger import FILE_NAME, Ledger
from agentgate_mcp.ledger.verify import verify
from tests.unit.ledger.samples import NOW, REDACTOR, Clock, draft, intent, outcome
from tests.unit.ledger.watched import Gate, watched_factory

REFUSAL = draft(EntryKind.REFUSAL, code="x")


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def gated(tmp_path: Path, gate: Gate) -> Iterator[Ledger]:
    ledger = Ledger(watched_factory(tmp_path / FILE_NAME, gate), redactor=REDACTOR, capacity=8)
    gate.commits = 0
    while gate.waiting.acquire(blocking=False):  # the commit that made the schema
        pass
    yield ledger
    gate.open.set()
    ledger.close()


@pytest.mark.req("ledger.chain")
def test_records_come_back_sealed_in_order_and_linked(ledger):
    first, second = ledger.append([REFUSAL, draft(EntryKind.REFUSAL, "c-2", principal="bob", n=2)]).result()
    (third,) = ledger.append([REFUSAL]).result()
    assert [e.seq for e in (first, second, third)] == [1, 2, 3]
    assert (first.previous, second.previous, third.previous) == (GENESIS, first.link, second.link)
    assert list(ledger.entries()) == [first, second, third]
    assert (second.principal, second.call_id, second.payload, second.at) == ("bob", "c-2", {"n": 2}, NOW)


@pytest.mark.req("ledger.group-commit", "R3")
def test_nothing_is_acknowledged_before_its_commit_has_returned(gated, gate):
    gate.open.clear()
    future = gated.append([REFUSAL])
    assert gate.waiting.acquire(timeout=30)
    assert not future.done()
    assert gated.last_seq() == 0
    gate.open.set()
    assert future.result(30)[0].seq == 1
    assert gated.last_seq() == 1


@pytest.mark.req("ledger.group-commit")
def test_records_that_wait_together_share_one_commit(gated, gate):
    gate.open.clear()
    first = gated.append([REFUSAL])
    assert gate.waiting.acquire(timeout=30)
    others = [gated.append([REFUSAL, REFUSAL]) for _ in range(7)]
    gate.open.set()
    assert first.result(30)[0].seq == 1
    assert [e.seq for f in others for e in f.result(30)] == list(range(2, 16))
    assert gate.commits == 2


@pytest.mark.req("ledger.backpressure")
def test_a_full_queue_refuses_calls_and_still_takes_outcomes(gated, gate):
    (held,) = gated.append([intent(gated.owner, "c-1")]).result()
    gate.open.clear()
    while gate.waiting.acquire(blocking=False):
        pass
    gated.append([REFUSAL])
    assert gate.waiting.acquire(timeout=30)
    waiting = [gated.append([REFUSAL]) for _ in range(8)]
    with pytest.raises(LedgerFullError):
        gated.append([REFUSAL])
    result = gated.append([outcome("c-1", held.seq)])
    for _ in range(7):
        gated.transact(lambda tx: tx.now)
    with pytest.raises(LedgerFullError):
        gated.append([outcome("c-1", held.seq)])
    gate.open.set()
    assert result.result(30)[0].kind is EntryKind.OUTCOME
    assert all(f.result(30) for f in waiting)


@pytest.mark.req("ledger.transact")
def test_a_transaction_that_raises_leaves_nothing_and_harms_no_neighbour(gated, gate):
    gate.open.clear()
    gated.append([REFUSAL])
    assert gate.waiting.acquire(timeout=30)

    def failing(tx):
        tx.append(EntryKind.REFUSAL, "eve", "", {"n": 1})
        raise ApprovalError("no")

    before = gated.append([draft(EntryKind.REFUSAL, n="before")])
    failed = gated.transact(failing)
    after = gated.append([draft(EntryKind.REFUSAL, n="after")])
    gate.open.set()
    with pytest.raises(ApprovalError):
        failed.result(30)
    assert (before.result(30)[0].seq, after.result(30)[0].seq) == (2, 3)
    assert not list(gated.entries(principal="eve"))
    assert verify(gated).ok


@pytest.mark.req("ledger.transact")
def test_a_transaction_reads_what_it_wrote_and_returns_a_value(ledger):
    def job(tx):
        tx.append(EntryKind.SESSION, "alice", "", {"action": "note"})
        return tx.head.seq, tx.now

    assert ledger.run(job) == (1, NOW)


@pytest.mark.req("ledger.clock")
def test_a_clock_set_back_is_visible_and_harmless(ledger, clock):
    ledger.append([REFUSAL]).result()
    clock.at = NOW - 500
    (second,) = ledger.append([REFUSAL]).result()
    assert (second.at, second.clock) == (NOW, NOW - 500)
    assert ledger.run(lambda tx: tx.now) == NOW
    assert verify(ledger).ok


@pytest.mark.req("ledger.clock", "ledger.refuses")
def test_a_clock_that_gives_no_time_refuses_one_record_and_not_the_next(ledger, clock):
    clock.at = float("nan")
    with pytest.raises(LedgerError):
        ledger.append([REFUSAL]).result()
    clock.at = NOW
    assert ledger.append([REFUSAL]).result()[0].seq == 1


@pytest.mark.req("ledger.chain", "ledger.redacted")
def test_a_payload_without_canonical_form_is_refused_where_it_is_made(ledger):
    with pytest.raises(CanonicalError):
        ledger.append([draft(EntryKind.REFUSAL, n=float("nan"))])
    assert ledger.last_seq() == 0


@pytest.mark.req("ledger.redacted", "R8")
def test_no_secret_is_stored_whoever_wrote_the_draft(ledger, tmp_path):
    secret = "hunter2-canary"
    ledger.append([draft(EntryKind.REFUSAL, password=secret, log=f'{{"password":"{secret}"}}')]).result()
    ledger.run(lambda tx: tx.append(EntryKind.SESSION, "alice", "", {"reason": f"password={secret}"}))
    ledger.close()
    files = list((tmp_path / "state").iterdir())
    assert files
    assert not any(secret.encode() in f.read_bytes() for f in files)


@pytest.mark.req("ledger.cancel", "R3")
def test_a_cancelled_caller_does_not_take_its_record_back(gated, gate):
    async def cancelled() -> None:
        gate.open.clear()
        task = asyncio.create_task(gated.record([REFUSAL]))
        await asyncio.to_thread(gate.waiting.acquire, timeout=30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.open.set()

    asyncio.run(cancelled())
    assert gated.run(lambda tx: tx.head.seq) == 1


@pytest.mark.req("ledger.group-commit", "ledger.refuses")
def test_a_record_that_is_not_durable_in_time_is_refused(tmp_path, gate):
    ledger = Ledger(watched_factory(tmp_path / FILE_NAME, gate), redactor=REDACTOR, deadline_s=0.05)
    gate.open.clear()
    with pytest.raises(LedgerError, match="no durable record"):
        asyncio.run(ledger.record([REFUSAL]))
    with pytest.raises(LedgerError, match="no durable record"):
        ledger.run(lambda tx: tx.now)
    gate.open.set()
    ledger.close()


@pytest.mark.req("ledger.group-commit")
def test_many_tasks_and_threads_make_one_chain(ledger):
    async def tasks() -> None:
        await asyncio.gather(*(ledger.record([REFUSAL]) for _ in range(50)))

    with ThreadPoolExecutor(8) as threads:
        done = [threads.submit(lambda: ledger.append([REFUSAL]).result()) for _ in range(50)]
        asyncio.run(tasks())
        assert all(f.result() for f in done)
    report = verify(ledger)
    assert (report.ok, report.entries) == (True, 100)


@pytest.mark.req("ledger.close")
def test_closing_writes_what_waits_and_refuses_what_comes_later(tmp_path, gate):
    ledger = Ledger(watched_factory(tmp_path / FILE_NAME, gate), redactor=REDACTOR)
    gate.open.clear()
    futures = [ledger.append([REFUSAL]) for _ in range(5)]
    closing = threading.Thread(target=ledger.close)
    closing.start()
    gate.open.set()
    closing.join(30)
    assert [f.result(0)[0].seq for f in futures] == [1, 2, 3, 4, 5]
    with pytest.raises(LedgerError, match="closed"):
        ledger.append([REFUSAL])
    with pytest.raises(LedgerError, match="closed"):
        ledger.last_seq()
    ledger.close()


@pytest.mark.req("ledger.fork")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_can_neither_write_nor_close_its_parents_ledger(ledger):
    ledger.append([REFUSAL]).result()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            ledger.close()
            try:
                ledger.append([REFUSAL])
            except LedgerError:
                code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert ledger.append([REFUSAL]).result()[0].seq == 2


@pytest.mark.req("ledger.pairs", "R3")
def test_an_outcome_needs_the_open_intent_of_its_call(ledger):
    (held,) = ledger.append([intent(ledger.owner, "c-1", effects=["e"])]).result()
    for wrong in (outcome("c-2", held.seq), outcome("c-1", held.seq + 1), outcome("", held.seq)):
        with pytest.raises(LedgerError):
            ledger.append([wrong]).result()
    assert [i.call_id for i in ledger.orphans()] == ["c-1"]
    ledger.append([outcome("c-1", held.seq)]).result()
    assert ledger.orphans() == ()
    with pytest.raises(LedgerError, match="open intent"):
        ledger.append([outcome("c-1", held.seq)]).result()
    assert verify(ledger).ok


@pytest.mark.req("ledger.pairs")
def test_a_call_has_one_intent_for_ever(ledger):
    (held,) = ledger.append([intent(ledger.owner, "c-1")]).result()
    with pytest.raises(LedgerError, match="already has an intent"):
        ledger.append([intent(ledger.owner, "c-1")]).result()
    ledger.append([outcome("c-1", held.seq)]).result()
    with pytest.raises(LedgerError, match="already has an intent"):
        ledger.append([intent(ledger.owner, "c-1")]).result()
    with pytest.raises(LedgerError, match="id of its call"):
        ledger.append([intent(ledger.owner, "")]).result()


@pytest.mark.req("ledger.pairs")
def test_a_refusal_closes_an_intent_that_changes_nothing_and_no_other(ledger):
    ledger.append([intent(ledger.owner, "read"), intent(ledger.owner, "write", effects=["e"])]).result()
    ledger.append([draft(EntryKind.REFUSAL, "read"), draft(EntryKind.REFUSAL, "write")]).result()
    assert [(i.call_id, i.effects) for i in ledger.orphans()] == [("write", True)]
    assert verify(ledger).ok


@pytest.mark.req("ledger.freeze", "R11")
def test_an_intent_with_effects_is_refused_from_the_record_of_a_freeze_on(ledger):
    def session(action, target):
        ledger.append([draft(EntryKind.SESSION, principal=target, action=action, target=target)]).result()

    def write(call_id, principal):
        return ledger.append([intent(ledger.owner, call_id, effects=["e"], principal=principal)])

    for target, stopped in (("alice", {"alice"}), ("*", {"alice", "bob"})):
        session("freeze", target)
        assert ledger.frozen() == {target}
        for principal in ("alice", "bob"):
            if principal in stopped:
                with pytest.raises(GateError, match="frozen"):
                    write(f"w-{target}-{principal}", principal).result()
            else:
                write(f"w-{target}-{principal}", principal).result()
            assert ledger.append([intent(ledger.owner, f"r-{target}-{principal}", principal=principal)]).result()
        session("thaw", target)
    assert ledger.append([intent(ledger.owner, "c-9", effects=["e"])]).result()
    assert verify(ledger).ok


@pytest.mark.req("ledger.transact")
def test_an_unexpected_error_in_a_job_reaches_its_caller_and_nobody_else(ledger):
    with pytest.raises(ZeroDivisionError):
        ledger.run(lambda tx: 1 / 0)
    assert ledger.append([REFUSAL]).result()[0].seq == 1


@pytest.mark.req("ledger.group-commit")
def test_a_listener_hears_of_each_durable_sequence(ledger):
    heard: list[int] = []
    ledger.subscribe(heard.append)
    ledger.append([REFUSAL, REFUSAL]).result()
    ledger.run(lambda tx: None)
    ledger.append([REFUSAL]).result()
    ledger.close()
    assert heard == [2, 3]


def drifting(start: float) -> Clock:
    return Clock(at=start, steps=iter([-1.0] * 100))


@pytest.mark.req("ledger.clock")
def test_a_clock_that_only_goes_back_still_makes_a_ledger_that_verifies(tmp_path):
    with Ledger.open(tmp_path, redactor=REDACTOR, clock=drifting(NOW)) as ledger:
        for _ in range(10):
            ledger.append([REFUSAL]).result()
        times = [e.at for e in ledger.entries()]
        clocks = [e.clock for e in ledger.entries()]
        assert times == [NOW - 1] * 10
        assert clocks == sorted(clocks, reverse=True)
        assert len(set(clocks)) == 10
        assert verify(ledger).ok
