"""A narrowing that names a covered asset takes that asset's cover away."""

import pytest

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.impact import Impact, impact
from agentgate_mcp.model.site import Asset
from tests.unit.graph.samples import change, detection, graph_of, macro, obj

pytestmark = pytest.mark.req("graph.claims", "graph.narrowing")

SEARCH = "`win` host IN (dc01, dc02) | stats count BY user, src, host | `sole_filter`"


def machine(name: str, address: str) -> Asset:
    return Asset(
        asset_id=name,
        hostnames=(name, f"{name}.corp.example"),
        addresses=(address,),
        role="server",
        criticality="critical",
        tags=(),
        owner_team="soc",
    )


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return graph_of(
        detection("sole", SEARCH, covers=("dc01", "dc02")),
        detection("kind", "eventtype=signin | stats count BY host", covers=("web01",)),
        obj("eventtype", "signin", {"search": "index=os action=login"}),
        macro("win", "index=os sourcetype=sysmon"),
        macro("sole_filter", "search *"),
        assets=(machine("dc01", "10.20.1.10"), machine("dc02", "10.20.1.11"), machine("web01", "10.30.0.9")),
    )


def uncovered(result: Impact) -> set[str]:
    return {a.asset for a in result.assets if a.after == 0}


@pytest.mark.parametrize(
    "search",
    [
        SEARCH.replace("dc01, dc02", "dc02"),
        SEARCH + ' | where host!="dc01"',
        SEARCH + " | search NOT host=DC01.corp.example",
        SEARCH + " | search NOT host=*01",
        SEARCH + " | search NOT src=10.20.1.10",
        SEARCH + ' | where NOT cidrmatch("10.20.1.8/30", src)',
        SEARCH + ' | where NOT match(host, "^dc01")',
        SEARCH + ' | where lower(host)!="dc01"',
        SEARCH + " | search host=dc02",
    ],
)
def test_a_search_that_excludes_a_covered_asset_does_not_cover_it(graph: KnowledgeGraph, search: str) -> None:
    result = impact(graph, [change("modify", "saved_search", "sole", {"search": search})])
    assert "dc01" in uncovered(result)
    assert result.lost == ()


@pytest.mark.parametrize(
    ("name", "definition", "gone"),
    [
        ("win", "index=os sourcetype=sysmon NOT host=dc01", {"dc01"}),
        ("sole_filter", "search NOT host IN (dc01, dc02)", {"dc01", "dc02"}),
        ("sole_filter", "search NOT src=10.20.1.0/24", {"dc01", "dc02"}),
        ("sole_filter", "search NOT user=svc_backup", set[str]()),
        ("sole_filter", "search NOT user=*dc*", set[str]()),
        ("sole_filter", "search NOT src=10.20.3.40", set[str]()),
        ("sole_filter", "search NOT (host=dc01 user=svc_backup)", set[str]()),
        ("sole_filter", 'where match(host, "^dc0")', set[str]()),
    ],
)
def test_an_exclusion_in_a_macro_counts_for_whoever_uses_it(
    graph: KnowledgeGraph, name: str, definition: str, gone: set[str]
) -> None:
    assert uncovered(impact(graph, [change("modify", "macro", name, {"definition": definition})])) == gone


def test_an_exclusion_in_an_event_type_counts_for_whoever_uses_it(graph: KnowledgeGraph) -> None:
    edit = change("modify", "eventtype", "signin", {"search": "index=os action=login host!=web01"})
    assert uncovered(impact(graph, [edit])) == {"web01"}


def test_a_replacement_that_looks_away_from_an_asset_does_not_cover_it(graph: KnowledgeGraph) -> None:
    content = graph.nodes["saved_search:sole"].object
    assert content is not None
    settings = {**content.content, "search": SEARCH + ' | where host!="dc01"'}
    replaced = [change("create", "saved_search", "new", settings), change("disable", "saved_search", "sole")]
    assert uncovered(impact(graph, replaced)) == {"dc01"}
