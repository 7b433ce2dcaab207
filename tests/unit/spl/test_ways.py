"""Whether a search is kept to named indexes, and whether anything cuts down what it reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.layout import lay_out
from agentgate_mcp.spl.ways import MAX_DEPTH, every_way
from tests.unit.spl.conftest import knowledge_object
from tests.unit.spl.samples import facts_of

pytestmark = pytest.mark.req("spl.reach")


@pytest.mark.parametrize(
    "condition",
    [
        "", "*", "**", "NOT foo", "NOT (foo OR bar)", "NOT user=bob", "user!=bob", "1=1", "TERM(*)", "CASE(**)",
        "linecount>0", "linecount=1", "date_hour>=0", "bytes>0", "_time>1", "splunk_server=sh1", "a", "ab", '"a"',
        "user=*", 'user="*"', "host=*e*", "sourcetype=*", "sourcetype::*", "user IN (*)", "user IN (bob, *)",
        "error OR *", "(error OR NOT x)", "earliest=-1h", "index!=x", "user=", "and or not", "AND",
    ],
)  # fmt: skip
def test_a_condition_that_most_events_meet_does_not_narrow(condition: str) -> None:
    for reach in ("index=*", "", "index=a"):
        assert facts_of(f"search {reach} {condition}").reads_everything, reach
    assert facts_of(f"search index=* {condition}").index_wildcard


@pytest.mark.parametrize(
    "condition",
    [
        "error", "198.51.100.7", '"failed login"', "user=bob", 'EventCode="4"', "user IN (a, b)", "proc=*.exe",
        "sourcetype=zeek:*", "sourcetype::syslog", "TERM(evil.example)", "NOT foo error", "error OR user=bob",
        "(NOT a) (bob)", "host=w1 linecount>0", '"web"*', "user=`who`", "[search index=b x=1 | fields user]", "`open`",
        "x=$y$", "eventtype=unknown_one",
    ],
)  # fmt: skip
def test_one_term_or_equality_narrows(condition: str) -> None:
    assert not facts_of(f"search index=* {condition}").reads_everything


def test_an_event_type_counts_as_its_own_text_does() -> None:
    knowledge = KnowledgeSet.from_objects(
        [
            knowledge_object("eventtype", "all", search="index=*"),
            knowledge_object("eventtype", "logon", search="index=auth action=success"),
            knowledge_object("eventtype", "shape", search="sourcetype=syslog"),
        ]
    )
    everything = facts_of("search eventtype=all", knowledge)
    assert (everything.reads_everything, everything.index_wildcard) == (True, True)
    logon = facts_of("search eventtype=logon", knowledge)
    assert (logon.reads_everything, logon.index_wildcard, logon.indexes) == (False, False, ("auth",))
    assert not facts_of("search index=a eventtype=shape", knowledge).index_wildcard
    assert facts_of("search eventtype=shape", knowledge).index_wildcard


@pytest.mark.parametrize("query", ["search error", "search * | stats count by index", "search sourcetype=*"])
def test_raw_events_of_no_named_index_may_be_those_of_all(query: str) -> None:
    assert facts_of(query).index_wildcard


@pytest.mark.parametrize("query", ["| tstats count", "| metadata type=hosts", "| eventcount"])
def test_metadata_of_no_named_index_is_no_raw_reach(query: str) -> None:
    facts = facts_of(query)
    assert (facts.default_indexes, facts.index_wildcard) == (True, False)


@given(st.lists(st.sampled_from(["(", ")", "NOT", "OR", "AND", "IN", "a", "=", "*", ",", "`m`", "TERM", "x::", "'f'"])))
def test_every_list_of_tokens_is_read_to_its_end(parts: list[str]) -> None:
    kinds = {"(": "(", ")": ")", ",": ",", "=": "=", "`m`": "`", "'f'": "'"}
    tokens = [(kinds.get(part, "w"), part, 10 * i) for i, part in enumerate(parts)]
    assert every_way(tokens, lambda _: False) is False
    assert isinstance(every_way(tokens, lambda _: True), bool)


def test_nothing_counts_in_parentheses_nested_too_deeply() -> None:
    deep = MAX_DEPTH + 1
    tokens = [("(", "(", 0)] * deep + [("w", "error", 0)] + [(")", ")", 0)] * deep
    assert not every_way(tokens, lambda _: True)
    (stage,) = lay_out("search ((error))").stages
    assert every_way(stage.tokens, lambda _: True)
