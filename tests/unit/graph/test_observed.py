"""Cover as telemetry shows it: a detection looks at the assets whose data it finds."""

import random
from collections.abc import Sequence

import pytest

from agentgate_mcp.graph.asset_cover import asset_standings
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.impact import impact
from agentgate_mcp.graph.observed import Sighting
from agentgate_mcp.model.site import Asset, KnowledgeObject
from agentgate_mcp.spl.knowledge import KnowledgeSet
from tests.unit.graph.samples import asset, change, detection, macro, random_set

pytestmark = pytest.mark.req("graph.observed")

AT = 1_700_000_000.0


def seen(host: str, sourcetype: str, index: str = "main") -> Sighting:
    return Sighting(host=host, index=index, sourcetype=sourcetype, last_seen=AT)


def graph_of(
    *objects: KnowledgeObject, assets: Sequence[Asset] = (), sightings: Sequence[Sighting] = ()
) -> KnowledgeGraph:
    return KnowledgeGraph.build(KnowledgeSet.from_objects(objects), assets, sightings=sightings)


def test_a_detection_looks_at_the_assets_that_send_its_data() -> None:
    graph = graph_of(
        detection("Logons", "index=main sourcetype=win | stats count"),
        detection("Either", "`starts`"),
        macro("starts", "sourcetype=sysmon OR sourcetype=edr"),
        assets=(asset("h1"), asset("h2"), asset("h3")),
        sightings=(seen("h1", "WIN"), seen("h2.corp.example", "edr"), seen("stranger", "win")),
    )
    assert graph.detections["saved_search:Logons"].observed == ("h1",)
    assert graph.detections["saved_search:Either"].observed == ("h2",)
    assert graph.watching == {"asset:h1": ("saved_search:Logons",), "asset:h2": ("saved_search:Either",)}


def test_index_and_source_type_must_both_be_seen_and_wildcards_match() -> None:
    graph = graph_of(
        detection("Exact", "index=sec sourcetype=win"),
        detection("Wide", "index=s* sourcetype=win*"),
        assets=(asset("h1"), asset("h2")),
        sightings=(seen("h1", "win", "main"), seen("h2", "winlog", "sec")),
    )
    assert graph.detections["saved_search:Exact"].observed == ()
    assert graph.detections["saved_search:Wide"].observed == ("h2",)


@pytest.mark.parametrize(
    "search",
    [
        "| tstats count from datamodel=Unknown_Model",
        "| inputlookup hosts.csv",
        "search NOT sourcetype=win",
    ],
)
def test_a_search_that_needs_no_data_by_name_says_nothing_of_hosts(search: str) -> None:
    graph = graph_of(detection("D", search), assets=(asset("h1"),), sightings=(seen("h1", "win"),))
    assert graph.detections["saved_search:D"].observed == ()


def test_what_is_declared_is_never_widened() -> None:
    graph = graph_of(
        detection("D", "sourcetype=win", covers=("h1",)),
        assets=(asset("h1"), asset("h2")),
        sightings=(seen("h2", "win"),),
    )
    assert graph.detections["saved_search:D"].observed == ()
    assert graph.watching == {}


def test_the_last_detection_that_sees_an_asset_is_told_with_its_origin() -> None:
    objects = (detection("One", "sourcetype=win"), detection("Two", "sourcetype=edr"))
    assets = (asset("h1"), asset("h2", "low"))
    graph = graph_of(*objects, assets=assets, sightings=(seen("h1", "win"), seen("h2", "win"), seen("h2", "edr")))
    found = impact(graph, [change("delete", "saved_search", "One")])
    assert [(a.asset, a.before, a.after, a.origin) for a in found.assets] == [
        ("h1", 1, 0, "observed"),
        ("h2", 2, 1, "observed"),
    ]
    assert not found.assumed
    blind = impact(graph_of(*objects, assets=assets), [change("delete", "saved_search", "One")])
    assert blind.assumed


def test_observation_never_props_up_what_is_declared() -> None:
    graph = graph_of(
        detection("Declared", "sourcetype=win", covers=("h1",)),
        detection("Seen", "sourcetype=win"),
        assets=(asset("h1"),),
        sightings=(seen("h1", "win"),),
    )
    declared = impact(graph, [change("delete", "saved_search", "Declared")])
    assert [(a.before, a.after, a.origin) for a in declared.assets] == [(1, 0, "declared")]
    watching = impact(graph, [change("delete", "saved_search", "Seen")])
    assert [(a.before, a.after, a.origin) for a in watching.assets] == [(2, 1, "observed")]


def test_a_replacement_that_finds_as_much_leaves_what_was_seen() -> None:
    search = "sourcetype=win action=failure"
    graph = graph_of(detection("Old", search), assets=(asset("h1"),), sightings=(seen("h1", "win"),))
    new = dict(detection("New", search).content)
    delete = change("delete", "saved_search", "Old")
    assert [a.after for a in impact(graph, [delete]).assets] == [0]
    assert impact(graph, [change("create", "saved_search", "New", new), delete]).assets == ()


def test_losing_the_source_type_loses_the_assets_seen_through_it() -> None:
    graph = graph_of(
        macro("m", "sourcetype=win"),
        detection("D", "`m`"),
        assets=(asset("h1"),),
        sightings=(seen("h1", "win"),),
    )
    found = impact(graph, [change("delete", "macro", "m")])
    assert [(a.asset, a.after, a.origin) for a in found.assets] == [("h1", 0, "observed")]


def test_standings_say_how_cover_is_known() -> None:
    graph = graph_of(
        detection("Declared", "sourcetype=win", covers=("h1",)),
        detection("Seen", "sourcetype=edr"),
        detection("Off", "sourcetype=edr", disabled=True),
        assets=(asset("h1"), asset("h2"), asset("h3")),
        sightings=(seen("h1", "edr"), seen("h2", "edr")),
    )
    told = {s.asset.id: (s.origin, len(s.declared), len(s.observed), s.assumed) for s in asset_standings(graph)}
    assert told == {"h1": ("declared", 1, 1, 0), "h2": ("observed", 0, 1, 0), "h3": ("none", 0, 0, 0)}
    blind = graph_of(detection("Seen", "sourcetype=edr"), assets=(asset("h1"),))
    assert [s.origin for s in asset_standings(blind)] == ["assumed"]


def test_order_and_time_of_sightings_change_no_hash_and_new_data_does() -> None:
    objects = random_set(3)
    assets = tuple(asset(f"h{i}") for i in range(8))
    rng = random.Random(3)
    sightings = [seen(f"h{rng.randrange(8)}", f"s{rng.randrange(30)}", "i0") for _ in range(80)]
    first = graph_of(*objects, assets=assets, sightings=sightings)
    rng.shuffle(sightings)
    later = [Sighting(host=s.host, index=s.index, sourcetype=s.sourcetype, last_seen=AT + 5) for s in sightings]
    assert graph_of(*objects, assets=assets, sightings=later).hash == first.hash
    assert first.watching
    assert graph_of(*objects, assets=assets).hash != first.hash


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_observed_is_what_still_finds_something_with_only_that_data(seed: int) -> None:
    """A second way to the same answer: delete all other data for good and look what still runs."""
    rng = random.Random(seed)
    objects = random_set(seed)
    have = {f"s{rng.randrange(30)}" for _ in range(12)}
    graph = graph_of(*objects, assets=(asset("h1"),), sightings=[seen("h1", s, "i0") for s in have])
    gone = [change("delete", "sourcetype", f"s{i}") for i in range(30) if f"s{i}" not in have]
    known = [c for c in gone if graph.find(c.kind, c.name)]
    broken = set(impact(graph, known).broken)
    everything = [change("delete", "sourcetype", f"s{i}") for i in range(30)]
    everything.append(change("delete", "index", "i0"))
    dark = set(impact(graph, [c for c in everything if graph.find(c.kind, c.name)]).broken)
    expected = {d for d in graph.detections if d in dark and d not in broken}
    assert set(graph.watching.get("asset:h1", ())) == expected
    assert expected
