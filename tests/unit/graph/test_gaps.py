"""Gaps: what the content names and does not cover, and which tactics have nothing."""

import pytest

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.coverage import coverage_of
from agentgate_mcp.graph.gaps import gaps_of
from agentgate_mcp.graph.tactics import attack_table
from tests.unit.graph.samples import detection, graph_of, macro

pytestmark = pytest.mark.req("graph.gaps")


def found(graph: KnowledgeGraph):
    table = attack_table()
    named = (t.removeprefix("technique:") for t in graph.covering if t.startswith("technique:"))
    coverage = coverage_of(graph, tactics=table.by_technique(named))
    return coverage, gaps_of(graph, coverage, table)


def test_a_technique_with_only_idle_detections_is_a_gap_with_its_reasons() -> None:
    _, gaps = found(
        graph_of(
            detection("Off", "index=a", techniques=("T1059.001",), disabled=True),
            detection("Trial", "index=a", techniques=("T1059.001",), agentgate__status="experimental"),
            detection("Broken", "`gone`", techniques=("T1059.001",)),
            macro("gone", "index=a", disabled=True),
            detection("Good", "index=a", techniques=("T1046", "T9999", "T1086")),
        )
    )
    (gap,) = gaps.techniques
    assert gap.technique == "T1059.001"
    assert gap.reasons == {
        "disabled": ("saved_search:Off",),
        "experimental": ("saved_search:Trial",),
        "what it needs is broken": ("saved_search:Broken",),
    }
    assert gaps.not_current == {"T1086": "T1059.001", "T9999": "unknown"}


def test_a_tactic_is_empty_when_nothing_of_it_counts() -> None:
    coverage, gaps = found(
        graph_of(
            detection("Good", "index=a", techniques=("T1046",)),
            detection("Off", "index=a", techniques=("T1486",), disabled=True),
        )
    )
    empty = {g.tactic.short: g.idle for g in gaps.tactics}
    assert coverage.tactics["discovery"] == 1
    assert "discovery" not in empty
    assert empty["impact"] == 1
    assert empty["exfiltration"] == 0
    assert len(empty) == 13


def test_coverage_without_some_detections_is_that_of_a_graph_without_them() -> None:
    objects = [detection(n, "index=a", techniques=t) for n, t in (("A", ("T1003",)), ("B", ("T1003", "T1046")))]
    whole = graph_of(*objects)
    without = coverage_of(whole, without=frozenset({"saved_search:B"}))
    assert (without.techniques, without.detections) == ({"T1003": 1, "T1046": 0}, 1)
    assert without.families == {"T1003": 1, "T1046": 0}


def test_gaps_of_published_content(published: KnowledgeGraph) -> None:
    coverage, gaps = found(published)
    assert {g.technique for g in gaps.techniques} == {t for t, n in coverage.techniques.items() if n == 0}
    assert all(set(g.reasons) == {"experimental"} for g in gaps.techniques)
    assert gaps.not_current == {"T1574.002": "T1574.001"}
    assert gaps.tactics == ()
