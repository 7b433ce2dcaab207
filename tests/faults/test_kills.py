"""R3 and R9: a server that is killed at any moment, again and again, over one state directory."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentgate_mcp.backends.embedded import read_journal
from agentgate_mcp.compose import Office, open_office
from agentgate_mcp.ledger.entries import EntryKind, LedgerEntry
from agentgate_mcp.ledger.recovery import recover
from agentgate_mcp.ledger.verify import verify
from tests.faults.children import Child, opened, started, work
from tests.unit.dispatch.endings import ungated

pytestmark = pytest.mark.req("R3", "R9", "dispatch.kill")
KILLS = 10
SEEDS = (20261122, 7, 1002)
"""Ten kills each."""
NEVER = ""
MARKS = 60
"""A child is killed after at most so many marks: commits, effects begun and made, results released."""


@pytest.fixture
def state(warm: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "state"
    shutil.copytree(warm, copied)
    return copied


@pytest.fixture
def office(state: Path) -> Iterator[Office]:
    """The record, held open by a process that lives through all the kills."""
    with open_office(state) as opened_office:
        yield opened_office


def killed_after(child: Child, marks: int) -> list[str]:
    """Kills the child when it has said ``marks`` lines, and gives all that it said."""
    said: list[str] = []
    for line in child.lines():
        said.append(line)
        if said.count("ready") and len(said) - said.index("ready") > marks:
            break
    child.process.kill()
    said.extend(child.lines())
    assert child.ended() == -9
    return said


def outcomes(office: Office) -> dict[str, list[LedgerEntry]]:
    """Outcomes by call."""
    found: dict[str, list[LedgerEntry]] = {}
    for entry in office.ledger.entries(kinds=frozenset({EntryKind.OUTCOME})):
        found.setdefault(entry.call_id, []).append(entry)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_kills_leave_no_effect_without_intent_and_each_orphan_unknown_once(
    state: Path, office: Office, seed: int
) -> None:
    rng = random.Random(seed)
    print(f"seed {seed}")
    token = office.operators.add("olga", roles=["approver"])
    released: set[str] = set()
    orphaned: set[str] = set()
    for kill in range(KILLS):
        with started(work, state, rng.randrange(2**31), token, NEVER) as child:
            pid = child.process.pid
            said = killed_after(child, rng.randrange(1, MARKS))
        released |= {line.removeprefix("released ") for line in said if line.startswith("released ")}
        orphans = office.ledger.orphans()
        assert {o.owner.pid for o in orphans} <= {pid}
        orphaned |= {o.call_id for o in orphans}
        if kill == KILLS // 2:
            with opened(state):  # a whole server recovers on its start
                pass
        else:
            assert {e.call_id for e in recover(office.ledger)} == {o.call_id for o in orphans}
        assert recover(office.ledger) == ()
        assert office.ledger.orphans() == ()
        report = verify(office.ledger)
        assert report.ok, report.problems
        entries = list(office.ledger.entries())
        assert ungated(entries, read_journal(state)) == []
    ended = outcomes(office)
    assert all(len(found) == 1 for found in ended.values())
    unknown = {call for call, (only,) in ended.items() if only.payload["status"] == "unknown"}
    assert unknown == orphaned
    acknowledged = {call: [e.payload["status"] for e in ended[call]] for call in released}
    assert set(map(tuple, acknowledged.values())) == {("ok",)}, "an acknowledged result was lost"
    # The test says something only if kills hit calls that were under way, and effects were made.
    assert orphaned
    assert read_journal(state)
    assert {e.kind for e in office.ledger.entries()} >= {EntryKind.APPROVAL, EntryKind.TRANSITION}


@pytest.mark.parametrize(("point", "kept"), [("durable", None), ("effect", False), ("made", False), ("applied", True)])
def test_a_kill_at_a_named_point_leaves_what_was_committed_there(
    state: Path, office: Office, point: str, kept: bool | None
) -> None:
    """An effect is there whole once it is committed, and before that not at all; either way the
    intent was there first, and a person is told that its outcome is not known."""
    token = office.operators.add("olga", roles=["approver"])
    with started(work, state, 3, token, point) as child:
        assert "ready" in child.lines()
        before = {effect.seq for effect in read_journal(state)}
        assert point in child.lines()
        child.process.kill()
        assert child.ended() == -9
    made = [effect for effect in read_journal(state) if effect.seq not in before]
    lost = recover(office.ledger)
    assert verify(office.ledger).ok
    assert ungated(list(office.ledger.entries()), made) == []
    intended = {entry.call_id for entry in lost}
    if kept is not None:
        assert [e.call_id in intended for e in made if e.what.startswith("modify:")][-1:] == ([True] if kept else [])
        assert any(entry.payload["effects"] for entry in lost)
