"""Public captures and samples: they load completely, without a label, and can be searched."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.backends.embedded.search.engine import SearchEngine
from agentgate_mcp.backends.embedded.store import open_telemetry
from agentgate_mcp.backends.embedded.zeek import load_zeek
from agentgate_mcp.backends.ports import Row, SearchJob
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.permits import PermitBook
from agentgate_mcp.spl.knowledge import EMPTY

pytestmark = pytest.mark.req("zeek.captures")

CAPTURES = {
    "CTU-Honeypot-Capture-4-1": 452,
    "CTU-Honeypot-Capture-5-1": 1_374,
    "CTU-IoT-Malware-Capture-20-1": 3_209,
    "CTU-IoT-Malware-Capture-34-1": 23_145,
    "CTU-IoT-Malware-Capture-44-1": 237,
}
LABEL_TEXTS = ("benign", "malicious", "c&c", "ddos", "portscan", "torii", "mirai", "filedownload", "honeypot")


def _path(corpora: Path, capture: str) -> Path:
    return corpora / "iot23" / f"{capture}.conn.log.labeled.gz"


def _content(store: Path) -> Sequence[tuple[object, ...]]:
    opened = open_telemetry(store)
    rows = opened.rows("SELECT * FROM events ORDER BY _seq")
    opened.close()
    return rows


def _search(store: Path, query: str) -> Sequence[Row]:
    opened = open_telemetry(store)
    guard = RuntimeGuard(max_time_s=60, max_rows=1000, max_bytes=10_000_000)
    job = SearchJob(query=query, earliest="", latest="", now=2e9, guard=guard)
    rows = SearchEngine(opened, lambda: EMPTY).run(job).rows
    opened.close()
    return rows


@pytest.mark.parametrize(("capture", "rows"), CAPTURES.items())
@pytest.mark.req("zeek.labels")
def test_a_capture_loads_completely_and_without_its_labels(
    corpora: Path, tmp_path: Path, capture: str, rows: int
) -> None:
    report = load_zeek([_path(corpora, capture)], tmp_path / "s.duckdb", strict=True)
    assert (report.rows, report.skipped, dict(report.by_sourcetype)) == (rows, 0, {"zeek:conn": rows})
    content = _content(report.store)
    times = [row[2] for row in content]
    assert times == sorted(times, key=lambda t: float(str(t)))
    assert len({row[1] for row in content}) == rows
    text = repr(content).lower()
    assert not [label for label in LABEL_TEXTS if label in text]
    assert capture.lower() not in text


@pytest.mark.req("zeek.labels")
def test_permuting_the_labels_changes_nothing_in_the_store(corpora: Path, tmp_path: Path) -> None:
    lines = gzip.decompress(_path(corpora, "CTU-IoT-Malware-Capture-44-1").read_bytes()).decode().splitlines()
    data = [n for n, line in enumerate(lines) if not line.startswith("#")]
    tails = [lines[n].rpartition("\t")[2].split("   ")[1:] for n in data]
    assert len({tuple(t) for t in tails}) > 3
    random.Random(1).shuffle(tails)
    for n, tail in zip(data, tails, strict=True):
        head, _, last = lines[n].rpartition("\t")
        lines[n] = "\t".join([head, "   ".join([last.split("   ")[0], *tail])])
    permuted = tmp_path / "conn.log"
    permuted.write_text("\n".join(lines), encoding="utf-8")
    first = load_zeek([_path(corpora, "CTU-IoT-Malware-Capture-44-1")], tmp_path / "a.duckdb")
    second = load_zeek([permuted], tmp_path / "b.duckdb")
    assert repr(_content(first.store)).encode() == repr(_content(second.store)).encode()


def test_the_store_says_what_a_plain_reading_of_the_capture_says(corpora: Path, tmp_path: Path) -> None:
    capture = _path(corpora, "CTU-IoT-Malware-Capture-34-1")
    pairs: Counter[tuple[str, str, str]] = Counter()
    sent: Counter[str] = Counter()
    for line in gzip.decompress(capture.read_bytes()).decode().splitlines():
        if not line.startswith("#"):
            f = line.split("\t")
            pairs[(f[4], f[5], f[6])] += 1
            if f[9] != "-":
                sent[f[2]] += int(f[9])
    store = load_zeek([capture], tmp_path / "s.duckdb").store
    found = _search(
        store, "index=network NOT transport=icmp | stats count by dest, dest_port, transport | sort 0 -count"
    )
    counted = {(r["dest"], r["dest_port"], r["transport"]): int(str(r["count"])) for r in found}
    assert counted == {key: n for key, n in pairs.items() if key[2] != "icmp"}
    assert counted[("123.59.209.185", "80", "tcp")] == 14_260
    # Of the connections to the command server, those on which the sensor recognised IRC.
    irc = _search(
        store, "src=192.168.1.195 dest=185.244.25.235 dest_port=6667 service=irc | stats count dc(src) as hosts"
    )
    assert irc == ({"count": "1641", "hosts": "1"},)
    totals = _search(store, "index=network | stats sum(bytes_out) as sent by src")
    assert {r["src"]: int(str(r["sent"])) for r in totals if "sent" in r} == dict(sent)


def test_a_capture_is_searched_through_the_same_backend_as_bundled_data(
    corpora: Path, tmp_path: Path, data_dir: Path
) -> None:
    store = load_zeek([_path(corpora, "CTU-IoT-Malware-Capture-34-1")], tmp_path / "s.duckdb").store
    backends = open_embedded(data_dir, tmp_path / "state", PermitBook(), lambda: 2e9, telemetry=store)
    rows = {row["name"]: row for row in backends.search.indexes()}
    assert rows["network"]["totalEventCount"] == "23145"
    assert rows["network"]["minTime"] == "2018-12-21T14:50:16.870+00:00"
    assert backends.search.metadata("sourcetypes", "network")[0]["totalCount"] == "23145"
    assert backends.extra["telemetry"] == "zeek"
    guard = RuntimeGuard(max_time_s=60, max_rows=10, max_bytes=1_000_000)
    query = "index=network src=192.168.1.195 | stats count dc(dest_port) as ports by dest | sort - count | head 1"
    job = SearchJob(query=query, earliest="1545403000", latest="1545491000", now=2e9, guard=guard)
    assert backends.search.search(job).rows == ({"dest": "123.59.209.185", "count": "14260", "ports": "1"},)


def test_unanswered_attempts_keep_the_difference_between_unset_and_zero(corpora: Path, tmp_path: Path) -> None:
    store = load_zeek([_path(corpora, "CTU-IoT-Malware-Capture-34-1")], tmp_path / "s.duckdb").store
    for query, count in (
        ("conn_state=S0 NOT duration=* NOT bytes_out=*", "3564"),
        ("conn_state=S0 duration=*", "2831"),
        ("conn_state=S0 duration=* bytes_out>0", "134"),
    ):
        assert _search(store, f"{query} | stats count") == ({"count": count},)


def _samples(corpora: Path) -> list[Path]:
    folder = corpora / "zeek" / "zat"
    return [*sorted(folder.glob("*.log")), *sorted((folder / "json").glob("*.log"))]


def test_every_public_sample_loads_row_by_row(corpora: Path, tmp_path: Path) -> None:
    samples = _samples(corpora)
    assert len(samples) == 27
    for path in samples:
        lines = path.read_text(encoding="utf-8").splitlines()
        expected = sum(1 for line in lines if line.strip() and not line.startswith("#"))
        report = load_zeek([path], tmp_path / "s.duckdb", strict=True)
        assert (path.name, report.rows, report.skipped) == (path.name, expected, 0)
    together = load_zeek(samples, tmp_path / "all.duckdb", strict=True)
    ids = [row[1] for row in _content(together.store)]
    assert len(ids) == len(set(ids)) == together.rows > 900


def test_the_combined_stream_is_split_into_its_logs(corpora: Path, tmp_path: Path) -> None:
    path = corpora / "zeek" / "apt29_day1_combined_zeek.jsonl.gz"
    expected = Counter(
        f"zeek:{json.loads(line)['@stream']}" for line in gzip.decompress(path.read_bytes()).decode().splitlines()
    )
    report = load_zeek([path], tmp_path / "s.duckdb", strict=True)
    assert dict(report.by_sourcetype) == dict(expected)
    assert report.rows == 2_140
    assert _search(report.store, "sourcetype=zeek:http | stats count values(http_method) as m")[0]["count"] == "62"
    assert _search(report.store, "sourcetype=zeek:dns answer=10.0.0.4 | head 1 | table query") == (
        {"query": "newyork.dmevals.local"},
    )
