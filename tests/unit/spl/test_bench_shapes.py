"""The hostile shapes that the bench times: each is as long as it may be, and each is read or refused."""

from __future__ import annotations

import pytest

from agentgate_mcp import config
from agentgate_mcp.bench.spl import SHAPES, shaped
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.lexer import MAX_CHARS
from agentgate_mcp.spl.parser import parse
from tests.unit.spl.samples import check_position, facts_of

pytestmark = pytest.mark.req("spl.facts", "spl.parse", "R2")


@pytest.mark.parametrize("name", SHAPES)
def test_a_hostile_shape_is_read_or_refused_with_a_place(name: str) -> None:
    text = shaped(name, MAX_CHARS // 4)
    assert MAX_CHARS // 4 - 64 < len(text) <= MAX_CHARS // 4
    facts = facts_of(text)
    try:
        parse(text)
    except SplError as error:
        check_position(error, text)
        assert not facts.parsed
    else:
        assert facts.parsed or "macros" in facts.problem


def test_corpora_are_where_the_environment_says_or_nowhere() -> None:
    assert config.corpora({}) is None
    assert config.corpora({"AGENTGATE_CORPORA": ""}) is None
    found = config.corpora({"AGENTGATE_CORPORA": "/some/where"})
    assert found is not None
    assert found.name == "where"
