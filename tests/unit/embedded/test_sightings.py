"""What each host has sent, as coverage asks the store."""

import pytest

from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.graph.observed import Sighting
from tests.unit.embedded.conftest import NOW

pytestmark = pytest.mark.req("graph.observed")


def test_hosts_and_what_they_sent_last_without_internal_indexes(backends: Backends) -> None:
    assert list(backends.sightings(0.0)) == [
        Sighting(host="idp", index="auth", sourcetype="okta:auth", last_seen=NOW - 200),
        Sighting(host="sensor01", index="network", sourcetype="zeek:conn", last_seen=NOW - 500.5),
        Sighting(host="sensor01", index="network", sourcetype="zeek:dns", last_seen=NOW - 400),
        Sighting(host="wks-1", index="endpoint", sourcetype="sysmon", last_seen=NOW - 50),
    ]


def test_what_was_last_seen_before_the_window_is_not_seen(backends: Backends) -> None:
    assert [s.sourcetype for s in backends.sightings(NOW - 400)] == ["okta:auth", "zeek:dns", "sysmon"]
    assert list(backends.sightings(NOW)) == []
