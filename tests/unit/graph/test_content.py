"""Bad knowledge: said with its place, and either the whole graph stands or nothing is loaded."""

import json
import os
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentgate_mcp import config
from agentgate_mcp.compose import knowledge_of
from agentgate_mcp.errors import DataError
from agentgate_mcp.graph import content
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.content import load_objects
from agentgate_mcp.graph.nodes import Group, State
from agentgate_mcp.spl.knowledge import KnowledgeSet
from tests.unit.graph.samples import detection, graph_of, macro, obj

pytestmark = pytest.mark.req("graph.content", "R9")

GOOD = [{"kind": "macro", "name": f"m{n}", "app": "a", "content": {"definition": f"index=i{n}"}} for n in range(5)]


def rows(size: int) -> Iterator[str]:
    """Lines of an export, until they have ``size`` bytes."""
    made = number = 0
    while made < size:
        search = f"index=i{number % 50} `m{number % 300}` | stats count by user | where count > {number} " * 10
        row = {"kind": "saved_search", "name": f"s{number}", "app": "a", "content": {"search": search}}
        line = json.dumps(row) + "\n"
        made += len(line)
        number += 1
        yield line


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ('{"kind": "macro", "name": ["x"]}', "line 6/name"),
        ('{"kind": 7, "name": "x"}', "line 6/kind"),
        ('{"kind": "macro", "name": "x", "app": ["a"]}', "line 6/app"),
        ('{"kind": "macro", "name": "x", "team": {}}', "line 6/team"),
        ('{"kind": "macro", "name": "x", "disabled": "perhaps"}', "line 6/disabled"),
        ('{"kind": "macro", "name": "x", "content": "definition"}', "line 6/content"),
        ('{"kind": "macro", "name": "x", "content": {"definition": ["index=a"]}}', "line 6/content/definition"),
        ('{"kind": "saved_search", "name": "x", "content": {"search": {}}}', "line 6/content/search"),
        ('{"kind": "detection", "name": "x", "search": ["index=a"]}', "line 6/search"),
        ('{"name": "x", "definition": true}', "line 6/definition"),
        ("[]", "line 6"),
        ("null", "line 6"),
        ('{"kind": "macro", "name": "x", "content": {"definition": NaN}}', "line 6"),
        ('{"kind": "macro", "name": "x", "content": {"definition": "\\ud800"}}', "line 6"),
        ('{"kind": "macro", "name": "x"', "line 6"),
    ],
)
def test_a_wrong_row_among_good_ones_refuses_the_load_with_its_place(tmp_path: Path, row: str, where: str) -> None:
    file = tmp_path / "export.jsonl"
    file.write_text("".join(json.dumps(g) + "\n" for g in GOOD) + row + "\n", "utf-8")
    with pytest.raises(DataError) as caught:
        load_objects(file)
    assert (caught.value.file, caught.value.location) == ("export.jsonl", where)


def test_the_place_of_bytes_that_are_no_text_is_said(tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    good = "".join(json.dumps(g) + "\n" for g in GOOD).encode()
    file.write_bytes(good + b'{"kind": "macro", "name": "caf\xe9"}\n')
    with pytest.raises(DataError) as caught:
        load_objects(file)
    assert caught.value.location == f"byte {len(good) + 30}"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(min_value=1, max_value=400))
def test_a_file_that_is_cut_anywhere_is_refused_or_whole_rows_less(tmp_path: Path, cut: int) -> None:
    """An array that ends early is never a shorter array; of lines, only whole ones can be missing."""
    array = json.dumps(GOOD).encode()
    (tmp_path / "a.json").write_bytes(array[: max(len(array) - cut, 0)])
    with pytest.raises(DataError):
        load_objects(tmp_path / "a.json")
    lines = [json.dumps(g) for g in GOOD]
    text = "\n".join(lines)
    kept = text[: max(len(text) - cut, 0)]
    (tmp_path / "b.jsonl").write_text(kept, "utf-8")
    whole = [line for line in kept.split("\n") if line in lines]
    if whole and "\n".join(whole) == kept.rstrip("\n"):
        assert len(load_objects(tmp_path / "b.jsonl")) == len(whole)
    else:
        with pytest.raises(DataError):
            load_objects(tmp_path / "b.jsonl")


def test_knowledge_of_a_path_is_refused_whole_too(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(GOOD), "utf-8")
    (tmp_path / "b.json").write_text('[{"kind": "macro", "name": "x"}, {"kind": "macro"}]', "utf-8")
    with pytest.raises(DataError) as caught:
        knowledge_of(config.load(environ={"AGENTGATE_STATE_DIR": str(tmp_path / "state")}), tmp_path)
    assert (caught.value.file, caught.value.location) == ("b.json", "/1/name")


def test_a_large_export_takes_memory_in_proportion_to_its_size(tmp_path: Path) -> None:
    """5 MB here; an export of 50 MB stays under 400 MB by the same proportion."""
    file = tmp_path / "export.jsonl"
    size = 5_000_000
    file.write_text("".join(rows(size)), "utf-8")
    tracemalloc.start()
    found = load_objects(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) > 4_000
    assert peak < 8 * size


def test_files_beyond_the_limits_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = tmp_path / "one.jsonl"
    one.touch()
    os.truncate(one, content.MAX_FILE_BYTES + 1)
    with pytest.raises(DataError, match="at most"):
        load_objects(one)
    os.truncate(one, 0)
    monkeypatch.setattr(content, "MAX_TOTAL_BYTES", 1_000)
    for number in range(3):
        (tmp_path / f"{number}.json").write_text(json.dumps(GOOD), "utf-8")
    with pytest.raises(DataError, match="in all"):
        load_objects(tmp_path)


@pytest.mark.req("graph.problems")
def test_all_that_can_be_wrong_with_content_is_said_and_the_rest_of_the_graph_stands() -> None:
    wrong = (
        macro("a", "`b`"),
        macro("b", "`a`"),
        detection("circle", "`a`"),
        detection("dangling", "`nowhere` | lookup nothing x OUTPUT y"),
        detection("unreadable", "index=a | stats count by ["),
        macro("twice", "index=one"),
        macro("twice", "index=two"),
    )
    good = (macro("fine", "index=web"), detection("good", "`fine` status=500"))
    graph = graph_of(*wrong, *good)
    said = {(p.where, p.kind) for p in graph.problems}
    assert said == {
        ("macro:a", "cycle"),
        ("saved_search:dangling", "dangling"),
        ("saved_search:unreadable", "unreadable"),
        ("macro:twice", "duplicate"),
    }
    assert graph.groups_of("saved_search:good") == (Group(members=("macro:fine",)),)
    assert {n for n in graph.nodes if graph.nodes[n].object} == {
        *(f"saved_search:{n}" for n in ("circle", "dangling", "unreadable", "good")),
        *(f"macro:{n}" for n in ("a", "b", "fine", "twice")),
    }
    assert graph.baseline == dict.fromkeys(("macro:a", "macro:b", "saved_search:circle"), State.FAILED)
    for seed in range(10):
        mixed = random.Random(seed).sample([*wrong, *good], 9)
        assert (graph_of(*mixed).hash, graph_of(*mixed).problems) == (graph.hash, graph.problems)


@pytest.mark.req("graph.problems", "graph.build")
def test_one_name_in_several_apps_and_of_several_owners_stays_several_objects() -> None:
    shared = [obj("macro", "m", {"definition": f"index={app}"}, app=app) for app in ("one", "two")]
    private = [
        obj("macro", "m", {"definition": f"index={owner}"}, app="two", owner=owner, sharing="user")
        for owner in ("ann", "bob")
    ]
    own = obj("saved_search", "own", {"search": "`m`"}, app="two", owner="ann", sharing="user")
    graph = graph_of(*shared, *private, own, detection("D", "`m`", app="two"), detection("E", "`m`", app="one"))
    assert {n for n in graph.nodes if n.startswith("macro:")} == {
        "macro:one/m", "macro:two/m", "macro:two/m@ann", "macro:two/m@bob",
    }  # fmt: skip
    used = {n: graph.groups_of(f"saved_search:{n}")[0].members for n in ("own", "D", "E")}
    assert used == {"own": ("macro:two/m@ann",), "D": ("macro:two/m",), "E": ("macro:one/m",)}
    assert not [p for p in graph.problems if p.kind == "duplicate"]


def test_the_published_content_passes_the_checks(corpora: Path) -> None:
    objects = load_objects(corpora / "escu")
    graph = KnowledgeGraph.build(KnowledgeSet.from_objects(objects[:200]))
    assert len(objects) > 3_000
    assert graph.index.size == len(graph.nodes)
