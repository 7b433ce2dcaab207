"""Finding records."""

from __future__ import annotations

import itertools

import pytest

from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.ledger import SESSION_KINDS
from agentgate_mcp.ledger.query import PAGE
from agentgate_mcp.model.decision import Decision
from tests.unit.ledger.samples import NOW, draft, intent, make_call, make_verdict, verdict_draft

pytestmark = pytest.mark.req("ledger.reads")


def seqs(entries):
    return [e.seq for e in entries]


@pytest.fixture
def mixed(ledger, clock):
    """1200 records of three kinds by two principals, one second apart."""
    kinds = itertools.cycle([EntryKind.REFUSAL, EntryKind.SESSION, EntryKind.CHECKPOINT])
    drafts = [draft(next(kinds), f"c-{n // 6}", "alice" if n % 2 else "bob", n=n) for n in range(1200)]
    clock.steps = itertools.repeat(1.0)
    ledger.append(drafts).result()
    return ledger


def test_all_records_are_read_in_pages_and_in_order(mixed):
    assert PAGE < 1200
    assert seqs(mixed.entries()) == list(range(1, 1201))
    assert seqs(mixed.entries(1100)) == list(range(1101, 1201))
    assert seqs(mixed.entries(10, upto=20)) == list(range(11, 21))
    assert seqs(mixed.entries(5000)) == []


@pytest.mark.parametrize("kinds", [None, {EntryKind.REFUSAL}, {EntryKind.SESSION, EntryKind.REFUSAL}, set()])
@pytest.mark.parametrize("principal", [None, "alice", "nobody"])
@pytest.mark.parametrize("call_id", [None, "c-7"])
@pytest.mark.parametrize("since", [0, 43])
def test_conditions_combine(mixed, kinds, principal, call_id, since):
    wanted = [
        e.seq
        for e in mixed.entries()
        if (kinds is None or e.kind in kinds)
        and principal in (None, e.principal)
        and call_id in (None, e.call_id)
        and e.seq > since
    ]
    chosen = None if kinds is None else frozenset(kinds)
    assert seqs(mixed.entries(since, chosen, principal, call_id)) == wanted


def test_records_are_found_by_time(mixed):
    third = next(mixed.entries(2))
    assert mixed.seq_at(third.at) == 2
    assert mixed.seq_at(third.at + 0.5) == 3
    assert mixed.seq_at(NOW - 5) == 0
    assert mixed.seq_at(NOW + 1e6) == 1200


def test_a_reader_that_pauses_sees_what_is_written_meanwhile_and_holds_nothing_up(mixed):
    reading = mixed.entries()
    first = next(reading)
    mixed.append([draft(EntryKind.REFUSAL)]).result()
    assert seqs(reading)[-1] == 1201
    assert first.seq == 1


def test_refused_calls_are_found_by_their_decision(ledger):
    for n, decision in enumerate(Decision):
        call = make_call(f"c-{n}")
        ledger.append([verdict_draft(call, make_verdict(call, decision))]).result()
    assert [e.call_id for e in ledger.entries(tag="decision:BLOCK")] == ["c-2"]
    assert [e.call_id for e in ledger.entries(tag="decision:REQUIRE_APPROVAL")] == ["c-1"]


def test_a_session_is_read_from_its_principals_records_alone(ledger):
    call = make_call()
    ledger.append(
        [verdict_draft(call, make_verdict(call)), intent(ledger.owner, "c-1"), draft(EntryKind.SESSION)]
    ).result()
    ledger.append([draft(EntryKind.SESSION, principal="bob")]).result()
    assert [e.kind for e in ledger.entries(0, SESSION_KINDS, "alice")] == [EntryKind.VERDICT, EntryKind.SESSION]
    assert [e.kind for e in ledger.entries(1, SESSION_KINDS, "alice")] == [EntryKind.SESSION]


def test_reads_use_an_index(mixed):
    with mixed.snapshot() as store:
        for where, bindings in (
            ("call_id = ? AND call_id <> ''", ("c-7",)),
            ("principal = ?", ("alice",)),
            ("kind IN (?)", ("refusal",)),
            ("tag = ? AND tag <> ''", ("decision:BLOCK",)),
        ):
            plan = store.rows(
                f"EXPLAIN QUERY PLAN SELECT * FROM entry WHERE {where} AND seq > ? ORDER BY seq LIMIT ?",
                (*bindings, 0, 5),
            )
            said = " ".join(str(row[3]) for row in plan)
            assert "USING INDEX entry_" in said
            assert "TEMP B-TREE" not in said
