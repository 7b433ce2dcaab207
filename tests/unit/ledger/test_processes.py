"""Several processes on one file; processes that die."""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest

from agentgate_mcp.ledger.entries import Owner
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.owner import boot_id, is_dead, process_started, this_process
from agentgate_mcp.ledger.recovery import recover
from agentgate_mcp.ledger.verify import verify
from tests.unit.ledger.processes import child
from tests.unit.ledger.samples import REDACTOR, intent, outcome


@pytest.mark.req("ledger.processes")
def test_processes_that_start_at_once_make_one_chain(tmp_path):
    """The file does not exist yet, so they race for its schema as well."""
    with ExitStack() as stack:
        children = [stack.enter_context(child(tmp_path, "write", 20)) for _ in range(4)]
        said = [line.split() for c in children for line in c.communicate(timeout=60)[0].splitlines()]
        assert [c.returncode for c in children] == [0] * 4
    assert sorted(int(seq) for seq, _ in said) == list(range(1, 81))
    with Ledger.open(tmp_path, redactor=REDACTOR) as ledger:
        assert {str(e.seq): e.link for e in ledger.entries()} == dict(said)
        report = verify(ledger)
        assert (report.ok, report.entries) == (True, 80)


@pytest.mark.req("ledger.kill", "R9")
@pytest.mark.parametrize("lines", [1, 7, 40, 121])
def test_a_killed_process_loses_no_acknowledged_record(tmp_path, lines):
    with child(tmp_path, "flood") as process:
        assert process.stdout is not None
        said = [process.stdout.readline().split() for _ in range(lines)]
        process.kill()
        said += [line.split() for line in process.stdout.read().splitlines() if line.count(" ") == 1]
    with Ledger.open(tmp_path, redactor=REDACTOR) as ledger:
        kept = {str(e.seq): e.link for e in ledger.entries()}
        # A line may have been cut short by the kill; a whole one has a whole link.
        assert all(kept[seq] == link for seq, link in said if len(link) == 64)
        assert verify(ledger).ok


@pytest.mark.req("ledger.recovery", "R9")
def test_an_intent_of_a_killed_process_becomes_unknown_and_a_living_ones_is_left_alone(tmp_path):
    with child(tmp_path, "intend", "dead") as dying, child(tmp_path, "intend", "living") as living:
        assert dying.stdout is not None
        assert living.stdout is not None
        dead_seq, living_seq = int(dying.stdout.readline()), int(living.stdout.readline())
        dying.kill()
        dying.wait()
        with Ledger.open(tmp_path, redactor=REDACTOR) as ledger:
            (mine,) = ledger.append([intent(ledger.owner, "mine")]).result()
            assert [i.call_id for i in ledger.orphans()] == sorted(
                ["dead", "living", "mine"], key={"dead": dead_seq, "living": living_seq, "mine": mine.seq}.__getitem__
            )
            (unknown,) = recover(ledger)
            assert (unknown.call_id, unknown.payload["status"], unknown.payload["intent_seq"]) == (
                "dead",
                "unknown",
                dead_seq,
            )
            assert recover(ledger) == ()
            assert {i.call_id for i in ledger.orphans()} == {"living", "mine"}
            ledger.append([outcome("mine", mine.seq)]).result()
            report = verify(ledger)
            assert (report.ok, report.unknown, report.open) == (True, 1, 1)


@pytest.mark.req("ledger.recovery")
def test_processes_that_recover_at_once_write_one_unknown_each(tmp_path):
    gone = Owner(boot_id=boot_id(), pid=2**22 + 7, started=1)
    with Ledger.open(tmp_path, redactor=REDACTOR) as ledger:
        ledger.append([intent(gone, f"c-{n}") for n in range(30)]).result()
    with ExitStack() as stack:
        children = [stack.enter_context(child(tmp_path, "recover")) for _ in range(3)]
        for process in children:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        said = [c.communicate("go\n", timeout=60)[0].split() for c in children]
        assert [c.returncode for c in children] == [0] * 3
    assert sorted(call for words in said for call in words) == sorted(f"c-{n}" for n in range(30))
    with Ledger.open(tmp_path, redactor=REDACTOR) as ledger:
        assert ledger.orphans() == ()
        report = verify(ledger)
        assert (report.ok, report.unknown) == (True, 30)


@pytest.mark.req("ledger.recovery")
def test_an_owner_is_dead_only_when_that_is_certain():
    here = this_process()
    assert not is_dead(here)
    assert is_dead(Owner(boot_id=here.boot_id, pid=here.pid, started=here.started + 1))
    assert is_dead(Owner(boot_id=here.boot_id, pid=2**22 + 7, started=1))
    assert is_dead(Owner(boot_id="another-boot", pid=here.pid, started=here.started))
    neighbour = f"{here.boot_id.partition(':')[0]}:pid:[1]"
    assert not is_dead(Owner(boot_id=neighbour, pid=2**22 + 7, started=1))
    assert not is_dead(Owner(boot_id="", pid=2**22 + 7, started=1))
    assert not is_dead(Owner(boot_id=here.boot_id, pid=here.pid, started=0))


@pytest.mark.req("ledger.recovery")
def test_a_zombie_runs_nothing_any_more(tmp_path):
    with child(tmp_path, "intend", "c-1") as process:
        assert process.stdout is not None
        process.stdout.readline()
        started = process_started(process.pid)
        assert started is not None
        assert not is_dead(Owner(boot_id=boot_id(), pid=process.pid, started=started))
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert process_started(process.pid) is None
