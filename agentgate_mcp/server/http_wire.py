"""The wire reader in front of the SDK over HTTP: ASGI middleware for the bodies of POST requests.

It runs after authentication: what nobody signed is answered 401 by the SDK without being read.
"""

from __future__ import annotations

import json
from typing import Any, cast

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.types import HEADER_MISMATCH
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agentgate_mcp.server.refusals import MALFORMED, RefusalRecorder, is_recorded
from agentgate_mcp.server.wire import MESSAGE_BYTES, Accepted, Rejected, oversize, read_message

BODY_SECONDS = 30.0
"""A body that takes longer to arrive is given up, so that no connection is held open for nothing."""
_DRAINED = 8 * MESSAGE_BYTES
_HEAD, _TAIL = 65_536, 1_024
_REFUSAL_STATUS = frozenset({400, 403, 406, 413, 415, 421})
_TOO_LARGE = 413


class HttpWire:
    """Passes on a POST only when its body is one acceptable message; records what it stops, and
    what the SDK stops after it."""

    def __init__(self, app: ASGIApp, *, recorder: RefusalRecorder, body_seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._recorder = recorder
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        if not is_post or not isinstance(scope.get("user"), AuthenticatedUser):
            await self._app(scope, receive, send)
            return
        try:
            with anyio.fail_after(self._body_seconds):
                body = await _read_body(scope, receive)
        except TimeoutError:
            await self._recorder.record("expected the whole body in time, got a part of it", "body")
            await Response("Request body took too long", status_code=408)(scope, receive, send)
            return
        match body:
            case None:
                return
            case Rejected():
                await self._reject(body, _TOO_LARGE, scope, receive, send)
            case bytes():
                checked = read_message(body)
                if isinstance(checked, Accepted):
                    await self._app(scope, _replay(body, receive), _Watch(self._recorder, send))
                else:
                    await self._reject(checked, 400, scope, receive, send)

    async def _reject(self, refused: Rejected, status: int, scope: Scope, receive: Receive, send: Send) -> None:
        recorded = await self._recorder.record(refused.reason, refused.location)
        answer = refused.answer(recorded=recorded).model_dump_json(by_alias=True, exclude_unset=True)
        await Response(answer, status_code=status, media_type="application/json")(scope, receive, send)


class _Watch:
    """A send that holds an error response back until its refusal is on record."""

    def __init__(self, recorder: RefusalRecorder, send: Send) -> None:
        self._recorder = recorder
        self._send = send
        self._held: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] in _REFUSAL_STATUS:
            self._held = message
            return
        if self._held is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")[:_HEAD]
        if message.get("more_body", False):
            return
        start, self._held = self._held, None
        reason = _refusal_in(self._body, start["status"])
        if reason is not None:
            await self._recorder.record(reason, "http")
        await self._send(start)
        await self._send({"type": "http.response.body", "body": self._body, "more_body": False})


def _refusal_in(body: bytes, status: int) -> str | None:
    """Why the SDK refused, or None when that is on record already or is no refusal."""
    try:
        parsed: object = json.loads(body)
    except ValueError:
        return f"HTTP {status}: {body[:100].decode(errors='replace')}"
    error: object = cast("dict[str, Any]", parsed).get("error") if isinstance(parsed, dict) else None
    if not isinstance(error, dict):
        return f"HTTP {status}"
    known = cast("dict[str, Any]", error)
    if is_recorded(known.get("data")) or known.get("code") not in {*MALFORMED, HEADER_MISMATCH}:
        return None
    return f"HTTP {status}: {str(known.get('message', ''))[:200]}"


async def _read_body(scope: Scope, receive: Receive) -> bytes | Rejected | None:
    """The body; a refusal when it is too long; None when the client went away.

    A body that is too long is read on for a while and dropped, so that the client gets to read
    its answer, and so that its id can be found at either end."""
    declared = Headers(scope=scope).get("content-length", "")
    body, lost, head = bytearray(), 0, b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if lost or len(body) > MESSAGE_BYTES:
            head = head or bytes(body[:_HEAD])
            lost += max(len(body) - _TAIL, 0)
            del body[:-_TAIL]
        if not message.get("more_body", False) or lost > _DRAINED:
            break
    if not lost:
        return bytes(body)
    size = int(declared) if declared.isdecimal() and len(declared) < 16 else lost + len(body)
    return oversize(size, head, bytes(body))


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that yields the body once, then whatever comes (a disconnect)."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed
