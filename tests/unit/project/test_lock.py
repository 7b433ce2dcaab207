"""The lock files pin everything that is installed, by hash, and say nothing of where it comes from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.req("project.lock")

ROOT = Path(__file__).resolve().parents[3]
LOCKS = ("requirements.lock", "requirements-ci.lock")


def entries(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Each pinned requirement of the lock file with its hashes."""
    logical = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    return [
        (Requirement(line.partition(" --hash=")[0].strip()), re.findall(r"--hash=(\S+)", line))
        for line in logical
        if line.strip()
    ]


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["dev"]
    return [Requirement(name) for name in [*names, *project["build-system"]["requires"]]]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_one_exact_version_with_sha256_hashes(lock: str) -> None:
    assert entries(lock)
    for requirement, hashes in entries(lock):
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert requirement.url is None
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in hashes), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_holds_an_address_or_an_option(lock: str) -> None:
    for line in (ROOT / lock).read_text().splitlines():
        assert "://" not in line
        assert "@" not in line
        assert not line.startswith(("-", "#")), line


def test_every_declared_dependency_and_build_backend_is_locked_within_its_range() -> None:
    locked: dict[str, list[Requirement]] = {}
    for requirement, _ in entries("requirements.lock"):
        locked.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    for wanted in declared():
        found = locked.get(canonicalize_name(wanted.name), [])
        versions = [str(r.specifier).removeprefix("==") for r in found]
        assert any(wanted.specifier.contains(version) for version in versions), f"{wanted}: locked {versions}"


def test_every_declared_dependency_has_a_lower_bound_and_a_cap() -> None:
    for wanted in declared():
        operators = {clause.operator for clause in wanted.specifier}
        assert {">=", "<"} <= operators, wanted


@pytest.mark.parametrize("name", ["pydantic-core", "numpy", "duckdb", "apsw", "google-re2"])
def test_compiled_packages_are_locked_for_more_than_one_platform(name: str) -> None:
    hashes = next(h for r, h in entries("requirements.lock") if r.name == name)
    assert len(hashes) >= 12, "expected wheels for Linux, macOS and Windows, several Pythons"


def test_the_python_that_runs_the_tests_has_the_locked_versions() -> None:
    from importlib.metadata import version

    wrong = {
        r.name: version(r.name)
        for r, _ in entries("requirements.lock")
        if (r.marker is None or r.marker.evaluate()) and not r.specifier.contains(version(r.name))
    }
    assert not wrong
