"""`bin` and `makecontinuous`: buckets of time and of numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.search.spans import natural_span, read_span
from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.bin")
Run = Callable[..., SearchResult]


@pytest.mark.parametrize(
    ("span", "start"),
    [
        ("1s", "2026-11-20T11:51:39"), ("30", "2026-11-20T11:51:30"), ("5m", "2026-11-20T11:50:00"),
        ("1h", "2026-11-20T11:00:00"), ("3h", "2026-11-20T09:00:00"), ("1d", "2026-11-20T00:00:00"),
        ("1w", "2026-11-19T00:00:00"), ("1w@w0", "2026-11-15T00:00:00"), ("1w@w1", "2026-11-16T00:00:00"),
        ("1mon", "2026-11-01T00:00:00"), ("1q", "2026-10-01T00:00:00"), ("1y", "2026-01-01T00:00:00"),
        ("2mon", "2026-11-01T00:00:00"), ("1d@d", "2026-11-20T00:00:00"), ("hour", "2026-11-20T11:00:00"),
    ],
)  # fmt: skip
def test_a_time_becomes_the_start_of_its_bucket(run: Run, span: str, start: str) -> None:
    rows = run(f"event_id=e-2 | bin _time span={span} | table _time").rows
    assert list(rows) == [{"_time": f"{start}.000+00:00"}]


def test_parts_of_a_second_are_buckets_too(run: Run) -> None:
    (row,) = run("event_id=e-2 | bin _time span=200ms as a | bin _time span=ds as b | table a b").rows
    assert row == {"a": "1795175499.4", "b": "1795175499.5"}


@pytest.mark.parametrize(
    ("arguments", "labels"),
    [
        ("span=100", ["0-100", "1000-1100", "100-200"]),
        ("span=0.5", ["9-9.5", "1000-1000.5", "100-100.5"]),
        ("span=2log10", ["2-20", "200-2000", "20-200"]),
        ("span=log10", ["1-10", "1000-10000", "100-1000"]),
        ("bins=2", ["0-1000", "1000-2000", "0-1000"]),
        ("bins=20", ["0-100", "1000-1100", "100-200"]),
        ("", ["0-100", "1000-1100", "100-200"]),
        ("bins=20 end=9000", ["0-1000", "1000-2000", "0-1000"]),
        ("bins=2000 start=5 minspan=10", ["0-10", "1000-1010", "100-110"]),
    ],
)
def test_a_number_becomes_the_range_of_its_bucket(run: Run, arguments: str, labels: list[str]) -> None:
    rows = run(f"bytes_out=* | bin {arguments} bytes_out AS size | table bytes_out size").rows
    assert [row["size"] for row in rows] == labels
    assert [row["bytes_out"] for row in rows] == ["9", "1000", "100"]


def test_small_and_negative_numbers_have_exact_edges(run: Run) -> None:
    query = '| makeresults | eval x=split("0.3,-0.05,0.7", ",") | mvexpand x | bin x span=0.1 | table x'
    assert [row["x"] for row in run(query).rows] == ["0.3-0.4", "-0.1-0", "0.7-0.8"]


def test_what_is_no_number_stays(run: Run) -> None:
    rows = run("index=auth | bucket user span=10 | discretize nothing span=5 | table user nothing").rows
    assert list(rows) == [{"user": "a.lund"}, {"user": "A.Lund"}]


def test_without_a_span_the_times_decide(run: Run) -> None:
    rows = run("* | bin _time | stats count by _time | head 2").rows
    assert [row["_time"] for row in rows] == ["2026-11-20T11:50:00.000+00:00", "2026-11-20T11:51:30.000+00:00"]
    rows = run("* | bin _time bins=3 | stats count by _time").rows
    assert [row["_time"] for row in rows] == ["2026-11-20T11:50:00.000+00:00", "2026-11-20T11:55:00.000+00:00"]
    rows = run("* | bin _time minspan=20m | stats count by _time").rows
    assert [row["_time"] for row in rows] == ["2026-11-20T11:30:00.000+00:00"]


def test_buckets_may_count_from_the_start_of_the_search(run: Run) -> None:
    rows = run("* | bin _time span=7m aligntime=earliest | stats count by _time", "-11m", "now").rows
    assert [(row["_time"], row["count"]) for row in rows] == [
        ("2026-11-20T11:49:00.000+00:00", "4"), ("2026-11-20T11:56:00.000+00:00", "2"),
    ]  # fmt: skip
    rows = run("* | bin _time span=1d aligntime=latest | stats count by _time", "-11m", "now").rows
    assert [row["_time"] for row in rows] == ["2026-11-20T00:00:00.000+00:00"]


def test_missing_buckets_get_rows(run: Run) -> None:
    rows = run("index=network OR index=endpoint | makecontinuous span=2m | table _time event_id").rows
    assert [(str(row["_time"])[11:16], row.get("event_id")) for row in rows] == [
        ("11:50", "e-2"), ("11:50", "e-1"), ("11:52", "e-3"), ("11:54", None), ("11:56", None), ("11:58", "e-7"),
    ]  # fmt: skip
    rows = run("bytes_out<500 | makecontinuous bytes_out span=40 | table bytes_out event_id").rows
    assert list(rows) == [
        {"bytes_out": "0-40", "event_id": "e-7"}, {"bytes_out": "40-80"}, {"bytes_out": "80-120", "event_id": "e-1"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "span"),
    [(900, 10), (3600, 60), (4 * 3600, 300), (86_400, 1800), (7 * 86_400, 86_400), (30 * 86_400, 86_400), (0, 1)],
)
def test_the_usual_ranges_have_the_documented_spans(seconds: float, span: float) -> None:
    assert natural_span(1_795_132_800 - seconds, 1_795_132_800).seconds == span


def test_a_year_is_cut_into_months_and_decades_into_years() -> None:
    assert natural_span(0, 365 * 86_400).months == 1
    assert natural_span(0, 20 * 365 * 86_400).months == 12


@given(
    at=st.floats(0, 4e9).map(lambda v: round(v, 3)),
    text=st.sampled_from(["7s", "5m", "3h", "1d", "1w", "1w@w3", "2w", "1mon", "5mon", "1q", "1y", "100ms"]),
)
def test_a_time_lies_in_its_bucket_and_the_next_one_begins_behind_it(at: float, text: str) -> None:
    span = read_span(text, 0)
    start = span.start(at)
    assert start <= at + 1e-3
    assert span.after(start) > at - 1e-3
    assert span.start(span.after(start) + 1e-4) == pytest.approx(span.after(start), abs=1e-6)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("* | bin", SplError),
        ("* | bin a b", SplError),
        ("* | bin _time span=5x", SplError),
        ("* | bin _time span=0m", SplError),
        ("* | bin bytes_out span=5log2", SplError),
        ("* | bin bytes_out start=x", SplError),
        ("* | bin _time span=1d@h", UnsupportedSplError),
        ("* | bin _time span=300ms", UnsupportedSplError),
        ("* | bin answer span=1", UnsupportedSplError),
        ("* | bin _time span=5m magic=t", UnsupportedSplError),
        ("* | bin _time span=5m aligntime=earliest", UnsupportedSplError),
        ("* | makecontinuous bytes_out span=0.0001", UnsupportedSplError),
        ("* | makecontinuous bytes_out span=log2", UnsupportedSplError),
        ("* | makecontinuous answer span=1", UnsupportedSplError),
        ("* | makecontinuous a b", SplError),
    ],
)
def test_what_bin_cannot_do_is_said(run: Run, query: str, error: type[SplError]) -> None:
    with pytest.raises(error) as caught:
        run(query)
    assert caught.value.position >= 4
