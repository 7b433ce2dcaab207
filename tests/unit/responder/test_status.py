"""Learning how an action ended: asked for, called back, or after a restart."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from agentgate_mcp.backends.embedded.responder import SimulatingResponder
from agentgate_mcp.backends.embedded.sqlite import Database
from agentgate_mcp.backends.webhook import Tracker, WebhookResponder, callback_route
from agentgate_mcp.backends.webhook.signing import SIGNATURE, TIMESTAMP, is_genuine, signature, signed_headers
from agentgate_mcp.errors import BackendError
from agentgate_mcp.permits import Permit, PermitBook
from tests.unit.responder.conftest import NOW, REAL, SECRET, Clock, Executor, callback

pytestmark = pytest.mark.req("responder.status")
Ask = Callable[..., Any]
Open = Callable[..., WebhookResponder]


def status_of(responder: WebhookResponder, action_id: str) -> str:
    receipt = responder.store.receipt(action_id)
    assert receipt is not None
    return receipt.status


def later(responder: WebhookResponder, clock: Clock, seconds: float) -> None:
    clock.now += seconds
    responder.settle()


def test_an_accepted_action_is_sent_until_it_is_asked_about_and_done(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.append("accepted")
    receipt = request_one(responder)
    assert receipt.status == "sent"
    responder.settle()
    assert executor.asked == [], "asked before it was due"
    executor.status_moods.extend(["500", "cut", "bare-404"])
    for _ in range(4):
        later(responder, clock, 60)
    assert status_of(responder, receipt.action_id) == "sent"
    executor.known[receipt.action_id] = "done"
    later(responder, clock, 200)
    assert status_of(responder, receipt.action_id) == "done"
    assert [s.status for s in responder.store.steps(receipt.action_id)] == ["queued", "sent", "done"]
    asked = len(executor.asked)
    later(responder, clock, 600)
    assert len(executor.asked) == asked, "an end is not asked about"


def test_questions_come_at_growing_intervals(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.append("accepted")
    request_one(responder)
    at: list[float] = []
    for _ in range(120):
        before = len(executor.asked)
        later(responder, clock, 5)
        at += [clock.now - NOW] * (len(executor.asked) - before)
    assert at == [5, 10, 20, 40, 80, 160, 320]


@pytest.mark.req("responder.tls")
def test_a_status_address_is_followed_on_the_same_host_only(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.extend(["accepted-here", "accepted-elsewhere"])
    first = request_one(responder)
    second = request_one(responder, replace(REAL, target="ws-043"))
    later(responder, clock, 10)
    assert executor.asked == [f"/runs/{first.action_id}", f"/actions/{second.action_id}"]


def test_an_accepted_action_without_word_is_unknown_and_can_still_end(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.append("accepted")
    receipt = request_one(responder)
    later(responder, clock, 901)
    assert status_of(responder, receipt.action_id) == "unknown"
    del executor.known[receipt.action_id]
    later(responder, clock, 400)
    assert status_of(responder, receipt.action_id) == "unknown", "what was accepted is not taken to be absent"
    executor.known[receipt.action_id] = "failed"
    later(responder, clock, 400)
    assert status_of(responder, receipt.action_id) == "failed"


def test_absence_counts_once_a_late_request_would_be_refused(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.extend(["late", "cut-before", "cut-before"])
    receipt = request_one(responder)
    later(responder, clock, 700)
    assert (status_of(responder, receipt.action_id), len(executor.asked)) == ("unknown", 1)
    later(responder, clock, 30)
    assert status_of(responder, receipt.action_id) == "failed"
    executor.deliver_late()
    assert executor.effects == []
    assert request_one(responder).status == "done"


def test_a_slow_clock_over_there_makes_no_second_effect(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "clock", lambda: clock() - 250)
    executor.moods.extend(["late", "cut-before", "cut-before"])
    receipt = request_one(responder)
    later(responder, clock, 430)
    assert request_one(responder).duplicate_of == receipt.action_id
    executor.deliver_late()
    assert len(executor.effects) == 1


def test_a_restart_between_sent_and_done_loses_nothing_and_sends_nothing(
    open_responder: Open, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.append("accepted")
    receipt = request_one(open_responder())
    again = open_responder()
    assert request_one(again).duplicate_of == receipt.action_id
    executor.known[receipt.action_id] = "done"
    later(again, clock, 10)
    assert status_of(again, receipt.action_id) == "done"
    assert len(executor.seen) == len(executor.effects) == 1


class Crash(BaseException):
    """The end of a process between two attempts."""


@pytest.mark.req("responder.once")
def test_a_crash_between_attempts_is_unknown_until_its_status_is_learnt(
    open_responder: Open, executor: Executor, permit_for: Callable[..., Permit], clock: Clock
) -> None:
    def pause(_seconds: float) -> None:
        raise Crash

    executor.moods.append("cut-after")
    with pytest.raises(Crash):
        open_responder(pause=pause).request([REAL], permit=permit_for(REAL), call_id="c", at=NOW)
    again = open_responder()
    (receipt,) = again.receipts("1001")
    assert receipt.status == "queued"
    later(again, clock, 119)
    assert status_of(again, receipt.action_id) == "queued", "its sender may still be at it"
    executor.status_moods.append("500")
    later(again, clock, 2)
    later(again, clock, 30)
    assert status_of(again, receipt.action_id) == "unknown"
    later(again, clock, 60)
    assert status_of(again, receipt.action_id) == "done"
    assert [s.status for s in again.store.steps(receipt.action_id)] == ["queued", "unknown", "done"]
    assert len(executor.effects) == 1


def test_an_action_is_not_followed_for_ever(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.append("accepted")
    request_one(responder)
    later(responder, clock, 8 * 86_400)
    assert executor.asked == []


def test_receipts_of_an_executor_can_be_read_when_it_is_no_longer_configured(
    responder: WebhookResponder, executor: Executor, request_one: Ask, tmp_path: Path
) -> None:
    executor.moods.append("accepted")
    receipt = request_one(responder)
    database = Database(tmp_path / "embedded.sqlite")
    assert SimulatingResponder(database, PermitBook()).receipts("1001") == (receipt,)
    database.close()


# --- callbacks ---


@pytest.mark.req("responder.callback")
def test_a_signed_callback_ends_an_action_and_its_replay_is_refused(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.append("accepted")
    action_id = request_one(responder).action_id
    word = callback(action_id, "done", "e-1", clock())
    assert responder.hear(**word) == "recorded"
    assert status_of(responder, action_id) == "done"
    assert responder.hear(**word) == "replayed"
    assert responder.hear(**callback(action_id, "done", "e-2", clock())) == "recorded", "another word of the same"
    assert len(responder.store.steps(action_id)) == 3


@pytest.mark.req("responder.callback")
def test_a_callback_never_takes_an_action_back(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.append("accepted")
    action_id = request_one(responder).action_id
    assert responder.hear(**callback(action_id, "failed", "e-1", clock())) == "recorded"
    for number, status in enumerate(("accepted", "done"), 2):
        assert responder.hear(**callback(action_id, status, f"e-{number}", clock())) == "out_of_order"
    assert status_of(responder, action_id) == "failed"


@pytest.mark.req("responder.callback")
def test_a_callback_may_come_before_the_answer(
    responder: WebhookResponder, executor: Executor, permit_for: Callable[..., Permit], clock: Clock
) -> None:
    def called_back() -> str:
        action_id = executor.seen[-1]["key"]
        assert responder.hear(**callback(action_id, "done", "e-1", clock())) == "recorded"
        return "accepted"

    executor.mood = called_back
    (receipt,) = responder.request([REAL], permit=permit_for(REAL), call_id="c", at=NOW)
    assert receipt.status == "done"
    assert [s.status for s in responder.store.steps(receipt.action_id)] == ["queued", "done"]


@pytest.mark.req("responder.callback")
def test_a_callback_on_an_unknown_action_says_that_it_was_taken(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.extend(["late", "cut-before", "cut-before"])
    action_id = request_one(responder).action_id
    assert responder.hear(**callback(action_id, "accepted", "e-1", clock())) == "recorded"
    later(responder, clock, 3000)
    assert status_of(responder, action_id) == "unknown", "absence no longer proves anything"


@pytest.mark.req("responder.callback")
@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_callback_of_another_time_is_refused(
    responder: WebhookResponder, request_one: Ask, clock: Clock, seconds: int
) -> None:
    word = callback(request_one(responder).action_id, "done", "e-1", clock() + seconds)
    assert responder.hear(**word) == "not_genuine"


@pytest.mark.req("responder.callback")
def test_a_callback_that_is_not_signed_for_that_is_refused(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.append("accepted")
    action_id = request_one(responder).action_id
    good = callback(action_id, "done", "e-1", clock())
    stamp: str = good["timestamp"]
    wrong = [
        callback(action_id, "done", "e-1", clock(), secret=b"another secret of the same length here"),
        good | {"body": good["body"].replace(b"done", b"fail")},
        good | {"timestamp": str(int(stamp) + 1)},
        good | {"timestamp": ""},
        good | {"timestamp": f" {stamp}"},
        good | {"timestamp": "١" + stamp[1:]},
        good | {"timestamp": "9" * 5000},
        good | {"signed": ""},
        good | {"signed": good["signed"].removeprefix("v1=")},
        good | {"signed": "v1=\udcff"},
        # What we sent ourselves cannot be handed back as a callback.
        good | {"signed": signature(SECRET, "action", stamp, good["body"])},
        good | {"signed": signature(SECRET, "status", stamp, good["body"])},
    ]
    assert [responder.hear(**word) for word in wrong] == ["not_genuine"] * len(wrong)
    assert status_of(responder, action_id) == "sent"
    assert responder.hear(**good) == "recorded"


@pytest.mark.req("responder.callback")
@pytest.mark.parametrize(
    "change",
    [
        {"status": "absent"},
        {"status": 5},
        {"event_id": ""},
        {"event_id": "a b"},
        {"action_id": None},
        {"reference": "<b>"},
    ],
)
def test_a_callback_of_another_form_is_refused(
    responder: WebhookResponder, request_one: Ask, clock: Clock, change: dict[str, Any]
) -> None:
    said = {"event_id": "e-1", "action_id": request_one(responder).action_id, "status": "done"} | change
    body = json.dumps(said).encode()
    headers = signed_headers(SECRET, "callback", clock(), body)
    assert responder.hear(body, timestamp=headers[TIMESTAMP], signed=headers[SIGNATURE]) == "malformed"


@pytest.mark.req("responder.callback")
def test_the_route_answers_with_the_kind_of_refusal_only(
    responder: WebhookResponder, executor: Executor, request_one: Ask, clock: Clock
) -> None:
    executor.moods.append("accepted")
    action_id = request_one(responder).action_id
    client = TestClient(Starlette(routes=[callback_route(responder)]))

    def post(word: dict[str, Any]) -> tuple[int, Any]:
        headers = {TIMESTAMP: word["timestamp"], SIGNATURE: word["signed"]}
        answer = client.post("/callbacks/response", content=word["body"], headers=headers)
        return answer.status_code, answer.json()

    good = callback(action_id, "done", "e-1", clock())
    assert post(good | {"signed": "v1=00"}) == (401, {"result": "not_genuine"})
    assert post(good | {"body": b" " * 20_000}) == (413, {"result": "too_long"})
    assert post(callback("act-none", "done", "e-1", clock())) == (404, {"result": "no_such_action"})
    assert post(callback("a b", "done", "e-1", clock())) == (400, {"result": "malformed"})
    assert post(good) == (200, {"result": "recorded"})
    assert post(good) == (409, {"result": "replayed"})
    assert post(callback(action_id, "failed", "e-2", clock())) == (409, {"result": "out_of_order"})
    assert client.post("/callbacks/response").status_code == 401
    assert client.get("/callbacks/response").status_code == 405


@pytest.mark.req("responder.callback")
def test_a_callback_that_cannot_be_recorded_is_to_be_said_again(
    responder: WebhookResponder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise BackendError("the state database failed")

    monkeypatch.setattr(responder.store, "receipt", broken)
    word = callback("act-1", "done", "e-1", clock())
    headers = {TIMESTAMP: word["timestamp"], SIGNATURE: word["signed"]}
    client = TestClient(Starlette(routes=[callback_route(responder)]))
    answer = client.post("/callbacks/response", content=word["body"], headers=headers)
    assert (answer.status_code, answer.json()) == (503, {"result": "not_recorded"})


def test_a_signature_is_for_one_purpose_time_and_body() -> None:
    signed = signature(SECRET, "callback", "100", b"{}")
    assert is_genuine(SECRET, "callback", timestamp="100", signed=signed, body=b"{}", now=400.0)
    assert not is_genuine(SECRET, "callback", timestamp="100", signed=signed, body=b"{}", now=401.0)
    assert not is_genuine(SECRET, "action", timestamp="100", signed=signed, body=b"{}", now=100.0)
    assert not is_genuine(SECRET, "callback", timestamp="100", signed=signed, body=b"{} ", now=100.0)


def test_the_tracker_asks_again_after_a_failure_and_ends_when_closed() -> None:
    import threading

    calls: list[int] = []
    enough = threading.Event()

    def settle() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise BackendError("the state database is held")
        enough.set()

    tracker = Tracker(settle, interval_s=0.001)
    tracker.start()
    tracker.start()
    assert enough.wait(10)
    tracker.close()
    seen = len(calls)
    assert seen >= 2
    assert not any(t.name == "agentgate-response" for t in threading.enumerate())
