"""The gate on published detections: what is stopped, what is not held up, and what is caught."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.model.decision import Decision
from tests.unit.blast.escu import GOLDEN, Bench, bench_of, change, facts_of, table

Table = dict[str, Any]


@pytest.fixture(scope="module")
def bench(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return bench_of(corpora, tmp_path_factory.mktemp("escu"))


@pytest.fixture(scope="module")
def judged(bench: Bench) -> Table:
    return table(bench)


@pytest.mark.req("blast.escu")
def test_the_verdicts_on_published_content_are_those_of_the_golden_table(judged: Table) -> None:
    assert judged == json.loads(GOLDEN.read_text("utf-8"))


@pytest.mark.req("blast.escu", "R10")
def test_forty_ordinary_tunings_are_not_blocked_and_few_are_held(judged: Table) -> None:
    decisions = [row["decision"] for row in judged["ordinary"]]
    assert len({row["object"] for row in judged["ordinary"]}) == len(decisions) >= 40
    assert decisions.count("BLOCK") == 0
    assert decisions.count("REQUIRE_APPROVAL") <= 10


@pytest.mark.req("blast.escu", "graph.losses")
def test_each_kind_of_blinding_is_caught_with_its_typed_loss(judged: Table) -> None:
    rows = judged["blinding"]
    assert len(rows) >= 24
    assert [r["kind"] for r in rows if r["decision"] == "ALLOW"] == []
    assert [(r["kind"], r["losses"]) for r in rows if r["loss"] not in r["losses"]] == []


@pytest.mark.req("blast.escu", "policy.shipped")
def test_every_outcome_of_the_policies_on_changes_is_reached(judged: Table) -> None:
    for row in judged["policies"]:
        fired = row["policy"] in row["policies"]
        assert (row["decision"], fired) == (row["expect"], row["expect"] != "ALLOW"), row
    reached = {(row["policy"], row["expect"]) for row in judged["policies"]}
    assert reached >= {
        ("POL-001", "BLOCK"), ("POL-001", "REQUIRE_APPROVAL"), ("POL-001", "ALLOW"),
        ("POL-002", "BLOCK"), ("POL-002", "REQUIRE_APPROVAL"), ("POL-002", "ALLOW"),
        ("POL-003", "BLOCK"), ("POL-003", "REQUIRE_APPROVAL"), ("POL-003", "ALLOW"),
        ("POL-008", "BLOCK"), ("POL-008", "ALLOW"), ("POL-010", "BLOCK"), ("POL-010", "ALLOW"),
        ("POL-011", "REQUIRE_APPROVAL"), ("POL-011", "ALLOW"),
    }  # fmt: skip


@pytest.mark.req("blast.escu", "graph.impact")
@pytest.mark.parametrize("how", ["delete", "modify"])
def test_taking_the_time_macro_away_names_what_breaks_and_what_goes_unseen(bench: Bench, how: str) -> None:
    row = change(how, "macro", "security_content_ctime", **({"definition": ""} if how == "modify" else {}))
    verdict = bench.verdict([row])
    facts = facts_of(verdict)
    lost = [c.id for c in facts.techniques if c.before and not c.after]
    assert verdict.decision is Decision.BLOCK
    assert "POL-010" in verdict.policies
    users = [d.name for d in bench.detections if "`security_content_ctime(" in str(d.content["search"])]
    assert len(users) > 1_000
    # Those that reach it through another macro come on top.
    told = " ".join(verdict.reasons)
    stopped = re.search(r"(\d+) detections stop working", told)
    assert stopped is not None
    assert int(stopped[1]) >= len(users)
    assert facts.broken[0] in told
    assert len(lost) == facts.techniques_lost > 150
    assert lost[0] in told
