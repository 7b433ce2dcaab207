"""Ordinary searches, as people write them, are read whole and survive rendering."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentgate_mcp.spl.parser import parse
from agentgate_mcp.spl.render import render
from tests.unit.spl.samples import facts_of

pytestmark = pytest.mark.req("spl.strict", "spl.parse")

SEARCHES = (Path(__file__).with_name("ordinary.spl")).read_text(encoding="utf-8").splitlines()
"""One search per line."""


@pytest.mark.parametrize("query", SEARCHES)
def test_an_ordinary_search_is_read_whole(query: str) -> None:
    facts = facts_of(query)
    assert (facts.parsed, facts.problem, facts.unknown_commands) == (True, "", ())
    tree = parse(query)
    assert parse(render(tree)) == tree
