"""`graph`: impact, coverage and export, in the shapes that other programs rely on."""

from __future__ import annotations

import hashlib
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.cli.graph_input import read_settings
from tests.unit.cli.shell import Cli
from tests.unit.graph.layers import faults

pytestmark = pytest.mark.req("cli.graph")

SHAPE = ("object", "broken", "degraded", "techniques", "compliance", "assets", "severity")
SOLE = "saved_search:Identity - Directory Replication By Non-Controller"


def content(search: str, *techniques: str, **more: Any) -> dict[str, Any]:
    return {
        "search": search,
        "is_scheduled": True,
        "cron_schedule": "*/10 * * * *",
        "dispatch.earliest_time": "-15m@m",
        "dispatch.latest_time": "@m",
        "actions": "notable",
        "agentgate.techniques": list(techniques),
        **more,
    }


def item(kind: str, name: str, body: dict[str, Any], app: str = "search") -> dict[str, Any]:
    return {"kind": kind, "name": name, "app": app, "team": "soc", "content": body}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Two detections on one macro, a third beside it, and a name that two apps share."""
    objects = [
        item("macro", "base", {"definition": "sourcetype=sysmon"}),
        item("macro", "same", {"definition": "index=a"}, "one"),
        item("macro", "same", {"definition": "index=b"}, "two"),
        item("saved_search", "A", content("`base` x=1", "T1003", "T1059.001")),
        item("saved_search", "B", content("`base` x=2", "T1003")),
        item("saved_search", "C", content("index=c", "T1003", "T9999")),
        item("saved_search", "Trial", content("index=c", "T1046", **{"agentgate.status": "experimental"})),
    ]
    file = tmp_path / "objects.json"
    file.write_text(json.dumps(objects))
    return file


def test_impact_has_the_documented_shape_and_more(cli: Cli, small: Path) -> None:
    done = cli("graph", "impact", "macro:base", "--knowledge", small, "--json")
    assert (done.code, done.err) == (0, "")
    said = done.json()
    assert set(SHAPE) <= set(said)
    assert said["object"] == "macro:base"
    assert said["broken"] == ["saved_search:A", "saved_search:B"]
    assert said["degraded"] == []
    assert said["techniques"] == {
        "T1003": {"before": 3, "after": 1, "name": "OS Credential Dumping"},
        "T1059.001": {"before": 1, "after": 0, "name": "Command and Scripting Interpreter: PowerShell"},
    }
    assert said["parents"]["T1059"]["after"] == 0
    assert said["paths"] == {d: ["macro:base", d] for d in said["broken"]}
    assert said["owners"] == ["soc"]
    assert said["severity"] in ("low", "medium", "high", "critical")


def test_impact_of_the_sites_own_objects_names_assets_with_owner_and_criticality(cli: Cli) -> None:
    said = cli("graph", "impact", SOLE, "--json").json()
    (asset,) = [a for a in said["assets"] if a["asset"] == "dc01"]
    assert (asset["criticality"], asset["owner_team"], asset["origin"]) == ("critical", "identity", "declared")
    assert (asset["before"], asset["after"]) == (1, 0)
    assert said["severity"] == "critical"
    told = cli("graph", "impact", SOLE)
    assert (told.code, told.err) == (0, "")
    assert "dc01 (critical, owner identity, declared): 1 → 0, none left" in told.out
    assert "T1003.006 OS Credential Dumping: DCSync: 1 → 0" in told.out
    assert "score" in told.out


def test_a_tree_explains_each_loss(cli: Cli, small: Path) -> None:
    told = cli("graph", "impact", "macro:base", "--knowledge", small).out
    assert "saved_search:A ← macro:base" in told
    assert "T1003 OS Credential Dumping: 3 → 1, one left" in told
    assert "techniques left with nothing, sub-techniques included: T1059 Command and Scripting Interpreter" in told


@pytest.mark.parametrize("name", ["macro:bas", "detection:A.", "macro:A", "saved_search:nothing like it at all"])
def test_an_unknown_object_is_1_with_the_nearest_names(cli: Cli, small: Path, name: str) -> None:
    near = {"macro:bas": "macro:base", "detection:A.": "saved_search:A", "macro:A": "saved_search:A"}.get(name, "")
    done = cli("graph", "impact", name, "--knowledge", small, "--json")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: no object named")
    assert near in done.err
    assert done.err.count("\n") == 1


def test_an_ambiguous_object_is_1_with_its_apps_and_one_of_them_is_enough(cli: Cli, small: Path) -> None:
    done = cli("graph", "impact", "macro:same", "--knowledge", small)
    assert (done.code, done.out) == (1, "")
    assert "macro:one/same" in done.err
    assert "macro:two/same" in done.err
    said = cli("graph", "impact", "macro:two/same", "--knowledge", small, "--json").json()
    assert said["object"] == "macro:two/same"


@pytest.mark.parametrize("name", ["base", "makro:base", ":x", "macro:"])
def test_a_name_without_a_kind_is_refused_with_the_form_expected(cli: Cli, small: Path, name: str) -> None:
    done = cli("graph", "impact", name, "--knowledge", small)
    assert (done.code, done.out) == (1, "")
    assert ":" in done.err.removeprefix("error:")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["technique:T1003"], "not the technique"),
        (["sourcetype:sysmon", "--change", "modify", "--settings", "{}"], "defined here"),
        (["technique:T1003", "--reachability", "plain"], "not the technique"),
        (["data_source:new", "--change", "create"], "can be created"),
    ],
)
def test_what_cannot_be_changed_so_is_refused(cli: Cli, small: Path, args: list[str], said: str) -> None:
    done = cli("graph", "impact", *args, "--knowledge", small)
    assert (done.code, done.out) == (1, "")
    assert said in done.err


@pytest.mark.req("cli.ends")
@pytest.mark.parametrize(
    "args",
    [
        ["impact"],
        ["impact", "macro:base", "--change", "modify"],
        ["impact", "macro:base", "--settings", "{}"],
        ["impact", "macro:base", "--change", "explode"],
        ["impact", "macro:base", "--reachability", "plain", "--change", "modify", "--settings", "{}"],
        ["impact", "macro:base", "--reachability", "plain", "--dot", "x.dot"],
        ["coverage", "--layer", "diff"],
        ["coverage", "--layer", "sideways"],
        ["coverage", "macro:base", "--plan", "x.json"],
        ["coverage", "--settings", "{}"],
        ["export", "--format", "png"],
    ],
)
def test_wrong_usage_is_2_with_nothing_on_stdout(cli: Cli, args: list[str]) -> None:
    done = cli("graph", *args)
    assert (done.code, done.out) == (2, "")


def test_a_modification_is_compared_with_what_was_there(cli: Cli, small: Path, tmp_path: Path) -> None:
    narrowed = {"definition": "sourcetype=sysmon user=alice"}
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(narrowed))
    args = ("graph", "impact", "macro:base", "--change", "modify", "--knowledge", small, "--json")
    inline = cli(*args, "--settings", json.dumps(narrowed)).json()
    assert inline["losses"]
    assert inline["change"] == "modify"
    assert cli(*args, "--settings", file).json() == inline
    same = cli(*args, "--settings", json.dumps({"definition": "sourcetype=sysmon"})).json()
    assert (same["broken"], same["losses"]) == ([], [])


@pytest.mark.parametrize("text", ["[1]", '{"a":1,"a":2}', "{", '{"a": NaN}'])
def test_settings_that_are_no_object_are_refused(cli: Cli, small: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.json"
    file.write_text(text)
    done = cli("graph", "impact", "macro:base", "--change", "modify", "--knowledge", small, "--settings", file)
    assert (done.code, done.out) == (1, "")
    assert "settings.json" in done.err


def test_settings_are_read_from_the_argument_itself() -> None:
    assert read_settings(' {"search": "index=a"}') == {"search": "index=a"}


def test_a_created_object_is_judged_too(cli: Cli, small: Path) -> None:
    args = ("graph", "impact", "--knowledge", small, "--json", "--change", "create", "--settings")
    said = cli(*args, json.dumps(content("index=a", "T1003")), "saved_search:search/New").json()
    assert said["broken"] == []
    assert said["object"] == "saved_search:New"


def test_plain_reachability_equals_published_figures(cli: Cli, corpora: Path) -> None:
    golden = json.loads((corpora / "escu" / "removal_golden.json").read_text("utf-8"))["removal"]
    args = ("graph", "impact", "datasource:Sysmon EventID 1", "--knowledge", corpora / "escu", "--json")
    said = cli(*args, "--reachability", "plain").json()
    row = golden["datasource:Sysmon EventID 1"]
    names = "\n".join("det:" + d.removeprefix("saved_search:") for d in said["broken"])
    assert set(SHAPE) <= set(said)
    assert len(said["broken"]) == row["detections"] == 449
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == row["sha256_detections"]
    assert (len(said["lost"]), len(said["to_one"])) == (row["lost"], row["to_one"])
    assert len(said["techniques"]) == row["techniques_touched"]
    any_of = cli(*args).json()
    assert len(any_of["degraded"]) > 400
    assert len(any_of["broken"]) < 10


def test_plain_reachability_is_shown_to_people_too(cli: Cli, small: Path) -> None:
    told = cli("graph", "impact", "macro:base", "--knowledge", small, "--reachability", "plain")
    assert (told.code, told.err) == (0, "")
    assert "broken: 2" in told.out
    assert "T1059.001 Command and Scripting Interpreter: PowerShell: 1 → 0" in told.out


def test_losses_are_drawn_into_files(cli: Cli, small: Path, tmp_path: Path) -> None:
    mermaid, dot = tmp_path / "x.mmd", tmp_path / "x.dot"
    done = cli("graph", "impact", "macro:base", "--knowledge", small, "--mermaid", mermaid, "--dot", dot, "--json")
    assert done.json()["object"] == "macro:base"
    assert done.err == f"wrote {mermaid}\nwrote {dot}\n"
    assert mermaid.read_text().startswith('flowchart LR\n  n0["macro:base"]:::cause\n')
    assert "technique:T1059.001" in mermaid.read_text()
    assert dot.read_text().startswith("digraph impact {\n")


def test_coverage_tells_counts_gaps_sole_cover_and_how_it_is_known(cli: Cli, small: Path) -> None:
    said = cli("graph", "coverage", "--knowledge", small, "--json").json()
    assert said["detections"] == 3
    assert said["techniques"]["T1003"]["detections"] == 3
    assert said["sub_techniques"]["T1059.001"]["detections"] == 1
    assert said["parents"]["T1059"]["detections"] == 1
    assert said["tactics"]["credential-access"]["detections"] == 3
    assert said["techniques"]["T9999"]["standing"] == "unknown"
    assert said["not_current"] == {"T9999": "unknown"}
    assert said["gaps"]["techniques"] == [
        {"id": "T1046", "name": "Network Service Discovery", "reasons": {"experimental": ["saved_search:Trial"]}}
    ]
    assert {"id": "TA0007", "short": "discovery", "name": "Discovery", "not_counting": 1} in said["gaps"]["tactics"]
    assert said["sole"]["saved_search:A"] == ["technique:T1059.001"]
    assert {"saved_search:A", "saved_search:B"} <= {d for a in said["assets"] for d in a["observed"]}
    assert {a["origin"] for a in said["assets"]} == {"observed", "assumed"}
    told = cli("graph", "coverage", "--knowledge", small)
    assert (told.code, told.err) == (0, "")
    for part in ("Credential Access", "T1046", "1 experimental", "saved_search:A", "observed", "T9999 (unknown)"):
        assert part in told.out


def test_bundled_detections_declare_what_they_cover(cli: Cli) -> None:
    said = cli("graph", "coverage", "--json").json()
    assert {a["origin"] for a in said["assets"]} == {"declared"}
    assert said["not_current"] == {}


def test_a_planned_change_set_is_shown_before_and_after(cli: Cli, small: Path, tmp_path: Path) -> None:
    plan, layer = tmp_path / "plan.json", tmp_path / "layer.json"
    changes = [{"action": "disable", "kind": "saved_search", "name": n} for n in ("A", "B")]
    plan.write_text(json.dumps({"changes": changes, "reason": "clean up"}))
    args = ("graph", "coverage", "--knowledge", small, "--json", "--plan", plan, "--navigator", layer)
    said = cli(*args).json()["change"]
    assert said["techniques"]["T1003"]["after"] == 1
    assert said["tactics"]["credential-access"] == {"before": 3, "after": 1}
    assert said["tactics"]["execution"] == {"before": 1, "after": 0}
    diff = json.loads(layer.read_text())
    assert faults(diff) == []
    assert {r["techniqueID"]: r["score"] for r in diff["techniques"]} == {"T1003": -2, "T1046": 0, "T1059.001": -1}
    plan.write_text(json.dumps(changes))
    assert cli(*args).json()["change"] == said
    told = cli("graph", "coverage", "--knowledge", small, "--plan", plan)
    assert "T1059.001" in told.out


@pytest.mark.parametrize(
    ("text", "place"),
    [("[]", "changes"), ('[{"action":"melt","kind":"macro","name":"x"}]', "action"), ("{}", "changes"), ("nope", "/")],
)
def test_a_plan_that_is_none_is_refused_with_its_place(
    cli: Cli, small: Path, tmp_path: Path, text: str, place: str
) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(text)
    done = cli("graph", "coverage", "--knowledge", small, "--plan", plan)
    assert (done.code, done.out) == (1, "")
    assert "plan.json" in done.err
    assert place in done.err


def test_a_layer_of_published_content_is_valid(cli: Cli, corpora: Path, tmp_path: Path) -> None:
    layer = tmp_path / "layer.json"
    args = ("graph", "coverage", "macro:sysmon", "--knowledge", corpora / "escu", "--json", "--navigator", layer)
    said = cli(*args).json()
    made = json.loads(layer.read_text("utf-8"))
    assert faults(made) == []
    scores = {r["techniqueID"]: r["score"] for r in made["techniques"]}
    assert len(scores) == 301
    changed = {t: row["after"] - row["before"] for t, row in said["change"]["techniques"].items()}
    # The one revoked id of this content is shown by its successor.
    old, new = changed.pop("T1574.002"), changed.pop("T1574.001")
    assert scores.pop("T1574.001") == min(old, new)
    assert {t: n for t, n in scores.items() if n} == changed
    assert min(changed.values()) < 0


@pytest.mark.parametrize("mode", ["before", "after", "diff"])
def test_each_layer_can_be_asked_for(cli: Cli, small: Path, tmp_path: Path, mode: str) -> None:
    layer = tmp_path / "layer.json"
    args = ("graph", "coverage", "macro:base", "--knowledge", small, "--json", "--navigator", layer, "--layer", mode)
    assert cli(*args).code == 0
    made = json.loads(layer.read_text("utf-8"))
    assert faults(made) == []
    expected = {"before": 3, "after": 1, "diff": -2}
    assert {r["techniqueID"]: r["score"] for r in made["techniques"]}["T1003"] == expected[mode]


@pytest.mark.req("graph.export")
def test_the_graph_is_exported_in_every_form(cli: Cli, small: Path, tmp_path: Path) -> None:
    said = {f: cli("graph", "export", "--knowledge", small, "--format", f) for f in ("json", "node-link", "graphml")}
    assert [d.code for d in said.values()] == [0, 0, 0]
    nodes = {n["id"] for n in said["json"].json()["nodes"]}
    assert {n["id"] for n in said["node-link"].json()["nodes"]} == nodes
    assert len([n for n in ET.fromstring(said["graphml"].out).iter() if n.tag.endswith("}node")]) == len(nodes)
    file = tmp_path / "graph.dot"
    done = cli("graph", "export", "--knowledge", small, "--format", "dot", "--out", file)
    assert (done.code, done.out, done.err) == (0, "", f"wrote {file}\n")
    assert file.read_text().startswith("digraph")
    assert cli("graph", "export", "--knowledge", small, "--format", "mermaid").out.startswith("flowchart LR\n")


@pytest.mark.req("graph.drawing")
def test_a_hostile_name_stays_text_on_the_terminal(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "objects.json"
    name = "evil[red]x[/red]\x1b[2J\u202e"
    file.write_text(
        json.dumps([item("macro", "m", {"definition": "index=a"}), item("saved_search", name, content("`m`", "T1003"))])
    )
    told = cli("graph", "impact", "macro:m", "--knowledge", file).out
    assert "evil[red]x[/red]\\u{1b}[2J\\u{202e}" in told
    assert "\x1b" not in told
