"""Laws that hold between searches, whatever the events are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.search.engine import SearchEngine
from agentgate_mcp.backends.embedded.staging import Staging
from agentgate_mcp.backends.embedded.store import open_telemetry
from agentgate_mcp.backends.ports import Row, SearchJob
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.spl.knowledge import EMPTY

pytestmark = pytest.mark.req("embedded.metamorphic")

GUARD = RuntimeGuard(max_time_s=60, max_rows=100_000, max_bytes=500_000_000)
VALUES = {
    "src": ["10.0.0.1", "10.0.0.2", "10.0.1.9", "192.0.2.7", "host-a", "HOST-A"],
    "user": ["a.lund", "A.LUND", "b", "svc_%", "x y", "ünï"],
    "bytes_out": ["0", "7", "10", "10.5", "9", "100", "-3", "abc"],
    "action": ["allowed", "blocked", "Allowed"],
}
Ask = Callable[[str], list[Row]]

CONDITIONS = st.sampled_from(
    [
        "user=a.lund", "user!=b", "NOT user=b", "src=10.0.0.0/16", "src=host*", "bytes_out>8", "bytes_out<=10",
        "action=allowed OR bytes_out=7", "(user=b OR user=svc_*) action=*", "NOT (action=blocked src=10.*)",
    ]
)  # fmt: skip
EXPRESSIONS = st.sampled_from(
    [
        'user="b"', 'action!="blocked"', "bytes_out>8", "isnull(user)", 'like(src, "10.%")', "len(user)<4",
        'action="allowed" OR bytes_out=7', "bytes_out%2=1", 'coalesce(user, "none")="none"',
    ]
)  # fmt: skip
FIELDS = st.sampled_from(sorted(VALUES))
TAILS = st.sampled_from(
    ["", "| sort bytes_out", "| sort - user, src", "| reverse", "| dedup user", "| eval n=len(user)", "| head 40"]
)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    dice = random.Random(20261122)
    path = tmp_path_factory.mktemp("laws") / "events.duckdb"
    with Staging(path) as staging:
        for number in range(300):
            event: dict[str, Any] = {"event_id": f"e-{number}", "index": dice.choice(["a", "b"]), "sourcetype": "t"}
            event |= {name: dice.choice(values) for name, values in VALUES.items() if dice.random() < 0.75}
            staging.add(1_795_000_000.0 + dice.randint(0, 7200), event)
        staging.build("test")
    store = open_telemetry(path)
    engine = SearchEngine(store, lambda: EMPTY)

    def rows(query: str) -> list[Row]:
        return list(engine.run(SearchJob(query=query, earliest="", latest="", now=1_795_010_000.0, guard=GUARD)).rows)

    yield rows
    store.close()


def ids(rows: list[Row]) -> list[Any]:
    return [row["event_id"] for row in rows]


def count(rows: list[Row]) -> int:
    return int(str(rows[0]["count"]))


few = settings(max_examples=8)


@few
@given(CONDITIONS, CONDITIONS)
def test_the_order_of_filters_does_not_matter(ask: Ask, one: str, two: str) -> None:
    assert ask(f"* | search {one} | search {two}") == ask(f"* | search {two} | search {one}")
    assert ask(f"* | search {one} | search {two}") == ask(f"* | search ({one}) ({two})")


@few
@given(EXPRESSIONS, EXPRESSIONS)
def test_where_with_and_is_where_twice(ask: Ask, one: str, two: str) -> None:
    assert ask(f"* | where ({one}) AND ({two})") == ask(f"* | where {one} | where {two}")
    assert ask(f"* | where {one} | where {two}") == ask(f"* | where {two} | where {one}")


@few
@given(CONDITIONS, TAILS, st.integers(0, 60))
def test_head_is_a_prefix(ask: Ask, condition: str, tail: str, number: int) -> None:
    assert ask(f"{condition} {tail} | head {number}") == ask(f"{condition} {tail}")[:number]


@few
@given(CONDITIONS, TAILS)
def test_stats_count_is_the_number_of_rows(ask: Ask, condition: str, tail: str) -> None:
    assert count(ask(f"{condition} {tail} | stats count")) == len(ask(f"{condition} {tail}"))


@few
@given(CONDITIONS, CONDITIONS)
def test_append_is_the_one_then_the_other(ask: Ask, one: str, two: str) -> None:
    assert ask(f"{one} | append [ search {two} ]") == ask(one) + ask(two)
    # Of events a union is in order of time.
    merged = ids(ask(f"| union [ search {one} ] [ search {two} ]"))
    assert Counter(merged) == Counter(ids(ask(one)) + ids(ask(two)))


@few
@given(CONDITIONS, FIELDS)
def test_the_counts_of_groups_sum_to_the_rows_that_have_the_field(ask: Ask, condition: str, field: str) -> None:
    grouped = ask(f"{condition} | stats count by {field}")
    having = ask(f"{condition} | where isnotnull({field}) | stats count")
    assert sum(int(str(row["count"])) for row in grouped) == count(having)
    assert len({str(row[field]) for row in grouped}) == len(grouped)


@few
@given(CONDITIONS, st.lists(FIELDS, min_size=1, max_size=3, unique=True), st.booleans())
def test_sort_is_a_permutation_that_sorting_again_keeps(
    ask: Ask, condition: str, fields: list[str], descending: bool
) -> None:
    keys = ", ".join(f"{'-' if descending else ''}{field}" for field in fields)
    once = ask(f"{condition} | sort 0 {keys}")
    assert Counter(ids(once)) == Counter(ids(ask(condition)))
    assert ask(f"{condition} | sort 0 {keys} | sort 0 {keys}") == once


@few
@given(CONDITIONS, st.lists(FIELDS, min_size=1, max_size=2, unique=True), st.integers(1, 3))
def test_dedup_twice_is_dedup_once(ask: Ask, condition: str, fields: list[str], number: int) -> None:
    command = f"dedup {number} {' '.join(fields)}"
    assert ask(f"{condition} | {command} | {command}") == ask(f"{condition} | {command}")


@few
@given(CONDITIONS, TAILS)
def test_an_unused_field_changes_nothing_else(ask: Ask, condition: str, tail: str) -> None:
    with_field = ask(f'{condition} | eval unused="x".src {tail} | fields - unused')
    assert with_field == ask(f"{condition} {tail}")


@few
@given(CONDITIONS, TAILS)
def test_reverse_twice_is_nothing(ask: Ask, condition: str, tail: str) -> None:
    assert ask(f"{condition} {tail} | reverse | reverse") == ask(f"{condition} {tail}")
    assert ask(f"{condition} {tail} | reverse") == ask(f"{condition} {tail}")[::-1]


@few
@given(CONDITIONS, st.sampled_from(["1m", "7m", "1h", "1d"]), FIELDS)
def test_a_timechart_sums_to_the_rows(ask: Ask, condition: str, span: str, field: str) -> None:
    total = count(ask(f"{condition} | stats count"))
    assert sum(int(str(row["count"])) for row in ask(f"{condition} | timechart span={span} count")) == total
    split = ask(f"{condition} | timechart span={span} limit=2 count by {field}")
    assert sum(int(str(cell)) for row in split for name, cell in row.items() if name != "_time") == total


@few
@given(CONDITIONS, FIELDS)
def test_top_counts_what_stats_counts_and_rare_is_its_other_end(ask: Ask, condition: str, field: str) -> None:
    counted = {str(row[field]): row["count"] for row in ask(f"{condition} | stats count by {field}")}
    for command in ("top", "rare"):
        assert {str(row[field]): row["count"] for row in ask(f"{condition} | {command} limit=0 {field}")} == counted


@few
@given(CONDITIONS, FIELDS, FIELDS)
def test_eventstats_adds_to_each_row_what_stats_says_of_its_group(
    ask: Ask, condition: str, field: str, of: str
) -> None:
    said = {str(row[field]): row["n"] for row in ask(f"{condition} | stats dc({of}) as n by {field}")}
    for row in ask(f"{condition} | eventstats dc({of}) as n by {field}"):
        assert row.get("n") == (said[str(row[field])] if field in row else None)


@few
@given(CONDITIONS)
def test_untable_undoes_xyseries(ask: Ask, condition: str) -> None:
    table = f"{condition} | stats count by user action"
    back = ask(f"{table} | xyseries user action count | untable user action count")
    assert Counter(map(str, map(sorted, (row.items() for row in back)))) == Counter(
        map(str, map(sorted, (row.items() for row in ask(table))))
    )
