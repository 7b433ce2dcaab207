"""The id of a message that cannot be read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.server.recover import recover_id

pytestmark = pytest.mark.req("server.wire-answer")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'{"jsonrpc":"2.0","id":5,"method":"m","params":{"id":6', 5),
        (b'{"method":"m","params":{"id":6,"x":NaN},"jsonrpc":"2.0","id":5}', 5),
        (b'{"method":"m","params":{"id":6,"x":NaN},"id":"a-b","jsonrpc":"2.0"}', "a-b"),
        (b'{"id":5,"id":6}', None),
        (b'{"id":5,"params":{},"id":5}', 5),
        (b'{"params":{"id":6}}', None),
        (b'{"x":"\\"id\\":5}', None),
        (b'[{"id":5}]', None),
        (b'{"id":5.5}', None),
        (b'{"id":1e3}', None),
        (b'{"id":12345678901234567890}', None),
        (b'{"id":true}', None),
        (b'{"id":null}', None),
        (b'{"id":""}', None),
        (b"", None),
        (b'"id":5', None),
    ],
)
def test_only_a_single_top_level_id_counts(raw: bytes, found: object) -> None:
    assert recover_id(raw) == found


def test_an_id_at_the_far_end_of_a_lost_message_is_found() -> None:
    head, tail = b'{"method":"tools/call","params":{"q":"aaaa', b'aaaa"},"jsonrpc":"2.0","id":41}'
    assert recover_id(head, tail) == 41
    assert recover_id(b'{"id":40,"method":"x","params":{"q":"aaaa', tail) is None
    assert recover_id(b'{"id":41,"method":"x","params":{"q":"aaaa', b'aaaa"}}') == 41


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_give_an_id_or_none(head: bytes, tail: bytes) -> None:
    assert isinstance(recover_id(head, tail), int | str | None)


@given(
    st.integers(-(2**53) + 1, 2**53 - 1) | st.from_regex(r"[A-Za-z0-9-]{1,20}", fullmatch=True),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9), max_size=3),
    st.booleans(),
)
def test_the_id_of_a_well_formed_message_is_found_wherever_it_stands(
    request_id: int | str, params: dict[str, object], first: bool
) -> None:
    rest = {"method": "m", "params": params, "jsonrpc": "2.0"}
    message = {"id": request_id, **rest} if first else {**rest, "id": request_id}
    assert recover_id(json.dumps(message).encode()) == request_id
