"""What a set of changes breaks, and which cover is left."""

import pytest

from agentgate_mcp.errors import BudgetError
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.impact import Impact, impact
from agentgate_mcp.graph.scoring import impact_json, impact_score
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Severity
from agentgate_mcp.model.site import KnowledgeObject, ObjectKind
from tests.unit.graph.samples import asset, change, detection, graph_of, macro, obj

SOLE = detection("sole", "`win` | `sole_filter`", techniques=("T1", "T2"), covers=("dc01",), controls=("C1",))
ONE = detection("one", "`win` x=1", techniques=("T2",), covers=("web01", "web02"))
TWO = detection("two", "index=net", techniques=("T2", "T3"), covers=("web01",), controls=("C1",))
OBJECTS: tuple[KnowledgeObject, ...] = (
    macro("win", "index=os sourcetype=sysmon"),
    macro("sole_filter", "search *"),
    SOLE,
    ONE,
    TWO,
    obj("dashboard", "board", {"searches": ['| savedsearch "sole"', '| savedsearch "one"']}),
    obj("saved_search", "report", {"search": "index=os | stats count"}),
)
ASSETS = (asset("dc01", "critical"), asset("web01", "high", "pci"), asset("web02", "low"))


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return graph_of(*OBJECTS, assets=ASSETS)


def cover(result: Impact) -> dict[str, tuple[int, int]]:
    return {a.asset: (a.before, a.after) for a in result.assets}


def techniques(result: Impact) -> dict[str, tuple[int, int]]:
    return {t.id: (t.before, t.after) for t in result.techniques}


@pytest.mark.req("graph.impact")
def test_disabling_the_sole_detection_uncovers_its_asset(graph: KnowledgeGraph) -> None:
    result = impact(graph, [change("disable", "saved_search", "sole")])
    assert result.lost == ("saved_search:sole",)
    assert cover(result) == {"dc01": (1, 0)}
    assert techniques(result) == {"T1": (1, 0), "T2": (3, 2)}
    assert [(c.id, c.before, c.after) for c in result.controls] == [("C1", 2, 1)]
    assert result.degraded == ("dashboard:board",)
    assert result.owner_teams == ("soc",)
    assert impact_score(result) == 95


@pytest.mark.req("graph.impact")
def test_deleting_a_shared_macro_says_what_fails_and_why(graph: KnowledgeGraph) -> None:
    result = impact(graph, [change("delete", "macro", "win")])
    assert result.broken == ("dashboard:board", "saved_search:one", "saved_search:sole")
    assert cover(result) == {"dc01": (1, 0), "web01": (2, 1), "web02": (1, 0)}
    assert result.paths["saved_search:sole"] == ("macro:win", "saved_search:sole")
    assert result.paths["dashboard:board"][0] == "macro:win"
    assert len(result.paths["dashboard:board"]) == 4


@pytest.mark.req("graph.impact")
def test_a_pci_asset_left_with_one_detection_scores_high(graph: KnowledgeGraph) -> None:
    result = impact(graph, [change("disable", "saved_search", "two")])
    assert cover(result) == {"web01": (2, 1)}
    assert impact_score(result) >= 50


@pytest.mark.req("graph.impact")
def test_a_report_that_covers_nothing_is_a_small_change(graph: KnowledgeGraph) -> None:
    result = impact(graph, [change("delete", "saved_search", "report")])
    assert (result.broken, result.lost, result.assumed) == ((), (), False)
    assert impact_score(result) == 5


@pytest.mark.req("graph.impact", "graph.coverage")
def test_what_did_not_count_before_is_not_lost() -> None:
    for idle in (
        detection("D", "index=a", covers=("dc01",), disabled=True),
        detection("D", "index=a", covers=("dc01",), is_scheduled=False),
        detection("D", "index=a", covers=("dc01",), agentgate__status="experimental"),
        detection("D", "index=a", covers=("dc01",), agentgate__health="failing"),
    ):
        graph = graph_of(idle, assets=ASSETS)
        result = impact(graph, [change("delete", "saved_search", "D")])
        assert (result.lost, result.assets, result.techniques) == ((), (), ())


@pytest.mark.req("graph.impact")
def test_an_object_broken_before_is_not_broken_by_the_change() -> None:
    graph = graph_of(macro("a", "`b`"), macro("b", "`a`"), macro("c", "index=x"), detection("D", "`a` `c`"))
    result = impact(graph, [change("delete", "macro", "c")])
    assert result.broken == ()
    assert result.lost == ()


@pytest.mark.req("graph.impact")
def test_deleting_data_or_an_object_that_others_only_name_is_judged_too() -> None:
    graph = graph_of(
        detection("D", "`elsewhere` sourcetype=a"), detection("E", "index=x (sourcetype=a OR sourcetype=b)")
    )
    assert impact(graph, [change("delete", "macro", "elsewhere")]).lost == ("saved_search:D",)
    gone = impact(graph, [change("delete", "sourcetype", "a")])
    assert gone.lost == ("saved_search:D",)
    assert gone.degraded == ("saved_search:E",)


@pytest.mark.req("graph.impact")
def test_lost_cover_of_undeclared_assets_is_assumed() -> None:
    graph = graph_of(detection("D", "index=a"), detection("E", "index=a"), assets=ASSETS)
    result = impact(graph, [change("disable", "saved_search", "D")])
    assert result.assumed is True
    assert result.assets == ()
    assert impact_score(result) >= 50
    both = impact(graph, [change("disable", "saved_search", n) for n in ("D", "E")])
    assert {a.asset: a.origin for a in both.assets} == {"dc01": "assumed", "web01": "assumed", "web02": "assumed"}


@pytest.mark.req("graph.impact")
def test_without_an_inventory_lost_cover_is_assumed() -> None:
    graph = graph_of(detection("D", "index=a", covers=("dc01",)))
    assert impact(graph, [change("disable", "saved_search", "D")]).assumed is True


@pytest.mark.req("graph.impact", "graph.narrowing")
def test_a_tuned_filter_macro_is_a_small_loss_with_its_detection_named(graph: KnowledgeGraph) -> None:
    result = impact(graph, [change("modify", "macro", "sole_filter", {"definition": "search NOT user=svc_backup"})])
    assert result.broken == ()
    assert [(x.kind, x.grade) for x in result.losses] == [("narrowed_filter", Grade.MINOR)]
    assert "saved_search:sole" in result.losses[0].detail
    assert impact_score(result) == 10


@pytest.mark.req("graph.impact", "graph.narrowing")
def test_a_blinding_filter_macro_uncovers_what_the_detection_covered(graph: KnowledgeGraph) -> None:
    for definition in ("search NOT *", "where 1=0", "head 0", "search index=other"):
        result = impact(graph, [change("modify", "macro", "sole_filter", {"definition": definition})])
        assert cover(result) == {"dc01": (1, 0)}, definition
        assert result.broken[-1] == "saved_search:sole"


@pytest.mark.req("graph.impact")
def test_a_macro_whose_arguments_change_fails_its_callers() -> None:
    graph = graph_of(macro("m", "index=$i$", "i"), detection("D", "`m(os)`"))
    result = impact(graph, [change("modify", "macro", "m", {"args": "i,j", "definition": "index=$i$ $j$"})])
    assert result.lost == ("saved_search:D",)


@pytest.mark.req("graph.impact")
def test_a_changed_hub_macro_degrades_what_cannot_all_be_compared() -> None:
    users = [detection(f"D{i}", "index=a | `fmt(_time)`", covers=("dc01",)) for i in range(40)]
    graph = graph_of(macro("fmt", "eval $f$=strftime($f$, 1)", "f"), *users, assets=ASSETS)
    result = impact(graph, [change("modify", "macro", "fmt", {"definition": "eval $f$=strftime($f$, 2)"})])
    assert len(result.degraded) == 41
    assert result.lost == ()


@pytest.mark.req("graph.impact", "graph.losses")
def test_a_detection_that_tells_nobody_is_no_cover(graph: KnowledgeGraph) -> None:
    result = impact(graph, [change("modify", "saved_search", "sole", {"actions": ""})])
    assert result.lost == ("saved_search:sole",)
    assert cover(result) == {"dc01": (1, 0)}
    assert [x.kind for x in result.losses] == ["disabled_action"]


@pytest.mark.req("graph.impact", "graph.losses")
def test_sharing_a_detection_with_fewer_is_a_loss(graph: KnowledgeGraph) -> None:
    result = impact(graph, [change("modify", "saved_search", "one", {"sharing": "user"})])
    assert [(x.kind, x.grade) for x in result.losses] == [("shadowing", Grade.MAJOR)]


@pytest.mark.req("graph.impact", "graph.losses")
def test_rows_that_excuse_or_forget_are_losses() -> None:
    rows: list[Json] = [{"ip": f"10.0.0.{i}", "owner": "a"} for i in range(4)]
    graph = graph_of(
        obj("lookup", "allow", {"filename": "allow.csv", "rows": rows}),
        obj("lookup", "watch", {"filename": "watch.csv", "rows": rows}),
        detection("A", "index=a NOT [ | inputlookup allow | fields ip ]", covers=("dc01",)),
        detection("W", "index=a [ | inputlookup watch | fields ip ]", covers=("web02",)),
        assets=ASSETS,
    )

    def after(name: str, new: list[Json]) -> Impact:
        return impact(graph, [change("modify", "lookup", name, {"rows": list(new)})])

    one_more = after("allow", [*rows, {"ip": "10.0.0.9", "owner": "b"}])
    assert [(x.kind, x.grade) for x in one_more.losses] == [("allow_list", Grade.MINOR)]
    everything = after("allow", [*rows, {"ip": "*", "owner": "b"}])
    assert everything.lost == ("saved_search:A",)
    assert after("allow", rows[:2]).losses == ()
    forgotten = after("watch", rows[:3])
    assert [(x.kind, x.grade) for x in forgotten.losses] == [("narrowed_filter", Grade.MODERATE)]
    assert [x.grade for x in after("watch", rows[:2]).losses] == [Grade.MAJOR]
    assert after("watch", [*rows, {"ip": "10.0.0.9", "owner": "b"}]).losses == ()
    assert after("watch", []).lost == ("saved_search:W",)


@pytest.mark.req("graph.impact", "graph.losses")
def test_a_shorter_retention_is_a_loss() -> None:
    graph = graph_of(obj("index", "os", {"frozenTimePeriodInSecs": "15552000"}))
    result = impact(graph, [change("modify", "index", "os", {"frozenTimePeriodInSecs": "60"})])
    assert [(x.kind, x.grade) for x in result.losses] == [("retention", Grade.MAJOR)]


@pytest.mark.req("graph.impact", "graph.losses")
def test_a_new_object_that_hides_another_is_shadowing() -> None:
    graph = graph_of(
        obj("macro", "win", {"definition": "index=os"}, app="shared", sharing="global"),
        detection("D", "`win`", app="local", covers=("dc01",)),
        assets=ASSETS,
    )
    hidden = impact(graph, [change("create", "macro", "win", {"definition": "index=nothing"}, app="local")])
    assert [(x.kind, x.grade) for x in hidden.losses] == [("shadowing", Grade.MAJOR)]
    elsewhere = impact(graph, [change("create", "macro", "win", {"definition": "index=nothing"}, app="third")])
    assert elsewhere.losses == ()


@pytest.mark.req("graph.impact")
def test_deleting_an_override_leaves_the_shared_object_in_charge() -> None:
    graph = graph_of(
        obj("macro", "win", {"definition": "index=os"}, app="shared", sharing="global"),
        obj("macro", "win", {"definition": "index=os x=1"}, app="local"),
        detection("D", "`win`", app="local"),
    )
    result = impact(graph, [change("delete", "macro", "win", app="local")])
    assert result.lost == ()
    assert result.degraded == ("macro:local/win", "saved_search:D")


@pytest.mark.req("blast.unknown")
def test_unknown_and_ambiguous_targets_are_reported_with_the_nearest() -> None:
    graph = graph_of(
        macro("m", "index=a", app="one"), macro("m", "index=b", app="two"), detection("Brute Force", "`m`")
    )
    unknown = impact(graph, [change("disable", "saved_search", "Brute Forse")])
    assert unknown.plan.unknown == ("saved_search:Brute Forse",)
    assert unknown.plan.nearest == ("saved_search:Brute Force",)
    ambiguous = impact(graph, [change("delete", "macro", "m")])
    assert ambiguous.plan.unknown == ("macro:m",)
    assert ambiguous.plan.nearest == ("macro:one/m", "macro:two/m")
    wrong_app = impact(graph, [change("delete", "macro", "m", app="three")])
    assert wrong_app.plan.unknown == ("macro:three/m",)
    assert impact_score(unknown) == 60


@pytest.mark.req("blast.unknown")
def test_a_change_of_what_is_only_referred_to_cannot_be_judged() -> None:
    graph = graph_of(detection("D", "`elsewhere` `d_filter` | lookup external a OUTPUT b"))
    for unseen in (change("modify", "macro", "elsewhere"), change("modify", "lookup", "external")):
        assert impact(graph, [unseen]).plan.unknown == (unseen.target,)
    known = impact(graph, [change("modify", "macro", "d_filter", {"definition": "search NOT user=svc"})])
    assert known.plan.unknown == ()
    assert [x.grade for x in known.losses] == [Grade.MINOR]
    created = impact(
        graph,
        [
            change("create", "macro", "elsewhere", {"definition": "index=a"}, app="search"),
            change("modify", "macro", "elsewhere", {"definition": "index=b"}),
        ],
    )
    assert created.plan.unknown == ()


# --- change sets and claims -------------------------------------------------------------------


@pytest.mark.req("graph.change-set")
def test_a_replacement_that_finds_the_same_keeps_the_cover(graph: KnowledgeGraph) -> None:
    result = impact(
        graph,
        [
            change("create", "saved_search", "better", dict(SOLE.content), app="search"),
            change("disable", "saved_search", "sole"),
        ],
    )
    assert result.lost == ("saved_search:sole",)
    assert cover(result) == {}
    assert techniques(result) == {}
    assert impact_score(result) == 20


@pytest.mark.req("graph.losses")
@pytest.mark.parametrize("definition", ["", "*", "sourcetype=sysmon"])
def test_a_base_macro_that_names_no_index_blinds_whoever_uses_it(graph: KnowledgeGraph, definition: str) -> None:
    result = impact(graph, [change("modify", "macro", "win", {"definition": definition})])
    assert {"saved_search:sole", "saved_search:one"} <= set(result.lost)


@pytest.mark.req("graph.losses")
def test_a_time_in_a_macro_that_is_shorter_than_the_schedule_leaves_a_gap(graph: KnowledgeGraph) -> None:
    short = impact(graph, [change("modify", "macro", "win", {"definition": "index=os sourcetype=sysmon earliest=-1s"})])
    assert ("schedule_gap", Grade.MAJOR) in {(x.kind, x.grade) for x in short.losses}
    long = impact(graph, [change("modify", "macro", "win", {"definition": "index=os sourcetype=sysmon earliest=-1d"})])
    assert "schedule_gap" not in {x.kind for x in long.losses}


@pytest.mark.req("graph.losses")
@pytest.mark.parametrize("definition", ["`nosuch`", "search * | `nosuch`", "search * | `win(1)`"])
def test_a_filter_that_calls_an_undefined_macro_breaks_whoever_uses_it(graph: KnowledgeGraph, definition: str) -> None:
    result = impact(graph, [change("modify", "macro", "sole_filter", {"definition": definition})])
    assert result.lost == ("saved_search:sole",)
    assert cover(result) == {"dc01": (1, 0)}


@pytest.mark.req("graph.change-set")
def test_a_filter_may_call_a_macro_of_the_same_set(graph: KnowledgeGraph) -> None:
    made = change("create", "macro", "tuning", {"definition": "search NOT user=svc"}, app="search")
    used = change("modify", "macro", "sole_filter", {"definition": "`tuning`"})
    result = impact(graph, [made, used])
    assert (result.lost, cover(result)) == ((), {})


@pytest.mark.req("graph.losses")
@pytest.mark.parametrize(
    ("kind", "name", "key", "loss"),
    [
        ("saved_search", "sole", "Disabled", "unknown_setting"),
        ("saved_search", "sole", " disabled", "unknown_setting"),
        ("saved_search", "sole", "enablesched", "unknown_setting"),
        ("saved_search", "sole", "Alert.Suppress", "unknown_setting"),
        ("saved_search", "sole", "dispatch.Earliest_time", "unknown_setting"),
        ("saved_search", "sole", "app", "unknown_setting"),
        ("saved_search", "sole", "eai:acl.sharing", "ownership"),
        ("saved_search", "sole", "agentgate.team", "ownership"),
        ("macro", "win", "Definition", "unknown_setting"),
        ("macro", "win", "search", "unknown_setting"),
    ],
)
def test_a_key_that_is_no_setting_is_a_major_loss(
    graph: KnowledgeGraph, kind: ObjectKind, name: str, key: str, loss: str
) -> None:
    result = impact(graph, [change("modify", kind, name, {key: "1"})])
    assert (loss, Grade.MAJOR) in {(x.kind, x.grade) for x in result.losses}


@pytest.mark.req("graph.losses")
@pytest.mark.parametrize(
    "key", ["description", "action.email.message", "action.notable.param.rule_title", "display.page", "agentgate.note"]
)
def test_a_key_that_splunk_knows_is_no_loss(graph: KnowledgeGraph, key: str) -> None:
    assert impact(graph, [change("modify", "saved_search", "sole", {key: "x"})]).losses == ()


@pytest.mark.req("graph.losses")
def test_a_switch_set_to_neither_on_nor_off_is_a_major_loss(graph: KnowledgeGraph) -> None:
    result = impact(graph, [change("modify", "saved_search", "sole", {"disabled": "2"})])
    assert [(x.kind, x.grade) for x in result.losses] == [("unknown_setting", Grade.MAJOR)]


@pytest.mark.req("graph.change-set", "graph.claims")
@pytest.mark.parametrize(
    "changed",
    [
        {"search": "| makeresults"},
        {"search": "index=other | stats count"},
        {"search": "`win` user=nobody | `sole_filter`"},
        {"cron_schedule": "0 0 1 1 *"},
        {"actions": ""},
        {"is_scheduled": False},
        {"agentgate.status": "experimental"},
    ],
)
def test_a_replacement_that_only_claims_cover_does_not_count(graph: KnowledgeGraph, changed: dict[str, str]) -> None:
    result = impact(
        graph,
        [
            change("create", "saved_search", "fake", {**SOLE.content, **changed}, app="search"),
            change("disable", "saved_search", "sole"),
        ],
    )
    assert cover(result) == {"dc01": (1, 0)}
    assert impact_score(result) == 95


@pytest.mark.req("graph.claims")
def test_a_claim_added_to_another_detection_does_not_count(graph: KnowledgeGraph) -> None:
    claim = change("modify", "saved_search", "two", {"agentgate.covers": ["web01", "dc01"]})
    alone = impact(graph, [claim])
    assert [(x.kind, x.grade) for x in alone.losses] == [("claim", Grade.MAJOR)]
    together = impact(graph, [claim, change("disable", "saved_search", "sole")])
    assert cover(together) == {"dc01": (1, 0)}


@pytest.mark.req("graph.claims")
def test_a_claim_given_up_is_cover_lost(graph: KnowledgeGraph) -> None:
    result = impact(graph, [change("modify", "saved_search", "sole", {"agentgate.covers": []})])
    assert cover(result) == {"dc01": (1, 0)}


@pytest.mark.req("graph.claims")
def test_an_experiment_is_not_promoted_by_the_call_that_needs_it() -> None:
    graph = graph_of(
        SOLE, macro("win", "index=os"), macro("sole_filter", "search *"),
        detection("trial", "`win`", covers=("dc01",), agentgate__status="experimental"),
        assets=ASSETS,
    )  # fmt: skip
    result = impact(
        graph,
        [
            change("modify", "saved_search", "trial", {"agentgate.status": "production"}),
            change("disable", "saved_search", "sole"),
        ],
    )
    assert cover(result) == {"dc01": (1, 0)}


@pytest.mark.req("graph.change-set")
def test_enabling_another_detection_first_keeps_the_cover() -> None:
    graph = graph_of(
        SOLE, macro("win", "index=os"), macro("sole_filter", "search *"),
        detection("spare", "index=os", covers=("dc01",), techniques=("T1", "T2"), controls=("C1",), disabled=True),
        assets=ASSETS,
    )  # fmt: skip
    result = impact(
        graph,
        [
            change("modify", "saved_search", "spare", {"disabled": False}),
            change("disable", "saved_search", "sole"),
        ],
    )
    assert cover(result) == {}
    assert techniques(result) == {}


@pytest.mark.req("graph.change-set")
def test_several_changes_of_one_object_fold_into_one(graph: KnowledgeGraph) -> None:
    result = impact(
        graph,
        [
            change("modify", "macro", "sole_filter", {"definition": "search NOT *"}),
            change("modify", "macro", "sole_filter", {"definition": "search *"}),
        ],
    )
    assert (result.losses, result.broken) == ((), ())
    assert len(result.plan.edits) == 1


@pytest.mark.req("graph.change-set")
def test_what_is_taken_away_bit_by_bit_in_one_set_is_seen_as_a_whole(graph: KnowledgeGraph) -> None:
    result = impact(graph, [change("disable", "saved_search", n) for n in ("one", "two", "sole")])
    assert cover(result) == {"dc01": (1, 0), "web01": (2, 0), "web02": (1, 0)}
    assert techniques(result)["T2"] == (3, 0)


@pytest.mark.req("graph.impact")
def test_the_printed_form_has_the_promised_fields(graph: KnowledgeGraph) -> None:
    printed = impact_json(impact(graph, [change("disable", "saved_search", "sole")]))
    assert printed["object"] == "saved_search:sole"
    assert printed["broken"] == ["saved_search:sole"]
    assert printed["techniques"] == {"T1": {"before": 1, "after": 0}, "T2": {"before": 3, "after": 2}}
    assert printed["compliance"] == {"C1": {"before": 2, "after": 1}}
    assert printed["severity"] == Severity.CRITICAL.label
    assert {"degraded", "assets", "losses", "paths"} <= printed.keys()


@pytest.mark.req("graph.impact", "R2")
def test_work_is_paid_for_and_running_out_raises(graph: KnowledgeGraph) -> None:
    left = 100

    def spend(steps: int) -> None:
        nonlocal left
        left -= steps
        if left < 0:
            raise BudgetError("used up")

    with pytest.raises(BudgetError):
        impact(graph, [change("modify", "macro", "win", {"definition": "index=x"})], spend=spend)
