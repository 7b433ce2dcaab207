"""The engine bench measures a store that the engine itself reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentgate_mcp.bench.engine import SEARCHES, main, search_once, write_store

pytestmark = pytest.mark.req("bench.engine")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "events.duckdb"
    write_store(path, 1_000)
    return path


def test_the_made_up_store_answers_every_search_of_the_bench(store: Path) -> None:
    rows = {name: int(search_once(store, query, runs=1)["rows"]) for name, query, _ in SEARCHES}
    assert rows == {"stats_by_src": 1_000, "sum_by_dest": 256, "timechart_by_action": 1}


def test_a_run_of_its_own_prints_its_figures_as_json(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    main([str(store), "* | stats count"])
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == 1
    assert found["seconds"] > 0
    assert found["megabytes"] > 10
