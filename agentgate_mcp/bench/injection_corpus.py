"""The development corpora of injection texts, as rows: attacks, and ordinary text that must pass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentgate_mcp import config
from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.errors import ConfigError

SOC_SOURCES: Final = ("soc_escu_spl", "soc_escu_prose", "soc_escu_alertmsg", "soc_sigma_rule", "soc_carrier_benign")
"""Negatives that are a SOC's own texts; pooled for the specificity that is promised."""
MENTION_SOURCE: Final = "secprose_mentions"
CARRIER_SOURCE: Final = "soc_carrier_benign"
_MAX_LINE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One text. ``marker`` is True when it carries override language, None where that is not known."""

    text: str
    source: str
    attack: bool
    marker: bool | None


def corpus() -> tuple[Row, ...]:
    """All rows. Raises: ConfigError when the corpora are not named or lack a file."""
    root = config.corpora()
    if root is None:
        raise ConfigError("AGENTGATE_CORPORA: expected the directory of the development corpora, got nothing")
    folder = root / "injection"
    return (*_rows(folder / "positives.jsonl", attack=True), *_rows(folder / "negatives.jsonl", attack=False))


def _rows(path: Path, *, attack: bool) -> list[Row]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as exc:
        raise ConfigError(f"AGENTGATE_CORPORA: expected {path.name} in its injection directory") from exc
    out: list[Row] = []
    for number, line in enumerate(lines, 1):
        item = loads_strict(line, max_bytes=_MAX_LINE)
        if (
            not isinstance(item, dict)
            or not isinstance(item.get("text"), str)
            or not isinstance(item.get("source"), str)
        ):
            raise ConfigError(f"{path.name}: line {number}: expected text and source")
        marker = item.get("marker")
        out.append(
            Row(
                text=str(item["text"]),
                source=str(item["source"]),
                attack=attack,
                marker=marker if isinstance(marker, bool) else None,
            )
        )
    return out
