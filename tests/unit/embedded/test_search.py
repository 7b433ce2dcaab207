"""What a search finds: values, terms, indexes, times, and what each command makes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.search")

Run = Callable[..., SearchResult]
VISIBLE = ["e-7", "e-5", "e-4", "e-3", "e-2", "e-1"]


def _ids(result: SearchResult) -> list[str]:
    return [str(row["event_id"]) for row in result.rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # Everything but internal indexes, newest first.
        ("*", VISIBLE),
        ("search *", VISIBLE),
        ("index=*", VISIBLE),
        ("NOT index=auth", ["e-7", "e-3", "e-2", "e-1"]),
        ("index=_internal", ["e-6"]),
        ("NOT index=_audit", VISIBLE),
        ('index>"_"', VISIBLE),
        ("index=_*", ["e-6"]),
        ("index=* OR index=_*", ["e-7", "e-6", "e-5", "e-4", "e-3", "e-2", "e-1"]),
        ("index IN (auth, _internal)", ["e-6", "e-5", "e-4"]),
        ("index=AUTH", ["e-5", "e-4"]),
        ("index=net*", ["e-3", "e-2", "e-1"]),
        # Values ignore case, names do not; wildcards work inside quotes too.
        ("user=a.lund", ["e-5", "e-4"]),
        ('user="A.*"', ["e-5", "e-4"]),
        ("User=a.lund", []),
        ("user=*", ["e-7", "e-5", "e-4"]),
        ("NOT user=*", ["e-3", "e-2", "e-1"]),
        ("query=login.example", ["e-3"]),
        ("query=*.EXAMPLE", ["e-3"]),
        ("query=*.exampl", []),
        ("sourcetype::okta:auth", ["e-5", "e-4"]),
        # `!=` needs the field, NOT does not.
        ("user!=b", ["e-5", "e-4"]),
        ("user!=*", []),
        ("NOT user=b", ["e-5", "e-4", "e-3", "e-2", "e-1"]),
        # Numbers compare as numbers when both are.
        ("bytes_out>99", ["e-2", "e-1"]),
        ("bytes_out<=100", ["e-7", "e-1"]),
        ("bytes_out=100.0", ["e-1"]),
        ("bytes_out!=100", ["e-7", "e-2"]),
        ("bytes_out>abc", []),
        ("user>=b", ["e-7"]),
        # Terms stand between breaks; AND is implied; OR binds tighter than AND.
        ("10.0.0.1", ["e-3", "e-1"]),
        ("10.0.0.1*", ["e-3", "e-2", "e-1"]),
        ("failure", ["e-4"]),
        ("FAIL*", ["e-4"]),
        ("fail", []),
        ('"bad password"', ["e-4"]),
        ('"password bad"', []),
        ("bad password", ["e-4"]),
        ("signed", ["e-5"]),
        ('"curl/8"', ["e-5"]),
        ("okta:auth", []),
        ("success OR failure idp", ["e-5", "e-4"]),
        ("success OR (failure user=b)", ["e-5"]),
        ("src=10.0.0.1 dest_port=443", ["e-1"]),
        ("src=10.0.0.1 NOT dest_port=443", ["e-3"]),
        ("TERM(10.0.0.1)", ["e-3", "e-1"]),
        ("CASE(Login.Example)", ["e-3"]),
        ("CASE(login.example)", []),
        # Lists: any value counts; for `!=` any other value does.
        ("answer=192.0.2.8", ["e-3"]),
        ("answer=192.0.2.9", []),
        ("answer!=192.0.2.8", ["e-3"]),
        ("answer=192.0.2.*", ["e-3"]),
        ("answer IN (192.0.2.8, x)", ["e-3"]),
        # Networks; the address text itself still counts.
        ("src=10.0.0.0/28", ["e-3", "e-2", "e-1"]),
        ("src=10.0.0.8/29", ["e-2"]),
        ("src IN (10.0.0.8/29, 198.51.100.9)", ["e-5", "e-4", "e-2"]),
        ("src!=10.0.0.0/8", ["e-5", "e-4"]),
        ("answer=192.0.2.8/32", ["e-3"]),
        # Fields outside the schema and fields that nobody has.
        ("rtt=0.1", ["e-3"]),
        ("rtt=*", ["e-3"]),
        ("rtt<1", ["e-3"]),
        ("nothing=*", []),
        ("NOT nothing=x", VISIBLE),
        ("nothing!=x", []),
        # The event time is a number.
        ("_time>=1795175700", ["e-7", "e-5", "e-4"]),
    ],
)  # fmt: skip
def test_a_search_finds_these_events(run: Run, query: str, expected: list[str]) -> None:
    assert _ids(run(query)) == expected


@pytest.mark.req("embedded.time")
@pytest.mark.parametrize(
    ("query", "earliest", "latest", "expected"),
    [
        ("index=network", "-500.5s", "", []),
        ("index=network", "-501s", "", ["e-3", "e-2"]),
        ("index=network", "", "-500s", ["e-2", "e-1"]),
        ("index=network", "1795175600", "1795175601", ["e-3"]),
        ("index=network", "", "1795175600", ["e-2", "e-1"]),
        ("index=network earliest=-450s", "-1s", "now", ["e-3"]),
        ("index=network earliest=1 latest=-550s", "", "now", ["e-1"]),
        ("index=network latest=-550s", "", "now", ["e-1"]),
        ("index=network", "0", "now", ["e-3", "e-2", "e-1"]),
        ("index=network", "-1d@d", "@d", []),
        ("index=network", "@d", "now", ["e-3", "e-2", "e-1"]),
        ("index=network (src=10.0.0.1 OR earliest=-550s)", "", "", ["e-3", "e-2"]),
    ],
)
def test_times_count_from_the_jobs_now_and_a_modifier_beats_the_range(
    run: Run, query: str, earliest: str, latest: str, expected: list[str]
) -> None:
    if earliest == "-500.5s":
        with pytest.raises(SplError):
            run(query, earliest, latest)
        return
    assert _ids(run(query, earliest, latest)) == expected


def test_earliest_is_included_and_latest_is_not(run: Run) -> None:
    assert _ids(run("index=network", "1795175499.5", "1795175600")) == ["e-2"]


def test_rows_look_like_those_of_the_results_endpoint(run: Run) -> None:
    result = run("event_id=e-3")
    assert result.fields == (
        "_time", "event_id", "index", "sourcetype", "host", "src", "dest", "query", "answer", "rtt",
    )  # fmt: skip
    assert result.rows[0] == {
        "_time": "2026-11-20T11:53:20.000+00:00", "event_id": "e-3", "index": "network", "sourcetype": "zeek:dns",
        "host": "sensor01", "src": "10.0.0.1", "dest": "10.0.0.53", "query": "Login.Example",
        "answer": ["192.0.2.7", "192.0.2.8"], "rtt": "0.1",
    }  # fmt: skip
    assert run("event_id=e-2").rows[0]["_time"] == "2026-11-20T11:51:39.500+00:00"


def test_event_text_that_came_with_the_event_is_shown_and_made_text_only_when_asked(run: Run) -> None:
    assert "_raw" not in run("event_id=e-4").rows[0]
    assert str(run("event_id=e-5").rows[0]["_raw"]).startswith("a.lund signed in")
    assert 'reason="bad password"' in str(run("event_id=e-4 | table _raw").rows[0]["_raw"])
    assert run("event_id=e-4 | fields user").rows == ({"_time": "2026-11-20T11:55:00.000+00:00", "user": "A.Lund"},)
    assert _ids(run("event_id=e-4 | search password")) == ["e-4"]


def test_scanned_events_are_those_of_the_indexes_and_times_in_question(run: Run) -> None:
    assert run("index=network src=10.0.0.1").scanned_events == 3
    assert run("src=10.0.0.1").scanned_events == 6
    assert run("(index=network src=10.0.0.1) OR (index=nowhere (x OR y))").scanned_events == 3
    assert run("(index=network src=10.0.0.1) OR x").scanned_events == 6
    assert run("(index=auth OR index=endpoint) x").scanned_events == 3
    assert run("index=network", "-450s").scanned_events == 1


@pytest.mark.parametrize(
    ("query", "fields", "rows"),
    [
        ("index=auth | table user nothing", ("user", "nothing"), [{"user": "a.lund"}, {"user": "A.Lund"}]),
        ("index=auth | fields user | fields - _*", ("user",), [{"user": "a.lund"}, {"user": "A.Lund"}]),
        ("index=auth | table us*, event_id", ("user", "event_id"),
         [{"user": "a.lund", "event_id": "e-5"}, {"user": "A.Lund", "event_id": "e-4"}]),
        ("index=network | table rt* | head 1", ("rtt",), [{"rtt": "0.1"}]),
        ("index=network | head 2 | table event_id", ("event_id",), [{"event_id": "e-3"}, {"event_id": "e-2"}]),
        ("index=network | tail 2 | table event_id", ("event_id",), [{"event_id": "e-1"}, {"event_id": "e-2"}]),
        ("index=network | tail 2 | head 1 | table event_id", ("event_id",), [{"event_id": "e-1"}]),
        ("index=network | head 0", (), []),
        ("* | dedup index | table event_id", ("event_id",), [{"event_id": i} for i in ("e-7", "e-5", "e-3")]),
        ("* | dedup user | table event_id", ("event_id",), [{"event_id": i} for i in ("e-7", "e-5", "e-4")]),
        ("* | dedup 2 index | table event_id", ("event_id",),
         [{"event_id": i} for i in ("e-7", "e-5", "e-4", "e-3", "e-2")]),
        ("* | dedup nothing", (), []),
        ("bytes_out=* | sort bytes_out | table bytes_out", ("bytes_out",),
         [{"bytes_out": b} for b in ("9", "100", "1000")]),
        ("bytes_out=* | sort - bytes_out | table bytes_out", ("bytes_out",),
         [{"bytes_out": b} for b in ("1000", "100", "9")]),
        ("bytes_out=* | sort str(bytes_out) | table bytes_out", ("bytes_out",),
         [{"bytes_out": b} for b in ("100", "1000", "9")]),
        ("src=* | dedup src | sort src | table src", ("src",),
         [{"src": s} for s in ("10.0.0.1", "10.0.0.12", "198.51.100.9")]),
        ("* | sort user, -bytes_out | table event_id", ("event_id",),
         [{"event_id": i} for i in ("e-4", "e-5", "e-7", "e-2", "e-1", "e-3")]),
        ("* | sort 2 -_time | table event_id", ("event_id",), [{"event_id": "e-7"}, {"event_id": "e-5"}]),
        ("* | sort _time | head 1 | table event_id", ("event_id",), [{"event_id": "e-1"}]),
    ],
)  # fmt: skip
def test_commands_choose_and_order_rows(run: Run, query: str, fields: tuple[str, ...], rows: list[object]) -> None:
    result = run(query)
    assert result.fields == fields
    assert list(result.rows) == rows


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("* | stats count", [{"count": "6"}]),
        ("src=nobody | stats count", [{"count": "0"}]),
        ("src=nobody | stats sum(bytes_out)", []),
        ("src=nobody | stats count by src", []),
        ("* | stats count by index", [{"index": "auth", "count": "2"}, {"index": "endpoint", "count": "1"},
                                      {"index": "network", "count": "3"}]),
        ("* | stats count as n by index, sourcetype | sort - n | head 1",
         [{"index": "auth", "sourcetype": "okta:auth", "n": "2"}]),
        ("* | stats count(user) c(src) by index",
         [{"index": "auth", "count(user)": "2", "c(src)": "2"},
          {"index": "endpoint", "count(user)": "1", "c(src)": "0"},
          {"index": "network", "count(user)": "0", "c(src)": "3"}]),
        ("* | stats dc(src) as sources distinct_count(index)", [{"sources": "3", "distinct_count(index)": "3"}]),
        ("* | stats sum(bytes_out) avg(bytes_out) min(bytes_out) max(bytes_out)",
         [{"sum(bytes_out)": "1109", "avg(bytes_out)": "369.6666666666667", "min(bytes_out)": "9",
           "max(bytes_out)": "1000"}]),
        ("* | stats min(user) max(user) sum(user)", [{"min(user)": "A.Lund", "max(user)": "b"}]),
        ("* | stats values(src) as s", [{"s": ["10.0.0.1", "10.0.0.12", "198.51.100.9"]}]),
        ("* | stats values(answer) dc(answer) count(answer)",
         [{"values(answer)": ["192.0.2.7", "192.0.2.8"], "dc(answer)": "2", "count(answer)": "2"}]),
        ("* | stats count by answer", [{"answer": "192.0.2.7", "count": "1"}, {"answer": "192.0.2.8", "count": "1"}]),
        ("* | stats earliest(src) latest(src) earliest(user)",
         [{"earliest(src)": "10.0.0.1", "latest(src)": "198.51.100.9", "earliest(user)": "A.Lund"}]),
        ("* | stats min(_time) as first max(_time) as last by index | head 1",
         [{"index": "auth", "first": "1795175700", "last": "1795175800"}]),
        ("index=auth | stats values(_time) as t", [{"t": ["1795175700", "1795175800"]}]),
        ("* | stats count by index | search count>1 | stats sum(count) as total", [{"total": "5"}]),
        ("* | stats count by index | search auth", [{"index": "auth", "count": "2"}]),
        ("* | stats count by index | search NOT index=a* | table index", [{"index": "endpoint"}, {"index": "network"}]),
        ("* | stats count by index | fields - count", [{"index": "auth"}, {"index": "endpoint"}, {"index": "network"}]),
        ("* | stats count by nothing", []),
        ("* | stats count(nothing) values(nothing) sum(nothing)", [{"count(nothing)": "0"}]),
        ("* | stats sum(rtt) by rtt", [{"rtt": "0.1", "sum(rtt)": "0.1"}]),
        ("* | stats count by _time | head 1", [{"_time": "2026-11-20T11:50:00.000+00:00", "count": "1"}]),
        ("* | stats values(index) as i | search i=auth | table i", [{"i": ["auth", "endpoint", "network"]}]),
    ],
)  # fmt: skip
def test_stats_computes_over_groups(run: Run, query: str, rows: list[object]) -> None:
    assert list(run(query).rows) == rows


def test_macros_are_expanded_by_the_knowledge_objects_of_the_moment(run: Run) -> None:
    assert _ids(run("`sign_ins`")) == ["e-5", "e-4"]
    assert _ids(run("index=* `of_user(a.lund)` action=success")) == ["e-5"]
    assert list(run("`sign_ins` | stats count").rows) == [{"count": "2"}]


@pytest.mark.req("embedded.unsupported")
@pytest.mark.parametrize(
    ("query", "names", "position"),
    [
        ("| inputcsv allow.csv", "inputcsv", 2),
        ("index=a | outputlookup x.csv", "outputlookup", 10),
        ("index=a | delete", "delete", 10),
        ("index=a | nosuchcommand", "nosuchcommand", 10),
        ("index=a | map search=\"search index=b\"", "map", 10),
        ("index=a PREFIX(x)", "PREFIX", 8),
        ("index=a earliest=rt-5m", "real-time", 8),
        ("`nothing_known(1,2)`", "nothing_known", 0),
        ("index=a | `nothing_known`", "nothing_known", 10),
    ],
)  # fmt: skip
def test_what_the_engine_lacks_is_named_with_its_position(run: Run, query: str, names: str, position: int) -> None:
    with pytest.raises(UnsupportedSplError) as caught:
        run(query)
    assert names in str(caught.value)
    assert caught.value.position == position


@pytest.mark.req("embedded.unsupported")
def test_a_position_inside_a_macro_points_at_the_macros_call(run: Run) -> None:
    with pytest.raises(UnsupportedSplError) as caught:
        run("`sign_ins` user=a.lund | sendemail x=1")
    assert caught.value.position == 25


@pytest.mark.req("embedded.unsupported")
@pytest.mark.parametrize("query", ["", "index=a |", "index=a | stats", '"open', "(index=a", "index=a earliest=never"])
def test_a_search_that_cannot_be_read_is_an_error_with_a_position(run: Run, query: str) -> None:
    with pytest.raises(SplError) as caught:
        run(query)
    assert 0 <= caught.value.position <= len(query)


def test_a_search_over_a_real_time_range_is_refused(run: Run) -> None:
    with pytest.raises(UnsupportedSplError, match="real-time"):
        run("index=auth", "rt-1h", "rt")


def test_thousands_of_indicators_in_one_search_are_no_trouble(run: Run) -> None:
    many = [f"192.0.2.{n % 256}x{n}" for n in range(3000)]
    assert _ids(run(f"src IN ({', '.join([*many, '10.0.0.12'])})")) == ["e-2"]
    assert _ids(run(" OR ".join(f"src={m}" for m in [*many[:2500], "10.0.0.12"]))) == ["e-2"]
    assert _ids(run("NOT (" * 60 + "src=10.0.0.12" + ")" * 60)) == ["e-2"]
