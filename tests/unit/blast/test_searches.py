"""Searches of a call: run, inherited from a saved search, or put on a schedule."""

import pytest

from agentgate_mcp.gate.blast.searches import union
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Severity
from agentgate_mcp.model.facts import SearchFacts
from tests.unit.blast.worlds import blast, bundled_world, world_of
from tests.unit.graph.samples import detection, macro, obj

pytestmark = pytest.mark.req("blast.search")


@pytest.mark.parametrize(
    ("query", "severity"),
    [
        ("index=auth action=failure | stats count by user", Severity.NONE),
        ("| tstats count where index=auth by host", Severity.NONE),
        ("index=* 198.51.100.7", Severity.LOW),
        ("index=auth | outputlookup seen.csv", Severity.HIGH),
        ("index=auth | sendemail to=x@other.example", Severity.CRITICAL),
        ("index=auth | delete", Severity.CRITICAL),
        ("index=auth | nosuchcommand", Severity.MEDIUM),
        ("index=auth | stats count by [", Severity.HIGH),
        ("`no_such_macro`", Severity.MEDIUM),
    ],
)
def test_severity_follows_what_a_search_does(query: str, severity: Severity) -> None:
    result, facts = blast(world_of(), "splunk_run_query", query=query, earliest_time="-24h", latest_time="now")
    assert result.severity is severity
    assert facts.change is None


def test_reach_over_a_long_time_weighs_more_than_over_a_day() -> None:
    day, _ = blast(world_of(), "splunk_run_query", query="index=* x", earliest_time="-24h", latest_time="now")
    month, _ = blast(world_of(), "splunk_run_query", query="index=* x", earliest_time="-30d", latest_time="now")
    assert day.severity < month.severity is Severity.MEDIUM


def test_a_saved_search_lends_its_effects_and_its_time_range_to_the_call() -> None:
    world = world_of([detection("S", "index=auth | outputlookup seen.csv", dispatch__earliest_time="-7d@d")])
    result, facts = blast(world, "splunk_run_saved_search", name="S")
    assert facts.search is not None
    assert facts.search.writes == ("outputlookup:seen.csv",)
    assert facts.search.span_seconds == pytest.approx(7.5 * 86_400, rel=0.1)
    assert result.severity is Severity.HIGH


@pytest.mark.req("blast.unknown")
def test_an_unknown_saved_search_is_refused_with_the_nearest_named() -> None:
    world = world_of([detection("Brute Force", "index=auth")])
    result, facts = blast(world, "splunk_run_saved_search", name="Brute Forse")
    assert facts.search is not None
    assert facts.search.parsed is False
    assert facts.search.problem == "there is no saved_search:Brute Forse; nearest: saved_search:Brute Force"
    assert result.reasons[0] == "There is no saved_search:Brute Forse; nearest: saved_search:Brute Force."


@pytest.mark.parametrize(
    ("settings", "field", "value"),
    [
        ({"search": "index=a | delete"}, "destructive", ("delete",)),
        ({"search": "index=a | outputlookup x.csv"}, "writes", ("outputlookup:x.csv",)),
        ({"search": "index=a", "actions": "script"}, "destructive", ("action.script",)),
        ({"search": "index=a", "action.webhook": "1"}, "egress", ("action.webhook",)),
        ({"search": "index=a", "action.summary_index": True}, "writes", ("summaryindex:index=summary",)),
    ],
)
def test_a_created_search_is_judged_by_what_it_will_do(
    settings: dict[str, Json], field: str, value: tuple[str, ...]
) -> None:
    _, facts = blast(world_of(), "propose_create_saved_search", name="new", app="search", settings=settings, reason="r")
    assert facts.search is not None
    assert getattr(facts.search, field) == value


def test_a_modified_search_is_judged_only_by_what_is_new() -> None:
    world = world_of([detection("S", "index=a | outputlookup seen.csv")])

    def modified(search: str) -> SearchFacts | None:
        return blast(world, "propose_modify_saved_search", name="S", settings={"search": search}, reason="r")[1].search

    assert modified("index=a x=1 | outputlookup seen.csv") is None
    new = modified("index=a | outputlookup seen.csv | delete")
    assert new is not None
    assert (new.destructive, new.writes) == (("delete",), ())


def test_a_macro_that_begins_to_write_is_seen() -> None:
    world = world_of([macro("tail", "search *"), detection("S", "index=a | `tail`")])
    for definition in ("outputlookup x.csv", "| outputlookup x.csv", "search * | outputlookup x.csv"):
        _, facts = blast(world, "propose_modify_macro", name="tail", settings={"definition": definition}, reason="r")
        assert facts.search is not None, definition
        assert facts.search.writes == ("outputlookup:x.csv",)


def test_a_tuned_macro_reaches_nothing_new() -> None:
    world = world_of(
        [macro("tail", "search *"), macro("base", "index=a sourcetype=b"), detection("S", "`base` | `tail`")]
    )
    for name, definition in (("tail", "search NOT user=svc"), ("base", "index=a sourcetype IN (b, c)"), ("tail", "24")):
        _, facts = blast(world, "propose_modify_macro", name=name, settings={"definition": definition}, reason="r")
        assert facts.search is None, definition


def test_an_unreadable_new_search_is_said_so() -> None:
    world = world_of([detection("S", "index=a")])
    _, facts = blast(
        world, "propose_modify_saved_search", name="S", settings={"search": "index=a | stats ["}, reason="r"
    )
    assert facts.search is not None
    assert facts.search.parsed is False


def test_the_union_of_two_searches_takes_every_list_and_the_widest_bound() -> None:
    one = SearchFacts(parsed=True, indexes=("a",), earliest=10.0, span_seconds=5.0, joins=1, raw_events=False)
    two = SearchFacts(parsed=True, indexes=("b", "a"), earliest=5.0, span_seconds=9.0, index_wildcard=True)
    both = union([one, two])
    assert both.indexes == ("a", "b")
    assert (both.earliest, both.span_seconds, both.joins) == (5.0, 9.0, 1)
    assert both.index_wildcard
    assert both.raw_events
    unbounded = union([one, SearchFacts(parsed=False, problem="p")])
    assert (unbounded.parsed, unbounded.problem, unbounded.span_seconds) == (False, "p", None)


def test_bundled_searches_are_all_read() -> None:
    world = bundled_world()
    for item in world.knowledge.of_kind("saved_search"):
        _, facts = blast(world, "splunk_run_saved_search", name=item.name)
        assert facts.search is not None
        assert facts.search.parsed, item.name
        assert facts.search.unresolved == (), item.name


def test_a_dashboard_or_lookup_change_runs_no_search() -> None:
    world = world_of([obj("lookup", "l", {"filename": "l.csv", "rows": []})])
    _, facts = blast(world, "propose_modify_lookup", name="l", settings={"rows": [{"a": "1"}]}, reason="r")
    assert facts.search is None
