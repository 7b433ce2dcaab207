"""Texts turned into numbers and times."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.convert")

Run = Callable[..., SearchResult]


def _on(values: str, command: str) -> str:
    return f"event_id=e-1 | eval {values} | convert {command} | table x* y*"


@pytest.mark.parametrize(
    ("values", "command", "row"),
    [
        ("x=1795176000", "ctime(x)", {"x": "11/20/2026 12:00:00"}),
        ("x=1795176000.5", 'timeformat="%Y-%m-%d %H:%M" ctime(x) AS y', {"x": "1795176000.5", "y": "2026-11-20 12:00"}),
        ('x="11/20/2026 12:00:00"', "mktime(x)", {"x": "1795176000"}),
        ('x="2026-11-20"', 'timeformat="%Y-%m-%d" mktime(x) as y', {"x": "2026-11-20", "y": "1795132800"}),
        ('x="soon"', "mktime(x)", {}),
        ('x="01:02:03", xd="2+00:00:01.5", xn="1:2"', "dur2sec(x*)", {"x": "3723", "xd": "172801.5"}),
        ('x="2:30.5", xs="12.25", xn="a"', "mstime(x*)", {"x": "150.5", "xs": "12.25"}),
        ('x="10", xk="10k", xm="2M", xg="1.5 g", xn="-1k"', "memk(x*)",
         {"x": "10", "xk": "10", "xm": "2048", "xg": "1572864"}),
        ('x="1,234.50", xn="7", xt="a,b"', "rmcomma(x*)", {"x": "1234.50", "xn": "7", "xt": "ab"}),
        ('x="12.5ms", xn="-3 apples", xt="ms"', "rmunit(x*)", {"x": "12.5", "xn": "-3", "xt": "ms"}),
        ('x="12.50", xc="1,234", xd="00:01:00", xt="abc", xn=3', "num(x*)",
         {"x": "12.5", "xc": "1234", "xd": "60", "xn": "3"}),
        ('x="1,234", xt="abc", y="5"', "auto(*) num(nothing)", {"x": "1234", "xt": "abc", "y": "5"}),
        ('x="1,0", xa="1,000", y="a"', "num(x*) none(xa)", {"xa": "1,000", "y": "a"}),
        ('x="1,000", xa="1,000"', "none(xa), num(x*), num(xa) AS y", {"x": "1000", "xa": "1,000", "y": "1000"}),
        ('x="1k"', "rmunit(x) memk(x) as y", {"x": "1", "y": "1"}),
        ('x="a b"', 'rmunit("x") as "y z"', {"x": "a b", "y z": "a b"}),
    ],
)  # fmt: skip
def test_values_are_converted(run: Run, values: str, command: str, row: dict[str, str]) -> None:
    assert list(run(_on(values, command)).rows) == [row]


def test_auto_converts_a_field_only_when_every_value_can_be(run: Run) -> None:
    query = (
        'event_id IN (e-1, e-2) | eval x=if(event_id="e-1", "1,000", "{}") | convert auto(x) | sort event_id | table x'
    )
    assert [r["x"] for r in run(query.format("2,500")).rows] == ["1000", "2500"]
    assert [r["x"] for r in run(query.format("many")).rows] == ["1,000", "many"]


def test_converted_numbers_can_be_computed_with(run: Run) -> None:
    query = "bytes_out=* | convert num(bytes_out) AS n | stats sum(n) as s"
    assert list(run(query).rows) == [{"s": "1109"}]


@pytest.mark.parametrize(
    ("command", "names", "error"),
    [
        ("", "nothing", SplError), ("nosuch(a)", "nosuch", SplError), ("num a", "unreadable", SplError),
        ("num(a", "", SplError), ("num(a*) as b", "wildcard", SplError), ("other=1 num(a)", "unreadable", SplError),
        ('timeformat="%E" mktime(user)', "strptime", UnsupportedSplError),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_named(run: Run, command: str, names: str, error: type[SplError]) -> None:
    with pytest.raises(error, match=names or None) as caught:
        run(f"* | convert {command}")
    assert type(caught.value) is error
    assert caught.value.position >= 4
