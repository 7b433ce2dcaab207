"""A small data directory, written afresh for each test that wants one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.backends.ports import Backends, SearchJob, SearchResult
from agentgate_mcp.canonical import digest
from agentgate_mcp.effects import Effects, ResponseAction
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.model.site import ObjectChange
from agentgate_mcp.permits import Permit, PermitBook, PermitKind

NOW = 1_795_176_000.0
GUARD = RuntimeGuard(max_time_s=60, max_rows=10_000, max_bytes=50_000_000)

EVENTS: list[dict[str, Any]] = [
    {"_time": NOW - 600, "event_id": "e-1", "index": "network", "sourcetype": "zeek:conn", "host": "sensor01",
     "src": "10.0.0.1", "dest": "192.0.2.7", "dest_port": "443", "transport": "tcp", "bytes_out": "100",
     "action": "allowed"},
    {"_time": NOW - 500.5, "event_id": "e-2", "index": "network", "sourcetype": "zeek:conn", "host": "sensor01",
     "src": "10.0.0.12", "dest": "192.0.2.7", "dest_port": "80", "transport": "tcp", "bytes_out": "1000",
     "action": "allowed"},
    {"_time": NOW - 400, "event_id": "e-3", "index": "network", "sourcetype": "zeek:dns", "host": "sensor01",
     "src": "10.0.0.1", "dest": "10.0.0.53", "query": "Login.Example", "answer": ["192.0.2.7", "192.0.2.8"],
     "rtt": "0.1"},
    {"_time": NOW - 300, "event_id": "e-4", "index": "auth", "sourcetype": "okta:auth", "host": "idp", "user": "A.Lund",
     "action": "failure", "reason": "bad password", "src": "198.51.100.9"},
    {"_time": NOW - 200, "event_id": "e-5", "index": "auth", "sourcetype": "okta:auth", "host": "idp", "user": "a.lund",
     "action": "success", "src": "198.51.100.9", "_raw": "a.lund signed in from 198.51.100.9 with agent \"curl/8\""},
    {"_time": NOW - 100, "event_id": "e-6", "index": "_internal", "sourcetype": "splunkd", "host": "splunk01",
     "msg": "metrics"},
    {"_time": NOW - 50, "event_id": "e-7", "index": "endpoint", "sourcetype": "sysmon", "host": "wks-1", "user": "b",
     "process": "powershell.exe -enc SQBFAFgA", "process_name": "powershell.exe", "bytes_out": "9"},
]  # fmt: skip

OBJECTS: list[dict[str, Any]] = [
    {"kind": "saved_search", "name": "Brute Force", "app": "detections", "owner": "a.lund", "sharing": "app",
     "team": "soc", "disabled": False, "content": {"search": "index=auth action=failure", "is_scheduled": True},
     "updated": "2026-11-01T00:00:00Z"},
    {"kind": "saved_search", "name": "Twin", "app": "detections", "owner": "a.lund", "sharing": "app", "team": "soc",
     "disabled": False, "content": {"search": "index=auth"}, "updated": ""},
    {"kind": "saved_search", "name": "Twin", "app": "identity", "owner": "g.novak", "sharing": "app",
     "team": "identity", "disabled": False, "content": {"search": "index=auth"}, "updated": ""},
    {"kind": "macro", "name": "sign_ins", "app": "detections", "owner": "a.lund", "sharing": "global", "team": "soc",
     "disabled": False, "content": {"definition": "index=auth sourcetype=okta:auth"}, "updated": ""},
    {"kind": "macro", "name": "of_user(1)", "app": "detections", "owner": "a.lund", "sharing": "global", "team": "soc",
     "disabled": False, "content": {"definition": "user=$u$", "args": "u"}, "updated": ""},
    {"kind": "lookup", "name": "allow.csv", "app": "detections", "owner": "a.lund", "sharing": "global", "team": "soc",
     "disabled": False, "content": {"collection": "allow", "rows": [{"dest": "192.0.2.7"}]}, "updated": ""},
    {"kind": "kv_collection", "name": "allow", "app": "detections", "owner": "a.lund", "sharing": "app", "team": "soc",
     "disabled": False, "content": {"fields": ["dest"]}, "updated": ""},
    {"kind": "index", "name": "cloud", "app": "system", "owner": "nobody", "sharing": "global", "team": "soc",
     "disabled": False, "content": {"description": "Cloud audit trail"}, "updated": ""},
]  # fmt: skip

CASE: dict[str, Any] = {
    "case_id": "1001", "title": "Sign-in failures", "description": "Several failures.", "severity": "high",
    "status": "new", "category": "brute_force", "created_at": NOW - 90, "earliest": NOW - 600, "latest": NOW,
    "source": "notable", "entities": {"user": ["a.lund"]}, "alerts": ["e-4"],
}  # fmt: skip

FEED: dict[str, Any] = {
    "feed": "harbour", "kind": "mixed", "publisher": "Harbour",
    "indicators": [
        {"indicator": "evil.example", "kind": "domain", "score": 80, "verdict": "malicious", "families": ["kit"],
         "techniques": ["T1566.002"], "first_seen": "2026-11-01T00:00:00Z", "last_seen": "2026-11-18T00:00:00Z",
         "description": "Imitates a portal"},
        {"indicator": "192.0.2.7", "kind": "ip", "score": 60, "verdict": "suspicious", "families": ["scan"]},
        {"indicator": "198.51.100.0/28", "kind": "ip", "score": 40, "verdict": "suspicious"},
        {"indicator": "http://203.0.113.5/a.bin", "kind": "url", "score": 90, "verdict": "malicious"},
        {"indicator": "ab" * 32, "kind": "hash", "score": 95, "verdict": "malicious"},
    ],
}  # fmt: skip
ALLOW: dict[str, Any] = {
    "list": "cdn", "description": "Shared networks.",
    "entries": [{"kind": "cidr", "value": "192.0.2.0/29"}, {"kind": "domain_suffix", "value": "cdn.example"},
                {"kind": "ip", "value": "10.0.0.53"}],
}  # fmt: skip
RUNBOOK = """---
id: rb-brute-force
title: Brute force
categories: [brute_force]
techniques: [T1110]
actions: [disable_user]
severity: high
updated: "2026-10-01"
---

# Brute force

Look at the failures first.
"""

TEAMS = [{"name": "soc", "title": "SOC", "members": ["b.mensah", "a.lund"]}]
IDENTITIES = [{"user": "a.lund", "name": "Ada Lund", "email": "a.lund@corp.example", "department": "security"}]


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def write_lines(path: Path, events: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(e) + "\n" for e in events), encoding="utf-8")


def write_data(root: Path, events: Sequence[dict[str, Any]] = EVENTS) -> Path:
    """A complete data directory without a manifest."""
    write_lines(root / "telemetry" / "all.jsonl", events)
    write_json(root / "knowledge" / "objects.json", OBJECTS)
    write_json(root / "cases" / "1001.json", CASE)
    write_json(root / "threatintel" / "feed.json", FEED)
    write_json(root / "threatintel" / "allow.json", ALLOW)
    (root / "runbooks").mkdir(exist_ok=True)
    (root / "runbooks" / "rb.md").write_text(RUNBOOK, encoding="utf-8")
    write_json(root / "teams.json", TEAMS)
    write_json(root / "identities.json", IDENTITIES)
    return root


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return write_data(tmp_path / "data")


@pytest.fixture
def book() -> PermitBook:
    return PermitBook()


@pytest.fixture
def open_backend(tmp_path: Path, data_dir: Path, book: PermitBook) -> Callable[[], Backends]:
    """Opens the backend over the same data and state, as often as asked."""
    return lambda: open_embedded(data_dir, tmp_path / "state", book, lambda: NOW)


@pytest.fixture
def backends(open_backend: Callable[[], Backends]) -> Backends:
    return open_backend()


@pytest.fixture(scope="session")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Backends:
    """One backend for all tests that only search."""
    root = tmp_path_factory.mktemp("shared")
    return open_embedded(write_data(root / "data"), root / "state", PermitBook(), lambda: NOW)


def _object(kind: str, name: str, **content: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "app": "search", "owner": "a.lund", "sharing": "global", "team": "soc",
            "disabled": False, "content": content, "updated": ""}  # fmt: skip


SOURCES: list[dict[str, Any]] = [
    _object("lookup", "assets.csv", fields=["ip", "name", "tier"], rows=[
        {"ip": "10.0.0.1", "name": "one", "tier": "gold"}, {"ip": "10.0.0.12", "name": "twelve"},
        {"ip": "10.0.0.1", "name": "uno", "tier": "gold"}]),
    _object("lookup", "nets.csv", match_type="CIDR(net)", rows=[
        {"net": "10.0.0.0/8", "zone": "inside"}, {"net": "198.51.100.0/24", "zone": "outside"}]),
    _object("lookup", "names.csv", match_type="WILDCARD(pattern)", case_sensitive_match="false", max_matches=1, rows=[
        {"pattern": "*.EXAMPLE", "owner": "docs"}, {"pattern": "login.*", "owner": "web"}]),
    _object("eventtype", "sign_in_failed", search="`sign_ins` action=failure", tags=["authentication"]),
    _object("eventtype", "sign_in_worked", search="`sign_ins` action=success"),
    _object("eventtype", "looks_elsewhere", search="index=auth [search index=network | fields src]"),
    _object("tag", "eventtype=sign_in_worked", field_name_value="eventtype=sign_in_worked", tags={"fine": "enabled"}),
    _object("tag", "host=idp", field_name_value="host=idp", tags={"identity": "enabled", "old": "disabled"}),
    _object("tag", "tag=ring", tags=["ring"]),
    _object("saved_search", "From host", search="host=$host$ | stats count by action"),
    _object("data_model", "Net", objects=[
        {"objectName": "All", "parentName": "BaseEvent", "constraints": [{"search": "index=network"}],
         "fields": [{"fieldName": "src"}, {"fieldName": "dest"}, {"fieldName": "bytes_out"}],
         "calculations": [{"calculationType": "Eval", "expression": "if(dest_port=443,\"tls\",\"other\")",
                           "outputFields": [{"fieldName": "kind"}]}]},
        {"objectName": "Web", "parentName": "All", "constraints": "dest_port=443 OR dest_port=80",
         "fields": [{"fieldName": "dest_port"}]}]),
]  # fmt: skip


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[dict[str, Any]]]:
    """Rows of a search over the small data directory with lookups, models, event types and tags."""
    root = tmp_path_factory.mktemp("sources")
    write_data(root / "data")
    write_json(root / "data" / "knowledge" / "sources.json", SOURCES)
    port = open_embedded(root / "data", root / "state", PermitBook(), lambda: NOW).search

    def rows(query: str) -> list[dict[str, Any]]:
        job = SearchJob(query=query, earliest="", latest="", now=NOW, guard=GUARD)
        return [dict(row) for row in port.search(job).rows]

    return rows


@pytest.fixture
def run(read_only: Backends) -> Callable[..., SearchResult]:
    """Runs a search over the small data directory, all time unless told otherwise."""

    def search(query: str, earliest: str = "", latest: str = "", guard: RuntimeGuard = GUARD) -> SearchResult:
        return read_only.search.search(SearchJob(query=query, earliest=earliest, latest=latest, now=NOW, guard=guard))

    return search


@pytest.fixture
def permit_for(book: PermitBook) -> Callable[..., Permit]:
    """Mints a permit for changes, actions or a rollback."""

    def mint(
        *things: ObjectChange | ResponseAction | str, kind: PermitKind = PermitKind.EFFECT, seq: int = 7
    ) -> Permit:
        changes = tuple(t for t in things if isinstance(t, ObjectChange))
        actions = tuple(t for t in things if isinstance(t, ResponseAction))
        texts = [t for t in things if isinstance(t, str)]
        of = digest(list(texts)) if texts else digest(Effects(changes=changes, actions=actions).to_json())
        return book.mint(kind=kind, digest=of, call_id="call-1", intent_seq=seq)

    return mint
