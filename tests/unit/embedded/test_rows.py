"""Commands that choose and order rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.rows")

Run = Callable[..., SearchResult]


def _ids(result: SearchResult) -> list[str]:
    return [str(row["event_id"])[2:] for row in result.rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("* | head 2", "7 5"),
        ("* | head limit=1", "7"),
        ("* | head", "7 5 4 3 2 1"),
        # Rows go on while the condition is true; null ends them unless null=true.
        ("src=* | head (index=\"auth\")", "5 4"),
        ("src=* | head (index=\"auth\") keeplast=true", "5 4 3"),
        ("src=* | head (isnull(dest)) limit=1", "5"),
        ("* | head (index!=\"network\")", "7 5 4"),
        ("* | head (index!=\"network\") limit=2", "7 5"),
        ("* | head 1 (index!=\"network\")", "7"),
        ("* | head (bytes_out=9)", "7"),
        ("* | head (bytes_out=9) null=t", "7 5 4 3"),
        ("* | head (bytes_out=9) null=t keeplast=t", "7 5 4 3 2"),
        ("* | head (user=\"x\") keeplast=t", "7"),
        ("* | tail 2", "1 2"),
        ("* | reverse | head 2", "1 2"),
        ("* | reverse | reverse | head 2", "7 5"),
        ("index=auth | appendcols [search index=network | table dest] | reverse | search event_id=*", "4 5"),
        ("* | sort user | reverse | head 2", "1 2"),
        ("* | sort 0 - num(bytes_out), user | head 2", "2 1"),
        ("src=* | sort ip(src) | head 3", "3 1 2"),
        ("src=* | sort - ip(src), + _time | tail 2", "3 1"),
        ("bytes_out=* | sort bytes_out desc", "2 1 7"),
        ("* | dedup 1 index", "7 5 3"),
        ("* | dedup user keepempty=true", "7 5 4 3 2 1"),
        ("* | dedup host keepempty=true", "7 5 3"),
        ("* | dedup host sortby _time", "1 4 7"),
        ("* | dedup host sortby -bytes_out, _time", "2 7 4"),
        ("src=* | dedup src consecutive=true", "5 3 2 1"),
        ("src=* | sort host | dedup host, src consecutive=t", "5 3 2 1"),
        ("src=* | dedup 1 host consecutive=t", "5 3"),
        ("src=* | dedup 2 host consecutive=t", "5 4 3 2"),
        ('* | regex user="^[ab]"', "7 5"),
        ('* | regex user!="^[ab]"', "4 3 2 1"),
        ('* | regex "signed\\s+in"', "5"),
        ('* | regex _raw!="(?i)a\\.lund"', "7 3 2 1"),
        ('* | regex answer="8$"', "3"),
        ('* | regex answer!="8$"', "7 5 4 2 1"),
        ('* | regex nothing="x"', ""),
        ('* | regex rtt="^0\\.\\d$"', "3"),
        ("* | uniq", "7 5 4 3 2 1"),
    ],
)  # fmt: skip
def test_these_rows_are_left_in_this_order(run: Run, query: str, expected: str) -> None:
    assert _ids(run(query)) == expected.split()


def test_a_duplicate_may_stay_without_the_fields_that_made_it_one(run: Run) -> None:
    result = run("src=* | dedup src keepevents=true | table event_id src")
    assert list(result.rows) == [
        {"event_id": "e-5", "src": "198.51.100.9"},
        {"event_id": "e-4"},
        {"event_id": "e-3", "src": "10.0.0.1"},
        {"event_id": "e-2", "src": "10.0.0.12"},
        {"event_id": "e-1"},
    ]


def test_uniq_drops_a_row_that_repeats_the_one_before(run: Run) -> None:
    rows = run("src=* | table src | uniq").rows
    assert [r["src"] for r in rows] == ["198.51.100.9", "10.0.0.1", "10.0.0.12", "10.0.0.1"]


@pytest.mark.parametrize(
    ("query", "names", "position"),
    [
        ("* | regex user=\"(?=x)\"", "lookahead", 15),
        ("* | regex user=\"(x\"", "missing", 15),
        ("* | regex", "regex", 4),
        ("* | reverse 2", "arguments", 12),
        ("* | uniq user", "arguments", 9),
        ("* | tail 2 null=t", "null", 11),
        ("* | dedup user other=1", "other", 15),
        ("* | dedup 0 user", "dedup", 4),
        ("* | dedup user keepempty=maybe", "keepempty", 15),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named_with_their_position(run: Run, query: str, names: str, position: int) -> None:
    with pytest.raises(SplError, match=names) as caught:
        run(query)
    assert caught.value.position == position


def test_a_pattern_that_re2_lacks_is_unsupported_and_a_malformed_one_is_not(run: Run) -> None:
    with pytest.raises(UnsupportedSplError):
        run('* | regex "a(?!b)"')
    with pytest.raises(SplError) as caught:
        run('* | regex "a(b"')
    assert not isinstance(caught.value, UnsupportedSplError)


def test_a_condition_alone_has_no_limit_of_ten_rows(run: Run) -> None:
    rows = run('* | eval n=split("1 2 3 4", " ") | mvexpand n | head (n>0)').rows
    assert len(rows) == 24
    assert len(run('* | eval n=split("1 2 3 4", " ") | mvexpand n | head 10 (n>0)').rows) == 10
