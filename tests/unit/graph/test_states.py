"""How breakage spreads: any-of, all-of, weak edges, cycles of need."""

import random
from dataclasses import replace

import pytest

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.impact import impact
from agentgate_mcp.graph.linking import dead_state
from agentgate_mcp.graph.nodes import State
from agentgate_mcp.graph.overlay import Overlay, needs_itself
from agentgate_mcp.graph.planning import plan_changes
from agentgate_mcp.model.site import ObjectChange
from tests.unit.graph.samples import change, detection, graph_of, macro, obj, random_set, settled

pytestmark = pytest.mark.req("graph.any-of")

EITHER = (
    macro("logs", "sourcetype=a OR sourcetype=b OR source=c"),
    detection("D", "`logs` error"),
    detection("E", "sourcetype=a index=x"),
)


def states(graph: KnowledgeGraph, **broken: State) -> dict[str, State]:
    return settled(graph, {k.replace("__", ":"): v for k, v in broken.items()})


def test_one_alternative_lost_degrades_what_offers_it() -> None:
    found = states(graph_of(*EITHER), sourcetype__a=State.EMPTY)
    assert found["macro:logs"] is State.DEGRADED
    assert found["saved_search:D"] is State.DEGRADED
    assert found["saved_search:E"] is State.EMPTY


def test_all_alternatives_lost_break_it() -> None:
    found = states(graph_of(*EITHER), sourcetype__a=State.EMPTY, sourcetype__b=State.EMPTY, source__c=State.EMPTY)
    assert found["saved_search:D"] is State.EMPTY


def test_two_of_three_alternatives_lost_still_only_degrade() -> None:
    found = states(graph_of(*EITHER), sourcetype__a=State.EMPTY, source__c=State.EMPTY)
    assert found["saved_search:D"] is State.DEGRADED


def test_an_alternative_that_cannot_be_expanded_fails_the_search() -> None:
    graph = graph_of(macro("a", "sourcetype=a"), macro("b", "sourcetype=b"), detection("D", "(`a` OR `b`)"))
    assert states(graph, macro__a=State.FAILED)["saved_search:D"] is State.FAILED
    assert states(graph, sourcetype__a=State.EMPTY)["saved_search:D"] is State.DEGRADED


def test_both_sides_of_an_or_of_conjunctions_must_lose_something() -> None:
    graph = graph_of(detection("D", "(index=a sourcetype=x) OR (index=b sourcetype=y)"))
    assert states(graph, index__a=State.EMPTY)["saved_search:D"] is State.DEGRADED
    assert states(graph, index__a=State.EMPTY, sourcetype__y=State.EMPTY)["saved_search:D"] is State.EMPTY


def test_an_or_with_a_branch_that_needs_nothing_needs_nothing() -> None:
    graph = graph_of(detection("D", "sourcetype=a OR error"))
    assert states(graph, sourcetype__a=State.EMPTY)["saved_search:D"] is State.DEGRADED


def test_data_under_not_never_breaks() -> None:
    graph = graph_of(detection("D", "index=a NOT sourcetype=noise"))
    assert states(graph, sourcetype__noise=State.EMPTY)["saved_search:D"] is State.DEGRADED


def test_a_subsearch_that_must_return_something_breaks_the_search_around_it() -> None:
    graph = graph_of(detection("D", "index=a [ search index=b | fields ip ]"))
    assert states(graph, index__b=State.EMPTY)["saved_search:D"] is State.EMPTY


def test_an_inner_join_breaks_and_a_left_join_degrades() -> None:
    inner = graph_of(detection("D", "index=a | join ip [ search index=b ]"))
    left = graph_of(detection("D", "index=a | join type=left ip [ search index=b ]"))
    assert states(inner, index__b=State.EMPTY)["saved_search:D"] is State.EMPTY
    assert states(left, index__b=State.EMPTY)["saved_search:D"] is State.DEGRADED


def test_a_lookup_without_its_writer_is_stale_and_not_gone() -> None:
    graph = graph_of(
        obj("lookup", "seen", {"filename": "seen.csv"}),
        obj("saved_search", "fill", {"search": "index=a | outputlookup seen"}),
        detection("D", "index=b | lookup seen ip OUTPUT first | where isnull(first)"),
    )
    result = impact(graph, [change("disable", "saved_search", "fill")])
    assert result.degraded == ("lookup:seen", "saved_search:D")
    assert result.broken == ()


def test_a_search_that_feeds_the_lookup_it_reads_does_not_break_itself() -> None:
    graph = graph_of(
        obj("lookup", "seen", {"filename": "seen.csv"}),
        obj("saved_search", "fill", {"search": "index=a | inputlookup append=true seen | outputlookup seen"}),
    )
    assert graph.problems == ()
    assert not graph.baseline


def test_a_dashboard_breaks_only_with_all_its_panels() -> None:
    graph = graph_of(obj("dashboard", "board", {"searches": ["index=a | stats count", "index=b | stats count"]}))
    assert states(graph, index__a=State.EMPTY)["dashboard:board"] is State.DEGRADED
    assert states(graph, index__a=State.EMPTY, index__b=State.EMPTY)["dashboard:board"] is State.EMPTY


def test_a_graph_with_edits_on_top_equals_one_built_anew() -> None:
    """Random disablings and redefinitions, circles of macros included."""
    objects = random_set(1)
    graph = graph_of(*objects)
    for seed in range(25):
        rng = random.Random(seed)
        changes: list[ObjectChange] = []
        edited = list(objects)
        for item in rng.sample(objects, 3):
            if rng.random() < 0.5:
                changes.append(change("disable", item.kind, item.name))
                edited = [replace(o, disabled=True) if o is item else o for o in edited]
            else:
                other = rng.choice([o for o in objects if o.kind == item.kind])
                changes.append(change("modify", item.kind, item.name, dict(other.content)))
                edited = [replace(o, content={**o.content, **other.content}) if o is item else o for o in edited]
        plan = plan_changes(graph, changes)
        overlay = Overlay.of(graph, plan.edits)
        starts: dict[str, State] = {}
        for edit in plan.edits:
            assert edit.after is not None
            if edit.after.disabled:
                starts[edit.node] = dead_state(edit.kind)
            for node in needs_itself(overlay, edit.node):
                starts[node] = State.FAILED
        assert settled(overlay, starts) == dict(graph_of(*edited).baseline)


def test_a_macro_that_is_changed_to_contain_itself_fails_what_uses_it() -> None:
    graph = graph_of(macro("a", "`b`"), macro("b", "index=x"), detection("D", "`a`"))
    result = impact(graph, [change("modify", "macro", "b", {"definition": "index=x `a`"})])
    assert result.lost == ("saved_search:D",)
