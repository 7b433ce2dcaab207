"""The files beside the ledger: mirror, export, run log, key."""

from __future__ import annotations

import io
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from agentgate_mcp.errors import LedgerError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.export import export
from agentgate_mcp.ledger.files import installation_key, locked
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.ledger.mirror import Mirror
from agentgate_mcp.ledger.runlog import MAX_LINE, RunLog
from tests.unit.ledger.processes import child
from tests.unit.ledger.samples import REDACTOR, draft

REFUSAL = draft(EntryKind.REFUSAL, note="é\u2028x")
BIG = draft(EntryKind.REFUSAL, pad="y" * 300_000)


def mirrored(mirror):
    return [json.loads(line)["seq"] for line in mirror.path.read_bytes().split(b"\n") if line]


@pytest.fixture
def mirror(ledger, tmp_path):
    return Mirror(ledger, tmp_path / "logs")


@pytest.mark.req("ledger.mirror")
def test_the_mirror_has_every_record_with_every_field(ledger, mirror):
    ledger.append([REFUSAL] * 3).result()
    assert mirror.catch_up() == 3
    assert mirror.catch_up() == 0
    lines = [json.loads(line) for line in mirror.path.read_text().split("\n") if line]
    assert lines == [json.loads(json.dumps(e.to_json())) for e in ledger.entries()]


@pytest.mark.req("ledger.mirror", "ledger.private-files")
@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_the_mirror_is_its_owners_alone(ledger, mirror):
    mirror.catch_up()
    assert mirror.path.stat().st_mode & 0o777 == 0o600
    assert mirror.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.req("ledger.mirror")
@pytest.mark.parametrize("cut", [1, 2, 30, 299_000, 300_400, 700_000])
def test_a_line_that_a_crash_cut_short_is_written_again(ledger, mirror, cut):
    ledger.append([REFUSAL, BIG, BIG]).result()
    mirror.catch_up()
    whole = mirror.path.read_bytes()
    mirror.path.write_bytes(whole[: max(0, len(whole) - cut)])
    mirror.catch_up()
    assert mirror.path.read_bytes() == whole


@pytest.mark.req("ledger.mirror")
def test_what_no_line_end_closes_is_taken_off(ledger, mirror):
    ledger.append([REFUSAL]).result()
    mirror.catch_up()
    whole = mirror.path.read_bytes()
    for tail in (b"x" * 100_000, whole[:-1]):
        mirror.path.write_bytes(whole + tail)
        mirror.catch_up()
        assert mirror.path.read_bytes() == whole


@pytest.mark.req("ledger.mirror")
def test_a_mirror_that_is_not_of_this_ledger_is_left_alone(ledger, mirror, tmp_path):
    ledger.append([REFUSAL] * 2).result()
    mirror.catch_up()
    before = mirror.path.read_bytes()
    with Ledger.open(tmp_path / "other", redactor=REDACTOR) as other:
        other.append([REFUSAL] * 3).result()
        with pytest.raises(LedgerError, match="replaced"):
            Mirror(other, tmp_path / "logs").catch_up()
    with (
        Ledger.open(tmp_path / "short", redactor=REDACTOR) as rolled_back,
        pytest.raises(LedgerError, match="replaced"),
    ):
        Mirror(rolled_back, tmp_path / "logs").catch_up()
    assert mirror.path.read_bytes() == before
    mirror.path.write_bytes(before + b"no record\n")
    with pytest.raises(LedgerError, match="last line"):
        mirror.catch_up()


@pytest.mark.req("ledger.mirror")
def test_a_running_mirror_follows_commits_and_ends_level(ledger, mirror):
    ledger.append([REFUSAL] * 2).result()
    mirror.start()
    for _ in range(20):
        ledger.append([REFUSAL]).result()
    mirror.close()
    assert mirrored(mirror) == list(range(1, 23))
    assert mirror.failure == ""


@pytest.mark.req("ledger.mirror")
def test_a_mirror_that_cannot_write_says_so_and_stops_nothing(ledger, tmp_path):
    (tmp_path / "logs").write_text("a file where the directory should be")
    mirror = Mirror(ledger, tmp_path / "logs")
    mirror.start()
    ledger.append([REFUSAL]).result()
    mirror.close()
    assert mirror.failure
    assert ledger.last_seq() == 1


@pytest.mark.req("ledger.mirror", "ledger.processes")
def test_mirrors_of_several_writers_make_one_file_in_order(ledger, mirror, tmp_path):
    with child(tmp_path / "state", "write", 40) as writer:
        stop = threading.Event()

        def follow() -> None:
            own = Mirror(ledger, tmp_path / "logs")
            while not stop.is_set():
                own.catch_up()

        with ThreadPoolExecutor(3) as threads:
            following = [threads.submit(follow) for _ in range(3)]
            for _ in range(20):
                ledger.append([REFUSAL]).result()
            writer.communicate(timeout=60)
            stop.set()
            assert [f.result() for f in following] == [None] * 3
    mirror.catch_up()
    assert mirrored(mirror) == list(range(1, 61))


@pytest.mark.req("ledger.export")
def test_an_export_has_every_field_of_every_record(ledger):
    ledger.append([REFUSAL] * 600).result()
    out = io.StringIO()
    assert export(ledger, out, since=100) == 500
    lines = [json.loads(line) for line in out.getvalue().split("\n") if line]
    assert lines == [json.loads(json.dumps(e.to_json())) for e in ledger.entries(100)]


@pytest.mark.req("ledger.run-log", "R8")
def test_the_run_log_is_redacted_and_bounded(tmp_path):
    log = RunLog(tmp_path / "logs", redactor=REDACTOR, clock=lambda: 1.23456)
    log.write("start", version="1", password="hunter2", text="token=hunter2", lone="\ud800")
    log.write("big", level="warning", pad="x" * 100_000)
    first, second = (json.loads(line) for line in log.path.read_text().splitlines())
    assert (first["event"], first["level"], first["at"], first["pid"]) == ("start", "info", 1.235, os.getpid())
    assert "hunter2" not in log.path.read_text()
    assert second["cut"] > MAX_LINE
    assert log.lost == 0
    if os.name == "posix":
        assert log.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.req("ledger.run-log")
def test_a_run_log_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "logs").write_text("")
    log = RunLog(tmp_path / "logs", redactor=REDACTOR)
    log.write("start")
    assert log.lost == 1


@pytest.mark.req("ledger.private-files", "R8")
def test_an_installation_has_one_key_whoever_is_first(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        keys = {f.result() for f in [threads.submit(installation_key, tmp_path / "state") for _ in range(16)]}
    assert len(keys) == 1
    (path,) = (tmp_path / "state").iterdir()
    assert len(path.read_bytes()) == 32
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"short")
    with pytest.raises(LedgerError, match="32 bytes"):
        installation_key(tmp_path / "state")


@pytest.mark.req("ledger.mirror")
def test_a_lock_is_released_when_its_holder_fails(tmp_path):
    with locked(tmp_path / "x") as file:
        file.write(b"1")
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "x"):
        _ = 1 / 0
    with locked(tmp_path / "x") as file:
        assert file.read() == b"1"
