"""What was written: every file with its hash, and the counts that people ask for first."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from agentgate_mcp.model.call import Json
from agentgate_mcp.synth.clock import NOW, START, iso

NAME = "MANIFEST.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One generated file: path below the data directory, SHA-256, size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The generated set; ``counts`` maps a plural noun to how many there are."""

    seed: int
    files: tuple[FileEntry, ...]
    counts: Mapping[str, int]

    def to_json(self) -> dict[str, Json]:
        """`data/MANIFEST.json`; it lists every file but itself."""
        return {
            "seed": self.seed,
            "now": iso(NOW),
            "earliest": iso(START),
            "counts": dict(sorted(self.counts.items())),
            "files": {f.path: {"sha256": f.sha256, "size": f.size} for f in self.files},
        }


def describe(seed: int, content: Mapping[str, bytes], counts: Mapping[str, int]) -> Manifest:
    """The manifest of ``content`` (path to bytes)."""
    files = tuple(
        FileEntry(path=path, sha256=hashlib.sha256(body).hexdigest(), size=len(body))
        for path, body in sorted(content.items())
    )
    return Manifest(seed=seed, files=files, counts=counts)
