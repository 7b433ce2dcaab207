"""The manifest of bundled data: which content each file is expected to have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agentgate_mcp.backends.embedded.files import read_json
from agentgate_mcp.errors import DataError


def expected_digests(data_dir: Path) -> Mapping[str, str]:
    """SHA-256 by path relative to the data directory; empty where there is no manifest.

    Raises: DataError when the manifest cannot be read."""
    path = data_dir / "MANIFEST.json"
    if not path.is_file():
        return {}
    document = read_json(path, path.name)
    files = document.get("files") if isinstance(document, dict) else None
    if not isinstance(files, dict):
        raise DataError(path.name, "/files", f"expected an object, got {type(files).__name__}")
    digests: dict[str, str] = {}
    for name, entry in files.items():
        digest = entry.get("sha256") if isinstance(entry, dict) else entry
        if not isinstance(digest, str) or len(digest) != 64:
            raise DataError(path.name, f"/files/{name}", "expected a SHA-256 in hex")
        digests[name] = digest
    return digests
