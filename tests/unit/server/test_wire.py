"""The strict reading of one raw message."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.types import JSONRPCNotification, JSONRPCRequest

from agentgate_mcp.server.wire import (
    ARGUMENT_DEPTH,
    MESSAGE_BYTES,
    MESSAGE_DEPTH,
    Accepted,
    Rejected,
    oversize,
    read_message,
    too_deep,
)

PARSE, INVALID = -32700, -32600


def request(**params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}).encode()


def rejected(raw: bytes) -> Rejected:
    result = read_message(raw)
    assert isinstance(result, Rejected), result
    return result


@pytest.mark.req("server.wire-strict")
def test_a_plain_request_is_accepted_unchanged() -> None:
    raw = request(name="echo", arguments={"n": "5", "x": [1.0, None, True, "é"]})
    result = read_message(raw)
    assert isinstance(result, Accepted)
    assert isinstance(result.message, JSONRPCRequest)
    assert result.message.params == json.loads(raw)["params"]
    assert result.raw == json.loads(raw)


@pytest.mark.req("server.wire-strict")
def test_a_notification_and_a_reply_are_accepted() -> None:
    note = read_message(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\r')
    assert isinstance(note, Accepted)
    assert isinstance(note.message, JSONRPCNotification)
    assert isinstance(read_message(b'{"jsonrpc":"2.0","id":1,"result":{}}'), Accepted)
    assert isinstance(read_message(b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}'), Accepted)


@pytest.mark.req("server.wire-strict", "server.wire-answer", "R9")
@pytest.mark.parametrize(
    ("raw", "code", "location", "request_id"),
    [
        (b'{"jsonrpc":"2.0","id":7,"method":"m","method":"n"}', INVALID, "/", 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":{"k":1,"k":1}}}', INVALID, "/params/a", 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":NaN}}', PARSE, "/params/a", 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":-Infinity}}', PARSE, "/params/a", 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":1e999}}', INVALID, "/params/a", 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":9007199254740993}}', INVALID, "/params/a", 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":"\\ud800"}}', INVALID, "/params/a", 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":"\xff"}}', PARSE, "byte 52", 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"m"', PARSE, "character 36", 7),
        (b"hello", PARSE, "character 0", None),
        (b"\xef\xbb\xbf{}", PARSE, "character 0", None),
        (b'{"jsonrpc":"2.0","method":"m","id":1,"id":2}', INVALID, "/", None),
        (b"[]", INVALID, "", None),
        (b'[{"jsonrpc":"2.0","id":7,"method":"ping"}]', INVALID, "", None),
        (b"7", INVALID, "", None),
        (b"null", INVALID, "", None),
        (b"{}", INVALID, "/jsonrpc", None),
        (b'{"jsonrpc":"1.0","id":7,"method":"m"}', INVALID, "/jsonrpc", 7),
        (b'{"jsonrpc":"2.0","id":7}', INVALID, "", 7),
        (b'{"jsonrpc":"2.0","id":7,"method":5}', INVALID, "/method", 7),
        (b'{"jsonrpc":"2.0","id":7,"method":""}', INVALID, "/method", 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","result":{}}', INVALID, "", 7),
        (b'{"jsonrpc":"2.0","id":7,"result":{},"error":{}}', INVALID, "", None),
        (b'{"jsonrpc":"2.0","id":null,"method":"m"}', INVALID, "/id", None),
        (b'{"jsonrpc":"2.0","id":true,"method":"m"}', INVALID, "/id", None),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"m"}', INVALID, "/id", None),
        (b'{"jsonrpc":"2.0","id":{},"method":"m"}', INVALID, "/id", None),
        (b'{"jsonrpc":"2.0","id":7,"method":"m","params":[1]}', INVALID, "/params", 7),
        (b'{"jsonrpc":"2.0","id":7,"result":[]}', INVALID, "", None),
    ],
)
def test_a_message_without_one_reading_is_refused_with_place_and_id(
    raw: bytes, code: int, location: str, request_id: int | None
) -> None:
    refused = rejected(raw)
    assert (refused.code, refused.request_id) == (code, request_id)
    if location:
        assert refused.location == location
    assert refused.reason


@pytest.mark.req("server.wire-strict")
def test_three_hundred_levels_are_refused_and_named() -> None:
    refused = rejected(b'{"jsonrpc":"2.0","id":7,"method":"m","params":' + b'{"a":' * 300 + b"1" + b"}" * 301)
    assert (refused.code, refused.request_id) == (INVALID, 7)
    assert str(MESSAGE_DEPTH) in refused.reason


@pytest.mark.req("server.wire-strict")
def test_arguments_may_nest_to_their_limit_and_no_deeper() -> None:
    def nested(levels: int) -> object:
        value: object = {}
        for _ in range(levels - 1):
            value = [value]
        return value

    assert isinstance(read_message(request(name="t", arguments=nested(ARGUMENT_DEPTH))), Accepted)
    refused = rejected(request(name="t", arguments=nested(ARGUMENT_DEPTH + 1)))
    assert refused.location.startswith("/params/arguments/0/0")
    assert refused.request_id == 7
    assert isinstance(read_message(request(name="t", _meta=nested(ARGUMENT_DEPTH + 1))), Accepted)


@pytest.mark.req("server.wire-bounded")
def test_a_message_over_one_mebibyte_is_refused_and_one_at_the_limit_is_not() -> None:
    frame = len(request(name="t", arguments={"q": ""}))
    assert isinstance(read_message(request(name="t", arguments={"q": "a" * (MESSAGE_BYTES - frame)})), Accepted)
    refused = rejected(request(name="t", arguments={"q": "a" * (2 * MESSAGE_BYTES)}))
    assert (refused.code, refused.request_id) == (INVALID, 7)
    assert str(MESSAGE_BYTES) in refused.reason


@pytest.mark.req("server.wire-answer")
def test_the_answer_carries_reason_place_and_whether_it_is_recorded() -> None:
    answer = rejected(b'{"jsonrpc":"2.0","id":"x","method":"m","params":{"a":{"k":1,"k":1}}}').answer(recorded=True)
    wire = json.loads(answer.model_dump_json(exclude_unset=True))
    assert wire["id"] == "x"
    assert wire["error"]["code"] == INVALID
    assert wire["error"]["data"]["location"] == "/params/a"
    assert wire["error"]["data"]["recorded"] is True
    assert "'k'" in wire["error"]["data"]["reason"]
    nameless = json.loads(oversize(5, b"x", b"y").answer(recorded=False).model_dump_json(exclude_unset=True))
    assert nameless["id"] is None


@pytest.mark.req("R8")
def test_a_refusal_never_repeats_the_value_that_was_refused() -> None:
    for raw in (
        b'{"jsonrpc":"2.0","id":1,"method":"m","params":"hunter2-secret"}',
        b'{"jsonrpc":"2.0","id":{"a":"hunter2-secret"},"method":"m"}',
        b'{"jsonrpc":"2.0","id":1,"method":"m","params":{"p":"hunter2-secret","p":"hunter2-secret"}}',
    ):
        assert "hunter2" not in rejected(raw).answer(recorded=True).model_dump_json()


@pytest.mark.req("server.wire-strict", "R9")
@given(st.binary(max_size=400))
def test_any_bytes_are_accepted_or_refused_and_never_raise(raw: bytes) -> None:
    result = read_message(raw)
    assert isinstance(result, Accepted) or result.code in (PARSE, INVALID)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.req("server.wire-strict", "R9")
@given(
    st.dictionaries(st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error", "x"]), json_values),
    st.binary(max_size=3),
    st.integers(0, 200),
)
def test_almost_messages_are_accepted_or_refused_and_never_raise(
    almost: dict[str, object], noise: bytes, at: int
) -> None:
    raw = json.dumps({"jsonrpc": "2.0", **almost}).encode()
    for candidate in (raw, raw[:at] + noise + raw[at:]):
        result = read_message(candidate)
        if isinstance(result, Accepted):
            assert result.raw == json.loads(candidate)


@pytest.mark.req("server.wire-strict")
def test_the_place_of_too_much_depth_is_a_pointer() -> None:
    assert too_deep({"a": [{"b": {}}]}, 3) == "/a/0/b"
    assert too_deep({"a": [{"b": {}}]}, 4) is None
    assert too_deep("text", 0) is None
