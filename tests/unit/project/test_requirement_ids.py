"""The rule that promises and tests name each other, tried on small suites of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.req("project.requirement-ids")

TESTS = Path(__file__).resolve().parents[2]
MANIFEST = """
from dataclasses import dataclass


@dataclass(frozen=True)
class Req:
    id: str


REQUIREMENTS = (Req("A1"), Req("A2"))
"""
GOOD = """
import pytest

pytestmark = pytest.mark.req("A1")


@pytest.mark.req("A2")
def test_both():
    assert True
"""
BROKEN = """
import pytest


@pytest.mark.req("A1")
def test_first():
    assert True


@pytest.mark.req("A1", "A9")
def test_unknown():
    assert True


def test_alone():
    assert True
"""
BROKEN_LINKS = {
    "ERROR tests/test_it.py::test_alone names no requirement id",
    "ERROR tests/test_it.py::test_unknown names an unknown requirement 'A9'",
    "ERROR requirement 'A2' has no test",
}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    tests = tmp_path / "tests"
    tests.mkdir()
    shutil.copy(TESTS / "conftest.py", tests)
    (tests / "requirements.py").write_text(MANIFEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\nmarkers =\n    req(*ids): ids\n")
    return tmp_path


def run(suite: Path, body: str, *args: str) -> tuple[int, str]:
    (suite / "tests" / "test_it.py").write_text(body)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "xdist", *args],
        cwd=suite,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def errors(output: str) -> set[str]:
    return {line for line in output.splitlines() if line.startswith("ERROR ")}


def test_a_suite_whose_tests_and_ids_name_each_other_passes(suite: Path) -> None:
    code, output = run(suite, GOOD)
    assert code == 0, output
    assert errors(output) == set()


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one-process", "workers"])
def test_each_broken_link_between_test_and_promise_fails_the_run(suite: Path, workers: tuple[str, ...]) -> None:
    code, output = run(suite, BROKEN, *workers)
    assert code == 1, output
    assert errors(output) == BROKEN_LINKS
    assert "3 passed" in output


@pytest.mark.parametrize("selection", [("-k", "first"), ("tests/test_it.py",)], ids=["-k", "path"])
def test_an_id_without_a_test_is_no_news_when_only_a_part_is_run(suite: Path, selection: tuple[str, ...]) -> None:
    code, output = run(suite, BROKEN, *selection)
    assert code == 1, output
    assert errors(output) == {e for e in BROKEN_LINKS if "A2" not in e}


def test_a_module_that_cannot_be_imported_is_reported_alone(suite: Path) -> None:
    code, output = run(suite, "import does_not_exist_anywhere\n" + GOOD)
    assert code == 2
    assert "has no test" not in output
