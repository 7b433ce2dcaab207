"""Plain stages: what is called plain is what the parser takes, and checking is parsing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.cursor import Height, Source
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.forms import command_of
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.layout import lay_out
from agentgate_mcp.spl.parser import check, parse
from agentgate_mcp.spl.plain import HEIGHT, is_plain
from tests.unit.spl.samples import searches, texts

pytestmark = pytest.mark.req("spl.strict", "R2")

_COMMANDS = ("search", "stats", "eventstats", "tstats", "mstats", "rename", "table")
_PIECES = [
    "a", "b", '"s t"', "'f g'", "=", "==", "!=", "<", ">=", "(", ")", ",", "by", "BY", "groupby", "as", "As", "where",
    "from", "FROM", "in", "IN", "NOT", "not", "OR", "or", "AND", "TERM", "case", "eval", "datamodel", "x::y", "*",
    "earliest", "-1d", "count", "sum(x)", "sum(x) as y", "a=b", "a IN (b, c)", "(a OR b)", "NOT (a b)", "span=5m",
    "from datamodel=M.O", "by a, b", "a as b", '"a"as"b"', "prestats=t", "desc", "+", "-a", "1", "1.5", "TERM(a)",
    "count(eval(a=b))", "a=b=c", 'a="b"c', "a\"b\"", "OR OR", "((a))", "((((a))))", "::", "x::", "a::\"b\"",
]  # fmt: skip
stages = st.tuples(
    st.sampled_from(_COMMANDS),
    st.lists(st.tuples(st.sampled_from(_PIECES), st.sampled_from(["", " ", "  "])), max_size=14),
).map(lambda made: f"| {made[0]} " + "".join(piece + blank for piece, blank in made[1]))


def told(read: Callable[[], object]) -> str:
    """What the error says; empty where there is none."""
    try:
        read()
    except SplError as error:
        return str(error)
    return ""


@given(stages)
@settings(max_examples=500)
@example("| tstats count where a=b OR by=x by y")
@example("| search a IN b")
@example("| stats count By")
@example("| stats count as by")
@example("| rename a as as as b")
@example("| search " + "NOT " * 300 + "a")
@example("| search " + "(" * 70 + "a" + ")" * 70)
def test_what_is_called_plain_is_taken_by_the_parser_and_no_higher_than_it_says(text: str) -> None:
    try:
        layout = lay_out(text)
    except SplError:
        return
    for stage in layout.stages:
        if is_plain(stage):
            height = Height()
            command_of(stage, Source(layout.text, layout.groups), height)
            assert height.value <= HEIGHT


@pytest.mark.parametrize(
    "text",
    [
        "search index=web (status=404 OR status IN (500, 503)) NOT user=x",
        "| tstats summariesonly=t count min(_time) as firstTime FROM datamodel=Web.Web WHERE Web.url=*x BY Web.src, a",
        "| stats count dc(x) AS y BY a b",
        "| rename Web.* as *, a AS b",
        "| table a, b c*",
    ],
)
def test_ordinary_stages_are_plain(text: str) -> None:
    assert all(is_plain(stage) for stage in lay_out(text).stages)


def _deep(levels: int) -> str:
    """Brackets in high expressions in brackets, plain at the bottom."""
    text = "search ((a OR b) c)"
    for _ in range(levels):
        text = f"search {'NOT ' * 30}[{text}]"
    return text


@given(st.one_of(searches, texts, stages, st.integers(min_value=1, max_value=9).map(_deep)))
@settings(max_examples=250)
@example("stats count by ((")
@example("search index=a | stats count by ((")
@example("search index=a | eval x=")
@example("search index=a | append [search b | where (]")
@example(_deep(5))
@example(_deep(6))
def test_checking_refuses_what_parsing_refuses_and_nothing_else(text: str) -> None:
    try:
        layout = lay_out(text)
    except SplError:
        return
    assert told(lambda: check(layout)) == told(lambda: parse(text))


@pytest.mark.req("spl.corpora")
def test_nearly_every_stage_of_the_corpora_is_told_without_a_tree(
    detections: list[dict[str, Any]], escu: KnowledgeSet
) -> None:
    found = [stage for row in detections for stage in lay_out(expand(row["search"], escu).text).all_stages()]
    formed = [s for s in found if s.name in _COMMANDS]
    plain = sum(is_plain(s) for s in formed)
    assert plain / len(formed) >= 0.9, (plain, len(formed))
