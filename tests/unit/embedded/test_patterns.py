"""Regular expressions of a search: what RE2 takes, what it lacks, what nobody reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.search.patterns import checked, compiled, groups
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.patterns")


@pytest.mark.parametrize(
    ("pattern", "expected", "names"),
    [
        (r"(?<x>a)", r"(?P<x>a)", ("x",)),
        (r"(?P<x>a)(b)(?<y_2>c)", r"(?P<x>a)(b)(?P<y_2>c)", ("x", "", "y_2")),
        (r"[(?<x>]\(?<a>", r"[(?<x>]\(?<a>", ()),
        (r"[]a](?<q>b)", r"[]a](?P<q>b)", ("q",)),
        (r"[[:alpha:]\]](?<q>b)", r"[[:alpha:]\]](?P<q>b)", ("q",)),
        (r"\Q(?=\E(?i:a)", r"\Q(?=\E(?i:a)", ()),
        ("", "", ()),
    ],
)
def test_a_pattern_is_translated_for_re2(pattern: str, expected: str, names: tuple[str, ...]) -> None:
    translated = checked(pattern, 0, what="rex")
    assert translated == expected
    assert groups(translated) == names


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("(?=a)", "lookahead"), ("a(?!b)", "lookahead"), ("(?<=a)b", "lookbehind"), ("(?<!a)b", "lookbehind"),
        ("(?>a)", "atomic"), (r"(a)\1", "backreference"), (r"(?<a>x)\k<a>", "backreference"), ("a++", "possessive"),
        (r"a\h", "PCRE"), (r"[\h]", "escape"), (r"\C", "bytes"), ("a{1001}", "repetition"), ("a" * 5_000, "4096"),
        ("((a{1000}){1000})", "repetition"), ("(?#x)a", "comment"), ("(?|a)", "branch"), ("(?(1)a)", "conditional"),
    ],
)  # fmt: skip
def test_what_re2_lacks_is_named_with_its_position(pattern: str, names: str) -> None:
    with pytest.raises(UnsupportedSplError, match=names) as caught:
        checked(pattern, 7, what="rex")
    assert caught.value.position == 7


@pytest.mark.parametrize("pattern", ["(a", "a)", "[a", "*a", "a\\", "(?<a-b>x)", "(?<a>x)(?<a>y)"])
def test_a_malformed_pattern_is_an_error_of_the_search(pattern: str) -> None:
    with pytest.raises(SplError, match="rex") as caught:
        checked(pattern, 7, what="rex")
    assert not isinstance(caught.value, UnsupportedSplError)
    assert caught.value.position == 7


@given(st.text(alphabet="ab(?<>P=!:)[]\\^$.*+{}1,QEkx'|", max_size=24))
def test_any_text_is_a_pattern_or_a_positioned_error(text: str) -> None:
    try:
        translated = checked(text, 3, what="rex")
    except SplError as error:
        refused = error.position
    else:
        refused = 3
        assert len(groups(translated)) == compiled(translated).groups
    assert refused == 3
