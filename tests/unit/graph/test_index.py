"""The compiled graph against slow readings of the same rules."""

import random
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import networkx as nx
import pytest

from agentgate_mcp.bench.synthetic_graph import synthetic_graph
from agentgate_mcp.errors import BudgetError, DataError
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.index import Spread, compile_index, downstream, fallout, from_baseline, remove, spread
from agentgate_mcp.graph.index.arrays import flagged
from agentgate_mcp.graph.linking import dead_state
from agentgate_mcp.graph.nodes import Detection, Force, Group, Reading, Role, State
from agentgate_mcp.graph.overlay import Overlay
from agentgate_mcp.graph.planning import plan_changes
from agentgate_mcp.graph.reading import read_text
from agentgate_mcp.graph.states import reach, settle, witnesses
from agentgate_mcp.spl.knowledge import KnowledgeSet
from tests.unit.graph.facts import Facts, random_facts, random_groups, slow_contribution, slow_cover, slow_states
from tests.unit.graph.samples import change, detection, graph_of, macro, random_set

pytestmark = pytest.mark.req("graph.index")


def states(result: Spread) -> dict[str, State]:
    return {n: s for n in (*result.index.ids, *result.extra) if (s := result.state_of(n)) is not State.OK}


@pytest.mark.req("graph.any-of")
def test_a_thousand_random_removals_equal_the_slow_reading() -> None:
    for seed in range(100):
        rng = random.Random(seed)
        facts = random_facts(seed, 40)
        index, before = facts.index(), slow_states(facts, {})
        assert index.broken_before() == before
        was = slow_cover(facts, before)
        for _ in range(10):
            removed = rng.sample(index.ids, rng.choice((1, 1, 1, 2, 5)))
            after = slow_states(facts, {n: dead_state(n.partition(":")[0]) for n in removed})
            found = remove(index, removed)
            assert states(found.spread) == after
            worse = {n: s for n, s in after.items() if s > before.get(n, State.OK)}
            newly = {n for n, s in worse.items() if s.broken and not before.get(n, State.OK).broken}
            assert set(index.names(found.broken)) == newly
            assert set(index.names(found.degraded)) == {n for n, s in worse.items() if s is State.DEGRADED}
            now = slow_cover(facts, after)
            expected = {t: (n, now.get(t, 0)) for t, n in was.items() if n != now.get(t, 0)}
            assert found.cover("technique") | found.cover("control") | found.cover("asset") == expected


@pytest.mark.req("graph.any-of")
def test_every_hub_removal_of_a_skewed_graph_equals_the_slow_reading() -> None:
    graph = synthetic_graph(600, 3)
    facts = Facts(
        kinds=dict(graph.kinds),
        groups={n: tuple(g) for n, g in graph.groups.items()},
        detections={d.id: d for d in graph.detections},
    )
    index = facts.index()
    hubs = graph.hubs(60)
    assert len(hubs) == 60
    for hub in hubs:
        start = dead_state(hub.partition(":")[0])
        assert states(remove(index, [hub]).spread) == slow_states(facts, {hub: start})


@pytest.mark.req("graph.plain")
def test_a_thousand_removals_reach_what_a_second_library_reaches() -> None:
    for seed in range(20):
        facts = random_facts(seed, 200)
        index = facts.index()
        every, plain = nx.DiGraph(), nx.DiGraph()
        every.add_nodes_from(facts.kinds)
        plain.add_nodes_from(facts.kinds)
        for dependent, groups in facts.groups.items():
            for group in groups:
                for member in group.members:
                    every.add_edge(member, dependent)
                    quoted = group.force is Force.WEAK and member.startswith("macro:")
                    named = member.startswith("source:") and dependent.startswith("saved_search:")
                    if group.role in (Role.REQUIRES, Role.DISPLAYS) and not quoted and not named:
                        plain.add_edge(member, dependent)
        hubs = sorted(facts.kinds, key=lambda n: -every.out_degree(n))[:50]
        for node in hubs:
            for edges, model in ((index.edges, every), (index.plain, plain)):
                seen = downstream(index, index.find([node]), edges=edges)
                assert set(index.names(flagged(seen))) == nx.descendants(model, node) | {node}


def test_a_thousand_random_sequences_of_updates_equal_a_fresh_build() -> None:
    """Objects get other requirements, break, recover or appear, over a graph that was compiled once."""
    for seed in range(1_000):
        rng = random.Random(seed)
        facts = random_facts(seed % 50, 40)
        index = facts.index()
        nodes = sorted(facts.groups)
        patched: dict[str, tuple[Group, ...]] = {}
        starts: dict[str, State] = {}
        changed: set[str] = set()
        fresh = Facts(
            kinds=dict(facts.kinds), groups=dict(facts.groups), detections=facts.detections, own=dict(facts.own)
        )
        for step in range(rng.randrange(1, 6)):
            node = rng.choice(nodes) if rng.random() < 0.85 else f"macro:new{step}"
            changed.add(node)
            fresh.kinds.setdefault(node, "macro")
            starts.pop(node, None)
            fresh.own.pop(node, None)
            if rng.random() < 0.7:
                groups = random_groups(rng, sorted(fresh.kinds))
                patched[node] = fresh.groups[node] = groups
                if not groups:
                    del fresh.groups[node]
            if rng.random() < 0.4:
                starts[node] = fresh.own[node] = rng.choice((State.DEGRADED, State.EMPTY, State.FAILED))
        added: defaultdict[str, set[str]] = defaultdict(set)
        for node, groups in patched.items():
            for group in groups:
                for member in group.members:
                    added[member].add(node)
        found = spread(index, starts, changed=changed, patched=patched, added=added)
        built = fresh.index()
        assert states(found) == built.broken_before()
        assert states(found) == slow_states(fresh, {})


def test_the_cover_that_a_recovery_gives_back_is_counted() -> None:
    node = "saved_search:D"
    facts = Facts(
        kinds={"macro:m": "macro", node: "saved_search", "technique:T1": "technique"},
        groups={node: (Group(members=("macro:m",)),)},
        detections={node: Detection(id=node, techniques=("T1",), controls=(), assets=(), counts=True)},
        own={"macro:m": State.FAILED},
    )
    index = facts.index()
    assert index.covered_by("technique:T1") == 0
    found = fallout(spread(index, {}, changed=["macro:m"]))
    assert found.cover("technique") == {"technique:T1": (0, 1)}
    assert index.names(found.regained) == (node,)


@pytest.mark.req("graph.hash")
def test_identical_facts_in_any_order_have_one_hash() -> None:
    facts = random_facts(4, 80)
    wanted = facts.index()
    for seed in range(200):
        rng = random.Random(seed)
        groups = {n: tuple(rng.sample(g, len(g))) for n, g in rng.sample([*facts.groups.items()], len(facts.groups))}
        mixed = Facts(
            kinds=dict(rng.sample([*facts.kinds.items()], len(facts.kinds))),
            groups=groups,
            detections=dict(rng.sample([*facts.detections.items()], len(facts.detections))),
            own=dict(rng.sample([*facts.own.items()], len(facts.own))),
        )
        assert mixed.index().hash == wanted.hash


@pytest.mark.req("graph.hash")
def test_every_single_difference_of_the_facts_has_another_hash() -> None:
    facts = random_facts(4, 80)
    hashes = {facts.index().hash}
    variants = 0

    def take(**changes: object) -> None:
        nonlocal variants
        variants += 1
        hashes.add(replace(facts, **changes).index().hash)  # type: ignore[arg-type]

    for node, groups in facts.groups.items():
        take(groups={n: g for n, g in facts.groups.items() if n != node})
        group = replace(groups[0], members=("macro:40",))
        if group not in groups:
            take(groups={**facts.groups, node: (group, *groups[1:])})
    for name, item in facts.detections.items():
        take(detections={**facts.detections, name: replace(item, counts=not item.counts, reason="other")})
        take(detections={**facts.detections, name: replace(item, techniques=("T0", "T1", "T2", "T3", "T4"))})
    for node in facts.own:
        take(own={n: s for n, s in facts.own.items() if n != node})
    assert len(hashes) == variants + 1


def test_a_fact_about_an_unknown_node_refuses_the_whole_index() -> None:
    group = Group(members=("index:nowhere",))
    with pytest.raises(DataError, match="index:nowhere"):
        compile_index({"macro:m": "macro"}, {"macro:m": [group]})
    with pytest.raises(DataError, match="macro:other"):
        compile_index({"macro:m": "macro"}, {"macro:other": []})
    with pytest.raises(DataError, match="macro:other"):
        compile_index({"macro:m": "macro"}, {}, own={"macro:other": State.FAILED})


def test_a_snapshot_cannot_be_written_to() -> None:
    index = random_facts(1, 40).index()
    arrays = (
        index.edges.data, index.edges.starts, index.plain.data, index.baseline, index.own, index.kind_of,
        index.choices.left, index.choices.size, index.choices.owner, index.choices.outcome, index.claims.covered,
        index.claims.counting, index.claims.of.data,
    )  # fmt: skip
    assert not any(a.flags.writeable for a in arrays)
    before = index.hash, index.baseline.tolist(), index.choices.left.tolist()
    remove(index, list(index.ids))
    assert (index.hash, index.baseline.tolist(), index.choices.left.tolist()) == before


def test_nothing_and_unknown_names_break_nothing() -> None:
    index = random_facts(1, 40).index()
    for nodes in ([], ["macro:never heard of"]):
        found = remove(index, nodes)
        assert (found.broken.size, found.degraded.size, found.targets.size) == (0, 0, 0)
    empty = compile_index({}, {})
    assert remove(empty, ["macro:m"]).broken.size == 0


@pytest.mark.req("R2")
def test_an_answer_is_paid_for_by_the_edges_that_it_walks() -> None:
    graph = synthetic_graph(3_000, 1)
    index = compile_index(graph.kinds, graph.groups, graph.detections)
    spent: list[int] = []
    from_baseline(index, {index.number_of[graph.hubs(1)[0]]: State.FAILED}, spend=spent.append)
    assert sum(spent) > 100

    def refuse(steps: int) -> None:
        raise BudgetError("used up")

    with pytest.raises(BudgetError):
        from_baseline(index, {0: State.FAILED}, spend=refuse)


@pytest.mark.req("graph.impact")
def test_every_path_is_a_shortest_one_through_what_fares_worse() -> None:
    graph = graph_of(*random_set(2))
    for node in ("macro:m0", "macro:m1", "lookup:l0", "index:i0"):
        overlay = Overlay.of(graph, ())
        after = settle(overlay, {node: State.FAILED})
        worse = [n for n in graph.nodes if after.worsened(n)]
        model = nx.DiGraph([(m, d) for d in worse for g in graph.groups_of(d) for m in g.members if after.worsened(m)])
        found = witnesses(overlay, [node], worse, after)
        lengths = nx.single_source_shortest_path_length(model, node)
        assert set(found) == set(lengths)
        for target, path in found.items():
            assert (path[0], path[-1], len(path)) == (node, target, lengths[target] + 1)
            assert all(model.has_edge(a, b) for a, b in pairwise(path))


@pytest.mark.req("graph.impact")
def test_a_path_follows_requirements_that_only_the_edit_makes() -> None:
    graph = graph_of(macro("a", "index=x"), macro("b", "index=y"), detection("D", "`a`"))
    plan = plan_changes(graph, [change("modify", "macro", "a", {"definition": "`b`"})])
    overlay = Overlay.of(graph, plan.edits)
    after = settle(overlay, {"macro:b": State.FAILED})
    way = witnesses(overlay, ["macro:b"], ["saved_search:D"], after)
    assert way == {"saved_search:D": ("macro:b", "macro:a", "saved_search:D")}
    index = settle(overlay, {"index:x": State.EMPTY})
    assert index.state_of("saved_search:D") is State.OK


@pytest.mark.req("graph.build")
def test_the_graph_and_its_index_agree_on_what_is_downstream() -> None:
    graph = graph_of(*random_set(5))
    model = nx.DiGraph([(m, d) for d, groups in graph.groups.items() for g in groups for m in g.members])
    for node in sorted(model)[::7]:
        assert reach(graph, [node]) == nx.descendants(model, node) | {node}


@pytest.mark.req("graph.build", "graph.hash")
def test_a_build_that_takes_over_what_was_read_equals_one_from_nothing() -> None:
    objects = random_set(3)[:150]
    graph = graph_of(*objects)
    read: list[str] = []

    def reader(text: str, definition: bool) -> Reading:
        read.append(text)
        return read_text(text, definition)

    first = KnowledgeGraph.build(KnowledgeSet.from_objects(objects), reader=reader)
    read.clear()
    edited = [*objects[1:], macro("m0", "index=i0 sourcetype=other")]
    knowledge = KnowledgeSet.from_objects(edited)
    again = KnowledgeGraph.build(knowledge, reader=reader, previous=first)
    assert read == ["index=i0 sourcetype=other"]
    fresh = KnowledgeGraph.build(knowledge)
    assert (again.hash, again.index.hash, again.problems) == (fresh.hash, fresh.index.hash, fresh.problems)
    assert first.hash == graph.hash != again.hash
    assert again.readings.keys() == fresh.readings.keys()


def test_the_slow_reading_itself_knows_alternatives() -> None:
    """The oracle is worth nothing if it cannot tell all from any."""
    group = Group(members=("index:a", "index:b"))
    lost_one = {"index:a": State.EMPTY, "index:b": State.OK}
    assert slow_contribution(group, lost_one) is State.DEGRADED
    assert slow_contribution(group, dict.fromkeys(lost_one, State.EMPTY)) is State.EMPTY
