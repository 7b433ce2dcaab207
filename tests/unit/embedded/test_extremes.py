"""Aggregates and buckets over values at the edges of what a number or a time can be."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError

pytestmark = pytest.mark.req("embedded.stats")
Run = Callable[..., SearchResult]

VALUES = "1e308,-1e308,1e308,1e-320,inf,nan,0x1,1e999,99999999999999999999999,-0,0.1,1e27,1e200,é,1_000,+7,5.,.5,1e5"
ROWS = f'| makeresults count=2 | eval x=split("{VALUES}", ",") | mvexpand x | eval y=split("{VALUES}", ",")'
FUNCTIONS = (
    "count sum avg min max range stdev var stdevp varp sumsq median perc95 mode dc values list first last "
    "earliest latest earliest_time latest_time rate"
).split()
ARITHMETIC = ("sum", "avg", "range", "stdev", "var", "median", "perc", "rate", "Total", "delta", "sma", "wma", "ema")
OF_ALL = " ".join(f"{f}({field})" for f in FUNCTIONS for field in ("x", "y"))


@pytest.mark.parametrize(
    "command",
    [
        f"stats {OF_ALL}", f"stats {OF_ALL} by x", f"eventstats {OF_ALL}", f"streamstats window=3 {OF_ALL} by x",
        f"chart {OF_ALL} over x", "eval _time=x | stats latest(y) rate(x) earliest_time(y) | table *",
        "bin x", "bin x span=0.1", "bin x span=log2", "bin x span=1mon", "bin x bins=3", "makecontinuous x bins=3",
        "eval _time=x | bin _time span=1q", "timechart span=1y sum(x) by x", "timechart per_day(x) avg(y)",
        "addtotals col=t", "accum x", "accum x as s", "delta x", "autoregress x p=1-2",
        "trendline sma2(x) wma3(x) ema2(x)", "top x useother=t", "chart count over x by x bins=4",
    ],
)  # fmt: skip
def test_no_value_makes_a_command_fail(run: Run, command: str) -> None:
    rows = run(f"{ROWS} | {command}").rows
    assert rows
    numbers = [v for row in rows for name, v in row.items() if name.startswith(ARITHMETIC)]
    assert not {"inf", "-inf", "nan"}.intersection(str(v) for v in numbers)


@pytest.mark.parametrize("command", ["timechart span=1s count", "makecontinuous _time span=1mon"])
def test_times_too_far_apart_for_their_buckets_are_refused(run: Run, command: str) -> None:
    with pytest.raises(SplError, match="buckets"):
        run(f"{ROWS} | eval _time=x | {command}")


def test_the_calendar_ends_with_the_year_9999(run: Run) -> None:
    rows = run("| makeresults | eval _time=253402300799 | timechart span=1y count").rows
    assert list(rows) == [{"_time": "9999-01-01T00:00:00.000+00:00", "count": "1"}]


def test_exact_sums_hold_where_doubles_would_not(run: Run) -> None:
    query = '| makeresults | eval x=split("1e16,1,-1e16,0.1,0.2", ",") | stats sum(x) as s avg(x) as a'
    (row,) = run(query).rows
    assert math.isclose(float(str(row["s"])), 1.3, rel_tol=1e-15)
    assert math.isclose(float(str(row["a"])), 0.26, rel_tol=1e-15)
