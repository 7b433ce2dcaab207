"""Rendering: what is written is read back as the same tree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.lexer import MAX_CHARS
from agentgate_mcp.spl.parser import parse
from agentgate_mcp.spl.render import render
from tests.unit.spl.samples import searches, texts

pytestmark = pytest.mark.req("spl.render")


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("index=web   error", "search index=web error"),
        ("|STATS count,dc(src) as n BY host", "| stats count, dc(src) AS n BY host"),
        ("search (a OR b) ```c``` NOT (d e)", "search (a OR b) NOT (d e)"),
        ("| where (a+b)*c==1 or not d", "| where (a + b) * c = 1 OR NOT d"),
        ("| eval 'a b'=1", '| eval "a b"=1'),
        ("| append [search x]", "| append [search x]"),
        ("| append [| inputlookup x]", "| append [| inputlookup x]"),
        ("| foreach * [eval a=1]", "| foreach * [eval a=1]"),
        ("| sort - a", "| sort - a"),
        ("| `m(1,2)`", "| `m(1, 2)`"),
        ('| "my cmd" x', '| "my cmd" x'),
        ('| "stats" count', "| stats count"),
    ],
)
def test_a_tree_is_written_like_this(text: str, rendered: str) -> None:
    assert render(parse(text)) == rendered


@given(st.one_of(searches, texts))
@settings(max_examples=250)
def test_what_is_rendered_is_read_back_as_the_same_tree(text: str) -> None:
    try:
        tree = parse(text)
    except SplError:
        return
    written = render(tree)
    if len(written) <= MAX_CHARS:
        assert parse(written) == tree


def test_names_that_are_keywords_are_quoted() -> None:
    tree = ast.Pipeline(commands=(ast.Table(fields=("by", "as", "a b", 'q"t', "ok")),))
    assert render(tree) == '| table "by", "as", "a b", "q\\"t", ok'
    assert parse(render(tree)) == tree


@pytest.mark.req("spl.corpora")
def test_every_search_of_the_corpora_survives_rendering(
    detections: list[dict[str, Any]],
    trackme_searches: list[dict[str, Any]],
    escu: KnowledgeSet,
    trackme: KnowledgeSet,
) -> None:
    pairs = [(row["search"], escu) for row in detections] + [(row["search"], trackme) for row in trackme_searches]
    different: list[str] = []
    for text, knowledge in pairs:
        for variant in (text, expand(text, knowledge).text):
            tree = parse(variant)
            if parse(render(tree)) != tree:
                different.append(variant[:80])
    assert different == []


def test_a_field_named_like_a_keyword_keeps_its_quotes_in_a_condition() -> None:
    tree = parse('| tstats count where "by" IN (1, 2) by a')
    assert parse(render(tree)) == tree
