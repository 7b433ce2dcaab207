"""`top` and `rare`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.top")
Run = Callable[..., SearchResult]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("* | top src", [{"src": "10.0.0.1", "count": "2", "percent": "40"},
                         {"src": "198.51.100.9", "count": "2", "percent": "40"},
                         {"src": "10.0.0.12", "count": "1", "percent": "20"}]),
        ("* | rare src", [{"src": "10.0.0.12", "count": "1", "percent": "20"},
                          {"src": "10.0.0.1", "count": "2", "percent": "40"},
                          {"src": "198.51.100.9", "count": "2", "percent": "40"}]),
        ("* | top 1 src", [{"src": "10.0.0.1", "count": "2", "percent": "40"}]),
        ("* | top limit=1 src useother=t", [{"src": "10.0.0.1", "count": "2", "percent": "40"},
                                            {"src": "OTHER", "count": "3", "percent": "60"}]),
        ("* | top limit=0 index showperc=f countfield=n", [{"index": "network", "n": "3"}, {"index": "auth", "n": "2"},
                                                           {"index": "endpoint", "n": "1"}]),
        ("* | top 1 src by index showcount=f percentfield=p", [{"index": "auth", "src": "198.51.100.9", "p": "100"},
                                                               {"index": "network", "src": "10.0.0.1",
                                                                "p": "66.666667"}]),
        ("* | top 1 src, dest useother=t otherstr=rest",
         [{"src": "10.0.0.1", "dest": "10.0.0.53", "count": "1", "percent": "33.333333"},
          {"src": "rest", "dest": "rest", "count": "2", "percent": "66.666667"}]),
        ("* | top answer", [{"answer": "192.0.2.7", "count": "1", "percent": "50"},
                            {"answer": "192.0.2.8", "count": "1", "percent": "50"}]),
        ("* | eval l=len(index) | top 1 l useother=t", [{"l": "7", "count": "3", "percent": "50"},
                                                        {"l": "OTHER", "count": "3", "percent": "50"}]),
        ("* | top nothing", []),
        ("* | top src useother=t | where src=\"OTHER\"", []),
    ],
)  # fmt: skip
def test_top_and_rare_give_these_rows(run: Run, query: str, rows: list[object]) -> None:
    assert list(run(query).rows) == rows


def test_columns_stand_as_splunk_has_them(run: Run) -> None:
    assert run("* | top 1 src by index").fields == ("index", "src", "count", "percent")


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("* | top", SplError),
        ("* | top 5", SplError),
        ("* | top src by", SplError),
        ("* | top limit=x src", SplError),
        ("* | top count", SplError),
        ("* | top `undefined` src", UnsupportedSplError),
        ("* | top [search index=auth] src", SplError),
        ("* | rare src magic=t", UnsupportedSplError),
    ],
)
def test_what_top_cannot_do_is_said(run: Run, query: str, error: type[SplError]) -> None:
    with pytest.raises(error) as caught:
        run(query)
    assert caught.value.position >= 4
