"""Verification: a day's ledger is right, and every way to tamper with it shows."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import apsw
import pytest

from agentgate_mcp.errors import LedgerError
from agentgate_mcp.ledger.chain import Head, prepare, seal
from agentgate_mcp.ledger.entries import Draft, EntryKind
from agentgate_mcp.ledger.ledger import FILE_NAME, Ledger
from agentgate_mcp.ledger.verify import verify, verify_file
from agentgate_mcp.model.decision import Decision
from tests.unit.ledger.samples import (
    REDACTOR,
    Clock,
    draft,
    intent,
    make_call,
    make_verdict,
    opening,
    outcome,
    step,
    verdict_draft,
)

pytestmark = pytest.mark.req("ledger.verify")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with every kind of story in it, closed."""
    path = tmp_path_factory.mktemp("day")
    with Ledger.open(path, redactor=REDACTOR, clock=Clock()) as ledger:
        for n in range(5):
            call = make_call(f"read-{n}")
            _, held = ledger.append(
                [verdict_draft(call, make_verdict(call, Decision.ALLOW)), intent(ledger.owner, call.call_id)]
            ).result()
            ledger.append([outcome(call.call_id, held.seq)]).result()
        call = make_call()
        ledger.append([verdict_draft(call, make_verdict(call)), opening("f-1", call, make_verdict(call))]).result()
        word = {"finding_id": "f-1", "decision": "approve", "operator": "olga", "reason": "ok"}
        ledger.append([draft(EntryKind.APPROVAL, "c-1", **word)]).result()
        ledger.append([step("f-1", "approved")]).result()
        granted = intent(ledger.owner, "c-1", effects=["e"], finding_id="f-1")
        _, held = ledger.append([step("f-1", "consumed"), granted]).result()
        ledger.append([outcome("c-1", held.seq)]).result()
        blocked = make_call("c-2")
        verdict = make_verdict(blocked, Decision.BLOCK)
        ledger.append([verdict_draft(blocked, verdict), opening("f-2", blocked, verdict, "blocked")]).result()
        ledger.append([draft(EntryKind.SESSION, principal="bob", action="freeze", target="bob")]).result()
        ledger.append([intent(ledger.owner, "open", effects=["e"])]).result()
    return path


@pytest.fixture
def copy(day: Path, tmp_path: Path) -> Path:
    """A copy that may be tampered with, its triggers taken off."""
    shutil.copytree(day, tmp_path / "copy")
    path = tmp_path / "copy" / FILE_NAME
    edit(path, "DROP TRIGGER entry_is_final; DROP TRIGGER entry_stays; DROP TRIGGER entry_follows")
    return path


def edit(path: Path, *statements: str) -> int:
    """Executes statements past the ledger; how many rows they changed in all."""
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)
    changed = connection.total_changes()
    connection.close()
    return changed


def forge(path: Path, made: Draft, after: int | None = None) -> int:
    """Puts a record with a right link behind record ``after`` (the last), past all rules."""
    connection = apsw.Connection(str(path))
    where = "" if after is None else f"WHERE seq = {after}"
    seq, at, link = connection.execute(f"SELECT seq, at, link FROM entry {where} ORDER BY seq DESC").fetchall()[0]
    prepared = prepare(made)
    entry = seal(prepared, head=Head(seq=seq, at=at, link=link), clock=at)
    connection.execute(
        "INSERT INTO entry VALUES(?,?,?,?,?,?,?,?,?,?,'')",
        (
            entry.seq, entry.kind, entry.at, entry.clock, entry.principal, entry.call_id,
            prepared.text, entry.payload_hash, entry.previous, entry.link,
        ),
    )  # fmt: skip
    connection.close()
    return entry.seq


def problems(path: Path) -> list[tuple[int, str]]:
    return [(p.seq, p.problem) for p in verify_file(path).problems]


def count(path: Path) -> int:
    return verify_file(path).entries


def test_an_untouched_ledger_verifies(day):
    report = verify_file(day / FILE_NAME)
    assert (report.ok, report.problems) == (True, ())
    assert (report.unknown, report.open) == (0, 1)
    said = json.loads(json.dumps(report.to_json()))
    assert (said["ok"], said["entries"], said["problems"], said["head"]) == (True, report.entries, [], report.head)


def test_taking_the_triggers_off_changes_no_record(copy):
    assert problems(copy) == []


def test_every_flipped_field_of_every_record_is_found(copy):
    total = count(copy)
    changes = {
        "kind": "'session'",
        "at": "at + 1",
        "clock": "clock + 1",
        "principal": "'mallory'",
        "call_id": "call_id || 'x'",
        "payload": "payload || ' '",
        "payload_hash": "'00' || substr(payload_hash, 3)",
        "previous": "'00' || substr(previous, 3)",
        "link": "'00' || substr(link, 3)",
        "tag": "tag || 'x'",
    }
    original = copy.read_bytes()
    for seq in range(1, total + 1):
        for column, value in changes.items():
            copy.write_bytes(original)
            if edit(copy, f"UPDATE entry SET {column} = {value} WHERE seq = {seq} AND {column} IS NOT {value}"):
                found = problems(copy)
                assert found, f"{column} of record {seq}"
                assert min(s for s, _ in found) <= seq + 1


def test_every_removed_record_but_the_last_is_found(copy):
    original, total = copy.read_bytes(), count(copy)
    for seq in range(1, total):
        copy.write_bytes(original)
        edit(copy, f"DELETE FROM entry WHERE seq = {seq}")
        assert any(f"records {seq} to {seq} are missing" in p for _, p in problems(copy)), seq


def test_records_that_are_moved_down_over_a_gap_are_found(copy):
    edit(
        copy,
        "DELETE FROM entry WHERE seq = 4",
        "UPDATE entry SET seq = -seq WHERE seq > 4",
        "UPDATE entry SET seq = -seq - 1 WHERE seq < 0",
    )
    assert problems(copy)


def test_swapped_records_are_found(copy):
    original, total = copy.read_bytes(), count(copy)
    for seq in range(1, total):
        copy.write_bytes(original)
        edit(
            copy,
            f"UPDATE entry SET seq = -1 WHERE seq = {seq}",
            f"UPDATE entry SET seq = {seq} WHERE seq = {seq + 1}",
            f"UPDATE entry SET seq = {seq + 1} WHERE seq = -1",
        )
        assert problems(copy), seq


def test_an_inserted_record_is_found_even_when_it_is_well_made(copy):
    """It is linked to its predecessor; its successor is linked to the true one."""
    edit(copy, "UPDATE entry SET seq = -seq WHERE seq > 3", "UPDATE entry SET seq = -seq + 1 WHERE seq < 0")
    assert forge(copy, draft(EntryKind.REFUSAL, "forged", code="x"), after=3) == 4
    assert problems(copy)[0][0] == 5


def test_a_payload_rewritten_with_its_hash_is_found_by_its_link(copy):
    edit(
        copy,
        f"UPDATE entry SET payload = '{{}}', payload_hash = '{hashlib.sha256(b'{}').hexdigest()}' WHERE seq = 2",
    )
    assert (2, "its link does not match its fields") in problems(copy)


@pytest.mark.req("ledger.findings")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE finding SET status = 'approved' WHERE finding_id = 'f-1'",
        "UPDATE finding SET expires_at = expires_at + 1",
        "UPDATE finding SET requester = 'bob/agent'",
        "UPDATE finding SET last_seq = last_seq - 1",
        "UPDATE finding SET binding_digest = 'other'",
        "DELETE FROM finding WHERE finding_id = 'f-2'",
        "INSERT INTO finding VALUES('f-3', 'pending', 'p', 'p/a', 'b', 1, 2, 1, 1)",
        "DELETE FROM open_intent",
        "UPDATE open_intent SET seq = seq - 1",
        "INSERT INTO open_intent VALUES('ghost', 1, 'p', 'b', 1, 1, 0)",
        "DELETE FROM frozen",
        "INSERT INTO frozen VALUES('alice', 1)",
        "UPDATE entry SET tag = '' WHERE tag = 'decision:BLOCK'",
        "UPDATE entry SET tag = 'decision:BLOCK' WHERE seq = 1",
    ],
)  # fmt: skip
def test_an_index_that_lies_is_found(copy, statement):
    edit(copy, statement)
    assert problems(copy), statement


def test_a_cut_tail_is_found_only_where_an_index_remembers_it(copy):
    """The honest limit: without a checkpoint kept elsewhere, a clean cut at the end shows nothing."""
    edit(copy, "DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)")
    assert any("open intents" in p for _, p in problems(copy))
    edit(copy, "DELETE FROM open_intent")
    assert problems(copy) == []


def test_rules_of_pairing_are_checked_against_a_writer_that_broke_them(copy):
    """Records that no rule of this program would admit, but whose chain is right."""
    owner = {"boot_id": "b", "pid": 1, "started": 1}
    orphan = forge(copy, outcome("never-intended", 1))
    ungranted = forge(copy, draft(EntryKind.INTENT, "u", effects=["e"], finding_id="f-1", owner=owner))
    frozen = forge(copy, draft(EntryKind.INTENT, "w", "bob", effects=["e"], owner=owner))
    twice = forge(copy, draft(EntryKind.INTENT, "open", effects=["e"], owner=owner))
    found = problems(copy)
    for seq, said in (
        (orphan, "without an open intent"),
        (ungranted, "was not consumed"),
        (frozen, "while they were frozen"),
        (twice, "second intent"),
    ):
        assert any(s == seq and said in p for s, p in found), said


def test_progress_is_told_to_the_end(ledger):
    heard: list[tuple[int, int]] = []
    ledger.append([draft(EntryKind.REFUSAL)] * 2100).result()
    report = verify(ledger, lambda done, total: heard.append((done, total)))
    assert heard == [(1024, 2100), (2048, 2100), (2100, 2100)]
    assert report.ok


def test_a_ledger_that_is_being_written_verifies_as_of_a_moment(ledger):
    ledger.append([draft(EntryKind.REFUSAL)] * 10).result()
    with ledger.snapshot() as store:
        ledger.append([draft(EntryKind.REFUSAL)]).result()
        assert store.last_seq() == 10
    assert verify(ledger).entries == 11


def test_very_many_problems_are_counted_and_cut(ledger, tmp_path):
    ledger.append([draft(EntryKind.REFUSAL)] * 1500).result()
    edit(tmp_path / "state" / FILE_NAME, "DROP TRIGGER entry_is_final", "UPDATE entry SET principal = 'x'")
    report = verify(ledger)
    assert (len(report.problems), report.truncated, report.entries) == (1000, True, 1500)


def test_a_ledger_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(LedgerError, match="no such file"):
        verify_file(tmp_path / "none.sqlite3")
    assert list(tmp_path.iterdir()) == []
