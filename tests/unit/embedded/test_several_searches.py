"""Searches made of several: subsearches, joins, appends, unions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.search")

Ask = Callable[[str], list[dict[str, Any]]]


def _ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["event_id"] for row in rows]


# --- subsearches -------------------------------------------------------------------------------


def test_a_subsearchs_rows_become_conditions(ask: Ask) -> None:
    assert _ids(ask("index=network [search event_id=e-2 | fields dest dest_port]")) == ["e-2"]
    assert _ids(ask("index=network [search index=network | stats count BY src | fields src]")) == ["e-3", "e-2", "e-1"]
    assert _ids(ask("index=network NOT [search event_id=e-2 | fields src]")) == ["e-3", "e-1"]


def test_a_subsearch_without_rows_finds_nothing(ask: Ask) -> None:
    assert ask("index=network [search event_id=none | fields src]") == []


def test_a_multivalue_field_of_a_subsearch_matches_any_of_its_values(ask: Ask) -> None:
    assert _ids(ask("[search event_id=e-3 | fields answer | rename answer AS dest]")) == ["e-2", "e-1"]


def test_return_gives_conditions_or_bare_values(ask: Ask) -> None:
    assert ask("index=network | return 2 src") == [{"search": '(src="10.0.0.1" OR src="10.0.0.12")'}]
    assert ask("event_id=e-2 | return src dest_port") == [{"search": '(src="10.0.0.12" dest_port="80")'}]
    assert ask("event_id=e-2 | return ip=src") == [{"search": 'ip="10.0.0.12"'}]
    assert ask("event_id=e-2 | return $src") == [{"search": "10.0.0.12"}]
    assert _ids(ask("index=network [search event_id=e-2 | return $dest_port]")) == ["e-2"]
    assert _ids(ask("[search event_id=e-2 | return src]")) == ["e-2"]


def test_format_writes_the_condition_out(ask: Ask) -> None:
    assert ask("event_id=e-1 OR event_id=e-2 | table src dest_port | format") == [
        {"search": '( ( dest_port="80" AND src="10.0.0.12" ) OR ( dest_port="443" AND src="10.0.0.1" ) )'}
    ]
    assert ask("event_id=none | format") == [{"search": "NOT( )"}]
    assert ask('event_id=e-2 | table src | format "[" "<" "&" ">" "|" "]"') == [{"search": '[ < src="10.0.0.12" > ]'}]


def test_a_value_from_a_subsearch_cannot_become_a_command(ask: Ask) -> None:
    with pytest.raises(SplError, match="more than a condition"):
        ask('[| makeresults | eval search="* | stats count" | fields search]')


def test_a_subsearch_limits_the_time_range_that_it_names(ask: Ask) -> None:
    assert _ids(ask('index=auth [| makeresults | eval search="earliest=-4m" | fields search]')) == ["e-5"]


# --- join --------------------------------------------------------------------------------------


def test_a_join_adds_fields_of_the_first_matching_row(ask: Ask) -> None:
    counts = "[search index=network | stats count AS seen sum(bytes_out) AS sent BY src]"
    assert ask(f"index=network | table event_id src | join src {counts}") == [
        {"event_id": "e-3", "src": "10.0.0.1", "seen": "2", "sent": "100"},
        {"event_id": "e-2", "src": "10.0.0.12", "seen": "1", "sent": "1000"},
        {"event_id": "e-1", "src": "10.0.0.1", "seen": "2", "sent": "100"},
    ]


def test_an_inner_join_drops_and_a_left_join_keeps_rows_without_a_match(ask: Ask) -> None:
    one = "[search event_id=e-2 | table src dest_port]"
    start = "index=network | table event_id src"
    assert _ids(ask(f"{start} | join src {one}")) == ["e-2"]
    assert ask(f"{start} | join type=left src {one}") == [
        {"event_id": "e-3", "src": "10.0.0.1"}, {"event_id": "e-2", "src": "10.0.0.12", "dest_port": "80"},
        {"event_id": "e-1", "src": "10.0.0.1"},
    ]  # fmt: skip


def test_max_says_how_many_rows_of_the_subsearch_match(ask: Ask) -> None:
    inner = "[search index=network | table src dest]"
    start = "event_id=e-1 | table src event_id"
    assert [r["dest"] for r in ask(f"{start} | join max=0 src {inner}")] == ["10.0.0.53", "192.0.2.7"]
    assert [r["dest"] for r in ask(f"{start} | join src {inner}")] == ["10.0.0.53"]


def test_overwrite_decides_whose_value_of_a_common_field_stays(ask: Ask) -> None:
    inner = '[search event_id=e-2 | table src | eval mark="theirs"]'
    start = 'event_id=e-2 | table src | eval mark="ours"'
    assert ask(f"{start} | join src {inner}") == [{"src": "10.0.0.12", "mark": "theirs"}]
    assert ask(f"{start} | join overwrite=false src {inner}") == [{"src": "10.0.0.12", "mark": "ours"}]


def test_a_join_without_fields_uses_those_in_common(ask: Ask) -> None:
    assert ask("event_id=e-2 | table src dest | join [search event_id=e-2 | table src dest_port]") == [
        {"src": "10.0.0.12", "dest": "192.0.2.7", "dest_port": "80"}
    ]
    with pytest.raises(SplError, match="no field in common"):
        ask("event_id=e-2 | table dest | join [search event_id=e-2 | table src]")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("* | join src", "0 subsearches"),
        ("* | join usetime=true src [search *]", "usetime"),
        ("* | join type=full src [search *]", "inner or left or outer"),
        ("* | join [search *]", "without a list of fields"),
        ("* | union [search *] maxout=x", "whole number"),
        ("| multisearch [search *]", "two or more"),
        ("| multisearch [search *] [search * | stats count]", "streaming"),
        ("* | append [search *] speed=9", "append option speed"),
    ],
)
def test_what_a_command_cannot_do_is_said(ask: Ask, query: str, says: str) -> None:
    with pytest.raises((SplError, UnsupportedSplError), match=says):
        ask(query)


# --- one below the other -----------------------------------------------------------------------


def test_append_puts_rows_below_and_keeps_both_orders(ask: Ask) -> None:
    rows = ask("index=auth | table event_id user | append [search index=network | table event_id src | head 2]")
    assert rows == [
        {"event_id": "e-5", "user": "a.lund"}, {"event_id": "e-4", "user": "A.Lund"},
        {"event_id": "e-3", "src": "10.0.0.1"}, {"event_id": "e-2", "src": "10.0.0.12"},
    ]  # fmt: skip


def test_appended_numbers_and_texts_share_a_column(ask: Ask) -> None:
    rows = ask('index=auth | stats count | append [| makeresults | eval count="many" | fields - _time]')
    assert rows == [{"count": "2"}, {"count": "many"}]


def test_appended_events_stay_events(ask: Ask) -> None:
    rows = ask("index=auth | append [search event_id=e-3] | search rtt=0.1")
    assert _ids(rows) == ["e-3"]
    assert rows[0]["answer"] == ["192.0.2.7", "192.0.2.8"]


def test_appendpipe_runs_commands_over_the_rows_at_hand(ask: Ask) -> None:
    assert ask("index=network | stats count BY src | appendpipe [stats sum(count) AS count | eval src=\"all\"]") == [
        {"src": "10.0.0.1", "count": "2"}, {"src": "10.0.0.12", "count": "1"}, {"count": "3", "src": "all"},
    ]  # fmt: skip


def test_appendcols_puts_rows_side_by_side(ask: Ask) -> None:
    rows = ask("index=auth | table user | appendcols [search index=network | table src user]")
    assert rows == [
        {"user": "a.lund", "src": "10.0.0.1"}, {"user": "A.Lund", "src": "10.0.0.12"}, {"src": "10.0.0.1"},
    ]  # fmt: skip
    over = ask('index=auth | table user | appendcols override=true [| makeresults | eval user="new" | table user]')
    assert over == [{"user": "new"}, {"user": "A.Lund"}]


def test_union_and_multisearch_merge_events_by_time(ask: Ask) -> None:
    for start in ("| union", "| multisearch"):
        assert _ids(ask(f"{start} [search index=network] [search index=endpoint] | search NOT event_id=e-3")) == [
            "e-7", "e-2", "e-1",
        ]  # fmt: skip
    assert _ids(ask("index=network | union [search index=auth]")) == ["e-5", "e-4", "e-3", "e-2", "e-1"]


def test_union_of_computed_rows_is_one_below_the_other(ask: Ask) -> None:
    rows = ask("| union [search index=auth | stats count] assets.csv")
    assert rows[0] == {"count": "2"}
    assert [r["name"] for r in rows[1:]] == ["one", "twelve", "uno"]
