"""The blast-radius stage on the bundled site: what is stopped, and what is not held up."""

import json

import pytest

from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.errors import BudgetError
from agentgate_mcp.gate import blast_radius
from agentgate_mcp.graph.coverage import coverage_of
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Severity, Stage
from tests.unit.blast.worlds import blast, bundled_world, context


@pytest.mark.req("graph.impact", "graph.coverage")
def test_each_sole_detection_of_a_critical_asset_is_a_critical_loss() -> None:
    world = bundled_world()
    critical = {f"asset:{a.asset_id}": a for a in world.assets if a.criticality == "critical"}
    sole = {d: [t for t in targets if t in critical] for d, targets in coverage_of(world.graph).sole.items()}
    seen = 0
    for detection, targets in sole.items():
        if not targets:
            continue
        seen += 1
        name = detection.removeprefix("saved_search:")
        for tool in ("propose_disable_saved_search", "propose_delete_saved_search"):
            result, facts = blast(world, tool, name=name, reason="noisy")
            assert facts.change is not None
            assert facts.change.critical_assets_uncovered == len(targets)
            assert detection in facts.change.broken
            assert result.severity is Severity.CRITICAL
            assert any("last detection" in r for r in result.reasons)
    assert seen >= 1


@pytest.mark.req("graph.impact")
def test_compliance_tags_are_counted_apart() -> None:
    _, facts = blast(
        bundled_world(), "propose_disable_saved_search", name="PCI - Payment Switch File Change", reason="r"
    )
    assert facts.change is not None
    assert (facts.change.pci_assets_uncovered, facts.change.hipaa_assets_uncovered) == (1, 0)
    _, facts = blast(
        bundled_world(), "propose_disable_saved_search", name="Clinical - Imaging Archive New Client", reason="r"
    )
    assert facts.change is not None
    assert (facts.change.pci_assets_uncovered, facts.change.hipaa_assets_uncovered) == (0, 1)


@pytest.mark.req("blast.friction", "R10")
def test_the_analysts_own_changes_stay_at_medium_or_lower() -> None:
    world = bundled_world()
    seen = 0
    for line in (bundled_dir("data") / "analyst_day.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if not row["tool"].startswith("propose_"):
            continue
        seen += 1
        result, facts = blast(world, row["tool"], **row["arguments"])
        assert result.severity <= Severity.MEDIUM, (row, result.reasons)
        assert facts.change is not None
        assert facts.change.unknown_targets == ()
        assert facts.change.broken == ()
    assert seen >= 20


def tuned_filters() -> list[tuple[str, dict[str, Json]]]:
    names = [o.name for o in bundled_world().knowledge.of_kind("macro") if o.name.endswith("_filter")]
    forms = ("search NOT user=svc_backup", "search NOT src IN (10.20.3.40, 10.20.3.41)", "where count>3", "search *")
    return [(n, {"definition": f}) for n in names for f in forms]


@pytest.mark.req("blast.friction")
def test_every_filter_macro_can_be_tuned() -> None:
    world = bundled_world()
    for name, settings in tuned_filters():
        result, facts = blast(world, "propose_modify_macro", name=name, settings=settings, reason="r")
        assert result.severity <= Severity.MEDIUM or "last detection" not in " ".join(result.reasons), name
        assert facts.change is not None
        assert facts.change.action == "modify"


LOG, RENAME = "Endpoint - Log Clearing", "Endpoint - Mass File Rename On Share"
FILTER = "network_periodic_outbound_connections_filter"
ANYTHING: Json = [{"address": "*", "domain": "*", "purpose": "x"}]
BLINDING: list[tuple[str, str, str, dict[str, Json], str]] = [
    ("modify", "macro", FILTER, {"definition": "search NOT *"}, "narrowed_filter"),
    ("modify", "macro", "windows_security", {"definition": "`auth_data` sourcetype=nothing"}, "narrowed_filter"),
    ("modify", "macro", "beacon_minimum", {"definition": "100000"}, "narrowed_filter"),
    ("modify", "lookup", "approved_destinations", {"rows": ANYTHING}, "allow_list"),
    ("modify", "lookup", "executive_accounts", {"rows": []}, "narrowed_filter"),
    ("modify", "saved_search", LOG, {"cron_schedule": "0 0 1 1 *"}, "schedule_gap"),
    ("modify", "saved_search", LOG, {"dispatch.earliest_time": "-1m@m"}, "schedule_gap"),
    ("modify", "saved_search", LOG, {"is_scheduled": False}, "schedule_gap"),
    ("modify", "saved_search", LOG, {"actions": ""}, "disabled_action"),
    ("modify", "saved_search", LOG, {"alert.suppress": True, "alert.suppress.period": "30d"}, "throttle"),
    ("modify", "saved_search", RENAME, {"action.email.to": "elsewhere@other.example"}, "recipients"),
    ("modify", "saved_search", LOG, {"search": "`process_starts` process_name=none.exe"}, "narrowed_filter"),
    ("modify", "saved_search", LOG, {"agentgate.covers": ["dc01"]}, "claim"),
    ("create", "macro", "windows_security", {"definition": "index=nothing"}, "shadowing"),
    ("modify", "index", "network", {"frozenTimePeriodInSecs": "60"}, "retention"),
]


@pytest.mark.req("graph.losses")
@pytest.mark.parametrize(("action", "kind", "name", "settings", "loss"), BLINDING)
def test_blinding_without_a_broken_edge_is_caught_with_its_type(
    action: str, kind: str, name: str, settings: dict[str, Json], loss: str
) -> None:
    app = "northmere_detections" if action == "create" else ""
    changes: list[Json] = [{"action": action, "kind": kind, "name": name, "app": app, "settings": settings}]
    result, facts = blast(bundled_world(), "propose_change_set", changes=changes, reason="r")
    assert facts.change is not None
    assert loss in {x.kind for x in facts.change.losses}
    assert result.severity >= Severity.HIGH


@pytest.mark.req("blast.unknown")
def test_an_unknown_object_is_not_a_small_matter() -> None:
    result, facts = blast(bundled_world(), "propose_disable_saved_search", name="Endpoint - Log Clearin", reason="r")
    assert facts.change is not None
    assert facts.change.unknown_targets == ("saved_search:Endpoint - Log Clearin",)
    assert "saved_search:Endpoint - Log Clearing" in facts.change.nearest
    assert result.severity is Severity.HIGH


@pytest.mark.req("blast.search")
def test_a_call_that_reaches_nothing_has_empty_facts() -> None:
    result, facts = blast(bundled_world(), "splunk_get_indexes")
    assert (result.stage, result.severity, result.reasons) == (Stage.BLAST_RADIUS, Severity.NONE, ())
    assert (facts.search, facts.change, facts.response, facts.score) == (None, None, None, 0)


@pytest.mark.req("R4")
def test_the_same_call_gives_the_same_bytes() -> None:
    first, _ = blast(bundled_world(), "propose_delete_saved_search", name="Endpoint - Log Clearing", reason="r")
    bundled_world.cache_clear()
    again, _ = blast(bundled_world(), "propose_delete_saved_search", name="Endpoint - Log Clearing", reason="r")
    assert first.to_json() == again.to_json()


@pytest.mark.req("R2")
def test_a_call_that_needs_more_work_than_allowed_raises() -> None:
    arguments: dict[str, Json] = {"name": "windows_security", "settings": {"definition": "index=x"}, "reason": "r"}
    with pytest.raises(BudgetError):
        blast_radius.run(context(bundled_world(), "propose_modify_macro", arguments, steps=500))
