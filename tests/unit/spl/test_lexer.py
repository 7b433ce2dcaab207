"""Tokens: what closes what, and that nothing is lost or read twice."""

from __future__ import annotations

import pytest
from hypothesis import given

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.lexer import MAX_CHARS, lex, macro_text, marks, other_reading
from tests.unit.spl.samples import check_position, texts

pytestmark = pytest.mark.req("spl.lexer")


def kinds(text: str) -> str:
    return "".join(kind for kind, _, _ in lex(text).tokens)


def words(text: str) -> list[str]:
    return [token for _, token, _ in lex(text).tokens]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("index=web error", ["index", "=", "web", "error"]),
        ("a!=b c==d e<=f", ["a", "!=", "b", "c", "==", "d", "e", "<=", "f"]),
        ('rex "[a-z|]+`x`"', ["rex", '"[a-z|]+`x`"']),
        ("search ```note | delete``` x", ["search", "x"]),
        ("a```c```b", ["a", "b"]),
        ("`a`|`b`", ["`a`", "|", "`b`"]),
        ("`m(`n(1)`, 2)` x", ["`m(`n(1)`, 2)`", "x"]),
        ('`m("a)`b", c)`', ['`m("a)`b", c)`']),
        ("x=-1mon@mon", ["x", "=", "-1mon@mon"]),
        ("don't stop", ["don't", "stop"]),
        ("x='a b'/'c d'", ["x", "=", "'a b'", "/", "'c d'"]),
        ("wow! !ok", ["wow!", "!ok"]),
        ("|\u00a0delete", ["|", "delete"]),
    ],
)
def test_text_is_cut_into_these_tokens(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(texts)
def test_every_token_stands_where_it_says(text: str) -> None:
    try:
        tokens = lex(text).tokens
    except SplError as error:
        check_position(error, text)
        return
    end = 0
    for _, piece, start in tokens:
        assert start >= end
        assert text[start : start + len(piece)] == piece
        end = start + len(piece)


@given(texts)
def test_marks_are_the_strings_comments_and_macros_that_tokens_see(text: str) -> None:
    try:
        tokens = lex(text).tokens
        found = [text[a:b] for a, b in marks(text)]
    except SplError:
        return
    assert [m for m in found if not m.startswith("```")] == [t for k, t, _ in tokens if k in ('"', "`")]


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ('search "abc', 7, '"'),
        ('search "abc\\"', 7, '"'),
        ("search ```abc", 7, "```"),
        ("search `abc", 7, "`"),
        ("search `abc(", 7, "`"),
        ('search `abc("x)`', 7, "`"),
    ],
)
def test_what_is_not_closed_is_an_error_where_it_begins(text: str, position: int, expected: str) -> None:
    with pytest.raises(SplError) as caught:
        lex(text)
    assert caught.value.position == position
    assert expected in caught.value.expected


def test_a_text_over_the_cap_is_refused_and_one_at_the_cap_is_read() -> None:
    assert len(lex("a" * MAX_CHARS).tokens) == 1
    with pytest.raises(SplError, match="too long"):
        lex("a" * (MAX_CHARS + 1))


def test_macros_nested_past_the_cap_are_refused() -> None:
    with pytest.raises(SplError, match="too deeply"):
        lex("`a(" * 100 + "x" + ")`" * 100)


@pytest.mark.parametrize(
    ("piece", "name", "args"),
    [
        ("`m`", "m", ()),
        ("` m `", "m", ()),
        ("`m()`", "m", ()),
        ('`m(a, "b,c", f(d,e))`', "m", ("a", '"b,c"', "f(d,e)")),
        ("`m(`n(1,2)`,3)`", "m", ("`n(1,2)`", "3")),
        ("`a-b.c:d`", "a-b.c:d", ()),
    ],
)
def test_a_macro_is_taken_apart(piece: str, name: str, args: tuple[str, ...]) -> None:
    assert macro_text(piece, 0) == (name, args)


@pytest.mark.parametrize("piece", ["``", "`a b|c`", '`x" | delete | "y`', "`m(a))`", "`m(a)b`"])
def test_what_is_no_macro_call_is_an_error(piece: str) -> None:
    with pytest.raises(SplError):
        macro_text(piece, 5)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ('search x\\" | a | y\\" b', 'search x " | a | y " b'),
        ("search 'x | a | y' b", "search xxxxxxxxxxx b"),
        ("search don't", None),
        ('search "a\\"b"', None),
    ],
)
def test_doubtful_quoting_has_a_second_reading_of_the_same_length(text: str, other: str | None) -> None:
    assert other_reading(text, lex(text).doubtful) == other
