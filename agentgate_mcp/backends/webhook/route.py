"""`POST /callbacks/response`: where the endpoint says what became of an action.

The signature is the authentication. Answers name the kind of refusal and nothing else.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import anyio
from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from agentgate_mcp.backends.webhook.message import MAX_ANSWER_BYTES
from agentgate_mcp.backends.webhook.responder import Heard, WebhookResponder
from agentgate_mcp.backends.webhook.signing import SIGNATURE, TIMESTAMP
from agentgate_mcp.errors import BackendError

CALLBACK_PATH: Final = "/callbacks/response"
_BODY_SECONDS: Final = 10.0
_CODES: Final[dict[Heard, int]] = {
    "recorded": 200,
    "malformed": 400,
    "not_genuine": 401,
    "no_such_action": 404,
    "replayed": 409,
    "out_of_order": 409,
}


def callback_route(responder: WebhookResponder) -> Route:
    """The route to mount beside the server's own. Refuses: too long (413), too slow (408),
    unsigned or stale (401), unknown action (404), seen before or backwards (409)."""

    async def callback(request: Request) -> Response:
        try:
            with anyio.fail_after(_BODY_SECONDS):
                body = await _bounded(request)
        except (TimeoutError, ClientDisconnect):
            return JSONResponse({"result": "incomplete"}, 408)
        if body is None:
            return JSONResponse({"result": "too_long"}, 413)
        headers = request.headers
        timestamp, signed = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
        try:
            hear = partial(responder.hear, body, timestamp=timestamp, signed=signed)
            heard: Heard = await to_thread.run_sync(hear)
        except BackendError:
            # Nothing was recorded, so the endpoint is to say it again.
            return JSONResponse({"result": "not_recorded"}, 503)
        return JSONResponse({"result": heard}, _CODES[heard])

    return Route(CALLBACK_PATH, callback, methods=["POST"])


async def _bounded(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            return None
    return bytes(body)
