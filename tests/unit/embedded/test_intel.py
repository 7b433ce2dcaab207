"""Threat intelligence: exact, by parent domain, by network; allow lists; indicators in every form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.indicators import read_indicator
from agentgate_mcp.backends.embedded.intel import IntelFeeds
from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.errors import ArgumentError, DataError

pytestmark = pytest.mark.req("embedded.intel")


@pytest.mark.parametrize(
    ("asked", "kind", "score", "verdict"),
    [
        ("evil.example", "domain", 80, "malicious"),
        ("EVIL.Example.", "domain", 80, "malicious"),
        ("a.b.evil[.]example", "domain", 80, "malicious"),
        ("192.0.2.7", "ip", 60, "suspicious"),
        ("::ffff:192.0.2.7", "ip", 60, "suspicious"),
        ("192[.]0[.]2[.]7", "ip", 60, "suspicious"),
        ("198.51.100.14", "ip", 40, "suspicious"),
        ("hxxp://203.0.113[.]5/a.bin", "url", 90, "malicious"),
        ("http://203.0.113.5:80/a.bin", "url", 90, "malicious"),
        ("https://www.evil.example/login?x=1", "url", 80, "malicious"),
        ("http://192.0.2.7:8080/", "url", 60, "suspicious"),
        ("someone@mail.evil.example", "email", 80, "malicious"),
        ("AB" * 32, "hash", 95, "malicious"),
    ],
)
def test_a_listed_indicator_is_found_in_every_form(
    backends: Backends, asked: str, kind: str, score: int, verdict: str
) -> None:
    found = backends.intel.lookup(asked)
    assert (found.known, found.kind, found.score, found.verdict, found.feeds) == (
        True,
        kind,
        score,
        verdict,
        ("harbour",),
    )


@pytest.mark.parametrize(
    "asked",
    [
        "notevil.example", "example", "evil.example.test", "192.0.2.70", "198.51.100.16", "203.0.113.5",
        "http://203.0.113.5/b.bin", "cd" * 32, "2001:db8::1", "x@good.example",
    ],
)  # fmt: skip
def test_what_no_feed_lists_is_unknown_and_nothing_more(backends: Backends, asked: str) -> None:
    if asked == "example":
        with pytest.raises(ArgumentError):
            backends.intel.lookup(asked)
        return
    found = backends.intel.lookup(asked)
    assert (found.known, found.score, found.verdict, found.feeds) == (False, 0, "unknown", ())


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("192.0.2.7", "cdn"), ("192.0.2.8", ""), ("cdn.example", "cdn"), ("a.cdn.example", "cdn"), ("xcdn.example", ""),
        ("https://a.cdn.example/x", "cdn"), ("10.0.0.53", "cdn"), ("x@cdn.example", "cdn"), ("ab" * 32, ""),
    ],
)  # fmt: skip
def test_an_allow_list_is_named_beside_what_feeds_say(backends: Backends, asked: str, listed: str) -> None:
    assert backends.intel.lookup(asked).allow_listed == listed


def test_several_feeds_are_merged_with_the_strongest_verdict(data_dir: Path) -> None:
    second = {
        "feed": "zeta",
        "indicators": [
            {"indicator": "evil.example", "kind": "domain", "score": 20, "verdict": "suspicious", "families": ["old"],
             "first_seen": "2020-01-01T00:00:00Z", "last_seen": "2020-02-01T00:00:00Z"},
        ],
    }  # fmt: skip
    (data_dir / "threatintel" / "second.json").write_text(json.dumps(second), encoding="utf-8")
    found = IntelFeeds(data_dir).lookup("www.evil.example")
    assert (found.score, found.verdict, found.families, found.feeds) == (
        80, "malicious", ("kit", "old"), ("harbour", "zeta"),
    )  # fmt: skip
    assert (found.first_seen, found.last_seen) == ("2020-01-01T00:00:00Z", "2026-11-18T00:00:00Z")
    assert "listed as evil.example" in found.description


@pytest.mark.parametrize(
    "text", ["", "   ", "no indicator", "http://", "http://[", "999.1.1.1", "a@", "@b.example", "x" * 300]
)
def test_a_text_that_is_no_indicator_is_refused_without_repeating_it(backends: Backends, text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        backends.intel.lookup(text)
    assert caught.value.field == "indicator"


@given(st.text(max_size=60))
def test_any_text_is_an_indicator_or_a_clean_refusal(text: str) -> None:
    try:
        found = read_indicator(text)
    except ArgumentError:
        return
    assert read_indicator(found.text) == found


@pytest.mark.req("embedded.bad-data", "R9")
@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"feed": "x", "indicators": [{"indicator": "a.example", "kind": "ip", "score": 1, "verdict": "malicious"}]},
         "/indicators/0"),
        ({"feed": "x", "indicators": [{"indicator": "??", "kind": "ip", "score": 1, "verdict": "malicious"}]},
         "/indicators/0"),
        ({"feed": "x", "indicators": [{"indicator": "1.1.1.1/99", "kind": "ip", "score": 1, "verdict": "malicious"}]},
         "/indicators/0"),
        ({"feed": "x", "indicators": [{"indicator": "1.1.1.1", "kind": "ip", "score": 101, "verdict": "malicious"}]},
         "/indicators/0/score"),
        ({"feed": "x", "indicators": [{"indicator": "1.1.1.1", "kind": "ip", "score": 1, "verdict": "bad"}]},
         "/indicators/0/verdict"),
        ({"indicators": []}, "/feed"),
        ({"list": "x", "entries": [{"kind": "cidr", "value": "x"}]}, "/entries/0"),
        ({"list": "x", "entries": [{"kind": "ip", "value": "x"}]}, "/entries/0"),
        ([], "/"),
    ],
)  # fmt: skip
def test_a_broken_feed_is_refused_with_its_place(data_dir: Path, document: Any, place: str) -> None:
    (data_dir / "threatintel" / "bad.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        IntelFeeds(data_dir).lookup("192.0.2.1")
    assert (caught.value.file, caught.value.location) == ("threatintel/bad.json", place)


@pytest.mark.req("embedded.bad-data", "R9")
def test_a_cut_off_feed_is_refused(data_dir: Path) -> None:
    path = data_dir / "threatintel" / "feed.json"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError, match=r"threatintel/feed\.json: character"):
        IntelFeeds(data_dir).lookup("192.0.2.1")
