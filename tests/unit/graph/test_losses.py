"""Typed losses of settings and lookups: blinding that breaks no edge."""

import pytest

from agentgate_mcp.graph.grades import Grade
from agentgate_mcp.graph.lookups import Polarity, polarities
from agentgate_mcp.graph.losses import settings_losses
from agentgate_mcp.model.call import Json
from agentgate_mcp.spl.knowledge import KnowledgeSet
from tests.unit.graph.samples import detection, macro, obj

pytestmark = pytest.mark.req("graph.losses")

BEFORE: dict[str, Json] = {
    **detection("D", "index=a").content,
    "actions": "notable,email",
    "action.email": True,
    "action.email.to": "soc@corp.example,lead@corp.example",
    "alert_comparator": "greater than",
    "alert_threshold": "0",
}


def losses(**changed: Json) -> list[tuple[str, Grade]]:
    after = {**BEFORE, **{k.replace("__", "."): v for k, v in changed.items()}}
    return [(loss.kind, loss.grade) for loss in settings_losses("saved_search:D", BEFORE, after)]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"description": "new"},
        {"cron_schedule": "*/5 * * * *"},
        {"cron_schedule": "2-59/10 * * * *"},
        {"dispatch__earliest_time": "-30m@m"},
        {"action__email__to": "soc@corp.example,lead@corp.example,third@corp.example"},
        {"actions": "notable,email,webhook"},
        {"alert__severity": "5"},
        {"alert_comparator": ""},
        {"alert_comparator": "not equal to"},
        {"alert_type": "always"},
        {"relation": "greater than", "quantity": "0"},
    ],
)
def test_settings_that_take_nothing_away_are_no_loss(changed: dict[str, Json]) -> None:
    assert losses(**changed) == []


@pytest.mark.parametrize(
    ("changed", "kind", "grade"),
    [
        ({"cron_schedule": "*/15 * * * *"}, "schedule_gap", Grade.MINOR),
        ({"is_scheduled": False}, "schedule_gap", Grade.BLIND),
        ({"cron_schedule": "0 0 30 2 *"}, "schedule_gap", Grade.BLIND),
        ({"cron_schedule": "sometimes"}, "schedule_gap", Grade.BLIND),
        ({"dispatch__earliest_time": "-8m@m"}, "schedule_gap", Grade.MODERATE),
        ({"dispatch__earliest_time": "-5m@m"}, "schedule_gap", Grade.MAJOR),
        ({"dispatch__earliest_time": "-1m@m"}, "schedule_gap", Grade.MAJOR),
        ({"dispatch__latest_time": "-15m@m"}, "schedule_gap", Grade.BLIND),
        (
            {"alert__suppress": True, "alert__suppress__period": "1h", "alert__suppress__fields": "src"},
            "throttle",
            Grade.MINOR,
        ),
        (
            {"alert__suppress": "1", "alert__suppress__period": "7d", "alert__suppress__fields": "src"},
            "throttle",
            Grade.MODERATE,
        ),
        (
            {"alert__suppress": True, "alert__suppress__period": "30d", "alert__suppress__fields": "src"},
            "throttle",
            Grade.MAJOR,
        ),
        ({"alert__suppress": True}, "throttle", Grade.MAJOR),
        ({"action__email__to": "soc@corp.example"}, "recipients", Grade.MINOR),
        ({"action__email__to": "nobody@other.example"}, "recipients", Grade.MAJOR),
        ({"actions": "email"}, "disabled_action", Grade.MAJOR),
        ({"action__email": False}, "disabled_action", Grade.MAJOR),
        ({"actions": "", "action__email": "0"}, "disabled_action", Grade.BLIND),
        ({"alert_threshold": "3"}, "narrowed_filter", Grade.MINOR),
        ({"alert_threshold": "500"}, "narrowed_filter", Grade.MAJOR),
        ({"alert_condition": "search count > 5"}, "narrowed_filter", Grade.MODERATE),
        ({"cron_schedule": ""}, "schedule_gap", Grade.BLIND),
        ({"cron_schedule": None}, "schedule_gap", Grade.BLIND),
        ({"alert_comparator": "less than"}, "narrowed_filter", Grade.BLIND),
        ({"alert_comparator": "equal to"}, "narrowed_filter", Grade.MAJOR),
        ({"alert_comparator": "equal to", "alert_threshold": "-1"}, "narrowed_filter", Grade.BLIND),
        ({"alert_threshold": "many"}, "narrowed_filter", Grade.MAJOR),
        ({"alert_type": "number of hosts"}, "narrowed_filter", Grade.MAJOR),
        ({"alert_type": "custom"}, "narrowed_filter", Grade.MAJOR),
        ({"alert_type": "custom", "alert_condition": "search NOT *"}, "narrowed_filter", Grade.BLIND),
        ({"quantity": "999999999"}, "narrowed_filter", Grade.MAJOR),
        ({"relation": "drops by"}, "narrowed_filter", Grade.MAJOR),
        ({"relation": "less than", "quantity": "0"}, "narrowed_filter", Grade.BLIND),
    ],
)
def test_each_way_of_saying_less_is_typed(changed: dict[str, Json], kind: str, grade: Grade) -> None:
    found = losses(**changed)
    assert (kind, grade) == max(found, key=lambda f: f[1])


HEARD: dict[str, Json] = {
    **BEFORE,
    "alert.track": True,
    "alert.digest_mode": False,
    "alert.severity": 5,
    "action.risk": True,
    "action.risk.param._risk_score": "80",
    "action.notable.param.severity": "critical",
    "schedule_priority": "highest",
}


def heard(**changed: Json) -> list[tuple[str, Grade]]:
    after = {**HEARD, **{k.replace("__", "."): v for k, v in changed.items()}}
    return [(loss.kind, loss.grade) for loss in settings_losses("saved_search:D", HEARD, after)]


@pytest.mark.parametrize(
    ("changed", "kind", "grade"),
    [
        ({"dispatch__sample_ratio": "2"}, "truncation", Grade.MAJOR),
        ({"dispatch__sample_ratio": "100"}, "truncation", Grade.MAJOR),
        ({"dispatch__sample_ratio": "many"}, "truncation", Grade.MODERATE),
        ({"dispatch__max_count": 50_000}, "truncation", Grade.MINOR),
        ({"dispatch__max_count": "50"}, "truncation", Grade.MODERATE),
        ({"dispatch__max_count": "1"}, "truncation", Grade.MAJOR),
        ({"dispatch__max_count": "0"}, "truncation", Grade.BLIND),
        ({"dispatch__max_time": "600"}, "truncation", Grade.MINOR),
        ({"dispatch__max_time": "1"}, "truncation", Grade.MAJOR),
        ({"dispatch__auto_cancel": "5"}, "truncation", Grade.MAJOR),
        ({"dispatch__allow_partial_results": "0"}, "truncation", Grade.MINOR),
        ({"dispatch__lookups": "0"}, "narrowed_filter", Grade.MAJOR),
        ({"dispatchAs": "user"}, "narrowed_filter", Grade.MODERATE),
        ({"federated__provider": "elsewhere"}, "narrowed_filter", Grade.MAJOR),
        ({"run_n_times": "1"}, "schedule_gap", Grade.MAJOR),
        ({"max_concurrent": "0"}, "schedule_gap", Grade.MAJOR),
        ({"schedule_window": "auto"}, "schedule_gap", Grade.MINOR),
        ({"schedule_window": "45"}, "schedule_gap", Grade.MODERATE),
        ({"schedule_window": "1440"}, "schedule_gap", Grade.MAJOR),
        ({"allow_skew": "100%"}, "schedule_gap", Grade.MINOR),
        ({"allow_skew": "2h"}, "schedule_gap", Grade.MAJOR),
        ({"schedule_priority": "default"}, "schedule_gap", Grade.MODERATE),
        ({"realtime_schedule": "0"}, "schedule_gap", Grade.MINOR),
        ({"workload_pool": "slow"}, "schedule_gap", Grade.MODERATE),
        ({"dispatch__earliest_time": "whenever"}, "schedule_gap", Grade.MAJOR),
        ({"dispatch__earliest_time": "rt-1m", "dispatch__latest_time": "rt"}, "schedule_gap", Grade.MODERATE),
        ({"dispatch__index_earliest": "-1m"}, "schedule_gap", Grade.MAJOR),
        ({"dispatch__index_earliest": "-1h", "dispatch__index_latest": "-2h"}, "schedule_gap", Grade.BLIND),
        ({"enableSched": "0"}, "schedule_gap", Grade.BLIND),
        ({"alert__expires": "6h"}, "visibility", Grade.MINOR),
        ({"alert__expires": "1h"}, "visibility", Grade.MODERATE),
        ({"alert__expires": "1s"}, "visibility", Grade.MAJOR),
        ({"dispatch__ttl": "60"}, "visibility", Grade.MAJOR),
        ({"alert__severity": "4"}, "visibility", Grade.MINOR),
        ({"alert__severity": 1}, "visibility", Grade.MAJOR),
        ({"action__notable__param__severity": "informational"}, "visibility", Grade.MAJOR),
        ({"action__risk__param___risk_score": "0"}, "visibility", Grade.MAJOR),
        ({"action__risk__param___risk_score": "40"}, "visibility", Grade.MINOR),
        ({"alert__digest_mode": True}, "throttle", Grade.MINOR),
        (
            {"alert__suppress": 1, "alert__suppress__period": "1h", "alert__suppress__fields": "src",
             "alert__suppress__group_name": "all"},
            "throttle", Grade.MODERATE,
        ),
        ({"alert__track": 0}, "disabled_action", Grade.MODERATE),
    ],
)  # fmt: skip
def test_a_dial_turned_the_costly_way_is_typed(changed: dict[str, Json], kind: str, grade: Grade) -> None:
    assert (kind, grade) in heard(**changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"dispatch__sample_ratio": "1"},
        {"dispatch__max_count": "1000000"},
        {"dispatch__max_time": "0"},
        {"dispatch__ttl": "150p"},
        {"alert__expires": "7d"},
        {"alert__severity": 6},
        {"schedule_window": "0"},
        {"realtime_schedule": "1"},
        {"action__risk__param___risk_score": "100"},
        {"dispatch__lookups": "1"},
    ],
)
def test_a_dial_turned_the_other_way_costs_nothing(changed: dict[str, Json]) -> None:
    assert heard(**changed) == []


def test_an_alert_heard_of_only_in_the_list_of_alerts_is_silent_without_it() -> None:
    before: dict[str, Json] = {**BEFORE, "actions": "", "action.email": "0", "alert.track": "1"}
    found = settings_losses("saved_search:D", before, {**before, "alert.track": "0"})
    assert [(x.kind, x.grade) for x in found] == [("disabled_action", Grade.BLIND)]


def test_a_schedule_that_waits_longer_than_it_looks_back_leaves_a_gap() -> None:
    found = losses(cron_schedule="0 * * * *")
    assert ("schedule_gap", Grade.MAJOR) in found


def test_looking_later_is_a_loss_even_where_the_window_is_as_long() -> None:
    found = losses(dispatch__earliest_time="-30d", dispatch__latest_time="-29d")
    assert ("schedule_gap", Grade.MAJOR) in found


def test_a_throttle_without_fields_suppresses_everything() -> None:
    found = losses(alert__suppress=True, alert__suppress__period="1h")
    assert ("throttle", Grade.MODERATE) in found


# --- lookups ---------------------------------------------------------------------------------

ALLOW = obj("lookup", "allow", {"filename": "allow.csv"})
NOTHING = KnowledgeSet.from_objects(())


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("index=a NOT [ | inputlookup allow | fields ip ]", {Polarity.EXCLUDES}),
        ("index=a NOT [ | inputlookup allow.csv ]", {Polarity.EXCLUDES}),
        ("index=a [ | inputlookup allow | fields ip ]", {Polarity.REQUIRES}),
        ("| inputlookup allow | stats count", {Polarity.REQUIRES}),
        ("index=a | inputlookup append=true allow", {Polarity.ADDS}),
        ("index=a | lookup allow ip OUTPUT owner", {Polarity.ADDS}),
        ("index=a | lookup allow ip OUTPUT owner | where isnull(owner)", {Polarity.ADDS, Polarity.EXCLUDES}),
        ("index=a | lookup allow ip OUTPUT owner | search NOT owner=*", {Polarity.ADDS, Polarity.EXCLUDES}),
        ("index=a | lookup allow ip OUTPUT owner | where isnotnull(owner)", {Polarity.ADDS, Polarity.REQUIRES}),
        ("index=a | lookup allow ip OUTPUT score | where score>=60", {Polarity.ADDS, Polarity.REQUIRES}),
        ("index=a | lookup allow ip OUTPUT ok | search ok=false", {Polarity.ADDS, Polarity.EXCLUDES}),
        ("index=a | lookup allow ip OUTPUT ok | search ok!=true", {Polarity.ADDS, Polarity.EXCLUDES}),
        ("index=a | lookup other ip OUTPUT ok", set[Polarity]()),
        ("index=a | join ip [ | inputlookup allow ]", {Polarity.REQUIRES}),
        ("index=a | join type=left ip [ | inputlookup allow ]", {Polarity.UNKNOWN}),
    ],
)
def test_polarity_of_a_lookup(search: str, expected: set[Polarity]) -> None:
    assert polarities(search, ALLOW, NOTHING) == expected


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (
            'index=a | lookup allow ip OUTPUT owner | eval ok=if(isnull(owner), "no", "yes") | where ok="no"',
            {Polarity.ADDS, Polarity.UNKNOWN},
        ),
        ("index=a | lookup allow ip OUTPUT owner | eval ok=owner | where count>1", {Polarity.ADDS}),
    ],
)
def test_a_test_of_what_is_computed_from_a_lookup_may_go_either_way(search: str, expected: set[Polarity]) -> None:
    assert polarities(search, ALLOW, NOTHING) == expected


def test_polarity_is_seen_through_macros() -> None:
    knowledge = KnowledgeSet.from_objects([macro("known", "lookup allow ip OUTPUT owner | where isnull(owner)")])
    assert Polarity.EXCLUDES in polarities("index=a | `known`", ALLOW, knowledge)
