"""The telemetry store: loaded once, whole or not at all, sealed, shared."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.duck import ReadOnlyStore
from agentgate_mcp.backends.embedded.staging import Staging
from agentgate_mcp.backends.embedded.store import matches_index, open_bundled, open_telemetry
from agentgate_mcp.errors import BackendError, DataError

pytestmark = pytest.mark.req("embedded.store")


def _data(root: Path, *lines: str) -> Path:
    (root / "telemetry").mkdir(parents=True, exist_ok=True)
    (root / "telemetry" / "a.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return root


def _event(number: int, **fields: object) -> str:
    base = {"_time": 1000.0 + number, "event_id": f"e-{number}", "index": "network", "sourcetype": "t"}
    return json.dumps(base | fields)


def test_events_come_back_in_time_order_with_every_field(tmp_path: Path) -> None:
    data = _data(tmp_path / "data", _event(2, src="10.0.0.1", odd_field="x"), _event(1, answer=["a", "b"]))
    store = open_bundled(data, tmp_path / "state")
    assert store.rows("SELECT event_id, src, answer, _extra['odd_field'] FROM events ORDER BY _seq") == [
        ("e-1", None, ["a", "b"], None),
        ("e-2", "10.0.0.1", None, "x"),
    ]
    assert store.extra_fields == {"odd_field"}
    assert store.origin == "bundled"


def test_a_second_opening_reads_the_store_that_the_first_has_built(tmp_path: Path) -> None:
    data = _data(tmp_path / "data", _event(1))
    first = open_bundled(data, tmp_path / "state").path
    written = first.stat().st_mtime_ns
    assert open_bundled(data, tmp_path / "state").path == first
    assert first.stat().st_mtime_ns == written


def test_changed_data_is_loaded_into_a_new_file_beside_the_old_one(tmp_path: Path) -> None:
    data = _data(tmp_path / "data", _event(1))
    first = open_bundled(data, tmp_path / "state")
    _data(data, _event(1), _event(2))
    second = open_bundled(data, tmp_path / "state")
    assert first.path != second.path
    assert first.rows("SELECT count(*) FROM events") == [(1,)]
    assert second.rows("SELECT count(*) FROM events") == [(2,)]


def test_a_damaged_store_file_is_built_again(tmp_path: Path) -> None:
    data = _data(tmp_path / "data", _event(1))
    path = open_bundled(data, tmp_path / "state").path
    path.write_bytes(path.read_bytes()[:5000])
    # Another process sees the damage; this one still holds the file that was there.
    code = (
        "import sys; from pathlib import Path; from agentgate_mcp.backends.embedded.store import open_bundled; "
        "print(open_bundled(Path(sys.argv[1]), Path(sys.argv[2])).rows('SELECT count(*) FROM events'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(data), str(tmp_path / "state")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[(1,)]"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')",
        "ATTACH '/dev/null' AS other",
        "COPY events TO '/dev/null'",
        "EXPORT DATABASE '/dev/null'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "LOAD httpfs",
        "INSERT INTO events (event_id) VALUES ('x')",
        "DROP TABLE events",
        "CREATE TABLE other (a INTEGER)",
        "PRAGMA database_list; COPY (SELECT 1) TO '/dev/null'",
    ],
)
def test_no_statement_leaves_the_store_or_changes_it(tmp_path: Path, statement: str) -> None:
    store = open_bundled(_data(tmp_path / "data", _event(1)), tmp_path / "state")
    with pytest.raises(BackendError):
        store.rows(statement)
    assert store.rows("SELECT count(*) FROM events") == [(1,)]


def test_the_engine_library_is_not_loaded_before_the_first_search(data_dir: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from agentgate_mcp.backends.embedded import open_embedded; "
        "from agentgate_mcp.permits import PermitBook; "
        "backends = open_embedded(Path(sys.argv[1]), Path(sys.argv[2]), PermitBook(), lambda: 0.0); "
        "backends.cases.cases(), backends.knowledge.objects(), backends.intel.lookup('192.0.2.1'); "
        "print('duckdb' in sys.modules); backends.search.server_info(); print('duckdb' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(data_dir), str(tmp_path / "state")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.req("embedded.shared")
def test_six_processes_load_and_read_one_state_directory_at_once(tmp_path: Path) -> None:
    data = _data(tmp_path / "data", *(_event(n, src=f"10.0.0.{n % 250}") for n in range(2000)))
    code = (
        "import sys; from pathlib import Path; from agentgate_mcp.backends.embedded.store import open_bundled; "
        "print(open_bundled(Path(sys.argv[1]), Path(sys.argv[2])).rows('SELECT count(*) FROM events')[0][0])"
    )
    command = [sys.executable, "-c", code, str(data), str(tmp_path / "state")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    outputs = [process.communicate(timeout=120)[0].strip() for process in running]
    assert outputs == ["2000"] * 6
    assert [p.suffix for p in (tmp_path / "state" / "telemetry").iterdir()] == [".duckdb"]


def test_drafts_of_killed_processes_are_cleared_away_and_young_ones_left(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "telemetry"
    folder.mkdir(parents=True)
    for name, age in ((".dummy-0.duckdb.1-a", 7200), (".dummy-0.duckdb.1-a.jsonl", 7200), (".dummy-0.duckdb.2-b", 5)):
        (folder / name).write_bytes(b"draft")
        os.utime(folder / name, (time.time() - age, time.time() - age))
    open_bundled(_data(tmp_path / "data", _event(1)), tmp_path / "state")
    assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == [".dummy-0.duckdb.2-b"]


def test_a_file_that_is_no_store_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    with pytest.raises(DataError) as missing:
        open_telemetry(path)
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(DataError) as wrong:
        open_telemetry(path)
    assert missing.value.file == wrong.value.file == "x.duckdb"


def test_a_store_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentgate_mcp.backends.embedded.staging.STORE_VERSION", 999)
    with Staging(tmp_path / "old.duckdb") as staging:
        staging.build("test")
    monkeypatch.undo()
    with pytest.raises(DataError, match="version: expected 1, got '999'"):
        open_telemetry(tmp_path / "old.duckdb")


@pytest.mark.req("embedded.store-roundtrip")
@settings(max_examples=30)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["src", "_raw", "process", "odd", "x.y", "sp ace", 'q"uote', "é"]),
            st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" \n\t\r"), min_size=1, max_size=40),
            max_size=5,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_text_is_stored_as_it_came(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]) -> None:
    root = tmp_path_factory.mktemp("roundtrip")
    data = _data(root / "data", *(_event(n, **fields) for n, fields in enumerate(rows)))
    store = open_bundled(data, root / "state")
    stored = store.rows("SELECT src, process, _extra FROM events ORDER BY _seq")
    for fields, (src, process, extra) in zip(rows, stored, strict=True):
        assert src == fields.get("src")
        assert process == fields.get("process")
        assert (extra or {}) == {k: v for k, v in fields.items() if k not in ("src", "process", "_raw")}
    store.close()


@pytest.mark.req("embedded.bad-data", "R9")
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"_time": 1, "event_id": "x"', "expected a JSON object"),
        ("[1]", "expected a JSON object, got list"),
        ("", "got an empty line"),
        ('{"_time": "1", "event_id": "x", "index": "i", "sourcetype": "t"}', "_time: expected epoch seconds"),
        ('{"_time": true, "event_id": "x", "index": "i", "sourcetype": "t"}', "_time: expected epoch seconds"),
        ('{"_time": NaN, "event_id": "x", "index": "i", "sourcetype": "t"}', "finite"),
        ('{"_time": 1e999, "event_id": "x", "index": "i", "sourcetype": "t"}', "_time: expected epoch seconds"),
        ('{"event_id": "x", "index": "i", "sourcetype": "t"}', "_time: expected epoch seconds, got NoneType"),
        ('{"_time": 1, "index": "i", "sourcetype": "t"}', "event_id: expected a value"),
        ('{"_time": 1, "event_id": "x", "sourcetype": "t"}', "index: expected a value"),
        ('{"_time": 1, "event_id": "x", "index": "i", "sourcetype": ""}', "sourcetype: expected a value"),
        ('{"_time": 1, "event_id": "x", "index": "i", "sourcetype": "t", "src": 5}', "'src': expected text, got int"),
        (
            '{"_time": 1, "event_id": "x", "index": "i", "sourcetype": "t", "src": ["a"]}',
            "'src': expected text, got list",
        ),
        ('{"_time": 1, "event_id": "x", "index": "i", "sourcetype": "t", "answer": [1]}', "'answer': expected text"),
        ('{"_time": 1, "event_id": "x", "index": "i", "sourcetype": "t", "_seq": "9"}', "without an underscore"),
        ('{"_time": 1, "event_id": "x", "index": "i", "sourcetype": "t", "a": "1", "a": "2"}', "each field once"),
        ('{"_time": 1, "event_id": "x", "index": "i", "sourcetype": "t", "src": "\\ud800"}', "lone surrogate"),
        ('{"_time": 1, "event_id": "e-1", "index": "i", "sourcetype": "t"}', "got 'e-1' again"),
        ('{"_time": 1, "event_id": "x", "index": "i", "sourcetype": "t", "src": ' + "[" * 3000 + "}", "expected"),
    ],
)
def test_a_malformed_line_is_refused_with_file_and_line_and_nothing_is_kept(
    tmp_path: Path, line: str, says: str
) -> None:
    data = _data(tmp_path / "data", _event(1), line, _event(3))
    with pytest.raises(DataError) as caught:
        open_bundled(data, tmp_path / "state")
    assert caught.value.file == "telemetry/a.jsonl"
    assert caught.value.location == "line 2"
    assert says in caught.value.problem
    assert list((tmp_path / "state" / "telemetry").iterdir()) == []


@pytest.mark.req("embedded.bad-data", "R9")
@pytest.mark.parametrize("cut", [1, 2, 30, 70])
def test_a_cut_off_file_is_refused(tmp_path: Path, cut: int) -> None:
    data = _data(tmp_path / "data", _event(1), _event(2))
    path = data / "telemetry" / "a.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DataError) as caught:
        open_bundled(data, tmp_path / "state")
    assert caught.value.location == "line 2"


@pytest.mark.req("embedded.bad-data", "R9")
def test_bytes_that_are_no_utf8_are_refused_with_their_line(tmp_path: Path) -> None:
    data = _data(tmp_path / "data", _event(1))
    with (data / "telemetry" / "a.jsonl").open("ab") as file:
        file.write(b'{"_time": 1, "event_id": "\xff"}\n')
    with pytest.raises(DataError, match=r"telemetry/a.jsonl: line 2: expected UTF-8"):
        open_bundled(data, tmp_path / "state")


@pytest.mark.req("embedded.bad-data", "R9")
def test_a_file_that_lost_whole_lines_does_not_match_its_manifest(tmp_path: Path) -> None:
    data = _data(tmp_path / "data", _event(1), _event(2))
    path = data / "telemetry" / "a.jsonl"
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = {"files": {"telemetry/a.jsonl": {"sha256": sha, "size": path.stat().st_size}}}
    (data / "MANIFEST.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert open_bundled(data, tmp_path / "state").rows("SELECT count(*) FROM events") == [(2,)]
    _data(data, _event(1))
    with pytest.raises(DataError, match="MANIFEST"):
        open_bundled(data, tmp_path / "state")


@pytest.mark.req("embedded.bad-data", "R9")
@pytest.mark.parametrize(
    "text", ["{", "[]", '{"files": []}', '{"files": {"a": 1}}', '{"files": {"a": {"sha256": "x"}}}']
)
def test_a_broken_manifest_is_refused(tmp_path: Path, text: str) -> None:
    data = _data(tmp_path / "data", _event(1))
    (data / "MANIFEST.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        open_bundled(data, tmp_path / "state")
    assert caught.value.file == "MANIFEST.json"


@pytest.mark.req("embedded.bad-data")
def test_a_data_directory_without_events_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected at least one \.jsonl file"):
        open_bundled(tmp_path, tmp_path / "state")


@pytest.mark.parametrize(
    ("name", "pattern", "reached"),
    [
        ("network", "*", True), ("network", "net*", True), ("network", "NETWORK", True), ("network", "auth", False),
        ("_internal", "*", False), ("_internal", "_*", True), ("_internal", "_internal", True),
        ("a[b", "a[b", True), ("axb", "a?b", False),
    ],
)  # fmt: skip
def test_index_patterns_reach_internal_indexes_only_when_they_say_so(name: str, pattern: str, reached: bool) -> None:
    assert matches_index(name, pattern) is reached


def test_a_sealed_store_reports_failures_without_the_text_of_the_statement(tmp_path: Path) -> None:
    path = open_bundled(_data(tmp_path / "data", _event(1)), tmp_path / "state").path
    query = ReadOnlyStore(path).query()
    with pytest.raises(BackendError) as caught:
        query.rows("SELECT 'hunter2' FROM nowhere")
    assert "hunter2" not in str(caught.value)
