"""From objects to a graph: nodes, groups, names, problems, hash."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.nodes import Force, Group, Role, State
from agentgate_mcp.model.site import KnowledgeObject, Team
from agentgate_mcp.spl.knowledge import KnowledgeSet
from tests.unit.graph.samples import asset, detection, graph_of, macro, obj

SET: tuple[KnowledgeObject, ...] = (
    macro("win", "index=os (sourcetype=sysmon OR source=security)"),
    macro("fmt", "eval $field$=strftime($field$, 1)", "field"),
    obj("lookup", "allow", {"filename": "allow.csv"}),
    obj("data_model", "Endpoint", {"objects": [{"objectName": "Processes", "constraints": [{"search": "`win`"}]}]}),
    obj("eventtype", "logon", {"search": "`win` action=success"}),
    obj("tag", "eventtype=logon", {"tags": ["authentication"]}),
    detection("A", "`win` | lookup allow.csv user OUTPUT ok | where isnull(ok) | `fmt(_time)`", covers=("host1",)),
    detection("B", "| tstats count from datamodel=Endpoint.Processes by host"),
    detection("C", "eventtype=logon | append [ search sourcetype=other ]"),
    obj("saved_search", "fill", {"search": "index=os | outputlookup allow"}),
    obj("dashboard", "board", {"searches": ['| savedsearch "A"', "tag=authentication | stats count"]}),
)


def groups(graph: KnowledgeGraph, node: str) -> set[Group]:
    return set(graph.groups_of(node))


@pytest.mark.req("graph.build")
def test_alternatives_of_a_macro_are_one_group_and_conjuncts_are_several() -> None:
    graph = graph_of(*SET)
    assert groups(graph, "macro:win") == {
        Group(members=("index:os",)),
        Group(members=("source:security", "sourcetype:sysmon")),
    }


@pytest.mark.req("graph.build")
def test_a_lookup_is_found_by_its_file_and_fed_by_its_writer() -> None:
    graph = graph_of(*SET)
    assert Group(members=("lookup:allow",)) in groups(graph, "saved_search:A")
    assert groups(graph, "lookup:allow") == {Group(members=("saved_search:fill",), role=Role.FEEDS)}
    assert Group(members=("lookup:allow",), force=Force.WEAK) in groups(graph, "saved_search:fill")


@pytest.mark.req("graph.build")
def test_a_dataset_needs_its_model_and_its_constraint() -> None:
    graph = graph_of(*SET)
    assert groups(graph, "data_model:Endpoint.Processes") == {
        Group(members=("data_model:Endpoint",), role=Role.CONTAINS),
        Group(members=("macro:win",)),
    }
    assert Group(members=("data_model:Endpoint.Processes",)) in groups(graph, "saved_search:B")


@pytest.mark.req("graph.build")
def test_data_of_an_appended_search_is_weak() -> None:
    graph = graph_of(*SET)
    assert Group(members=("eventtype:logon",)) in groups(graph, "saved_search:C")
    assert Group(members=("sourcetype:other",), force=Force.WEAK) in groups(graph, "saved_search:C")


@pytest.mark.req("graph.build")
def test_a_dashboard_shows_its_panels_and_a_tag_follows_its_event_type() -> None:
    graph = graph_of(*SET)
    assert groups(graph, "dashboard:board") == {Group(members=("panel:board#1", "panel:board#2"), role=Role.DISPLAYS)}
    assert Group(members=("saved_search:A",)) in groups(graph, "panel:board#1")
    assert Group(members=("tag:authentication",)) in groups(graph, "panel:board#2")
    assert groups(graph, "tag:authentication") == {Group(members=("tag:eventtype=logon",))}
    assert groups(graph, "tag:eventtype=logon") == {Group(members=("eventtype:logon",))}


@pytest.mark.req("graph.build")
def test_a_data_source_list_is_one_group_of_alternatives() -> None:
    graph = graph_of(detection("D", "index=a", agentgate__data_sources=["x", "y"]))
    assert Group(members=("data_source:x", "data_source:y")) in groups(graph, "saved_search:D")


@pytest.mark.req("graph.build")
def test_a_macro_under_not_or_beside_a_word_only_has_to_run() -> None:
    graph = graph_of(macro("m", "sourcetype=a"), detection("D", "index=x (`m` OR error) NOT `m`"))
    assert Group(members=("macro:m",), force=Force.RUNS) in groups(graph, "saved_search:D")


@pytest.mark.req("graph.build")
def test_same_names_in_two_apps_are_told_apart_and_resolved_from_the_users_app() -> None:
    graph = graph_of(
        macro("m", "index=a", app="one"),
        macro("m", "index=b", app="two"),
        detection("D", "`m`", app="two"),
    )
    assert {"macro:one/m", "macro:two/m"} <= graph.nodes.keys()
    assert Group(members=("macro:two/m",)) in groups(graph, "saved_search:D")
    assert graph.find("macro", "m") == ("macro:one/m", "macro:two/m")
    assert graph.find("macro", "m", "one") == ("macro:one/m",)
    assert graph.find("macro", "one/m") == ("macro:one/m",)


@pytest.mark.req("graph.build")
def test_macros_of_one_name_are_told_apart_by_their_arity() -> None:
    graph = graph_of(
        macro("m", "index=a"), macro("m(1)", "index=$x$", "x"), detection("D", "`m(b)`"), detection("E", "`m`")
    )
    assert Group(members=("macro:m(1)",)) in groups(graph, "saved_search:D")
    assert Group(members=("macro:m(0)",)) in groups(graph, "saved_search:E")


@pytest.mark.req("graph.build")
def test_an_index_pattern_means_the_indexes_that_are_defined() -> None:
    graph = graph_of(obj("index", "net_a"), obj("index", "net_b"), obj("index", "os"), detection("D", "index=net_*"))
    assert Group(members=("index:net_a", "index:net_b")) in groups(graph, "saved_search:D")


@pytest.mark.req("graph.hash")
def test_the_hash_does_not_depend_on_the_order_of_objects() -> None:
    first = graph_of(*SET, assets=(asset("host1"), asset("host2")))
    for seed in range(20):
        mixed = list(SET)
        random.Random(seed).shuffle(mixed)
        again = KnowledgeGraph.build(KnowledgeSet.from_objects(mixed), (asset("host2"), asset("host1")))
        assert again.hash == first.hash
        assert again.problems == first.problems
        assert again.groups == first.groups


@pytest.mark.req("graph.hash")
@given(st.sampled_from(range(len(SET))))
def test_the_hash_changes_with_any_disabled_object(position: int) -> None:
    changed = [obj(o.kind, o.name, dict(o.content), disabled=True) if i == position else o for i, o in enumerate(SET)]
    assert graph_of(*changed).hash != graph_of(*SET).hash


@pytest.mark.req("graph.problems")
def test_cyclic_macros_are_reported_and_break_what_needs_them() -> None:
    graph = graph_of(
        macro("a", "`b`"), macro("b", "`c`"), macro("c", "`a`"), macro("d", "`a`"), detection("D", "`d`"),
        detection("E", "index=x"),
    )  # fmt: skip
    cycles = [p for p in graph.problems if p.kind == "cycle"]
    assert [p.where for p in cycles] == ["macro:a"]
    assert "macro:a, macro:b, macro:c" in cycles[0].detail
    assert graph.baseline["saved_search:D"] is State.FAILED
    assert "saved_search:E" not in graph.baseline


@pytest.mark.req("graph.problems")
def test_a_macro_that_contains_itself_is_a_cycle() -> None:
    graph = graph_of(macro("a", "index=x `a`"))
    assert [p.kind for p in graph.problems] == ["cycle"]


@pytest.mark.req("graph.problems")
def test_a_dangling_name_is_reported_and_taken_to_exist_elsewhere() -> None:
    graph = graph_of(detection("D", "`not_here` | lookup missing a OUTPUT b"))
    assert {(p.where, p.kind) for p in graph.problems} == {("saved_search:D", "dangling")}
    assert len(graph.problems) == 2
    assert not graph.baseline


@pytest.mark.req("graph.problems")
def test_well_known_names_are_not_dangling() -> None:
    graph = graph_of(
        detection("D", "| tstats count from datamodel=Endpoint.Processes by x | `drop_dm_object_name(x)` | `d_filter`")
    )
    assert graph.problems == ()


@pytest.mark.req("graph.problems")
def test_a_wrong_number_of_arguments_is_reported() -> None:
    graph = graph_of(macro("m", "index=$a$", "a"), detection("D", "`m(1, 2)`"))
    assert [p.kind for p in graph.problems] == ["arity"]


@pytest.mark.req("graph.problems")
def test_two_objects_of_one_identity_are_reported_and_the_choice_is_stable() -> None:
    one, two = macro("m", "index=a"), macro("m", "index=b")
    first, second = graph_of(one, two), graph_of(two, one)
    assert [p.kind for p in first.problems] == ["duplicate"]
    assert first.hash == second.hash


@pytest.mark.req("graph.problems")
def test_an_unreadable_search_is_reported_with_its_place_and_the_rest_stands() -> None:
    graph = graph_of(detection("bad", "index=a | stats count by ["), detection("good", "index=b"))
    assert [(p.where, p.kind) for p in graph.problems] == [("saved_search:bad", "unreadable")]
    assert groups(graph, "saved_search:good") == {Group(members=("index:b",))}


@pytest.mark.req("graph.problems")
def test_unknown_assets_and_teams_are_reported() -> None:
    graph = KnowledgeGraph.build(
        KnowledgeSet.from_objects([detection("D", "index=a", covers=("ghost",))]),
        [asset("host1")],
        [Team(name="other", title="", members=())],
    )
    assert {(p.kind, p.where) for p in graph.problems} == {
        ("unknown_asset", "saved_search:D"),
        ("dangling", "asset:host1"),
    }
    assert graph.assets["ghost"].known is False


@pytest.mark.req("graph.build")
def test_the_exported_model_has_every_node_and_comes_back_equal() -> None:
    from agentgate_mcp.graph.adapter import model_from_json

    graph = graph_of(*SET, assets=(asset("host1"),))
    model = graph.model()
    assert model.node_count == len(graph.nodes)
    again = model_from_json(model.to_json())
    assert (again.node_count, again.edge_count) == (model.node_count, model.edge_count)
    assert again.descendants(["index:os"]) == model.descendants(["index:os"])
    assert model.shortest_path("index:os", "asset:host1") == ("index:os", "macro:win", "saved_search:A", "asset:host1")
    assert model.shortest_path("asset:host1", "index:os") == ()
