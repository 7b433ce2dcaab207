"""One exchange with the endpoint, bounded as a whole, and what may be concluded from it.

What matters is whether the action may have been taken: only a connection that was never made and
an endpoint that says no are certain. Everything else is unclear.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from agentgate_mcp.backends.webhook.endpoint import Endpoint
from agentgate_mcp.backends.webhook.message import MAX_ANSWER_BYTES, Answer, read_message
from agentgate_mcp.backends.webhook.signing import signed_headers

_TRY_AGAIN: Final = frozenset({408, 409, 425})
"""Client errors by number that do not say whether the action was taken."""
_BUSY: Final = 429


@dataclass(frozen=True, slots=True)
class Answered:
    """The endpoint spoke of this action."""

    said: Answer


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The action has certainly not been taken; another attempt may get through."""

    cause: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The endpoint refuses the action; another attempt is refused too."""

    cause: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """The action may or may not have been taken."""

    cause: str


Reply = Answered | NotTaken | Rejected | Unclear


class WebhookClient:
    """Speaks to one endpoint. Blocking; to be called from a thread without an event loop."""

    def __init__(self, endpoint: Endpoint, clock: Callable[[], float]) -> None:
        self._endpoint = endpoint
        self._clock = clock

    def ask(self, action_id: str, body: bytes) -> Reply:
        """Ask for an action. However often it is asked for, the id is the idempotency key."""
        headers = {
            **signed_headers(self._endpoint.secret, "action", self._clock(), body),
            "Content-Type": "application/json",
            "Idempotency-Key": action_id,
        }
        return asyncio.run(self._exchange("POST", self._endpoint.url, headers, body, action_id))

    def status(self, action_id: str, status_url: str) -> Reply:
        """Ask what became of an action. The signature is over its id."""
        headers = signed_headers(self._endpoint.secret, "status", self._clock(), action_id.encode())
        url = self._endpoint.status_url(action_id, status_url)
        return asyncio.run(self._exchange("GET", url, headers, b"", action_id))

    async def _exchange(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes, action_id: str
    ) -> Reply:
        limit = self._endpoint.timeout_s
        sent = {**headers, "Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "agentgate-mcp"}
        try:
            async with (
                asyncio.timeout(limit),
                # Neither proxies nor certificates of the environment, and no step to another address.
                httpx.AsyncClient(
                    verify=self._endpoint.tls,
                    trust_env=False,
                    follow_redirects=False,
                    timeout=httpx.Timeout(limit, connect=limit / 2),
                ) as client,
                client.stream(method, url, headers=sent, content=body) as response,
            ):
                return _concluded(response.status_code, await _bounded(response), action_id)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return NotTaken(_unconnected(error))
        except (TimeoutError, httpx.TimeoutException):
            return Unclear("the endpoint did not answer in time")
        except httpx.HTTPError as error:
            return Unclear(f"the connection broke off ({type(error).__name__})")


async def _bounded(response: httpx.Response) -> bytes:
    """The body, or nothing when it is too long or compressed: its size is not known before."""
    if response.headers.get("content-encoding", "identity") != "identity":
        return b""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            return b""
    return bytes(body)


def _concluded(code: int, body: bytes, action_id: str) -> Reply:
    said = read_message(Answer, body)
    if said is not None and said.action_id == action_id and code in (200, 202, 404):
        return Answered(said)
    if code == _BUSY:
        return NotTaken("the endpoint is busy (429)")
    if 400 <= code < 500 and code not in _TRY_AGAIN:
        return Rejected(f"the endpoint refused it ({code})")
    if 200 <= code < 300:
        return Unclear("the answer was not in the agreed form")
    return Unclear(f"the endpoint answered {code}")


def _unconnected(error: BaseException) -> str:
    """Why there was no connection, without the name of the host."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return "the endpoint's certificate is not one that is trusted"
        seen = seen.__cause__ or seen.__context__
    return "no connection to the endpoint"
