"""Changes that take something away without looking like it: rows, names, switches, validation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.impact import Impact, impact
from agentgate_mcp.graph.scoring import impact_score
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import ObjectChange
from tests.unit.graph.samples import asset, change, detection, graph_of, macro, obj

pytestmark = pytest.mark.req("graph.losses")

KNOWN: list[Json] = [{"dest": "old01"}, {"dest": "old02"}]
WATCHED: list[Json] = [{"dest": n} for n in ("dc01", "web01", "x1", "x2", "x3")]
LISTS = (
    obj("lookup", "allow", {"filename": "allow.csv", "rows": KNOWN}),
    obj("lookup", "watch", {"filename": "watch.csv", "rows": WATCHED}),
    obj("lookup", "names", {"filename": "names.csv", "rows": KNOWN}),
)
ASSETS = (
    asset("dc01"),
    replace(asset("web01", "high"), addresses=("10.1.2.3",)),
)


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return graph_of(
        *LISTS,
        macro("named", "search user=$user$", "user"),
        detection("A", "index=a | lookup allow dest OUTPUT dest AS known | where isnull(known)", covers=("web01",)),
        detection("W", "index=a [ | inputlookup watch | fields dest ]", covers=("dc01",)),
        detection("N", "index=a | lookup names dest OUTPUT owner"),
        detection("M", "index=a `named(bob)`"),
        assets=ASSETS,
    )


def rows(graph: KnowledgeGraph, name: str, *values: str) -> Impact:
    """The impact of a lookup's having these values and no others."""
    listed: list[Json] = [{"dest": v} for v in values]
    return impact(graph, [change("modify", "lookup", name, {"rows": listed})])


def kinds(found: Impact) -> set[tuple[str, Grade]]:
    return {(x.kind, x.grade) for x in found.losses}


@pytest.mark.parametrize("value", ["web01", "WEB01.corp.example", "web*", "*", "10.1.2.3", "10.0.0.0/8", "10.1.0.0/16"])
def test_a_row_that_excuses_a_covered_asset_takes_its_cover(graph: KnowledgeGraph, value: str) -> None:
    found = rows(graph, "allow", "old01", "old02", value)
    assert [(a.asset, a.before, a.after) for a in found.assets] == [("web01", 1, 0)]
    assert impact_score(found) >= 70


def test_a_row_that_excuses_somebody_else_is_a_small_loss(graph: KnowledgeGraph) -> None:
    found = rows(graph, "allow", "old01", "old02", "wks-100")
    assert (kinds(found), found.assets) == ({("allow_list", Grade.MINOR)}, ())


def test_a_row_taken_off_a_watch_list_takes_the_cover_of_its_asset(graph: KnowledgeGraph) -> None:
    found = rows(graph, "watch", "web01", "x1", "x2", "x3")
    assert [(a.asset, a.before, a.after) for a in found.assets] == [("dc01", 1, 0)]
    assert rows(graph, "watch", "dc01", "web01", "x1", "x2").assets == ()


def test_rows_that_are_only_added_to_results_lose_nothing(graph: KnowledgeGraph) -> None:
    assert rows(graph, "names", "web01").losses == ()


@pytest.mark.parametrize("setting", ["default_match", "match_type", "filename", "max_matches"])
def test_a_setting_that_decides_which_row_matches_counts_where_rows_decide(graph: KnowledgeGraph, setting: str) -> None:
    listed = impact(graph, [change("modify", "lookup", "allow", {setting: "1"})])
    assert ("allow_list", Grade.MAJOR) in kinds(listed)
    assert impact(graph, [change("modify", "lookup", "names", {setting: "1"})]).losses == ()


@pytest.mark.parametrize(
    ("validation", "grade", "broken"),
    [
        ("false()", Grade.BLIND, True),
        ("1=2", Grade.BLIND, True),
        ("((", Grade.BLIND, True),
        ("isnum($user$)", Grade.MAJOR, False),
        ('user="alice"', Grade.MAJOR, False),
        ("true()", None, False),
    ],
)
def test_a_validation_that_refuses_calls_breaks_the_searches(
    graph: KnowledgeGraph, validation: str, grade: Grade | None, broken: bool
) -> None:
    found = impact(graph, [change("modify", "macro", "named", {"validation": validation})])
    assert max((x.grade for x in found.losses), default=None) is grade
    assert ("saved_search:M" in found.broken) is broken


@pytest.mark.parametrize("settings", [{"disabled": "1"}, {"disabled": True}, {"name": "another"}])
def test_a_removal_by_a_setting_is_not_taken_for_a_modification(
    graph: KnowledgeGraph, settings: dict[str, Json]
) -> None:
    found = impact(graph, [change("modify", "saved_search", "N", settings)])
    assert ("switched_off", Grade.MAJOR) in kinds(found)
    assert found.lost == ("saved_search:N",)
    plain = impact(graph, [change("disable", "saved_search", "N")])
    assert "switched_off" not in {x.kind for x in plain.losses}


@pytest.mark.parametrize(
    ("app", "sharing", "hides"),
    [
        ("local", "app", True),
        ("local", "user", True),
        ("local", "global", True),
        ("third", "app", False),
        ("third", "global", True),
    ],
)
def test_a_new_object_hides_one_of_its_name_from_whoever_may_get_it(app: str, sharing: str, hides: bool) -> None:
    shared = obj("macro", "win", {"definition": "index=os"}, app="shared", sharing="global")
    graph = graph_of(shared, detection("D", "`win`", app="local"))
    made: dict[str, Json] = {"definition": "index=none", "sharing": sharing}
    found = impact(graph, [change("create", "macro", "win", made, app=app)])
    assert (("shadowing", Grade.MAJOR) in kinds(found)) is hides


@pytest.mark.req("graph.change-set")
def test_a_set_is_judged_as_a_whole_in_whatever_order_it_is_written() -> None:
    sole = detection("sole", "index=a x=1", covers=("dc01",))
    graph = graph_of(sole, assets=ASSETS)
    made = change("create", "saved_search", "better", dict(sole.content), app="search")
    off: ObjectChange = change("disable", "saved_search", "sole")
    first, second = impact(graph, [made, off]), impact(graph, [off, made])
    assert first == second
    assert (first.assets, impact_score(first)) == ((), 20)
    weaker = change("create", "saved_search", "better", {**sole.content, "search": "index=a x=1 y=2"}, app="search")
    assert impact_score(impact(graph, [weaker, off])) == 95
