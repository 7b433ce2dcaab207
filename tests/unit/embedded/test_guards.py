"""Limits of one job: rows, bytes, seconds, cancelling."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentgate_mcp.backends.embedded.search import engine
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.engine import SearchEngine
from agentgate_mcp.backends.embedded.staging import Staging
from agentgate_mcp.backends.embedded.store import TelemetryStore, open_telemetry
from agentgate_mcp.backends.ports import SearchJob, SearchResult
from agentgate_mcp.errors import BackendError, SplError
from agentgate_mcp.model.facts import RuntimeGuard, SearchFacts
from agentgate_mcp.spl.facts import read_search
from agentgate_mcp.spl.knowledge import EMPTY
from tests.unit.embedded.conftest import NOW

pytestmark = pytest.mark.req("embedded.guards")

WIDE = RuntimeGuard(max_time_s=60, max_rows=10_000, max_bytes=10_000_000)
Run = Callable[..., SearchResult]


def test_the_row_guard_cuts_and_says_so(run: Run) -> None:
    cut = run("*", guard=WIDE.model_copy(update={"max_rows": 2}))
    assert [row["event_id"] for row in cut.rows] == ["e-7", "e-5"]
    assert cut.partial == "row limit of 2 reached"
    assert run("*", guard=WIDE.model_copy(update={"max_rows": 6})).partial == ""


def test_the_byte_guard_cuts_and_says_so(run: Run) -> None:
    cut = run("*", guard=WIDE.model_copy(update={"max_bytes": 300}))
    assert 0 < len(cut.rows) < 6
    assert cut.partial == "byte limit of 300 reached"
    assert run("*", guard=WIDE.model_copy(update={"max_bytes": 1})).rows == ()


@pytest.fixture(scope="module")
def slow_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TelemetryStore]:
    """Enough equal values that pairing them all takes far longer than any test."""
    path = tmp_path_factory.mktemp("slow") / "slow.duckdb"
    with Staging(path) as staging:
        for n in range(20_000):
            staging.add(float(n), {"event_id": f"e-{n}", "index": "network", "sourcetype": "t", "src": "10.0.0.1"})
        staging.build("test")
    store = open_telemetry(path)
    yield store
    store.close()


def _job(seconds: int) -> SearchJob:
    guard = WIDE.model_copy(update={"max_time_s": seconds})
    return SearchJob(query="index=network", earliest="", latest="", now=0.0, guard=guard)


def _endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every search pair all events with all events before it gives a row."""
    original = Build.rows

    def paired(self: Build, sql: str) -> list[tuple[object, ...]]:
        return original(
            self,
            sql.replace(
                "FROM events", "FROM events, (SELECT _seq AS s FROM events) a, (SELECT _seq AS t FROM events) b"
            ),
        )

    monkeypatch.setattr(Build, "rows", paired)


def test_the_time_guard_stops_a_search_and_says_so(slow_store: TelemetryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    _endless(monkeypatch)
    result = SearchEngine(slow_store, lambda: EMPTY).run(_job(1))
    assert result.rows == ()
    assert result.partial == "time limit of 1 s reached"


def test_a_cancelled_search_ends_with_an_error(slow_store: TelemetryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    _endless(monkeypatch)
    asked = threading.Event()

    def cancelled() -> bool:
        asked.set()
        return True

    with pytest.raises(BackendError, match="cancelled"):
        SearchEngine(slow_store, lambda: EMPTY).run(_job(600), cancelled)
    assert asked.is_set()


def test_searches_of_several_threads_do_not_disturb_each_other(slow_store: TelemetryStore) -> None:
    engine = SearchEngine(slow_store, lambda: EMPTY)
    results: dict[int, SearchResult] = {}

    def work(number: int) -> None:
        job = SearchJob(query=f"event_id=e-{number} | table event_id", earliest="", latest="", now=0.0, guard=WIDE)
        results[number] = engine.run(job)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: r.rows for n, r in results.items()} == {n: ({"event_id": f"e-{n}"},) for n in range(16)}


def test_a_job_reports_what_it_scanned_and_how_long_it_ran(run: Run) -> None:
    result = run("index=network | stats count")
    assert result.scanned_events == 3
    assert result.run_seconds > 0


def test_a_store_that_another_process_replaces_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    for text in ("old", "new"):
        with Staging(path) as staging:
            staging.add(1.0, {"event_id": text, "index": "network", "sourcetype": "t"})
            staging.build("test")
        if text == "old":
            first = open_telemetry(path)
    assert first.rows("SELECT event_id FROM events") == [("old",)]


def test_an_expression_that_nests_too_deeply_says_what_to_do(run: Run) -> None:
    with pytest.raises(BackendError, match="in several steps"):
        run(f"* | eval x={'.'.join(['src'] * 600)}")


def test_a_long_sum_of_fields_is_planned_as_one_step(run: Run) -> None:
    """Nested, 400 of them took the engine 16 seconds."""
    found = run(f"index=network bytes_out=* | eval x={'+'.join(['bytes_out'] * 400)} | table bytes_out x").rows
    assert len(found) == 2
    assert [float(str(row["x"])) for row in found] == [400 * float(str(row["bytes_out"])) for row in found]


def test_rows_of_a_subsearch_cannot_widen_the_time_range(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    made = '[| makeresults format=csv data="query\nearliest=0"]'
    assert run(f"index=auth {made}", earliest="-1h").rows == run("index=auth").rows
    # Had the search been judged by the job's range alone, its rows would say more than was judged.
    judged = read_search("index=auth", "-1h", "now", EMPTY, NOW)

    def narrow(*_: object) -> SearchFacts:
        return judged

    monkeypatch.setattr(engine, "read_search", narrow)
    with pytest.raises(SplError, match="widen the time range"):
        run(f"index=auth {made}", earliest="-1h")
