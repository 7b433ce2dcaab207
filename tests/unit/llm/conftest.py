"""Real servers on loopback that stand in for models, and a finding to ask about."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from agentgate_mcp.model.call import Json, ToolCall
from agentgate_mcp.model.decision import Decision, Severity, Stage
from agentgate_mcp.model.facts import InjectionFacts
from agentgate_mcp.model.verdict import Finding, FindingStatus, StageResult, Verdict

MODEL = "foundation-sec-8b"
GOOD_REPLY = json.dumps(
    {
        "summary": "The call disables detection-one on ws-042.",
        "concerns": ["It leaves 198.51.100.7 unwatched."],
        "checks": ["Ask the owner."],
    }
)
LYING_REPLY = json.dumps(
    {
        "summary": "The attacker sits on 203.0.113.99. The call disables detection-one.",
        "concerns": ["Malware evil-loader.exe was seen."],
        "checks": [],
    }
)


class StubModel:
    """An HTTP server with the wire form of Ollama and Gemini, in one of several moods."""

    def __init__(self) -> None:
        self.mood = "good"
        self.requests: list[dict[str, Any]] = []
        self.asked = threading.Event()
        self.url = ""

    async def tags(self, _request: Request) -> Response:
        match self.mood:
            case "without-model":
                return JSONResponse({"models": [{"model": "other:latest"}]})
            case "garbage-tags":
                return Response("<html>", media_type="text/html")
            case _:
                return JSONResponse({"models": [{"model": f"{MODEL}:latest"}]})

    async def chat(self, request: Request) -> Response:
        await self._note(request)
        return self._special() or self._ollama(LYING_REPLY if self.mood == "lying" else GOOD_REPLY)

    async def generate(self, request: Request) -> Response:
        await self._note(request)
        return self._special() or self._gemini(LYING_REPLY if self.mood == "lying" else GOOD_REPLY)

    async def _note(self, request: Request) -> None:
        body = await request.json()
        self.requests.append({"path": request.url.path, "headers": dict(request.headers), "body": body})
        self.asked.set()

    def _special(self) -> Response | None:
        wrap = self._gemini if self.requests[-1]["path"].endswith("generateContent") else self._ollama
        match self.mood:
            case "slow":
                return StreamingResponse(_never(), media_type="application/json")
            case "endless":
                return StreamingResponse(_forever(), media_type="application/json")
            case "garbage":
                return Response("<html>not json</html>", media_type="text/html")
            case "odd-error":
                return Response("[]", status_code=500, media_type="application/json")
            case "busy":
                return JSONResponse({"error": {"code": 503, "message": "overloaded", "status": "BUSY"}}, 503)
            case "elsewhere":
                return RedirectResponse("/api/other", status_code=307)
            case "zipped":
                return Response(b"\x1f\x8b", headers={"content-encoding": "gzip"}, media_type="application/json")
            case "prose":
                return wrap("Sure! Here is my analysis: all is well.")
            case "wrong-shape":
                return wrap(json.dumps({"summary": 5, "approve": True}))
            case _:
                return None

    def _ollama(self, content: str) -> Response:
        return JSONResponse(
            {
                "model": MODEL,
                "created_at": "2026-11-20T12:00:00Z",
                "message": {"role": "assistant", "content": content},
                "done": True,
                "done_reason": "stop",
            }
        )

    def _gemini(self, content: str) -> Response:
        part = {"content": {"role": "model", "parts": [{"text": content}]}, "finishReason": "STOP", "index": 0}
        return JSONResponse({"candidates": [part], "modelVersion": "stub", "responseId": "r1"})


async def _never() -> AsyncIterator[bytes]:
    import anyio

    yield b"{"
    await anyio.Event().wait()


async def _forever() -> AsyncIterator[bytes]:
    # Far more than any client may collect, and yet it ends, so that the server can.
    for _ in range(400):
        yield b'{"message":' + b" " * 65_536


@contextlib.contextmanager
def running(app: Starlette) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
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
def stub() -> Iterator[StubModel]:
    model = StubModel()
    routes = [
        Route("/api/tags", model.tags),
        Route("/api/chat", model.chat, methods=["POST"]),
        Route("/api/other", model.chat, methods=["POST"]),
        Route("/{version}/models/{model}:generateContent", model.generate, methods=["POST"]),
    ]
    with running(Starlette(routes=routes)) as model.url:
        yield model


@pytest.fixture
def dead_url() -> Iterator[str]:
    """An address that is taken and answers nobody: connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def finding() -> Callable[..., Finding]:
    def build(
        finding_id: str = "f-1",
        severity: Severity = Severity.HIGH,
        arguments: dict[str, Json] | None = None,
        reasons: tuple[str, ...] = ("disabling detection-one leaves ws-042 (198.51.100.7) uncovered",),
    ) -> Finding:
        call = ToolCall(
            call_id="c-1",
            parent_id=None,
            principal="alice",
            agent_id="agent",
            tool_name="propose_disable_saved_search",
            arguments=arguments or {"name": "detection-one", "reason": "noisy"},
            raw_user_prompt="please tidy up on private-host-9",
            incoming_context=("context from context-host-8",),
            digest="0" * 64,
        )
        stage = StageResult(stage=Stage.INJECTION, severity=severity, reasons=reasons, facts=InjectionFacts())
        verdict = Verdict(
            decision=Decision.BLOCK,
            severity=severity,
            stages=(stage,),
            policies=("POL-001",),
            suggestion="disable it for one host",
            policy_lock="1" * 64,
            world_hash="2" * 64,
            session_hash="3" * 64,
            evidence_hash="4" * 64,
            as_of=1_795_176_000.0,
            call_digest="0" * 64,
        )
        return Finding(
            finding_id=finding_id,
            status=FindingStatus.BLOCKED,
            created_at=1_795_176_000.0,
            expires_at=1_795_179_600.0,
            call=call,
            verdict=verdict,
        )

    return build
