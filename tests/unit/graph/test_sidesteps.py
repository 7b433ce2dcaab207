"""Changes beside a detection that blind it: what its data is made of, and fields on their way to it."""

from __future__ import annotations

import pytest

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.impact import impact
from agentgate_mcp.graph.losses import settings_losses
from agentgate_mcp.graph.searches import compare_searches
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject, ObjectChange
from tests.unit.graph.samples import change, detection, graph_of, obj

pytestmark = pytest.mark.req("graph.losses")

SEARCH = 'index=a sourcetype=conn | where match(process, "clear|wipe") | table host'


def model(constraint: str, app: str = "models") -> KnowledgeObject:
    dataset: Json = {"objectName": "All", "parentName": "BaseEvent", "constraints": [{"search": constraint}]}
    return obj("data_model", "Traffic", {"objects": [dataset]}, app=app, sharing="global")


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return graph_of(
        model("index=a sourcetype=conn"),
        obj("lookup", "allow", {"filename": "allow.csv", "fields": ["dest", "owner"], "rows": [{"dest": "x"}]}),
        obj("sourcetype", "conn"),
        obj("index", "a"),
        detection("D", "| tstats count from datamodel=Traffic.All by All.src"),
        detection("S", SEARCH, techniques=("T2000",)),
        detection("L", "index=a | lookup allow dest OUTPUT owner | where isnull(owner)"),
    )


def worst(graph: KnowledgeGraph, *changes: ObjectChange) -> Grade | None:
    return max((x.grade for x in impact(graph, changes).losses), default=None)


def test_another_constraint_blinds_what_reads_the_data_model(graph: KnowledgeGraph) -> None:
    emptied = change("modify", "data_model", "Traffic", dict(model("index=none").content))
    assert "saved_search:D" in impact(graph, [emptied]).lost
    wider = change("modify", "data_model", "Traffic", dict(model("index=a sourcetype IN (conn, flow)").content))
    assert not impact(graph, [wider]).losses


def test_a_data_model_of_the_same_name_shadows_through_its_datasets(graph: KnowledgeGraph) -> None:
    made = ObjectChange(action="create", kind="data_model", name="Traffic", app="search", content={"objects": []})
    assert worst(graph, made) is Grade.MAJOR


def test_a_new_lookup_over_the_file_of_another_replaces_its_rows(graph: KnowledgeGraph) -> None:
    assert worst(graph, change("create", "lookup", "mine", {"filename": "allow.csv", "rows": [{"dest": "*"}]})) is (
        Grade.MAJOR
    )
    assert worst(graph, change("create", "lookup", "mine", {"filename": "mine.csv"})) is None


def test_a_lookup_without_a_column_decides_otherwise(graph: KnowledgeGraph) -> None:
    assert worst(graph, change("modify", "lookup", "allow", {"fields": ["dest"]})) is Grade.MAJOR
    assert worst(graph, change("modify", "lookup", "allow", {"fields": ["dest", "owner", "why"]})) is None


@pytest.mark.parametrize("kind", ["EVAL", "FIELDALIAS", "LOOKUP"])
def test_a_computed_field_of_a_searched_sourcetype_is_a_loss(graph: KnowledgeGraph, kind: str) -> None:
    content: dict[str, Json] = {"stanza": "conn", "type": kind, "value": "0"}
    assert worst(graph, change("create", "field_extraction", f"conn : {kind}-process", content)) is Grade.MAJOR
    elsewhere = content | {"stanza": "unsearched"}
    assert worst(graph, change("create", "field_extraction", f"unsearched : {kind}-process", elsewhere)) is None


def test_a_sourcetype_whose_events_are_dropped_is_a_loss(graph: KnowledgeGraph) -> None:
    assert worst(graph, change("modify", "sourcetype", "conn", {"TRANSFORMS-null": "setnull"})) is Grade.MAJOR
    assert worst(graph, change("modify", "sourcetype", "conn", {"category": "Network"})) is None


def test_retention_is_compared_with_the_default_where_none_was_set(graph: KnowledgeGraph) -> None:
    assert worst(graph, change("modify", "index", "a", {"maxTotalDataSizeMB": 1})) is Grade.MAJOR
    assert worst(graph, change("modify", "index", "a", {"maxTotalDataSizeMB": 900_000})) is None


@pytest.mark.parametrize(
    "between",
    [
        "fields host user",
        "fields - process",
        'foreach process [eval <<FIELD>>=""]',
        'replace "*clear*" WITH "x" IN process',
        "convert num(process)",
        "spath input=process output=process path=x",
        "untable host user process",
    ],
)
def test_a_command_that_takes_the_tested_field_away_is_a_loss(between: str) -> None:
    diff = compare_searches(SEARCH, SEARCH.replace("| where", f"| {between} | where"))
    assert diff.grade is not None and diff.grade >= Grade.MAJOR


@pytest.mark.parametrize(("pattern", "grade"), [("zzzz", Grade.MAJOR), ("clear|wipe|purge", Grade.MODERATE)])
def test_a_pattern_that_shares_no_word_with_the_old_looks_for_something_else(pattern: str, grade: Grade) -> None:
    assert compare_searches(SEARCH, SEARCH.replace("clear|wipe", pattern)).grade is grade


@pytest.mark.parametrize(("span", "grade"), [("1s", Grade.MAJOR), ("10m", None)])
def test_counting_over_a_shorter_time_reaches_a_threshold_less_often(span: str, grade: Grade | None) -> None:
    search = "index=a | bin _time span=5m | stats dc(file) AS files BY _time, host | where files>=25"
    assert compare_searches(search, search.replace("5m", span)).grade is grade


def test_notable_events_that_begin_closed_are_a_loss() -> None:
    before: dict[str, Json] = {"actions": "notable"}
    assert settings_losses("x", before, before | {"action.notable.param.default_status": "5"})


def test_a_private_replacement_does_not_count(graph: KnowledgeGraph) -> None:
    original = detection("R", SEARCH, techniques=("T2000",))
    off = change("disable", "saved_search", "S")
    for sharing, covered in (("app", True), ("user", False)):
        content = {**original.content, "sharing": sharing}
        made = change("create", "saved_search", "R", content)
        technique = next((t for t in impact(graph, [made, off]).techniques if t.id == "T2000"), None)
        assert (technique is None) is covered


def test_a_denial_that_looks_for_no_word_any_more_is_a_loss() -> None:
    old = 'index=a | where NOT match(tags, "clinical|hipaa") | table host'
    for pattern in (".", ".*", ""):
        found = compare_searches(old, f'index=a | where NOT match(tags, "{pattern}") | table host')
        assert found.grade is Grade.MAJOR, pattern
