"""A real executor on loopback that keeps a journal of its effects, and a responder that speaks to it."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from agentgate_mcp.backends.embedded.sqlite import Database
from agentgate_mcp.backends.webhook import Endpoint, WebhookResponder
from agentgate_mcp.backends.webhook.signing import SIGNATURE, TIMESTAMP, is_genuine, signed_headers
from agentgate_mcp.canonical import digest
from agentgate_mcp.effects import Effects, ResponseAction
from agentgate_mcp.permits import Permit, PermitBook, PermitKind
from agentgate_mcp.redact import Redactor

NOW = 1_795_176_000.0
SECRET = b"a shared secret of this test, long enough"
REAL = ResponseAction(
    action="isolate_host", target="ws-042", reason="beacons", case_id="1001", simulate=False, requested_by="analyst"
)


@dataclass
class Clock:
    """Time that moves when it is told to."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


class Cut(Response):
    """An answer that breaks off: the connection is closed before the body is whole."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = [(b"content-length", b"500")]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


@dataclass
class Executor:
    """Carries actions out once per idempotency key. ``mood`` gives the fault of the next request.

    ``effects`` is what really happened: (key, action, target, when)."""

    clock: Clock
    url: str = ""
    moods: deque[str] = field(default_factory=deque)
    mood: Callable[[], str] | None = None
    status_moods: deque[str] = field(default_factory=deque)
    effects: list[tuple[str, str, str, float]] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    seen: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    held_back: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def act(self, request: Request) -> Response:
        raw, key = await request.body(), request.headers["idempotency-key"]
        stamp, signed = request.headers[TIMESTAMP], request.headers[SIGNATURE]
        now = self.clock()
        if not is_genuine(SECRET, "action", timestamp=stamp, signed=signed, body=raw, now=now):
            return JSONResponse({}, 401)
        body = json.loads(raw)
        self.seen.append({"key": key, "body": body, "raw": raw, "headers": dict(request.headers)})
        mood = self.moods.popleft() if self.moods else self.mood() if self.mood is not None else "done"
        match mood:
            case "500-before":
                return JSONResponse({}, 500)
            case "429":
                return JSONResponse({}, 429)
            case "403":
                return JSONResponse({}, 403)
            case "cut-before":
                return Cut()
            case "late":
                # Somewhere on the way it waits, while its sender sees the connection close.
                self.held_back.append((key, stamp, raw))
                return Cut()
            case "failed":
                self.known.setdefault(key, "failed")
                return self._said(key)
            case "absent":
                return JSONResponse({"action_id": key, "status": "absent"}, 404)
            case _:
                self.effect(key, body, "accepted" if mood.startswith("accepted") else "done")
        match mood:
            case "500-after":
                return JSONResponse({}, 500)
            case "cut-after":
                return Cut()
            case "hang-after":
                while (await request.receive())["type"] != "http.disconnect":
                    pass
                return JSONResponse({})
            case "drip":
                return StreamingResponse(_drip(request), media_type="application/json")
            case "endless":
                return Response(b" " * 100_000, media_type="application/json")
            case "garbage":
                return Response(b"<html>", media_type="text/html")
            case "zipped":
                return Response(b"\x1f\x8b", headers={"content-encoding": "gzip"})
            case "redirect":
                return RedirectResponse(f"{self.url}/actions", status_code=307)
            case "other-id":
                return JSONResponse({"action_id": "act-other", "status": "done"})
            case "accepted-elsewhere":
                return self._said(key, status_url="http://192.0.2.9/steal")
            case "accepted-here":
                return self._said(key, status_url=f"{self.url}/runs/{key}")
            case _:
                return self._said(key)

    def effect(self, key: str, body: dict[str, Any], status: str) -> None:
        if key not in self.known:
            self.known[key] = status
            self.effects.append((key, body["action"], body["target"].lower(), self.clock()))

    def deliver_late(self) -> None:
        """What was held back on the way arrives now, and is judged by its own timestamp."""
        for key, stamp, raw in self.held_back:
            if abs(self.clock() - int(stamp)) <= 300:
                self.effect(key, json.loads(raw), "done")
        self.held_back.clear()

    async def status(self, request: Request) -> Response:
        key = request.path_params["key"]
        self.asked.append(request.url.path)
        stamp, signed = request.headers[TIMESTAMP], request.headers[SIGNATURE]
        now = self.clock()
        if not is_genuine(SECRET, "status", timestamp=stamp, signed=signed, body=key.encode(), now=now):
            return JSONResponse({}, 401)
        match self.status_moods.popleft() if self.status_moods else "":
            case "500":
                return JSONResponse({}, 500)
            case "bare-404":
                return Response(status_code=404)
            case "cut":
                return Cut()
            case _:
                return self._said(key)

    def _said(self, key: str, **more: str) -> Response:
        status = self.known.get(key, "absent")
        code = {"accepted": 202, "absent": 404}.get(status, 200)
        return JSONResponse({"action_id": key, "status": status, "reference": "INC-7", "own": 1, **more}, code)


async def _drip(request: Request) -> Any:
    yield b"{"
    while (await request.receive())["type"] != "http.disconnect":
        pass


@contextlib.contextmanager
def running(app: Starlette) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=0)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            thread.join(10)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def application(now: Callable[[], Executor]) -> Starlette:
    """Hands each request to the double of the test that runs."""

    async def act(request: Request) -> Response:
        return await now().act(request)

    async def status(request: Request) -> Response:
        return await now().status(request)

    return Starlette(
        routes=[Route("/actions", act, methods=["POST"]), Route("/actions/{key}", status), Route("/runs/{key}", status)]
    )


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[str, list[Executor]]]:
    """One server for the tests of a module, and whose double answers."""
    current: list[Executor] = []
    with running(application(lambda: current[-1])) as url:
        yield url, current


@pytest.fixture
def executor(clock: Clock, stage: tuple[str, list[Executor]]) -> Executor:
    url, current = stage
    current.append(Executor(clock, url))
    return current[-1]


@pytest.fixture(scope="session")
def tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@pytest.fixture
def book() -> PermitBook:
    return PermitBook()


@pytest.fixture
def open_responder(
    tmp_path: Path, book: PermitBook, clock: Clock, executor: Executor, tls: ssl.SSLContext
) -> Iterator[Callable[..., WebhookResponder]]:
    """Opens the responder over the same state as often as asked, as a restart or another process does."""
    opened: list[Database] = []

    def make(
        *, url: str = "", timeout_s: float = 15.0, pause: Callable[[float], None] = lambda _s: None, **more: Any
    ) -> WebhookResponder:
        opened.append(Database(tmp_path / "embedded.sqlite"))
        opened[-1].run("PRAGMA synchronous = OFF")  # no power is cut here, and commits are many
        endpoint = Endpoint(
            url=httpx.URL(url or f"{executor.url}/actions"), secret=SECRET, tls=tls, timeout_s=timeout_s, patience_s=900
        )
        return WebhookResponder(
            opened[-1], book, endpoint=endpoint, redactor=Redactor(b"k" * 32), clock=clock, pause=pause, **more
        )

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def responder(open_responder: Callable[..., WebhookResponder]) -> WebhookResponder:
    return open_responder()


@pytest.fixture
def permit_for(book: PermitBook) -> Callable[..., Permit]:
    def mint(*actions: ResponseAction) -> Permit:
        of = digest(Effects(actions=actions).to_json())
        return book.mint(kind=PermitKind.EFFECT, digest=of, call_id="call-1", intent_seq=7)

    return mint


@pytest.fixture
def request_one(permit_for: Callable[..., Permit], clock: Clock) -> Callable[..., Any]:
    """Requests one permitted action and gives its receipt."""

    def ask(responder: WebhookResponder, action: ResponseAction = REAL) -> Any:
        (receipt,) = responder.request([action], permit=permit_for(action), call_id="call-1", at=clock())
        return receipt

    return ask


def callback(action_id: str, status: str, event_id: str, at: float, secret: bytes = SECRET) -> dict[str, Any]:
    """Keyword arguments of `hear`: a signed callback."""
    body = json.dumps({"event_id": event_id, "action_id": action_id, "status": status}).encode()
    headers = signed_headers(secret, "callback", at, body)
    return {"body": body, "timestamp": headers[TIMESTAMP], "signed": headers[SIGNATURE]}
