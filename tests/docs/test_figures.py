"""README's figures are those of the committed result files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.bench.suites import NAMES

pytestmark = pytest.mark.req("docs.figures")

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "tests" / "bench" / "results"
ROW = re.compile(
    r"^\| `bench (?P<suite>\w+)` \| (?P<name>[^|]+?) \| (?P<value>[^|]+?) \|(?P<goal>[^|]*)\|$", re.MULTILINE
)


def _rows() -> list[dict[str, str]]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("\n## Measured\n")[2].partition("\n## ")[0]
    return [match.groupdict() for match in ROW.finditer(section)]


def _measure(suite: str, name: str) -> dict[str, Any]:
    report = json.loads((RESULTS / f"{suite}.json").read_text(encoding="utf-8"))
    (found,) = [m for m in report["measures"] if m["name"] == name]
    return found


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


@pytest.mark.parametrize("row", _rows(), ids=lambda row: f"{row['suite']} {row['name']}")
def test_a_figure_and_its_goal_are_those_of_the_result_file(row: dict[str, str]) -> None:
    measure = _measure(row["suite"], row["name"])
    assert row["value"] == f"{_shown(measure['value'])} {measure['unit']}".rstrip()
    if "goal" in measure:
        sign = {"at most": "≤", "at least": "≥"}[measure["bound"]]
        assert row["goal"].strip() == f"{sign} {_shown(measure['goal'])}"
    else:
        assert row["goal"].strip() == ""


def test_every_suite_with_results_has_a_figure_and_every_full_run_says_its_seed() -> None:
    published = {path.stem for path in RESULTS.glob("*.json")} & set(NAMES)
    assert published == {row["suite"] for row in _rows()}
    for suite in published:
        report = json.loads((RESULTS / f"{suite}.json").read_text(encoding="utf-8"))
        assert report["quick"] is False
        assert isinstance(report["seed"], int)
