"""Generating and verifying: the same bytes every time, and every deviation named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentgate_mcp.errors import DataError
from agentgate_mcp.synth import SEED, case_truth, generate, verify
from agentgate_mcp.synth.chance import Stream
from agentgate_mcp.synth.clock import NOW, at, day_of, epoch_text, iso, weekday_of


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data")
    generate(out)
    return out


def _files(directory: Path) -> dict[str, bytes]:
    found = {p.relative_to(directory).as_posix(): p.read_bytes() for p in directory.rglob("*") if p.is_file()}
    return {name: body for name, body in found.items() if not name.startswith("iot23/build")}


@pytest.mark.req("data.reproducible")
def test_generating_again_gives_the_committed_bytes(bundle: Any, written: Path) -> None:
    fresh, committed = _files(written), _files(bundle.path)
    assert fresh.keys() == committed.keys()
    assert [name for name in fresh if fresh[name] != committed[name]] == []


@pytest.mark.req("data.reproducible")
def test_every_file_is_utf8_with_line_feeds_and_a_final_one(written: Path) -> None:
    for name, body in _files(written).items():
        assert b"\r" not in body, name
        assert body.decode("utf-8").endswith("\n"), name
        assert not body.endswith(b"\n\n"), name


@pytest.mark.req("data.reproducible")
def test_truth_golden_is_what_the_generator_told(bundle: Any) -> None:
    assert bundle.truth == case_truth(SEED)


@pytest.mark.req("data.reproducible")
def test_another_seed_gives_other_events_of_the_same_shape(bundle: Any, tmp_path: Path) -> None:
    manifest = generate(tmp_path, seed=7)
    assert manifest.counts["cases"] == len(bundle.cases)
    name = "telemetry/network-2026-11-18.jsonl"
    assert (tmp_path / name).read_bytes() != (bundle.path / name).read_bytes()
    assert verify(tmp_path) == []


@pytest.mark.req("data.verify")
def test_committed_data_verifies(bundle: Any) -> None:
    assert verify(bundle.path) == []


@pytest.mark.req("data.verify")
def test_changed_missing_and_foreign_files_are_named(written: Path, tmp_path: Path) -> None:
    for name, body in _files(written).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    (tmp_path / "assets.json").write_bytes((tmp_path / "assets.json").read_bytes().replace(b"dc01", b"dc99", 1))
    (tmp_path / "teams.json").unlink()
    (tmp_path / "cases" / "9999.json").write_text("{}\n")
    (tmp_path / "iot23" / "build").mkdir()
    (tmp_path / "iot23" / "build" / "34-1.duckdb").write_bytes(b"built here")
    assert verify(tmp_path) == ["assets.json", "cases/9999.json", "teams.json"]


@pytest.mark.req("data.verify")
def test_generating_removes_what_an_earlier_manifest_listed(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}\n")
    (tmp_path / "mine.txt").write_text("kept\n")
    (tmp_path / "MANIFEST.json").write_text(json.dumps({"seed": 1, "files": {"old.json": {}, "../mine.txt": {}}}))
    outside = tmp_path.parent / "mine.txt"
    outside.write_text("outside\n")
    generate(tmp_path)
    assert not (tmp_path / "old.json").exists()
    assert (tmp_path / "mine.txt").exists()
    assert outside.exists()


@pytest.mark.req("data.verify")
def test_unreadable_manifest_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "MANIFEST.json").write_text("[1, 2")
    with pytest.raises(DataError, match=r"MANIFEST\.json"):
        verify(tmp_path)


@pytest.mark.req("data.reproducible")
def test_streams_are_independent_and_fixed() -> None:
    assert [Stream(1, "a").below(1000) for _ in range(3)] == [Stream(1, "a").below(1000)] * 3
    first, second = Stream(1, "a"), Stream(1, "a")
    Stream(1, "b").below(10)
    assert [first.between(1, 6) for _ in range(50)] == [second.between(1, 6) for _ in range(50)]
    anchor = Stream(SEED, "anchor")
    assert anchor.hexadecimal(16) == "2a2eef68b21ba7ae"


@pytest.mark.req("data.reproducible")
def test_clock_counts_in_whole_milliseconds() -> None:
    assert NOW == 1_795_176_000_000
    assert iso(NOW) == "2026-11-20T12:00:00Z"
    assert (day_of(NOW), weekday_of(NOW)) == ("2026-11-20", 4)
    assert epoch_text(at("2026-11-20 12:00:05") + 7) == "1795176005.007"
