"""The friction budget: ordinary work is not held up, and what is risky is never let through."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp import config
from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.cli.checker import Checker
from agentgate_mcp.compose import offline_judge
from agentgate_mcp.model.decision import SideEffect

NOW = 1_795_176_000.0  # 2026-11-20T12:00:00Z
ACTIVE = 1613
WRITING = {
    "Detect GCP Storage access from a new IP",
    "Detect S3 access from a new IP",
    "Detect Spike in blocked Outbound Traffic from your AWS",
    "Detect Spike in S3 Bucket deletion",
}
"""The active detections whose search ends in outputlookup."""


def judged(state: Path, calls: Iterable[dict[str, Any]], knowledge: Path | None = None) -> list[dict[str, Any]]:
    judge = offline_judge(config.load(None, {"AGENTGATE_STATE_DIR": str(state)}), knowledge)
    checker = Checker(judge=judge, as_of=NOW)
    said: list[dict[str, Any]] = [checker.check(json.dumps(call), n) for n, call in enumerate(calls, 1)]
    assert [s for s in said if "error" in s] == []
    return said


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def query(name: str, spl: str, **arguments: str) -> dict[str, Any]:
    return {"id": name, "tool": "splunk_run_query", "arguments": {"query": spl, **arguments}}


@pytest.mark.req("R10", "cli.friction")
def test_the_analyst_day_is_not_held_up(tmp_path: Path) -> None:
    day = rows(bundled_dir("data") / "analyst_day.jsonl")
    said = judged(tmp_path, day)
    tools = offline_judge(config.load(None, {"AGENTGATE_STATE_DIR": str(tmp_path)})).tools
    reads = {c["id"] for c in day if tools[c["tool"]].spec.side_effect is SideEffect.READ}
    held = [s["id"] for s in said if s["decision"] == "REQUIRE_APPROVAL"]
    assert len(said) >= 500
    assert [s["id"] for s in said if s["decision"] == "BLOCK"] == []
    assert len(held) <= 10
    assert len(reads) >= 300
    assert len(reads.intersection(held)) <= 0.01 * len(reads)


@pytest.mark.req("R2", "R10", "cli.probes")
def test_risky_searches_are_never_let_through_and_ordinary_ones_are(tmp_path: Path, corpora: Path) -> None:
    probes = {p["id"]: p for p in rows(corpora / "spl_probes.jsonl")}
    said = judged(tmp_path, [query(p["id"], p["query"], **p.get("args", {})) for p in probes.values()])
    let_through = {s["id"] for s in said if s["decision"] == "ALLOW"}
    risky = {name for name, p in probes.items() if p["expect"] == "risky"}
    assert len(risky) >= 50
    assert {name: probes[name]["why"] for name in risky & let_through} == {}
    assert len(probes.keys() - risky - let_through) <= 1


@pytest.mark.req("R10", "cli.escu", "cli.knowledge")
def test_published_detections_run_and_only_those_that_write_lookups_are_held(tmp_path: Path, corpora: Path) -> None:
    active = [
        d
        for d in rows(corpora / "escu" / "detections.jsonl")
        if d["kind"] == "detection" and not d["deprecated"] and "deprecated" not in str(d["status"])
    ]
    assert len(active) == ACTIVE
    calls = [query(d["name"], d["search"], earliest_time="-24h") for d in active]
    said = judged(tmp_path, calls, corpora / "escu")
    held = {s["id"] for s in said if s["decision"] == "REQUIRE_APPROVAL"}
    assert len([s for s in said if s["decision"] == "BLOCK"]) <= 1
    assert held >= WRITING
    assert len(held - WRITING) <= 0.01 * ACTIVE
