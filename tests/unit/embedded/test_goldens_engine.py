"""The engine's answers to the golden searches are the stored ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agentgate_mcp.errors import AgentGateError
from tests.spl_oracle.goldens import query_groups, stored
from tests.spl_oracle.judged import Engine, difference

pytestmark = pytest.mark.req("embedded.goldens")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    opened = Engine(tmp_path_factory.mktemp("goldens"))
    yield opened
    opened.close()


@pytest.mark.parametrize("group", query_groups())
def test_the_engine_gives_the_golden_answers(engine: Engine, group: str) -> None:
    problems: list[str] = []
    for golden in stored(group):
        try:
            problem = difference(golden, engine.answer(golden["query"], golden["earliest"], golden["latest"]))
        except AgentGateError as error:
            problem = f"error: {error}"
        if problem:
            problems.append(f"{golden['id']} {golden['query']}: {problem}")
    assert not problems, "\n".join(problems)
