"""What the scanner reaches on the development corpora. The bounds are reached with room to spare;
they are for noticing a loss, never for tuning to a row."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from agentgate_mcp.gate.injection import scan_text

SOC = ("soc_escu_spl", "soc_escu_prose", "soc_escu_alertmsg", "soc_sigma_rule", "soc_carrier_benign")


def _rates(path: Path) -> dict[tuple[str, object], tuple[int, int]]:
    """(source, marker) to (flagged, rows)."""
    flagged: dict[tuple[str, object], int] = defaultdict(int)
    rows: dict[tuple[str, object], int] = defaultdict(int)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            key = (row["source"], row.get("marker"))
            rows[key] += 1
            flagged[key] += scan_text(row["text"]).flagged
    return {key: (flagged[key], rows[key]) for key in rows}


@pytest.fixture(scope="module")
def negatives(corpora: Path) -> dict[tuple[str, object], tuple[int, int]]:
    return _rates(corpora / "injection" / "negatives.jsonl")


@pytest.fixture(scope="module")
def positives(corpora: Path) -> dict[tuple[str, object], tuple[int, int]]:
    return _rates(corpora / "injection" / "positives.jsonl")


def _share(rates: dict[tuple[str, object], tuple[int, int]], keep) -> float:
    picked = [rates[key] for key in rates if keep(key)]
    return sum(f for f, _ in picked) / sum(n for _, n in picked)


@pytest.mark.req("injection.specificity")
def test_soc_text_is_left_alone(negatives) -> None:
    assert 1 - _share(negatives, lambda k: k[0] in SOC) >= 0.9985
    assert negatives["soc_carrier_benign", None][0] == 0


@pytest.mark.req("injection.specificity")
def test_prose_that_mentions_attacks_is_not_flagged(negatives) -> None:
    assert _share(negatives, lambda k: k[0] == "secprose_mentions") < 0.02


@pytest.mark.req("injection.recall")
def test_override_language_is_found(positives) -> None:
    assert _share(positives, lambda k: k[1] is True) >= 0.99
    assert _share(positives, lambda k: k[0] == "injecagent_dh_enhanced") >= 0.99


@pytest.mark.req("injection.recall")
def test_payloads_in_log_fields_are_found(positives) -> None:
    assert _share(positives, lambda k: k[0] == "soc_log_injected") >= 0.70


@pytest.mark.req("injection.recall")
def test_recall_over_all_rows_with_bare_goals_included_beats_the_bar(positives) -> None:
    assert _share(positives, lambda _: True) >= 0.60
