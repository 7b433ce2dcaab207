"""What comes over the wire is read in one way or not at all; what goes out can be seen."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.responder import SimulatingResponder
from agentgate_mcp.backends.embedded.sqlite import Database
from agentgate_mcp.backends.webhook import WebhookResponder
from agentgate_mcp.backends.webhook.message import Answer, Callback, read_message, stated
from agentgate_mcp.permits import Permit, PermitBook
from agentgate_mcp.redact import Redactor
from tests.unit.responder.conftest import NOW, REAL, Executor

pytestmark = pytest.mark.req("responder.message")
REDACTOR = Redactor(b"k" * 32)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["act-1", "done", "accepted"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["action_id", "status", "status_url", "reference", "event_id", "more"])


@given(st.binary(max_size=200) | st.dictionaries(FIELDS, VALUES).map(lambda d: json.dumps(d).encode()))
def test_any_bytes_are_a_message_of_the_agreed_form_or_none(raw: bytes) -> None:
    for kind in (Answer, Callback):
        said = read_message(kind, raw)
        if said is not None:
            sent = json.loads(raw)
            assert (said.action_id, said.status) == (sent["action_id"], sent["status"])


@pytest.mark.parametrize(
    "raw",
    [
        b'{"action_id":"act-1","action_id":"act-2","status":"done"}',
        b'{"action_id":"act-1","status":"done"} ' + b" " * 20_000,
        b'{"action_id":"act-1","status":"done","more":' + b"[" * 50 + b"]" * 50 + b"}",
        b'{"action_id":"act-1\\u000a","status":"done"}',
        b'{"action_id":"act-1","status":"done","reference":"' + b"x" * 65 + b'"}',
    ],
)
def test_a_message_with_two_readings_or_no_bound_is_none(raw: bytes) -> None:
    assert read_message(Answer, raw) is None


@given(st.text())
def test_a_stated_text_holds_nothing_that_cannot_be_seen(text: str) -> None:
    shown = stated(text, REDACTOR)
    assert len(shown) <= 2000
    assert all(c == " " or unicodedata.category(c)[0] not in "CZ" for c in shown)


@given(st.text(max_size=50), st.text(max_size=50))
def test_two_texts_are_stated_alike_only_when_they_are(one: str, other: str) -> None:
    assert (stated(one, REDACTOR) == stated(other, REDACTOR)) == (
        REDACTOR.redact_text(one) == REDACTOR.redact_text(other)
    )


@pytest.mark.req("responder.settings")
def test_what_was_simulated_for_want_of_an_executor_does_not_stand_in_for_the_action(
    open_responder: Callable[..., WebhookResponder],
    executor: Executor,
    book: PermitBook,
    permit_for: Callable[..., Permit],
    request_one: Callable[..., Any],
    tmp_path: Path,
) -> None:
    database = Database(tmp_path / "embedded.sqlite")
    simulator = SimulatingResponder(database, book)
    (planned,) = simulator.request([REAL], permit=permit_for(REAL), call_id="c", at=NOW)
    assert planned.status == "simulated"
    executor.moods.append("403")
    assert request_one(open_responder()).status == "failed"
    database.run("DELETE FROM receipts WHERE status = 'simulated'")
    (again,) = simulator.request([REAL], permit=permit_for(REAL), call_id="c", at=NOW)
    assert again.status == "simulated", "what failed is not in force"
    database.close()
