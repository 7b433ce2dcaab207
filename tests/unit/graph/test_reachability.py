"""Plain reachability against a second graph library and against published figures."""

import hashlib
import json
import random
from pathlib import Path

import networkx as nx
import pytest

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.content import load_objects
from agentgate_mcp.graph.coverage import coverage_of
from agentgate_mcp.graph.impact import impact
from agentgate_mcp.graph.nodes import Force, Role, State
from agentgate_mcp.graph.reachability import plain_impact, plain_reach
from agentgate_mcp.graph.scoring import impact_score
from agentgate_mcp.model.site import ObjectChange
from agentgate_mcp.spl.knowledge import KnowledgeSet
from tests.unit.graph.samples import change, graph_of, random_set, settled

pytestmark = pytest.mark.req("graph.plain")

_KINDS = {"datamodel": "data_model", "datasource": "data_source", "det": "saved_search"}


@pytest.fixture(scope="module")
def escu(corpora: Path) -> KnowledgeGraph:
    return KnowledgeGraph.build(KnowledgeSet.from_objects(load_objects(corpora / "escu")))


@pytest.fixture(scope="module")
def golden(corpora: Path) -> dict:
    return json.loads((corpora / "escu" / "removal_golden.json").read_text("utf-8"))


def node(graph: KnowledgeGraph, name: str) -> str:
    kind, _, rest = name.partition(":")
    kind = _KINDS.get(kind, kind)
    found = graph.find(kind, rest)
    assert len(found) == 1, name
    return found[0]


def oracle(graph: KnowledgeGraph) -> nx.DiGraph:
    """The same edges in networkx, read from the groups."""
    model = nx.DiGraph()
    model.add_nodes_from(graph.nodes)
    for dependent, groups in graph.groups.items():
        for group in groups:
            if group.role in (Role.REQUIRES, Role.DISPLAYS):
                for member in group.members:
                    quoted = member.startswith("macro:") and group.force is Force.WEAK
                    own_source = member.startswith("source:") and dependent.startswith("saved_search:")
                    if not quoted and not own_source:
                        model.add_edge(member, dependent)
    return model


def test_a_thousand_random_removals_equal_the_oracle() -> None:
    checked = 0
    for seed in range(4):
        graph = graph_of(*random_set(seed))
        model = oracle(graph)
        nodes = sorted(graph.nodes)
        rng = random.Random(seed)
        for _ in range(250):
            removed = rng.sample(nodes, rng.choice((1, 1, 1, 2, 5)))
            expected = set().union(*(nx.descendants(model, r) for r in removed)) - set(removed)
            assert plain_reach(graph, removed) == expected
            checked += 1
    assert checked == 1000


def test_every_removal_row_of_the_published_content_is_reproduced(escu: KnowledgeGraph, golden: dict) -> None:
    differing = []
    for name, row in golden["removal"].items():
        impact = plain_impact(escu, [node(escu, name)])
        names = "\n".join(f"det:{d.removeprefix('saved_search:')}" for d in impact.detections)
        found = {
            "detections": len(impact.detections),
            "lost": len(impact.lost),
            "to_one": len(impact.to_one),
            "techniques_touched": len(impact.techniques),
            "sha256_detections": hashlib.sha256(names.encode()).hexdigest()[:16],
            "lost_ids": list(impact.lost) if len(impact.lost) <= 60 else None,
        }
        if found != row:
            differing.append((name, found, row))
    assert differing == []
    assert len(golden["removal"]) == 2178


def test_published_coverage_is_reproduced(escu: KnowledgeGraph, golden: dict) -> None:
    coverage = coverage_of(escu, experimental=True)
    assert coverage.techniques == golden["coverage"]
    assert coverage.detections == golden["summary"]["active_detections"]
    sole = [d for d, t in coverage.sole.items() if any(x.startswith("technique:") for x in t)]
    assert len(sole) == golden["summary"]["single_detections_that_are_sole_cover"]


def test_hubs_of_the_published_content_equal_the_oracle(escu: KnowledgeGraph) -> None:
    model = oracle(escu)
    hubs = sorted(escu.nodes, key=lambda n: -len(escu.dependents_of(n)))[:100]
    for hub in hubs:
        assert plain_reach(escu, [hub]) == nx.descendants(model, hub)


@pytest.mark.req("graph.any-of", "graph.impact")
def test_published_content_in_the_products_own_reading(escu: KnowledgeGraph) -> None:
    hub = impact(escu, [change("delete", "macro", "security_content_ctime")])
    assert len(hub.lost) > 1_000
    assert len(hub.lost_techniques) > 150
    assert impact_score(hub) >= 80
    edited = impact(escu, [change("modify", "macro", "security_content_ctime", {"definition": "eval $field$=1"})])
    assert edited.lost == ()
    assert len(edited.degraded) > 1_000
    assert impact_score(edited) >= 50


@pytest.mark.req("graph.any-of")
def test_one_of_several_published_data_sources_lost_degrades_and_the_only_one_breaks(escu: KnowledgeGraph) -> None:
    source = "data_source:Sysmon EventID 1"
    found = settled(escu, {source: State.EMPTY})
    degraded = sum(s is State.DEGRADED for s in found.values())
    only = [n for n, s in found.items() if s.broken and n != source]
    assert degraded > 400
    assert 0 < len(only) < 10
    assert len(plain_impact(escu, [source]).detections) == 449


@pytest.mark.req("blast.friction", "graph.narrowing")
def test_forty_tunings_of_published_filters_are_small(escu: KnowledgeGraph) -> None:
    filters = [n for n in escu.nodes if n.startswith("macro:") and n.endswith("_filter")][:1600:40]
    assert len(filters) == 40
    for number, node_id in enumerate(filters):
        definition = (
            "search NOT user=svc_a",
            "search NOT dest IN (a, b)",
            "search NOT process=*agent*",
            "search NOT (user=x dest=y)",
        )
        settings = {"definition": definition[number % 4]}
        found = impact(escu, [change("modify", "macro", node_id.removeprefix("macro:"), dict(settings))])
        assert impact_score(found) <= 49, (node_id, found.losses)


@pytest.mark.req("blast.friction", "graph.narrowing")
def test_a_threshold_on_a_count_is_small_where_there_is_a_count_and_blinding_where_there_is_none(
    escu: KnowledgeGraph,
) -> None:
    counting, others = "o365_excessive_sso_logon_errors_filter", "icacls_grant_command_filter"
    scores = [impact_score(impact(escu, [_modified(name, "where count>3")])) for name in (counting, others)]
    assert scores[0] < 50 <= scores[1]


def _modified(name: str, definition: str) -> ObjectChange:
    return change("modify", "macro", name, {"definition": definition})
