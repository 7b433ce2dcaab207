"""`addtotals`, `addcoltotals`, `accum`, `delta`, `autoregress`, `trendline`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.totals")
Run = Callable[..., SearchResult]

TABLE = "* | stats count as n sum(bytes_out) as b by index"
AUTH, ENDPOINT = {"index": "auth", "n": "2"}, {"index": "endpoint", "n": "1", "b": "9"}
NETWORK = {"index": "network", "n": "3", "b": "1100"}


@pytest.mark.parametrize(
    ("command", "rows"),
    [
        ("addtotals", [AUTH | {"Total": "2"}, ENDPOINT | {"Total": "10"}, NETWORK | {"Total": "1103"}]),
        ("addtotals fieldname=t b", [AUTH | {"t": "0"}, ENDPOINT | {"t": "9"}, NETWORK | {"t": "1100"}]),
        ("addtotals row=f col=t", [AUTH, ENDPOINT, NETWORK, {"n": "6", "b": "1109"}]),
        ("addtotals col=t labelfield=index label=all n",
         [AUTH | {"Total": "2"}, ENDPOINT | {"Total": "1"}, NETWORK | {"Total": "3"},
          {"index": "all", "n": "6", "Total": "6"}]),
        ("addcoltotals", [AUTH, ENDPOINT, NETWORK, {"n": "6", "b": "1109"}]),
        ("addcoltotals labelfield=who b", [AUTH, ENDPOINT, NETWORK, {"b": "1109", "who": "Total"}]),
        ("accum n", [AUTH, ENDPOINT | {"n": "3"}, NETWORK | {"n": "6"}]),
        ("accum b as s", [AUTH, ENDPOINT | {"s": "9"}, NETWORK | {"s": "1109"}]),
        ("accum index", [AUTH, ENDPOINT, NETWORK]),
        ("delta n", [AUTH, ENDPOINT | {"delta(n)": "-1"}, NETWORK | {"delta(n)": "2"}]),
        ("delta n p=2 as d", [AUTH, ENDPOINT, NETWORK | {"d": "1"}]),
        ("delta b as d", [AUTH, ENDPOINT, NETWORK | {"d": "1091"}]),
        ("autoregress index", [AUTH, ENDPOINT | {"index_p1": "auth"}, NETWORK | {"index_p1": "endpoint"}]),
        ("autoregress n as m p=2", [AUTH, ENDPOINT, NETWORK | {"m": "2"}]),
        ("autoregress n p=1-2", [AUTH, ENDPOINT | {"n_p1": "2"}, NETWORK | {"n_p1": "1", "n_p2": "2"}]),
        ("trendline sma2(n)", [AUTH, ENDPOINT | {"sma2(n)": "1.5"}, NETWORK | {"sma2(n)": "2"}]),
        ("trendline sma2(b) as s", [AUTH, ENDPOINT, NETWORK | {"s": "554.5"}]),
        ("trendline wma3(n) as w, ema3(n) as e", [AUTH, ENDPOINT, NETWORK | {"w": "2.1666666666666665", "e": "2.25"}]),
    ],
)  # fmt: skip
def test_totals_and_running_values(run: Run, command: str, rows: list[object]) -> None:
    assert list(run(f"{TABLE} | {command}").rows) == rows


def test_events_have_totals_too(run: Run) -> None:
    rows = run("index=network | addtotals bytes_out dest_port fieldname=t | accum bytes_out | table bytes_out t").rows
    assert list(rows) == [{"t": "0"}, {"bytes_out": "1000", "t": "1080"}, {"bytes_out": "1100", "t": "543"}]
    rows = run('| makeresults | eval a=split("1,2,x", ","), b=4 | addtotals a b | table Total').rows
    assert list(rows) == [{"Total": "7"}]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("accum", SplError),
        ("accum n to m", SplError),
        ("delta n p=0", SplError),
        ("autoregress n p=3-2", SplError),
        ("autoregress n as m p=1-2", UnsupportedSplError),
        ("trendline", SplError),
        ("trendline sma1(n)", SplError),
        ("trendline ave5(n)", SplError),
        ("addtotals magic=t", UnsupportedSplError),
        ("accum n magic=t", UnsupportedSplError),
        ("geostats count", UnsupportedSplError),
    ],
)
def test_what_is_not_there_is_said(run: Run, command: str, error: type[SplError]) -> None:
    with pytest.raises(error) as caught:
        run(f"{TABLE} | {command}")
    assert caught.value.position >= len(TABLE)
