"""Commands that fill what is missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.filling")

Run = Callable[..., SearchResult]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("index=auth | table user reason nothing | fillnull",
         [{"user": "a.lund", "reason": "0", "nothing": "0"},
          {"user": "A.Lund", "reason": "bad password", "nothing": "0"}]),
        ("index=auth | table user reason | fillnull value=\"n/a\" reason other",
         [{"user": "a.lund", "reason": "n/a", "other": "n/a"},
          {"user": "A.Lund", "reason": "bad password", "other": "n/a"}]),
        ("index=auth | table user reason | fillnull value=NULL r*",
         [{"user": "a.lund", "reason": "NULL"}, {"user": "A.Lund", "reason": "bad password"}]),
        ("* | stats sum(bytes_out) as b by host | fillnull b | eval b=b+1",
         [{"host": "idp", "b": "1"}, {"host": "sensor01", "b": "1101"}, {"host": "wks-1", "b": "10"}]),
        ("* | stats sum(bytes_out) as b by host | fillnull value=00 b",
         [{"host": "idp", "b": "00"}, {"host": "sensor01", "b": "1100"}, {"host": "wks-1", "b": "9"}]),
        ("index=network | sort _time | table answer | fillnull value=none",
         [{"answer": "none"}, {"answer": "none"}, {"answer": ["192.0.2.7", "192.0.2.8"]}]),
        ("* | sort event_id | table event_id user | filldown user | search user=*",
         [{"event_id": "e-4", "user": "A.Lund"}, {"event_id": "e-5", "user": "a.lund"},
          {"event_id": "e-7", "user": "b"}]),
        ("* | sort event_id | table event_id answer bytes_out | filldown | tail 2",
         [{"event_id": "e-7", "answer": ["192.0.2.7", "192.0.2.8"], "bytes_out": "9"},
          {"event_id": "e-5", "answer": ["192.0.2.7", "192.0.2.8"], "bytes_out": "1000"}]),
        ("* | sort event_id | table event_id bytes_out | filldown by* nothing | tail 1",
         [{"event_id": "e-7", "bytes_out": "9"}]),
    ],
)  # fmt: skip
def test_missing_values_are_filled(run: Run, query: str, rows: list[object]) -> None:
    assert list(run(query).rows) == rows


def test_in_whole_events_only_fields_that_some_event_has_are_filled(run: Run) -> None:
    rows = run("index=auth | fillnull value=-").rows
    assert rows[0] == {
        "_time": "2026-11-20T11:56:40.000+00:00", "event_id": "e-5", "index": "auth", "sourcetype": "okta:auth",
        "host": "idp", "user": "a.lund", "action": "success", "src": "198.51.100.9", "reason": "-",
        "_raw": 'a.lund signed in from 198.51.100.9 with agent "curl/8"',
    }  # fmt: skip
    assert set(rows[1]) == set(rows[0]) - {"_raw"}


@pytest.mark.parametrize(
    ("query", "names", "error"),
    [
        ("* | fillnull other=1 a", "other", UnsupportedSplError),
        ("* | filldown x=1", "x", UnsupportedSplError),
        ("* | fillnull [search a]", "argument", SplError),
    ],
)
def test_what_cannot_be_done_is_named(run: Run, query: str, names: str, error: type[SplError]) -> None:
    with pytest.raises(error, match=names) as caught:
        run(query)
    assert caught.value.position >= 4
