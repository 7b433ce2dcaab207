"""Shapes and references: every record is what its readers expect, every name exists."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from dataclasses import fields
from typing import Any, get_args

import pytest
import yaml

from agentgate_mcp.effects import ActionName
from agentgate_mcp.model.site import Asset, CaseRecord, KnowledgeObject, Team
from agentgate_mcp.synth.event import FIELDS

SOURCETYPES = {
    "network": {"zeek:conn", "zeek:dns", "zeek:http", "zeek:ssl"},
    "endpoint": {"sysmon", "edr:file"},
    "auth": {"wineventlog:security", "linux_secure", "okta:auth"},
    "email": {"mail:gateway"},
    "proxy": {"proxy:access"},
    "cloud": {"aws:cloudtrail"},
    "notable": {"stash"},
}


def _names(model: type) -> set[str]:
    return {f.name for f in fields(model)}


@pytest.mark.req("data.volume")
def test_counts_are_as_promised(bundle: Any) -> None:
    counts = bundle.load("MANIFEST.json")["counts"]
    assert counts["events"] == len(bundle.events) >= 20_000
    assert counts["cases"] == len(bundle.cases) == len(bundle.truth) == 14
    assert counts["assets"] == len(bundle.assets) >= 16
    assert counts["teams"] == len(bundle.load("teams.json")) == 3
    assert counts["knowledge_objects"] == len(bundle.objects) >= 44
    assert counts["saved_searches"] == len(bundle.kind("saved_search")) >= 22
    assert counts["runbooks"] == len(bundle.runbooks) >= 12
    assert counts["analyst_day_calls"] == len(bundle.day) >= 520


@pytest.mark.req("data.volume")
def test_files_stay_small(bundle: Any) -> None:
    sizes = {p.name: p.stat().st_size for p in (bundle.path / "telemetry").glob("*.jsonl")}
    assert max(sizes.values()) < 1_900_000
    assert sum(sizes.values()) < 9_000_000


@pytest.mark.req("data.schema")
def test_events_keep_to_the_schema(bundle: Any) -> None:
    known = set(FIELDS)
    for event in bundle.events:
        assert event.keys() <= known, event["event_id"]
        assert isinstance(event["_time"], float)
        assert all(isinstance(value, str) and value for name, value in event.items() if name != "_time"), event
        assert event["sourcetype"] in SOURCETYPES[event["index"]], event["event_id"]
    assert {event["index"] for event in bundle.events} == set(SOURCETYPES)


@pytest.mark.req("data.schema")
def test_event_ids_are_unique_and_times_lie_in_the_week(bundle: Any) -> None:
    ids = Counter(event["event_id"] for event in bundle.events)
    assert [name for name, count in ids.items() if count > 1] == []
    now = 1_795_176_000.0
    assert all(now - 7 * 86_400 <= event["_time"] < now for event in bundle.events)


@pytest.mark.req("data.schema")
def test_events_lie_in_the_file_of_their_index_and_day(bundle: Any) -> None:
    for path in (bundle.path / "telemetry").glob("*.jsonl"):
        times = re.findall(r'^\{"_time":(\d+)\.\d{3},', path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert times == sorted(times), path.name
        assert len(times) == len(path.read_text(encoding="utf-8").splitlines()), path.name


@pytest.mark.req("data.schema")
def test_unanswered_attempts_have_no_bytes(bundle: Any) -> None:
    attempts = [e for e in bundle.events if e.get("conn_state") == "S0"]
    assert attempts
    assert not any({"bytes_in", "bytes_out", "duration"} & e.keys() for e in attempts)


@pytest.mark.req("data.schema")
def test_inventory_has_the_shape_of_the_model(bundle: Any) -> None:
    assert all(asset.keys() == _names(Asset) for asset in bundle.assets.values())
    assert all(team.keys() == _names(Team) for team in bundle.load("teams.json"))
    roles = {asset["role"] for asset in bundle.assets.values()}
    assert roles >= {
        "domain controller",
        "dns",
        "gateway",
        "splunk",
        "gate",
        "workstation",
        "database",
        "iot",
        "backup",
    }
    assert {asset["criticality"] for asset in bundle.assets.values()} == {"low", "medium", "high", "critical"}


@pytest.mark.req("data.schema")
def test_cases_have_the_shape_of_the_model(bundle: Any) -> None:
    for case in bundle.cases.values():
        assert case.keys() == _names(CaseRecord)
        assert case["earliest"] < case["created_at"] < case["latest"]
        assert case["entities"].keys() <= {"host", "ip", "user", "domain", "url", "hash", "email"}


@pytest.mark.req("data.schema")
def test_knowledge_objects_have_the_shape_of_the_model(bundle: Any) -> None:
    ids = Counter((r["kind"], r["app"], r["name"]) for r in bundle.objects)
    assert max(ids.values()) == 1
    assert all(record.keys() == _names(KnowledgeObject) for record in bundle.objects)
    for name, record in bundle.kind("lookup").items():
        columns = set(record["content"]["fields"])
        assert all(row.keys() == columns for row in record["content"]["rows"]), name
        assert all(isinstance(value, str) for row in record["content"]["rows"] for value in row.values()), name


@pytest.mark.req("data.schema")
def test_runbooks_have_front_matter_and_real_content(bundle: Any) -> None:
    for name, text in bundle.runbooks.items():
        _, front, body = text.split("---\n", 2)
        matter = yaml.safe_load(front)
        assert matter.keys() == {"id", "title", "categories", "techniques", "actions", "severity", "updated"}
        assert matter["id"] == name
        assert set(matter["actions"]) <= set(get_args(ActionName))
        assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", t) for t in matter["techniques"])
        for section in ("## Triage questions", "## Queries", "## Containment", "## Escalation", "Roll back:", "```spl"):
            assert section in body, (name, section)


@pytest.mark.req("data.schema")
def test_feeds_and_allow_lists_have_their_shape(bundle: Any) -> None:
    for name, document in bundle.folder("threatintel").items():
        if name.startswith("feed-"):
            for entry in document["indicators"]:
                assert entry["kind"] == document["kind"]
                assert 0 <= entry["score"] <= 100
                assert entry["verdict"] in ("malicious", "suspicious", "benign", "unknown")
                assert entry["first_seen"] <= entry["last_seen"] <= "2026-11-20T12:00:00Z"
        else:
            assert {e["kind"] for e in document["entries"]} <= {"ip", "cidr", "domain_suffix"}
    assert {e["kind"] for e in bundle.intel.values()} == {"ip", "domain", "url", "hash"}


@pytest.mark.req("data.references")
def test_case_alerts_are_notable_events_of_the_case(bundle: Any) -> None:
    searches = bundle.kind("saved_search")
    for case_id, case in bundle.cases.items():
        own = {event["event_id"]: event for event in bundle.of_case(case_id)}
        assert case["alerts"]
        for alert in case["alerts"]:
            event = own[alert]
            assert event["index"] == "notable"
            assert event["source"] == event["signature"]
            assert event["signature"] in searches


@pytest.mark.req("data.references")
def test_case_entities_occur_in_its_events(bundle: Any) -> None:
    for case_id, case in bundle.cases.items():
        events = bundle.of_case(case_id)
        assert all(case["earliest"] <= event["_time"] < case["latest"] for event in events)
        text = {value for event in events for value in event.values() if isinstance(value, str)}
        for kind, values in case["entities"].items():
            for value in values:
                if kind == "host":
                    assert value in bundle.assets
                elif kind == "user":
                    assert value in bundle.identities
                assert any(value in item for item in text) or kind == "host", (case_id, kind, value)


@pytest.mark.req("data.references")
def test_truth_names_events_techniques_and_targets_that_exist(bundle: Any) -> None:
    for case_id, truth in bundle.truth.items():
        own = {event["event_id"] for event in bundle.of_case(case_id)}
        assert set(truth["key_event_ids"]) <= own
        assert len(truth["key_event_ids"]) >= 9
        assert truth["expected_targets"].keys() <= set(get_args(ActionName))
        malicious = truth["verdict"] == "malicious"
        assert bool(truth["techniques"]) is malicious
        assert bool(truth["expected_targets"]) is malicious
        assert bundle.truth[truth["twin"]]["twin"] == case_id
        assert bundle.truth[truth["twin"]]["verdict"] != truth["verdict"]
        protected = {"domain controller", "dns", "gateway", "splunk", "gate"}
        for host in truth["expected_targets"].get("isolate_host", ()):
            assert bundle.assets[host]["role"] not in protected
        for user in truth["expected_targets"].get("disable_user", ()):
            assert user in bundle.identities


@pytest.mark.req("data.references")
def test_covers_teams_owners_and_panels_name_what_exists(bundle: Any) -> None:
    teams = {team["name"] for team in bundle.load("teams.json")}
    accounts = set(bundle.identities)
    searches = bundle.kind("saved_search")
    for record in bundle.objects:
        assert record["team"] in teams
        assert record["owner"] in accounts
    for search in searches.values():
        assert set(search["content"]["agentgate.covers"]) <= bundle.assets.keys()
    for board in bundle.kind("dashboard").values():
        for query in board["content"]["searches"]:
            if named := re.match(r'\| savedsearch "(.+)"$', query):
                assert named.group(1) in searches
    for asset in bundle.assets.values():
        assert asset["owner_team"] in teams
        assert asset["owner"] in accounts
    for team in bundle.load("teams.json"):
        assert set(team["members"]) <= accounts
    for agent in bundle.load("agents.json").values():
        assert agent["team"] in teams


@pytest.mark.req("data.references")
def test_change_calendar_names_assets_and_windows(bundle: Any) -> None:
    rows = bundle.kind("lookup")["change_calendar"]["content"]["rows"]
    assert {row["host"] for row in rows} <= bundle.assets.keys()
    assert all(int(row["window_start"]) < int(row["window_end"]) for row in rows)


@pytest.mark.req("data.synthetic")
def test_addresses_are_private_or_for_documentation(bundle: Any) -> None:
    allowed = [
        ipaddress.ip_network(n)
        for n in ("10.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    ]
    for event in bundle.events:
        for name in ("src", "src_ip", "dest_ip"):
            if name in event:
                address = ipaddress.ip_address(event[name])
                assert any(address in net for net in allowed if net.version == address.version), event
    for value, entry in bundle.intel.items():
        if entry["kind"] == "ip":
            address = ipaddress.ip_address(value)
            assert any(address in net for net in allowed if net.version == address.version)


@pytest.mark.req("data.synthetic")
def test_names_end_in_reserved_domains(bundle: Any) -> None:
    hosts: set[str] = set()
    for event in bundle.events:
        hosts.update(re.findall(r"https?://([^/:]+)", event.get("url", "")))
        hosts.update(event[name] for name in ("ssl_server_name", "query") if name in event)
        hosts.update(event[name].rpartition("@")[2].rstrip(">") for name in ("sender", "recipient") if name in event)
    named = {h for h in hosts if not re.fullmatch(r"[\d.]+", h)}
    strangers = {h for h in named if not h.endswith((".example", ".test", ".invalid", ".in-addr.arpa"))}
    assert strangers == set()
