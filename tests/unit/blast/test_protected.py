"""The record and what keeps it: guarded wherever it is named."""

import pytest

from agentgate_mcp.gate.blast.protected import protected_change, protected_writes
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Severity
from agentgate_mcp.model.site import ObjectKind
from tests.unit.blast.worlds import blast, bundled_world, world_of
from tests.unit.graph.samples import change, macro, obj

pytestmark = pytest.mark.req("blast.protected")


@pytest.mark.parametrize(
    ("kind", "name", "app", "content"),
    [
        ("index", "_audit", "", {}),
        ("index", "_internal", "", {}),
        ("index", "agentgate_audit", "", {}),
        ("index", "AgentGate_Audit", "", {}),
        ("hec_token", "any", "", {}),
        ("saved_search", "agentgate - approvals", "", {}),
        ("macro", "x", "agentgate", {}),
        ("kv_collection", "agentgate_findings", "", {}),
        ("lookup", "innocent", "", {"collection": "agentgate_findings"}),
        ("saved_search", "x", "", {"action.summary_index._name": "_audit"}),
    ],
)
def test_a_guarded_target_is_named(kind: ObjectKind, name: str, app: str, content: dict[str, Json]) -> None:
    assert protected_change(change("modify", kind, name, content, app=app), ()).startswith(f"{kind}:{name}")


@pytest.mark.parametrize(
    ("kind", "name"), [("index", "network"), ("saved_search", "Gate - x"), ("macro", "my_agentgate")]
)
def test_an_ordinary_target_is_not_guarded(kind: ObjectKind, name: str) -> None:
    assert protected_change(change("modify", kind, name), ()) == ""


def test_an_object_that_lives_in_our_app_is_guarded_without_the_app_being_named() -> None:
    world = world_of([obj("saved_search", "nightly", {"search": "index=a"}, app="agentgate")])
    _, facts = blast(world, "propose_disable_saved_search", name="nightly", reason="r")
    assert facts.change is not None
    assert facts.change.protected == ("saved_search:nightly",)
    assert facts.score == 100


@pytest.mark.parametrize(
    ("query", "guarded"),
    [
        ("index=a | collect index=_audit", True),
        ("index=a | collect index=agentgate_audit", True),
        ("index=a | outputlookup agentgate_mandates", True),
        ("index=a | append [ search index=b | collect index=_internal ]", True),
        ("index=a | `hidden`", True),
        ("index=a | collect index=summary", False),
        ("index=a | outputlookup seen.csv", False),
        ("index=_audit | stats count", False),
        ("index=agentgate_audit | stats count", False),
    ],
)
def test_a_search_that_writes_to_the_record_is_found_and_one_that_reads_it_is_fine(query: str, guarded: bool) -> None:
    world = world_of([macro("hidden", "collect index=agentgate_audit")])
    result, facts = blast(world, "splunk_run_query", query=query, earliest_time="-1h")
    assert facts.search is not None
    assert bool(facts.search.protected_writes) is guarded
    assert (result.severity is Severity.CRITICAL) is guarded


def test_only_the_guarded_ones_of_several_writes_are_reported() -> None:
    writes = ("outputlookup:seen.csv", "collect:index=_audit", "outputlookup:agentgate.csv", "outputcsv:x")
    assert protected_writes(writes) == ("collect:index=_audit", "outputlookup:agentgate.csv")


def test_bundled_tokens_and_indexes_are_guarded() -> None:
    world = bundled_world()
    for kind, name in (("hec_token", "agentgate"), ("index", "_audit"), ("index", "agentgate_audit")):
        changes: list[Json] = [{"action": "delete", "kind": kind, "name": name}]
        _, facts = blast(world, "propose_change_set", changes=changes, reason="r")
        assert facts.change is not None
        assert facts.change.protected == (f"{kind}:{name}",)
