"""The bench of the compiled graph: what it draws is fixed by the seed, and its answers are checked."""

import json
from pathlib import Path

import pytest

from agentgate_mcp.bench import graph as suite
from agentgate_mcp.bench.frame import Options
from agentgate_mcp.bench.synthetic_graph import synthetic_graph
from agentgate_mcp.graph.index import compile_index

pytestmark = pytest.mark.req("graph.index")
RESULTS = Path(__file__).parents[2] / "bench" / "results" / "graph.json"


def test_a_seed_draws_one_graph_of_the_wanted_size() -> None:
    first, again, other = (synthetic_graph(2_000, seed) for seed in (5, 5, 6))
    hashes = [compile_index(g.kinds, g.groups, g.detections).hash for g in (first, again, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert abs(len(first.kinds) - 2_000) < 40
    assert 3.5 < first.edges / len(first.kinds) < 4
    users = first.hubs(2_000)
    assert users[0] == first.hubs(1)[0]


def test_the_suite_compares_every_hub_with_networkx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "SIZES", (2_000, 2_000))
    monkeypatch.setattr(suite, "_HUBS", 20)
    monkeypatch.setattr(suite, "_ROUNDS", 1)
    said: list[str] = []
    report = suite.run(Options(quick=True), said.append)
    printed = report.to_json()
    assert printed["details"]["2k"]["hubs_equal_to_networkx"] == [20, 20]
    names = {m.name for m in report.measures}
    assert {"build 2k", "memory 2k", "verdict hub 2k p99", "verdict random 2k p99"} <= names
    assert said


def test_the_published_run_met_its_goals_at_full_size() -> None:
    published = json.loads(RESULTS.read_text("utf-8"))
    assert (published["suite"], published["quick"]) == ("graph", False)
    goals = {m["name"]: (m["goal"], m["met"]) for m in published["measures"] if "goal" in m}
    assert goals == {
        "verdict hub 20k p99": (5.0, True),
        "build 200k": (2.0, True),
        "memory 200k": (300.0, True),
        "verdict hub 200k p99": (25.0, True),
        "verdict hub 200k max": (50.0, True),
    }
    full = published["details"]["200k"]
    assert full["requirement_edges"] >= 735_000
    assert full["hubs_equal_to_networkx"][0] == full["hubs_equal_to_networkx"][1]
