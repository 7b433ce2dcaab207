"""More is never cheaper, whatever the evidence; and more precise evidence is preferred."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.gate.cost_history import History, Run
from agentgate_mcp.gate.cost_model import CostBaselines, Estimate, IndexBaseline, estimate
from agentgate_mcp.gate.cost_shape import shape_of
from agentgate_mcp.gate.cost_stats import IndexStats
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.model.usage import Volume
from agentgate_mcp.spl.facts import SearchRead, read_places, read_search
from agentgate_mcp.spl.knowledge import EMPTY

NOW, DAY = 1_795_176_000.0, 86_400.0
NAMES = ("auth", "network", "e-mail", "unheard_of")
DAILY = {
    name: IndexBaseline(events_per_day=events, bytes_per_event=size)
    for name, events, size in (
        ("auth", 1e6, 400.0), ("network", 4e6, 300.0), ("e-mail", 1e5, 900.0), ("_internal", 9e6, 200.0)
    )
}  # fmt: skip
VOLUMES = [
    Volume(
        index=name, sourcetype=f"{name}:{hour % 2}", start=int(NOW) - hour * 3_600, span=3_600, events=e, size=e * 300
    )
    for hour in range(1, 24 * 40)
    for name, e in (("auth", 40 + hour % 7), ("network", 200 + hour % 24 * 30), ("_internal", 500))
]  # fmt: skip
CLOSED = IndexStats.of(VOLUMES, width=3_600)
OPEN = IndexStats.of(VOLUMES, width=3_600, until=NOW - 5_000.0)


def history(factor: float) -> History:
    return History.of(
        Run(shape="s", modelled_events=1e5, events=1e5 * factor, modelled_seconds=10.0, seconds=10.0 * factor)
        for _ in range(9)
    )


EVIDENCE = {
    "static": CostBaselines(indexes=DAILY),
    "counted": CostBaselines(indexes=DAILY, stats=CLOSED),
    "counted, open": CostBaselines(indexes=DAILY, stats=OPEN),
    "slower than modelled": CostBaselines(indexes=DAILY, history=history(4.0)),
    "faster than modelled": CostBaselines(indexes=DAILY, stats=CLOSED, history=history(0.1)),
}
AGO = st.floats(0, 60 * DAY)
READS = st.builds(
    lambda indexes, kinds, long, end, summaries, owner: SearchRead(
        indexes=tuple(indexes), sourcetypes=tuple(kinds), earliest=NOW - end - long, latest=NOW - end,
        span_seconds=long, summaries=summaries, owner=owner,
    ),
    st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    st.lists(st.sampled_from(["auth:0", "network:*"]), max_size=1),
    AGO,
    st.floats(0, 2 * DAY),
    st.booleans(),
    st.sampled_from(["", "join", "search", "union"]),
)  # fmt: skip
PLACES = st.lists(READS, min_size=1, max_size=3)


def dearer(evidence: str, cheap: Estimate, dear: Estimate) -> None:
    for one, other in ((cheap.events, dear.events), (cheap.bytes, dear.bytes), (cheap.seconds, dear.seconds)):
        assert other.mid >= one.mid * (1 - 1e-9), evidence


def searches(wild: int = 0, joins: int = 0) -> SearchFacts:
    return SearchFacts(parsed=True, commands=("search",), leading_wildcards=wild, joins=joins)


@pytest.mark.req("cost.monotone", "cost.index_stats", "cost.history")
@given(st.sampled_from(sorted(EVIDENCE)), PLACES, st.integers(0, 2), AGO, st.sampled_from(NAMES), READS)
def test_more_is_never_cheaper_on_any_evidence(
    evidence: str, places: list[SearchRead], wild: int, more: float, name: str, another: SearchRead
) -> None:
    base, first, rest = EVIDENCE[evidence], places[0], places[1:]
    assert first.earliest is not None
    assert first.span_seconds is not None
    found = estimate(searches(wild), base, places, shape="s")
    wider = replace(first, earliest=first.earliest - more, span_seconds=first.span_seconds + more)
    for changed in (
        wider,
        replace(first, earliest=None, span_seconds=None),
        replace(first, indexes=tuple(dict.fromkeys((*first.indexes, name)))),
        replace(first, everything=True),
        replace(first, sourcetypes=()),
        replace(first, runs=3),
    ):
        dearer(evidence, found, estimate(searches(wild), base, [changed, *rest], shape="s"))
    dearer(evidence, found, estimate(searches(wild + 1), base, places, shape="s"))
    dearer(evidence, found, estimate(searches(wild, joins=1), base, [*places, another], shape="s"))


@pytest.mark.req("cost.monotone")
@given(st.sampled_from(sorted(EVIDENCE)), READS)
def test_a_later_end_is_never_cheaper(evidence: str, read: SearchRead) -> None:
    assert read.latest is not None
    assert read.span_seconds is not None
    later = replace(read, latest=read.latest + 7_777.0, span_seconds=read.span_seconds + 7_777.0)
    dearer(
        evidence,
        estimate(searches(), EVIDENCE[evidence], [read], shape="s"),
        estimate(searches(), EVIDENCE[evidence], [later], shape="s"),
    )


WRITTEN = [
    ("index=auth x", "index=auth *x"),
    ("index=auth x", "index IN (auth, network) x"),
    ("index=auth x | stats count by user", "index=auth x | join user [search index=network] | stats count by user"),
    ("index=auth x | stats count by user", "index=auth x [search index=network | return src] | stats count by user"),
    ("index=auth earliest=-1h x", "index=auth earliest=-2d x"),
]


@pytest.mark.req("cost.monotone", "cost.history")
@pytest.mark.parametrize(("cheap", "dear"), WRITTEN)
@pytest.mark.parametrize("factor", [0.1, 1.0, 5.0])
def test_what_is_added_to_a_search_keeps_its_history(cheap: str, dear: str, factor: float) -> None:
    shape = shape_of(cheap, EMPTY)
    past = replace(history(factor), shapes={shape: history(factor).shapes["s"]})
    for stats in (None, CLOSED):
        base = CostBaselines(indexes=DAILY, stats=stats, history=past)
        one, other = (_priced(query, base) for query in (cheap, dear))
        assert one.tier == other.tier == "history"
        dearer(dear, one, other)


@pytest.mark.req("cost.index_stats", "cost.history")
def test_the_tier_names_the_weakest_evidence_of_a_call() -> None:
    one, other = (Estimate(tier=t) for t in ("history", "static"))
    assert one.plus(other).tier == other.plus(one).tier == "static"
    assert Estimate().plus(one).tier == "history"
    assert _priced("index=auth x", EVIDENCE["counted"]).tier == "index_stats"
    assert _priced("index=auth x", EVIDENCE["static"]).tier == "static"


@pytest.mark.req("R4")
def test_the_order_of_places_and_indexes_changes_no_bit() -> None:
    one = estimate(
        searches(), EVIDENCE["counted"], _places("index IN (auth, network) x | append [search index=auth y]")
    )
    other = estimate(
        searches(), EVIDENCE["counted"], _places("index IN (network, auth) x | append [search index=auth y]")
    )
    assert one == other


def _places(query: str) -> tuple[SearchRead, ...]:
    return read_places(query, "-100m", "now", EMPTY, NOW)


def _priced(query: str, base: CostBaselines) -> Estimate:
    return estimate(read_search(query, "-100m", "now", EMPTY, NOW), base, _places(query), shape=shape_of(query, EMPTY))
