"""Indicators in text: plain, defanged, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from investigation.ioc import defang, extract

pytestmark = pytest.mark.req("invest.ioc")

SHA = "040a27c05c1fb2bd4d5b9395aab22b1b4be3d17462d3ed11e13940d59f62133f"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seen at 203.0.113.45.", [("ip", "203.0.113.45")]),
        ("203[.]0[.]113[.]45 and 198.51.100[.]7", [("ip", "203.0.113.45"), ("ip", "198.51.100.7")]),
        ("203.0.113.45:6667", [("ip", "203.0.113.45")]),
        ("from 2001:db8:66::15 today", [("ip", "2001:db8:66::15")]),
        ("evil[.]example and bad(dot)test.example", [("domain", "evil.example"), ("domain", "bad.test.example")]),
        ("host login-portal[dot]example,", [("domain", "login-portal.example")]),
        ("hxxp://evil[.]example/a.php?x=1", [("url", "http://evil.example/a.php?x=1")]),
        ("hxxps[:]//evil[.]example/x", [("url", "https://evil.example/x")]),
        ("(see https://a.example/x_(1))", [("url", "https://a.example/x_(1)")]),
        ("http://203.0.113.9/bins/x.arm7", [("url", "http://203.0.113.9/bins/x.arm7")]),
        ("mail hr-desk(at)lure[.]example", [("email", "hr-desk@lure.example")]),
        (f"sha256 {SHA.upper()}", [("hash", SHA)]),
        ("md5 d41d8cd98f00b204e9800998ecf8427e", [("hash", "d41d8cd98f00b204e9800998ecf8427e")]),
        ("xn--bcher-kva.example", [("domain", "xn--bcher-kva.example")]),
        ("bücher.example", [("domain", "bücher.example")]),
    ],
)
def test_indicators_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(i.kind, i.value) for i in extract(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "opened readme.md and setup.py", "version 10.0.19041.1", "v1.2.3.4 of the tool", "OID 1.3.6.1.4.1.311",
        "at 12:34:56 and 08:00:00", "mac 00:1a:2b:3c:4d:5e", "run cmd.exe /c calc.exe", "System.Net and java.lang",
        "index=network | stats count by src", "file C:\\Windows\\Temp\\t.dat", "1.5.2", "999.999.999.999",
        "see chapter 3.2.1.", "e.g. this", "count=12345678901234567890123456789012",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_indicator_is_left(text: str) -> None:
    assert extract(text) == ()


def test_offsets_point_at_the_text_as_given() -> None:
    text = "first hxxp://evil[.]example/x then 203[.]0[.]113[.]9 end"
    assert [text[i.start : i.end] for i in extract(text)] == ["hxxp://evil[.]example/x", "203[.]0[.]113[.]9"]


@given(st.ip_addresses(v=4))
def test_every_address_survives_defanging(address: object) -> None:
    found = extract(f"from {defang(str(address))} to us")
    assert [i.value for i in found] == [str(address)]


@given(st.lists(st.from_regex(r"[a-z]{3,12}", fullmatch=True), min_size=1, max_size=3))
def test_every_domain_survives_defanging(labels: list[str]) -> None:
    name = ".".join([*labels, "example"])
    assert [(i.kind, i.value) for i in extract(f"name {defang(name)} seen")] == [("domain", name)]


@given(st.text(max_size=300))
def test_any_text_is_read_and_offsets_stay_inside(text: str) -> None:
    for found in extract(text):
        assert 0 <= found.start < found.end <= len(text)
