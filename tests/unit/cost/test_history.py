"""Past searches as evidence: factors, shapes, bounds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.gate.cost_history import KEPT_RUNS, KEPT_SHAPES, MIN_RUNS, REACH, Factor, History, Run
from agentgate_mcp.gate.cost_model import CostBaselines, Estimate, estimate
from agentgate_mcp.gate.cost_past import history_of
from agentgate_mcp.gate.cost_shape import shape_of
from agentgate_mcp.model.usage import PastSearch
from agentgate_mcp.spl.facts import read_places, read_search
from agentgate_mcp.spl.knowledge import EMPTY

pytestmark = pytest.mark.req("cost.history")

NOW = 1_795_176_000.0
BASE = CostBaselines.of({"auth": (1e6, 400.0), "network": (4e6, 300.0)})


def ran(query: str, seconds: float, *, events: int = 1_000_000, earliest: str = "-24h") -> PastSearch:
    return PastSearch(query=query, earliest=earliest, latest="now", now=NOW, events=events, seconds=seconds)


def priced(query: str, base: CostBaselines, earliest: str = "-24h") -> Estimate:
    where = (query, earliest, "now", EMPTY, NOW)
    return estimate(read_search(*where), base, read_places(*where), shape=shape_of(query, EMPTY))


def with_history(*past: PastSearch) -> CostBaselines:
    return CostBaselines(indexes=BASE.indexes, history=history_of(past, EMPTY, BASE))


def test_a_shape_that_always_took_half_is_expected_to_take_half() -> None:
    modelled = priced("index=auth user=a", BASE)
    base = with_history(*(ran(f"index=auth user=u{n}", modelled.seconds.mid / 2, events=500_000) for n in range(9)))
    found = priced("index=auth user=other", base)
    assert found.tier == "history"
    assert found.seconds.mid == pytest.approx(modelled.seconds.mid / 2)
    assert found.events.mid == pytest.approx(500_000, rel=1e-3)
    assert found.bytes.mid == pytest.approx(200_000_000, rel=1e-3)
    assert found.seconds.high < modelled.seconds.high
    assert priced("index=auth user=a | stats count by host", base).tier == "static"


def test_few_runs_are_no_evidence_and_old_ones_go() -> None:
    few = with_history(*(ran("index=auth x", 1.0) for _ in range(MIN_RUNS - 1)))
    assert priced("index=auth x", few).tier == "static"
    many = [Run(shape="s", modelled_events=1, events=1, modelled_seconds=1, seconds=99) for _ in range(100)]
    many += [Run(shape="s", modelled_events=1, events=1, modelled_seconds=1, seconds=2) for _ in range(KEPT_RUNS)]
    assert History.of(many).shapes["s"].seconds.mid == pytest.approx(2)
    assert History.of(many).shapes["s"].runs == KEPT_RUNS


def test_the_number_of_shapes_is_bounded() -> None:
    runs = [
        Run(shape=f"s{n}", modelled_events=1, events=1, modelled_seconds=1, seconds=1)
        for n in range(KEPT_SHAPES + 10)
        for _ in range(MIN_RUNS)
    ]
    found = History.of(runs).shapes
    assert len(found) == KEPT_SHAPES
    assert "s0" not in found


@pytest.mark.req("R2")
def test_small_cheap_searches_do_not_buy_a_huge_one() -> None:
    base = with_history(*(ran("index=auth x", 0.01, events=10, earliest="-1m") for _ in range(50)))
    small, huge = priced("index=auth x", base, "-1m"), priced("index=auth x", base, "0")
    assert small.seconds.mid < 0.1
    assert huge.seconds.mid >= 0.99 * priced("index=auth x", BASE, "0").seconds.mid


PAIRS = st.lists(st.tuples(st.floats(0.01, 1e4), st.floats(0.01, 1e4)), min_size=MIN_RUNS, max_size=20)


@given(PAIRS, st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_factor_never_makes_more_cost_less(pairs: list[tuple[float, float]], one: float, other: float) -> None:
    factor = Factor.of(pairs)
    low, high = sorted((one, other))
    first, second = factor.applied(low), factor.applied(high)
    assert first.mid <= second.mid + 1e-9 * second.mid
    assert first.low <= first.mid <= first.high
    assert factor.reach == pytest.approx(REACH * max(m for m, _ in pairs))


def test_fewer_runs_have_the_wider_interval() -> None:
    spread = [1.0, 1.2, 0.8, 1.1, 0.9]
    few, many = Factor.of([(1.0, x) for x in spread]), Factor.of([(1.0, x) for x in spread * 8])
    assert few.low < many.low < many.mid < many.high < few.high
    assert math.isclose(few.mid, 1.0)


SAME = [
    ("index=auth user=a", "index=auth user=b"),
    ("index=auth user=a", "index=auth user=*a"),
    ("index=auth user=a", "index IN (auth, network) user IN (a, b)"),
    ("index=auth user=a", "index=auth (user=a OR user=b)"),
    ("index=auth user=a", "index=auth earliest=-7d user=a"),
    ("index=auth a=1 b=2", "index=auth b=3 a=4"),
    ("index=auth | stats count by user", "index=auth | join user [search index=network] | stats count by user"),
    ("index=auth x | head 5", "index=auth y [search index=network | return 5 src] | head 50"),
    ("| tstats count where index=auth by host", "| tstats count where index=network by host"),
    ("index=auth | timechart span=1h count", "index=auth | timechart span=5m count"),
]
OTHER = [
    ("index=auth user=a", "index=auth host=a"),
    ("index=auth | stats count by user", "index=auth | stats count by host"),
    ("index=auth | stats count by user", "index=auth | stats dc(x) by user"),
    ("index=auth a=1", "index=auth NOT a=1"),
    ("index=auth a=1", "index=auth a>1"),
    ("index=auth a", "index=auth a | dedup host"),
    ("| tstats count where index=auth by host", "| tstats count from datamodel=Web by host"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_literals_times_indexes_and_brackets_are_no_part_of_a_shape(one: str, other: str) -> None:
    assert shape_of(one, EMPTY) == shape_of(other, EMPTY) != ""


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_fields_operators_and_commands_are_part_of_a_shape(one: str, other: str) -> None:
    assert shape_of(one, EMPTY) != shape_of(other, EMPTY)


def test_a_search_that_cannot_be_read_has_no_shape() -> None:
    assert shape_of("index=auth [", EMPTY) == ""
    assert history_of([ran("index=auth [", 1.0)] * 20, EMPTY, BASE).shapes == {}


def test_the_hash_covers_the_history() -> None:
    one, other = (with_history(*(ran("index=auth x", s) for _ in range(9))) for s in (1.0, 2.0))
    assert len({one.hash, other.hash, BASE.hash}) == 3
