"""Commands that choose, name and make fields."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.fields")

Run = Callable[..., SearchResult]
ONE = "event_id=e-2 | table src dest_port bytes_out"


@pytest.mark.parametrize(
    ("query", "fields", "rows"),
    [
        (f"{ONE} | fields + s*, bytes_out", "src bytes_out", [{"src": "10.0.0.12", "bytes_out": "1000"}]),
        (f"{ONE} | fields - s*", "dest_port bytes_out", [{"dest_port": "80", "bytes_out": "1000"}]),
        # A renamed field stays in its place.
        (f"{ONE} | rename dest_port as port", "src port bytes_out",
         [{"src": "10.0.0.12", "port": "80", "bytes_out": "1000"}]),
        (f'{ONE} | rename dest_port as "The Port", src AS Source', "Source|The Port|bytes_out",
         [{"Source": "10.0.0.12", "The Port": "80", "bytes_out": "1000"}]),
        (f"{ONE} | rename src as dest_port, dest_port as src", "dest_port src bytes_out",
         [{"dest_port": "10.0.0.12", "src": "80", "bytes_out": "1000"}]),
        # A new name takes the place of the field that had it, also when the old one does not exist.
        (f"{ONE} | rename src as dest_port", "dest_port bytes_out", [{"dest_port": "10.0.0.12", "bytes_out": "1000"}]),
        (f"{ONE} | rename nothing as dest_port", "src bytes_out", [{"src": "10.0.0.12", "bytes_out": "1000"}]),
        (f"{ONE} | rename nothing as other", "src dest_port bytes_out",
         [{"src": "10.0.0.12", "dest_port": "80", "bytes_out": "1000"}]),
        (f"{ONE} | rename src as x, dest_port as x", "x bytes_out", [{"x": "80", "bytes_out": "1000"}]),
        (f"{ONE} | rename *_* as *-of-*", "src dest-of-port bytes-of-out",
         [{"src": "10.0.0.12", "dest-of-port": "80", "bytes-of-out": "1000"}]),
        (f"{ONE} | rename zz* as y*", "src dest_port bytes_out",
         [{"src": "10.0.0.12", "dest_port": "80", "bytes_out": "1000"}]),
        (f"{ONE} | rename src as src", "src dest_port bytes_out",
         [{"src": "10.0.0.12", "dest_port": "80", "bytes_out": "1000"}]),
        ("event_id=e-3 | rename rtt as delay, src as client | table delay client rtt src", "delay client rtt src",
         [{"delay": "0.1", "client": "10.0.0.1"}]),
        ("event_id=e-5 | rename _raw as text | table text _raw", "text _raw",
         [{"text": "a.lund signed in from 198.51.100.9 with agent \"curl/8\""}]),
        (f'{ONE} | setfields a="x y", B=2 | table a B b', "a B b", [{"a": "x y", "B": "2"}]),
        # replace takes whole values; without IN all but internal fields.
        (f"{ONE} | replace 80 WITH http, 1000 with many", "src dest_port bytes_out",
         [{"src": "10.0.0.12", "dest_port": "http", "bytes_out": "many"}]),
        (f"{ONE} | replace 8 WITH x IN dest_port", "src dest_port bytes_out",
         [{"src": "10.0.0.12", "dest_port": "80", "bytes_out": "1000"}]),
        (f'{ONE} | replace "*.12" WITH "net *" IN src, bytes_out', "src dest_port bytes_out",
         [{"src": "net 10.0.0", "dest_port": "80", "bytes_out": "1000"}]),
        (f'{ONE} | replace 1* WITH one, 10.* WITH ten, "10.0.0.12" WITH "host" IN src', "src dest_port bytes_out",
         [{"src": "host", "dest_port": "80", "bytes_out": "1000"}]),
        (f'{ONE} | replace 10.* WITH "ten \\\\1", 1* WITH one IN src', "src dest_port bytes_out",
         [{"src": "ten \\1", "dest_port": "80", "bytes_out": "1000"}]),
        ("event_id=e-3 | replace *.7 WITH seven IN answer | table answer", "answer",
         [{"answer": ["seven", "192.0.2.8"]}]),
        (f'{ONE} | strcat src ":" dest_port pair | table pair', "pair", [{"pair": "10.0.0.12:80"}]),
        (f'{ONE} | strcat src "-" none pair | table pair', "pair", [{"pair": "10.0.0.12-"}]),
        (f'{ONE} | strcat allrequired=t src "-" none pair | table src pair', "src pair", [{"src": "10.0.0.12"}]),
        ("bytes_out=* | rangemap field=bytes_out low=0-99 mid=100-500 | table range", "range",
         [{"range": "low"}, {"range": "None"}, {"range": "mid"}]),
        ("bytes_out=* | rangemap field=bytes_out A=-5-9.5 all=0-1000 default=x | table range", "range",
         [{"range": ["A", "all"]}, {"range": "all"}, {"range": "all"}]),
        ("event_id=e-4 | rangemap field=bytes_out low=0-99 default=none | table range", "range", [{"range": "none"}]),
        # What fieldformat shows is not what later commands compute with.
        (f"{ONE} | fieldformat bytes_out=bytes_out.\" B\" | eval more=bytes_out+1", "src dest_port bytes_out more",
         [{"src": "10.0.0.12", "dest_port": "80", "bytes_out": "1000 B", "more": "1001"}]),
        (f"{ONE} | fieldformat bytes_out=\"x\" | fields - bytes_out", "src dest_port",
         [{"src": "10.0.0.12", "dest_port": "80"}]),
        (f"{ONE} | fieldformat bytes_out=\"x\" | stats max(bytes_out) as m", "m", [{"m": "1000"}]),
        (f"{ONE} | fieldformat bytes_out=\"x\" | appendcols [| makeresults | eval n=1 | table n]",
         "src dest_port bytes_out n", [{"src": "10.0.0.12", "dest_port": "80", "bytes_out": "x", "n": "1"}]),
        (f"{ONE} | eval B=bytes_out | fieldformat B=if(B>5, \"many\", \"few\") | table B", "B", [{"B": "many"}]),
    ],
)  # fmt: skip
def test_fields_are_chosen_named_and_made(run: Run, query: str, fields: str, rows: list[object]) -> None:
    result = run(query)
    assert list(result.fields) == fields.split("|" if "|" in fields else " ")
    assert list(result.rows) == rows


def test_addinfo_shows_the_range_of_the_job(run: Run) -> None:
    query = "event_id=e-7 | addinfo | table info_min_time info_max_time info_search_time"
    assert run(query, "-1h", "now").rows[0] == {
        "info_min_time": "1795172400.000",
        "info_max_time": "1795176000.000",
        "info_search_time": "1795176000.000",
    }
    assert run(query).rows[0] == {
        "info_min_time": "0.000",
        "info_max_time": "+Infinity",
        "info_search_time": "1795176000.000",
    }


def test_a_renamed_event_is_still_an_event(run: Run) -> None:
    row = run("event_id=e-4 | rename user as who").rows[0]
    assert row["who"] == "A.Lund"
    assert row["reason"] == "bad password"
    assert "user" not in row
    assert [r["event_id"] for r in run("index=auth | rename _raw as text | search signed").rows] == ["e-5"]


@pytest.mark.parametrize(
    ("query", "names", "position"),
    [
        ("* | rename a* as b", "same number", 4),
        ("* | rename a", "AS", 12),
        ("* | replace a b", "WITH", 12),
        ("* | replace a* with b*c*", "new value", 20),
        ("* | replace a with b in", "WITH", 4),
        ("* | strcat a", "strcat", 4),
        ("* | strcat other=1 a b", "other", 11),
        ("* | rangemap field=a", "range", 4),
        ("* | rangemap field=a low=x", "low", 25),
        ("* | addinfo now", "arguments", 12),
        ("* | setfields", "nothing", 4),
        ("* | fieldformat", "expression", 4),
        ("* | fieldformat a=no_such_function(a)", "no_such_function", 4),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named_with_their_position(run: Run, query: str, names: str, position: int) -> None:
    with pytest.raises(SplError, match=names) as caught:
        run(query)
    assert caught.value.position == position


@pytest.mark.parametrize("command", ["iplocation src", "geom geo_countries", "geostats count", 'xpath "//a"', "tags"])
def test_what_needs_data_of_its_own_is_refused_by_name(run: Run, command: str) -> None:
    with pytest.raises(UnsupportedSplError, match=f"command {command.split()[0]} is not supported"):
        run(f"* | {command}")
