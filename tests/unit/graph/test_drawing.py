"""Drawings: names are text in them, whatever somebody has written into a name."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.graph.drawing import LABEL_LENGTH, Drawing, dot, mermaid, visible
from agentgate_mcp.graph.impact import impact
from agentgate_mcp.graph.pictures import picture_of, whole_picture
from tests.unit.graph.samples import asset, change, detection, graph_of, macro

pytestmark = pytest.mark.req("graph.drawing")

HOSTILE = (
    'x"]; click n0 "javascript:alert(1)"',
    "a\n  n0 --> n9",
    "```mermaid\nend\n```",
    '"];\n n0 [URL="https://attacker.example"]; x [label="',
    "back\\slash\\N\\G",
    "<img src=x onerror=alert(1)>",
    "%%{init: {}}%%",
    "#quot;#35;",
    "\u202eevil\u202c\u200b",
    "end",
    "x" * 5000,
)
_MERMAID_NODE = re.compile(r'  n\d+\["((?:[^\W_]|[ _\-.:,/…]|#\d+;)*)"\]:::[a-z]+')
_MERMAID_EDGE = re.compile(r'  n\d+ (-->|-\. "(?:[^\W_]|[ _\-.:,/…]|#\d+;)*" \.->) n\d+')
_MERMAID_CLASS = re.compile(r"  classDef [a-z]+ fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6},color:#111111")
_DOT_TEXT = r'"(?:[^"\\\n]|\\\\|\\")*"'
_DOT_NODE = re.compile(rf'  n\d+ \[label={_DOT_TEXT}, fillcolor="#[0-9a-f]{{6}}", color="#[0-9a-f]{{6}}"\];')
_DOT_EDGE = re.compile(rf"  n\d+ -> n\d+(?: \[style=dashed, label={_DOT_TEXT}\])?;")


def drawn(*names: str) -> Drawing:
    return Drawing.of(dict.fromkeys(names, "broken"), [(a, b, b) for a, b in itertools.pairwise(names)])


def assert_well_formed(drawing: Drawing) -> None:
    head, *body = mermaid(drawing).splitlines()
    assert head == "flowchart LR"
    for line in body:
        assert _MERMAID_NODE.fullmatch(line) or _MERMAID_EDGE.fullmatch(line) or _MERMAID_CLASS.fullmatch(line), line
    first, direction, shape, *lines, last = dot(drawing).splitlines()
    assert (first, direction, last) == ("digraph impact {", "  rankdir=LR;", "}")
    assert shape.startswith("  node [")
    for line in lines:
        assert _DOT_NODE.fullmatch(line) or _DOT_EDGE.fullmatch(line), line


def test_no_hostile_name_leaves_its_label() -> None:
    assert_well_formed(drawn(*HOSTILE))


@given(st.lists(st.text(max_size=60), unique=True, max_size=6))
def test_no_name_at_all_leaves_its_label(names: list[str]) -> None:
    assert_well_formed(drawn(*names))


def test_what_does_not_show_is_spelled_out_and_long_names_are_cut() -> None:
    assert visible("a\u202eb\n") == "a\\u{202e}b\\u{a}"
    assert visible("Ärger: 100 %") == "Ärger: 100 %"
    label = dot(drawn("x" * 5000)).split('label="')[1].split('"')[0]
    assert len(label) == LABEL_LENGTH


def test_a_picture_shows_the_ways_from_the_change_to_what_it_costs() -> None:
    graph = graph_of(
        macro("base", "index=a"),
        macro("mid", "`base`"),
        detection("A", "`mid`", techniques=("T1003",), covers=("h1",), controls=("C 1",)),
        detection("B", "index=b", techniques=("T1046",)),
        assets=(asset("h1"),),
    )
    picture = picture_of(graph, impact(graph, [change("delete", "macro", "base")]))
    assert dict(picture.nodes) == {
        "macro:base": "cause",
        "macro:mid": "broken",
        "saved_search:A": "broken",
        "technique:T1003": "lost",
        "control:C 1": "lost",
        "asset:h1": "lost",
    }
    assert set(picture.edges) == {
        ("macro:base", "macro:mid", ""),
        ("macro:mid", "saved_search:A", ""),
        ("saved_search:A", "technique:T1003", ""),
        ("saved_search:A", "control:C 1", ""),
        ("saved_search:A", "asset:h1", ""),
    }
    assert_well_formed(picture)


def test_a_loss_that_breaks_nothing_is_a_dashed_edge() -> None:
    search = "search index=a user=x"
    graph = graph_of(detection("A", search, actions="notable,email", action__email__to="soc@corp.example"))
    found = impact(graph, [change("modify", "saved_search", "A", {"actions": ""})])
    kinds = {x.kind.replace("_", " ") for x in found.losses}
    picture = picture_of(graph, found)
    assert kinds
    assert {label for _, _, label in picture.edges if label} == kinds
    assert "-. " in mermaid(picture)
    assert "dashed" in dot(picture)


def test_the_whole_graph_is_drawn_with_alternatives_marked() -> None:
    graph = graph_of(macro("m", "sourcetype=a OR sourcetype=b"), detection("A", "`m` NOT `n`"), macro("n", "x=1"))
    picture = whole_picture(graph)
    assert set(graph.nodes) == set(picture.nodes)
    assert ("sourcetype:a", "macro:m", "one of 2") in picture.edges
    assert ("saved_search:A", "technique:T1000", "") in picture.edges
    assert_well_formed(picture)
