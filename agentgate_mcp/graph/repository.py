"""A detection repository as its authors keep it: one YAML file an object, in folders by kind.

The folders are those of Splunk's content repositories (contentctl): `detections`, `baselines`,
`investigations`, `macros` and `lookups`, with any folders below them. A file becomes one entry of
the shape that `content.py` reads from such a repository's export.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import yaml

from agentgate_mcp.errors import DataError
from agentgate_mcp.model.call import Json

FOLDERS: Final = {
    "detections": "detection",
    "baselines": "baseline",
    "investigations": "investigation",
    "macros": "",
    "lookups": "",
}
"""Folder to the kind that its entries say; macros and lookups are told by their own fields."""
MAX_DEPTH: Final = 32
MAX_VALUES: Final = 100_000
"""Values of one file; its anchors could otherwise stand for more than memory holds."""


def repository_files(path: Path) -> list[Path]:
    """The YAML files of a repository's folders, in a stable order."""
    return sorted(f for folder in FOLDERS for f in (path / folder).rglob("*") if f.suffix in (".yml", ".yaml"))


def repository_entry(document: str, file: Path) -> dict[str, Json]:
    """The object that one file describes. Raises: DataError with the line of what cannot be read."""
    try:
        loaded = yaml.load(document, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark is not None else "/"
        raise DataError(file.name, where, f"expected YAML, got {getattr(error, 'problem', None) or 'none'}") from None
    value = _Plain(file.name).value(loaded)
    if not isinstance(value, dict):
        raise DataError(file.name, "/", f"expected one object, got {type(value).__name__}")
    folder = next((name for name in _folders(file) if name in FOLDERS), "")
    kind = FOLDERS.get(folder, "")
    if not kind:
        return value
    tags = value.get("tags")
    techniques = tags.get("mitre_attack_id") if isinstance(tags, dict) else None
    deprecated = "deprecated" in _folders(file)
    return {**value, "kind": kind, "mitre": techniques or [], **({"deprecated": True} if deprecated else {})}


def _folders(file: Path) -> Iterator[str]:
    """Names of the folders above a file, the nearest first."""
    return (parent.name for parent in file.parents)


@dataclass(slots=True)
class _Plain:
    """YAML's values as JSON's: dates become text."""

    file: str
    left: int = MAX_VALUES

    def value(self, value: Any, depth: int = 0) -> Json:
        """Raises: DataError for anything that JSON has not, and for too much."""
        self.left -= 1
        if depth > MAX_DEPTH or self.left < 0:
            raise DataError(self.file, "/", f"expected at most {MAX_DEPTH} levels and {MAX_VALUES} values")
        match value:
            case None | bool() | int() | float() | str():
                return value
            case list():
                return [self.value(item, depth + 1) for item in cast("list[Any]", value)]
            case dict():
                items = cast("dict[Any, Any]", value)
                return {str(key): self.value(item, depth + 1) for key, item in items.items()}
            case _ if hasattr(value, "isoformat"):
                return str(value.isoformat())
            case _:
                raise DataError(self.file, "/", f"expected plain YAML, got {type(value).__name__}")
