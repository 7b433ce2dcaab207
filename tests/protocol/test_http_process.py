"""HTTP on loopback: a real uvicorn in a child process, raw requests and the SDK's own client."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from agentgate_mcp.server.identity import local_user
from tests.protocol.process import LEGACY, MODERN, PATIENCE, Server, envelope, frame, initialization, running

PARSE, INVALID = -32700, -32600


@dataclass
class Site:
    """Where the child serves, and the token that it printed."""

    server: Server
    url: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }

    def post(self, body: Any, **headers: str) -> httpx.Response:
        sent = {**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            return client.post(self.url, content=body, headers=sent)

    def new_refusals(self, before: int) -> list[dict[str, Any]]:
        return self.server.refusals()[before:]


def site_of(server: Server) -> Site:
    url = re.search(rb"http://\S+", server.stderr.get(timeout=PATIENCE))
    token = re.search(rb"Bearer (\S+)", server.stderr.get(timeout=PATIENCE))
    assert url is not None
    assert token is not None
    return Site(server, url[0].decode(), token[1].decode())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("http"), "streamable-http") as server:
        yield site_of(server)


@pytest.fixture(scope="module")
def sse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(tmp_path_factory.mktemp("sse"), "sse") as server:
        yield site_of(server)


def modern_call(tool: str, arguments: object) -> tuple[bytes, dict[str, str]]:
    body = frame("tools/call", 1, name=tool, arguments=arguments, _meta=envelope())
    return body, {"MCP_Protocol_Version": MODERN, "Mcp_Method": "tools/call", "Mcp_Name": tool}


@pytest.mark.req("server.http-auth")
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic YTpi"])
def test_without_the_token_nothing_is_read_or_recorded(site: Site, header: str | None) -> None:
    before = len(site.server.events())
    headers = {k: v for k, v in site.headers.items() if k != "Authorization"}
    if header is not None:
        headers["Authorization"] = header
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        for method in ("POST", "GET", "DELETE"):
            answer = client.request(method, site.url, content=b'{"a":1,"a":2}', headers=headers)
            assert answer.status_code == 401
            assert "Bearer" in answer.headers["www-authenticate"]
    assert len(site.server.events()) == before


@pytest.mark.req("server.http-origin")
@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Host", "attacker.example", 421),
        ("Host", "127.0.0.1.attacker.example:8000", 421),
        ("Origin", "http://attacker.example", 403),
        ("Origin", "null", 403),
        ("Origin", "https://127.0.0.1.attacker.example", 403),
    ],
)
def test_a_foreign_host_or_origin_is_refused_and_recorded(site: Site, header: str, value: str, status: int) -> None:
    before = len(site.server.refusals())
    for version in (LEGACY, MODERN):
        answer = site.post(frame("ping", 1), **{header: value, "MCP_Protocol_Version": version})
        assert answer.status_code == status
    assert [r["reason"].split(":")[0] for r in site.new_refusals(before)] == [f"HTTP {status}"] * 2


BAD: list[tuple[str, bytes, int, int, object]] = [
    ("duplicate keys", b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}', 400, INVALID, 1),
    ("NaN", b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"n":NaN}}', 400, PARSE, 1),
    ("invalid UTF-8", b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"n":"\xff"}}', 400, PARSE, 1),
    ("300 levels", frame("ping", 1).rstrip(b"}\n") + b'"a":' + b"[" * 300 + b"]" * 300 + b"}}", 400, INVALID, 1),
    ("a batch", b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, INVALID, None),
    ("nothing", b"", 400, PARSE, None),
    ("2 MiB", frame("tools/call", 1, name="echo", arguments={"q": "a" * 2_097_152}), 413, INVALID, 1),
]


@pytest.mark.req("server.http-wire", "server.wire-strict", "server.wire-recorded", "R9")
@pytest.mark.parametrize("version", [LEGACY, MODERN])
@pytest.mark.parametrize(("name", "body", "status", "code", "request_id"), BAD, ids=[b[0] for b in BAD])
def test_a_bad_body_is_refused_with_its_id_and_recorded(
    site: Site, version: str, name: str, body: bytes, status: int, code: int, request_id: object
) -> None:
    before = len(site.server.events())
    answer = site.post(body, MCP_Protocol_Version=version)
    assert answer.status_code == status
    assert (answer.json()["id"], answer.json()["error"]["code"]) == (request_id, code)
    [refusal] = site.server.events()[before:]
    assert (refusal["event"], refusal["principal"]) == ("refusal", local_user())
    assert refusal["reason"] == answer.json()["error"]["data"]["reason"]


@pytest.mark.req("server.http-wire", "server.wire-bounded")
def test_a_body_without_a_declared_length_is_bounded_too(site: Site) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"jsonrpc":"2.0","method":"ping","params":{"q":"'
        for _ in range(40):
            yield b"a" * 65_536
        yield b'"},"id":77}'

    answer = site.post(chunks())
    assert answer.status_code == 413
    assert answer.json()["id"] == 77


@pytest.mark.req("server.http-wire", "server.no-coercion")
def test_a_modern_call_arrives_as_sent_and_a_lying_header_is_recorded(site: Site) -> None:
    before = len(site.server.events())
    body, headers = modern_call("echo", {"n": "5", "zzz": [1]})
    answer = site.post(body, **headers)
    assert answer.json()["result"]["structuredContent"] == {"got": {"n": "5", "zzz": [1]}}
    lied = site.post(body, **{**headers, "Mcp_Name": "blocked"})
    assert (lied.status_code, lied.json()["error"]["code"]) == (400, -32020)
    assert [e["event"] for e in site.server.events()[before:]] == ["execute", "refusal"]


@pytest.mark.req("server.http-wire", "server.sdk-refusals", "R9")
def test_one_malformed_call_leaves_one_record(site: Site) -> None:
    before = len(site.server.events())
    body, headers = modern_call("echo", [1])
    answer = site.post(body, **headers)
    assert answer.json()["error"]["code"] == -32602
    assert answer.json()["error"]["data"]["location"] == "/params/arguments"
    assert [e["event"] for e in site.server.events()[before:]] == ["refusal"]


def client_of(site: Site, mode: str) -> tuple[Client, httpx2.AsyncClient]:
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {site.token}"}, trust_env=False, timeout=PATIENCE)
    return Client(streamable_http_client(site.url, http_client=http), mode=mode), http


@pytest.mark.req("server.http-wire", "server.progress", "server.resources", "server.prompts", "server.identity")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_sdks_client_works_in_both_eras(site: Site, mode: str) -> None:
    seen: list[str | None] = []

    async def on_progress(done: float, total: float | None, message: str | None) -> None:
        seen.append(message)

    async def scenario() -> None:
        client, http = client_of(site, mode)
        with anyio.fail_after(PATIENCE):
            async with http, client:
                assert client.protocol_version == {"auto": MODERN, "legacy": LEGACY}[mode]
                assert (await client.call_tool("echo", {"n": "5"})).structured_content == {"got": {"n": "5"}}
                assert (await client.call_tool("blocked", {})).is_error
                await client.call_tool("stages", {}, progress_callback=on_progress)
                assert (await client.read_resource("case://1002/notes")).contents
                assert (await client.get_prompt("triage", {})).messages

    anyio.run(scenario)
    assert sorted(filter(None, seen)) == ["investigate", "report", "triage"]


@pytest.mark.req("server.cancel")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_that_gives_up_cancels_its_call(site: Site, mode: str) -> None:
    before = len(site.server.events())

    def seen(event: str) -> bool:
        return any(event in (e["event"], e.get("tool")) for e in site.server.events()[before:])

    async def scenario() -> None:
        client, http = client_of(site, mode)
        with anyio.fail_after(PATIENCE):
            async with http, client:
                async with anyio.create_task_group() as calls:
                    calls.start_soon(client.call_tool, "forever", {})
                    while not seen("forever"):
                        await client.call_tool("echo", {})
                    calls.cancel_scope.cancel()
                while not seen("cancelled"):
                    await client.call_tool("echo", {})

    anyio.run(scenario)


@pytest.mark.req("server.http-auth", "R8")
def test_the_token_is_printed_once_and_kept_nowhere(site: Site) -> None:
    assert len(site.token) >= 40
    assert site.server.stderr.empty() or site.token.encode() not in b"".join(list(site.server.stderr.queue))
    assert site.server.stdout.empty() or site.token.encode() not in b"".join(list(site.server.stdout.queue))
    assert site.token not in json.dumps(site.server.events())


@pytest.mark.req("server.http-wire", "server.http-auth")
def test_sse_is_served_with_a_note_that_it_is_deprecated(sse: Site) -> None:
    assert b"deprecated" in sse.server.stderr.get(timeout=PATIENCE)

    async def scenario() -> None:
        with anyio.fail_after(PATIENCE):
            transport = sse_client(sse.url, headers={"Authorization": f"Bearer {sse.token}"})
            async with Client(transport, mode="legacy") as client:
                assert (await client.call_tool("echo", {"n": "5"})).structured_content == {"got": {"n": "5"}}

    anyio.run(scenario)
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        assert client.get(sse.url).status_code == 401
        messages = sse.url.replace("/sse", "/messages/?session_id=0")
        answer = client.post(messages, content=b'{"a":1,"a":2}', headers=sse.headers)
    assert answer.status_code == 400
    assert len(sse.server.refusals()) == 1


@pytest.mark.req("server.shutdown", "server.cancel", "R3")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to send")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_sigterm_cancels_what_is_in_flight_and_the_process_ends_in_order(tmp_path: Path, mode: str) -> None:
    with running(tmp_path, "streamable-http") as server:
        site = site_of(server)

        async def scenario() -> None:
            client, http = client_of(site, mode)
            with anyio.fail_after(PATIENCE):
                async with http, client, anyio.create_task_group() as calls:
                    ended = anyio.Event()

                    async def call() -> None:
                        # Which error ends it is the transport's affair; that it ends is ours.
                        with contextlib.suppress(Exception):
                            await client.call_tool("forever", {})
                        ended.set()

                    calls.start_soon(call)
                    while not any(e.get("tool") == "forever" for e in server.events()):
                        await client.call_tool("echo", {})
                    server.process.send_signal(signal.SIGTERM)
                    await ended.wait()

        try:
            anyio.run(scenario)
        except* (httpx2.HTTPError, OSError):
            pass  # the server is gone when the client says good-bye
        assert server.process.wait(PATIENCE) == 0
        assert [e["event"] for e in server.events()][-2:] == ["cancelled", "closed"]


@pytest.mark.req("server.http-wire")
def test_initialization_outside_the_sdks_client_opens_a_session(site: Site) -> None:
    answer = site.post(frame("initialize", 0, **initialization()))
    assert answer.status_code == 200
    assert answer.headers["mcp-session-id"]
