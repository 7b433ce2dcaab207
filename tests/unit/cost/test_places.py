"""Where a search reads events, place by place."""

import pytest

from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.facts import SearchRead, read_places, read_search
from agentgate_mcp.spl.knowledge import EMPTY, KnowledgeSet
from tests.unit.graph.samples import detection

pytestmark = pytest.mark.req("cost.places")

NOW = 1_795_176_000.0


def places(query: str, earliest: str = "-1h", latest: str = "now", known: KnowledgeSet = EMPTY) -> list[SearchRead]:
    return list(read_places(query, earliest, latest, known, NOW))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("index=a x", [("a", False, "")]),
        ("x", [("", True, "")]),
        ("index=* x", [("*", False, "")]),
        ("index=A OR index=b*", [("a b*", False, "")]),
        ("NOT index=a", [("", True, "")]),
        ("index=a OR x", [("a", True, "")]),
        ("index=a [search index=b | return 5 src] y", [("a", False, ""), ("b", False, "search")]),
        ("index=a | join x [search index=b]", [("a", False, ""), ("b", False, "join")]),
        ("index=a | append [search x]", [("a", False, ""), ("", True, "append")]),
        ("| multisearch [search index=a] [search index=b]", [("a", False, "multisearch"), ("b", False, "multisearch")]),
        ("| tstats count where index=a by host", [("a", False, "")]),
        ("index=a | search index=b", [("a", False, "")]),
        ("index=a | appendpipe [stats count]", [("a", False, "")]),
        ("| makeresults", []),
        ("| inputlookup a", []),
        ("| metadata type=hosts index=a", []),
        ("index=a [search index=b | return index]", [("a", True, ""), ("b", False, "search")]),
    ],
)
def test_each_place_has_its_own_indexes(query: str, found: list[tuple[str, bool, str]]) -> None:
    told = [(" ".join(p.indexes), p.everything, p.owner) for p in places(query)]
    assert sorted(told) == sorted(found)


def test_each_place_has_its_own_time() -> None:
    outer, inner = sorted(places("index=a earliest=-7d | join x [search index=b]"), key=lambda p: p.indexes)
    assert outer.span_seconds == 7 * 86_400
    assert (inner.earliest, inner.latest, inner.span_seconds) == (NOW - 3_600, NOW, 3_600)
    assert places("index=a", "0", "")[0] == SearchRead(indexes=("a",))


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("index=a sourcetype=X y", ("x",)),
        ("index=a sourcetype IN (x, y)", ("x", "y")),
        ("index=a (sourcetype=x OR sourcetype=y*)", ("x", "y*")),
        ("index=a (sourcetype=x OR z)", ()),
        ("index=a NOT sourcetype=x", ()),
        ("index=a sourcetype!=x", ()),
        ("index=a | search sourcetype=x", ()),
        ("| tstats count where index=a sourcetype=x by host", ("x",)),
    ],
)
def test_source_types_narrow_only_where_every_event_has_one(query: str, kinds: tuple[str, ...]) -> None:
    assert places(query)[0].sourcetypes == kinds


def test_summaries_and_models_are_told_apart() -> None:
    model = KnowledgeObject(
        kind="data_model", name="M", app="search", owner="nobody", sharing="global", disabled=False, team="",
        content={"objects": [{"objectName": "M", "constraints": [{"search": "index=web sourcetype=w"}]}]},
    )  # fmt: skip
    known = KnowledgeSet.from_objects([model])
    (summary,) = places("| tstats count from datamodel=M", known=known)
    assert (summary.indexes, summary.summaries) == (("web",), True)
    (raw,) = places("| from datamodel:M", known=known)
    assert (raw.indexes, raw.summaries) == (("web",), False)
    (mode,) = places("| datamodel M M search", known=known)
    assert mode.indexes == ("web",)
    assert places("| datamodel M M", known=known) == []


def test_a_saved_search_and_each_run_of_a_map_count() -> None:
    known = KnowledgeSet.from_objects([detection("S", "index=b x")])
    assert [p.indexes for p in places("| savedsearch S", known=known)] == [("b",)]
    runs = {p.indexes: p.runs for p in places('index=a | map search="search index=b $x$" maxsearches=4')}
    assert runs == {("a",): 1, ("b",): 4}
    assert max(p.runs for p in places('index=a | map search="search index=b $x$"')) == 10


@pytest.mark.req("R2")
@pytest.mark.parametrize("query", ["index=a [", "`unknown`", "| from nothing:x", "index=a | ["])
def test_what_cannot_be_read_reads_everything(query: str) -> None:
    assert any(p.everything for p in places(query))


@pytest.mark.parametrize(
    "query", ["index=a x", "x", "index=a | join x [search y]", "| from nothing:x", "index=a [search x | return index]"]
)
def test_facts_are_as_wide_as_their_places(query: str) -> None:
    facts = read_search(query, "-1h", "now", EMPTY, NOW)
    found = places(query)
    assert set(facts.indexes) == {n for p in found for n in p.indexes}
    assert facts.default_indexes or facts.index_wildcard or not any(p.everything for p in found)
