"""Commands that part and join the values of multivalue fields."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.multivalue")

Run = Callable[..., SearchResult]
ONE = 'event_id=e-1 | eval t="{}"'


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (ONE.format("a b  c") + " | makemv t | table t", [{"t": ["a", "b", "c"]}]),
        (ONE.format("a,b,,c") + ' | makemv delim="," t | table t', [{"t": ["a", "b", "c"]}]),
        (ONE.format("a,b,,c") + ' | makemv delim="," allowempty=true t | table t', [{"t": ["a", "b", "", "c"]}]),
        (ONE.format("a::b") + ' | makemv delim="::" t | table t', [{"t": ["a", "b"]}]),
        (ONE.format("a=1;b=2") + ' | makemv tokenizer="(\\w)=" t | table t', [{"t": ["a", "b"]}]),
        (ONE.format("a=1;b=2") + ' | makemv tokenizer="\\w" t | table t', [{"t": ["a", "1", "b", "2"]}]),
        (ONE.format("a") + " | makemv nothing | table t nothing", [{"t": "a"}]),
        # Values in order, the other fields as they were; a row without the field is gone.
        ("* | mvexpand answer | table event_id answer",
         [{"event_id": "e-3", "answer": "192.0.2.7"}, {"event_id": "e-3", "answer": "192.0.2.8"}]),
        ("* | mvexpand answer limit=1 | table answer", [{"answer": "192.0.2.7"}]),
        ("* | mvexpand user | table event_id", [{"event_id": "e-7"}, {"event_id": "e-5"}, {"event_id": "e-4"}]),
        ("* | mvexpand nothing", []),
        (ONE.format("3 1 2") + " | makemv t | mvexpand t | eval t=t+1 | table t", [{"t": "4"}, {"t": "2"}, {"t": "3"}]),
        ("index=network | stats values(answer) as a by host | mvexpand a | sort -a | table a",
         [{"a": "192.0.2.8"}, {"a": "192.0.2.7"}]),
        ("* | table host src | mvcombine src",
         [{"host": "wks-1"}, {"host": "idp", "src": ["198.51.100.9", "198.51.100.9"]},
          {"host": "sensor01", "src": ["10.0.0.1", "10.0.0.12", "10.0.0.1"]}]),
        ('index=network | table host src | mvcombine delim="; " src | nomv src',
         [{"host": "sensor01", "src": "10.0.0.1; 10.0.0.12; 10.0.0.1"}]),
        ("index=network | table src | mvcombine src", [{"src": ["10.0.0.1", "10.0.0.12", "10.0.0.1"]}]),
        ("src=nobody | table src | mvcombine src", []),
        ("event_id=e-3 | nomv answer | eval n=len(answer) | table answer n",
         [{"answer": "192.0.2.7\n192.0.2.8", "n": "19"}]),
        ("event_id=e-4 | nomv answer | nomv user | table answer user", [{"user": "A.Lund"}]),
        ("event_id=e-3 | nomv answer | makemv delim=\"\n\" answer | mvexpand answer | table answer",
         [{"answer": "192.0.2.7"}, {"answer": "192.0.2.8"}]),
    ],
)  # fmt: skip
def test_values_are_parted_and_joined(run: Run, query: str, rows: list[object]) -> None:
    assert list(run(query).rows) == rows


def test_events_that_differ_are_not_combined(run: Run) -> None:
    assert [r["event_id"] for r in run("index=auth | mvcombine user").rows] == ["e-5", "e-4"]
    rows = run("index=auth | fields - event_id, _time, _raw, action, reason | mvcombine user").rows
    assert rows == (
        {
            "index": "auth",
            "sourcetype": "okta:auth",
            "host": "idp",
            "user": ["a.lund", "A.Lund"],
            "src": "198.51.100.9",
        },
    )


@pytest.mark.parametrize(
    ("command", "names", "error"),
    [
        ("makemv", "one field", SplError), ("makemv a b", "one field", SplError),
        ('makemv delim="" a', "delimiter", SplError), ("makemv setsv=t a", "setsv", UnsupportedSplError),
        ('makemv tokenizer="(" a', "missing", SplError), ("makemv x=1 a", "x", UnsupportedSplError),
        ("mvexpand a limit=-1", "limit", SplError), ("mvexpand", "one field", SplError),
        ("mvcombine a b", "one field", SplError), ("nomv a b", "one field", SplError),
        ("nomv a delim=x", "delim", UnsupportedSplError),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_named(run: Run, command: str, names: str, error: type[SplError]) -> None:
    with pytest.raises(error, match=names) as caught:
        run(f"src=* | eval a=src | {command}")
    assert type(caught.value) is error
    assert caught.value.position >= 21
