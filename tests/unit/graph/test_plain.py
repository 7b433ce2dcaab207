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
from agentgate_mcp.graph.nodes import Force, Role
from agentgate_mcp.graph.plain import plain_impact, plain_reach
from agentgate_mcp.spl.knowledge import KnowledgeSet
from tests.unit.graph.samples import graph_of, random_set

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
