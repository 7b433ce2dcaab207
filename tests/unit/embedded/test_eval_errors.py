"""What an expression says wrong, and what the engine lacks: an error that names it, at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.eval-total")

Run = Callable[..., SearchResult]
BEFORE = "event_id=e-1 | eval x="

UNSUPPORTED = [
    ('sha512("a")', 0, "sha512"), ("random()", 0, "random"), ('lookup("t", 1)', 0, "lookup command"),
    ('commands("search a")', 0, "commands"), ("json_append(a, b, c)", 0, "json_append"), ("nosuch(1)", 0, "nosuch"),
    ('if(match(user, "(?=a)b"), 1, 2)', 15, "lookahead"), ('if(match(user, "(a)\\\\1"), 1, 2)', 15, "backreference"),
    ('replace(user, "(?<!a)b", "")', 14, "lookbehind"), ('mvfind(user, "a++")', 13, "possessive"),
    ("strftime(_time, host)", 16, "format"), ("strptime(host, user)", 15, "format"), ('strptime(host, "%q")', 15, "%q"),
    ("relative_time(_time, host)", 21, "time specifier"), ("tostring(_time, host)", 16, "format"),
    ("tonumber(host, bytes_out)", 15, "base"), ("printf(host, 1)", 7, "format"), ("spath(host, user)", 12, "path"),
    ('json_extract(host, "a*b{}")', 19, "a*b"), ("if(searchmatch(host), 1, 2)", 15, "search"),
]  # fmt: skip

WRONG = [
    ("len()", 0, "1 arguments"), ("len(1, 2)", 0, "1 arguments"), ("if(1=1, 2)", 0, "3 arguments"),
    ("case(1=1)", 0, "pairs"), ("case()", 0, "pairs"), ('json_object("a")', 0, "keys"), ("round(1, 2, 3)", 0, "1 to 2"),
    ("coalesce()", 0, "at least 1"), ("now(1)", 0, "0 arguments"), ("pi(1)", 0, "0 arguments"),
    ("true()", 0, "a condition is not a value"), ("1=1", 0, "a condition is not a value"),
    ("isnum(1)", 0, "a condition"),
    ("if(1, 2, 3)", 3, "a value is not a condition"), ('if("a", 2, 3)', 3, "a value is not a condition"),
    ('if(1=1, 2, true())', 11, "a condition is not a value"), ("len(1=1)", 4, "a condition is not a value"),
    ('if(match(user, "("), 1, 2)', 15, "missing"), ('if(match(user, "[z-a]"), 1, 2)', 15, "range"),
    ('tonumber("1", 1)', 14, "2 to 36"), ('tonumber("1", 37)', 14, "2 to 36"), ('tonumber("1", "x")', 14, "2 to 36"),
    ('tostring(1, "roman")', 12, "binary or hex"), ('printf("%q", 1)', 7, "conversion"), ('printf("%d")', 0, "fewer"),
    ('printf("%9999d", 1)', 7, "too large"), ('printf("%*d", bytes_out, 1)', 14, "whole number"),
    ('printf("%", 1)', 7, "conversion"),
    ('relative_time(1, "tomorrow")', 17, "relative_time"), ('relative_time(1, "")', 17, "empty"),
    ('relative_time(1, "-1x")', 17, "unit"), ('relative_time(1, "@ms")', 17, "snap"),
    ('mvrange(1, 9, "2mon")', 14, "span"), ('if(cidrmatch("10.0.0.0/33", src), 1, 2)', 13, "network"),
    ('if(cidrmatch("ten", src), 1, 2)', 13, "network"), ('spath(src, "a{0}")', 11, "from 1"),
    ('spath(src, "a{x}")', 11, "path"),
    ('json_set(src, "a{}", 1)', 14, "one place"), ('json_set(src, "a")', 0, "at least 3"), ("mvmap(src, 1, 2)", 0, "2"),
    ("mvfilter(src=dest)", 9, "one field"), ("mvfilter(1=1)", 9, "one field"),
    ("mv_to_json_array(src, 1)", 22, "true() or false()"),
    ('if(searchmatch("a | head 1"), 1, 2)', 15, "more than a search"),
    ('if(searchmatch("(a"), 1, 2)', 15, "searchmatch"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "at", "names"), UNSUPPORTED)
def test_what_the_engine_lacks_is_refused_by_name(run: Run, expression: str, at: int, names: str) -> None:
    with pytest.raises(UnsupportedSplError) as caught:
        run(BEFORE + expression)
    assert names in str(caught.value)
    assert caught.value.position == len(BEFORE) + at


@pytest.mark.parametrize(("expression", "at", "says"), WRONG)
def test_a_wrong_expression_is_an_error_at_its_place(run: Run, expression: str, at: int, says: str) -> None:
    with pytest.raises(SplError) as caught:
        run(BEFORE + expression)
    assert not isinstance(caught.value, UnsupportedSplError)
    assert says in str(caught.value)
    assert caught.value.position == len(BEFORE) + at


def test_a_pattern_from_the_rows_that_is_none_is_null_for_its_row_alone(run: Run) -> None:
    rows = run('* | eval p=if(host="idp", "(", "^10"), hit=case(match(src, p), "yes", true(), "no") | table hit').rows
    assert [row["hit"] for row in rows] == ["no", "no", "no", "yes", "yes", "yes"]
    replaced = run('* | eval p=if(host="idp", "(", "0"), y=replace(src, p, "-") | where isnotnull(y) | table y').rows
    assert [row["y"] for row in replaced] == ["1-.-.-.1", "1-.-.-.12", "1-.-.-.1"]


def test_half_a_character_in_a_search_is_an_error_at_its_place(run: Run) -> None:
    with pytest.raises(SplError, match="surrogate") as caught:
        run(BEFORE + '"\ud800"')
    assert caught.value.position == len(BEFORE) + 1
