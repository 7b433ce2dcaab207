"""Reach and time range: what is read, over which indexes, from when to when."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.errors import SplError
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.spl import facts as facts_module
from agentgate_mcp.spl.facts import read_search
from agentgate_mcp.spl.knowledge import EMPTY, KnowledgeSet
from agentgate_mcp.spl.parser import parse
from tests.unit.spl.samples import NOW, facts_of, knowledge_object, long_texts, searches, texts

STEERING = (
    "index earliest latest starttime endtime starttimeu endtimeu daysago hoursago minutesago monthsago startdaysago "
    "starthoursago startminutesago startmonthsago enddaysago endhoursago endminutesago endmonthsago"
).split()
HOUR, DAY = 3600.0, 86_400.0


@pytest.mark.req("spl.time-range")
@pytest.mark.parametrize(
    ("query", "earliest", "latest", "low", "high"),
    [
        ("search index=a", "-24h", "now", NOW - DAY, NOW),
        ("search index=a earliest=-1h", "-24h", "now", NOW - HOUR, NOW),
        ("search index=a earliest=-1h", "0", "", NOW - HOUR, None),
        ("search index=a earliest=-2h latest=-1h", "-24h", "now", NOW - 2 * HOUR, NOW - HOUR),
        ("search index=a latest=-1h", "-24h", "now", NOW - DAY, NOW - HOUR),
        ("search index=a earliest = \"-365d\"", "-24h", "now", NOW - 365 * DAY, NOW),
        ("search index=a earliest==-1h", "-24h", "now", NOW - HOUR, NOW),
        ("search index=a (earliest=-2d latest=-1d) OR (earliest=-1h)", "-24h", "now", NOW - 2 * DAY, NOW),
        ("search (index=a earliest=-1h) OR index=b", "-24h", "now", NOW - DAY, NOW),
        ("search (index=a OR index=b) earliest=-1h", "-24h", "now", NOW - HOUR, NOW),
        ("search index=a [search index=b earliest=-7d | fields x]", "-24h", "now", NOW - 7 * DAY, NOW),
        ("search index=a earliest=-1h | append [search index=b]", "-24h", "now", NOW - DAY, NOW),
        ("| tstats count where index=a earliest=-3d by host", "-24h", "now", NOW - 3 * DAY, NOW),
        ("search index=a daysago=3", "-24h", "now", NOW - 3 * DAY, NOW),
        ("search index=a starthoursago=3 endhoursago=1", "-24h", "now", NOW - 3 * HOUR, NOW - HOUR),
        ("search index=a latest_version=3 _index_earliest=0", "-24h", "now", NOW - DAY, NOW),
        ("search index=a | where earliest=0 | search earliest=0", "-24h", "now", NOW - DAY, NOW),
        ("search index=a EARLIEST=-1h", "-24h", "now", NOW - DAY, NOW),
        ("search index=a NOT earliest=0", "-24h", "now", None, NOW),
        ("search index=a NOT earliest=-1h", "-24h", "now", NOW - DAY, NOW),
        ("search index=a not earliest=0", "-24h", "now", None, NOW),
        ("search index=a", "", "", None, None),
        ("search index=a", "0", "now", None, NOW),
        ("search index=a earliest=1", "-24h", "now", None, NOW),
        ("search index=a earliest=0", "-24h", "now", None, NOW),
        ("search index=a [search index=b earliest=0]", "-24h", "now", None, NOW),
        ("search index=a starttimeu=0", "-24h", "now", None, NOW),
        ("search index=a earliest=`t`", "-24h", "now", None, NOW),
        ("search index=a earliest=[search x]", "-24h", "now", None, NOW),
        ("search index=a [makeresults | eval earliest=0 | return earliest]", "-24h", "now", None, NOW),
        ("search index=a [inputlookup w.csv | rename start as earliest | fields earliest]", "-24h", "now", None, NOW),
        ('search index=a [makeresults | eval search="earliest=0" | return $search]', "-24h", "now", None, NOW),
    ],
)  # fmt: skip
def test_the_effective_time_range_is_the_widest(
    query: str, earliest: str, latest: str, low: float | None, high: float | None
) -> None:
    facts = facts_of(query, earliest=earliest, latest=latest)
    assert (facts.earliest, facts.latest) == (low, high)
    if low is None:
        assert facts.span_seconds is None
    else:
        assert facts.span_seconds == (facts.latest if facts.latest is not None else NOW) - low


@pytest.mark.req("spl.time-range")
def test_real_time_is_seen_in_arguments_and_in_the_search() -> None:
    assert facts_of("search index=a", earliest="rt-5m", latest="rt").real_time
    assert facts_of("search index=a earliest=rt").real_time
    assert not facts_of("search index=a").real_time


@pytest.mark.req("spl.time-range")
def test_a_saved_search_s_own_time_range_counts() -> None:
    content = {"search": "search index=a", "dispatch.earliest_time": "-30d", "dispatch.latest_time": "now"}
    knowledge = KnowledgeSet.from_objects([knowledge_object("saved_search", "s", **content)])
    assert facts_of("| savedsearch s", knowledge).earliest == NOW - 30 * DAY


@pytest.mark.req("spl.reach")
@pytest.mark.parametrize(
    ("query", "indexes", "wildcard", "default"),
    [
        ("search index=web", ("web",), False, False),
        ("search index=Web OR index=\"win\"", ("web", "win"), False, False),
        ("search index IN (a, \"b\",c)", ("a", "b", "c"), False, False),
        ("search index::a", ("a",), False, False),
        ("search (index=a OR index=b) NOT index=c", ("a", "b"), False, False),
        ("search error", (), True, True),
        ("search index>a", (), True, True),
        ("search index=a OR error", ("a",), True, True),
        ("search index=a OR index!=b", ("a",), True, False),
        ("search index=a error OR warning", ("a",), False, False),
        ("search (index=a x=1) OR (y=2 index=b)", ("a", "b"), False, False),
        ("search (index=a x=1) OR y=2", ("a",), True, True),
        ("inputlookup a", (), True, True),
        ("search index=*", ("*",), True, False),
        ("search index = *", ("*",), True, False),
        ("search index=\"*\"", ("*",), True, False),
        ("search index IN (a, *)", ("a", "*"), True, False),
        ("search index in (*)", ("*",), True, False),
        ("search index=a*", ("a*",), True, False),
        ("search index=\"web\"*", ("web*",), True, False),
        ("search index=_*", ("_*",), True, False),
        ("search INDEX=*", ("*",), True, True),
        ("search index!=a", (), True, False),
        ("search NOT (index=a OR index=b)", (), True, False),
        ("search index=a not index=*", ("a", "*"), True, False),
        ("search index=`i`", (), True, False),
        ("search index=$i$", (), True, False),
        ("search index=[makeresults | return index]", (), True, False),
        ("search [makeresults | eval index=\"*\" | fields index]", (), True, True),
        ("search [search index=b | stats count by index]", ("b",), True, True),
        ("search index=a | search index=*", ("a",), False, False),
        ("search index=a | append [search index=b] | join x [search index=c]", ("a", "b", "c"), False, False),
        ("| tstats count where index=a OR index=b", ("a", "b"), False, False),
        ("| tstats count from datamodel=Web", (), False, False),
        ("| tstats count", (), False, True),
        ("| mstats avg(x) where index=m", ("m",), False, False),
        ("| metadata type=hosts index=a", ("a",), False, False),
        ("| makeresults", (), False, False),
        ("| inputlookup x", (), False, False),
        ("| multisearch [search index=a] [search index=b]", ("a", "b"), False, False),
        ('| makeresults | map search="search index=a"', ("a",), False, False),
    ],
)  # fmt: skip
def test_the_indexes_that_a_search_reads(query: str, indexes: tuple[str, ...], wildcard: bool, default: bool) -> None:
    facts = facts_of(query)
    assert (facts.indexes, facts.index_wildcard, facts.default_indexes) == (indexes, wildcard, default)


@pytest.mark.req("spl.reach")
def test_patterns_are_narrowed_by_the_indexes_that_exist() -> None:
    names = ["web_a", "web_b", "win", "_internal"]
    knowledge = KnowledgeSet.from_objects([knowledge_object("index", n) for n in names])
    facts = facts_of("search index=web*", knowledge)
    assert (facts.indexes, facts.index_wildcard) == (("web_a", "web_b"), False)
    assert facts_of("search index=*", knowledge).index_wildcard
    assert facts_of("search index=nothing*", knowledge).index_wildcard


@pytest.mark.req("spl.reach")
def test_indexes_and_sourcetypes_inside_macros_and_event_types_count() -> None:
    knowledge = KnowledgeSet.from_objects(
        [
            knowledge_object("macro", "sysmon", definition="index=win sourcetype=sysmon"),
            knowledge_object("eventtype", "logon", search="index=auth sourcetype=wineventlog"),
        ]
    )
    facts = facts_of("`sysmon` OR eventtype=logon", knowledge)
    assert facts.indexes == ("win", "auth")
    assert facts.sourcetypes == ("sysmon", "wineventlog")
    assert facts.references == ("macro:sysmon", "eventtype:logon")


@pytest.mark.req("spl.time-range")
@pytest.mark.parametrize("condition", ["NOT eventtype=old", "eventtype!=old", "NOT tag=past", "NOT eventtype=outer"])
def test_the_times_of_an_event_type_count_where_it_is_negated_and_its_indexes_do_not(condition: str) -> None:
    knowledge = KnowledgeSet.from_objects(
        [
            knowledge_object("eventtype", "old", search="index=b earliest=-90d"),
            knowledge_object("eventtype", "outer", search="index=c NOT eventtype=old"),
            knowledge_object("tag", "eventtype=old", tags=["past"]),
        ]
    )
    facts = facts_of(f"index=a {condition}", knowledge)
    assert (facts.indexes, facts.span_seconds) == (("a",), 90 * DAY)


@pytest.mark.req("spl.reach")
@pytest.mark.parametrize(
    ("query", "raw"),
    [
        ("search index=a", True),
        ("index=a | stats count", True),
        ("| from datamodel:Web", True),
        ("| datamodel Web Web search", True),
        ("| pivot Web Web count(Web)", True),
        ("| inputlookup a | append [search index=a]", True),
        ('| makeresults | map search="search index=a"', True),
        ("| from datamodel:Web | search x", True),
        ("search x | `unknown_stage`", True),
        ("| `unknown_stage`", True),
        ("inputlookup a", True),  # without a pipe it may be a search for these words
        ("| inputlookup a | search x=1", False),
        ("| tstats count where index=a", False),
        ("| mstats avg(x) where index=a", False),
        ("| metadata type=hosts index=a", False),
        ("| eventcount index=a", False),
        ("| dbinspect index=a", False),
        ("| makeresults | eval x=1", False),
        ("| rest /services/server/info", False),
        ("| datamodel Web", False),
        ("| datamodel", False),
        ("| inputlookup a | appendpipe [search x=1]", False),
    ],
)
def test_whether_raw_events_are_read(query: str, raw: bool) -> None:
    assert facts_of(query).raw_events is raw


@pytest.mark.req("spl.facts")
def test_counts_names_and_shape_of_a_search() -> None:
    facts = facts_of(
        'search index=a *tail "*phrase" user=*x | join id [search index=b] | lookup l1 a OUTPUT b '
        "| inputlookup append=t l2 | append [| inputlookup l3] | stats count by x | eval y=1"
    )
    assert facts.commands == ("search", "join", "lookup", "inputlookup", "append", "stats", "eval")
    assert (facts.subsearches, facts.joins, facts.leading_wildcards) == (2, 1, 3)
    assert facts.transforming
    assert set(facts.references) == {"lookup:l1", "lookup:l2", "lookup:l3"}
    assert not facts_of("search index=a | head 5").transforming
    assert facts_of("| tstats count from datamodel=Web.Web").data_models == ("Web.Web",)
    assert facts_of("| tstats count from datamodel=Web.Web").references == ("data_model:Web",)


@pytest.mark.req("spl.facts")
def test_every_saved_search_of_a_name_is_read() -> None:
    knowledge = KnowledgeSet.from_objects(
        [
            knowledge_object("saved_search", "s", app="a", search="search index=a"),
            knowledge_object("saved_search", "s", app="b", search="search index=b | delete"),
        ]
    )
    facts = facts_of("| savedsearch s", knowledge)
    assert facts.indexes == ("a", "b")
    assert facts.destructive == ("delete",)


@pytest.mark.req("spl.memo")
def test_what_is_remembered_never_changes_an_answer() -> None:
    query = "search index=a `m` earliest=-1h"
    first = KnowledgeSet.from_definitions({"m": {"definition": "x"}})
    second = KnowledgeSet.from_definitions({"m": {"definition": "x | delete"}})
    facts_module.forget()
    fresh = [read_search(query, "-24h", "now", k, now) for k in (first, second) for now in (NOW, NOW + 60)]
    again = [read_search(query, "-24h", "now", k, now) for k in (first, second) for now in (NOW, NOW + 60)]
    assert fresh == again
    assert [f.destructive for f in fresh] == [(), (), ("delete",), ("delete",)]
    assert fresh[1].earliest == NOW + 60 - HOUR


@pytest.mark.req("spl.memo")
def test_the_memo_is_bounded() -> None:
    facts_module.forget()
    for number in range(3000):
        facts_of(f"search index=a x={number}")
    assert len(facts_module._MEMO) <= 1024


@pytest.mark.req("spl.facts", "R2")
@given(texts, texts)
def test_any_text_has_facts_and_none_of_them_raises(query: str, definition: str) -> None:
    knowledge = KnowledgeSet.from_definitions({"m": {"definition": definition}}, {"s": definition})
    for text in (query, f"| savedsearch s | search {query}"):
        facts = facts_of(text, knowledge)
        assert isinstance(facts, SearchFacts)
        assert facts.parsed or facts.problem


@pytest.mark.req("spl.facts", "R2")
@given(long_texts)
@settings(max_examples=20)
def test_a_text_of_any_length_has_facts(text: str) -> None:
    facts = facts_of(text)
    assert facts.parsed or facts.problem


@pytest.mark.req("spl.strict", "R2")
@given(st.one_of(searches, texts))
def test_a_search_is_read_exactly_where_the_parser_takes_it(text: str) -> None:
    try:
        parse(text)
    except SplError:
        assert not facts_of(text).parsed
    else:
        assert facts_of(text).parsed


@pytest.mark.req("spl.strict", "R2")
@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("stats count by ((", "unbalanced '(' at position 16"),
        ("search index=a | stats count by ((", "at position 32"),
        ("search index=a | where", "at position 22"),
        ("`m` | eval x=", "at position 13"),
        ("search `m` | append [search b | sort]", "at position 36"),
        ("search index=a | `broken`", "at position 25"),
    ],
)
def test_what_does_not_fit_the_grammar_is_not_read_and_its_place_is_that_of_the_text_given(
    query: str, place: str
) -> None:
    knowledge = KnowledgeSet.from_definitions(
        {"m": {"definition": "a long condition"}, "broken": {"definition": "sort"}}
    )
    facts = facts_of(query, knowledge)
    assert not facts.parsed
    assert place in facts.problem


@pytest.mark.req("spl.strict", "spl.risk", "R2")
def test_a_search_that_does_not_fit_the_grammar_still_shows_what_it_would_do() -> None:
    facts = facts_of("search index=a | delete | stats count by ((")
    assert (facts.parsed, facts.destructive, facts.indexes) == (False, ("delete",), ("a",))


@pytest.mark.req("spl.strict", "spl.unresolved")
def test_a_saved_search_that_does_not_fit_the_grammar_is_unresolved() -> None:
    knowledge = KnowledgeSet.from_definitions(None, {"odd": "search index=a | where ("})
    (problem,) = facts_of("| savedsearch odd", knowledge).unresolved
    assert problem.startswith("saved_search:odd: where: ")


@pytest.mark.req("spl.facts", "R2")
@given(texts)
def test_time_arguments_of_any_kind_never_raise(expression: str) -> None:
    facts = read_search("search index=a", expression, expression, EMPTY, NOW)
    assert facts.parsed


@pytest.mark.req("spl.time-range")
@pytest.mark.parametrize(
    "subsearch",
    [
        '| makeresults | eval query="earliest=0" | fields query',
        '| makeresults | eval text="earliest=0" | return $text',
        '| makeresults | eval text="earliest=0" | return 5 $text',
        "| inputlookup names | fields search",
        "| inputlookup names | rename text AS query",
        '| inputlookup names | fields user | format "earliest=0 (" "(" "AND" ")" "OR" ")"',
        '| inputlookup names | fields user | format emptystr="earliest=0"',
        '| inputlookup names | fields user | format mvsep="OR earliest=0 OR"',
    ],
)
def test_text_that_a_subsearch_makes_may_name_any_time(subsearch: str) -> None:
    assert facts_of(f"index=a [{subsearch}]").span_seconds is None


@pytest.mark.req("spl.time-range")
@pytest.mark.parametrize(
    "subsearch",
    [
        "| inputlookup names | fields user",
        "| inputlookup names | return 5 user",
        "| inputlookup names | fields user | format",
        '| inputlookup names | fields user | format "(" "(" "AND" ")" "OR" ")"',
        '| inputlookup names | fields user | format "NOT (" "(" "and" ")" "or" ")" mvsep="OR" emptystr="NOT ()"',
        "search index=a | stats values(query) as q, latest(index) by user",
        "search index=a | fields query | rename query as DNS.query",
        "search index=a | top limit=5 user",
        "inputlookup names | fields - search query %s",
        "makeresults | eval user=if(search==1, index, query)",
    ],
)
def test_a_subsearch_that_returns_plain_conditions_keeps_the_range(subsearch: str) -> None:
    facts = facts_of(f"index=a [{subsearch.replace('%s', ' '.join(STEERING))}]")
    assert (facts.span_seconds, facts.index_wildcard) == (86_400, False)


@pytest.mark.req("spl.time-range")
@pytest.mark.parametrize(
    "subsearch",
    [
        "inputlookup lk",
        "search index=a | head 5",
        "savedsearch s | return $x",
        'makeresults format=csv data="query\nearliest=0"',
        'makeresults | eval a="earliest=0" | rex field=a "(?<search>.*)"',
        'makeresults | eval a="earliest=0" | rex field=a "(?P<query>.*)" | fields quer*',
        "inputlookup lk | fields x | lookup names x OUTPUT y AS search",
        "inputlookup lk | fields x | lookup names x",
        "inputlookup lk | fields x | spath output=search",
        "inputlookup lk | fields x | eval {x}=1",
        "inputlookup lk | fields x | rename x as sear*",
        'inputlookup lk | fields x | rename x as sear"ch"',
        "inputlookup lk | fields x | rename Search as y | eventstats values(x) as search",
        "inputlookup lk | fields - Search, index",
        "inputlookup lk | stats values(*) as *",
        "inputlookup lk | fields x | format | makemv search",
        "inputlookup lk | fields x | `unknown`",
        "inputlookup lk | table x starttimeu",
    ],
)
def test_a_subsearch_whose_columns_may_steer_widens_the_range(subsearch: str) -> None:
    assert facts_of(f"index=a [{subsearch}]").span_seconds is None


@pytest.mark.req("spl.time-range")
def test_a_subsearch_that_only_filters_rows_found_before_keeps_the_range() -> None:
    facts = facts_of("index=a | search NOT [inputlookup lk] | appendpipe [search [inputlookup lk]]")
    assert (facts.span_seconds, facts.index_wildcard, facts.indexes) == (86_400, False, ("a",))
    assert facts_of("index=a | append [search [inputlookup lk]]").span_seconds is None


@pytest.mark.req("spl.reach")
@pytest.mark.parametrize("command", ["eventcount summarize=f", "metadata type=hosts", "dbinspect"])
def test_every_index_option_of_a_statistics_command_counts(command: str) -> None:
    assert facts_of(f"| {command} index=a index=_audit").indexes == ("a", "_audit")
