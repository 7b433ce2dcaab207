"""The chain, by hand."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.errors import CanonicalError, LedgerError
from agentgate_mcp.ledger.chain import GENESIS, MAX_PAYLOAD_BYTES, Head, payload_hash_of, prepare, seal
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.store import broken
from tests.unit.ledger.samples import draft

pytestmark = pytest.mark.req("ledger.chain")


def row_of(entry, text):
    return (
        entry.seq, entry.kind.value, entry.at, entry.clock, entry.principal, entry.call_id,
        text, entry.payload_hash, entry.previous, entry.link,
    )  # fmt: skip


def test_a_link_is_the_hash_of_the_previous_link_and_every_field():
    prepared = prepare(draft(EntryKind.REFUSAL, "c-1", code="x", é=1.0))
    entry = seal(prepared, head=Head(seq=6, at=5.0, link="ab" * 32), clock=7.5)
    fields = {
        "seq": 7, "kind": "refusal", "at": 7.5, "clock": 7.5, "principal": "alice", "call_id": "c-1",
        "payload_hash": hashlib.sha256('{"code":"x","é":1}'.encode()).hexdigest(),
    }  # fmt: skip
    assert entry.payload_hash == fields["payload_hash"]
    assert entry.link == hashlib.sha256(bytes.fromhex("ab" * 32) + rfc8785.dumps(fields)).hexdigest()


def test_the_first_record_follows_the_genesis():
    entry = seal(prepare(draft(EntryKind.REFUSAL)), head=Head(), clock=1.0)
    assert (entry.seq, entry.previous) == (1, GENESIS)


@pytest.mark.req("ledger.clock")
def test_time_never_goes_back_and_the_raw_clock_is_kept():
    entry = seal(prepare(draft(EntryKind.REFUSAL)), head=Head(seq=1, at=100.0), clock=40.0)
    assert (entry.at, entry.clock) == (100.0, 40.0)


@pytest.mark.req("ledger.clock", "ledger.refuses")
@pytest.mark.parametrize("clock", [float("nan"), float("inf"), float("-inf")])
def test_a_clock_without_time_refuses_the_record(clock):
    with pytest.raises(LedgerError):
        seal(prepare(draft(EntryKind.REFUSAL)), head=Head(), clock=clock)


def test_a_payload_that_is_too_large_or_has_no_canonical_form_is_refused():
    with pytest.raises(LedgerError, match="at most"):
        prepare(draft(EntryKind.REFUSAL, big="x" * MAX_PAYLOAD_BYTES))
    with pytest.raises(CanonicalError):
        prepare(draft(EntryKind.REFUSAL, bad=float("nan")))


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(TEXT, st.integers(-9, 9) | st.text("ab")), st.data())
def test_no_field_of_a_sealed_record_can_be_changed_unseen(payload, data):
    prepared = prepare(draft(EntryKind.OUTCOME, "c-1", **payload))
    entry = seal(prepared, head=Head(seq=3, at=2.0, link="cd" * 32), clock=9.0)
    assert broken(row_of(entry, prepared.text)) == ""
    changed = data.draw(
        st.sampled_from(
            [
                replace(entry, seq=entry.seq + 1),
                replace(entry, kind=EntryKind.REFUSAL),
                replace(entry, at=entry.at + 0.001),
                replace(entry, clock=entry.clock - 1),
                replace(entry, principal="bob"),
                replace(entry, call_id="c-2"),
                replace(entry, payload_hash=payload_hash_of("{}x")),
                replace(entry, previous="ce" * 32),
                replace(entry, previous="not a hash"),
                replace(entry, link="0" * 64),
            ]
        )
    )
    assert broken(row_of(changed, prepared.text)) != ""
    assert broken(row_of(entry, prepared.text + " ")) == "its payload was changed"


def test_a_stored_field_of_another_type_is_broken():
    prepared = prepare(draft(EntryKind.OUTCOME, "c-1"))
    row = list(row_of(seal(prepared, head=Head(), clock=9.0), prepared.text))
    for index, other in ((0, "1"), (2, "now"), (6, b"{}"), (9, None)):
        assert broken([*row[:index], other, *row[index + 1 :]]) == "a field has another type"
