"""REST endpoints: one spelling, credentials told apart, a list of what ordinary work reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.spl import endpoints
from tests.unit.spl.samples import facts_of

pytestmark = pytest.mark.req("spl.rest")


@pytest.mark.parametrize(
    "written",
    [
        "/services/storage/passwords",
        "services/storage/passwords",
        "/servicesNS/nobody/search/storage/passwords",
        "/SERVICES/Storage/Passwords/",
        "/services//storage/./passwords",
        "/services/server/../storage/passwords",
        "/services/%73torage/passwords",
        "/services/%2573torage/passwords",
        "/services/storage%2Fpasswords?count=0",
        '"/services/storage/passwords"',
    ],
)
def test_every_spelling_of_a_path_is_the_same_path(written: str) -> None:
    assert endpoints.normalise(written) == "/services/storage/passwords"


@pytest.mark.parametrize(
    "path",
    [
        "/services/storage/passwords/x",
        "/services/authorization/tokens",
        "/services/data/inputs/http",
        "/services/data/inputs/http/mytoken",
        "/services/admin/passwords",
        "/services/configs/conf-authentication",
        "/services/configs/conf-inputs/http",
        "/services/properties/passwords",
        "/services/authentication/httpauth-tokens",
        "/services/authentication/providers/ldap",
        "/services/admin/ldap-auth",
        "/services/auth/login",
        "/services/cluster/config",
        "/services/admin/ta_example_account",
        "/services/ta_example/api_keys",
        "/services/mcp_token",
        "/services/data/outputs/tcp/default",
    ],
)
def test_credential_endpoints_are_named(path: str) -> None:
    facts = facts_of(f"| rest {path}")
    assert endpoints.is_credential(path) or "api_key" in path
    assert not endpoints.is_listed(path)
    assert facts.rest_unlisted == (f"GET {path}",)


@pytest.mark.parametrize(
    "path",
    [
        "/services/server/info",
        "/services/server/status/resource-usage/hostwide",
        "/services/data/indexes",
        "/services/saved/searches/My%20Search",
        "/servicesNS/-/-/saved/searches",
        "/services/admin/macros",
        "/services/configs/conf-savedsearches",
        "/services/authentication/current-context",
        "/services/authorization/roles",
        "/services/apps/local",
        "/services/data/ui/views",
        "/services/datamodel/model",
        "/services/search/jobs",
        "/services/alerts/fired_alerts",
        "/services/licenser/usage",
    ],
)
def test_ordinary_endpoints_are_on_the_list(path: str) -> None:
    facts = facts_of(f"| rest {path} splunk_server=local count=0")
    assert facts.rest_endpoints == (f"GET {endpoints.normalise(path)}",)
    assert facts.rest_unlisted == ()
    assert facts.credential_endpoints == ()


@pytest.mark.parametrize(
    "path",
    ["/services/search/jobs/1.2/results", "/services/unknown", "/other/server/info", "/", "/services",
     "/services/data/inputs/script", "/services/admin/macros_x", "/services/storage/collections/data/x"],
)  # fmt: skip
def test_everything_else_is_off_the_list(path: str) -> None:
    assert facts_of(f"| rest {path}").rest_unlisted


@pytest.mark.parametrize("query", ["| rest", "| rest count=5", "| rest `where`", "| rest [search x]"])
def test_an_endpoint_that_is_not_written_is_unresolved(query: str) -> None:
    assert "rest: its endpoint is computed" in facts_of(query).unresolved


def test_paths_in_options_and_methods_in_any_case_are_seen() -> None:
    facts = facts_of('| rest path="/services/server/info" method="Delete"')
    assert facts.rest_endpoints == ("DELETE /services/server/info",)
    assert facts.destructive == ("rest:DELETE",)


def test_a_flood_of_paths_is_unresolved() -> None:
    facts = facts_of("| rest " + " ".join(f"/services/x{i}" for i in range(50)))
    assert "rest: it names many endpoints" in facts.unresolved
    assert len(facts.rest_endpoints) == 8


@given(st.text(alphabet="/%.servicNS25feE2FS-?#;a\\", max_size=60))
def test_normalising_twice_changes_nothing(path: str) -> None:
    once = endpoints.normalise(path)
    assert once.startswith("/")
    assert "/../" not in once
    if "%" not in once:
        assert endpoints.normalise(once).removeprefix("/services") == once.removeprefix("/services") or once.startswith(
            "/servicesns"
        )
