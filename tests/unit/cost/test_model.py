"""The static cost model: monotone, documented, never cheaper than it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.gate.cost_coefficients import DEFAULT
from agentgate_mcp.gate.cost_model import CostBaselines, Estimate, IndexBaseline, cost_score, estimate
from agentgate_mcp.gate.cost_spread import Spread
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.spl.facts import read_search
from agentgate_mcp.spl.knowledge import EMPTY

BASE = CostBaselines.of({"network": (4e6, 300), "endpoint": (1.5e6, 600), "auth": (1e6, 400), "_internal": (9e6, 200)})
NAMES = ("network", "endpoint", "auth", "unheard_of")
NOW = 1_795_176_000.0
DAY = 86_400.0


def facts(query: str, earliest: str = "-24h", latest: str = "now") -> SearchFacts:
    return read_search(query, earliest, latest, EMPTY, NOW)


SEARCHES = st.builds(
    SearchFacts,
    parsed=st.just(True),
    indexes=st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(tuple),
    raw_events=st.booleans(),
    commands=st.sampled_from([("search",), ("tstats",)]),
    span_seconds=st.one_of(st.none(), st.floats(0, 400 * DAY)),
    joins=st.integers(0, 3),
    subsearches=st.integers(0, 3),
    leading_wildcards=st.integers(0, 3),
)


def dearer(cheap: SearchFacts, **more: object) -> None:
    """The search with ``more`` is at least as dear in every measure."""
    first, second = estimate(cheap, BASE), estimate(cheap.model_copy(update=more), BASE)
    assert second.events.mid >= first.events.mid
    assert second.bytes.mid >= first.bytes.mid
    assert second.seconds.mid >= first.seconds.mid
    assert cost_score(second.seconds.mid) >= cost_score(first.seconds.mid)


@pytest.mark.req("cost.monotone")
@given(SEARCHES, st.floats(0, 400 * DAY))
def test_a_wider_time_range_is_never_cheaper(search: SearchFacts, extra: float) -> None:
    if search.span_seconds is not None:
        dearer(search, span_seconds=search.span_seconds + extra)
        dearer(search, span_seconds=None)


@pytest.mark.req("cost.monotone")
@given(SEARCHES, st.sampled_from(NAMES))
def test_another_index_is_never_cheaper(search: SearchFacts, name: str) -> None:
    dearer(search, indexes=tuple(dict.fromkeys((*search.indexes, name))))
    dearer(search, index_wildcard=True)


@pytest.mark.req("cost.monotone")
@given(SEARCHES, st.integers(1, 3))
def test_wildcards_joins_and_subsearches_are_never_cheaper(search: SearchFacts, more: int) -> None:
    dearer(search, leading_wildcards=search.leading_wildcards + more)
    dearer(search, joins=search.joins + more)
    dearer(search, subsearches=search.subsearches + more)
    dearer(search, real_time=True)


@pytest.mark.req("cost.monotone")
@pytest.mark.parametrize(
    ("cheap", "dear"),
    [
        ("index=auth user=a", "index=auth user=*a"),
        ("index=auth | stats count by user", "index=auth | join user [ search index=auth ] | stats count by user"),
        ("index=auth x", "index IN (auth, network) x"),
        ("index=auth x", "index=* x"),
        ("index=auth x", "x"),
        ("| tstats count where index=auth by host", "index=auth | stats count by host"),
        ("index=auth earliest=-1h x", "index=auth earliest=-7d x"),
    ],
)
def test_written_searches_compare_as_expected(cheap: str, dear: str) -> None:
    assert estimate(facts(cheap), BASE).seconds.mid < estimate(facts(dear), BASE).seconds.mid


@pytest.mark.req("cost.monotone")
@given(st.floats(0, 1e7), st.floats(0, 1e7))
def test_the_score_rises_with_the_seconds(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert 0 <= cost_score(low) <= cost_score(high) <= 100


@pytest.mark.req("cost.static")
def test_the_score_meets_its_documented_points() -> None:
    points = {1: 0, 30: 10, 120: 25, 600: 50, 3_600: 80, 14_400: 95, 86_400: 100}
    assert {s: cost_score(float(s)) for s in points} == points
    assert cost_score(float("nan")) == 0


@pytest.mark.req("cost.static")
def test_a_day_of_one_index_is_its_baseline() -> None:
    found = estimate(facts("index=auth x"), BASE)
    assert found.events.mid == pytest.approx(1e6)
    assert found.bytes.mid == pytest.approx(4e8)
    assert found.seconds.mid == pytest.approx(0.5 + 1e6 / DEFAULT.raw_rate)
    assert found.shares == (("auth", pytest.approx(1e6)),)


@pytest.mark.req("cost.static")
def test_everything_leaves_the_internal_indexes_out() -> None:
    assert estimate(facts("index=* x"), BASE).events.mid == pytest.approx(6.5e6)


@pytest.mark.req("cost.static")
def test_no_more_is_read_than_is_kept() -> None:
    kept = CostBaselines(indexes={"a": IndexBaseline(events_per_day=10.0, bytes_per_event=1.0, retention_days=7.0)})
    assert estimate(facts("index=a", "-30d"), kept).events.mid == pytest.approx(70)
    assert estimate(facts("index=a", "0"), kept).events.mid == pytest.approx(70)


@pytest.mark.req("cost.static")
def test_an_index_without_a_baseline_is_taken_for_a_large_one() -> None:
    assert estimate(facts("index=unheard_of"), BASE).events.mid == pytest.approx(9e6)
    assert estimate(facts("index=unheard_of"), CostBaselines()).events.mid == pytest.approx(5e6)


@pytest.mark.req("cost.static")
def test_what_reads_no_events_costs_only_its_start() -> None:
    for query in ("| inputlookup a", "| makeresults", "| metadata type=hosts index=*", "| rest /services/server/info"):
        assert estimate(facts(query), BASE).seconds.mid == pytest.approx(0.5), query
        assert estimate(facts(query), BASE).events.mid == 0


@pytest.mark.req("cost.static", "R2")
def test_a_search_that_cannot_be_read_is_taken_to_read_everything() -> None:
    unread = SearchFacts(parsed=False, problem="p")
    assert estimate(unread, BASE).events.mid >= estimate(facts("index=* x", "0"), BASE).events.mid


@pytest.mark.req("cost.static")
def test_intervals_hold_the_estimate_and_sums_add_up() -> None:
    found = Spread.around(90.0, 1 / 3, 3.0).interval()
    assert (found.low, found.estimate, found.high) == (30.0, 90.0, 270.0)
    one = Estimate(events=Spread(low=0.5, mid=1.0, high=2.0), shares=(("a", 1.0),), tier="static")
    three = Estimate(events=Spread(low=1.5, mid=3.0, high=6.0), shares=(("a", 3.0),), tier="static")
    assert one.plus(one.times(2)) == three


@pytest.mark.req("cost.static")
def test_the_hash_covers_every_number_and_no_order() -> None:
    volumes = {"a": (1.0, 2.0), "b": (3.0, 4.0)}
    assert CostBaselines.of(volumes).hash == CostBaselines.of(dict(reversed(volumes.items()))).hash
    assert CostBaselines.of(volumes).hash != CostBaselines.of({**volumes, "b": (3.0, 5.0)}).hash
    assert CostBaselines().hash != CostBaselines.of(volumes).hash
