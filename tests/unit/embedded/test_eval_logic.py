"""Functions that choose, tell kinds and test: each in the forms that its arguments can have."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.search.evaluate.addresses import network_pattern
from agentgate_mcp.backends.ports import SearchResult
from tests.unit.embedded.eval_forms import Case, batches, check

pytestmark = pytest.mark.req("embedded.eval")

CHOICES: list[Case] = [
    ('if(#0=200, "OK", "Error")', (200,), "OK"),
    ('if(#0=200, "OK", "Error")', (404,), "Error"),
    ('if(#0>#1, "more", "less")', (10, 9), "more"),
    ('if(#0>#1, "more", "less")', ("b", "a"), "more"),
    ('if(#0>#1, "more", "less")', ("10", "a"), "less"),
    ('if(nothing>1, "more", "less")', (), "less"),
    ("if(#0>5, #0, null())", (7,), "7"),
    ("if(#0>5, #0, null())", (3,), None),
    ('if(if(#0=1, true(), false()), "y", "n")', (1,), "y"),
    ('if(if(#0=1, true(), false()), "y", "n")', (2,), "n"),
    ('if(if(#0=1, null(), true()), "y", "n")', (1,), "n"),
    ('if(NOT #0=1, "y", "n")', (2,), "y"),
    ('if(#0=1 XOR #0=2, "y", "n")', (2,), "y"),
    ('if(#0=1 AND nothing=1, "y", "n")', (1,), "n"),
    ('if(#0=1 OR nothing=1, "y", "n")', (1,), "y"),
    ('case(#0==200, "OK", #0==404, "Not found", #0==500, "Internal")', (404,), "Not found"),
    ('case(#0==200, "OK", #0==404, "Not found")', (302,), None),
    ('case(#0==200, "OK", true(), "other")', (302,), "other"),
    ('case(nothing==1, "a", 1==1, "b")', (), "b"),
    ("case(#0>1, 1, #0>0, 2)", (0.5,), "2"),
    ('if(case(#0>1, true(), #0>0, false()), "y", "n")', (2,), "y"),
    ('validate(isint(N), "not an integer", N>0, "not positive")', (), "not an integer"),
    ('validate(#0>=1 AND #0<=65535, "out of range", #0!=80, "web")', (70000,), "out of range"),
    ('validate(#0>=1 AND #0<=65535, "out of range", #0!=80, "web")', (80,), "web"),
    ('validate(#0>=1 AND #0<=65535, "out of range", #0!=80, "web")', (22,), None),
    ('coalesce(nothing, #0, "x")', ("a",), "a"),
    ('coalesce(nothing, null(), "x")', (), "x"),
    ("coalesce(nothing, null())", (), None),
    ("coalesce(nothing, #0)", (5,), "5"),
    ('coalesce(answer, "none")', (), "none"),
    ('coalesce(split(#0, ","), "none")', ("a,b",), ["a", "b"]),
    ("nullif(#0, #1)", ("a", "b"), "a"),
    ("nullif(#0, #1)", ("a", "a"), None),
    ("nullif(#0, #1)", (5, 5), None),
    ("nullif(#0, #1)", (5.5, 5), "5.5"),
    ("nullif(#0, nothing)", ("a",), "a"),
    ('if(in(#0, "a", "b"), "y", "n")', ("b",), "y"),
    ('if(in(#0, "a", "b"), "y", "n")', ("B",), "n"),
    ('if(in(#0, 80, 443), "y", "n")', (443,), "y"),
    ('if(#0 IN ("80", "a"), "y", "n")', (80,), "y"),
    ('if(#0 IN ("080", "a"), "y", "n")', (80,), "y"),
    ('if(#0 IN (nothing, "a"), "y", "n")', ("b",), "n"),
    ('if("b" IN (split(#0, ",")), "y", "n")', ("a,b",), "y"),
    ('if(split(#0, ",")="b", "y", "n")', ("a,b",), "y"),
    ('if(split(#0, ",")>3, "y", "n")', ("1,4",), "y"),
    ('if(3<split(#0, ","), "y", "n")', ("1,2",), "n"),
    ('if(#0="1.0", "y", "n")', (1,), "y"),
    ('if(#0="abc", "y", "n")', ("ABC",), "n"),
    ('if("5">#0, "y", "n")', (10,), "n"),
]  # fmt: skip

KINDS: list[Case] = [
    ('typeof(12) + typeof("string") + typeof(1==2) + typeof(badfield)', (), "NumberStringBooleanInvalid"),
    ("typeof(dest_port)", (), "Number"),
    ("typeof(src)", (), "String"),
    ('typeof("12")', (), "String"),
    ('typeof(split(#0, ","))', ("a,b",), "Multivalue"),
    ("typeof(#0 + 1)", (2,), "Number"),
    ('if(isnum(dest_port) AND isnum(1.5) AND NOT isnum(src) AND NOT isnum(nothing), "y", "n")', (), "y"),
    ('if(isint(dest_port) AND isint(4) AND NOT isint(1.5) AND NOT isint(nothing), "y", "n")', (), "y"),
    ('if(isdouble(1.5) AND NOT isdouble(4) AND NOT isdouble(src), "y", "n")', (), "y"),
    ('if(isstr(src) AND isstr("a") AND NOT isstr(dest_port) AND NOT isstr(nothing), "y", "n")', (), "y"),
    ('if(isbool(1==1) AND isbool(true()) AND NOT isbool("true") AND NOT isbool(nothing), "y", "n")', (), "y"),
    ('if(isnull(nothing) AND NOT isnull(src) AND isnull(null()), "y", "n")', (), "y"),
    ('if(isnotnull(src) AND NOT isnotnull(nothing) AND NOT isnotnull(answer), "y", "n")', (), "y"),
    ('if(isnull(nothing=1), "y", "n")', (), "y"),
    ('if(ismv(split(#0, ",")), "y", "n")', ("a,b",), "y"),
    ('if(ismv(split(#0, ",")), "y", "n")', ("a",), "n"),
    ('if(ismv(#0), "y", "n")', ("a,b",), "n"),
    ('if(isarray(#0), "y", "n")', ("[1, 2, 3]",), "y"),
    ('if(isarray(#0), "y", "n")', (1,), "n"),
    ('if(isobject(#0), "y", "n")', ('{"a":1}',), "y"),
    ('if(isobject(#0), "y", "n")', ("{a",), "n"),
]  # fmt: skip

TESTS: list[Case] = [
    ('if(like(#0, #1), "y", "n")', ("198.51.100.9", "198.%"), "y"),
    ('if(like(#0, #1), "y", "n")', ("abc", "a_c"), "y"),
    ('if(like(#0, #1), "y", "n")', ("abc", "A%"), "n"),
    ('if(#0 LIKE "%b%", "y", "n")', ("abc",), "y"),
    ('if(like(nothing, "%"), "y", "n")', (), "n"),
    ('if(match(#0, "^\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}$"), "y", "n")', ("192.0.2.7",), "y"),
    ('if(match(#0, "^\\d+$"), "y", "n")', ("192.0.2.7",), "n"),
    ('if(match(#0, "(?i)LOGIN"), "y", "n")', ("login.example",), "y"),
    ('if(match(#0, "(?<user>a+)b"), "y", "n")', ("xaab",), "y"),
    ('if(match(#0, #1), "y", "n")', ("xaab", "(?<user>a+)b"), "y"),
    ('if(match(#0, #1), "y", "n")', ("abc", "b"), "y"),
    ('if(match(#0, "a.b"), "y", "n")', ("a\nb",), "n"),
    ('if(match(split(#0, ","), "^b"), "y", "n")', ("a,b",), "y"),
    ('if(match(nothing, "a"), "y", "n")', (), "n"),
    ('if(cidrmatch("10.0.0.0/24", #0), "local", "not local")', ("10.0.0.7",), "local"),
    ('if(cidrmatch("10.0.0.0/24", #0), "local", "not local")', ("10.0.1.7",), "not local"),
    ('if(cidrmatch("10.0.0.0/24", #0), "local", "not local")', ("a host",), "not local"),
    ('if(cidrmatch("10.0.0.0/24", nothing), "local", "not local")', (), "not local"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("192.0.2.0/30", "192.0.2.3"), "y"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("192.0.2.0/30", "192.0.2.4"), "n"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("192.0.2.3", "192.0.2.3"), "y"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("0.0.0.0/0", "192.0.2.3"), "y"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("2001:db8::/32", "2001:0DB8:ffff::1"), "y"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("2001:db8::/32", "2001:db9::1"), "n"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("2001:db8::/33", "2001:db8:8000::1"), "n"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("2001:db8::/32", "2001:db8:1:2:3:4:5:6"), "y"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("2001:db8::/32", "2001:db8:1:2:3:4:5:6:7"), "n"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("2001:db8::/32", "2001:db8::1::2"), "n"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("::ffff:192.0.2.0/120", "::ffff:192.0.2.9"), "y"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("::/0", "192.0.2.9"), "n"),
    ('if(cidrmatch(#0, #1), "y", "n")', ("10.0.0.0/8", "::1"), "n"),
    ('if(cidrmatch(src . "/24", #0), "y", "n")', ("10.0.0.200",), "y"),
    ('if(cidrmatch(src . "/x", #0), "y", "n")', ("10.0.0.200",), "n"),
    ("ipmask(#0, #1)", ("255.255.255.0", "10.20.30.120"), "10.20.30.0"),
    ("ipmask(#0, #1)", ("0.255.0.224", "10.20.30.120"), "0.20.0.96"),
    ("ipmask(#0, #1)", ("255.255.255.0", "10.20.30"), None),
    ('if(searchmatch("dest_port=443 action=all*"), "y", "n")', (), "y"),
    ('if(searchmatch("dest_port=80 OR user=*"), "y", "n")', (), "n"),
]  # fmt: skip


@pytest.mark.parametrize("cases", batches(CHOICES))
def test_choices_take_the_branch_that_splunk_takes(run: Callable[..., SearchResult], cases: Sequence[Case]) -> None:
    check(run, cases)


@pytest.mark.parametrize("cases", batches(KINDS))
def test_values_are_of_the_kinds_that_splunk_says(run: Callable[..., SearchResult], cases: Sequence[Case]) -> None:
    check(run, cases)


@pytest.mark.parametrize("cases", batches(TESTS))
def test_texts_and_addresses_match_what_splunk_matches(run: Callable[..., SearchResult], cases: Sequence[Case]) -> None:
    check(run, cases)


@given(base=st.integers(0, 2**32 - 1), length=st.integers(0, 32), other=st.integers(0, 2**32 - 1))
def test_the_pattern_of_a_network_holds_its_addresses_and_no_others(base: int, length: int, other: int) -> None:
    network = ipaddress.ip_network((base, length), strict=False)
    assert isinstance(network, ipaddress.IPv4Network)
    first, last = int(network.network_address), int(network.broadcast_address)
    for number in (base, other, first, last, (first - 1) % 2**32, (last + 1) % 2**32):
        address = ipaddress.IPv4Address(number)
        found = re.fullmatch(network_pattern(network), str(address)) is not None
        assert found == (address in network)
