"""Navigator layers: valid, and true to the counts that they show."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.graph import navigator
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.coverage import coverage_of
from agentgate_mcp.graph.impact import impact
from agentgate_mcp.graph.navigator import LOST, MORE, SINGLE, UNCOVERED, Mode, cells_of, layer
from agentgate_mcp.graph.tactics import attack_table
from tests.unit.graph.layers import faults
from tests.unit.graph.samples import change

pytestmark = pytest.mark.req("graph.navigator")

MODES: tuple[Mode, ...] = ("before", "after", "diff")
COUNTS = {"T1003": (3, 3), "T1046": (2, 1), "T1059": (1, 0), "T1059.001": (0, 0), "T1105": (1, 4), "T1110": (5, 3)}


def rows(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["techniqueID"]: row for row in made["techniques"]}


def made(mode: Mode, counts: dict[str, tuple[int, int]] = COUNTS) -> dict[str, Any]:
    value = layer(counts, name="n", mode=mode, table=attack_table())
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("mode", MODES)
def test_a_layer_is_valid_and_has_each_technique_once(mode: Mode) -> None:
    assert faults(made(mode)) == []
    assert list(rows(made(mode))) == sorted(COUNTS)
    assert faults(made(mode, {})) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: x.pop("name"),
        lambda x: x.pop("domain"),
        lambda x: x.pop("versions"),
        lambda x: x["versions"].update(layer="4.4"),
        lambda x: x["versions"].update(navigator="4.8.2"),
        lambda x: x["versions"].update(navigator=5),
        lambda x: x.update(domain="enterprise"),
        lambda x: x.update(colour="red"),
        lambda x: x["techniques"].append(x["techniques"][0]),
        lambda x: x["techniques"][0].update(techniqueID="1059"),
        lambda x: x["techniques"][0].update(color="red"),
        lambda x: x["techniques"][0].update(score="3"),
        lambda x: x["techniques"][0].update(metadata=[{"name": "a"}]),
        lambda x: x["gradient"].update(colors=["#ffffff"]),
        lambda x: x["gradient"].update(maxValue=x["gradient"]["minValue"]),
        lambda x: x["legendItems"].append({"label": "x", "color": "blue"}),
    ],
)
def test_the_checks_see_a_layer_that_is_not_valid(spoil: Callable[[Any], object]) -> None:
    value = copy.deepcopy(made("diff"))
    spoil(value)
    assert faults(value) != []


def test_scores_and_colours_say_what_is_left() -> None:
    before, after, diff = (rows(made(mode)) for mode in MODES)
    assert {t: r["score"] for t, r in before.items()} == {t: b for t, (b, _) in COUNTS.items()}
    assert {t: r["score"] for t, r in after.items()} == {t: a for t, (_, a) in COUNTS.items()}
    assert {t: r["score"] for t, r in diff.items()} == {t: a - b for t, (b, a) in COUNTS.items()}
    assert (before["T1059.001"]["color"], before["T1105"]["color"], before["T1003"]["color"]) == (UNCOVERED, SINGLE, "")
    assert (after["T1059"]["color"], after["T1059.001"]["color"], after["T1046"]["color"]) == (LOST, UNCOVERED, SINGLE)
    assert [diff[t]["color"] for t in ("T1003", "T1046", "T1059", "T1105")] == ["", SINGLE, LOST, MORE]
    assert diff["T1110"]["color"] == navigator.FEWER
    assert "none left" in diff["T1059"]["comment"]
    assert diff["T1003"]["comment"] == ""


def test_a_revoked_id_is_shown_by_its_successor_and_an_unknown_one_is_named() -> None:
    counts = {"T1086": (4, 0), "T1059.001": (1, 1), "T9999": (2, 2)}
    cells, unknown = cells_of(counts, attack_table())
    assert list(cells) == ["T1059.001"]
    assert (cells["T1059.001"].before, cells["T1059.001"].after) == (4, 1)
    assert unknown == ("T9999",)
    value = made("after", counts)
    assert {"name": "takes the place of", "value": "T1086"} in rows(value)["T1059.001"]["metadata"]
    assert any(m["value"] == "T9999" for m in value["metadata"])
    assert faults(value) == []


@given(
    st.dictionaries(
        st.sampled_from([*attack_table().techniques, *attack_table().revoked, "T9998"]),
        st.tuples(st.integers(0, 2000), st.integers(0, 2000)),
        max_size=30,
    ),
    st.sampled_from(MODES),
)
def test_any_counts_make_a_valid_layer(counts: dict[str, tuple[int, int]], mode: Mode) -> None:
    assert faults(made(mode, counts)) == []


def test_published_content_before_and_after_a_removal(published: KnowledgeGraph) -> None:
    graph = published
    found = impact(graph, [change("delete", "macro", "security_content_ctime")])
    before = coverage_of(graph).techniques
    counts = {t: (n, n) for t, n in before.items()} | {c.id: (c.before, c.after) for c in found.techniques}
    for mode in MODES:
        assert faults(made(mode, counts)) == []
    lost = [t for t, r in rows(made("diff", counts)).items() if r["color"] == LOST]
    assert len(lost) in (len(found.lost_techniques), len(found.lost_techniques) - 1)
    assert len(lost) > 150
