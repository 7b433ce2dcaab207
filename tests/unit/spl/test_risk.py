"""What a search can do is shown, however it is hidden; ordinary work shows nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.spl.knowledge import KnowledgeSet
from tests.unit.spl.conftest import read_lines
from tests.unit.spl.samples import alarms, facts_of

pytestmark = pytest.mark.req("spl.risk", "R2")

KNOWLEDGE = KnowledgeSet.from_definitions(
    {
        "evil": {"definition": "delete"},
        "tidy": {"definition": "fields host | `tidy_inner`"},
        "tidy_inner": {"definition": "outputlookup hosts.csv"},
        "outer(1)": {"definition": "search x | $a$", "args": "a"},
        "piped": {"definition": "stats count | collect index=summary"},
        "computed": {"definition": 'if(1=1, "delete", "x")', "iseval": "1"},
        "loop": {"definition": "`loop`"},
        "quote": {"definition": '"'},
        "breakout": {"definition": '" | delete | eval y="'},
        "own_filter": {"definition": "search x | outputlookup z.csv"},
    },
    {
        "purge": "search index=a | `evil`",
        "second": "| savedsearch purge",
        "circle": "| savedsearch circle",
        "any": "$spl$",
    },
)


def test_every_risky_probe_shows_why_and_no_ordinary_one_does(corpora: Path) -> None:
    missed: list[str] = []
    raised: list[str] = []
    for row in read_lines(corpora / "spl_probes.jsonl"):
        knowledge = KnowledgeSet.from_definitions(row.get("macros"), row.get("saved_searches"))
        times: dict[str, Any] = row.get("args", {})
        facts = facts_of(
            row["query"],
            knowledge,
            earliest=times.get("earliest_time", "-24h"),
            latest=times.get("latest_time", "now"),
        )
        found = alarms(facts)
        if row["expect"] == "risky" and not found:
            missed.append(row["id"])
        if row["expect"] == "ordinary" and found:
            raised.append(row["id"])
    assert (missed, raised) == ([], [])


WRITERS = ["delete", "outputlookup x.csv", "collect index=s", "sendemail to=a@b.test", "outputcsv f", "script python x"]
HIDINGS = {
    "plain": "search index=a | {}",
    "no blank": "search index=a|{}",
    "upper case": "search index=a | {upper}",
    "newline": "search index=a |\n\t{}",
    "comment": "search index=a | ```x``` {}",
    "comment without blanks": "search index=a |```|```{}",
    "condition": "search index=a [ search index=b | {} ]",
    "subsearch without search": "search index=a [ inputlookup b | {} ]",
    "join": "search index=a | join x [ search index=b | {} ]",
    "append": "search index=a | append [ search index=b | {} ]",
    "appendpipe": "search index=a | appendpipe [ {} ]",
    "foreach": "search index=a | foreach * [ eval x=1 | {} ]",
    "multisearch": "| multisearch [ search index=a ] [ search index=b | {} ]",
    "union": "| union [ search index=a ] [ search index=b | {} ]",
    "set": "| set diff [ search index=a ] [ search index=b | {} ]",
    "eval operand": "search index=a | eval x=[ search index=b | {} | return x ]",
    "lookup condition": "| inputlookup a where [ search index=b | {} ]",
    "tstats condition": "| tstats count where index=a [ search index=b | {} | return x ]",
    "deep": "search [ search [ search [ search [ search index=b | {} ] ] ] ]",
    "map": 'search index=a | map search="search index=b | {}"',
    "map in map": 'search index=a | map search="| makeresults | map search=\\"search index=b | {}\\""',
    "after strings": 'search index=a x="|" y="\\"" | eval z="[" | {}',
    "after an apostrophe": "search index=a don't | {}",
    "quoted name": 'search index=a | "{name}"',
}


@pytest.mark.parametrize("hiding", HIDINGS)
@pytest.mark.parametrize("command", WRITERS)
def test_a_risky_command_is_found_wherever_it_stands(hiding: str, command: str) -> None:
    name, _, rest = command.partition(" ")
    text = HIDINGS[hiding].format(command, upper=f"{name.upper()} {rest}", name=name)
    facts = facts_of(text)
    assert facts.parsed
    assert name in facts.commands
    assert facts.destructive or facts.writes


@pytest.mark.parametrize(
    "query",
    [
        "search index=a | `evil`",
        "search index=a | `tidy`",
        "search index=a | `outer(`evil`)`",
        'search index=a | `outer("fields x | delete")`',
        "search index=a | `piped`",
        "search index=a | `own_filter`",
        "| savedsearch purge",
        "| SavedSearch second",
        '| from savedsearch:"purge"',
        '| savedsearch any spl="| delete"',
        "| makeresults | map purge",
        "| makeresults | map search=\"| savedsearch purge\"",
        'search x | eval y=`quote`" | delete | eval z="`quote`',
    ],
)  # fmt: skip
def test_what_stands_elsewhere_is_read_too(query: str) -> None:
    facts = facts_of(query, KNOWLEDGE)
    assert facts.destructive or facts.writes


@pytest.mark.req("spl.unresolved")
@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("search x | `nowhere`", "macro:nowhere"),
        ("`nowhere(1,2)`", "macro:nowhere(2)"),
        ("search x | `computed`", "macro:computed"),
        ("`loop`", "macro:loop"),
        ('eval x="`breakout`"', "macro:breakout"),
        ("| savedsearch nowhere", "saved_search:nowhere"),
        ("| savedsearch $name$", "saved_search:"),
        ("| savedsearch any [ | makeresults | return spl ]", "saved_search:any"),
        ('| loadjob savedsearch="admin:search:nowhere"', "saved_search:nowhere"),
        ("| from savedsearch:nowhere", "saved_search:nowhere"),
        ("| from main", "from: dataset main"),
        ("| from federated:x", "from: dataset federated:x"),
        ("| tstats count from datamodel=Nowhere.x", "data_model:Nowhere"),
        ("| datamodel Nowhere x search", "data_model:Nowhere"),
        ("| from datamodel:$m$", "data_model:"),
        ('| makeresults | map search="search index=a x=$x$"', "map: runs a search for each row filled with $x$"),
        ('| makeresults | map search="search index=a"', "map:"),
        ("| rest `endpoint`", "rest:"),
        ("search index=a | dispatch x", "dispatch:"),
        ("search index=a earliest=`when`", "time:"),
        ("search index=a earliest=sometime", "time:"),
        ("search x \\\" | delete | search y \\\"", "quoting:"),
        ("search 'x | delete | eval b=y'", "quoting:"),
        ("| eval a='x\"' | delete | eval b='\"y'", "quoting:"),
    ],
)  # fmt: skip
def test_what_cannot_be_resolved_is_named(query: str, named: str) -> None:
    assert any(item.startswith(named) for item in facts_of(query, KNOWLEDGE).unresolved)


@pytest.mark.req("spl.unresolved")
def test_a_saved_search_that_runs_itself_ends() -> None:
    facts = facts_of("| savedsearch circle", KNOWLEDGE)
    assert facts.parsed
    assert facts.references == ("saved_search:circle",)


@pytest.mark.req("spl.unresolved")
def test_searches_that_run_ever_more_others_end_unresolved() -> None:
    searches = {f"s{i}": f"| savedsearch s{i + 1}" for i in range(200)}
    facts = facts_of("| savedsearch s0", KnowledgeSet.from_definitions(None, searches))
    assert any("runs too many others" in item for item in facts.unresolved)


@pytest.mark.req("spl.unresolved")
@pytest.mark.parametrize(
    "query",
    [
        "| mycommand x",
        "search x | del```c```ete",
        "search [ mycommand | fields y ]",
        "| trackme mode=delete",
        "|\x00delete",
    ],
)
def test_unknown_commands_are_named(query: str) -> None:
    assert facts_of(query).unknown_commands


@pytest.mark.parametrize(
    "query", ['search "x', "search [ x", "search ]", "@spl2 `", "search x | | y", "search ```x", "", "a" * 70_000]
)
def test_what_cannot_be_read_is_said_with_its_problem(query: str) -> None:
    facts = facts_of(query)
    assert not facts.parsed
    assert facts.problem
    assert facts.index_wildcard
    assert facts.span_seconds is None


@pytest.mark.parametrize(
    ("query", "destructive", "writes", "egress"),
    [
        ("| makeresults | delete", ("delete",), (), ()),
        ("| deletemodel app:m", ("deletemodel",), (), ()),
        ("| x | sendalert webhook", ("sendalert",), (), ("sendalert",)),
        ("| makeresults | ai prompt=x", (), (), ("ai",)),
        ("| makeresults | aiagent a", ("aiagent",), (), ("aiagent",)),
        ('| dbxquery query="select 1"', (), (), ("dbxquery",)),
        ('| dbxquery query="delete from x"', ("dbxquery",), (), ("dbxquery",)),
        ('| dbxquery query="select 1; drop table x"', ("dbxquery",), (), ("dbxquery",)),
        ("| dbxquery procedure=x", ("dbxquery",), (), ("dbxquery",)),
        ("| makeresults | dbxoutput output=o", (), ("dbxoutput:output=o",), ("dbxoutput",)),
        ("| makeresults | outputlookup append=t a b", (), ("outputlookup:a",), ()),
        ("| makeresults | outputlookup", (), ("outputlookup:?",), ()),
        ("| makeresults | outputcsv create_empty=t f.csv", (), ("outputcsv:f.csv",), ()),
        ("| makeresults | collect index=\"s\"", (), ("collect:index=s",), ()),
        ("| makeresults | mcollect split=t index=m", (), ("mcollect:index=m",), ()),
        ("| makeresults | tscollect", (), ("tscollect",), ()),
        ("| makeresults | sistats count", (), ("sistats",), ()),
        ("| makeresults | FIT LinearRegression y from x INTO app:m", (), ("fit:app:m",), ()),
        ("| makeresults | fit PCA x", (), (), ()),
        ("| makeresults | apply m", (), (), ()),
        ("| rest /services/saved/searches/x method=POST", ("rest:POST",), (), ()),
        ("| rest /services/server/info method=get", (), (), ()),
        ("sendemail to=x", ("sendemail",), (), ("sendemail",)),
        ("delete failed", ("delete",), (), ()),
        ("delete OR failed", (), (), ()),
        ("delete=1", (), (), ()),
    ],
)  # fmt: skip
def test_risk_is_told_by_class(
    query: str, destructive: tuple[str, ...], writes: tuple[str, ...], egress: tuple[str, ...]
) -> None:
    facts = facts_of(query)
    assert (facts.destructive, facts.writes, facts.egress) == (destructive, writes, egress)


@pytest.mark.req("R10")
@pytest.mark.parametrize(
    "query",
    [
        "index=web error | stats count by host",
        "failed login",
        "search index=web user=o'brien don't",
        'search index=web msg="it\'s | delete"',
        'search index=web CommandLine="*| delete*" | table host',
        'search index=web | rex "(?<x>[^|]+)\\|delete"',
        "search index=web ```| delete``` | stats count",
        'search index=web delete OR "run script"',
        "search index=web script=run | search action=delete | fields delete, map, rest",
        "| rest /services/server/info splunk_server=local | table version",
        '| rest "/servicesNS/-/-/saved/searches" | table title',
        "search index=web | eval x='a b' | where x=\"y|z\"",
        "search index=web | foreach * [ eval <<FIELD>>=trim('<<FIELD>>') ]",
        'search index=web | appendpipe [ stats count | eval x="none" ]',
        "search index=web [ search index=ti earliest=-7d | stats count by dest | fields dest ]",
        "search index=web [ | inputlookup bad.csv | return 100 src ]",
        "search index=web [ inputlookup bad.csv | fields ip | rename ip as src | format ]",
        "search index=web | stats earliest(_time) as e latest(_time) as l by user | convert ctime(e)",
        "search index=web | `security_content_ctime(e)` | `drop_dm_object_name(Web)` | `this_filter`",
        '| from datamodel:"Network_Traffic.All_Traffic" | stats count',
        "| tstats summariesonly=t count from datamodel=Web.Web by Web.src",
        "| inputlookup a.csv | lookup b.csv x OUTPUT y | apply my_model",
        "| datamodel Authentication Failed_Authentication search | head 5",
        "search index=_audit action=search | table user search",
        'search kubernetes.annotation=*\\"privileged\\":true* index=k8s | head 5',
    ],
)
def test_ordinary_work_raises_nothing(query: str) -> None:
    assert alarms(facts_of(query)) == set()


_WORDS = st.sampled_from(
    ["search index=a", "head 5", "stats count by x", 'eval y="|"', "where x>1", "rename a as b", "fields a, b"]
)


@given(st.lists(_WORDS, max_size=6), st.integers(0, 6), st.sampled_from(WRITERS))
def test_a_risky_stage_is_found_at_any_place_of_a_pipeline(stages: list[str], place: int, command: str) -> None:
    stages.insert(min(place, len(stages)), command)
    facts = facts_of("search x | " + " | ".join(stages))
    assert command.split()[0] in facts.commands
    assert facts.destructive or facts.writes
