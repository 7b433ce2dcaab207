"""Knowledge from a detection repository's folders, and from listings of the management interface."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.errors import DataError
from agentgate_mcp.graph.build import KnowledgeGraph
from agentgate_mcp.graph.content import load_objects
from agentgate_mcp.spl.knowledge import KnowledgeSet

pytestmark = pytest.mark.req("graph.sources")

DETECTION = """
name: Shadow Copies Removed
id: 7d3f0b4e-0000-4000-8000-000000000001
date: 2026-10-01
type: TTP
status: production
data_source: [Sysmon EventID 1]
search: '`sysmon` process_name=vssadmin.exe | lookup approved_hosts host as dest | `shadow_copies_removed_filter`'
tags:
  mitre_attack_id: [T1490]
"""


def _write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return root


def test_a_repository_is_read_from_its_folders(tmp_path: Path) -> None:
    root = _write(
        tmp_path,
        {
            "detections/endpoint/shadow.yml": DETECTION,
            "detections/deprecated/old.yml": DETECTION.replace("Shadow Copies Removed", "Old One"),
            "macros/sysmon.yml": "name: sysmon\ndefinition: sourcetype=sysmon\n",
            "macros/round.yml": "name: rounded(1)\ndefinition: eval $f$=round($f$)\narguments: [f]\n",
            "lookups/approved_hosts.yml": "name: approved_hosts\nfilename: approved_hosts.csv\n",
            "README.yml": "name: nothing\n",
        },
    )
    found = {o.id: o for o in load_objects(root)}
    assert set(found) == {
        "saved_search:Shadow Copies Removed", "macro:sysmon", "macro:rounded(1)", "lookup:approved_hosts",
        "macro:shadow_copies_removed_filter",
    }  # fmt: skip
    assert found["saved_search:Shadow Copies Removed"].content["agentgate.techniques"] == ["T1490"]
    assert found["macro:rounded(1)"].content["args"] == ["f"]
    graph = KnowledgeGraph.build(KnowledgeSet.from_objects(tuple(found.values())), (), ())
    assert {"macro:sysmon", "lookup:approved_hosts"} <= {str(n) for n in graph.nodes}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("name: [open", "bad.yml: line"),
        ("- just\n- a list\n", "bad.yml: /: expected one object"),
        ("name: !!python/object/apply:os.getcwd []\n", "bad.yml: line 1"),
        ("definition: x\n", "bad.yml: //name"),
        ("a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(8)
        ), "at most 32 levels and 100000 values"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_refuses_the_whole_set(tmp_path: Path, document: str, says: str) -> None:
    _write(tmp_path, {"macros/bad.yml": document, "macros/good.yml": "name: m\ndefinition: x\n"})
    with pytest.raises(DataError) as caught:
        load_objects(tmp_path)
    assert says in str(caught.value)


def _entry(path: str, name: str, **content: Any) -> dict[str, Any]:
    return {
        "name": name,
        "id": f"https://splunk.example:8089/servicesNS/nobody/search{path}{name}",
        "updated": "2026-11-01T00:00:00+00:00",
        "acl": {"app": "search", "owner": "a.lund", "sharing": "global"},
        "content": {"eai:appName": "search", "disabled": False, **content},
    }


def test_listings_of_the_management_interface_are_knowledge(tmp_path: Path) -> None:
    view = "<dashboard><row><table><search><query>`m` | stats count</query></search></table></row></dashboard>"
    model = {"objects": [{"objectName": "All", "constraints": [{"search": "index=a"}], "fields": []}]}
    listed = [
        _entry("/saved/searches/", "Alert", search="`m` | stats count", is_scheduled="1"),
        {**_entry("/admin/macros/", "m", definition="index=a"), "acl": {"app": "x", "owner": "b", "sharing": "app"}},
        _entry("/data/ui/views/", "board", **{"eai:data": view}),
        _entry("/datamodel/model/", "Net", **{"eai:data": json.dumps(model)}),
        _entry("/saved/eventtypes/", "e", search="index=a", disabled=True),
        _entry("/server/info/", "server-info", version="10"),
    ]
    path = tmp_path / "export.json"
    path.write_text(json.dumps({"links": {}, "entry": listed}), encoding="utf-8")
    found = {o.id: o for o in load_objects(path)}
    assert set(found) == {"saved_search:Alert", "macro:m", "dashboard:board", "data_model:Net", "eventtype:e"}
    assert (found["macro:m"].app, found["macro:m"].owner, found["macro:m"].sharing) == ("x", "b", "app")
    assert found["dashboard:board"].content["searches"] == ["`m` | stats count"]
    assert found["data_model:Net"].content["objects"] == model["objects"]
    assert found["eventtype:e"].disabled


@pytest.mark.parametrize(
    ("kind", "definition", "says"),
    [
        ("/data/ui/views/", "<!DOCTYPE d [<!ENTITY a 'b'>]><d>&a;</d>", "without a document type"),
        ("/data/ui/views/", "<open>", "/entry/0/content/eai:data: expected XML"),
        ("/datamodel/model/", "{", "/entry/0/content/eai:data"),
    ],
)
def test_a_broken_definition_in_a_listing_is_named(tmp_path: Path, kind: str, definition: str, says: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps({"entry": [_entry(kind, "x", **{"eai:data": definition})]}), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_objects(path)
    assert says in str(caught.value)
