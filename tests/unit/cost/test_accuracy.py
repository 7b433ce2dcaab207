"""Estimates against the embedded engine: what it scanned, and the same rows for less."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.backends.ports import Backends, SearchJob
from agentgate_mcp.bench import cost as bench
from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.gate.cost_rewrite import as_tstats
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.permits import PermitBook
from agentgate_mcp.spl.knowledge import EMPTY

SEED, COUNT = 1, 400
GUARD = RuntimeGuard(max_time_s=60, max_rows=10_000, max_bytes=10_000_000)


@pytest.fixture(scope="module")
def trial() -> bench.Trial:
    return bench.tried(SEED, COUNT)


@pytest.mark.req("cost.accuracy", "cost.index_stats", "cost.places")
def test_intervals_hold_for_most_drawn_searches_and_ranks_agree(trial: bench.Trial) -> None:
    found = trial.estimates(trial.baselines)
    pairs = [(e.events, p.events) for e, p in zip(found, trial.past, strict=True)]
    inside = [s.low <= actual <= s.high for s, actual in pairs]
    cut = [held for held, (s, _) in zip(inside, pairs, strict=True) if s.low < s.high]
    assert {e.tier for e in found} == {"index_stats"}
    assert len(cut) >= 200
    assert 0.85 <= statistics.fmean(inside) <= 0.95
    assert 0.85 <= statistics.fmean(cut) <= 0.95
    assert all(held for held, (s, _) in zip(inside, pairs, strict=True) if s.low == s.high)
    assert bench.rank_correlation([s.mid for s, _ in pairs], [float(actual) for _, actual in pairs]) >= 0.9


@pytest.mark.req("cost.accuracy", "cost.history", "cost.calibrate")
def test_seconds_get_better_by_calibration(trial: bench.Trial) -> None:
    # The clock's own unevenness is no part of this: each search takes what its events say.
    past = tuple(replace(p, seconds=0.01 + p.events / 400_000) for p in trial.past)
    found = {m.name: m.value for m in bench.seconds_measures(replace(trial, past=past))}
    documented = found["error of seconds, median, documented"]
    assert found["error of seconds, median, calibrated"] < documented / 10
    assert found["error of seconds, median, history"] < documented / 10


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    made = open_embedded(bundled_dir("data"), Path(tmp_path_factory.mktemp("state")), PermitBook(), time.time)
    yield made
    made.close()


REWRITTEN = [
    ("index=network | stats count by sourcetype", "| tstats count WHERE index=network BY sourcetype"),
    (
        "index IN (auth, email) host=* earliest=-3d | stats count AS n, dc(host), max(host) by index, sourcetype",
        "",
    ),
    ("(index=auth OR index=network) NOT sourcetype=zeek:dns | stats values(sourcetype) by index", ""),
    ("index=network sourcetype!=zeek:conn | stats count", ""),
    ("index=network | timechart span=6h count", ""),
    ("index=network | timechart span=1d count by sourcetype | fillnull", ""),
]  # fmt: skip


@pytest.mark.req("cost.rewrite")
@pytest.mark.parametrize(("query", "expected"), REWRITTEN)
def test_the_cheaper_search_gives_the_same_rows(query: str, expected: str, backends: Backends) -> None:
    cheaper = as_tstats(query, EMPTY)
    assert cheaper.startswith("| tstats ")
    assert expected in ("", cheaper)

    def rows(text: str) -> list[str]:
        job = SearchJob(query=text, earliest="-7d", latest="now", now=1_795_176_000.0, guard=GUARD)
        return sorted(repr(sorted(row.items())) for row in backends.search.search(job).rows)

    assert rows(cheaper) == rows(query) != []


@pytest.mark.req("cost.rewrite")
@pytest.mark.parametrize(
    "query",
    [
        "index=network src=10.0.0.1 | stats count by sourcetype",
        "index=network | stats count by src",
        "index=network | stats sum(bytes) by host",
        "index=network | stats count(src) by host",
        "index=network error | stats count by host",
        "index=network [search index=auth | return host] | stats count by host",
        "index=network | where host=1 | stats count by host",
        "index=network | eventstats count by host",
        "index=network | timechart count",
        "index=network | timechart span=1h count by src",
        "index=network | stats count(eval(host=1)) by host",
        "index=network",
        "index=network [",
        "| tstats count by host",
    ],
)
def test_other_searches_are_not_rewritten(query: str) -> None:
    assert as_tstats(query, EMPTY) == ""
