"""Random searches: the engine gives what the second implementation gives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.spl_oracle.data import NOW, bundled
from tests.spl_oracle.generated import searches
from tests.spl_oracle.goldens import canonical
from tests.spl_oracle.judged import Engine
from tests.spl_oracle.pipeline import run

pytestmark = pytest.mark.req("embedded.goldens")

SEED, COUNT = 20261122, 80


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    opened = Engine(tmp_path_factory.mktemp("differential"))
    yield opened
    opened.close()


def test_random_searches_are_answered_alike(engine: Engine) -> None:
    data = bundled()
    answered = 0
    for query in searches(SEED, COUNT):
        expected = [canonical(row) for row in run(query, data, now=NOW).rows]
        assert [canonical(row) for row in engine.answer(query, "", "").rows] == expected, query
        answered += bool(expected)
    assert answered > COUNT * 0.6, "too many searches find nothing to compare"
