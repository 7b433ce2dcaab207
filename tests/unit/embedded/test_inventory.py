"""What the embedded Splunk says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.errors import ArgumentError, DataError, NotFoundError

pytestmark = pytest.mark.req("embedded.inventory")


def test_the_server_counts_its_events_and_tells_its_time(backends: Backends) -> None:
    info = backends.search.server_info()
    assert info["totalEventCount"] == "7"
    assert info["minTime"] == "2026-11-20T11:50:00.000+00:00"
    assert info["currentTime"] == "2026-11-20T12:00:00.000+00:00"


def test_indexes_have_counts_and_times_and_declared_ones_are_listed_empty(backends: Backends) -> None:
    rows = {row["name"]: row for row in backends.search.indexes()}
    assert list(rows) == ["auth", "cloud", "endpoint", "network", "_internal"]
    assert rows["network"]["totalEventCount"] == "3"
    assert rows["network"]["minTime"] == "2026-11-20T11:50:00.000+00:00"
    assert (rows["cloud"]["totalEventCount"], rows["cloud"]["description"]) == ("0", "Cloud audit trail")


def test_one_index_shows_its_source_types(backends: Backends) -> None:
    assert backends.search.index_info("network")["sourcetypes"] == ["zeek:conn", "zeek:dns"]
    assert backends.search.index_info("cloud")["sourcetypes"] == []
    with pytest.raises(NotFoundError) as caught:
        backends.search.index_info("netwrk")
    assert caught.value.nearest[0] == "network"


def test_metadata_lists_values_with_counts_and_leaves_internal_indexes_out(backends: Backends) -> None:
    rows = backends.search.metadata("sourcetypes", "*")
    assert [(r["sourcetype"], r["totalCount"]) for r in rows] == [
        ("okta:auth", "2"), ("zeek:conn", "2"), ("sysmon", "1"), ("zeek:dns", "1"),
    ]  # fmt: skip
    assert [r["host"] for r in backends.search.metadata("hosts", "_internal")] == ["splunk01"]
    assert backends.search.metadata("hosts", "cloud") == ()
    assert backends.search.metadata("sources", "*") == ()
    assert rows[0]["firstTime"] == "1795175700"


def test_metadata_of_an_unknown_kind_or_index_is_refused(backends: Backends) -> None:
    with pytest.raises(ArgumentError):
        backends.search.metadata(cast(Any, 'host" FROM events --'), "*")
    with pytest.raises(NotFoundError):
        backends.search.metadata("hosts", "nowhere*")
    assert backends.search.metadata("hosts", "net*")[0]["host"] == "sensor01"


def test_users_are_the_members_of_the_teams(backends: Backends) -> None:
    rows = backends.search.users()
    assert [row["name"] for row in rows] == ["a.lund", "b.mensah"]
    assert rows[0] == {
        "name": "a.lund", "realname": "Ada Lund", "email": "a.lund@corp.example",
        "roles": ["user", "power", "team_soc"],
    }  # fmt: skip
    assert backends.search.user_info()["capabilities"] == ["search"]


def test_collections_show_how_many_rows_a_lookup_keeps_in_them(backends: Backends) -> None:
    (row,) = backends.search.kv_collections()
    assert (row["name"], row["lookup"], row["count"], row["fields"]) == ("allow", "allow.csv", "1", ["dest"])


@pytest.mark.req("embedded.bad-data", "R9")
@pytest.mark.parametrize("name", ["teams.json", "identities.json"])
def test_a_broken_inventory_file_is_refused_with_its_place(
    data_dir: Path, name: str, open_backend: Callable[[], Backends]
) -> None:
    (data_dir / name).write_text(json.dumps([{"name": 5, "user": 5}]), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        open_backend().search.users()
    assert caught.value.file == name
    assert caught.value.location.startswith("/0/")
