"""The stored golden answers are those of the second implementation, which they were written by."""

from __future__ import annotations

import pytest

from tests.spl_oracle.data import NOW, Data, bundled
from tests.spl_oracle.goldens import QUERIES, queries, query_groups, record, stored
from tests.spl_oracle.pipeline import run

pytestmark = pytest.mark.req("embedded.goldens")


@pytest.fixture(scope="module")
def data() -> Data:
    return bundled()


@pytest.mark.parametrize("group", query_groups())
def test_a_golden_file_is_what_the_second_implementation_answers(data: Data, group: str) -> None:
    answers = [
        record(query, run(query.query, data, now=NOW, earliest=query.earliest, latest=query.latest))
        for query in queries(group)
    ]
    assert answers == stored(group), "write the files anew: python -m tests.spl_oracle.regenerate"


def test_the_suite_is_large_and_most_answers_say_something() -> None:
    lines = [line for group in query_groups() for line in stored(group)]
    assert len(lines) >= 300
    assert len({line["query"] + line["earliest"] for line in lines}) >= 0.98 * len(lines)
    assert sum(line["rows"] > 0 for line in lines) >= 0.9 * len(lines)
    assert {path.stem for path in QUERIES.iterdir()} == set(query_groups())
