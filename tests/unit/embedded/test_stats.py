"""`stats`: its functions, groups, wildcards and options."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.duck import Query
from agentgate_mcp.backends.embedded.search.commands.aggregates import Frame
from agentgate_mcp.backends.embedded.search.commands.sums import sum_sql
from agentgate_mcp.backends.embedded.staging import Staging
from agentgate_mcp.backends.embedded.store import open_telemetry
from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.stats")
Run = Callable[..., SearchResult]

FIGURES = '| makeresults | eval x=split("2,4,4,4,5,5,7,9", ",") | stats {} as v | table v'
"""Each value of a multivalue field counts, so this is a field with eight values."""


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("count(x)", "8"), ("c(x)", "8"), ("dc(x)", "5"), ("distinct_count(x)", "5"), ("estdc(x)", "5"),
        ("sum(x)", "40"), ("avg(x)", "5"), ("mean(x)", "5"), ("min(x)", "2"), ("max(x)", "9"), ("range(x)", "7"),
        ("mode(x)", "4"), ("sumsq(x)", "232"), ("varp(x)", "4"), ("stdevp(x)", "2"),
        ("median(x)", "5"), ("perc50(x)", "5"), ("p25(x)", "4"), ("exactperc75(x)", "7"), ("upperperc90(x)", "9"),
        ("perc0(x)", "2"), ("perc100(x)", "9"), ("perc12.5(x)", "4"), ("perc12.4(x)", "2"),
        ("values(x)", ["2", "4", "5", "7", "9"]), ("list(x)", ["2", "4", "4", "4", "5", "5", "7", "9"]),
        ("first(x)", ["2", "4", "4", "4", "5", "5", "7", "9"]),
    ],
)  # fmt: skip
def test_every_value_of_a_multivalue_field_counts(run: Run, function: str, value: object) -> None:
    assert list(run(FIGURES.format(function)).rows) == [{"v": value}]


@pytest.mark.parametrize(("function", "expected"), [("var", statistics.variance), ("stdev", statistics.stdev)])
def test_the_spread_of_a_sample_is_that_of_the_statistics_module(
    run: Run, function: str, expected: Callable[[list[int]], float]
) -> None:
    (row,) = run(FIGURES.format(f"{function}(x)")).rows
    assert float(str(row["v"])) == pytest.approx(expected([2, 4, 4, 4, 5, 5, 7, 9]), rel=1e-12)
    (row,) = run(f"* | stats {function}(bytes_out) as v").rows
    assert float(str(row["v"])) == pytest.approx(expected([9, 1000, 100]), rel=1e-12)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("* | stats sum(bytes_out) avg(bytes_out) range(bytes_out) sumsq(bytes_out)",
         [{"sum(bytes_out)": "1109", "avg(bytes_out)": "369.6666666666667", "range(bytes_out)": "991",
           "sumsq(bytes_out)": "1010081"}]),
        ("* | stats median(bytes_out) as m perc90(bytes_out) as p by index",
         [{"index": "auth"}, {"index": "endpoint", "m": "9", "p": "9"},
          {"index": "network", "m": "1000", "p": "1000"}]),
        ("* | stats stdev(bytes_out) as s varp(bytes_out) as v by index",
         [{"index": "auth"}, {"index": "endpoint", "s": "0", "v": "0"},
          {"index": "network", "s": "636.3961030678928", "v": "202500"}]),
        ("* | stats mode(index) as m mode(src) as n", [{"m": "network", "n": "10.0.0.1"}]),
        ("* | stats first(event_id) as f last(event_id) as l", [{"f": "e-7", "l": "e-1"}]),
        ("* | sort bytes_out | stats first(bytes_out) as f last(event_id) as l list(bytes_out) as a",
         [{"f": "9", "l": "e-3", "a": ["9", "100", "1000"]}]),
        ("* | stats earliest(src) as a latest(src) as b earliest_time(src) as c latest_time(src) as d",
         [{"a": "10.0.0.1", "b": "198.51.100.9", "c": "1795175400", "d": "1795175800"}]),
        ("* | stats latest(answer) as a first(answer) as b",
         [{"a": ["192.0.2.7", "192.0.2.8"], "b": ["192.0.2.7", "192.0.2.8"]}]),
        ("sourcetype=zeek:conn | stats rate(bytes_out) as r", [{"r": str(900 / 99.5)}]),
        ("* | stats list(src) as s by index",
         [{"index": "auth", "s": ["198.51.100.9", "198.51.100.9"]}, {"index": "endpoint"},
          {"index": "network", "s": ["10.0.0.1", "10.0.0.12", "10.0.0.1"]}]),
        ('* | stats count(eval(action="failure")) as f c(eval(bytes_out>50)) as b sum(eval(bytes_out*2)) as d',
         [{"f": "1", "b": "2", "d": "2218"}]),
        ("* | stats dc(eval(lower(user))) as u max(eval(len(src))) as m", [{"u": "2", "m": "12"}]),
        ("* | stats count(eval(user)) as n", [{"n": "3"}]),
        ("* | stats max(user) as m min(src) as s", [{"m": "b", "s": "10.0.0.1"}]),
        ("* | stats min(dest_port) as a max(dest_port) as b", [{"a": "80", "b": "443"}]),
        ("* | stats count by answer src", [{"answer": "192.0.2.7", "src": "10.0.0.1", "count": "1"},
                                          {"answer": "192.0.2.8", "src": "10.0.0.1", "count": "1"}]),
        ('index=endpoint | eval a=split("x,y",","), b=split("1,2",",") | stats count by a b',
         [{"a": "x", "b": "1", "count": "1"}, {"a": "x", "b": "2", "count": "1"},
          {"a": "y", "b": "1", "count": "1"}, {"a": "y", "b": "2", "count": "1"}]),
        ('index=endpoint | eval a=split("x,x",",") | stats count by a', [{"a": "x", "count": "2"}]),
        ('index=endpoint | eval a=split("x,x",",") | stats dedup_splitvals=t count by a', [{"a": "x", "count": "1"}]),
        ("* | stats allnum=t sum(user) as a sum(bytes_out) as b", [{"b": "1109"}]),
        ("* | eval v=coalesce(bytes_out, user) | stats sum(v) as s", [{"s": "1109"}]),
        ("* | eval v=coalesce(bytes_out, user) | stats allnum=t sum(v) as s count(v) as c", [{"c": "5"}]),
        ('* | stats delim="," partitions=3 values(action) as a', [{"a": ["allowed", "failure", "success"]}]),
        ("* | stats count by src, src | head 1", [{"src": "10.0.0.1", "count": "2"}]),
    ],
)  # fmt: skip
def test_stats_gives_these_rows(run: Run, query: str, rows: list[object]) -> None:
    assert list(run(query).rows) == rows


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("* | stats count(bytes*)", {"count(bytes_out)": "3"}),
        ("* | stats sum(bytes_*) as total_*", {"total_out": "1109"}),
        ("* | table user action bytes_out | stats dc(*) as *", {"user": "3", "action": "3", "bytes_out": "3"}),
        ("index=endpoint | table index user host | stats values(*) as * by index",
         {"index": "endpoint", "user": "b", "host": "wks-1"}),
        ("index=endpoint | table bytes_out user | stats avg(*)", {"avg(bytes_out)": "9"}),
    ],
)  # fmt: skip
def test_a_wildcard_stands_for_the_fields_that_have_values(run: Run, query: str, row: dict[str, str]) -> None:
    assert list(run(query).rows) == [row]


def test_over_no_events_only_counts_are_there(run: Run) -> None:
    rows = run("src=nobody | stats count dc(src) sum(bytes_out) avg(bytes_out) values(src) first(src) perc5(src)").rows
    assert list(rows) == [{"count": "0", "dc(src)": "0"}]
    assert list(run("src=nobody | stats sum(bytes_out) perc5(src)").rows) == []


def test_list_keeps_a_hundred_values_in_order(run: Run) -> None:
    (row,) = run("| makeresults count=150 | streamstats count as n | stats list(n) as l values(n) as v").rows
    assert row["l"] == [str(n) for n in range(1, 101)]
    assert row["v"] == sorted(str(n) for n in range(1, 151))


@pytest.mark.parametrize(
    ("query", "names", "position"),
    [
        ("* | stats sparkline(count) as s", "sparkline", 10),
        ("* | stats nosuch(src)", "nosuch", 10),
        ("* | stats count by _time span=1h", "_time", 19),
        ("* | stats count verbose=t", "verbose", 16),
        ("* | stats sum(src) as a max(src) as a", "a", 24),
        ("* | stats values(src) as src by src", "src", 10),
    ],
)
def test_what_stats_lacks_is_named(run: Run, query: str, names: str, position: int) -> None:
    with pytest.raises(UnsupportedSplError, match=names) as caught:
        run(query)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("query", "position"),
    [
        ("* | stats sum", 10),
        ("* | stats count(eval(user=1))", 10),
        ("* | stats sum(eval(user=1)) as n", 19),
        ("* | stats perc101(bytes_out)", 10),
        ("* | stats allnum=maybe count", 10),
    ],
)
def test_what_is_wrong_with_stats_has_its_place(run: Run, query: str, position: int) -> None:
    with pytest.raises(SplError) as caught:
        run(query)
    assert not isinstance(caught.value, UnsupportedSplError)
    assert caught.value.position == position


# --- sums ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> Query:
    path = tmp_path_factory.mktemp("sums") / "events.duckdb"
    with Staging(path) as staging:
        staging.add(0.0, {"event_id": "e", "index": "i", "sourcetype": "s"})
        staging.build("test")
    return open_telemetry(path).query()


def _summed(query: Query, numbers: list[float]) -> float | None:
    rows = " UNION ALL ".join(f"SELECT CAST({number!r} AS DOUBLE) AS n" for number in numbers)
    return query.rows(f"SELECT {sum_sql('n', many=False, call=Frame().call)} FROM ({rows})")[0][0]


_ORDINARY = st.one_of(
    st.integers(-(10**12), 10**12).map(float),
    st.floats(-1e15, 1e15).filter(lambda v: v == 0 or abs(v) > 1e-12),
    st.sampled_from([0.1, 0.2, 0.3, -0.1, 1e16, -1e16, 1e-12]),
)


@settings(max_examples=60, deadline=None)
@given(numbers=st.lists(_ORDINARY, min_size=1, max_size=12), seed=st.integers(0, 1000))
def test_a_sum_is_exact_and_so_the_same_in_every_order(query: Query, numbers: list[float], seed: int) -> None:
    exact = float(sum((Fraction(n) for n in numbers), Fraction()))
    found = _summed(query, numbers)
    assert found == pytest.approx(exact, rel=3e-16, abs=0)
    shuffled = random.Random(seed).sample(numbers, len(numbers))
    assert _summed(query, shuffled) == found


@pytest.mark.parametrize(
    ("numbers", "total"),
    [
        ([1e308, 1.0], 1e308),
        ([1e-300, 2e-300], 3e-300),
        ([1e-300, 5.0], 5.0),
        ([1e30, -1e30, 1.0], 1.0),
        ([0.1] * 10, 1.0),
        ([1e308, 1e308], None),
    ],
)
def test_numbers_of_any_size_add_up(query: Query, numbers: list[float], total: float | None) -> None:
    found = _summed(query, numbers)
    assert found == total if total is None else found is not None and math.isclose(found, total, rel_tol=1e-12)
