"""The tree that tells an impact, and the graph as other programs read it."""

import json
import xml.etree.ElementTree as ET

import networkx as nx
import pytest

from agentgate_mcp.graph.adapter import model_from_json
from agentgate_mcp.graph.export import graph_json
from agentgate_mcp.graph.impact import impact
from agentgate_mcp.graph.outline import lines, outline, told_facts, told_impact
from agentgate_mcp.graph.pictures import MOST_DRAWN, picture_of
from agentgate_mcp.graph.tactics import attack_table
from agentgate_mcp.model.facts import ChangeFacts
from tests.unit.graph.samples import asset, change, detection, graph_of, macro, random_set


def sample():
    return graph_of(
        macro("base", "index=a"),
        detection("A", "`base`", techniques=("T1003", "T9999"), covers=("h1",), controls=("C 1",)),
        detection("B", "`base`", techniques=("T1003",), covers=("h1", "h2")),
        detection("C", "index=b", techniques=("T1003", "T1059.001"), covers=("h2",)),
        assets=(asset("h1"), asset("h2", "low")),
    )


@pytest.mark.req("graph.outline")
def test_an_impact_is_told_worst_first_with_names_and_reasons() -> None:
    found = impact(sample(), [change("delete", "macro", "base")])
    assert list(lines(outline(told_impact(found, "delete macro:base"), attack_table()))) == [
        "delete macro:base",
        "├ broken: 2",
        "│ ├ saved_search:A ← macro:base",
        "│ └ saved_search:B ← macro:base",
        "├ techniques: 2 changed, 1 lost, 1 left with one detection",
        "│ ├ T9999 (not in ATT&CK 18.0): 1 → 0, none left",
        "│ └ T1003 OS Credential Dumping: 3 → 1, one left",
        "├ controls: 1 changed, 1 lost, 0 left with one detection",
        "│ └ C 1: 1 → 0, none left",
        "├ assets losing cover: 2",
        "│ ├ h1 (critical, owner soc, declared): 2 → 0, none left",
        "│ └ h2 (low, owner soc, declared): 2 → 1, one left",
        "└ owners: soc",
    ]


@pytest.mark.req("graph.outline")
def test_a_harmless_change_says_so_and_long_lists_are_cut_with_a_count() -> None:
    nothing = ChangeFacts(action="create", targets=("macro:x",))
    assert list(lines(outline(told_facts(nothing, "create macro:x"), attack_table()))) == [
        "create macro:x",
        "└ nothing else is affected",
    ]
    many = nothing.model_copy(update={"broken": tuple(f"saved_search:{i}" for i in range(9))})
    told = list(lines(outline(told_facts(many, "x"), attack_table(), limit=2)))
    assert told[1:] == ["└ broken: 9", "  ├ saved_search:0", "  ├ saved_search:1", "  └ … and 7 more"]


@pytest.mark.req("graph.outline")
def test_no_name_breaks_out_of_its_line() -> None:
    facts = ChangeFacts(action="delete", targets=("m",), broken=("saved_search:a\n└ nothing\x1b[2J\u202e",))
    told = lines(outline(told_facts(facts, "t\nu"), attack_table()))
    assert all("\n" not in line and line.isprintable() for line in told)


@pytest.mark.req("graph.export")
def test_the_exported_graph_is_read_back_unchanged() -> None:
    graph = graph_of(*random_set(5), assets=(asset("h1"),))
    model = graph.model()
    written = json.loads(json.dumps(model.to_json()))
    again = model_from_json(written)
    assert (again.node_count, again.edge_count) == (model.node_count, model.edge_count)
    assert again.to_json() == model.to_json()
    parsed = nx.parse_graphml(model.to_graphml())
    assert set(parsed.nodes) == set(graph.nodes)
    assert parsed.number_of_edges() == model.edge_count


@pytest.mark.req("graph.export", "graph.drawing")
def test_graphml_holds_names_that_xml_cannot() -> None:
    graph = graph_of(detection('a<b>&"\x00\x1b\ud800', "index=a"))
    names = {n.get("id") for n in ET.fromstring(graph.model().to_graphml()).iter() if n.tag.endswith("}node")}
    assert 'saved_search:a<b>&"\\u{0}\\u{1b}\\u{d800}' in names


@pytest.mark.req("graph.export")
def test_the_json_form_has_everything_an_impact_depends_on() -> None:
    graph = sample()
    value = json.loads(json.dumps(graph_json(graph)))
    assert value["hash"] == graph.hash
    assert [n["id"] for n in value["nodes"]] == list(graph.nodes)
    assert sum(len(g) for g in graph.groups.values()) == len(value["groups"])
    assert {d["id"]: d["assets"] for d in value["detections"]} == {
        d.id: list(d.assets) for d in graph.detections.values()
    }
    assert [a["id"] for a in value["assets"]] == ["h1", "h2"]


@pytest.mark.req("graph.impact")
def test_as_many_losses_are_explained_as_are_asked_for() -> None:
    graph = graph_of(macro("m", "index=a"), *(detection(f"D{i:03}", "`m`") for i in range(70)))
    delete = [change("delete", "macro", "m")]
    assert len(impact(graph, delete).paths) == 50
    found = impact(graph, delete, explained=len(graph.nodes))
    assert found.paths == {f"saved_search:D{i:03}": ("macro:m", f"saved_search:D{i:03}") for i in range(70)}
    assert sum(look == "broken" for look in picture_of(graph, found).nodes.values()) == MOST_DRAWN == 50
