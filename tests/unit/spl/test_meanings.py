"""What stands behind names: event types, tags, data models, lookups applied unasked, earlier results."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.spl import facts as facts_module
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.meanings import MAX_MEANINGS, data_set, event_types, tagged
from agentgate_mcp.spl.scan import MAX_TEXTS
from agentgate_mcp.spl.text import matches
from tests.unit.spl.samples import facts_of, knowledge_object

pytestmark = pytest.mark.req("spl.meanings")

AUTOMATIC: dict[str, Any] = {"LOOKUP-codes": "event_codes code OUTPUT text"}
KNOWLEDGE = KnowledgeSet.from_objects(
    [
        knowledge_object("macro", "vpn_logs", definition="index=vpn sourcetype=vpn:log"),
        knowledge_object("eventtype", "win_logon", search="index=win sourcetype=wineventlog", tags=["authentication"]),
        knowledge_object("eventtype", "win_change", search="index=audit change=*"),
        knowledge_object("eventtype", "vpn", search="`vpn_logs` action=start"),
        knowledge_object("eventtype", "loose", search="action=allowed OR index=web"),
        knowledge_object("eventtype", "ring_a", search="eventtype=ring_b index=a"),
        knowledge_object("eventtype", "ring_b", search="eventtype=ring_a index=b"),
        knowledge_object("eventtype", "off", search="index=secret", disabled=True),
        knowledge_object("tag", "eventtype=vpn", field_name_value="eventtype=vpn", tags=["authentication", "remote"]),
        knowledge_object("tag", "sourcetype=okta:auth", tags=["cloud"]),
        knowledge_object("tag", "host=db01", tags=["crown"]),
        knowledge_object("tag", "eventtype = win_change", tags={"audited": "enabled", "retired": "disabled"}),
        knowledge_object(
            "data_model",
            "Site",
            objects=[
                {"objectName": "All", "parentName": "BaseEvent", "constraints": [{"search": "index=site `vpn_logs`"}]},
                {
                    "objectName": "Bad",
                    "parentName": "All",
                    "constraints": [{"search": "eventtype=win_logon"}],
                    "calculations": [{"calculationType": "Lookup", "lookupName": "assets"}],
                },
                {"objectName": "Other", "parentName": "BaseEvent", "constraints": [{"search": "tag=remote"}]},
            ],
        ),
        knowledge_object("field_extraction", "x", stanza="vpn:log", type="LOOKUP", value="vpn_users user OUTPUT team"),
        knowledge_object("field_extraction", "okta:auth : LOOKUP-apps", value="okta_apps app OUTPUT name"),
        knowledge_object("field_extraction", "okta:auth : EXTRACT-x", value="no_lookup (?<x>.)"),
        knowledge_object("sourcetype", "wineventlog", **AUTOMATIC),
        knowledge_object("saved_search", "old", search="search index=vault sourcetype=okta:auth | delete"),
        knowledge_object("saved_search", "filled", search="search index=$where$ user=$who$"),
    ]
)


def facts(query: str) -> SearchFacts:
    return facts_of(query, KNOWLEDGE)


@pytest.mark.parametrize(
    ("query", "indexes", "default"),
    [
        ("eventtype=win_logon", ("win",), False),
        ("eventtype=WIN_LOGON", ("win",), False),
        ("eventtype=win*", ("audit", "win"), False),
        ("eventtype=win_logon OR eventtype=vpn", ("win", "vpn"), False),
        ("eventtype=loose", ("web",), True),
        ("eventtype=unknown", (), True),
        ("eventtype=off", (), True),
        ("eventtype=ring_a", ("b", "a"), False),
        ("NOT eventtype=vpn", (), True),
        ("tag=authentication", ("vpn", "win"), False),
        ("tag::eventtype=remote", ("vpn",), False),
        ("tag=remote user=x", ("vpn",), False),
        ("tag=audited", ("audit",), False),
        ("tag=retired", (), True),
        ("tag=crown", (), True),
        ("tag=cloud", (), True),
        ("tag=nothing", (), True),
        ("| tstats count from datamodel=Site.All", ("site", "vpn"), False),
        ("| tstats count from datamodel=Site.All.Bad", ("win", "site", "vpn"), False),
        ("| tstats count from datamodel=Site", ("site", "vpn", "win"), False),
        ('| from datamodel:"Site.Other"', ("vpn",), False),
        ("| datamodel Site Bad search", ("win", "site", "vpn"), False),
        ("| pivot Site Other count(Other)", ("vpn",), False),
        ('| loadjob savedsearch="admin:search:old"', ("vault",), False),
        ("| savedsearch filled where=web who=x", ("web",), False),
    ],
)
def test_the_indexes_behind_names_count(query: str, indexes: tuple[str, ...], default: bool) -> None:
    found = facts(query)
    assert (found.indexes, found.default_indexes) == (indexes, default)


def test_everything_on_the_way_is_a_reference() -> None:
    assert facts("| tstats count from datamodel=Site.Bad").references == (
        "data_model:Site", "lookup:assets", "eventtype:win_logon", "macro:vpn_logs",
    )  # fmt: skip
    assert facts("tag=remote").references == ("tag:remote", "eventtype:vpn", "macro:vpn_logs", "lookup:vpn_users")


@pytest.mark.parametrize(
    ("query", "lookups"),
    [
        ("index=a sourcetype=okta:auth", {"lookup:okta_apps"}),
        ("index=a sourcetype=OKTA:*", {"lookup:okta_apps"}),
        ("eventtype=vpn", {"lookup:vpn_users"}),
        ("index=a sourcetype=wineventlog | stats count", {"lookup:event_codes"}),
        ("index=a sourcetype=other", set[str]()),
        ("| tstats count where index=a sourcetype=okta:auth", set[str]()),
    ],
)
def test_lookups_that_source_types_apply_by_themselves_are_references(query: str, lookups: set[str]) -> None:
    assert {r for r in facts(query).references if r.startswith("lookup:")} == lookups


def test_a_model_read_from_its_summary_is_no_raw_read_and_a_raw_one_is_as_open_as_its_constraints() -> None:
    open_model = KnowledgeSet.from_objects(
        [knowledge_object("data_model", "Open", objects=[{"objectName": "O", "constraints": ["sourcetype=x"]}])]
    )
    summary = facts_of("| tstats count from datamodel=Open.O", open_model)
    assert (summary.raw_events, summary.default_indexes, summary.sourcetypes) == (False, False, ("x",))
    raw = facts_of("| from datamodel:Open.O", open_model)
    assert (raw.raw_events, raw.default_indexes, raw.index_wildcard) == (True, True, True)


def test_results_of_an_earlier_run_show_what_was_read_and_do_nothing() -> None:
    found = facts("| loadjob savedsearch=old")
    assert (found.sourcetypes, found.destructive, found.raw_events) == (("okta:auth",), (), False)


def test_what_an_event_type_may_do_is_shown() -> None:
    odd = KnowledgeSet.from_objects([knowledge_object("eventtype", "odd", search="index=a | delete")])
    assert facts_of("eventtype=odd", odd).destructive == ("delete",)
    assert facts_of("index=b | append [search eventtype=odd]", odd).destructive == ("delete",)


def test_a_pattern_that_fits_too_many_may_reach_any_index() -> None:
    many = KnowledgeSet.from_objects(
        [knowledge_object("eventtype", f"t{n}", search=f"index=i{n}") for n in range(MAX_MEANINGS + 1)]
    )
    found = facts_of("eventtype=t*", many)
    assert (found.indexes, found.index_wildcard) == ((), True)


@pytest.mark.req("spl.memo")
def test_a_ring_that_was_cut_short_is_not_remembered_for_the_other_entrance() -> None:
    def fresh() -> KnowledgeSet:
        return KnowledgeSet.from_objects(KNOWLEDGE.objects)

    warm = fresh()
    facts_of("eventtype=ring_a", warm)
    assert set(facts_of("eventtype=ring_b ", warm).indexes) == set(facts_of("eventtype=ring_b", fresh()).indexes)


@pytest.mark.req("spl.memo")
def test_a_text_that_was_read_as_something_else_before_still_counts_as_an_event_type() -> None:
    knowledge = KnowledgeSet.from_objects(
        [
            knowledge_object("saved_search", "same", search="index=one sourcetype=s"),
            knowledge_object("eventtype", "same", search="index=one sourcetype=s"),
        ]
    )
    assert facts_of("| savedsearch same | append [search eventtype=same]", knowledge).indexes == ("one",)
    assert facts_of("eventtype=same", knowledge).indexes == ("one",)


@pytest.mark.req("spl.memo", "spl.unresolved")
def test_more_texts_than_are_read_are_unresolved_however_much_is_remembered() -> None:
    knowledge = KnowledgeSet.from_objects(
        [knowledge_object("eventtype", f"t{n}", search=f"index=i{n}") for n in range(MAX_TEXTS + 6)]
    )
    query = " OR ".join(f"eventtype=t{n}" for n in range(MAX_TEXTS + 6))
    cold = facts_of(query, knowledge)
    for n in range(MAX_TEXTS + 6):
        facts_of(f"eventtype=t{n}", knowledge)
    facts_module.forget()
    assert cold.unresolved
    assert facts_of(query, knowledge) == cold


def test_meanings_are_found_in_every_app_and_by_pattern() -> None:
    knowledge = KnowledgeSet.from_objects(
        [
            knowledge_object("eventtype", "e", app="one", search="index=a"),
            knowledge_object("eventtype", "e", app="two", search="index=b"),
        ]
    )
    assert [m.text for m in event_types(knowledge, "e")] == ["index=a", "index=b"]
    assert tagged(KNOWLEDGE, "a*tion") == (("eventtype", "vpn"), ("eventtype", "win_logon"))
    assert data_set(KNOWLEDGE, "Site.Missing").conditions == data_set(KNOWLEDGE, "Site").conditions
    assert data_set(KNOWLEDGE, "Nothing") == ((), ())


@given(st.lists(st.text(alphabet="ab*", max_size=4), min_size=1, max_size=5), st.text(alphabet="abB", max_size=8))
def test_wildcards_match_like_the_plainest_matcher(parts: list[str], text: str) -> None:
    def plain(pattern: str, rest: str) -> bool:
        if not pattern:
            return not rest
        if pattern[0] == "*":
            return any(plain(pattern[1:], rest[i:]) for i in range(len(rest) + 1))
        return bool(rest) and rest[0] == pattern[0] and plain(pattern[1:], rest[1:])

    pattern = "*".join(parts)[:9]
    assert matches(pattern, text) == plain(pattern, text.lower())


def test_times_that_an_event_type_names_widen_the_range() -> None:
    knowledge = KnowledgeSet.from_objects([knowledge_object("eventtype", "old", search="index=a earliest=-7d")])
    assert facts_of("eventtype=old", knowledge).span_seconds == 7 * 86_400
    assert facts_of("eventtype=old earliest=-30d latest=-29d", knowledge).span_seconds == 30 * 86_400


@pytest.mark.parametrize("stage", ["| union {} [search index=b]", "index=b | union [search index=c] {}"])
@pytest.mark.parametrize(
    ("dataset", "index", "reference"),
    [
        ("savedsearch:report", "d", "saved_search:report"),
        ('savedsearch:"report"', "d", "saved_search:report"),
        ("datamodel:Site.All", "site", "data_model:Site"),
        ('datamodel:"Site.All"', "site", "data_model:Site"),
        ("assets.csv", None, "lookup:assets.csv"),
        ("lookup:assets.csv", None, "lookup:assets.csv"),
    ],
)
def test_the_data_sets_of_a_union_are_read_as_well(stage: str, dataset: str, index: str | None, reference: str) -> None:
    report = knowledge_object("saved_search", "report", search="index=d | stats count")
    found = facts_of(stage.format(dataset), KnowledgeSet.from_objects([*KNOWLEDGE.objects, report]))
    assert reference in found.references
    assert index is None or index in found.indexes
    assert found.unresolved == ()


def test_a_union_of_something_unknown_may_read_anything() -> None:
    found = facts_of("| union other:thing [search index=b]")
    assert found.unresolved == ("union: dataset other:thing",)
    assert found.index_wildcard
