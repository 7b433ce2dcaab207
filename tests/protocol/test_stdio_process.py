"""The wire reader over stdio, in a real child process spoken to in raw bytes."""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.protocol.process import PATIENCE, Server, envelope, frame, initialization, running

PARSE, INVALID = -32700, -32600


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as child:
        yield child


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One child, initialized, for tests that leave it as they found it."""
    with running(tmp_path_factory.mktemp("shared")) as child:
        child.initialize()
        yield child


def still_serves(server: Server, request_id: int | str = "after") -> None:
    result = server.call(request_id, "echo", {"n": "5", "zzz": 1})["result"]
    assert result["structuredContent"] == {"got": {"n": "5", "zzz": 1}}


@pytest.mark.req("server.stdio-clean", "server.no-coercion")
def test_both_eras_are_served_and_stray_prints_miss_the_wire(tmp_path: Path) -> None:
    with running(tmp_path) as legacy:
        assert legacy.initialize()["serverInfo"]["name"] == "agentgate"
        still_serves(legacy)
        assert legacy.stderr.get(timeout=PATIENCE).startswith(b"a stray print")
    with running(tmp_path) as modern:
        modern.send(frame("tools/call", 1, name="echo", arguments={"n": "5"}, _meta=envelope()))
        assert modern.answer()["result"]["structuredContent"] == {"got": {"n": "5"}}


def echo(arguments: bytes, name: bytes = b'"name":"echo"') -> bytes:
    """A call in raw bytes, so that it can hold what no JSON library writes."""
    return b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{' + name + b',"arguments":' + arguments + b"}}"


BAD: list[tuple[str, bytes, int, object]] = [
    ("duplicate keys", echo(b"{}", name=b'"name":"echo","name":"blocked"'), INVALID, 1),
    ("duplicate argument", echo(b'{"a":1,"a":2}'), INVALID, 1),
    ("300 levels", echo(b'{"a":' * 300 + b"1" + b"}" * 300), INVALID, 1),
    ("40 levels of arguments", echo(b'{"a":' * 40 + b"1" + b"}" * 40), INVALID, 1),
    ("2 MiB argument", echo(b'{"q":"' + b"a" * 2_097_152 + b'"}'), INVALID, 1),
    ("NaN", echo(b'{"n":NaN}'), PARSE, 1),
    ("a huge integer", echo(b'{"n":9007199254740993}'), INVALID, 1),
    ("invalid UTF-8", echo(b'{"q":"\xff\xfe"}'), PARSE, 1),
    ("a lone surrogate", echo(b'{"q":"\\ud800"}'), INVALID, 1),
    ("a batch", b'[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]', INVALID, None),
    ("no JSON", b"GET / HTTP/1.1", PARSE, None),
    ("an empty object", b"{}", INVALID, None),
]


@pytest.mark.req("server.wire-strict", "server.wire-answer", "server.wire-recorded", "R9")
@pytest.mark.parametrize(("name", "raw", "code", "request_id"), BAD, ids=[b[0] for b in BAD])
def test_a_bad_message_is_answered_recorded_and_survived(
    shared: Server, name: str, raw: bytes, code: int, request_id: object
) -> None:
    before = len(shared.events())
    shared.send(raw.rstrip(b"\n") + b"\n")
    answer = shared.answer()
    assert answer["id"] == request_id
    assert answer["error"]["code"] == code
    assert answer["error"]["data"]["recorded"] is True
    still_serves(shared)
    refusal, call = shared.events()[before:]
    assert refusal["event"] == "refusal"
    assert refusal["reason"] == answer["error"]["data"]["reason"]
    assert refusal["location"] == answer["error"]["data"]["location"]
    assert (call["event"], call["tool"]) == ("execute", "echo")


@pytest.mark.req("server.wire-bounded")
def test_fifty_mebibytes_without_a_newline_stay_out_of_memory(server: Server) -> None:
    server.initialize()
    before = resident(server)
    server.send(b'{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo","arguments":{"q":"')
    for _ in range(50):
        server.send(b"a" * 1_048_576)
    server.send(b'"}},"id":9}\n')
    answer = server.answer()
    assert (answer["id"], answer["error"]["code"]) == (9, INVALID)
    if before:
        assert resident(server) - before < 16_000
    still_serves(server)


def resident(server: Server) -> int:
    """Kibibytes of memory that the child holds, where the system tells."""
    status = Path(f"/proc/{server.process.pid}/status")
    if not status.exists():
        return 0
    return int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmRSS")))


@pytest.mark.req("server.sdk-refusals", "R2", "R9")
def test_an_unknown_tool_reaches_the_gatekeeper_and_wrong_types_are_recorded(server: Server) -> None:
    server.initialize()
    assert server.call(1, "no_such_tool", {})["result"]["isError"] is True
    wrong = server.call(2, "echo", [1, 2])
    assert wrong["error"]["code"] == -32602
    assert "/params/arguments" in wrong["error"]["message"]
    server.send(frame("resources/read", 3, uri="case://nope"))
    assert server.answer()["error"]["code"] == -32602
    server.send(frame("prompts/get", 4, name="nope"))
    assert server.answer()["error"]["code"] == -32602
    assert [e["tool"] for e in server.events() if e["event"] == "execute"] == ["no_such_tool"]
    assert [r["location"] for r in server.refusals()] == ["tools/call /params/arguments", "/params/uri"]


@pytest.mark.req("server.sdk-refusals")
def test_what_the_sdk_refuses_below_the_middleware_is_recorded_too(server: Server) -> None:
    half = {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}
    server.send(frame("tools/call", 1, name="echo", arguments={}, _meta=half))
    assert server.answer()["error"]["code"] == -32602
    assert len(server.refusals()) == 1
    server.send(frame("tools/call", 2, name="echo", arguments={}, _meta=envelope()))
    assert server.answer()["result"]["isError"] is False


@pytest.mark.req("server.wire-strict")
def test_an_id_in_use_cannot_be_taken_over(server: Server) -> None:
    server.initialize()
    server.send(frame("tools/call", 5, name="forever", arguments={}))
    server.send(frame("tools/call", "5", name="echo", arguments={}))
    answer = server.answer()
    assert (answer["id"], answer["error"]["data"]["location"]) == (None, "/id")
    server.send(b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}\n')
    still_serves(server, 5)
    assert [e["event"] for e in server.events()].count("cancelled") == 1


@pytest.mark.req("server.wire-answer", "R9")
def test_a_result_that_is_no_json_is_answered_with_an_error(shared: Server) -> None:
    assert shared.call(1, "surrogate", {})["error"]["code"] == -32603
    still_serves(shared)


@pytest.mark.req("server.stdio-clean")
def test_blank_lines_are_no_messages(shared: Server) -> None:
    before = len(shared.refusals())
    shared.send(b"\n\r\n   \n")
    still_serves(shared)
    assert len(shared.refusals()) == before


@pytest.mark.req("server.shutdown")
def test_at_the_end_of_input_a_call_in_flight_still_answers(server: Server) -> None:
    server.initialize()
    server.send(frame("tools/call", 1, name="echo", arguments={"last": True}).rstrip(b"\n"))
    server.close()
    assert server.answer()["result"]["structuredContent"] == {"got": {"last": True}}
    assert server.line() == b""
    assert server.process.wait(PATIENCE) == 0
    assert server.events()[-1]["event"] == "closed"


@pytest.mark.req("server.shutdown", "server.cancel", "R3")
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to send")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_cancels_what_is_in_flight_and_the_process_ends_in_order(server: Server, number: int) -> None:
    server.initialize()
    server.send(frame("tools/call", 1, name="forever", arguments={}))
    still_serves(server)
    server.process.send_signal(number)
    assert server.answer()["error"]["message"] == "Connection closed"
    assert server.process.wait(PATIENCE) == 0
    assert [e["event"] for e in server.events()] == ["execute", "execute", "cancelled", "closed"]


@pytest.mark.req("server.shutdown")
def test_a_client_that_does_not_read_ends_the_server(tmp_path: Path) -> None:
    with running(tmp_path, deaf=True) as server:
        server.send(frame("initialize", 0, **initialization()))
        assert server.process.wait(PATIENCE) == 0
        assert [e["event"] for e in server.events()] == ["closed"]


@pytest.mark.req("server.wire-strict", "R9")
def test_five_thousand_fuzzed_messages_leave_it_serving(server: Server) -> None:
    server.initialize()
    dice = random.Random(20261120)
    seeds = [bytes(raw.rstrip(b"\n")) for _, raw, _, _ in BAD if len(raw) < 2_000]
    seeds += [frame("tools/call", i, name="echo", arguments={"n": i}).rstrip(b"\n") for i in range(3)]
    sent = 0
    for _ in range(50):
        batch = b"".join(mutated(dice, dice.choice(seeds)) + b"\n" for _ in range(100))
        sent += 100
        marker = f"marker-{sent}"
        server.send(batch + frame("ping", marker))
        while True:
            answer = server.answer()
            assert ("error" in answer) != ("result" in answer)
            if answer.get("id") == marker:
                break
    assert sent == 5_000
    assert server.process.poll() is None
    assert len(server.refusals()) > 1_000
    still_serves(server)


def mutated(dice: random.Random, raw: bytes) -> bytes:
    body = bytearray(raw)
    for _ in range(dice.randint(0, 4)):
        at = dice.randrange(len(body) + 1)
        match dice.randrange(5):
            case 0:
                body[at:at] = bytes([dice.randrange(256)])
            case 1:
                del body[at : at + dice.randint(1, 8)]
            case 2:
                body[at:at] = dice.choice([b'"', b"{", b"[", b"\\", b",", b":", b"null", b"\x00", b'"id":1,', b"1e400"])
            case 3:
                body[at : at + 1] = bytes([dice.randrange(256)])
            case _:
                body = body[:at] if dice.random() < 0.3 else body
    return bytes(body).replace(b"\n", b" ")
