"""A protected entity is itself under every name and in every notation."""

from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.gate.blast.responses import read_networks
from agentgate_mcp.model.facts import ResponseTarget
from tests.unit.blast.test_responses import host
from tests.unit.blast.worlds import blast, world_of

pytestmark = pytest.mark.req("blast.response")

WORLD = world_of(
    assets=[
        host("dc01", "10.20.1.10", "domain controller", "critical"),
        host("dns01", "2001:db8::53", "dns"),
        host("wks1", "10.20.30.7", "workstation", "low"),
    ]
)


def target_of(action: str, target: str) -> ResponseTarget:
    _, facts = blast(
        WORLD, "response_request_action", action=action, target=target, reason="r", simulate_response=False
    )
    assert facts.response is not None
    (only,) = facts.response.targets
    return only


@pytest.mark.parametrize(
    "target",
    [
        "0x0a14010a", "0xA.0x14.0x1.0xA", "012.024.01.012", "10.20.266", "10.1310986", "169083146", "10.020.001.010",
        "64:ff9b::10.20.1.10", "64:ff9b:1::a14:10a", "2002:0a14:010a::", "2002:a14:10a::1", "::10.20.1.10",
        "::ffff:10.20.1.10", "[::ffff:a14:10a]", "fe80::5efe:10.20.1.10", "2001:db8::200:5efe:10.20.1.10",
        "１０.20.1.10", "10。20。1。10", "0x0a14010a/32", "169083146-169083148", "http://0x0a14010a/x",
        "dc01", "DC01.local", "dc01.corp", "dc01.anything.example", "ｄｃ01", "d\u044101", "dc\u200b01.corp.example",
        '"dc01"', " 'dc01' ",
    ],
)  # fmt: skip
def test_every_notation_of_a_protected_host_is_that_host(target: str) -> None:
    for action in ("isolate_host", "block_ip"):
        only = target_of(action, target)
        assert (only.entity, only.protected) == ("dc01", "domain controller"), action


@pytest.mark.parametrize(
    "target",
    [
        "localhost", "LOCALHOST", "localhost.localdomain", "ip6-localhost", "a.localhost", "127.0.0.1", "127.1",
        "2130706433", "0x7f000001", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_this_very_machine_is_protected_by_every_name(target: str) -> None:
    assert target_of("isolate_host", target).protected == "reserved address"
    assert target_of("block_ip", target).protected == "reserved address"


@pytest.mark.parametrize(
    "target",
    [
        "10.20.1.10:C:\\x", "0x0a14010a:/x", "\\\\dc01\\c$\\x", "//dc01/c$/x", "\\\\DC01.corp.example\\share\\x",
        "\\\\10.20.1.10\\c$\\x", "\\\\?\\UNC\\dc01\\c$\\x", "\\\\dc01@SSL@443\\x", "smb://dc01/c$/x", "file:////dc01/x",
        "[::ffff:10.20.1.10]:C:/x", "::ffff:10.20.1.10:C:\\x", "dc01.local:C:\\x", "admin@dc01:/etc/x", '"dc01":c:\\x',
        '"dc01:c:\\x"', "dc01|c:\\x", "d\u044101:c:\\x",
    ],
)  # fmt: skip
def test_a_file_on_a_protected_host_is_recognised_in_every_form(target: str) -> None:
    only = target_of("quarantine_file", target)
    assert (only.entity, only.protected) == ("dc01", "domain controller")


def test_a_file_on_this_very_machine_is_protected() -> None:
    assert target_of("quarantine_file", "localhost:/etc/x").protected == "reserved address"


@pytest.mark.parametrize(
    "target",
    [
        "corp/administrator", "CORP\\\\Administrator", '"administrator"', "'CORP\\krbtgt'", "\u0430dmin",
        "ａdministrator", "admin\u200bistrator", "administrator@corp.example", "administrator.", "CN=Administrator",
        "S-1-5-21-1004336348-1177238915-682003330-500", "s-1-5-21-1-2-3-502", "S-1-5-18", "corp\\s-1-5-21-1-2-3-500",
    ],
)  # fmt: skip
def test_every_spelling_of_a_system_account_is_protected(target: str) -> None:
    assert target_of("disable_user", target).protected == "system account"
    assert target_of("reset_credentials", target).protected == "system account"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("c\u043erp.example", "own domain"),
        ("ＣＯＲＰ.example", "own domain"),
        ("corp。example", "own domain"),
        ("d\u044101.corp.example", "domain controller"),
        ("dc01.local", "domain controller"),
        ("localhost.localdomain", "reserved address"),
        ("0x0a14010a", "not one domain"),
    ],
)
def test_a_look_alike_of_an_own_domain_is_that_domain(target: str, why: str) -> None:
    assert target_of("block_domain", target).protected == why


@pytest.mark.parametrize(
    ("action", "target", "entity"),
    [
        ("isolate_host", "wks1.local", "wks1"),
        ("isolate_host", "10.20.30.7", "wks1"),
        ("isolate_host", "elsewhere.local", ""),
        ("block_ip", "198.51.100.66", ""),
        ("block_ip", "64:ff9b::198.51.100.66", ""),
        ("block_ip", "2001:db8::99", ""),
        ("block_domain", "dc01.attacker.example", ""),
        ("block_domain", "xn--crp-tbc.example", ""),
        ("disable_user", "m\u00fcller", ""),
        ("disable_user", "s-1-5-21-1-2-3-1105", ""),
        ("quarantine_file", "c:\\users\\x\\dc01.exe", ""),
        ("quarantine_file", "/opt/dc01/x", ""),
        ("quarantine_file", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", ""),
    ],
)
def test_what_only_resembles_a_protected_entity_is_not_it(action: str, target: str, entity: str) -> None:
    only = target_of(action, target)
    assert (only.entity, only.protected) == (entity, "")


@given(st.ip_addresses(v=4).filter(lambda a: int(a) >= 2**24))
def test_an_address_reads_alike_in_all_its_notations(address: IPv4Address) -> None:
    number = int(address)
    sixth = f"2002:{number >> 16:x}:{number & 0xFFFF:x}::"
    for text in (str(number), hex(number), f"::ffff:{address}", f"64:ff9b::{address}", sixth):
        assert read_networks(text) == (ip_network(address),), text
