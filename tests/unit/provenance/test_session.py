"""Sessions: folding, hashing, decay, bounds; what is forgotten only lowers trust."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.errors import GateError
from agentgate_mcp.gate.events import judged_events
from agentgate_mcp.gate.session import MAX_PROMPTS, MAX_READS, MAX_TOUCHES, TAINT_CALLS, TAINT_SECONDS, SessionState
from agentgate_mcp.model.decision import Trust
from agentgate_mcp.model.session import (
    CallJudged,
    FlaggedSpan,
    Leaf,
    OutputRead,
    PromptGiven,
    SessionEvent,
    TaintCleared,
    event_from_json,
)
from tests.unit.ledger.samples import make_call, make_verdict


def read(
    number: int, *, at: float = 0.0, value: str = "v", trust: Trust = Trust.WRITABLE, flags: int = 0
) -> OutputRead:
    spans = tuple(FlaggedSpan(path="/m", family="persona", start=0, end=4, text=f"{number}-{i}") for i in range(flags))
    leaf = Leaf(path="/x", value=value, trust=trust)
    return OutputRead(at=at, call_id=f"c{number}", tool="t", leaves=(leaf,), flags=spans, rows=2, bytes=10)


def judged(number: int, *, at: float = 0.0, targets: tuple[str, ...] = ()) -> CallJudged:
    return CallJudged(
        at=at, call_id=f"c{number}", agent_id="a", tool="t", decision="ALLOW", severity="none", targets=targets
    )


def folded(*events: SessionEvent) -> SessionState:
    state = SessionState.empty()
    for event in events:
        state = state.apply(event)
    return state


@pytest.mark.req("provenance.events")
@pytest.mark.parametrize(
    "event",
    [
        PromptGiven.of(at=1.5, call_id="c", text="héllo"),
        judged(1, targets=("saved_search:x",)),
        read(1, flags=2),
        TaintCleared(at=3.0, by="olga"),
    ],
)
def test_an_event_survives_its_json_form(event) -> None:
    assert event_from_json(event.to_json()) == event


@pytest.mark.req("provenance.events")
@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"kind": "read"},
        {"kind": "mystery", "at": 1.0},
        {"kind": "prompt", "at": "1", "call_id": "c", "text": "x"},
        {"kind": "prompt", "at": 1.0, "call_id": "c", "text": "x", "more": 1},
        [],
    ],
)
def test_anything_else_is_refused_with_its_place(raw) -> None:
    with pytest.raises(GateError, match="session event"):
        event_from_json(raw)


@pytest.mark.req("provenance.session")
def test_a_state_is_never_changed_in_place() -> None:
    first = folded(read(1))
    before = first.hash
    first.apply(read(2)).apply(judged(1)).apply(TaintCleared(at=1.0, by="o"))
    assert first.hash == before
    assert len(first.reads) == 1


EVENTS = st.lists(
    st.one_of(
        st.builds(judged, st.integers(0, 3), at=st.floats(0, 100), targets=st.sampled_from([(), ("a",), ("a", "b")])),
        st.builds(read, st.integers(0, 3), at=st.floats(0, 100), value=st.sampled_from("xyz"), flags=st.integers(0, 1)),
        st.builds(lambda t: PromptGiven.of(at=1.0, call_id="c", text=t), st.sampled_from(["p", "q"])),
        st.builds(lambda: TaintCleared(at=1.0, by="o")),
    ),
    max_size=12,
)


@pytest.mark.req("provenance.session")
@given(EVENTS)
def test_the_same_events_give_the_same_hash_also_through_json(events) -> None:
    assert folded(*events).hash == folded(*(event_from_json(e.to_json()) for e in events)).hash


@pytest.mark.req("provenance.session")
@given(EVENTS)
def test_one_more_read_changes_the_hash(events) -> None:
    state = folded(*events)
    assert state.apply(read(9, value="new")).hash != state.hash


@pytest.mark.req("provenance.decay")
def test_general_taint_ends_after_fifty_calls_or_thirty_recorded_minutes() -> None:
    state = folded(read(1, at=1000.0))
    assert state.tainted(1000.0 + TAINT_SECONDS - 1)
    assert not state.tainted(1000.0 + TAINT_SECONDS)
    for number in range(TAINT_CALLS - 1):
        state = state.apply(judged(number, at=1000.0))
    assert state.tainted(1001.0)
    assert not state.apply(judged(99, at=1000.0)).tainted(1001.0)


@pytest.mark.req("provenance.decay")
@pytest.mark.parametrize("change", [{"nested": True}, {"tool": "gate_preview"}, {"decision": "BLOCK"}])
def test_calls_that_cost_the_agent_nothing_do_not_end_taint(change) -> None:
    state = folded(read(1))
    for number in range(2 * TAINT_CALLS):
        state = state.apply(judged(number).model_copy(update=change))
    assert state.tainted(1.0)


@pytest.mark.req("provenance.decay", "provenance.events")
def test_an_event_says_whether_a_tool_made_the_call() -> None:
    call = make_call("c-1")
    for parent, nested in ((None, False), ("c-0", True)):
        child = replace(call, parent_id=parent)
        (*_, event) = judged_events(child, make_verdict(child), at=1.0, executed=False)
        assert isinstance(event, CallJudged)
        assert event.nested is nested
    older = {k: v for k, v in judged(1).to_json().items() if k != "nested"}
    assert event_from_json(older) == judged(1)


@pytest.mark.req("provenance.decay")
def test_trusted_output_taints_nothing_and_output_that_was_cut_does() -> None:
    assert not folded(read(1, trust=Trust.STRUCTURED)).tainted(0.0)
    cut = OutputRead(at=0.0, call_id="c", tool="t", truncated=True)
    assert folded(cut).tainted(0.0)


@pytest.mark.req("provenance.decay")
def test_flagged_reads_stay_until_somebody_reviews_them() -> None:
    state = folded(read(1, flags=1))
    for number in range(TAINT_CALLS + 5):
        state = state.apply(judged(number))
    assert state.flags_in_force(1.0) == ()
    assert len(state.flags_unreviewed()) == 1
    assert state.apply(TaintCleared(at=2.0, by="olga")).flags_unreviewed() == ()


@pytest.mark.req("provenance.bounds")
def test_a_forgotten_read_leaves_its_value_unknown_but_its_taint_in_force() -> None:
    state = folded(
        read(0, value="first"), *(read(n, value=f"v{n}", trust=Trust.STRUCTURED) for n in range(1, MAX_READS + 1))
    )
    assert list(state.evidence("first")) == []
    assert state.tainted(0.0)


@pytest.mark.req("provenance.bounds")
def test_prompts_are_bounded_and_repeats_count_once() -> None:
    turns = [PromptGiven.of(at=float(n), call_id="c", text=f"turn {n % 20}") for n in range(100)]
    state = folded(*turns)
    assert len(state.prompts) == MAX_PROMPTS
    assert len(set(state.prompt_text)) == MAX_PROMPTS
    assert state.prompt_text[-1] == "turn 19"


@pytest.mark.req("provenance.counters")
def test_targets_rows_and_bytes_are_counted_over_time() -> None:
    state = folded(judged(1, at=0.0, targets=("a", "b")), judged(2, at=100.0, targets=("b", "c")), read(3, at=50.0))
    assert state.targets_since(0.0) == {"a", "b", "c"}
    assert state.targets_since(60.0) == {"b", "c"}
    assert (state.rows_since(0.0), state.bytes_since(0.0)) == (2, 10)
    assert state.rows_since(60.0) == 0


@pytest.mark.req("provenance.counters")
def test_no_row_is_lost_when_touches_are_merged() -> None:
    state = folded(*(read(n, at=float(n)) for n in range(MAX_TOUCHES + 50)))
    assert state.rows_since(0.0) == 2 * (MAX_TOUCHES + 50)
    assert len(state.touches) <= MAX_TOUCHES


@pytest.mark.req("provenance.session")
def test_a_whole_leaf_is_found_whatever_its_case_and_with_its_strongest_trust() -> None:
    state = folded(read(1, value="Host-1", trust=Trust.WRITABLE), read(2, value="HOST-1", trust=Trust.CONFIG))
    found = list(state.evidence("host-1"))
    assert [e.leaf.trust for e in found] == [Trust.CONFIG, Trust.WRITABLE]
    assert state.found("host") == ((), "c2")
    assert state.found("ost-") == ((), "")
