"""A disk that fails: every record it fails is refused, and what was acknowledged stays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from agentgate_mcp.errors import LedgerError, LedgerFullError
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.ledger import FILE_NAME, Ledger
from agentgate_mcp.ledger.store import file_factory
from agentgate_mcp.ledger.verify import verify
from tests.unit.ledger.samples import REDACTOR, draft

pytestmark = pytest.mark.req("ledger.refuses", "R2")

COLUMNS = "kind at clock principal call_id payload payload_hash previous link tag".split()
REFUSAL = draft(EntryKind.REFUSAL, code="x", pad="y" * 5000)


class Disk(apsw.VFS):
    """A disk that fails when ``failing`` names the operation; 0 in ``after`` means at once."""

    def __init__(self) -> None:
        self.name = f"failing-{id(self)}"
        self.failing = ""
        self.error: type[apsw.Error] = apsw.IOError
        self.after = 0
        self.failures = 0
        super().__init__(self.name, "")

    def xOpen(self, name, flags):
        return DiskFile(self, name, flags)

    def check(self, operation: str) -> None:
        if operation != self.failing:
            return
        if self.after:
            self.after -= 1
            return
        self.failures += 1
        raise self.error(operation)


class DiskFile(apsw.VFSFile):
    def __init__(self, disk, name, flags) -> None:
        self._disk = disk
        super().__init__("", name, flags)

    def xWrite(self, data, offset):
        self._disk.check("write")
        return super().xWrite(data, offset)

    def xSync(self, flags):
        self._disk.check("sync")
        return super().xSync(flags)

    def xRead(self, amount, offset):
        self._disk.check("read")
        return super().xRead(amount, offset)


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.unregister()


@pytest.fixture
def ledger(tmp_path: Path, disk: Disk) -> Iterator[Ledger]:
    opened = Ledger(lambda: apsw.Connection(str(tmp_path / FILE_NAME), vfs=disk.name), redactor=REDACTOR)
    yield opened
    disk.failing = ""
    opened.close()


@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize(
    ("operation", "error", "raised"),
    [
        ("write", apsw.FullError, LedgerFullError),
        ("write", apsw.IOError, LedgerError),
        ("write", apsw.ReadOnlyError, LedgerError),
        ("sync", apsw.IOError, LedgerError),
        ("sync", apsw.FullError, LedgerError),
    ],
)
def test_a_record_that_the_disk_fails_is_refused(ledger, disk, operation, error, raised, after):
    acknowledged = ledger.append([REFUSAL] * 3).result()
    disk.failing, disk.error, disk.after = operation, error, after
    refused = None
    for _ in range(5):
        future = ledger.append([REFUSAL])
        refused = refused or future.exception(30)
        if disk.failures and refused:
            break
        acknowledged += future.result() if future.exception() is None else ()
    assert isinstance(refused, raised)
    disk.failing = ""
    acknowledged += ledger.append([REFUSAL]).result(30)
    kept = {e.seq: e.link for e in ledger.entries()}
    assert all(kept.get(e.seq) == e.link for e in acknowledged)
    report = verify(ledger)
    assert (report.ok, report.entries) == (True, len(acknowledged))


def test_all_records_of_a_failed_commit_are_refused(ledger, disk):
    ledger.append([REFUSAL]).result()
    disk.failing, disk.error = "sync", apsw.IOError
    futures = [ledger.append([REFUSAL]) for _ in range(10)]
    assert all(isinstance(f.exception(30), LedgerError) for f in futures)
    assert ledger.last_seq() == 1


def test_a_read_that_fails_is_an_error_and_no_empty_answer(ledger, disk, tmp_path):
    ledger.append([REFUSAL] * 50).result()
    ledger.close()
    fresh = Ledger(lambda: apsw.Connection(str(tmp_path / FILE_NAME), vfs=disk.name), redactor=REDACTOR)
    disk.failing, disk.error = "read", apsw.IOError
    with pytest.raises(LedgerError):
        list(fresh.entries())
    disk.failing = ""
    assert len(list(fresh.entries())) == 50
    fresh.close()


def test_a_lock_that_another_holds_too_long_refuses_the_record(tmp_path):
    path = tmp_path / FILE_NAME

    def impatient():
        connection = file_factory(path)()
        return Impatient(connection)

    class Impatient:
        def __init__(self, connection) -> None:
            self._connection = connection

        def __getattr__(self, name):
            return getattr(self._connection, name)

        def set_busy_timeout(self, milliseconds):
            self._connection.set_busy_timeout(1)

    with Ledger(impatient, redactor=REDACTOR) as ledger:
        ledger.append([REFUSAL]).result()
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="lock"):
            ledger.append([REFUSAL]).result(30)
        other.execute("ROLLBACK")
        other.close()
        assert ledger.append([REFUSAL]).result()[0].seq == 2


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE entry SET link = '{zeros}' WHERE seq = 3",
        "UPDATE entry SET payload = '{{}}' WHERE seq = 3",
        "UPDATE entry SET previous = '{zeros}' WHERE seq = 3",
        "UPDATE entry SET at = at - 1 WHERE seq = 3",
        "UPDATE entry SET kind = 'nonsense' WHERE seq = 3",
        "UPDATE entry SET seq = 9 WHERE seq = 3",
    ],
)
def test_nothing_is_chained_to_a_head_that_does_not_verify(tmp_path, damage):
    path = tmp_path / FILE_NAME
    with Ledger(file_factory(path), redactor=REDACTOR) as ledger:
        ledger.append([REFUSAL] * 3).result()
        connection = apsw.Connection(str(path))
        connection.execute("DROP TRIGGER entry_is_final")
        connection.execute(damage.format(zeros="0" * 64))
        with pytest.raises(LedgerError, match="does not verify"):
            ledger.append([REFUSAL]).result(30)
        assert connection.execute("SELECT count(*) FROM entry").fetchall() == [(3,)]
        connection.close()
    with pytest.raises(LedgerError, match="does not verify"):
        Ledger(file_factory(path), redactor=REDACTOR)


@pytest.mark.req("ledger.schema")
def test_records_cannot_be_changed_or_removed_by_ordinary_statements(tmp_path):
    path = tmp_path / FILE_NAME
    with Ledger(file_factory(path), redactor=REDACTOR) as ledger:
        ledger.append([REFUSAL] * 2).result()
    connection = apsw.Connection(str(path))
    for statement in (
        "UPDATE entry SET principal = 'x'",
        "DELETE FROM entry",
        "INSERT OR REPLACE INTO entry SELECT * FROM entry",
        f"INSERT INTO entry SELECT seq + 5, {', '.join(COLUMNS)} FROM entry WHERE seq = 1",
    ):
        with pytest.raises(apsw.ConstraintError):
            connection.execute(statement)
    connection.close()


@pytest.mark.req("ledger.schema")
def test_another_programs_file_or_another_version_is_refused(tmp_path):
    other = apsw.Connection(str(tmp_path / "other.db"))
    other.execute("CREATE TABLE notes(x); PRAGMA user_version=3")
    other.close()
    newer = tmp_path / "newer.db"
    Ledger(file_factory(newer), redactor=REDACTOR).close()
    connection = apsw.Connection(str(newer))
    connection.execute("PRAGMA user_version=99")
    connection.close()
    (tmp_path / "text.db").write_text("this is no database, but it is long enough to be looked at as one" * 20)
    foreign = apsw.Connection(str(tmp_path / "foreign.db"))
    foreign.execute("CREATE TABLE notes(x)")
    foreign.close()
    for name in ("other.db", "newer.db", "text.db", "foreign.db"):
        with pytest.raises(LedgerError):
            Ledger(file_factory(tmp_path / name), redactor=REDACTOR)


def test_a_directory_that_cannot_be_written_is_an_error_that_names_no_path(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError) as caught:
        Ledger.open(tmp_path / "file" / "state", redactor=REDACTOR)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.req("ledger.private-files")
@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_the_ledger_and_its_journal_are_their_owners_alone(tmp_path):
    state = tmp_path / "deep" / "state"
    with Ledger.open(state, redactor=REDACTOR) as ledger:
        ledger.append([REFUSAL]).result()
        assert state.stat().st_mode & 0o777 == 0o700
        names = {f.name for f in state.iterdir()}
        assert f"{FILE_NAME}-wal" in names
        assert all(f.stat().st_mode & 0o777 == 0o600 for f in state.iterdir())
    (state / FILE_NAME).chmod(0o644)
    Ledger.open(state, redactor=REDACTOR).close()
    assert (state / FILE_NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.req("ledger.group-commit", "R3")
def test_every_connection_is_made_durable_whatever_it_came_with(tmp_path):
    """SQLite acknowledges at FULL in WAL mode only; a slack connection is put right."""

    def slack():
        connection = file_factory(tmp_path / FILE_NAME)()
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    with Ledger(slack, redactor=REDACTOR) as ledger:
        with ledger.snapshot() as store:
            assert store.rows("PRAGMA synchronous") == [(2,)]
            assert store.rows("PRAGMA journal_mode") == [("wal",)]
        (first,) = ledger.append([REFUSAL]).result()
        assert first.seq == 1
