"""Rows to columns and back, and templates over fields."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.reshape")

Run = Callable[..., SearchResult]
COUNTS = "index IN (auth, network) | stats count by host, index"
ONE = "event_id=e-2 | table src dest_port bytes_out"


@pytest.mark.parametrize(
    ("query", "fields", "rows"),
    [
        (f"{ONE} | untable src name value", "src name value",
         [{"src": "10.0.0.12", "name": "dest_port", "value": "80"},
          {"src": "10.0.0.12", "name": "bytes_out", "value": "1000"}]),
        ("index=network | sort _time | table event_id bytes_out answer | untable event_id n v", "event_id n v",
         [{"event_id": "e-1", "n": "bytes_out", "v": "100"}, {"event_id": "e-2", "n": "bytes_out", "v": "1000"},
          {"event_id": "e-3", "n": "answer", "v": ["192.0.2.7", "192.0.2.8"]}]),
        ("* | stats count max(bytes_out) as m by host | untable host n v | stats sum(v) as s by n", "n s",
         [{"n": "count", "s": "6"}, {"n": "m", "s": "1009"}]),
        ("index=auth | table user | untable user n v", "user n v", []),
        (f"{COUNTS} | xyseries host index count", "host auth network",
         [{"host": "idp", "auth": "2"}, {"host": "sensor01", "network": "3"}]),
        (f"{COUNTS} | eval d=count*2 | xyseries host index count d",
         "host|count: auth|count: network|d: auth|d: network",
         [{"host": "idp", "count: auth": "2", "d: auth": "4"},
          {"host": "sensor01", "count: network": "3", "d: network": "6"}]),
        (f"{COUNTS} | eval d=1 | xyseries sep=- host index count d | fields host *auth", "host count-auth d-auth",
         [{"host": "idp", "count-auth": "2", "d-auth": "1"}, {"host": "sensor01"}]),
        (f'{COUNTS} | eval d=1 | xyseries format="$VAL$ of $AGG$" host index count d | fields *auth*',
         "auth of count|auth of d", [{"auth of count": "2", "auth of d": "1"}, {}]),
        (f"{COUNTS} | sort - host | xyseries grouped=true host index count | table host", "host",
         [{"host": "sensor01"}, {"host": "idp"}]),
        (f"{COUNTS} | xyseries host nothing count", "host", []),
        (f"{COUNTS} | xyseries host index count | untable host index count | fields host index count",
         "host index count",
         [{"host": "idp", "index": "auth", "count": "2"}, {"host": "sensor01", "index": "network", "count": "3"}]),
        (f"{COUNTS} | transpose", "column|row 1|row 2",
         [{"column": "host", "row 1": "idp", "row 2": "sensor01"},
          {"column": "index", "row 1": "auth", "row 2": "network"}, {"column": "count", "row 1": "2", "row 2": "3"}]),
        (f"{COUNTS} | transpose 1 column_name=field", "field|row 1",
         [{"field": "host", "row 1": "idp"}, {"field": "index", "row 1": "auth"}, {"field": "count", "row 1": "2"}]),
        (f"{COUNTS} | transpose 0 header_field=host", "column idp sensor01",
         [{"column": "index", "idp": "auth", "sensor01": "network"}, {"column": "count", "idp": "2", "sensor01": "3"}]),
        (f"{ONE} | eval none=null() | transpose include_empty=false | table column", "column",
         [{"column": "src"}, {"column": "dest_port"}, {"column": "bytes_out"}]),
        (f"{ONE} | eval none=null() | transpose | tail 1 | table column", "column", [{"column": "none"}]),
        # foreach
        (f"{ONE} | foreach *_* [eval <<FIELD>>='<<FIELD>>'+1]", "src dest_port bytes_out",
         [{"src": "10.0.0.12", "dest_port": "81", "bytes_out": "1001"}]),
        (f"{ONE} | eval total=0 | foreach dest_port bytes_out [eval total=total+<<FIELD>>] | table total", "total",
         [{"total": "1080"}]),
        (f'{ONE} | foreach *_* [eval "<<MATCHSEG2>> of <<MATCHSEG1>>"=<<FIELD>>, all="<<MATCHSTR>>"] | fields - *_*',
         "src|port of dest|all|out of bytes",
         [{"src": "10.0.0.12", "port of dest": "80", "all": "bytesout", "out of bytes": "1000"}]),
        (f'{ONE} | rename src as "a b", dest_port as "x\'y" | foreach "a*" [eval got=\'<<FIELD>>\'] | table got', "got",
         [{"got": "10.0.0.12"}]),
        (f'{ONE} | rename src as "a\\"b" | foreach a* [eval name="<<FIELD>>", got=\'<<FIELD>>\'] | table name got',
         "name got", [{"name": 'a"b', "got": "10.0.0.12"}]),
        (f"{ONE} | rename src as 200 | foreach 200 [eval a=<<FIELD>>+1, b='<<FIELD>>'] | table a b", "a b",
         [{"a": "201", "b": "10.0.0.12"}]),
        (f"{ONE} | foreach fieldstr=@F src [eval x='@F'] | table x", "x", [{"x": "10.0.0.12"}]),
        (f"{ONE} | foreach zz* [eval x=1]", "src dest_port bytes_out",
         [{"src": "10.0.0.12", "dest_port": "80", "bytes_out": "1000"}]),
        (f'{ONE} | foreach src, dest_port [rename "<<FIELD>>" as "new_<<FIELD>>"]', "new_src new_dest_port bytes_out",
         [{"new_src": "10.0.0.12", "new_dest_port": "80", "bytes_out": "1000"}]),
    ],
)  # fmt: skip
def test_rows_and_columns_are_turned(run: Run, query: str, fields: str, rows: list[object]) -> None:
    result = run(query)
    assert list(result.fields) == fields.split("|" if "|" in fields else " ")
    assert list(result.rows) == rows


def test_a_name_put_into_a_template_is_not_read_as_spl(run: Run) -> None:
    name = "x'] | delete [eval y='<<MATCHSTR>>"
    query = f"event_id=e-2 | eval \"{name}\"=1 | foreach x* [eval y='<<FIELD>>'+1] | table y"
    assert list(run(query).rows) == [{"y": "2"}]


def test_foreach_over_many_fields_is_no_trouble(run: Run) -> None:
    made = ", ".join(f"f{n}={n}" for n in range(60))
    rows = run(f"event_id=e-2 | eval {made}, t=0 | foreach f* [eval t=t+'<<FIELD>>'] | table t").rows
    assert list(rows) == [{"t": str(sum(range(60)))}]


@pytest.mark.parametrize(
    ("command", "names", "error"),
    [
        ("untable a b", "untable", SplError), ("untable a b b", "untable", SplError),
        ("untable a b c x=1", "x", UnsupportedSplError), ("xyseries a b", "xyseries", SplError),
        ("xyseries a b c other=1", "other", UnsupportedSplError), ("transpose x", "number of rows", SplError),
        ("transpose 3 other=x", "other", UnsupportedSplError), ("foreach a", "template", SplError),
        ("foreach [eval a=1]", "field names", SplError),
        ("foreach mode=json_array a [eval a=1]", "mode=json_array", UnsupportedSplError),
        ("foreach other=1 a [eval a=1]", "other", UnsupportedSplError),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_named(run: Run, command: str, names: str, error: type[SplError]) -> None:
    with pytest.raises(error, match=names) as caught:
        run(f"* | {command}")
    assert type(caught.value) is error
    assert caught.value.position >= 4
