"""`chart` and `timechart`: rows, buckets and series."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.charts")
Run = Callable[..., SearchResult]


def _clock(rows: SearchResult) -> list[str]:
    return [str(row["_time"])[11:19] for row in rows.rows]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("* | chart count", [{"count": "6"}]),
        ("* | chart count over index", [{"index": "auth", "count": "2"}, {"index": "endpoint", "count": "1"},
                                        {"index": "network", "count": "3"}]),
        ("* | chart sum(bytes_out) as s dc(src) by index",
         [{"index": "auth", "dc(src)": "1"}, {"index": "endpoint", "s": "9", "dc(src)": "0"},
          {"index": "network", "s": "1100", "dc(src)": "2"}]),
        ("index=auth | chart count over index by user", [{"index": "auth", "A.Lund": "1", "a.lund": "1"}]),
        ("* | chart count by index action",
         [{"index": "auth", "allowed": "0", "failure": "1", "success": "1", "NULL": "0"},
          {"index": "endpoint", "allowed": "0", "failure": "0", "success": "0", "NULL": "1"},
          {"index": "network", "allowed": "2", "failure": "0", "success": "0", "NULL": "1"}]),
        ("* | chart sum(bytes_out) over index by action usenull=f",
         [{"index": "auth"}, {"index": "endpoint"}, {"index": "network", "allowed": "1100"}]),
        ("* | chart count over host by index limit=1 otherstr=rest",
         [{"host": "idp", "network": "0", "rest": "2"}, {"host": "sensor01", "network": "3", "rest": "0"},
          {"host": "wks-1", "network": "0", "rest": "1"}]),
        ("* | chart limit=bottom1 useother=f count over host by index",
         [{"host": "idp", "endpoint": "0"}, {"host": "sensor01", "endpoint": "0"}, {"host": "wks-1", "endpoint": "1"}]),
        ("* | chart count over bytes_out span=100", [{"bytes_out": "0-100", "count": "1"},
                                                     {"bytes_out": "100-200", "count": "1"},
                                                     {"bytes_out": "1000-1100", "count": "1"}]),
        ("* | chart count over index by bytes_out bins=2 usenull=f",
         [{"index": "auth", "0-1000": "0", "1000-2000": "0"}, {"index": "endpoint", "0-1000": "1", "1000-2000": "0"},
          {"index": "network", "0-1000": "1", "1000-2000": "1"}]),
        ("* | chart count sum(bytes_out) over index by transport usenull=f",
         [{"index": "auth", "count: tcp": "0"}, {"index": "endpoint", "count: tcp": "0"},
          {"index": "network", "count: tcp": "2", "sum(bytes_out): tcp": "1100"}]),
        ("index=network | chart count dc(src) over index by transport usenull=f sep=\"/\"",
         [{"index": "network", "count/tcp": "2", "dc(src)/tcp": "2"}]),
        ("index=network | chart count dc(src) over index by transport usenull=f format=\"$VAL$ $AGG$\"",
         [{"index": "network", "tcp count": "2", "tcp dc(src)": "2"}]),
        ("* | chart count over answer by index", [{"answer": "192.0.2.7", "network": "1"},
                                                  {"answer": "192.0.2.8", "network": "1"}]),
        ("index=network | chart values(dest_port) over index by answer",
         [{"index": "network", "NULL": ["443", "80"]}]),
        ("* | chart eval(sum(bytes_out)/count) as mean over index",
         [{"index": "auth"}, {"index": "endpoint", "mean": "9"}, {"index": "network", "mean": "366.6666666666667"}]),
        ("* | chart count over host by index where max > 1 useother=f",
         [{"host": "idp", "auth": "2", "network": "0"}, {"host": "sensor01", "auth": "0", "network": "3"},
          {"host": "wks-1", "auth": "0", "network": "0"}]),
        ("* | chart count over nothing", []),
        ('* | eval s=if(index="auth" OR index="network","NULL",src) | chart count over host by s limit=1',
         [{"host": "idp", "NULL": "2"}, {"host": "sensor01", "NULL": "3"}, {"host": "wks-1", "NULL": "1"}]),
    ],
)  # fmt: skip
def test_chart_gives_these_rows(run: Run, query: str, rows: list[object]) -> None:
    assert list(run(query).rows) == rows


@pytest.mark.parametrize(
    ("query", "times", "counts"),
    [
        ("* | timechart span=2m count", ["11:50:00", "11:52:00", "11:54:00", "11:56:00", "11:58:00"], "21111"),
        ("index=network OR index=endpoint | timechart span=3m count", ["11:48:00", "11:51:00", "11:54:00", "11:57:00"],
         "1201"),
        ("index=network OR index=endpoint | timechart span=3m count cont=f", ["11:48:00", "11:51:00", "11:57:00"],
         "121"),
        ("* | timechart bins=3 count", ["11:50:00", "11:55:00"], "33"),
        ("* | timechart minspan=5m count", ["11:50:00", "11:55:00"], "33"),
        ("* | timechart span=1d count", ["00:00:00"], "6"),
        ("* | timechart span=1y count", ["00:00:00"], "6"),
        ("nothing=here | timechart span=5m count", [], ""),
    ],
)  # fmt: skip
def test_timechart_has_a_row_per_bucket(run: Run, query: str, times: list[str], counts: str) -> None:
    found = run(query)
    assert _clock(found) == times
    assert "".join(str(row["count"]) for row in found.rows) == counts


@pytest.mark.parametrize(
    ("query", "earliest", "latest", "times"),
    [
        ("* | timechart span=10m count", "-30m", "now", ["11:30:00", "11:40:00", "11:50:00"]),
        ("* | timechart span=10m count", "-25m", "", ["11:30:00", "11:40:00", "11:50:00"]),
        ("* | timechart span=10m count", "", "+10m", ["11:50:00", "12:00:00"]),
        ("* | timechart span=10m count", "0", "", ["11:50:00"]),
        ("earliest=-20m * | timechart span=10m count", "-60m", "now", ["11:40:00", "11:50:00"]),
        ("* | timechart span=10m count fixedrange=f", "-60m", "now", ["11:50:00"]),
        ("* | timechart span=10m count partial=f", "-35m", "-5m", ["11:30:00", "11:40:00"]),
        ("* | timechart span=7m aligntime=earliest count", "-14m", "now", ["11:46:00", "11:53:00"]),
        ("* | append [search index=auth earliest=-60m] | timechart span=10m count", "-20m", "now",
         ["11:40:00", "11:50:00"]),
    ],
)  # fmt: skip
def test_timechart_covers_the_range_of_the_search(
    run: Run, query: str, earliest: str, latest: str, times: list[str]
) -> None:
    assert _clock(run(query, earliest, latest)) == times


def test_without_a_span_the_range_decides(run: Run) -> None:
    assert _clock(run("* | timechart count", "-60m", "now"))[:2] == ["11:00:00", "11:01:00"]
    assert len(run("* | timechart count", "-24h", "now").rows) == 48
    assert [row["_time"] for row in run("* | timechart count", "-80d@d", "now").rows][:2] == [
        "2026-09-01T00:00:00.000+00:00", "2026-09-02T00:00:00.000+00:00",
    ]  # fmt: skip
    assert [str(row["_time"])[:10] for row in run("* | timechart count", "2026-01-15", "now").rows][:3] == [
        "2026-01-01", "2026-02-01", "2026-03-01",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("timechart span=5m count by index", [{"auth": "0", "endpoint": "0", "network": "3"},
                                              {"auth": "2", "endpoint": "1", "network": "0"}]),
        ("timechart count by index span=5m limit=1", [{"network": "3", "OTHER": "0"}, {"network": "0", "OTHER": "3"}]),
        ("timechart span=5m limit=1 useother=f count by index", [{"network": "3"}, {"network": "0"}]),
        ("timechart span=5m avg(bytes_out) by user", [{"NULL": "550"}, {"b": "9"}]),
        ("timechart span=5m max(bytes_out) by user usenull=f", [{}, {"b": "9"}]),
        ("timechart span=5m count by user nullstr=none limit=1",
         [{"A.Lund": "0", "OTHER": "0", "none": "3"}, {"A.Lund": "1", "OTHER": "2", "none": "0"}]),
        ("timechart span=5m dc(src) values(user) sum(bytes_out) as s",
         [{"dc(src)": "2", "s": "1100"}, {"dc(src)": "1", "values(user)": ["A.Lund", "a.lund", "b"], "s": "9"}]),
        ("timechart span=5m count max(bytes_out) by index useother=f limit=1",
         [{"count: network": "3", "max(bytes_out): network": "1000"}, {"count: network": "0"}]),
        ("timechart span=5m per_second(bytes_out) per_minute(bytes_out) as m per_hour(bytes_out) per_day(bytes_out)",
         [{"per_second(bytes_out)": "3.6666666666666665", "m": "220", "per_hour(bytes_out)": "13200",
           "per_day(bytes_out)": "316800"},
          {"per_second(bytes_out)": "0.03", "m": "1.8", "per_hour(bytes_out)": "108", "per_day(bytes_out)": "2592"}]),
        ("timechart span=1mon per_day(bytes_out) as d", [{"d": str(1109 / 30)}]),
        ("timechart span=5m eval(round(sum(bytes_out)/count, 1)) by index", [{"network": "366.7"}, {"endpoint": "9"}]),
        ("timechart span=5m count by index where sum in top1", [{"network": "3", "OTHER": "0"},
                                                                {"network": "0", "OTHER": "3"}]),
        ("timechart span=5m count by index where max notin bottom2 useother=f", [{"network": "3"}, {"network": "0"}]),
        ("timechart span=5m count by index where sum<2 useother=f", [{"endpoint": "0"}, {"endpoint": "1"}]),
        ("timechart span=5m count by answer usenull=f", [{"192.0.2.7": "1", "192.0.2.8": "1"},
                                                         {"192.0.2.7": "0", "192.0.2.8": "0"}]),
    ],
)  # fmt: skip
def test_series_become_columns(run: Run, query: str, rows: list[dict[str, object]]) -> None:
    found = run(f"* | {query}").rows
    assert [{name: value for name, value in row.items() if name != "_time"} for row in found] == rows


def test_ten_series_are_shown_and_limit_zero_shows_all(run: Run) -> None:
    rows = '| makeresults count=60 | streamstats count as n | eval s="s".(n%12), t=1'
    assert len(run(f"{rows} | chart count over t by s").fields) == 12
    assert run(f"{rows} | chart count over t by s").fields[-1] == "OTHER"
    assert len(run(f"{rows} | chart count over t by s limit=0").fields) == 13


def test_columns_stand_by_name_with_the_rest_and_the_missing_last(run: Run) -> None:
    assert run("* | timechart span=5m count by user limit=2").fields == ("_time", "A.Lund", "a.lund", "OTHER", "NULL")


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("* | chart count over a by b, c", SplError),
        ("* | chart count over a* by b", SplError),
        ("* | chart count span=5", SplError),
        ("* | chart count over index limit=x", SplError),
        ("* | chart count over index magic=t", UnsupportedSplError),
        ("* | chart count by index host where dc in top5", UnsupportedSplError),
        ("* | chart count over answer span=5", UnsupportedSplError),
        ("* | chart sparkline(count) over index", UnsupportedSplError),
        ("* | chart per_second(bytes_out) over index", UnsupportedSplError),
        ("* | chart eval(bytes_out/count) over index", SplError),
        ("* | timechart count by a, b", SplError),
        ("* | timechart span=5z count", SplError),
        ("* | timechart span=5m", SplError),
        ("* | timechart span=1ms count", UnsupportedSplError),
        ("* | timechart count agg=sum", UnsupportedSplError),
        ("* | timechart count by index magic=t", UnsupportedSplError),
    ],
)
def test_what_charts_cannot_do_is_said(run: Run, query: str, error: type[SplError]) -> None:
    with pytest.raises(error) as caught:
        run(query)
    assert caught.value.position >= 4
