"""Public searches: all of them parse, refer to what the gold says, and are judged as they are."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.layout import lay_out
from agentgate_mcp.spl.parser import parse
from agentgate_mcp.spl.refs import references_of
from tests.unit.spl.conftest import read_lines
from tests.unit.spl.samples import alarms, facts_of, is_active

pytestmark = pytest.mark.req("spl.corpora")

TYPED = frozenset(
    "search where eval head tail fields table sort dedup rename lookup inputlookup stats eventstats streamstats "
    "chart timechart tstats mstats".split()
)


def generic_commands(pipeline: ast.Pipeline) -> list[str]:
    found: list[str] = []
    todo = [pipeline]
    while todo:
        for command in todo.pop().commands:
            if isinstance(command, ast.Generic):
                found.append(command.command)
                todo.extend(command.subsearches)
    return found


def test_all_1824_content_update_searches_parse_raw_and_expanded(
    detections: list[dict[str, Any]], escu: KnowledgeSet
) -> None:
    assert len(detections) == 1824
    for row in detections:
        parse(row["search"])
        # Once macros are known, no form falls back to the generic reading.
        assert not TYPED & set(generic_commands(parse(expand(row["search"], escu).text))), row["path"]


def test_all_trackme_searches_parse_raw_and_expanded(
    trackme_searches: list[dict[str, Any]], trackme: KnowledgeSet
) -> None:
    assert len(trackme_searches) == 39
    for row in trackme_searches:
        parse(row["search"])
        assert not TYPED & set(generic_commands(parse(expand(row["search"], trackme).text))), row["name"]


def test_all_trackme_macros_can_be_laid_out_but_the_unbalanced_one(trackme_macros: list[dict[str, Any]]) -> None:
    problems: dict[str, SplError] = {}
    for macro in trackme_macros:
        try:
            lay_out(macro["definition"], fragment=True)
        except SplError as error:
            problems[macro["name"]] = error
    assert list(problems) == ["trackme_elastic_sources_simulate"]
    error = problems["trackme_elastic_sources_simulate"]
    assert (error.position, error.expected) == (1373, "an opening [ before it")


@pytest.mark.req("spl.references")
def test_references_equal_the_gold_with_precision_and_recall_1(corpora: Path, detections: list[dict[str, Any]]) -> None:
    gold_rows = read_lines(corpora / "escu" / "gold_refs.jsonl")
    assert [g["path"] for g in gold_rows] == [d["path"] for d in detections]
    different: list[tuple[str, str]] = []
    total = 0
    for row, gold in zip(detections, gold_rows, strict=True):
        found = references_of(row["search"])
        strong = {(m.name, m.arity) for m in found.macros if not m.weak}
        pairs = {
            "macros": (strong, {(m["name"], m["args"]) for m in gold["macros"]}),
            "weak": ({m.name for m in found.macros if m.weak}, set(gold["macros_weak"])),
            "lookups": (
                {(r.command, r.name) for r in found.lookups},
                {(command, name) for command, names in gold["lookups"].items() for name in names},
            ),
            "data models": (set(found.data_models), set(gold["datamodels"])),
        }
        for what, (got, expected) in pairs.items():
            total += len(expected)
            if got != expected:
                different.append((row["path"], what))
    assert different == []
    assert total == 6088 + 3 + 226 + 1013


@pytest.mark.req("spl.references")
def test_all_edges_of_the_removal_golden_come_from_references(
    corpora: Path, detections: list[dict[str, Any]], escu_macros: list[dict[str, Any]]
) -> None:
    with gzip.open(corpora / "escu" / "removal_edges.tsv.gz", "rt", encoding="utf-8") as lines:
        expected = {tuple(line.rstrip("\n").split("\t")) for line in lines}
    found: set[tuple[str, ...]] = set()
    for macro in escu_macros:
        refs = references_of(macro["definition"], definition=True)
        node = f"macro:{macro['name']}"
        found |= {(f"macro:{m.name}", node) for m in refs.macros if not m.weak}
        found |= {(f"lookup:{r.name}", node) for r in refs.lookups if r.command != "outputlookup"}
        values = {"index": refs.indexes, "sourcetype": refs.sourcetypes, "source": refs.sources}
        found |= {(f"{k}:{v}", node) for k, several in values.items() for v in several}
        found |= {(f"eventtype:{v}", node) for v in refs.eventtypes}
    for row in filter(is_active, detections):
        refs = references_of(row["search"])
        node = f"det:{row['name']}"
        found |= {(f"macro:{m.name}", node) for m in refs.macros if not m.weak}
        found |= {(f"lookup:{r.name}", node) for r in refs.lookups}
        values = {"index": refs.indexes, "sourcetype": refs.sourcetypes, "datamodel": refs.data_models}
        found |= {(f"{k}:{v}", node) for k, several in values.items() for v in several}
        found |= {(f"eventtype:{v}", node) for v in refs.eventtypes}
        found |= {(f"datasource:{d}", node) for d in row["data_source"]}
    assert found == expected
    assert len(found) == 9404


@pytest.mark.req("spl.risk")
def test_active_detections_are_judged_as_they_are(detections: list[dict[str, Any]], escu: KnowledgeSet) -> None:
    active = [row for row in detections if is_active(row)]
    assert len(active) == 1613
    raised: dict[str, set[str]] = {}
    for row in active:
        found = alarms(facts_of(row["search"], escu))
        if found:
            raised[row["path"]] = found
    writers = {path for path, found in raised.items() if "writes" in found}
    assert {Path(p).stem for p in writers} == {
        "detect_gcp_storage_access_from_a_new_ip",
        "detect_s3_access_from_a_new_ip",
        "detect_spike_in_blocked_outbound_traffic_from_your_aws",
        "detect_spike_in_s3_bucket_deletion",
    }
    assert not any("destructive" in found or "egress" in found for found in raised.values())
    # `map` runs a search for each row, so its final text is not known beforehand.
    mapped = {path for path in raised if path not in writers}
    assert mapped == {row["path"] for row in active if "map" in facts_of(row["search"], escu).commands}
    assert len(raised) <= 16


@pytest.mark.req("spl.risk")
def test_trackme_searches_that_write_show_their_targets(
    trackme_searches: list[dict[str, Any]], trackme: KnowledgeSet
) -> None:
    facts = {row["name"]: facts_of(row["search"], trackme) for row in trackme_searches}
    assert all(f.parsed for f in facts.values())
    purge = facts["TrackMe - Audit changes night purge"]
    assert purge.writes == ("outputlookup:trackme_audit_changes",)
    tracker = facts["TrackMe - Data sources availability short term tracker"]
    assert "mcollect:index=trackme_metrics" in tracker.writes
    assert "collect:index=trackme_summary" in tracker.writes
    # A saved search whose whole text is its argument, computed by a subsearch.
    sampling = facts["TrackMe - Data sampling engine for target"]
    assert "saved_search:runSPL: its arguments are computed" in sampling.unresolved
    assert facts["TrackMe - Backup KVstore collections and purge older backup files"].unknown_commands == ("trackme",)
