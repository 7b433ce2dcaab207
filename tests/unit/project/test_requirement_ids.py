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
BOTH = """
import pytest

pytestmark = pytest.mark.req("A1")


@pytest.mark.req("A2")
def test_both():
    assert True
"""
ONLY_FIRST = BOTH.replace('@pytest.mark.req("A2")', "")
NONE = "def test_alone():\n    assert True\n"
UNKNOWN = BOTH.replace('"A2"', '"A2", "A9"')
FAILING = BOTH.replace("assert True", "assert False")


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


def test_a_suite_whose_tests_and_ids_name_each_other_passes(suite: Path) -> None:
    code, output = run(suite, BOTH)
    assert code == 0, output


NO_ID = (NONE, "test_it.py::test_alone names no requirement id")
UNKNOWN_ID = (UNKNOWN, "test_it.py::test_both names an unknown requirement 'A9'")
NO_TEST = (ONLY_FIRST, "requirement 'A2' has no test")


@pytest.mark.parametrize(("body", "message"), [NO_ID, UNKNOWN_ID, NO_TEST], ids=["no-id", "unknown-id", "no-test"])
def test_a_broken_link_between_test_and_promise_fails_the_run(suite: Path, body: str, message: str) -> None:
    code, output = run(suite, body)
    assert code == 1, output
    assert message in output


@pytest.mark.parametrize(("body", "message"), [UNKNOWN_ID, NO_TEST], ids=["unknown-id", "no-test"])
def test_workers_report_broken_links_to_the_run_that_started_them(suite: Path, body: str, message: str) -> None:
    code, output = run(suite, body, "-n", "1")
    assert code == 1, output
    assert message in output


def test_workers_that_find_nothing_wrong_do_not_fail_the_run(suite: Path) -> None:
    code, output = run(suite, BOTH, "-n", "1")
    assert code == 0, output


@pytest.mark.parametrize("selection", [("-k", "both"), ("tests/test_it.py",), ("-m", "req")])
def test_an_id_without_a_test_is_no_news_when_only_a_part_is_run(suite: Path, selection: tuple[str, ...]) -> None:
    code, output = run(suite, ONLY_FIRST, *selection)
    assert code == 0, output


def test_a_test_without_id_fails_a_partial_run_too(suite: Path) -> None:
    code, output = run(suite, NONE, "tests/test_it.py")
    assert code == 1
    assert "names no requirement id" in output


def test_a_module_that_cannot_be_imported_is_reported_alone(suite: Path) -> None:
    code, output = run(suite, "import does_not_exist_anywhere\n" + BOTH)
    assert code == 2
    assert "has no test" not in output


def test_failing_tests_still_fail(suite: Path) -> None:
    code, output = run(suite, FAILING)
    assert code == 1
    assert "has no test" not in output
