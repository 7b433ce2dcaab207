"""Names and values that look like SQL are names and values."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.embedded.search.engine import SearchEngine
from agentgate_mcp.backends.embedded.staging import Staging
from agentgate_mcp.backends.embedded.store import TelemetryStore, open_telemetry
from agentgate_mcp.backends.ports import SearchJob, SearchResult
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.spl.knowledge import EMPTY

pytestmark = pytest.mark.req("embedded.no-sql-text")

HOSTILE = [
    "x' OR '1'='1",
    'x" OR "1"="1',
    "'; DROP TABLE events; --",
    "\"; ATTACH '/dev/null' AS a; --",
    "$p0",
    "$1",
    "?",
    "{{x}}",
    "*/ UNION SELECT * FROM about /*",
    "read_text('/etc/hostname')",
    "c0",
    "o0",
    "_seq",
    "_extra",
    "_more",
    "_made",
    "events",
    "src) FROM events; --",
    "\\'",
    "E'\\x00'",
    "’ OR 1=1",
    "%",
    "_",
    "!",
    "a!%b",
    "[",
    "(?i).*",
    "\\x{27}",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TelemetryStore:
    path = tmp_path_factory.mktemp("hostile") / "events.duckdb"
    with Staging(path) as staging:
        for number, text in enumerate(HOSTILE):
            fields = {"event_id": f"e-{number}", "index": "network", "sourcetype": "t", "user": text, text: "field"}
            staging.add(float(number), fields)
        staging.build("test")
    return open_telemetry(path)


@pytest.fixture(scope="module")
def run(store: TelemetryStore) -> Callable[[str], SearchResult]:
    engine = SearchEngine(store, lambda: EMPTY)
    guard = RuntimeGuard(max_time_s=60, max_rows=1000, max_bytes=10_000_000)
    return lambda query: engine.run(SearchJob(query=query, earliest="", latest="", now=0.0, guard=guard))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_value_finds_exactly_itself(run: Callable[[str], SearchResult], number: int) -> None:
    text = HOSTILE[number]
    assert [r["event_id"] for r in run(f"user={_quoted(text)}").rows] == [f"e-{number}"]
    assert f"e-{number}" in {str(r["event_id"]) for r in run(f"user={_quoted(f'*{text}*')}").rows}
    assert [r["event_id"] for r in run(f"user IN ({_quoted(text)})").rows] == [f"e-{number}"]
    assert [r["event_id"] for r in run(f"* | search user={_quoted(text)}").rows] == [f"e-{number}"]
    assert f"e-{number}" in {str(r["event_id"]) for r in run(f"CASE({_quoted(text)}) OR {_quoted(text)}").rows}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_the_name_of_its_field(run: Callable[[str], SearchResult], name: str) -> None:
    quoted = _quoted(name)
    assert [row for row in run(f"* | table {quoted}").rows if row] == [{name: "field"}]
    if "*" not in name:
        assert run(f"* | stats count by {quoted}").rows == ({name: "field", "count": "1"},)
    assert [row["event_id"] for row in run(f"{quoted}=field | fields - {quoted}").rows] == [f"e-{HOSTILE.index(name)}"]


def test_hidden_columns_cannot_be_named(run: Callable[[str], SearchResult]) -> None:
    for name in ("_seq", "_more", "_made", "o0", "c0", "x", "m", "r"):
        expected = 1 if name in HOSTILE else 0
        assert len(run(f"{name}=*").rows) == expected
        assert sum(name in row for row in run(f"* | table {name}").rows) == expected
