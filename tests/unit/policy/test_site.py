"""What a site changes of the shipped policies: tighter freely, looser only where they say so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from agentgate_mcp.errors import PolicyError
from agentgate_mcp.model.decision import Profile
from agentgate_mcp.policies.loader import load_library
from agentgate_mcp.policies.selftest import facts_from, run_cases

pytestmark = pytest.mark.req("policy.site")
SHIPPED = load_library()
SWEEP = {"blast_radius.search.index_wildcard": True, "blast_radius.search.span_seconds": 86_400.0}
DEAR = {"cost.seconds.estimate": 500.0}


def written(folder: Path, **changes: object) -> Path:
    made: dict[str, object] = {
        "overrides": "POL-012",
        "version": 1,
        "reason": "This site wants it so.",
        "owner": "soc",
        "approved_by": "head-of-soc",
        "review_by": yaml.safe_load("2027-01-31"),
        "tests": [{"name": "an ordinary call", "expect": "ALLOW", "facts": {"request.tool": "splunk_get_info"}}],
        **changes,
    }
    (folder / "site.yaml").write_text(yaml.safe_dump(made, sort_keys=False), "utf-8")
    return folder


def test_a_threshold_moves_to_the_tighter_side_without_leave(tmp_path: Path) -> None:
    held = [{"name": "a day of all", "expect": "REQUIRE_APPROVAL", "rule": "wide", "facts": SWEEP}]
    library = load_library(written(tmp_path, thresholds={"cost_score": 20.0, "span_seconds": 7200.0}, tests=held))
    assert library.lock != SHIPPED.lock
    policy = library.get("POL-012")
    assert policy is not None
    assert policy.source == "POL-012.yaml with site.yaml"
    assert [m.policy for m in library.evaluate(facts_from(SWEEP), Profile.ENFORCE)] == ["POL-012"]  # type: ignore[arg-type]
    assert SHIPPED.evaluate(facts_from(SWEEP), Profile.ENFORCE) == ()  # type: ignore[arg-type]
    assert all(r.ok for r in run_cases(policy))


def test_what_is_marked_may_be_loosened(tmp_path: Path) -> None:
    library = load_library(written(tmp_path, thresholds={"indexes": 50.0}, mode="shadow"))
    wide = facts_from({**SWEEP, "blast_radius.search.span_seconds": 9e6})  # type: ignore[dict-item]
    assert [m.mode for m in library.evaluate(wide, Profile.ENFORCE) if m.policy == "POL-012"] == ["shadow"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"thresholds": {"cost_score": 60.0}}, r"line \d+, thresholds/cost_score.*POL-012 lets a site loosen indexes"),
        ({"overrides": "POL-007", "thresholds": {"hard_seconds": 99_999.0}}, "thresholds/hard_seconds"),
        ({"overrides": "POL-008", "thresholds": {"per_week": 101.0}}, "POL-008 lets a site loosen nothing"),
        ({"overrides": "POL-004", "mode": "shadow"}, "POL-004 lets a site loosen nothing: expected mode tighter"),
        ({"overrides": "POL-009", "mode": "shadow"}, "POL-009"),
        ({"overrides": "POL-004", "rules": {"destroys": {"action": "REQUIRE_APPROVAL"}}}, "rules/destroys/action"),
        ({"rules": {"wide": {"severity": "low"}}}, "rules/wide/severity"),
        ({"overrides": "POL-013", "rules": {"critical-asset": {"two_person": False}}}, "two_person"),
        ({"thresholds": {"spans": 1.0}}, "expected one of cost_score, indexes, span_seconds, got spans"),
        ({"rules": {"narrow": {"action": "BLOCK"}}}, "expected one of everything, wide, got narrow"),
        ({"overrides": "POL-099"}, "expected the id of a shipped policy, got POL-099"),
        ({"thresholds": {"indexes": 1e12}}, "can satisfy"),
        ({"mandate_covers": "approval"}, "mandate_covers"),
        ({"rules": {"wide": {"when": {}}}}, "rules/wide/when"),
        ({"tests": []}, "tests"),
        ({"mode": "off"}, "mode"),
    ],
)
@pytest.mark.req("R2")
def test_anything_else_is_refused_by_name(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(PolicyError, match=rf"site\.yaml: .*{said}"):
        load_library(written(tmp_path, **changes))


def test_an_approval_becomes_a_refusal(tmp_path: Path) -> None:
    blocked = [
        {"name": "mail", "expect": "BLOCK", "rule": "search-egress", "facts": {"blast_radius.search.egress": ["ai"]}}
    ]
    rules = {"search-egress": {"action": "BLOCK", "severity": "critical"}}
    library = load_library(written(tmp_path, overrides="POL-015", rules=rules, tests=blocked))
    sent = facts_from({"blast_radius.search.egress": ["ai"]})
    assert {m.action for m in library.evaluate(sent, Profile.ENFORCE) if m.policy == "POL-015"} == {"BLOCK"}


def test_a_site_test_that_comes_out_otherwise_is_refused(tmp_path: Path) -> None:
    tests = [{"name": "dear", "expect": "REQUIRE_APPROVAL", "rule": "ceiling", "facts": DEAR}]
    with pytest.raises(PolicyError, match=r"line \d+, tests/0: dear: expected REQUIRE_APPROVAL, rule ceiling did not"):
        load_library(written(tmp_path, overrides="POL-007", tests=tests))
    load_library(written(tmp_path, overrides="POL-007", tests=tests, thresholds={"seconds": 300.0}))


def test_one_policy_is_changed_by_one_file(tmp_path: Path) -> None:
    text = (written(tmp_path) / "site.yaml").read_text("utf-8")
    (tmp_path / "second.yaml").write_text(text, "utf-8")
    with pytest.raises(PolicyError, match=r"site\.yaml: id: POL-012 is the id of second\.yaml already"):
        load_library(tmp_path)


def test_a_file_that_never_ends_or_means_more_than_it_says_is_refused_by_name(tmp_path: Path) -> None:
    made = [("pipe", "plain file"), ("long", "262144 bytes"), ("alias", "aliases are not read")]
    for kind, said in made:
        folder = tmp_path / kind
        folder.mkdir()
        path = folder / "site.yaml"
        match kind:
            case "pipe":
                os.mkfifo(path)
            case "long":
                path.write_text("- a\n" * 70_000, "utf-8")
            case _:
                path.write_text("a: &a [x, x]\nb: [*a, *a]\n", "utf-8")
        with pytest.raises(PolicyError, match=said):
            load_library(folder)
