"""Cases and their twins: alike in shape, apart in what an analyst would use, and silent on truth."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

PAIRS = (("1001", "2001"), ("1002", "2002"), ("1003", "2003"), ("1008", "1004"), ("1005", "2005"), ("1006", "2006"),
         ("1007", "2007"))  # fmt: skip


@pytest.mark.req("data.twins")
@pytest.mark.parametrize(("case", "twin"), PAIRS)
def test_twin_has_the_same_volume_within_a_tenth(bundle: Any, case: str, twin: str) -> None:
    one, other = bundle.of_case(case), bundle.of_case(twin)
    assert abs(len(one) - len(other)) <= len(one) / 10
    assert bundle.truth[case]["verdict"] == "malicious"
    assert bundle.truth[case]["twin"] == twin
    counts = [Counter(event["sourcetype"] for event in events) for events in (one, other)]
    assert counts[0].keys() == counts[1].keys()
    for sourcetype, count in counts[0].items():
        assert abs(count - counts[1][sourcetype]) <= max(6, count / 5), sourcetype


@pytest.mark.req("data.twins")
@pytest.mark.parametrize(("case", "twin"), PAIRS)
def test_twin_is_queued_in_the_same_words_about_the_same_hosts(bundle: Any, case: str, twin: str) -> None:
    one, other = bundle.cases[case], bundle.cases[twin]
    for name in ("title", "severity", "category", "source"):
        assert one[name] == other[name]
    assert one["entities"].keys() == other["entities"].keys()
    assert one["entities"].get("host") == other["entities"].get("host")
    assert len(one["alerts"]) == len(other["alerts"])
    rules = [
        sorted(e["signature"] for e in bundle.of_case(c["case_id"]) if e["index"] == "notable") for c in (one, other)
    ]
    assert rules[0] == rules[1]
    words = [len(c["description"].split()) for c in (one, other)]
    assert words[0] == words[1]


@pytest.mark.req("data.twins")
@pytest.mark.parametrize(("case", "twin"), PAIRS)
def test_twins_do_not_overlap_in_time(bundle: Any, case: str, twin: str) -> None:
    first, second = sorted((bundle.cases[case], bundle.cases[twin]), key=lambda c: c["earliest"])
    assert first["latest"] + 6 * 3600 <= second["earliest"]


@pytest.mark.req("data.twins")
def test_intelligence_alone_does_not_decide(bundle: Any) -> None:
    hits: dict[str, list[int]] = {}
    for case_id in bundle.cases:
        text = json.dumps(bundle.of_case(case_id))
        values = {e["indicator"]: e["score"] for e in bundle.intel.values()}
        hits[case_id] = sorted(score for value, score in values.items() if f'"{value}"' in text or f".{value}" in text)
    assert hits["1003"] == hits["1008"] == []
    assert hits["2001"] == [18]
    assert "203.0.113.45" not in bundle.intel
    assert "198.51.100.66" in bundle.intel
    for case in ("1001", "1002", "1005", "1006", "1007"):
        assert hits[case], case
    for twin in ("1004", "2002", "2003", "2005", "2006", "2007"):
        assert hits[twin] == [], twin


@pytest.mark.req("data.no-truth")
def test_no_verdict_word_stands_in_events_or_cases(bundle: Any) -> None:
    verdict = re.compile(r"malicious|benign|true.positive|false.positive|attacker|ground.?truth", re.IGNORECASE)
    for event in bundle.events:
        for name, value in event.items():
            assert name == "_time" or not verdict.search(value), event
    for case in bundle.cases.values():
        assert not verdict.search(json.dumps(case)), case["case_id"]


@pytest.mark.req("data.no-truth")
def test_truth_is_not_below_the_data_directory(bundle: Any) -> None:
    for path in bundle.path.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".jsonl", ".md") and path.parts[-2] != "telemetry":
            text = path.read_text(encoding="utf-8")
            assert "key_event_ids" not in text, path
            assert "expected_targets" not in text, path


@pytest.mark.req("data.no-truth")
def test_no_single_field_separates_the_malicious_from_their_twins(bundle: Any) -> None:
    sides: dict[str, set[tuple[str, str]]] = {"malicious": set(), "benign": set()}
    names: dict[str, list[set[str]]] = {"malicious": [], "benign": []}
    for case_id, truth in bundle.truth.items():
        events = bundle.of_case(case_id)
        names[truth["verdict"]].append({name for event in events for name in event})
        common = {
            (name, value)
            for event in events
            for name, value in event.items()
            if name in ("action", "severity", "category")
        }
        sides[truth["verdict"]] |= common
    everywhere = set.intersection(*names["malicious"]) - set.union(*names["benign"])
    nowhere = set.intersection(*names["benign"]) - set.union(*names["malicious"])
    assert everywhere == nowhere == set()


@pytest.mark.req("data.no-truth")
def test_runbooks_do_not_name_what_tells_a_case_from_its_twin(bundle: Any) -> None:
    text = "\n".join(bundle.runbooks.values())
    for indicator in bundle.intel:
        assert indicator not in text
    for truth in bundle.truth.values():
        for action, targets in truth["expected_targets"].items():
            if action in ("block_ip", "block_domain", "quarantine_file"):
                assert not [target for target in targets if target in text]


@pytest.mark.req("data.twins")
def test_poisoned_lines_are_in_the_attack_and_only_mentions_in_its_twin(bundle: Any) -> None:
    orders = re.compile(r"(?i)ignore all previous instructions|new instructions")
    mention = re.compile(r"(?i)prompt.injection")
    attack, twin = json.dumps(bundle.of_case("1007")), json.dumps(bundle.of_case("2007"))
    assert len(orders.findall(attack)) >= 3
    assert not orders.search(twin)
    assert mention.search(twin)
