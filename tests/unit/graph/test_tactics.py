"""The bundled ATT&CK table: whole, versioned, and honest about ids that it does not know."""

import json
import re
from pathlib import Path

import pytest

from agentgate_mcp.bundled import bundled_dir
from agentgate_mcp.errors import DataError
from agentgate_mcp.graph.tactics import TABLE_FILE, attack_table, parent_of, read_table

pytestmark = pytest.mark.req("graph.attack")

_ID = re.compile(r"T\d{4}(\.\d{3})?")


def techniques_in(value: object) -> set[str]:
    """Every string of a JSON value that is a technique id and nothing else."""
    if isinstance(value, str):
        return {value} if _ID.fullmatch(value) else set()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*(techniques_in(v) for v in inner))


def test_the_table_names_its_version_source_and_terms() -> None:
    table = attack_table()
    assert table.version == "18.0"
    assert "ATT&CK 18.0" in table.source
    assert "The MITRE Corporation" in table.licence
    assert "trademark" in table.licence


def test_the_table_is_whole() -> None:
    table = attack_table()
    assert [t.short for t in table.tactics][:2] == ["reconnaissance", "resource-development"]
    assert len(table.tactics) == 14
    parents = [t for t in table.techniques.values() if not t.parent]
    assert (len(parents), len(table.techniques)) == (216, 691)
    for technique in table.techniques.values():
        assert _ID.fullmatch(technique.id)
        assert technique.name == technique.name.strip() != ""
        assert set(technique.tactics) <= {t.short for t in table.tactics}
        assert technique.tactics
        assert not technique.parent or table.techniques[technique.parent].tactics == technique.tactics
    used = {t for row in table.techniques.values() for t in row.tactics}
    assert used == {t.short for t in table.tactics}
    assert list(table.techniques) == sorted(table.techniques)


def test_every_revoked_id_leads_to_a_current_one_and_is_none_itself() -> None:
    table = attack_table()
    assert len(table.revoked) > 100
    for old, new in table.revoked.items():
        assert table.standing(old) == "revoked"
        assert table.standing(new) == "current"


def test_names_tactics_and_parents_of_known_revoked_and_unknown_ids() -> None:
    table = attack_table()
    assert table.name("T1059.001") == "Command and Scripting Interpreter: PowerShell"
    assert table.tactics_of("T1078") == ("initial-access", "persistence", "privilege-escalation", "defense-evasion")
    assert (table.standing("T1086"), table.current("T1086")) == ("revoked", "T1059.001")
    assert table.name("T1086") == table.name("T1059.001")
    assert (table.standing("T9999"), table.name("T9999"), table.tactics_of("T9999")) == ("unknown", "", ())
    assert (parent_of("T1059.001"), parent_of("T1059")) == ("T1059", "")
    assert table.not_current(["T1059", "T9999", "T1086"]) == {"T1086": "T1059.001", "T9999": "unknown"}


def test_every_technique_of_published_content_is_known_or_said_to_be_revoked(corpora: Path) -> None:
    rows = (corpora / "escu" / "detections.jsonl").read_text("utf-8").splitlines()
    named = set().union(*(techniques_in(json.loads(row).get("mitre") or []) for row in rows))
    table = attack_table()
    assert len(named) > 300
    assert table.not_current(named) == {"T1574.002": "T1574.001"}
    assert all(table.name(t) and table.tactics_of(t) for t in named)


def test_every_technique_of_the_bundled_data_is_current() -> None:
    named: set[str] = set()
    data = bundled_dir("data")
    for folder in ("knowledge", "threatintel", "cases"):
        for file in sorted((data / folder).glob("*.json")):
            named |= techniques_in(json.loads(file.read_text("utf-8")))
    for runbook in sorted((data / "runbooks").glob("*.md")):
        named |= {m.group() for m in _ID.finditer(runbook.read_text("utf-8"))}
    assert len(named) > 40
    assert attack_table().not_current(named) == {}


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("# version\t1\ntactic\tTA0001\tx\tX\ntechnique\tT1000\tName\ty", "line 3"),
        ("# version\t1\nnonsense", "line 2"),
        ("# version\t1\ntactic\tTA0001\tx", "line 2"),
        ("tactic\tTA0001\tx\tX\ntechnique\tT1000\tName\tx", "head"),
        ("# version\t1", "head"),
        ("", "head"),
    ],
)
def test_a_damaged_table_is_refused_with_its_place(document: str, place: str) -> None:
    with pytest.raises(DataError) as caught:
        read_table(document)
    assert caught.value.location == place


def test_the_file_is_plain_text_in_one_order() -> None:
    lines = TABLE_FILE.read_text("utf-8").splitlines()
    kinds = [line.split("\t", 1)[0] for line in lines if not line.startswith("#")]
    assert kinds == sorted(kinds, key=("tactic", "technique", "revoked").index)
