"""Knowledge objects: searches parse, macros resolve, and coverage is as the policies need it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.facts import read_search
from agentgate_mcp.spl.knowledge import KnowledgeSet

NOW = 1_795_176_000.0


@pytest.fixture(scope="module")
def knowledge(bundle: Any) -> KnowledgeSet:
    return KnowledgeSet.from_objects([KnowledgeObject(**record) for record in bundle.objects])


def _searches(bundle: Any) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    for record in bundle.objects:
        content = record["content"]
        match record["kind"]:
            case "saved_search" | "eventtype":
                out.append((record["name"], content["search"]))
            case "dashboard":
                out += [(record["name"], query) for query in content["searches"]]
            case "data_model":
                out += [(record["name"], c["search"]) for o in content["objects"] for c in o["constraints"]]
            case _:
                continue
    for name, text in bundle.runbooks.items():
        out += [(name, query) for query in re.findall(r"```spl\n(.*?)\n```", text, flags=re.DOTALL)]
    return out


@pytest.mark.req("data.searches")
def test_every_search_parses_and_resolves(bundle: Any, knowledge: KnowledgeSet) -> None:
    found = _searches(bundle)
    assert len(found) > 110
    problems: list[tuple[str, object]] = []
    for name, text in found:
        facts = read_search(text, "-24h", "now", knowledge, NOW)
        if not facts.parsed or facts.unresolved or facts.unknown_commands or facts.destructive:
            problems.append((name, facts.problem or facts.unresolved or facts.unknown_commands or facts.destructive))
    assert problems == []


@pytest.mark.req("data.searches")
def test_only_the_refresh_search_writes(bundle: Any, knowledge: KnowledgeSet) -> None:
    writers = {
        name: facts.writes
        for name, text in _searches(bundle)
        if (facts := read_search(text, "-24h", "now", knowledge, NOW)).writes or facts.egress
    }
    assert writers == {"SOC - Refresh First Seen Destinations": ("outputlookup:first_seen_destinations",)}


@pytest.mark.req("data.references")
def test_macro_calls_name_a_macro_of_that_arity(bundle: Any, knowledge: KnowledgeSet) -> None:
    texts = [text for _, text in _searches(bundle)]
    texts += [record["content"]["definition"] for record in bundle.kind("macro").values()]
    calls = {call for text in texts for call in re.findall(r"`([^`]+)`", text)}
    assert len(calls) > 60
    for call in calls:
        name, _, rest = call.partition("(")
        arity = len(rest.rstrip(")").split(",")) if rest else 0
        assert knowledge.macro(name, arity) is not None, call


@pytest.mark.req("data.references")
def test_lookup_calls_name_a_lookup_and_its_columns(bundle: Any) -> None:
    lookups = bundle.kind("lookup")
    texts = [text for _, text in _searches(bundle)] + [
        m["content"]["definition"] for m in bundle.kind("macro").values()
    ]
    for text in texts:
        for name, key in re.findall(r"\|? ?lookup (\w+) (\w+)", text):
            assert name in lookups, text
            assert key in lookups[name]["content"]["fields"], text
        for name in re.findall(r"(?:input|output)lookup (?:append=true )?(\w+)", text):
            assert name in lookups, text


@pytest.mark.req("data.references")
def test_every_detection_has_its_filter_macro(bundle: Any) -> None:
    macros = bundle.kind("macro")
    for name, record in bundle.detections.items():
        macro = macros["_".join(re.findall(r"[a-z0-9]+", name.lower())) + "_filter"]
        assert macro["content"]["definition"] == "search *"
        assert macro["team"] == record["team"]
        assert f"`{macro['name']}`" in record["content"]["search"]


@pytest.mark.req("data.schema")
def test_detections_carry_schedule_severity_and_claims(bundle: Any) -> None:
    assert len(bundle.detections) >= 22
    for name, record in bundle.detections.items():
        content = record["content"]
        assert len(content["cron_schedule"].split()) == 5, name
        assert content["dispatch.earliest_time"].startswith("-"), name
        assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", t) for t in content["agentgate.techniques"]), name
        assert content["agentgate.covers"], name
        assert content["agentgate.status"] in ("production", "experimental"), name


def _cover(bundle: Any) -> dict[str, list[str]]:
    cover: dict[str, list[str]] = {asset: [] for asset in bundle.assets}
    for name, record in bundle.detections.items():
        if not record["disabled"] and record["content"]["agentgate.status"] == "production":
            for asset in record["content"]["agentgate.covers"]:
                cover[asset].append(name)
    return cover


@pytest.mark.req("data.coverage")
def test_one_detection_alone_covers_the_domain_controller(bundle: Any) -> None:
    assert bundle.assets["dc01"]["criticality"] == "critical"
    assert _cover(bundle)["dc01"] == ["Identity - Directory Replication By Non-Controller"]


@pytest.mark.req("data.coverage")
def test_disabled_and_experimental_detections_claim_the_domain_controller_in_vain(bundle: Any) -> None:
    idle = [r for r in bundle.detections.values() if r["disabled"] or r["content"]["agentgate.status"] != "production"]
    assert {(r["disabled"], r["content"]["agentgate.status"]) for r in idle} == {
        (True, "production"),
        (False, "experimental"),
    }
    assert all("dc01" in r["content"]["agentgate.covers"] for r in idle)


@pytest.mark.req("data.coverage")
@pytest.mark.parametrize("tag", ["pci", "hipaa"])
def test_tagged_assets_are_covered_once_and_twice(bundle: Any, tag: str) -> None:
    cover = _cover(bundle)
    counts = sorted(len(cover[name]) for name, asset in bundle.assets.items() if tag in asset["tags"])
    assert counts[:2] == [1, 2]
    assert counts[-1] >= 3


@pytest.mark.req("data.coverage")
def test_other_critical_assets_have_more_than_one_detection(bundle: Any) -> None:
    cover = _cover(bundle)
    critical = [name for name, asset in bundle.assets.items() if asset["criticality"] == "critical" and name != "dc01"]
    assert {name for name in critical if len(cover[name]) < 2} == set()


@pytest.mark.req("data.coverage")
def test_a_redundant_detection_can_go_without_loss(bundle: Any) -> None:
    cover = _cover(bundle)
    spare = bundle.detections["Network - Chat Or Remote Shell Protocol From Device"]["content"]["agentgate.covers"]
    assert all(len(cover[asset]) >= 4 for asset in spare)


@pytest.mark.req("data.coverage")
def test_teams_actions_and_a_poisoned_description_are_there(bundle: Any) -> None:
    searches = bundle.kind("saved_search")
    assert {record["team"] for record in searches.values()} == {"soc-detect", "identity", "network"}
    assert "email" in searches["SOC - Daily Alert Summary"]["content"]["actions"].split(",")
    poisoned = [n for n, r in searches.items() if "ignore your previous instructions" in r["content"]["description"]]
    assert poisoned == ["Proxy - Rare User Agent"]


@pytest.mark.req("data.schema")
def test_index_objects_count_the_events(bundle: Any) -> None:
    for name, record in bundle.kind("index").items():
        count = sum(event["index"] == name for event in bundle.events)
        assert record["content"]["totalEventCount"] == str(count)
    assert {"_internal", "_audit", "agentgate_audit"} <= bundle.kind("index").keys()


@pytest.mark.req("R8", "data.schema")
def test_the_collector_token_object_holds_no_token(bundle: Any) -> None:
    assert "token" not in json.dumps([r["content"] for r in bundle.kind("hec_token").values()])
