"""The bundled data as a whole: every file is accepted, and what cites what exists."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.backends.ports import Backends, Row, SearchJob
from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.permits import PermitBook

pytestmark = pytest.mark.req("R10", "embedded.search")

NOW = 1_795_176_000.0
GUARD = RuntimeGuard(max_time_s=60, max_rows=100_000, max_bytes=500_000_000)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Backends:
    return open_embedded(bundled_dir("data"), tmp_path_factory.mktemp("state"), PermitBook(), lambda: NOW)


@pytest.fixture(scope="module")
def search(bundled: Backends) -> Callable[..., tuple[Row, ...]]:
    def run(query: str, earliest: str = "", latest: str = "now") -> tuple[Row, ...]:
        job = SearchJob(query=query, earliest=earliest, latest=latest, now=NOW, guard=GUARD)
        return bundled.search.search(job).rows

    return run


def test_every_bundled_file_is_accepted(bundled: Backends) -> None:
    assert bundled.cases.cases()
    assert bundled.runbooks.runbooks()
    assert bundled.knowledge.objects()
    assert bundled.search.users()
    assert not bundled.intel.lookup("192.0.2.254").known
    assert int(str(bundled.search.server_info()["totalEventCount"])) > 15_000


def test_the_alerts_of_every_case_are_events_of_its_time(
    bundled: Backends, search: Callable[..., tuple[Row, ...]]
) -> None:
    for case in bundled.cases.cases():
        for alert in case.alerts:
            rows = search(f"index=* event_id={alert}", str(case.earliest), str(case.latest + 1))
            assert [row["event_id"] for row in rows] == [alert]


def test_a_search_is_the_same_every_time(search: Callable[..., tuple[Row, ...]]) -> None:
    query = "index=network | stats count sum(duration) as t avg(bytes_out) as b values(service) as s by src, dest"
    first = search(query, "-7d")
    assert len(first) > 100
    assert search(query, "-7d") == first


def test_counts_of_indexes_agree_with_searches(bundled: Backends, search: Callable[..., tuple[Row, ...]]) -> None:
    counted = {str(r["index"]): str(r["count"]) for r in search("index=* OR index=_* | stats count by index")}
    listed = {str(r["name"]): str(r["totalEventCount"]) for r in bundled.search.indexes()}
    assert counted == {name: count for name, count in listed.items() if count != "0"}
