"""One stdio connection inside the test's own process, over a pair of pipes."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable

import anyio
import anyio.to_thread
import pytest

from agentgate_mcp.errors import LedgerError
from agentgate_mcp.server.app import GatedServer
from agentgate_mcp.server.descriptors import claimed
from agentgate_mcp.server.identity import Identity, LocalIdentity
from agentgate_mcp.server.stdio import MAX_IN_FLIGHT, serve_descriptors
from tests.protocol.fakes import FakeGatekeeper
from tests.protocol.process import envelope, frame


def converse(gatekeeper: FakeGatekeeper, raw: bytes, meanwhile: Callable[[], Awaitable[object]] | None = None) -> bytes:
    """Send ``raw``, end the input at once (or after ``meanwhile``), return all that was answered."""
    inward, outward = os.pipe(), os.pipe()
    mcp = GatedServer(gatekeeper, LocalIdentity(identity=Identity(principal="alice", agent_id="tester")))
    answers: list[bytes] = []

    async def main() -> None:
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                tasks.start_soon(anyio.to_thread.run_sync, listen)
                await serve_descriptors(
                    mcp.serve_streams, mcp.recorder, source=inward[0], sink=outward[1], drain_seconds=0
                )
                os.close(outward[1])

    async def ask() -> None:
        with os.fdopen(inward[1], "wb") as pipe:
            await anyio.to_thread.run_sync(pipe.write, raw)
            await anyio.to_thread.run_sync(pipe.flush)
            if meanwhile is not None:
                await meanwhile()

    def listen() -> None:
        with os.fdopen(outward[0], "rb") as pipe:
            answers.append(pipe.read())

    try:
        anyio.run(main)
    finally:
        os.close(inward[0])
    return answers[0]


@pytest.mark.req("server.shutdown", "server.cancel", "R3")
def test_a_call_that_outlives_the_end_of_input_is_cancelled_and_that_is_known() -> None:
    gatekeeper = FakeGatekeeper()
    call = frame("tools/call", 1, name="forever", arguments={}, _meta=envelope())
    answers = converse(gatekeeper, call, lambda: gatekeeper.started.wait())
    assert gatekeeper.cancelled == ["c-1"]
    assert b"Connection closed" in answers


@pytest.mark.req("server.shutdown")
def test_a_client_that_leaves_before_it_asks_ends_the_server() -> None:
    assert converse(FakeGatekeeper(), b"") == b""


@pytest.mark.req("server.wire-bounded")
def test_a_flood_of_requests_is_refused_beyond_a_limit() -> None:
    gatekeeper = FakeGatekeeper()
    flood = b"".join(frame("tools/call", n, name="forever", arguments={}, _meta=envelope()) for n in range(300))
    answers = [json.loads(line) for line in converse(gatekeeper, flood).splitlines()]
    refused = [a["id"] for a in answers if "in flight" in a["error"]["message"]]
    assert refused == list(range(MAX_IN_FLIGHT, 300))
    assert len(gatekeeper.executed) == MAX_IN_FLIGHT
    assert len(gatekeeper.refusals) == 300 - MAX_IN_FLIGHT


class Full(FakeGatekeeper):
    """A ledger that cannot be written."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def refuse_wire(self, principal: str, reason: str, location: str) -> None:
        raise self.error


@pytest.mark.req("server.wire-recorded", "R3")
@pytest.mark.parametrize("error", [LedgerError("the disk is full"), RuntimeError("a mistake")])
def test_a_refusal_that_cannot_be_recorded_says_so_and_stays_a_refusal(error: Exception) -> None:
    gatekeeper = Full(error)
    answers = converse(
        gatekeeper, b'{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"echo","name":"x"}}\n'
    )
    assert b'"id":3' in answers
    assert b'"recorded":false' in answers
    assert gatekeeper.executed == []


@pytest.mark.req("server.stdio-clean")
def test_descriptors_come_back_after_serving(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(1, b"before\n")
    with claimed() as (source, sink):
        os.write(1, b"stray\n")
        os.write(sink, b"wire\n")
        assert os.read(0, 10) == b""
        assert len({source, sink, 0, 1, 2}) == 5
    os.write(1, b"after\n")
    out, err = capfd.readouterr()
    assert out == "before\nwire\nafter\n"
    assert err == "stray\n"


@pytest.mark.req("server.meta", "server.wire-recorded")
def test_an_oversized_context_is_refused_and_recorded() -> None:
    gatekeeper = FakeGatekeeper()
    meta = {**envelope(), "agentgate/incoming_context": ["x" * 100_000] * 3}
    call = frame("tools/call", 1, name="echo", arguments={}, _meta=meta)
    (answer,) = (json.loads(line) for line in converse(gatekeeper, call).splitlines())
    assert answer["error"]["code"] == -32602
    assert "agentgate/incoming_context" in answer["error"]["message"]
    assert gatekeeper.executed == []
    assert "at most 262144 characters" in str(gatekeeper.refusals)
