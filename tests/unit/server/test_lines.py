"""Lines out of chunks, in bounded memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.server.lines import LineSplitter, TooLong

pytestmark = pytest.mark.req("server.wire-bounded")


def split(chunks: list[bytes], limit: int) -> list[bytes | TooLong]:
    splitter = LineSplitter(limit)
    out = [line for chunk in chunks for line in splitter.feed(chunk)]
    return out + splitter.close()


@given(st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"x", b"\n")), max_size=12))
def test_any_chunking_gives_the_same_lines(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    expected = whole.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert split(chunks, 10_000) == expected


@given(st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"x", b"\n")), max_size=12), st.integers(1, 20))
def test_long_lines_are_counted_and_the_others_survive(chunks: list[bytes], limit: int) -> None:
    expected = b"".join(chunks).split(b"\n")
    if not expected[-1]:
        expected.pop()
    for line, got in zip(expected, split(chunks, limit), strict=True):
        if len(line) <= limit:
            assert got == line
        else:
            assert isinstance(got, TooLong)
            assert got.size == len(line)
            assert line.startswith(got.head)
            assert line.endswith(got.tail)


def test_a_lost_line_keeps_its_two_ends_and_little_else() -> None:
    splitter = LineSplitter(100_000)
    assert splitter.feed(b"HEAD" + b"a" * 90_000) == []
    for _ in range(500):
        assert splitter.feed(b"b" * 10_000) == []
    [lost, after] = splitter.feed(b"TAIL\nnext\n")
    assert isinstance(lost, TooLong)
    assert lost.size == 4 + 90_000 + 5_000_000 + 4
    assert lost.head.startswith(b"HEAD")
    assert lost.tail.endswith(b"TAIL")
    assert len(lost.head) + len(lost.tail) < 70_000
    assert after == b"next"
