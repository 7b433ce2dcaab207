"""Cases and runbooks: read once, found by id, refused with their place when broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.backends.embedded.cases import CaseFiles
from agentgate_mcp.backends.embedded.runbooks import RunbookFiles, read_runbook
from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.errors import DataError, NotFoundError

pytestmark = pytest.mark.req("embedded.cases")


def test_a_case_keeps_what_its_file_says(backends: Backends) -> None:
    (case,) = backends.cases.cases()
    assert backends.cases.case("1001") == case
    assert (case.severity, case.alerts, case.entities) == ("high", ("e-4",), {"user": ("a.lund",)})
    assert case.earliest < case.latest


def test_an_unknown_case_comes_with_the_nearest_ids(backends: Backends) -> None:
    with pytest.raises(NotFoundError) as caught:
        backends.cases.case("1002")
    assert caught.value.nearest == ("1001",)


@pytest.mark.req("embedded.bad-data", "R9")
@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"severity": "huge"}, "/severity"),
        ({"created_at": "yesterday"}, "/created_at"),
        ({"entities": {"user": "a"}}, "/entities/user"),
        ({"verdict": "malicious"}, "/verdict"),
        ({"case_id": ""}, "/case_id"),
        ({"title": None}, "/title"),
        ({"latest": 0.0}, "/"),
    ],
)
def test_a_broken_case_is_refused_with_its_field(data_dir: Path, change: dict[str, Any], place: str) -> None:
    path = data_dir / "cases" / "1001.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        CaseFiles(data_dir).cases()
    assert (caught.value.file, caught.value.location) == ("cases/1001.json", place)


@pytest.mark.req("embedded.bad-data", "R9")
@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_cut_off_case_file_is_refused_with_the_place(data_dir: Path, cut: int) -> None:
    path = data_dir / "cases" / "1001.json"
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DataError, match=r"cases/1001\.json: character \d+"):
        CaseFiles(data_dir).cases()


@pytest.mark.req("embedded.bad-data", "R9")
def test_two_cases_of_one_id_are_refused(data_dir: Path) -> None:
    (data_dir / "cases" / "again.json").write_bytes((data_dir / "cases" / "1001.json").read_bytes())
    with pytest.raises(DataError, match=r"cases/again\.json"):
        CaseFiles(data_dir).cases()


def test_a_runbook_has_its_front_matter_and_body(backends: Backends) -> None:
    book = backends.runbooks.runbook("rb-brute-force")
    assert (book.title, book.categories, book.techniques, book.actions, book.severity, book.updated) == (
        "Brute force", ("brute_force",), ("T1110",), ("disable_user",), "high", "2026-10-01",
    )  # fmt: skip
    assert book.body == "# Brute force\n\nLook at the failures first.\n"
    assert backends.runbooks.runbooks() == (book,)


def test_an_unknown_runbook_comes_with_the_nearest_ids(backends: Backends) -> None:
    with pytest.raises(NotFoundError) as caught:
        backends.runbooks.runbook("rb-brute")
    assert caught.value.nearest == ("rb-brute-force",)


@pytest.mark.req("embedded.bad-data", "R9")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("# no front matter\n", "line 1"),
        ("", "line 1"),
        ("---\nid: a\ntitle: b\n", "line 3"),
        ("---\nid: [\n---\nbody\n", "line 2"),
        ("---\nid: a\ntitle: b\ncategories: c\n---\nbody\n", "/categories"),
        ("---\nid: a b\ntitle: b\ncategories: []\n---\nbody\n", "/id"),
        ("---\nid: a\ntitle: b\ncategories: []\nother: 1\n---\nbody\n", "/other"),
        ("---\nid: a\ntitle: b\ncategories: []\n---\n\n", "line 6"),
        ("---\n- a\n---\nbody\n", "/"),
        ("---\nid: a\ntitle: b\ncategories: []\nupdated: 2026-01-01\n---\nbody\n", "/updated"),
    ],
)
def test_a_broken_runbook_is_refused_with_line_or_field(text: str, place: str) -> None:
    with pytest.raises(DataError) as caught:
        read_runbook(text, "runbooks/x.md")
    assert (caught.value.file, caught.value.location) == ("runbooks/x.md", place)


@pytest.mark.req("embedded.bad-data", "R9")
def test_a_runbook_that_is_no_text_is_refused_with_the_byte(data_dir: Path) -> None:
    (data_dir / "runbooks" / "rb.md").write_bytes(b"---\nid: \xff\n---\nbody\n")
    with pytest.raises(DataError, match=r"runbooks/rb\.md: byte 8: expected UTF-8"):
        RunbookFiles(data_dir).runbooks()


@pytest.mark.req("embedded.bad-data", "R9")
def test_two_runbooks_of_one_id_are_refused(data_dir: Path) -> None:
    (data_dir / "runbooks" / "zz.md").write_bytes((data_dir / "runbooks" / "rb.md").read_bytes())
    with pytest.raises(DataError, match=r"runbooks/zz\.md"):
        RunbookFiles(data_dir).runbooks()
