"""The shipped policies: complete, locked, and right about their own examples."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agentgate_mcp.errors import PolicyError
from agentgate_mcp.gate.policy.compiled import CompiledPolicy
from agentgate_mcp.model.decision import Profile
from agentgate_mcp.policies.loader import LOCK, SHIPPED, check_lock, load_library, lock_text, read_directory, read_lock
from agentgate_mcp.policies.selftest import facts_from, run_cases

pytestmark = pytest.mark.req("policy.shipped")
POLICIES = read_directory(SHIPPED)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    target = tmp_path / "policies"
    target.mkdir()
    for file in SHIPPED.glob("POL-*.yaml"):
        shutil.copy(file, target)
    shutil.copy(SHIPPED / LOCK, target)
    return target


def test_the_seventeen_policies_of_the_design_are_shipped() -> None:
    assert [p.file.id for p in load_library().policies] == [f"POL-{n:03}" for n in range(1, 18)]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.file.id)
def test_every_inline_case_comes_out_as_written(policy: CompiledPolicy) -> None:
    assert [r for r in run_cases(policy) if not r.ok] == []


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.file.id)
def test_standards_are_supported_and_never_claimed(policy: CompiledPolicy) -> None:
    for standard in policy.file.standards:
        assert "compl" not in standard.supports.lower()
        assert standard.version and standard.year > 1990


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.file.id)
def test_reasons_for_models_hold_no_thresholds(policy: CompiledPolicy) -> None:
    for rule in policy.file.rules:
        for number in policy.file.thresholds.values():
            assert f"{number:g}" not in rule.reason.split()


@pytest.mark.req("R2")
def test_an_edited_policy_is_refused_by_its_lock(copied: Path) -> None:
    path = copied / "POL-004.yaml"
    path.write_text(path.read_text("utf-8").replace("action: BLOCK", "action: REQUIRE_APPROVAL"), "utf-8")
    with pytest.raises(PolicyError, match="POL-004 differs"):
        load_library(shipped_dir=copied)


@pytest.mark.req("R2")
def test_a_missing_policy_is_refused_by_its_lock(copied: Path) -> None:
    (copied / "POL-009.yaml").unlink()
    with pytest.raises(PolicyError, match="POL-009"):
        load_library(shipped_dir=copied)


def test_a_policy_that_is_not_locked_is_refused() -> None:
    lock = read_lock(SHIPPED / LOCK)
    del lock["POL-001"]
    with pytest.raises(PolicyError, match="POL-001 is not in"):
        check_lock(list(POLICIES), lock)


@pytest.mark.req("policy.lock")
def test_a_changed_policy_needs_a_new_version(copied: Path) -> None:
    path = copied / "POL-012.yaml"
    path.write_text(path.read_text("utf-8") + "\n# widened\n", "utf-8")
    with pytest.raises(PolicyError, match="expected a version above 2"):
        lock_text(read_directory(copied), read_lock(copied / LOCK))
    path.write_text(path.read_text("utf-8").replace("version: 2\n", "version: 3\n", 1), "utf-8")
    assert "POL-012 3 " in lock_text(read_directory(copied), read_lock(copied / LOCK))


@pytest.mark.req("policy.site")
def test_a_site_adds_policies_but_cannot_replace_shipped_ones(tmp_path: Path) -> None:
    text = (SHIPPED / "POL-016.yaml").read_text("utf-8")
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    with pytest.raises(PolicyError, match="POL-016 is shipped"):
        load_library(tmp_path)
    (tmp_path / "mine.yaml").write_text(text.replace("id: POL-016", "id: SITE-001"), "utf-8")
    library = load_library(tmp_path)
    assert library.get("SITE-001") is not None
    assert library.lock != load_library().lock


@pytest.mark.req("policy.profiles")
def test_observe_shadows_read_policies_and_never_effects() -> None:
    wide = facts_from({"blast_radius.search.index_wildcard": True, "blast_radius.search.span_seconds": None})
    writing = facts_from({"blast_radius.search.writes": ["outputlookup:x.csv"], "request.mutates": True})
    library = load_library()
    assert {m.mode for m in library.evaluate(wide, Profile.OBSERVE)} == {"shadow"}
    assert {m.mode for m in library.evaluate(wide, Profile.ENFORCE)} == {"enforce"}
    assert {m.mode for m in library.evaluate(writing, Profile.OBSERVE)} == {"enforce"}


@pytest.mark.req("policy.site")
def test_two_site_files_with_one_id_are_refused(tmp_path: Path) -> None:
    text = (SHIPPED / "POL-012.yaml").read_text("utf-8").replace("POL-012", "SITE-001")
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(PolicyError, match=r"b\.yaml.*a\.yaml already"):
        load_library(tmp_path)


@pytest.mark.req("policy.site")
def test_a_policy_file_that_would_not_be_read_is_refused_with_a_hint(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "POL-012.yaml", tmp_path / "mine.yml")
    with pytest.raises(PolicyError, match=r"mine\.yml.*expected \*\.yaml"):
        read_directory(tmp_path)


@pytest.mark.req("policy.site")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("id: a\x07b", "character 5"),
        ("id: [", "line 1"),
        ("id: *none", "line 1"),
        ("id: 2026-13-45", "file"),
        ("[" * 5000, "file"),
        ("a: 1\n---\nb: 2\n", "line 2"),
    ],
)
def test_whatever_is_wrong_with_the_yaml_is_told_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "x.yaml").write_text(text, "utf-8")
    with pytest.raises(PolicyError, match=place):
        read_directory(tmp_path)
