"""The analyst day: well-formed calls of existing tools on existing things, and enough variety."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

from agentgate_mcp.effects import Effects, effects_of
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.facts import read_search
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.tools import inputs

NOW = 1_795_176_000.0
MODELS: dict[str, type[Any]] = {
    "splunk_run_query": inputs.RunQuery,
    "splunk_get_info": inputs.Nothing,
    "splunk_get_indexes": inputs.Page,
    "splunk_get_index_info": inputs.IndexInfo,
    "splunk_get_metadata": inputs.Metadata,
    "splunk_get_user_info": inputs.Nothing,
    "splunk_get_user_list": inputs.Page,
    "splunk_get_kv_store_collections": inputs.Page,
    "splunk_get_knowledge_objects": inputs.KnowledgeObjects,
    "splunk_run_saved_search": inputs.RunSavedSearch,
    "telemetry_list_cases": inputs.ListCases,
    "telemetry_get_case": inputs.OneCase,
    "telemetry_search_events": inputs.SearchEvents,
    "telemetry_pivot": inputs.Pivot,
    "telemetry_pivot_domain": inputs.PivotDomain,
    "threatintel_enrich": inputs.Enrich,
    "threatintel_enrich_batch": inputs.EnrichBatch,
    "knowledge_get_runbook": inputs.GetRunbook,
    "knowledge_search_runbooks": inputs.SearchRunbooks,
    "response_request_action": inputs.RequestAction,
    "response_request_actions": inputs.RequestActions,
    "investigate_case": inputs.InvestigateCase,
    "get_case_report": inputs.CaseReport,
    "gate_preview": inputs.Preview,
    "propose_modify_saved_search": inputs.SetObject,
    "propose_create_saved_search": inputs.SetObject,
    "propose_modify_macro": inputs.SetObject,
    "propose_modify_lookup": inputs.SetObject,
}
APPROVAL_WORTHY = 8


def _effects(line: dict[str, Any]) -> Effects:
    """What the call would do, read from its arguments as the product fills them in."""
    full = MODELS[line["tool"]].model_validate_json(json.dumps(line["arguments"]), strict=True)
    return effects_of(line["tool"], full.model_dump(mode="json"))


@pytest.mark.req("data.day")
def test_every_line_has_the_shape_that_check_reads(bundle: Any) -> None:
    agents = bundle.load("agents.json")
    allowed = {"id", "session", "agent_id", "tool", "arguments", "raw_user_prompt", "incoming_context"}
    for number, line in enumerate(bundle.day, start=1):
        assert line["id"] == f"day-{number:04d}"
        assert line.keys() <= allowed
        assert line["agent_id"] in agents
        assert line["session"]


@pytest.mark.req("data.day")
def test_arguments_pass_the_strict_input_models(bundle: Any) -> None:
    for line in bundle.day:
        _effects(line)
        if line["tool"] == "gate_preview":
            inner = line["arguments"]
            MODELS[inner["tool"]].model_validate_json(json.dumps(inner["arguments"]), strict=True)


@pytest.mark.req("data.day")
def test_one_agent_per_session(bundle: Any) -> None:
    agents: dict[str, set[str]] = {}
    for line in bundle.day:
        agents.setdefault(line["session"], set()).add(line["agent_id"])
    assert all(len(found) == 1 for found in agents.values())
    assert len(agents) >= 60


@pytest.mark.req("data.day")
def test_the_day_is_varied(bundle: Any) -> None:
    assert len(bundle.day) >= 520
    shapes = {
        (line["tool"], re.sub(r"[\d.]+|wks-\d+|\b[a-z]\.[a-z]+\b", "#", json.dumps(line["arguments"], sort_keys=True)))
        for line in bundle.day
    }
    assert len(shapes) >= 120
    tools = Counter(line["tool"] for line in bundle.day)
    assert len(tools) >= 24
    assert sum("raw_user_prompt" not in line for line in bundle.day) >= 80
    assert sum("raw_user_prompt" in line for line in bundle.day) >= 300


@pytest.mark.req("data.day")
def test_sweeps_over_all_indexes_stay_within_a_day(bundle: Any) -> None:
    sweeps = [
        line
        for line in bundle.day
        if line["tool"] == "splunk_run_query" and line["arguments"]["query"].startswith("index=*")
    ]
    assert len(sweeps) >= 8
    assert sum(line["arguments"]["earliest_time"] != "-24h" for line in sweeps) == 1


@pytest.mark.req("data.day", "data.references")
def test_calls_refer_to_what_exists(bundle: Any) -> None:
    searches = bundle.kind("saved_search")
    indexes = bundle.kind("index").keys() | {"*"}
    for line in bundle.day:
        arguments = line["arguments"]
        for case_id in (arguments.get("case_id", ""),):
            assert not case_id or case_id in bundle.cases, line["id"]
        assert arguments.get("runbook_id", next(iter(bundle.runbooks))) in bundle.runbooks, line["id"]
        assert arguments.get("index", arguments.get("index_name", "*")) in indexes, line["id"]
        if line["tool"] == "splunk_run_saved_search":
            assert arguments["name"] in searches
        for change in _effects(line).changes:
            known = bundle.kind(change.kind)
            assert (change.name in known) is (change.action != "create"), line["id"]
            if change.name in known:
                assert change.app == known[change.name]["app"], line["id"]


@pytest.mark.req("data.day", "data.searches")
def test_searches_of_the_day_parse_and_resolve(bundle: Any) -> None:
    knowledge = KnowledgeSet.from_objects([KnowledgeObject(**record) for record in bundle.objects])
    problems: list[tuple[str, object]] = []
    for line in bundle.day:
        texts = [line["arguments"]["query"]] if line["tool"] == "splunk_run_query" else []
        texts += [str(c.content["search"]) for c in _effects(line).changes if "search" in c.content]
        for text in texts:
            facts = read_search(text, line["arguments"].get("earliest_time", "-24h"), "now", knowledge, NOW)
            trouble = facts.problem or facts.unresolved or facts.unknown_commands or facts.writes or facts.destructive
            if not facts.parsed or trouble:
                problems.append((line["id"], trouble))
    assert problems == []


@pytest.mark.req("data.day", "R10")
def test_changes_are_made_by_the_owning_team_with_the_target_named(bundle: Any) -> None:
    agents = bundle.load("agents.json")
    foreign = 0
    changes = [line for line in bundle.day if line["tool"].startswith("propose_")]
    assert len(changes) >= 20
    for line in changes:
        assert line["arguments"]["name"] in line["raw_user_prompt"], line["id"]
        for change in _effects(line).changes:
            known = bundle.kind(change.kind)
            if change.name in known:
                foreign += known[change.name]["team"] != agents[line["agent_id"]]["team"]
    assert foreign == 1


@pytest.mark.req("data.day", "R10")
def test_few_calls_are_worth_a_second_person(bundle: Any) -> None:
    real = [
        line
        for line in bundle.day
        if line["tool"].startswith("response_")
        and line["arguments"].get("simulate_response") is False
        and line["arguments"].get("action") != "create_ticket"
    ]
    month = [line for line in bundle.day if line["arguments"].get("earliest_time") == "-30d"]
    wide = [line for line in month if "index IN (network, " in line["arguments"]["query"]]
    assert len(real) == 2
    assert len(wide) == 1
    assert len(real) + len(wide) + 3 <= APPROVAL_WORTHY
    for line in bundle.day:
        for action in _effects(line).actions:
            if not action.simulate:
                assert action.target in line["raw_user_prompt"], line["id"]
