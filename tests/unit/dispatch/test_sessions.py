"""Sessions folded from the ledger: the same as from the events, and cheap where nothing looks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.canonical import canonical_bytes
from agentgate_mcp.dispatch.sessions import SessionKeeper
from agentgate_mcp.dispatch.stored import stored_events
from agentgate_mcp.errors import GateError
from agentgate_mcp.gate.session import MAX_READS, SessionState
from agentgate_mcp.ledger.entries import EntryKind
from agentgate_mcp.ledger.ledger import Ledger
from agentgate_mcp.model import session as model
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Trust
from agentgate_mcp.model.session import CallJudged, FlaggedSpan, Leaf, OutputRead, PromptGiven, TaintCleared
from tests.unit.ledger.samples import REDACTOR, Clock, draft

pytestmark = pytest.mark.req("dispatch.restart")

SPAN = FlaggedSpan(path="/m", family="persona", start=0, end=4, text="obey")
HOSTILE = '"flags":[],"kind":"read","leaves":[],"rows":0'
LEAVES = st.builds(
    Leaf, path=st.just("/x"), value=st.sampled_from(["a", '],"rows":', HOSTILE]), trust=st.sampled_from(Trust)
)
EVENTS = st.lists(
    st.one_of(
        st.builds(
            OutputRead,
            at=st.integers(0, 9).map(float),
            call_id=st.just("c"),
            tool=st.just("t"),
            leaves=st.lists(LEAVES, max_size=3).map(tuple),
            flags=st.sampled_from([(), (SPAN,)]),
            rows=st.integers(0, 3),
            truncated=st.booleans(),
        ),
        st.builds(lambda n: judged(n), st.integers(0, 9)),
        st.builds(lambda t: PromptGiven.of(at=1.0, call_id="c", text=t), st.sampled_from(["p", HOSTILE])),
        st.just(TaintCleared(at=1.0, by="o")),
    ),
    max_size=8,
)


def judged(number: int) -> CallJudged:
    return CallJudged(at=float(number), call_id=f"c{number}", agent_id="a", tool="t", decision="ALLOW", severity="none")


def read(number: int, trust: str = "attacker-writable") -> dict[str, Json]:
    leaf = Leaf(path="/rows/0/x", value=f"v{number}", trust=Trust.WRITABLE)
    raw = OutputRead(at=float(number), call_id=f"c{number}", tool="t", leaves=(leaf,), rows=1, bytes=9).to_json()
    raw["leaves"] = [{"path": "/rows/0/x", "value": f"v{number}", "trust": trust}]
    return raw


def payload(*events: Json, **more: Json) -> str:
    return canonical_bytes({**more, "session_events": list(events)}).decode()


def recorded(ledger: Ledger, groups: Sequence[Sequence[Json]]) -> None:
    ledger.append([draft(EntryKind.SESSION, f"c{n}", session_events=list(g)) for n, g in enumerate(groups)]).result()


@given(st.lists(EVENTS, max_size=4))
@settings(max_examples=60, deadline=None)
def test_folding_the_ledger_gives_the_session_that_the_events_give(groups) -> None:
    whole = SessionState.empty()
    for event in [e for g in groups for e in g]:
        whole = whole.apply(event)
    stored = SessionState.empty()
    for group in groups:
        for event in stored_events(payload(*(e.to_json() for e in group))):
            stored = stored.apply(event)
    assert (stored.hash, stored.tainted_at) == (whole.hash, whole.tainted_at)
    assert stored.untrusted_reads(5.0) == whole.untrusted_reads(5.0)
    assert list(stored.evidence("a")) == list(whole.evidence("a"))


def test_an_argument_that_looks_like_a_read_is_not_taken_for_one() -> None:
    lookalike: Json = {**read(1), "leaves": []}
    (event,) = stored_events(payload(read(2), call={"arguments": lookalike}))
    assert [e.call_id for e in SessionState.empty().apply(event).evidence("v2")] == ["c2"]
    assert stored_events(payload(call={"arguments": lookalike})) == []


def test_a_long_record_is_folded_without_reading_the_leaves_that_are_forgotten(tmp_path: Path, monkeypatch) -> None:
    parsed: list[int] = []
    whole = model.event_from_json

    def counted(raw: Json):
        event = whole(raw)
        parsed.extend([1] * len(event.leaves if isinstance(event, OutputRead) else ()))
        return event

    monkeypatch.setattr(model, "event_from_json", counted)
    with Ledger.open(tmp_path, redactor=REDACTOR, clock=Clock()) as ledger:
        recorded(ledger, [[read(n)] for n in range(5 * MAX_READS)])
        state = SessionKeeper(ledger).current("alice")
    assert len(parsed) == MAX_READS
    assert (len(state.reads), state.rows_since(0.0), state.tainted(1.0)) == (MAX_READS, 5 * MAX_READS, True)


def test_a_read_that_cannot_be_trusted_to_be_one_is_refused_each_time_or_taints(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, redactor=REDACTOR, clock=Clock()) as ledger:
        recorded(ledger, [[read(0, "mystery")]])
        keeper = SessionKeeper(ledger)
        for _ in range(2):
            with pytest.raises(GateError, match="trust"):
                keeper.current("alice")
        recorded(ledger, [[read(n, "config")] for n in range(MAX_READS)])
        assert SessionKeeper(ledger).current("alice").tainted(1.0)


def test_an_entry_with_a_bad_event_is_not_applied_in_part_and_again() -> None:
    with TemporaryDirectory() as directory, Ledger.open(Path(directory), redactor=REDACTOR, clock=Clock()) as ledger:
        recorded(ledger, [[judged(1).to_json()], [judged(2).to_json(), {"kind": "mystery"}]])
        keeper = SessionKeeper(ledger)
        for _ in range(3):
            with pytest.raises(GateError, match="session event"):
                keeper.current("alice")
        assert keeper._folded["alice"].state.calls == 1
