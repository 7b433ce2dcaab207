"""The parts: stages, fusion, regularity, rows, report and its check."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.graph.tactics import attack_table
from investigation.analytics.beacon import beacon_score
from investigation.analytics.names import entropy
from investigation.dossier import RowSet
from investigation.evidence import Evidence, found
from investigation.fusion import FAMILY_CAP, fuse
from investigation.machine import CaseMachine, CaseState, TransitionError
from investigation.report.check import problems
from investigation.report.escape import code, plain, prose
from investigation.report.markdown import render_markdown, render_notes
from investigation.rows import at, is_inside, is_outside, number, text, unframed
from investigation.runbooks import Book
from investigation.steps import CaseStage
from investigation.weights import WEIGHTS

SOURCE = RowSet(name="s", query="search index=network", earliest="1", latest="2", rows=())


def _evidence(*codes: str) -> list[Evidence]:
    return [
        Evidence(code=c, statement=f"{c} {n}", event_ids=(f"e-{n}",), source=SOURCE) for n, c in enumerate(codes, 1)
    ]


# --- stages


@pytest.mark.req("invest.machine")
def test_a_step_that_does_not_exist_is_an_error() -> None:
    machine = CaseMachine()
    with pytest.raises(TransitionError, match="respond"):
        machine.advance(CaseStage.RESPOND, CaseState(verdict="malicious", confidence=1.0, actions=1))
    assert machine.stage is CaseStage.TRIAGE


@pytest.mark.req("invest.machine")
@pytest.mark.parametrize(
    ("verdict", "confidence", "actions", "opens"),
    [
        ("malicious", 0.95, 1, True),
        ("malicious", 0.5, 1, False),
        ("malicious", 0.95, 0, False),
        ("suspicious", 0.95, 1, False),
        ("benign", 0.99, 1, False),
    ],
)
def test_response_needs_a_confident_malicious_verdict(
    verdict: str, confidence: float, actions: int, opens: bool
) -> None:
    state = CaseState(
        case_known=True, events_seen=1, findings=1, verdict=verdict, confidence=confidence, actions=actions
    )
    machine = CaseMachine()
    for stage in (CaseStage.INVESTIGATE, CaseStage.VALIDATE, CaseStage.RECOMMEND):
        assert machine.advance(stage, state)
    assert machine.advance(CaseStage.RESPOND, state) is opens
    assert bool(machine.log[-1]["reason"]) is not opens


# --- fusion


@pytest.mark.req("invest.fusion")
def test_without_evidence_nothing_is_claimed() -> None:
    assert fuse([]).verdict == "inconclusive"


@pytest.mark.req("invest.fusion")
def test_one_family_alone_never_makes_a_malicious_verdict() -> None:
    assert fuse(_evidence("end.recovery", "end.mass-rename")).verdict == "suspicious"
    assert fuse(_evidence("end.recovery", "end.mass-rename", "auth.other-session")).verdict == "malicious"
    assert fuse(_evidence("change.covers", "end.all-signed")).verdict == "benign"


@given(st.lists(st.sampled_from(sorted(WEIGHTS)), max_size=30))
@pytest.mark.req("invest.fusion")
def test_contributions_are_capped_and_order_does_not_matter(codes: list[str]) -> None:
    fused = fuse(_evidence(*codes))
    assert fused == fuse(list(reversed(_evidence(*codes))))
    assert all(abs(c.weight) <= FAMILY_CAP for c in fused.contributions)
    assert 0.0 < fused.probability < 1.0
    assert 0.0 <= fused.confidence <= 1.0


@pytest.mark.req("invest.fusion")
def test_every_weight_names_known_techniques_and_a_reason() -> None:
    for name, weight in WEIGHTS.items():
        assert weight.why.endswith("."), name
        assert set(weight.techniques) <= attack_table().techniques.keys(), name
        assert weight.log_odds > 0 or not weight.techniques, name


@pytest.mark.req("invest.evidence")
def test_a_finding_without_events_is_no_finding() -> None:
    assert found("net.irc", "said", [], SOURCE) == []
    assert found("net.irc", "said", [{"event_id": "e-1"}], None) == []
    with pytest.raises(ValueError, match="event id"):
        Evidence(code="net.irc", statement="said", event_ids=(), source=SOURCE)


# --- regularity and names


@pytest.mark.req("invest.beacon")
def test_steady_calls_score_high_and_irregular_ones_low() -> None:
    day = (0.0, 86_400.0)
    steady = beacon_score([n * 300.0 for n in range(288)], [100.0] * 288, window=day)
    burst = beacon_score([40_000.0 + n * n for n in range(40)], [float(n * n * 50) for n in range(40)], window=day)
    assert steady is not None
    assert burst is not None
    assert steady.score > 0.9
    assert burst.score < 0.5
    assert beacon_score([1.0, 2.0, 3.0], [1.0], window=day) is None


@given(st.lists(st.floats(0, 86_400), min_size=4, max_size=200), st.lists(st.floats(0, 1e9), max_size=200))
@pytest.mark.req("invest.beacon")
def test_the_score_and_its_parts_stay_between_zero_and_one(times: list[float], sizes: list[float]) -> None:
    score = beacon_score(times, sizes, window=(0.0, 86_400.0))
    assert score is not None
    for part in (score.score, score.timing, score.sizes, score.duration, score.histogram):
        assert -1e-9 <= part <= 1 + 1e-9


@pytest.mark.req("invest.beacon")
def test_entropy_grows_with_variety() -> None:
    assert entropy("") == 0.0
    assert entropy("aaaa") == 0.0
    assert entropy("mfrggzdfmztwq2lknnwg") > entropy("wwwmailwww")


# --- rows


@pytest.mark.req("invest.evidence")
def test_rows_are_read_leniently_and_addresses_by_our_own_ranges() -> None:
    row = {"_time": "2026-11-20T12:00:00.000+00:00", "n": "12", "many": ["a", "b"], "bad": "nan"}
    assert at(row) == 1_795_176_000.0
    assert (number(row, "n"), number(row, "bad"), number(row, "none")) == (12.0, 0.0, 0.0)
    assert (text(row, "many"), text(row, "none")) == ("a", "")
    assert is_inside("10.20.1.1")
    assert is_outside("203.0.113.5")
    assert not is_outside("224.0.0.251")
    assert not is_outside("no address")


@pytest.mark.req("invest.planted")
def test_frames_are_taken_off_once_and_remembered() -> None:
    spans: list[str] = []
    framed = {
        "a": "<untrusted-0a1b2c3d>do this</untrusted-0a1b2c3d>",
        "b": ["<untrusted-0a1b2c3d>x</untrusted-ffffffff>"],
    }
    assert unframed(framed, spans) == {"a": "do this", "b": ["<untrusted-0a1b2c3d>x</untrusted-ffffffff>"]}
    assert spans == ["do this"]


@pytest.mark.req("invest.actions")
def test_a_runbook_gives_checks_and_the_way_back() -> None:
    head = "# T\n\n## Containment\n\n### block_ip: the address\n\nBefore:\n\n"
    body = head + "- Check who uses it.\n\nRoll back: unblock it.\n\n## End\n- no"
    book = Book.of({"runbook_id": "rb", "title": "T", "categories": ["x"], "actions": ["block_ip"], "body": body})
    (guidance,) = book.guidance
    assert (guidance.action, guidance.about) == ("block_ip", "the address")
    assert guidance.checks == ("Check who uses it.",)
    assert guidance.rollback == "unblock it."


# --- report


@given(st.text(max_size=500))
@pytest.mark.req("invest.report")
def test_no_text_of_a_log_can_render_or_link(raw: str) -> None:
    shown = prose(raw)
    assert "\n" not in shown
    assert "](" not in shown
    for sign in "<>|`*":
        assert all(shown[i - 1] == "\\" for i in range(len(shown)) if shown[i] == sign)
    assert "http://" not in shown.lower()
    assert "https://" not in shown.lower()


@given(st.text(alphabet="`| a\\\n", max_size=60))
@pytest.mark.req("invest.report")
def test_a_code_span_cannot_be_left(raw: str) -> None:
    shown = code(raw)
    fence = shown[: len(shown) - len(shown.lstrip("`"))]
    assert fence
    assert fence not in shown[len(fence) : len(shown) - len(fence)]
    assert "\n" not in shown


@pytest.mark.req("invest.report")
def test_invisible_characters_are_written_out_and_links_broken() -> None:
    assert plain("a\u202eb\u200bc") == "a\\u{202e}b\\u{200b}c"
    assert "hxxp://" in plain("http://a")
    assert "javascript[:]" in plain("javascript:alert(1)")
    assert prose("[x](http://evil.example)").count("\\[x\\]") == 1


@pytest.mark.req("invest.report", "invest.evidence")
def test_the_check_finds_invented_and_missing_citations() -> None:
    finding = {"id": "F1", "event_ids": ["e-1"], "query": "q", "result_hash": "h"}
    good = {"findings": [finding], "narrative": [{"text": "t", "finding": "F1", "event_ids": ["e-1"]}]}
    assert problems(good, {"e-1"}) == []
    assert problems(good, {"e-2"})
    assert problems({"narrative": [{"text": "t", "finding": "F9", "event_ids": []}]}, set()) == [
        "sentence 1 cites no event",
        "sentence 1 names no finding",
    ]
    assert problems({"actions": [{"action": "block_ip", "findings": []}]}, set())


@pytest.mark.req("invest.report")
@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("", "The model is off"),
        ({"model": "off", "text": "", "problem": "models are off", "dropped": 0}, "models are off"),
        ({"model": "m", "text": "A *thought* <b>", "problem": "", "dropped": 2}, r"A \*thought\* \<b\>"),
    ],
)
def test_the_models_paragraph_is_shown_as_advice_or_said_to_be_off(note: object, shown: str) -> None:
    result = {"case_id": "1", "title": "t", "verdict": "benign", "confidence": 0.9, "llm_analysis": note}
    report = render_markdown(result)  # type: ignore[arg-type]
    section = report.partition("## LLM analysis (Gemini)")[2]
    assert shown in section
    assert "Case 1: benign" in render_notes(result)  # type: ignore[arg-type]
