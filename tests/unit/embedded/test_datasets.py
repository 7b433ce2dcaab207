"""Rows that do not start from events: data models, saved searches, event types, tags, made-up rows, `rest`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.search")

Ask = Callable[[str], list[dict[str, Any]]]


def _ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["event_id"] for row in rows]


def test_event_types_and_tags_stand_for_their_searches(ask: Ask) -> None:
    assert _ids(ask("eventtype=sign_in_failed")) == ["e-4"]
    assert _ids(ask("eventtype=SIGN_in_*")) == ["e-5", "e-4"]
    assert _ids(ask("index=auth eventtype!=sign_in_failed")) == ["e-5"]
    assert _ids(ask("tag=authentication")) == ["e-4"]
    assert _ids(ask("tag=fine")) == ["e-5"]
    assert _ids(ask("tag::host=identity action=success")) == ["e-5"]
    assert ask("tag=old OR tag::user=identity") == []
    assert _ids(ask("index=* | search eventtype IN (sign_in_failed, sign_in_worked)")) == ["e-5", "e-4"]


def test_an_unknown_event_type_is_an_error_with_neighbours(ask: Ask) -> None:
    with pytest.raises(SplError, match="expected an event type such as sign_in_failed"):
        ask("eventtype=sign_in_faild")


def test_tags_that_stand_for_each_other_are_refused(ask: Ask) -> None:
    with pytest.raises(UnsupportedSplError, match="more than 200 event types and tags"):
        ask("tag=ring")


def test_a_saved_search_runs_with_its_arguments(ask: Ask) -> None:
    assert ask('| savedsearch "Brute Force" | table event_id') == [{"event_id": "e-4"}]
    assert ask('| savedsearch "From host" host=idp') == [
        {"action": "failure", "count": "1"}, {"action": "success", "count": "1"},
    ]  # fmt: skip
    assert ask('| from savedsearch:"Brute Force" | table event_id') == [{"event_id": "e-4"}]
    with pytest.raises(SplError, match="such as Brute Force"):
        ask("| savedsearch Brute")


def test_a_data_model_gives_its_fields_plain_or_by_lineage(ask: Ask) -> None:
    plain = ask('| from datamodel:"Net.Web" | table src dest_port kind user')
    assert plain == [
        {"src": "10.0.0.12", "dest_port": "80", "kind": "other"},
        {"src": "10.0.0.1", "dest_port": "443", "kind": "tls"},
    ]
    rows = ask("| datamodel Net Web search | table All.src All.Web.dest_port src")
    assert rows == [
        {"All.src": "10.0.0.12", "All.Web.dest_port": "80"}, {"All.src": "10.0.0.1", "All.Web.dest_port": "443"},
    ]  # fmt: skip
    assert [r["src"] for r in ask("| datamodel Net All flat | table src")] == ["10.0.0.1", "10.0.0.12", "10.0.0.1"]


def test_tstats_counts_over_a_data_model(ask: Ask) -> None:
    assert ask("| tstats count sum(All.bytes_out) AS sent FROM datamodel=Net.All BY All.src") == [
        {"All.src": "10.0.0.1", "count": "2", "sent": "100"}, {"All.src": "10.0.0.12", "count": "1", "sent": "1000"},
    ]  # fmt: skip
    assert ask("| tstats count FROM datamodel=Net WHERE All.kind=tls") == [{"count": "1"}]
    assert ask("| tstats count FROM datamodel=Net WHERE nodename=All.Web") == [{"count": "2"}]
    assert ask("| tstats count FROM datamodel=Net WHERE src=10.0.0.1") == [{"count": "0"}]
    assert ask("| tstats summariesonly=t count FROM datamodel=Net WHERE earliest=-7m") == [{"count": "1"}]


def test_tstats_without_a_model_knows_indexed_fields_only(ask: Ask) -> None:
    assert ask("| tstats count WHERE index=* BY index sourcetype") == [
        {"index": "auth", "sourcetype": "okta:auth", "count": "2"},
        {"index": "endpoint", "sourcetype": "sysmon", "count": "1"},
        {"index": "network", "sourcetype": "zeek:conn", "count": "2"},
        {"index": "network", "sourcetype": "zeek:dns", "count": "1"},
    ]
    assert ask("| tstats count WHERE index=network BY src") == []
    assert ask("| tstats count WHERE index=_internal BY host") == [{"host": "splunk01", "count": "1"}]
    assert ask("| tstats dc(host) AS hosts WHERE index=network OR index=auth") == [{"hosts": "2"}]
    assert ask("| tstats count WHERE index=auth TERM(curl/8)") == [{"count": "1"}]


def test_tstats_appends_and_hands_on_its_rows(ask: Ask) -> None:
    assert ask("| tstats count WHERE index=auth | tstats append=true count WHERE index=network") == [
        {"count": "2"}, {"count": "3"},
    ]  # fmt: skip
    assert ask("| tstats prestats=true count WHERE index=* BY host | stats count BY host") == [
        {"host": "idp", "count": "2"}, {"host": "sensor01", "count": "3"}, {"host": "wks-1", "count": "1"},
    ]  # fmt: skip
    assert ask("| tstats fillnull_value=none count FROM datamodel=Net.Web BY All.bytes_in") == [
        {"All.bytes_in": "none", "count": "2"}
    ]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("| from datamodel:Nett.All", "data model 'Nett' does not exist.*a data model such as Net"),
        ("| tstats count FROM datamodel=Net.Webs", "Net has no object 'Webs'.*such as Web"),
        ("| datamodel Net All raw", "search or flat"),
        ("| datamodel Net", "datamodel MODEL OBJECT"),
        ("| from index:main", "dataset kind 'index'"),
        ("index=a | from lookup:assets.csv", "must be the first command"),
        ("| tstats count FROM sid=12", "tstats from '12'"),
        ("| mstats count WHERE index=m", "mstats"),
        ("| rest /services/authentication/users", "not supported"),
        ("| rest /services/saved/searches method=POST", "other than GET"),
        ("| makeresults count=1000000", "more than 100000 rows"),
        ('| makeresults format=json data="{"', "no JSON"),
        ("| metadata index=*", "type=hosts"),
        ("| metadata type=hosts type=sources", "type= stands 2 times"),
        ("| makeresults count=1 count=2", "count= stands 2 times"),
        ("| makeresults annotate=t annotate=f", "annotate= stands 2 times"),
    ],
)
def test_what_cannot_be_read_is_said_with_what_could(ask: Ask, query: str, says: str) -> None:
    with pytest.raises((SplError, UnsupportedSplError), match=says):
        ask(query)


def test_rows_can_be_made(ask: Ask) -> None:
    at = "2026-11-20T12:00:00.000+00:00"
    assert ask("| makeresults count=2") == [{"_time": at}, {"_time": at}]
    assert ask('| makeresults format=csv data="a,b\n1,x\n2,"') == [
        {"_time": at, "a": "1", "b": "x"},
        {"_time": at, "a": "2"},
    ]
    made = ask('| makeresults format=json data="[{\\"a\\": 1.5, \\"b\\": [1]}]" | table a b')
    assert made == [{"a": "1.5", "b": "[1]"}]


def test_metadata_and_eventcount_describe_the_store(ask: Ask) -> None:
    assert ask("| metadata type=hosts index=network") == [
        {"firstTime": "1795175400", "host": "sensor01", "lastTime": "1795175600", "recentTime": "1795175600",
         "totalCount": "3", "type": "hosts"}
    ]  # fmt: skip
    assert ask("| eventcount index=network") == [{"count": "3"}]
    assert [r["index"] for r in ask("| eventcount summarize=f index=auth index=net*")] == ["auth", "network"]
    both = {r["host"] for r in ask("| metadata type=hosts index=network index=auth")}
    one, other = ({r["host"] for r in ask(f"| metadata type=hosts index={name}")} for name in ("network", "auth"))
    assert both == one | other != one
    assert [r["index"] for r in ask("| eventcount summarize=false index=*")] == ["auth", "endpoint", "network"]


def test_rest_lists_knowledge_objects(ask: Ask) -> None:
    rows = ask("| rest /servicesNS/-/-/saved/searches count=0 splunk_server=local | table title eai:acl.app search")
    assert {"title": "From host", "eai:acl.app": "search", "search": "host=$host$ | stats count by action"} in rows
    assert [r["title"] for r in ask('| rest "/services/saved/searches/Brute Force"')] == ["Brute Force"]
    assert [r["title"] for r in ask("| rest /services/admin/macros | search title=sign*")] == ["sign_ins"]


@pytest.mark.parametrize("query", ["{}", "index=auth NOT {}", "index=auth | search {}", "| tstats count where {}"])
def test_an_event_type_runs_no_search_of_its_own(ask: Ask, query: str) -> None:
    with pytest.raises(UnsupportedSplError, match="event type with a subsearch") as caught:
        ask(query.format("eventtype=looks_elsewhere"))
    assert caught.value.position == query.index("{")
