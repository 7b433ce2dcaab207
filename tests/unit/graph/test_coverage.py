"""Coverage of loaded content, and content from files."""

import json
from pathlib import Path

import pytest

from agentgate_mcp.errors import DataError
from agentgate_mcp.graph.content import load_objects
from agentgate_mcp.graph.coverage import coverage_of
from tests.unit.graph.samples import asset, detection, graph_of, macro


@pytest.mark.req("graph.coverage")
def test_coverage_counts_sub_techniques_apart_and_families_together() -> None:
    graph = graph_of(
        detection("A", "index=a", techniques=("T1059.001", "T1003"), covers=("h1",)),
        detection("B", "index=a", techniques=("T1059.003",), covers=("h1", "h2"), controls=("C1",)),
        detection("C", "index=a", techniques=("T1059.003",), disabled=True),
        assets=(asset("h1"), asset("h2")),
    )
    coverage = coverage_of(graph, tactics={"T1003": ("credential-access",), "T1059.003": ("execution",)})
    assert coverage.techniques == {"T1003": 1, "T1059.001": 1, "T1059.003": 1}
    assert coverage.families == {"T1003": 1, "T1059": 2}
    assert coverage.tactics == {"credential-access": 1, "execution": 1}
    assert coverage.controls == {"C1": 1}
    assert coverage.assets == {"h1": 2, "h2": 1}
    assert coverage.sole == {
        "saved_search:A": ("technique:T1003", "technique:T1059.001"),
        "saved_search:B": ("asset:h2", "control:C1", "technique:T1059.003"),
    }
    assert coverage.detections == 2
    assert coverage.not_counting == {"saved_search:C": "disabled"}


@pytest.mark.req("graph.coverage")
def test_a_detection_on_broken_ground_covers_nothing() -> None:
    graph = graph_of(macro("gone", "index=a", disabled=True), detection("A", "`gone`"))
    coverage = coverage_of(graph)
    assert coverage.techniques == {"T1000": 0}
    assert coverage.not_counting == {"saved_search:A": "what it needs is broken"}


@pytest.mark.req("graph.coverage")
def test_a_report_is_no_detection() -> None:
    graph = graph_of(
        detection("report", "index=a", techniques=(), alert_type="number of events", alert__track=False),
        detection("tracked", "index=a", techniques=(), alert__track=True),
    )
    assert set(graph.detections) == {"saved_search:tracked"}


def write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), "utf-8")


@pytest.mark.req("graph.content")
def test_a_repository_is_read_with_the_macros_that_its_build_makes(tmp_path: Path) -> None:
    rows = [
        {
            "kind": "detection",
            "name": "Odd Thing - One",
            "search": "`logs` | `odd_thing___one_filter`",
            "mitre": ["T1"],
            "status": "production",
        },
        {
            "kind": "detection",
            "name": "Two",
            "search": "`logs` | `two_filter`",
            "mitre": ["T1"],
            "status": "experimental",
            "data_source": ["a", "b"],
        },
        {"kind": "detection", "name": "Old", "search": "`logs`", "deprecated": True, "mitre": []},
        {"kind": "baseline", "name": "Base", "search": "index=a | outputlookup seen"},
    ]
    (tmp_path / "detections.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    write(
        tmp_path / "macros.json",
        [{"name": "logs", "definition": "index=a"}, {"name": "f", "definition": "x=$a$", "arguments": ["a"]}],
    )
    write(tmp_path / "lookups.json", [{"name": "seen", "filename": "seen.csv"}])
    write(tmp_path / "expected.json", {"figures": {"T1": 2}})
    graph = graph_of(*load_objects(tmp_path))
    assert {
        "saved_search:Odd Thing - One",
        "saved_search:Two",
        "saved_search:Base",
        "macro:f",
        "lookup:seen",
    } <= graph.nodes.keys()
    assert "saved_search:Old" not in graph.nodes
    assert graph.nodes["macro:two_filter"].object is not None
    assert set(graph.detections) == {"saved_search:Odd Thing - One", "saved_search:Two"}
    assert coverage_of(graph).techniques == {"T1": 1}
    assert coverage_of(graph, experimental=True).techniques == {"T1": 2}


@pytest.mark.req("graph.content")
def test_our_own_shape_is_read_from_a_file_or_a_directory(tmp_path: Path) -> None:
    one = {
        "kind": "macro",
        "name": "m",
        "app": "a",
        "owner": "o",
        "sharing": "global",
        "content": {"definition": "index=x"},
    }
    write(tmp_path / "m.json", [one])
    assert load_objects(tmp_path) == load_objects(tmp_path / "m.json")
    (found,) = load_objects(tmp_path)
    assert (found.id, found.app, found.sharing, found.disabled) == ("macro:m", "a", "global", False)


@pytest.mark.req("graph.content", "R9")
@pytest.mark.parametrize(
    ("name", "data", "where"),
    [
        ("a.json", b'[{"kind": "macro"}]', "/0/name"),
        ("a.json", b'[{"kind": "nonsense", "name": "x"}]', "/0/kind"),
        ("a.json", b'[{"kind": "macro", "name": "x", "content": []}]', "/0/content"),
        ("a.json", b'[{"kind": "macro", "name": "x", "sharing": "everybody"}]', "/0/sharing"),
        ("a.json", b"[1]", "/0"),
        ("a.json", b"[{", "/"),
        ("a.json", b'[{"kind": "macro", "kind": "macro", "name": "x"}]', "/"),
        ("a.json", b'"\xff"', "byte 1"),
        ("a.jsonl", b'{"kind": "macro", "name": "x"}\n{"kind"\n', "line 2"),
        ("a.json", b"[]", "/"),
    ],
)
def test_a_faulty_file_is_refused_whole_with_its_place(tmp_path: Path, name: str, data: bytes, where: str) -> None:
    (tmp_path / "good.json").write_bytes(b"[]")
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError) as caught:
        load_objects(tmp_path)
    assert caught.value.location == where


@pytest.mark.req("graph.content", "R9")
def test_an_empty_directory_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(DataError):
            load_objects(path)
