"""Explaining: each command in its place, each fact on a line, the same as JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from agentgate_mcp.spl.explain import explain
from agentgate_mcp.spl.knowledge import EMPTY, KnowledgeSet
from tests.unit.spl.samples import NOW, texts

pytestmark = pytest.mark.req("spl.explain")


def test_a_search_is_told_line_by_line() -> None:
    knowledge = KnowledgeSet.from_definitions(
        {"keep(1)": {"definition": "fields $f$ | outputlookup x.csv", "args": "f"}}
    )
    query = "search index=web [search index=a* earliest=-30d | `keep(src)`] | stats count"
    told = explain(query, "-24h", "now", knowledge, NOW)
    assert [(s.command, s.depth) for s in told.stages] == [
        ("search", 0),
        ("search", 1),
        ("fields", 1),
        ("outputlookup", 1),
        ("stats", 0),
    ]
    assert [query[s.position :].split()[0] for s in told.stages] == [
        "search",
        "search",
        "`keep(src)`]",
        "`keep(src)`]",
        "stats",
    ]
    lines = told.lines()
    assert "  outputlookup at 50 (streaming, write)" in lines
    assert (
        "expands to: search index=web [search index=a* earliest=-30d | fields src | outputlookup x.csv] | stats count"
        in lines
    )
    assert "writes: outputlookup:x.csv" in lines
    assert "indexes: web, a*" in lines
    assert "time range: 2026-10-21T12:00:00Z to 2026-11-20T12:00:00Z (30 days)" in lines
    assert "raw events: yes" in lines
    assert "subsearches: 1" in lines
    assert not any(line.startswith("sends") for line in lines)


@pytest.mark.parametrize(
    ("query", "earliest", "line"),
    [
        ("search index=a", "0", "time range: all time"),
        ("search index=a", "rt", "time range: real-time: it does not end"),
        ("search index=*", "-24h", "reach: all indexes, or indexes that cannot be named beforehand"),
        ("search error", "-24h", "reach: all indexes, or indexes that cannot be named beforehand"),
        ("| frobnicate", "-24h", "frobnicate at 2 (unknown)"),
        ("| `m`", "-24h", "(macro) at 2 (unknown)"),
        ("search [", "-24h", "cannot be read: a command is missing at position 8; expected a command"),
    ],
)
def test_what_is_special_is_said_in_words(query: str, earliest: str, line: str) -> None:
    lines = explain(query, earliest, "now", EMPTY, NOW).lines()
    assert line in lines or (query == "search [" and lines[0].startswith("cannot be read: "))


@given(texts)
def test_any_text_can_be_explained_as_lines_and_as_json(query: str) -> None:
    told = explain(query, "-24h", "now", EMPTY, NOW)
    assert told.lines()
    shown = told.to_json()
    assert json.loads(json.dumps(shown)) == shown
    assert shown["facts"] == told.facts.model_dump(mode="json")
