"""The ASGI middleware by itself, with a client that misbehaves."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.types import Message, Receive, Scope, Send

from agentgate_mcp.server.http_wire import HttpWire
from agentgate_mcp.server.identity import Identity, LocalIdentity
from agentgate_mcp.server.refusals import RefusalRecorder
from tests.protocol.fakes import FakeGatekeeper
from tests.protocol.process import frame

USER = AuthenticatedUser(AccessToken(token="t", client_id="c", scopes=[]))


class Application:
    """Answers everything with one status and body, and keeps what it was sent."""

    def __init__(self, status: int = 200, body: bytes = b"{}") -> None:
        self.bodies: list[bytes] = []
        self._status, self._body = status, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        self.bodies.append(message.get("body", b""))
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        half = len(self._body) // 2
        await send({"type": "http.response.body", "body": self._body[:half], "more_body": True})
        await send({"type": "http.response.body", "body": self._body[half:], "more_body": False})


def post(
    application: Application, messages: list[Message], *, user: object = USER, seconds: float = 20
) -> tuple[int | None, bytes, list[tuple[str, str, str]]]:
    """(status, body, refusals) of one POST whose body comes as ``messages``, then never ends."""
    gatekeeper = FakeGatekeeper()
    recorder = RefusalRecorder(gatekeeper, LocalIdentity(identity=Identity(principal="alice", agent_id="t")))
    sent: list[Message] = []

    async def receive() -> Message:
        if not messages:
            await anyio.sleep_forever()
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def main() -> None:
        scope: dict[str, Any] = {"type": "http", "method": "POST", "headers": [], "user": user}
        with anyio.fail_after(20):
            await HttpWire(application, recorder=recorder, body_seconds=seconds)(scope, receive, send)

    anyio.run(main)
    status = next((m["status"] for m in sent if m["type"] == "http.response.start"), None)
    return status, b"".join(m.get("body", b"") for m in sent), gatekeeper.refusals


def part(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.req("server.http-wire")
def test_a_good_body_arrives_whole_however_it_was_cut() -> None:
    application, body = Application(), frame("ping", 1)
    status, answer, refusals = post(application, [part(body[:7], more=True), part(body[7:])])
    assert (status, answer, refusals) == (200, b"{}", [])
    assert application.bodies == [body]


@pytest.mark.req("server.http-wire", "R9")
def test_a_body_that_never_ends_is_given_up_and_recorded() -> None:
    application = Application()
    status, _, refusals = post(application, [part(b'{"jsonrpc"', more=True)], seconds=0)
    assert status == 408
    assert application.bodies == []
    assert len(refusals) == 1


@pytest.mark.req("server.http-wire")
def test_a_client_that_goes_away_is_not_answered() -> None:
    application = Application()
    gone: list[Message] = [part(b"{", more=True), {"type": "http.disconnect"}]
    assert post(application, gone) == (None, b"", [])
    assert application.bodies == []


@pytest.mark.req("server.http-auth")
def test_what_nobody_signed_is_passed_on_unread() -> None:
    application = Application(status=401)
    status, _, refusals = post(application, [part(b'{"a":1,"a":2}')], user=None)
    assert (status, refusals) == (401, [])


@pytest.mark.req("server.http-wire", "server.sdk-refusals")
@pytest.mark.parametrize(
    ("status", "body", "recorded"),
    [
        (421, b"Invalid Host header", 1),
        (400, json.dumps({"error": {"code": -32600, "message": "m"}}).encode(), 1),
        (400, json.dumps({"error": {"code": -32602, "message": "m", "data": {"recorded": True}}}).encode(), 0),
        (400, json.dumps({"error": {"code": -32022, "message": "m"}}).encode(), 0),
        (400, b"[]", 1),
        (404, b"Session not found", 0),
        (200, b"{}", 0),
    ],
)
def test_what_the_sdk_refuses_is_recorded_unless_it_already_is(status: int, body: bytes, recorded: int) -> None:
    answered, text, refusals = post(Application(status, body), [part(frame("ping", 1))])
    assert (answered, text, len(refusals)) == (status, body, recorded)
