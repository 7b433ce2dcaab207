"""`inputlookup` and `lookup`: rows of a table as a search's own, or beside its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.search")

Run = Callable[..., SearchResult]
Ask = Callable[[str], list[dict[str, Any]]]


def test_the_rows_of_a_lookup_start_a_search(run: Run) -> None:
    assert list(run("| inputlookup allow.csv").rows) == [{"dest": "192.0.2.7"}]
    assert list(run("| inputlookup allow.csv | search dest=192.0.2.8").rows) == []
    assert list(run("| inputlookup allow.csv where dest=192.0.2.*").rows) == [{"dest": "192.0.2.7"}]
    assert list(run("| inputlookup allow.csv | stats count").rows) == [{"count": "1"}]
    assert run("| inputlookup allow.csv").scanned_events == 0


def test_a_lookup_that_does_not_exist_is_named_with_its_neighbours(run: Run) -> None:
    with pytest.raises(SplError, match=r"'alow.csv' does not exist.*allow\.csv"):
        run("| inputlookup alow.csv")


def test_a_part_of_a_lookup_can_be_read_and_added_to_other_rows(ask: Ask) -> None:
    assert [r["name"] for r in ask("| inputlookup assets.csv")] == ["one", "twelve", "uno"]
    assert [r["name"] for r in ask("| inputlookup start=1 max=1 assets.csv")] == ["twelve"]
    added = ask("user=b | table user | inputlookup append=true assets.csv where tier=gold")
    assert added == [
        {"user": "b"}, {"ip": "10.0.0.1", "name": "one", "tier": "gold"},
        {"ip": "10.0.0.1", "name": "uno", "tier": "gold"},
    ]  # fmt: skip


def test_inputlookup_after_another_command_says_what_it_needs(ask: Ask) -> None:
    with pytest.raises(SplError, match="append=true"):
        ask("user=b | inputlookup assets.csv")


def test_unknown_options_are_refused_by_name(ask: Ask) -> None:
    with pytest.raises(UnsupportedSplError, match="inputlookup option sorted"):
        ask("| inputlookup sorted=true assets.csv")


def test_a_lookup_adds_fields_and_several_matches_make_them_multivalue(ask: Ask) -> None:
    rows = ask("index=network | lookup assets.csv ip AS src OUTPUT name tier AS grade | table src name grade")
    assert rows == [
        {"src": "10.0.0.1", "name": ["one", "uno"], "grade": ["gold", "gold"]},
        {"src": "10.0.0.12", "name": "twelve"},
        {"src": "10.0.0.1", "name": ["one", "uno"], "grade": ["gold", "gold"]},
    ]


def test_without_output_all_other_fields_of_the_lookup_come(ask: Ask) -> None:
    assert ask("src=10.0.0.12 | lookup assets.csv ip AS src | table name tier ip") == [{"name": "twelve"}]


def test_output_overwrites_and_outputnew_only_fills(ask: Ask) -> None:
    start = 'index=network | eval name=if(src="10.0.0.12","mine",null()) | lookup assets.csv ip AS src '
    assert [r.get("name") for r in ask(start + "OUTPUT name | table name")] == [
        ["one", "uno"],
        "twelve",
        ["one", "uno"],
    ]
    assert [r.get("name") for r in ask(start + "OUTPUTNEW name | table name")] == [
        ["one", "uno"],
        "mine",
        ["one", "uno"],
    ]
    kept = 'index=network | eval zone="mine" | lookup nets.csv net AS dest OUTPUT zone | table zone'
    assert ask(kept) == [{"zone": "inside"}, {}, {}]


def test_networks_and_wildcards_match_as_the_definition_says(ask: Ask) -> None:
    zones = ask("index=auth OR src=10.0.0.12 | lookup nets.csv net AS src OUTPUT zone | table src zone")
    assert zones == [
        {"src": "198.51.100.9", "zone": "outside"}, {"src": "198.51.100.9", "zone": "outside"},
        {"src": "10.0.0.12", "zone": "inside"},
    ]  # fmt: skip
    # Two patterns match `Login.Example`; the definition allows one.
    assert ask("query=* | lookup names.csv pattern AS query OUTPUT owner | table owner") == [{"owner": "docs"}]


def test_two_lookups_in_one_search_do_not_disturb_each_other(ask: Ask) -> None:
    query = (
        "src=10.0.0.12 | lookup assets.csv ip AS src OUTPUT name | lookup nets.csv net AS src OUTPUT zone "
        "| stats count BY name zone"
    )
    assert ask(query) == [{"name": "twelve", "zone": "inside", "count": "1"}]


def test_a_field_that_the_lookup_lacks_is_named_with_those_it_has(ask: Ask) -> None:
    with pytest.raises(SplError, match="no field 'nosuch' at position 34; expected ip, name, tier"):
        ask("index=network | lookup assets.csv nosuch AS src")
