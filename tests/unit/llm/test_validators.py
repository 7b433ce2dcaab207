"""Sentences that name what the facts do not hold are dropped, however they write it."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.llm.entities import entities
from agentgate_mcp.llm.validators import MAX_OUTPUT, keep_grounded, plain_text

pytestmark = pytest.mark.req("llm.grounded", "R5", "R7")

FACTS = """host: ws-042.corp.example
user: CORP\\jdoe
src_ip: 10.20.30.40
dest_ip: 2001:db8::7
domain: c2.evil.example
url: http://c2.evil.example/gate.php
hash: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
uid: CHhAvVGS1DHFjwGM9
technique: T1059.001
event: e-1002-17
count: 1200
process: powershell.exe
path: C:\\Users\\jdoe\\a.ps1, /var/tmp/x.sh
mail: jdoe@corp.example
server: FIN-SRV
"""

INVENTED = [
    "The attacker is on 203.0.113.5.",
    "The attacker is on 203[.]0[.]113[.]5.",
    "The attacker is on 203(dot)0(dot)113(dot)5 today.",
    "The attacker is on 203 . 0 . 113 . 5 now.",
    "It talks to 203.0.113\u200b.5.",
    "It talks to \uff12\uff10\uff13.0.113.5.",
    "It talks to \u0662\u0660\u0663.0.113.5.",
    "It talks to 2001:db8::dead.",
    "It talks to 10.20.30.41.",
    "It talks to 10.20.30.4.",
    "The domain other.example resolves.",
    "The domain hxxps://other[.]example/x resolves.",
    "The domain c2.\u0435vil.example resolves.",
    "The page http://c2.evil.example/other.php was read.",
    "Host ws-043 is next.",
    "Host WS-043 is next.",
    "Host DC-EAST is next.",
    "The account 'administrator' is next.",
    "The account CORP\\admin is next.",
    "The process mimikatz.exe ran.",
    "The file C:\\Temp\\b.ps1 was run.",
    "The file /etc/shadow/copy was read.",
    "The hash d41d8cd98f00b204e9800998ecf8427e is known.",
    "The hash 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a09 is known.",
    "Zeek uid CHhAvVGS1DHFjwGM8 shows it.",
    "This is T1003.",
    "This is T1059.003.",
    "This is TA0040.",
    "This is CVE-2021-44228.",
    "See e-1002-18.",
    "Write to root@other.example.",
    "In total 9999999 events match.",
    "The device 00:1b:44:11:3a:b7 answered.",
]

CARRIED = [
    "The host ws-042 ran powershell.exe.",
    "Host WS-042 talks to c2.evil.example.",
    "It called http://c2.evil.example/gate.php several times.",
    "The host 10.20.30.40 reached 2001:DB8::7.",
    "It reached c2[.]evil[.]example.",
    "This is T1059.001, a kind of T1059.",
    "The file with hash 9f86d081 was run by CORP\\jdoe.",
    "Over 24 h there were 1200 events, about 3.5 per minute, i.e. a 90 % rise.",
    "See e-1002-17 at 12:30:45 on 2026-11-20.",
    "The UTF-8 text held a SHA-256 value; 2 of 3 hosts, the 1st and 2nd, had it.",
    "No further conclusion is possible, e.g. on intent.",
    "The server FIN-SRV is not affected.",
]


@pytest.mark.parametrize("sentence", INVENTED)
def test_a_sentence_with_an_invented_name_is_dropped(sentence: str) -> None:
    grounded = keep_grounded(f"All is as told. {sentence} Ask the owner.", FACTS)
    assert grounded.text == "All is as told. Ask the owner."
    assert grounded.dropped >= 1


@pytest.mark.parametrize("sentence", CARRIED)
def test_a_sentence_that_the_facts_carry_is_kept(sentence: str) -> None:
    grounded = keep_grounded(sentence, FACTS)
    assert grounded.dropped == 0
    assert grounded.text == sentence


def test_links_markup_and_control_characters_are_taken_away() -> None:
    text = "\x1b[31mRed\x1b[0m ![pixel](http://other.example/?q=1) <img src=x> `code`\u202e end"
    assert plain_text(text) == "Red pixel 'code' end"


def test_a_note_is_cut_to_what_a_person_reads() -> None:
    grounded = keep_grounded("All is quiet here. " * 500, FACTS)
    assert len(grounded.text) <= MAX_OUTPUT
    assert grounded.dropped > 0


def test_lines_and_points_keep_their_places() -> None:
    text = "Summary first.\n- One point on 203.0.113.5.\n- Another point.\n-\n"
    assert keep_grounded(text, FACTS).text == "Summary first.\n- Another point."


@pytest.mark.parametrize(
    "piece", ["a", "a.", "a-", "1:", "\\", "/a", "a@", "a+", ".-", "[", "[a](", "'a", "A-", "1 . "]
)
def test_endless_text_is_read_in_bounded_work(piece: str) -> None:
    # Patterns see pieces of at most MAX_CHUNK characters: quadratic work on 20,000 would take minutes.
    endless = piece * (20_000 // len(piece))
    assert all(len(e) <= len(endless) for e in entities(endless))
    assert keep_grounded(endless, FACTS).text == ""


@given(st.ip_addresses())
def test_no_address_outside_the_facts_survives(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    grounded = keep_grounded(f"It reached {address} at noon.", "host: ws-042")
    assert grounded.text == ""
    assert grounded.dropped == 1


@given(st.text(alphabet="0123456789abcdef", min_size=32, max_size=64).filter(lambda h: any(c.isdigit() for c in h)))
def test_no_hash_outside_the_facts_survives(digest: str) -> None:
    assert keep_grounded(f"The file {digest} ran.", FACTS).text == ""


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_survives_names_only_what_the_facts_name(text: str, facts: str) -> None:
    kept = keep_grounded(text, facts)
    for line in kept.text.split("\n"):
        assert keep_grounded(line, facts).text == line
    assert entities(kept.text) <= entities(facts) | entities(text)


@given(st.text(max_size=2000))
def test_facts_carry_themselves(text: str) -> None:
    line = plain_text(text).replace("\n", " ").strip()
    grounded = keep_grounded(line, line)
    assert grounded.dropped == 0 or len(line) > MAX_OUTPUT
