"""Knowledge objects: changed under a permit, whole or not at all, undoable, seen by everybody."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agentgate_mcp.backends.embedded import open_embedded, read_journal
from agentgate_mcp.backends.ports import Backends
from agentgate_mcp.errors import ArgumentError, DataError, NotFoundError, PermitError
from agentgate_mcp.model.site import KnowledgeObject, ObjectChange
from agentgate_mcp.permits import Permit, PermitBook, PermitKind

pytestmark = pytest.mark.req("embedded.objects")

DISABLE = ObjectChange(action="disable", kind="saved_search", name="Brute Force")
CREATE = ObjectChange(
    action="create", kind="saved_search", name="Brute Force 2", app="detections", content={"search": "index=auth"}
)
MODIFY = ObjectChange(action="modify", kind="macro", name="sign_ins", content={"definition": "index=auth", "note": "x"})
DELETE = ObjectChange(action="delete", kind="lookup", name="allow.csv")

Mint = Callable[..., Permit]


def _get(backends: Backends, kind: str, name: str, app: str = "") -> KnowledgeObject | None:
    found = [o for o in backends.knowledge.objects() if (o.kind, o.name) == (kind, name) and app in ("", o.app)]
    return found[0] if found else None


def test_objects_are_seeded_once_and_read_in_a_fixed_order(open_backend: Callable[[], Backends]) -> None:
    first, second = open_backend(), open_backend()
    assert [o.id for o in first.knowledge.objects()] == [o.id for o in second.knowledge.objects()]
    assert len(first.knowledge.objects()) == 8
    assert first.knowledge.generation() == second.knowledge.generation() == 1


def test_each_kind_of_change_does_what_it_says(backends: Backends, permit_for: Mint) -> None:
    changes = (DISABLE, CREATE, MODIFY, DELETE)
    records = backends.knowledge.apply(changes, permit=permit_for(*changes), at=1000.0)
    assert [(r.change, r.before is None, r.after is None) for r in records] == [
        (DISABLE, False, False), (CREATE, True, False), (MODIFY, False, False), (DELETE, False, True),
    ]  # fmt: skip
    disabled = _get(backends, "saved_search", "Brute Force")
    assert disabled is not None
    assert disabled.disabled
    assert disabled.updated == "1970-01-01T00:16:40Z"
    modified = _get(backends, "macro", "sign_ins")
    assert modified is not None
    assert modified.content == {"definition": "index=auth", "note": "x"}
    assert _get(backends, "saved_search", "Brute Force 2") is not None
    assert _get(backends, "lookup", "allow.csv") is None
    assert backends.knowledge.changes() == records


def test_modify_keeps_unnamed_settings_removes_nulls_and_sets_own_fields(backends: Backends, permit_for: Mint) -> None:
    change = ObjectChange(
        action="modify", kind="saved_search", name="Brute Force",
        content={"is_scheduled": None, "cron_schedule": "*/5 * * * *", "disabled": "1", "agentgate.team": "identity"},
    )  # fmt: skip
    (record,) = backends.knowledge.apply([change], permit=permit_for(change), at=1.0)
    assert record.after is not None
    assert record.after.content == {"search": "index=auth action=failure", "cron_schedule": "*/5 * * * *"}
    assert (record.after.disabled, record.after.team) == (True, "identity")


def test_later_changes_of_a_set_see_what_earlier_ones_did(backends: Backends, permit_for: Mint) -> None:
    disable = ObjectChange(action="disable", kind="saved_search", name="Brute Force 2", app="detections")
    records = backends.knowledge.apply([CREATE, disable], permit=permit_for(CREATE, disable), at=1.0)
    assert records[1].before == records[0].after


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (ObjectChange(action="disable", kind="saved_search", name="Nowhere"), NotFoundError),
        (ObjectChange(action="disable", kind="saved_search", name="Twin"), ArgumentError),
        (ObjectChange(action="delete", kind="saved_search", name="Twin", app="other"), ArgumentError),
        (ObjectChange(action="create", kind="saved_search", name="Brute Force", app="detections"), ArgumentError),
        (ObjectChange(action="modify", kind="macro", name="sign_ins", content={"disabled": "maybe"}), ArgumentError),
        (ObjectChange(action="modify", kind="macro", name="sign_ins", content={"agentgate.team": 5}), ArgumentError),
    ],
)
def test_one_bad_change_undoes_the_whole_set(
    backends: Backends, permit_for: Mint, tmp_path: Path, bad: ObjectChange, error: type[Exception]
) -> None:
    before, generation = backends.knowledge.objects(), backends.knowledge.generation()
    with pytest.raises(error):
        backends.knowledge.apply([DISABLE, CREATE, bad], permit=permit_for(DISABLE, CREATE, bad), at=1.0)
    assert backends.knowledge.objects() == before
    assert backends.knowledge.generation() == generation
    assert backends.knowledge.changes() == ()
    assert read_journal(tmp_path / "state") == ()


def test_an_unknown_name_comes_with_the_nearest_and_an_ambiguous_one_with_the_apps(
    backends: Backends, permit_for: Mint
) -> None:
    near = ObjectChange(action="disable", kind="saved_search", name="Brut Force")
    with pytest.raises(NotFoundError) as unknown:
        backends.knowledge.apply([near], permit=permit_for(near), at=1.0)
    assert unknown.value.nearest == ("Brute Force",)
    twin = ObjectChange(action="disable", kind="saved_search", name="Twin")
    with pytest.raises(ArgumentError) as ambiguous:
        backends.knowledge.apply([twin], permit=permit_for(twin), at=1.0)
    assert "detections, identity" in ambiguous.value.expected


@pytest.mark.req("R1", "R3")
def test_a_change_needs_a_permit_of_its_own(backends: Backends, permit_for: Mint) -> None:
    used = permit_for(DISABLE)
    backends.knowledge.apply([DISABLE], permit=used, at=1.0)
    forged = replace(permit_for(CREATE))
    replica = permit_for(CREATE, kind=PermitKind.REPLICA)
    other = permit_for(MODIFY)
    stranger = PermitBook().mint(kind=PermitKind.EFFECT, digest=permit_for(CREATE).digest, call_id="c", intent_seq=1)
    for permit, changes in ((used, [DISABLE]), (forged, [CREATE]), (replica, [CREATE]), (other, [CREATE]),
                            (stranger, [CREATE])):  # fmt: skip
        with pytest.raises(PermitError):
            backends.knowledge.apply(changes, permit=permit, at=1.0)
    assert len(backends.knowledge.changes()) == 1


@pytest.mark.req("R3")
def test_a_permit_is_used_up_even_when_the_change_is_refused(backends: Backends, permit_for: Mint) -> None:
    bad = ObjectChange(action="disable", kind="saved_search", name="Nowhere")
    permit = permit_for(bad)
    with pytest.raises(NotFoundError):
        backends.knowledge.apply([bad], permit=permit, at=1.0)
    with pytest.raises(PermitError):
        backends.knowledge.apply([bad], permit=permit, at=1.0)


@pytest.mark.req("embedded.journal", "R3")
def test_the_journal_names_call_and_intent_of_every_effect(
    backends: Backends, permit_for: Mint, tmp_path: Path
) -> None:
    records = backends.knowledge.apply([DISABLE, CREATE], permit=permit_for(DISABLE, CREATE, seq=41), at=5.0)
    undo = permit_for("rollback", records[1].change_id, seq=42, kind=PermitKind.OPERATOR)
    backends.knowledge.rollback(records[1].change_id, permit=undo, at=6.0)
    assert [(e.call_id, e.intent_seq, e.what, e.at) for e in read_journal(tmp_path / "state")] == [
        ("call-1", 41, "disable:saved_search:Brute Force", 5.0),
        ("call-1", 41, "create:saved_search:Brute Force 2", 5.0),
        ("call-1", 42, f"rollback:{records[1].change_id}", 6.0),
    ]


@pytest.mark.req("embedded.rollback", "R11")
@pytest.mark.parametrize("change", [DISABLE, CREATE, MODIFY, DELETE], ids=lambda c: c.action)
def test_a_rollback_restores_exactly_what_was_there(backends: Backends, permit_for: Mint, change: ObjectChange) -> None:
    before = backends.knowledge.objects()
    (record,) = backends.knowledge.apply([change], permit=permit_for(change), at=1.0)
    assert backends.knowledge.objects() != before
    undone = backends.knowledge.rollback(record.change_id, permit=permit_for("rollback", record.change_id), at=2.0)
    assert backends.knowledge.objects() == before
    assert undone == replace(record, rolled_back=True)
    assert backends.knowledge.changes() == (undone,)


@pytest.mark.req("embedded.rollback", "R11")
def test_a_rollback_needs_its_own_permit_and_happens_once(backends: Backends, permit_for: Mint) -> None:
    (record,) = backends.knowledge.apply([DISABLE], permit=permit_for(DISABLE), at=1.0)
    with pytest.raises(PermitError):
        backends.knowledge.rollback(record.change_id, permit=permit_for("rollback", "chg-other"), at=2.0)
    backends.knowledge.rollback(record.change_id, permit=permit_for("rollback", record.change_id), at=2.0)
    with pytest.raises(ArgumentError, match="rolled back before"):
        backends.knowledge.rollback(record.change_id, permit=permit_for("rollback", record.change_id), at=3.0)
    with pytest.raises(NotFoundError):
        backends.knowledge.rollback("chg-none", permit=permit_for("rollback", "chg-none"), at=3.0)


@pytest.mark.req("embedded.rollback")
def test_a_rollback_under_a_later_change_is_refused_and_names_it(backends: Backends, permit_for: Mint) -> None:
    (first,) = backends.knowledge.apply([MODIFY], permit=permit_for(MODIFY), at=1.0)
    again = replace(MODIFY, content={"definition": "index=auth user=x"})
    (second,) = backends.knowledge.apply([again], permit=permit_for(again), at=2.0)
    with pytest.raises(ArgumentError, match=second.change_id):
        backends.knowledge.rollback(first.change_id, permit=permit_for("rollback", first.change_id), at=3.0)
    for record in (second, first):
        backends.knowledge.rollback(record.change_id, permit=permit_for("rollback", record.change_id), at=4.0)
    found = _get(backends, "macro", "sign_ins")
    assert found is not None
    assert found.content == {"definition": "index=auth sourcetype=okta:auth"}


@pytest.mark.req("embedded.shared")
def test_another_process_sees_a_change_and_its_generation(
    open_backend: Callable[[], Backends], data_dir: Path, tmp_path: Path
) -> None:
    mine = open_backend()
    before = mine.knowledge.generation()
    assert _get(mine, "saved_search", "Brute Force") is not None
    code = """
import sys
from pathlib import Path
from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.canonical import digest
from agentgate_mcp.effects import Effects
from agentgate_mcp.model.site import ObjectChange
from agentgate_mcp.permits import PermitBook, PermitKind
book = PermitBook()
backends = open_embedded(Path(sys.argv[1]), Path(sys.argv[2]), book, lambda: 0.0)
change = ObjectChange(action="delete", kind="saved_search", name="Brute Force")
of = digest(Effects(changes=(change,)).to_json())
permit = book.mint(kind=PermitKind.EFFECT, digest=of, call_id="c", intent_seq=1)
backends.knowledge.apply([change], permit=permit, at=1.0)
"""
    subprocess.run([sys.executable, "-c", code, str(data_dir), str(tmp_path / "state")], check=True)
    assert mine.knowledge.generation() > before
    assert _get(mine, "saved_search", "Brute Force") is None


@pytest.mark.req("embedded.shared")
def test_eight_processes_open_a_new_state_directory_and_change_it_at_once(data_dir: Path, tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.canonical import digest
from agentgate_mcp.effects import Effects
from agentgate_mcp.model.site import ObjectChange
from agentgate_mcp.permits import PermitBook, PermitKind
book = PermitBook()
backends = open_embedded(Path(sys.argv[1]), Path(sys.argv[2]), book, lambda: 0.0)
for n in range(5):
    change = ObjectChange(action="create", kind="macro", name=f"m_{sys.argv[3]}_{n}", content={"definition": "x"})
    of = digest(Effects(changes=(change,)).to_json())
    permit = book.mint(kind=PermitKind.EFFECT, digest=of, call_id=f"c{sys.argv[3]}", intent_seq=n + 1)
    backends.knowledge.apply([change], permit=permit, at=1.0)
"""
    state = tmp_path / "state"
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(data_dir), str(state), str(n)], stderr=subprocess.PIPE)
        for n in range(8)
    ]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    backends = open_embedded(data_dir, state, PermitBook(), lambda: 0.0)
    assert len([o for o in backends.knowledge.objects() if o.name.startswith("m_")]) == 40
    assert backends.knowledge.generation() == 41
    assert len(read_journal(state)) == 40


@pytest.mark.req("embedded.journal", "R3", "R9")
@pytest.mark.parametrize("acknowledged", [1, 4, 9])
def test_a_killed_process_leaves_objects_records_and_journal_in_step(
    data_dir: Path, tmp_path: Path, acknowledged: int
) -> None:
    code = """
import sys
from pathlib import Path
from agentgate_mcp.backends.embedded import open_embedded
from agentgate_mcp.canonical import digest
from agentgate_mcp.effects import Effects
from agentgate_mcp.model.site import ObjectChange
from agentgate_mcp.permits import PermitBook, PermitKind
book = PermitBook()
backends = open_embedded(Path(sys.argv[1]), Path(sys.argv[2]), book, lambda: 0.0)
for n in range(10_000):
    change = ObjectChange(action="create", kind="macro", name=f"m_{n}", content={"definition": "x"})
    of = digest(Effects(changes=(change,)).to_json())
    permit = book.mint(kind=PermitKind.EFFECT, digest=of, call_id=f"c{n}", intent_seq=n + 1)
    backends.knowledge.apply([change], permit=permit, at=1.0)
    print(n, flush=True)
"""
    state = tmp_path / "state"
    command = [sys.executable, "-c", code, str(data_dir), str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(acknowledged):
            process.stdout.readline()
        process.kill()
    backends = open_embedded(data_dir, state, PermitBook(), lambda: 0.0)
    made = sorted(o.name for o in backends.knowledge.objects() if o.name.startswith("m_"))
    records = backends.knowledge.changes()
    journal = read_journal(state)
    assert len(made) >= acknowledged
    assert made == sorted(r.change.name for r in records)
    assert [(e.call_id, e.what) for e in journal] == [(r.call_id, f"create:{r.change.target}") for r in records]
    assert backends.knowledge.generation() == 1 + len(records)


def test_new_seeds_replace_old_ones_until_somebody_has_changed_an_object(
    open_backend: Callable[[], Backends], data_dir: Path, permit_for: Mint
) -> None:
    path = data_dir / "knowledge" / "objects.json"
    seeds = json.loads(path.read_text(encoding="utf-8"))
    open_backend()
    path.write_text(json.dumps(seeds[1:]), encoding="utf-8")
    backends = open_backend()
    assert _get(backends, "saved_search", "Brute Force") is None
    backends.knowledge.apply([CREATE], permit=permit_for(CREATE), at=1.0)
    path.write_text(json.dumps(seeds), encoding="utf-8")
    reopened = open_backend()
    assert _get(reopened, "saved_search", "Brute Force") is None
    assert _get(reopened, "saved_search", "Brute Force 2") is not None


@pytest.mark.req("embedded.bad-data", "R9")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[{", "character 2"),
        ('[{"kind": "macro"}]', "/0/name"),
        ('[{"kind": "macro", "name": "a", "app": "b", "surprise": 1}]', "/0/surprise"),
        ('[{"kind": "nothing", "name": "a", "app": "b"}]', "/0/kind"),
        ('[{"kind": "macro", "name": "a", "app": "b", "disabled": "no"}]', "/0/disabled"),
        ('[{"kind": "macro", "name": "a", "app": "b"}, {"kind": "macro", "name": "a", "app": "b"}]', "/1"),
        ('[{"kind": "macro", "kind": "macro"}]', "/0"),
        ('"text"', "/"),
        ("[5]", "/0"),
    ],
)
def test_a_broken_object_file_is_refused_with_its_place_and_nothing_is_seeded(
    tmp_path: Path, text: str, place: str
) -> None:
    data = tmp_path / "data"
    (data / "knowledge").mkdir(parents=True)
    (data / "knowledge" / "a.json").write_text('[{"kind": "macro", "name": "fine", "app": "b"}]', encoding="utf-8")
    broken = data / "knowledge" / "b.json"
    broken.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        open_embedded(data, tmp_path / "state", PermitBook(), lambda: 0.0)
    assert (caught.value.file, caught.value.location) == ("knowledge/b.json", place)
    broken.unlink()
    assert len(open_embedded(data, tmp_path / "state", PermitBook(), lambda: 0.0).knowledge.objects()) == 1


@pytest.mark.req("embedded.bad-data", "R9")
def test_a_state_database_that_is_none_is_refused(tmp_path: Path, data_dir: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "embedded.sqlite").write_bytes(b"junk" * 5000)
    with pytest.raises(DataError, match=r"embedded\.sqlite"):
        open_embedded(data_dir, tmp_path / "state", PermitBook(), lambda: 0.0)
