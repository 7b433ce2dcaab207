"""Targets of response actions, resolved against the inventory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.gate.blast.responses import read_networks
from agentgate_mcp.model.decision import Severity
from agentgate_mcp.model.facts import ResponseFacts, ResponseTarget
from agentgate_mcp.model.site import Asset, Criticality
from tests.unit.blast.worlds import blast, bundled_world, world_of

pytestmark = pytest.mark.req("blast.response")


def host(asset_id: str, address: str, role: str, criticality: Criticality = "high", owner: str = "") -> Asset:
    return Asset(
        asset_id=asset_id,
        hostnames=(asset_id, f"{asset_id}.corp.example"),
        addresses=(address,),
        role=role,
        criticality=criticality,
        tags=(),
        owner_team="soc",
        owner=owner,
    )


WORLD = world_of(
    assets=[
        host("dc01", "10.1.0.10", "domain controller", "critical"),
        host("dns01", "10.1.0.53", "dns"),
        host("fw01", "10.1.0.1", "firewall"),
        host("sh01", "10.1.0.80", "search head"),
        host("db01", "10.1.1.5", "database", "critical", owner="k.owner"),
        host("wks1", "10.1.2.7", "workstation", "low", owner="a.user"),
        host("lab6", "2001:db8::7", "server"),
    ]
)


def acted(action: str, target: str, *, simulate: bool = False) -> tuple[ResponseTarget, ResponseFacts, Severity]:
    result, facts = blast(
        WORLD, "response_request_action", action=action, target=target, reason="r", simulate_response=simulate
    )
    assert facts.response is not None
    (only,) = facts.response.targets
    return only, facts.response, result.severity


@pytest.mark.parametrize(
    ("action", "target", "why"),
    [
        ("isolate_host", "dc01", "domain controller"),
        ("isolate_host", "DC01.corp.example", "domain controller"),
        ("isolate_host", "10.1.0.10", "domain controller"),
        ("block_ip", "10.1.0.53", "dns"),
        ("block_ip", "10.1.0.53/32", "dns"),
        ("block_ip", "::ffff:10.1.0.53", "dns"),
        ("block_ip", "10.1.0.1:443", "gateway"),
        ("block_ip", "https://10.1.0.80/x", "splunk"),
        ("block_ip", "10.1.0.0/28", "domain controller"),
        ("block_ip", "10.1.0.50-10.1.0.60", "dns"),
        ("block_ip", "192.0.2.7, 10.1.0.10", "domain controller"),
        ("block_ip", "198.51.0.0/16", "range"),
        ("block_ip", "0.0.0.0/0", "range"),
        ("block_ip", "198.51.100.0-198.51.103.255", "range"),
        ("block_ip", "2001:db8::/48", "range"),
        ("block_ip", "127.0.0.1", "reserved address"),
        ("block_ip", "224.0.0.5", "reserved address"),
        ("block_ip", "evil.example", "not an address, a network or a known host"),
        ("block_ip", "*", "not an address, a network or a known host"),
        ("isolate_host", "wks*", "not one host"),
        ("block_domain", "corp.example", "own domain"),
        ("block_domain", "*.corp.example", "own domain"),
        ("block_domain", "dns01.corp.example", "dns"),
        ("block_domain", "example", "range"),
        ("block_domain", "com", "range"),
        ("block_domain", "198.51.100.1", "not one domain"),
        ("disable_user", "krbtgt", "system account"),
        ("disable_user", "CORP\\Administrator", "system account"),
        ("reset_credentials", "agentgate-svc", "system account"),
        ("disable_user", "a.user, b.user", "not one account"),
        ("disable_user", "DC01$", "domain controller"),
        ("quarantine_file", "dc01:c:/windows/x.exe", "domain controller"),
        ("quarantine_file", "c:/users/*", "not one file"),
    ],
)
def test_a_protected_target_is_recognised_in_every_spelling(action: str, target: str, why: str) -> None:
    only, facts, severity = acted(action, target)
    assert (only.protected, severity) == (why, Severity.CRITICAL)
    assert facts.protected == (f"{target} ({why})",)


@pytest.mark.parametrize(
    ("action", "target", "entity", "criticality"),
    [
        ("isolate_host", "wks1", "wks1", "low"),
        ("isolate_host", "WKS1", "wks1", "low"),
        ("isolate_host", "10.1.2.7", "wks1", "low"),
        ("isolate_host", "db01", "db01", "critical"),
        ("isolate_host", "elsewhere", "", "none"),
        ("block_ip", "198.51.100.66", "", "none"),
        ("block_ip", "198.51.100.0/24", "", "none"),
        ("block_ip", "2001:db8::7", "lab6", "high"),
        ("block_ip", "10.1.1.0/24", "db01", "critical"),
        ("block_domain", "telemetrix-sync.example", "", "none"),
        ("block_domain", "https://bad.example/path?q=1", "", "none"),
        ("disable_user", "a.user", "a.user", "low"),
        ("disable_user", "CORP\\A.User", "a.user", "low"),
        ("disable_user", "k.owner@corp.example", "k.owner", "high"),
        ("reset_credentials", "somebody", "", "none"),
        ("quarantine_file", "c:/users/x/run.exe", "", "none"),
        ("quarantine_file", "wks1:c:/users/x/run.exe", "wks1", "low"),
    ],
)
def test_an_ordinary_target_resolves_to_what_stands_behind_it(
    action: str, target: str, entity: str, criticality: str
) -> None:
    only, facts, severity = acted(action, target)
    assert (only.entity, only.criticality, only.protected) == (entity, criticality, "")
    assert facts.protected == ()
    assert severity is Severity.HIGH
    assert (facts.critical_targets != ()) == (criticality == "critical")


def test_addresses_are_counted_and_never_beyond_what_json_can_hold() -> None:
    assert acted("block_ip", "198.51.100.0/24")[0].addresses == 256
    assert acted("block_ip", "2001:db8::/32")[0].addresses == 2**32


def test_a_simulation_has_no_real_effect() -> None:
    only, facts, severity = acted("isolate_host", "dc01", simulate=True)
    assert (facts.simulate, facts.real_effects) == (True, 0)
    assert only.protected == "domain controller"
    assert severity is Severity.LOW


def test_a_ticket_is_no_containment() -> None:
    only, facts, severity = acted("create_ticket", "dc01 is acting up")
    assert (facts.tickets_only, only.protected, severity) == (True, "", Severity.LOW)


def test_the_worst_of_several_actions_counts() -> None:
    result, facts = blast(
        WORLD,
        "response_request_actions",
        actions=[
            {"action": "create_ticket", "target": "t", "reason": "r"},
            {"action": "isolate_host", "target": "dc01", "reason": "r"},
        ],
        simulate_response=False,
    )
    assert result.severity is Severity.CRITICAL
    assert facts.response is not None
    assert (facts.response.tickets_only, facts.response.real_effects) == (False, 2)


def test_bundled_infrastructure_is_protected_by_role() -> None:
    world = bundled_world()
    for asset in world.assets:
        _, facts = blast(world, "response_request_action", action="isolate_host", target=asset.asset_id, reason="r")
        assert facts.response is not None
        guarded = asset.role in ("domain controller", "dns", "gateway", "splunk", "gate")
        assert bool(facts.response.targets[0].protected) is guarded, asset.asset_id


@given(st.text(max_size=40))
def test_no_target_text_makes_reading_raise(text: str) -> None:
    read_networks(text)
    for action in ("block_ip", "block_domain", "isolate_host", "disable_user", "quarantine_file"):
        if text:
            acted(action, text)


@given(st.ip_addresses(v=4))
def test_every_address_is_read_as_itself(address: object) -> None:
    (network,) = read_networks(f" {address} ") or ()
    assert network.num_addresses == 1
    assert str(network.network_address) == str(address)
