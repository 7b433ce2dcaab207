"""`eventstats` and `streamstats`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.windows")
Run = Callable[..., SearchResult]

FUNCTIONS = [
    "count", "count(user)", "dc(src)", "sum(bytes_out)", "avg(bytes_out)", "min(bytes_out)", "max(user)", "mode(src)",
    "median(bytes_out)", "perc90(bytes_out)", "range(bytes_out)", "stdev(bytes_out)", "varp(bytes_out)",
    "sumsq(bytes_out)", "first(src)", "last(src)", "earliest(src)", "latest(src)", "earliest_time(user)",
    "latest_time(user)", "list(index)", "values(index)", "rate(bytes_out)", "count(answer)", "dc(answer)",
    "sum(answer)", "mode(answer)", "values(answer)", "list(answer)", "min(answer)", "perc50(answer)",
    "count(eval(bytes_out>50))", "sum(eval(bytes_out*2))",
]  # fmt: skip


ALL = " ".join(f"{function} as v{number}" for number, function in enumerate(FUNCTIONS))


def _by_function(rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    return [{f: row.get(f"v{n}") for n, f in enumerate(FUNCTIONS)} for row in rows]


@pytest.mark.parametrize("by", ["", " by index"])
def test_a_window_over_all_rows_gives_what_stats_gives(run: Run, by: str) -> None:
    expected = _by_function(run(f"* | stats {ALL}{by}").rows)
    everywhere = _by_function(run(f"* | eventstats {ALL}{by} | dedup index | sort index").rows)
    at_the_end = _by_function(run(f"* | streamstats {ALL}{by} | reverse | dedup index | sort index").rows)
    if by:
        assert everywhere == expected
        assert at_the_end == expected
    else:
        assert everywhere == expected * 3
        # The oldest event, which has seen all others, is in the last index by name.
        assert at_the_end[-1] == expected[0]


@pytest.mark.parametrize(
    ("command", "values"),
    [
        ("streamstats count", ["1", "2", "3", "4", "5", "6"]),
        ("streamstats count by index", ["1", "1", "2", "1", "2", "3"]),
        ("streamstats current=f count", ["0", "1", "2", "3", "4", "5"]),
        ("streamstats window=2 count", ["1", "2", "2", "2", "2", "2"]),
        ("streamstats window=2 current=f count", ["0", "1", "2", "2", "2", "2"]),
        ("streamstats sum(bytes_out) as count", ["9", "9", "9", "9", "1009", "1109"]),
        ("streamstats window=1 sum(bytes_out) as count", ["9", None, None, None, "1000", "100"]),
        ("streamstats current=f window=1 last(event_id) as count", [None, "e-7", "e-5", "e-4", "e-3", "e-2"]),
        ("streamstats time_window=150s count", ["1", "1", "2", "2", "2", "2"]),
        ("streamstats time_window=100s count", ["1", "1", "1", "1", "1", "2"]),
        ("streamstats time_window=10m window=2 count", ["1", "2", "2", "2", "2", "2"]),
        ("streamstats time_window=150s current=f count", ["0", "0", "1", "1", "1", "1"]),
        ("streamstats count by user", ["1", "1", "1", None, None, None]),
        ("eventstats count by index", ["1", "2", "2", "3", "3", "3"]),
        ("eventstats max(bytes_out) as count by src", [None, None, None, "100", "1000", "100"]),
        ('streamstats reset_before="event_id==\\"e-4\\"" count', ["1", "2", "1", "2", "3", "4"]),
        ('streamstats reset_after="(event_id==\\"e-4\\")" count', ["1", "2", "3", "1", "2", "3"]),
        ('streamstats reset_after=(event_id=="e-4") count', ["1", "2", "3", "1", "2", "3"]),
        ("streamstats reset_on_change=t count by host", ["1", "1", "2", "1", "2", "3"]),
        ("streamstats allnum=t sum(src) as count", [None] * 6),
    ],
)
def test_each_row_has_what_its_window_gives(run: Run, command: str, values: list[str | None]) -> None:
    rows = run(f"* | {command} | table event_id count").rows
    assert [row["event_id"] for row in rows] == ["e-7", "e-5", "e-4", "e-3", "e-2", "e-1"]
    assert [row.get("count") for row in rows] == values


def test_time_windows_go_either_way(run: Run) -> None:
    rows = run("* | reverse | streamstats time_window=150s count | table event_id count").rows
    assert [(r["event_id"], r["count"]) for r in rows] == [
        ("e-1", "1"), ("e-2", "2"), ("e-3", "2"), ("e-4", "2"), ("e-5", "2"), ("e-7", "1"),
    ]  # fmt: skip


MIXED = '| makeresults count=6 | streamstats count as n | eval k=if(n%2=0, "even", "odd")'


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ("window=3", ["1", "2", "4", "6", "8", "10"]),
        ("window=3 global=t", ["1", "2", "4", "6", "8", "10"]),
        ("window=3 global=f", ["1", "2", "4", "6", "9", "12"]),
        ("window=2", ["1", "2", "3", "4", "5", "6"]),
        ("window=2 global=f", ["1", "2", "4", "6", "8", "10"]),
        ("window=2 current=f", [None, None, "1", "2", "3", "4"]),
        ("reset_on_change=t", ["1", "2", "3", "4", "5", "6"]),
    ],
)
def test_a_global_window_counts_the_rows_of_all_groups(run: Run, options: str, values: list[str | None]) -> None:
    rows = run(f"{MIXED} | streamstats {options} sum(n) as s by k").rows
    assert [row.get("s") for row in rows] == values


def test_events_stay_events_behind_a_window(run: Run) -> None:
    rows = run("* | eventstats count by index | search powershell.exe count=1").rows
    assert [row["event_id"] for row in rows] == ["e-7"]


@pytest.mark.parametrize(
    ("query", "error", "names"),
    [
        ('* | streamstats count reset_after="count>2"', UnsupportedSplError, "own results"),
        ("* | streamstats count allow=t", UnsupportedSplError, "allow"),
        ("* | eventstats count window=2", UnsupportedSplError, "window"),
        ("* | streamstats window=x count", SplError, "window"),
        ("* | streamstats time_window=1mon count", SplError, "span"),
        ('* | streamstats reset_before="((" count', SplError, "streamstats"),
    ],
)
def test_what_windows_lack_is_named(run: Run, query: str, error: type[SplError], names: str) -> None:
    with pytest.raises(error, match=names):
        run(query)
