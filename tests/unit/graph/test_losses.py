"""Typed losses of settings and lookups: blinding that breaks no edge."""

import pytest

from agentgate_mcp.graph.lookups import Polarity, polarities
from agentgate_mcp.graph.losses import settings_losses
from agentgate_mcp.graph.grades import Grade
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
        ({"dispatch__earliest_time": "-5m@m"}, "schedule_gap", Grade.MODERATE),
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
        ("index=a | lookup other ip OUTPUT ok", set()),
        ("index=a | join ip [ | inputlookup allow ]", {Polarity.REQUIRES}),
        ("index=a | join type=left ip [ | inputlookup allow ]", {Polarity.UNKNOWN}),
    ],
)
def test_polarity_of_a_lookup(search: str, expected: set[Polarity]) -> None:
    assert polarities(search, ALLOW, NOTHING) == expected


def test_polarity_is_seen_through_macros() -> None:
    knowledge = KnowledgeSet.from_objects([macro("known", "lookup allow ip OUTPUT owner | where isnull(owner)")])
    assert Polarity.EXCLUDES in polarities("index=a | `known`", ALLOW, knowledge)
