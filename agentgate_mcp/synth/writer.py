"""Writes the data directory, and says which files differ from what would be written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from agentgate_mcp.errors import DataError
from agentgate_mcp.model.call import Json
from agentgate_mcp.synth import manifest
from agentgate_mcp.synth.render import render
from agentgate_mcp.synth.stories import all_stories

SEED = 20261120
_NOT_OURS = "iot23/build"


def generate(out_dir: Path, seed: int = SEED) -> manifest.Manifest:
    """Writes every file below ``out_dir``, and removes files that an earlier manifest listed and
    this one does not. The bytes depend on ``seed`` alone.

    Raises: DataError when an earlier manifest cannot be read; OSError from the file system."""
    made = render(seed)
    for path in sorted(_listed(out_dir) - made.files.keys()):
        (out_dir / path).unlink(missing_ok=True)
    for path, body in sorted(made.files.items()):
        target = out_dir / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
    return made.manifest


def verify(directory: Path) -> list[str]:
    """Paths below ``directory`` that are missing, changed or not generated, sorted. The seed is
    the one that its manifest names."""
    expected = render(_seed_of(directory)).files
    found = set(_present(directory))
    differing = found ^ expected.keys()
    for path in found & expected.keys():
        if (directory / path).read_bytes() != expected[path]:
            differing.add(path)
    return sorted(differing)


def case_truth(seed: int = SEED) -> dict[str, Json]:
    """What each case was, by case id. For tests only; never written below a data directory."""
    return {story.brief.case_id: story.truth_record() for story in all_stories(seed)}


def _present(directory: Path) -> Iterator[str]:
    for path in directory.rglob("*"):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and not name.startswith(_NOT_OURS):
            yield name


def _manifest(directory: Path) -> dict[str, Json]:
    path = directory / manifest.NAME
    if not path.is_file():
        return {}
    try:
        loaded = cast(Json, json.loads(path.read_text(encoding="utf-8")))
    except ValueError as problem:
        raise DataError(manifest.NAME, "document", f"expected JSON: {problem}") from None
    if not isinstance(loaded, dict):
        raise DataError(manifest.NAME, "document", "expected an object")
    return loaded


def _listed(directory: Path) -> set[str]:
    files = _manifest(directory).get("files")
    names = set(files) if isinstance(files, dict) else set[str]()
    # A manifest is a file like any other: a path in it must not lead out of the directory.
    return {name for name in names if (directory / name).resolve().is_relative_to(directory.resolve())}


def _seed_of(directory: Path) -> int:
    seed = _manifest(directory).get("seed", SEED)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise DataError(manifest.NAME, "seed", "expected a whole number")
    return seed
