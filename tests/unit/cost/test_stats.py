"""Index statistics: exact where whole, honest where cut."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.gate.cost_coefficients import DEFAULT
from agentgate_mcp.gate.cost_model import CostBaselines, Estimate, estimate
from agentgate_mcp.gate.cost_stats import MAX_CELLS, IndexStats, Tally
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.model.usage import BucketSpan, Volume
from agentgate_mcp.spl.facts import SearchRead

pytestmark = pytest.mark.req("cost.index_stats")

HOUR = 3_600
SEARCH = SearchFacts(parsed=True, commands=("search",))


def volume(start: int, events: int, *, index: str = "a", kind: str = "k", span: int = HOUR, size: int = 0) -> Volume:
    return Volume(index=index, sourcetype=kind, start=start, span=span, events=events, size=size or events * 10)


def counted(stats: IndexStats, earliest: float, latest: float, index: str = "a", kinds: tuple[str, ...] = ()) -> Tally:
    tally = Tally()
    stats.add(tally, index, kinds, earliest, latest)
    return tally


def priced(stats: IndexStats, **place: object) -> Estimate:
    read = SearchRead(**{"indexes": ("a",), **place})  # pyright: ignore[reportArgumentType]
    return estimate(SEARCH, CostBaselines(stats=stats), (read,))


STATS = IndexStats.of(
    [
        volume(0, 10), volume(HOUR, 20), volume(2 * HOUR, 30), volume(2 * HOUR, 5, kind="other"),
        volume(HOUR, 7, index="b"), volume(HOUR, 9, index="_internal"),
    ],
    width=HOUR,
)  # fmt: skip


def test_whole_stretches_are_exact_and_have_no_interval() -> None:
    found = counted(STATS, HOUR, 3 * HOUR)
    spread = found.spread(0.5, 2.0)
    assert (spread.low, spread.mid, spread.high) == (55, 55, 55)
    assert found.size == 550
    assert counted(STATS, -math.inf, math.inf).spread(0.5, 2.0).high == 65
    assert counted(STATS, 5 * HOUR, 9 * HOUR).events == 0
    assert counted(STATS, HOUR, HOUR).events == 0
    assert counted(STATS, 2 * HOUR, HOUR).events == 0


def test_a_cut_stretch_is_shared_by_time_and_stays_within_what_it_holds() -> None:
    found = counted(STATS, HOUR / 2, 2 * HOUR)
    spread = found.spread(0.5, 2.0)
    assert found.events == pytest.approx(25)
    assert 20 <= spread.low < 25 < spread.high <= 30
    inside = counted(STATS, 0.25 * HOUR, 0.75 * HOUR)
    assert inside.events == pytest.approx(5)
    assert inside.spread(0.5, 2.0).high <= 10


def test_source_types_narrow_what_is_read_and_not_what_is_scanned() -> None:
    assert counted(STATS, 2 * HOUR, 3 * HOUR, kinds=("other",)).events == 5
    assert counted(STATS, 2 * HOUR, 3 * HOUR, kinds=("o*", "k")).events == 35
    assert counted(STATS, 2 * HOUR, 3 * HOUR, kinds=("no[n]e",)).events == 0
    whole = priced(STATS, earliest=2.0 * HOUR, latest=3.0 * HOUR)
    part = priced(STATS, earliest=2.0 * HOUR, latest=3.0 * HOUR, sourcetypes=("other",))
    assert part.events == whole.events
    assert part.bytes.mid == 50
    assert whole.bytes.mid == 350
    assert part.seconds.mid < whole.seconds.mid


def test_patterns_leave_internal_indexes_out() -> None:
    assert sorted(STATS.matching("*")) == ["a", "b"]
    assert STATS.matching("_*") == ["_internal"]
    assert STATS.matching("[ab]") == ()
    assert priced(STATS, indexes=("*",)).events.mid == 72
    assert priced(STATS, indexes=(), everything=True).events.mid == 72
    assert priced(STATS, indexes=("b",), everything=True).events.mid == 72


def test_an_index_that_a_closed_store_does_not_have_has_no_events() -> None:
    found = priced(STATS, indexes=("nowhere",))
    assert found.events.high == 0
    assert found.tier == "index_stats"


def test_an_index_that_an_open_store_does_not_know_may_be_new() -> None:
    stats = IndexStats.of([volume(0, 10)], width=HOUR, until=float(HOUR))
    found = priced(stats, indexes=("new",), earliest=0.0, latest=86_400.0, span_seconds=86_400.0)
    assert found.events.mid == pytest.approx(5_000_000)
    assert found.tier == "static"


def test_what_comes_after_the_statistics_is_taken_from_the_last_week() -> None:
    day = 86_400
    stats = IndexStats.of([volume(n * HOUR, 70) for n in range(7 * 24)], width=HOUR, until=7.0 * day)
    found = counted(stats, 7.0 * day - HOUR, 7.0 * day + HOUR)
    spread = found.spread(DEFAULT.events_low, DEFAULT.events_high)
    assert found.events == pytest.approx(140, rel=0.01)
    assert spread.low == pytest.approx(70 + 70 / 3, rel=0.01)
    assert spread.high == pytest.approx(70 + 210, rel=0.01)
    half = IndexStats.of([volume(0, 60), volume(HOUR, 30)], width=HOUR, until=1.5 * HOUR)
    assert counted(half, 0, 1.5 * HOUR).spread(1, 1).high == 90
    assert counted(half, 0, 1.25 * HOUR).events == pytest.approx(75)


def test_buckets_are_counted_where_they_are_known() -> None:
    spans = [BucketSpan(index="A", earliest=float(n * HOUR), latest=float((n + 1) * HOUR - 1)) for n in range(5)]
    stats = IndexStats.of([volume(0, 10)], width=HOUR, buckets=spans)
    assert stats.bucket_count("a", HOUR, 3 * HOUR) == 2
    assert stats.bucket_count("a", HOUR + 5, HOUR + 6) == 1
    assert stats.bucket_count("a", 9 * HOUR, 10 * HOUR) == 0
    assert stats.bucket_count("b", 0, HOUR) is None
    assert priced(stats, earliest=0.0, latest=float(2 * HOUR)).buckets.high == 2
    assert priced(STATS, earliest=0.0, latest=float(2 * HOUR)).buckets.mid == pytest.approx(1, rel=0.01)


VOLUMES = st.lists(
    st.builds(
        volume,
        st.integers(0, 200).map(lambda n: n * HOUR),
        st.integers(0, 50),
        index=st.sampled_from(["a", "b", "A"]),
        kind=st.sampled_from(["k", "K", "other", ""]),
    ),
    max_size=40,
)


@given(VOLUMES, st.floats(0, 200 * HOUR), st.floats(0, 200 * HOUR))
def test_any_range_holds_at_least_its_whole_and_at_most_its_cut_stretches(
    rows: list[Volume], one: float, other: float
) -> None:
    earliest, latest = sorted((one, other))
    stats = IndexStats.of(rows, width=HOUR)
    spread = counted(stats, earliest, latest).spread(0.5, 2.0)
    mine = [r for r in rows if r.index.lower() == "a"]
    whole = sum(r.events for r in mine if earliest <= r.start and r.start + HOUR <= latest)
    touched = sum(r.events for r in mine if r.start < latest and earliest < r.start + HOUR)
    assert whole - 1e-6 <= spread.low <= spread.mid + 1e-6
    assert spread.mid - 1e-6 <= spread.high <= touched + 1e-6


@given(VOLUMES, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows: list[Volume], chance: random.Random) -> None:
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    assert IndexStats.of(rows, width=HOUR).hash == IndexStats.of(shuffled, width=HOUR).hash


def test_the_hash_covers_every_part() -> None:
    others = [
        IndexStats.of([volume(0, 11)], width=HOUR),
        IndexStats.of([volume(0, 10, size=1)], width=HOUR),
        IndexStats.of([volume(0, 10)], width=2 * HOUR),
        IndexStats.of([volume(0, 10)], width=HOUR, until=5.0),
        IndexStats.of([volume(0, 10)], width=HOUR, buckets=[BucketSpan(index="a", earliest=0.0, latest=1.0)]),
        IndexStats.of([volume(0, 10, kind="z")], width=HOUR),
    ]
    found = {stats.hash for stats in (IndexStats.of([volume(0, 10)], width=HOUR), *others)}
    assert len(found) == len(others) + 1
    assert len({CostBaselines(stats=stats).hash for stats in others}) == len(others)


def test_too_many_stretches_are_added_up_to_days() -> None:
    rows = [volume(n * HOUR, 1) for n in range(MAX_CELLS + 24)]
    stats = IndexStats.of(rows, width=HOUR)
    assert stats.width == 86_400
    assert counted(stats, -math.inf, math.inf).events == len(rows)
    with pytest.raises(ValueError, match="at least one second"):
        IndexStats.of(rows, width=0)


def test_events_that_come_in_clumps_have_the_wider_interval() -> None:
    chance = random.Random(1)
    even, clumped = list[Volume](), list[Volume]()
    for hour in range(500):
        parts = [chance.randrange(6) for _ in range(60)]
        even += [volume(hour * HOUR + p * 600, parts.count(p), span=600) for p in range(6)]
        clumped.append(volume(hour * HOUR + chance.randrange(6) * 600, 60, span=600))
    plain = IndexStats.of(even, width=HOUR).series["a"][""].clumping
    assert plain == pytest.approx(0, abs=0.01)
    assert IndexStats.of(clumped, width=HOUR).series["a"][""].clumping == pytest.approx(1, abs=0.1)
    neighbours = IndexStats.of([volume(n * HOUR, 100 * (n % 2)) for n in range(50)], width=HOUR)
    assert neighbours.series["a"][""].clumping == pytest.approx(1, abs=0.05)
