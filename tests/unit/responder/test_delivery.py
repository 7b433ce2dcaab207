"""Sending: one id per action, whatever goes wrong on the way, and what may be concluded from it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.backends.embedded.assemble import read_journal
from agentgate_mcp.backends.webhook import WebhookResponder
from agentgate_mcp.backends.webhook.signing import SIGNATURE
from agentgate_mcp.errors import PermitError
from agentgate_mcp.permits import Permit
from tests.unit.responder.conftest import NOW, REAL, SECRET, Clock, Executor

pytestmark = pytest.mark.req("responder.once")
Ask = Callable[..., Any]
Open = Callable[..., WebhookResponder]


@pytest.mark.req("responder.message", "responder.status")
def test_an_action_is_sent_signed_under_its_own_id_and_done(
    responder: WebhookResponder, executor: Executor, request_one: Ask, tmp_path: Path
) -> None:
    reason = "click \u202ehere\u200b password=hunter2-Zebra99 \\u{41}"
    receipt = request_one(responder, replace(REAL, reason=reason))
    assert (receipt.status, receipt.detail) == ("done", "done (INC-7)")
    (sent,) = executor.seen
    assert sent["key"] == sent["body"]["action_id"] == receipt.action_id
    assert SECRET.decode() not in repr(sent)
    assert sent["headers"][SIGNATURE.lower()].startswith("v1=")
    body = sent["body"]
    assert (body["v"], body["action"], body["target"]) == (1, "isolate_host", "ws-042")
    assert (body["requested_at"], body["expires_at"]) == (NOW, NOW + 86_400)
    assert body["rollback"] == {"of": receipt.action_id, "how": receipt.rollback}
    stated = body["stated"]
    assert (stated["case_id"], stated["requested_by"]) == ("1001", "analyst")
    assert "click \\u{202e}here\\u{200b} " in stated["reason"]
    assert "hunter2" not in stated["reason"]
    assert stated["reason"].endswith("\\\\u{41}")
    assert [s.status for s in responder.store.steps(receipt.action_id)] == ["queued", "done"]
    assert responder.receipts("1001") == (receipt,)
    assert [e.what for e in read_journal(tmp_path)] == ["isolate_host:ws-042"]
    assert responder.live


def test_nothing_is_sent_without_a_permit_for_exactly_this(
    responder: WebhookResponder, executor: Executor, permit_for: Callable[..., Permit]
) -> None:
    with pytest.raises(PermitError):
        responder.request([REAL], permit=None, call_id="c", at=NOW)
    with pytest.raises(PermitError):
        responder.request([REAL], permit=permit_for(replace(REAL, target="ws-043")), call_id="c", at=NOW)
    used = permit_for(REAL)
    responder.request([REAL], permit=used, call_id="c", at=NOW)
    with pytest.raises(PermitError):
        responder.request([REAL], permit=used, call_id="c", at=NOW)
    assert len(executor.seen) == 1


def test_a_simulation_stays_one_though_an_executor_is_there(responder: WebhookResponder, executor: Executor) -> None:
    plan = replace(REAL, simulate=True)
    (receipt,) = responder.request([plan], permit=None, call_id="c", at=NOW)
    assert receipt.status == "simulated"
    assert executor.seen == []


def test_a_simulation_among_real_actions_stands_in_for_none(
    responder: WebhookResponder, executor: Executor, permit_for: Callable[..., Permit]
) -> None:
    mixed = [replace(REAL, simulate=True), REAL]
    got = responder.request(mixed, permit=permit_for(*mixed), call_id="c", at=NOW)
    assert [r.status for r in got] == ["simulated", "done"]
    assert len(executor.effects) == 1


@pytest.mark.parametrize(
    "mood",
    "500-before 500-after cut-before cut-after 429 garbage endless zipped redirect other-id absent".split(),
)
def test_a_fault_and_then_an_answer_is_one_effect(
    responder: WebhookResponder, executor: Executor, request_one: Ask, mood: str
) -> None:
    executor.moods.append(mood)
    receipt = request_one(responder)
    assert receipt.status == "done"
    assert len(executor.seen) == 2
    assert executor.seen[0]["key"] == executor.seen[1]["key"] == receipt.action_id
    assert executor.seen[0]["raw"] == executor.seen[1]["raw"]
    assert len(executor.effects) == 1


@pytest.mark.parametrize("mood", ["hang-after", "drip"])
def test_a_timeout_after_the_effect_is_one_effect(
    open_responder: Open, executor: Executor, request_one: Ask, mood: str
) -> None:
    executor.moods.append(mood)
    receipt = request_one(open_responder(timeout_s=1.0))
    assert receipt.status == "done"
    assert len(executor.effects) == 1
    assert {s["key"] for s in executor.seen} == {receipt.action_id}


@pytest.mark.req("responder.status")
@pytest.mark.parametrize(
    ("moods", "effects"),
    [(["cut-after"] * 3, 1), (["500-before"] * 3, 0), (["cut-before", "403"], 0), (["garbage", "429", "403"], 1)],
)
def test_what_may_have_been_taken_is_unknown_and_not_sent_under_another_id(
    responder: WebhookResponder, executor: Executor, request_one: Ask, moods: list[str], effects: int
) -> None:
    executor.moods.extend(moods)
    receipt = request_one(responder)
    assert receipt.status == "unknown"
    assert len(executor.effects) == effects
    again = request_one(responder)
    assert (again.status, again.duplicate_of) == ("duplicate", receipt.action_id)
    assert again.detail == f"may be in force already as {receipt.action_id}, which is unknown"
    assert len(executor.seen) == len(moods)


@pytest.mark.parametrize(("moods", "attempts"), [(["403"], 1), (["429"] * 3, 3), (["429", "403"], 2), (["failed"], 1)])
def test_what_was_certainly_not_done_failed_and_may_be_asked_for_again(
    responder: WebhookResponder, executor: Executor, request_one: Ask, moods: list[str], attempts: int
) -> None:
    executor.moods.extend(moods)
    receipt = request_one(responder)
    assert receipt.status == "failed"
    assert (len(executor.seen), executor.effects) == (attempts, [])
    later = request_one(responder)
    assert later.status == "done"
    assert later.action_id != receipt.action_id


@pytest.mark.req("responder.status")
def test_an_endpoint_that_is_not_there_is_failed_without_its_name(open_responder: Open, request_one: Ask) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        receipt = request_one(open_responder(url=f"http://127.0.0.1:{taken.getsockname()[1]}/x"))
    assert (receipt.status, receipt.detail) == ("failed", "no connection to the endpoint, 3 times")


def test_a_server_that_speaks_no_tls_is_sent_nothing(
    open_responder: Open, executor: Executor, request_one: Ask
) -> None:
    receipt = request_one(open_responder(url=executor.url.replace("http:", "https:") + "/actions"))
    assert receipt.status == "failed"
    assert (executor.seen, executor.effects) == ([], [])
    assert "127.0.0.1" not in receipt.detail


def test_a_connection_that_is_reset_is_unknown(open_responder: Open, request_one: Ask) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)

        def reset() -> None:
            for _ in range(3):
                peer, _address = listener.accept()
                peer.recv(1)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                peer.close()

        thread = threading.Thread(target=reset, daemon=True)
        thread.start()
        receipt = request_one(open_responder(url=f"http://127.0.0.1:{listener.getsockname()[1]}/x"))
        thread.join(10)
    assert receipt.status == "unknown"
    assert receipt.detail.startswith("the connection broke off")


def test_a_duplicate_of_what_is_in_force_is_not_sent(
    open_responder: Open, executor: Executor, permit_for: Callable[..., Permit], clock: Clock, request_one: Ask
) -> None:
    twice = [REAL, replace(REAL, target="WS-042 ")]
    first, second = open_responder().request(twice, permit=permit_for(*twice), call_id="c", at=NOW)
    assert (first.status, second.status, second.duplicate_of) == ("done", "duplicate", first.action_id)
    elsewhere = request_one(open_responder())
    assert (elsewhere.status, elsewhere.duplicate_of) == ("duplicate", first.action_id)
    assert len(executor.seen) == 1
    clock.now = NOW + 86_400
    assert request_one(open_responder()).status == "done"
    assert len(executor.effects) == 2


def test_back_off_grows_and_no_attempt_starts_when_the_time_is_used_up(
    open_responder: Open, executor: Executor, permit_for: Callable[..., Permit]
) -> None:
    waits: list[float] = []
    ticks = [0.0]

    def pause(seconds: float) -> None:
        waits.append(seconds)
        ticks[0] += 25.0

    executor.moods.extend(["429"] * 6)
    actions = [REAL, replace(REAL, target="ws-043")]
    responder = open_responder(pause=pause, ticks=lambda: ticks[0])
    got = responder.request(actions, permit=permit_for(*actions), call_id="c", at=NOW)
    assert waits == [0.5, 1.0]
    assert [r.status for r in got] == ["failed", "failed"]
    assert got[1].detail == "not sent: there was no time left in this call"
    assert len(executor.seen) == 2
