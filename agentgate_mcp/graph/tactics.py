"""ATT&CK as a table: names, tactics, parents and successors of techniques, with its version.

The rows are bundled beside this module (`attack.tsv`; its head names source, version and terms).
MITRE ATT&CK is a registered trademark of The MITRE Corporation; the table is used under ATT&CK's
terms of use. An id that the table does not know is said to be unknown, never left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from agentgate_mcp.errors import DataError

TABLE_FILE = Path(__file__).with_name("attack.tsv")
Standing = Literal["current", "revoked", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tactic:
    """A column of the matrix: ``id`` (`TA0002`), ``short`` (`execution`), ``name`` (`Execution`)."""

    id: str
    short: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """``tactics`` are short names, in the order of the matrix."""

    id: str
    name: str
    tactics: tuple[str, ...]

    @property
    def parent(self) -> str:
        """The id of the technique that this one is a part of; empty where it stands alone."""
        return parent_of(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackTable:
    """One version of ATT&CK Enterprise. ``tactics`` is in the order of the matrix."""

    version: str
    source: str
    licence: str
    tactics: tuple[Tactic, ...]
    techniques: Mapping[str, Technique]
    revoked: Mapping[str, str]
    """From an id that is no more to the one that took its place."""

    def standing(self, technique: str) -> Standing:
        if technique in self.techniques:
            return "current"
        return "revoked" if technique in self.revoked else "unknown"

    def current(self, technique: str) -> str:
        """The id in this version; a revoked one's successor; an unknown one as it is."""
        return self.revoked.get(technique, technique)

    def find(self, technique: str) -> Technique | None:
        """The row of a technique, a revoked one's successor included."""
        return self.techniques.get(self.current(technique))

    def name(self, technique: str) -> str:
        """The name, or empty where the id is unknown. A sub-technique's carries its parent's."""
        row = self.find(technique)
        if row is None:
            return ""
        above = self.techniques.get(row.parent)
        return f"{above.name}: {row.name}" if above is not None else row.name

    def tactics_of(self, technique: str) -> tuple[str, ...]:
        row = self.find(technique)
        return row.tactics if row is not None else ()

    def by_technique(self, techniques: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Short tactic names of each of ``techniques``; unknown ids have none."""
        return {t: self.tactics_of(t) for t in techniques}

    def not_current(self, techniques: Iterable[str]) -> dict[str, str]:
        """Those of ``techniques`` that this version lacks: the successor, or `unknown`."""
        return {t: self.revoked.get(t, "unknown") for t in sorted(set(techniques)) if t not in self.techniques}


def parent_of(technique: str) -> str:
    """`T1059` for `T1059.001`; empty for what is no sub-technique."""
    parent, dot, _ = technique.partition(".")
    return parent if dot else ""


@cache
def attack_table() -> AttackTable:
    """The bundled table. Raises: DataError when the file is damaged."""
    return read_table(TABLE_FILE.read_text("utf-8"))


def read_table(document: str) -> AttackTable:
    """A table from its text: `#` lines of facts about it, then rows. Raises: DataError with line."""
    about: dict[str, str] = {}
    tactics: list[Tactic] = []
    techniques: dict[str, Technique] = {}
    revoked: dict[str, str] = {}
    for number, line in enumerate(document.splitlines(), start=1):
        if line.startswith("#"):
            key, _, value = line.removeprefix("#").strip().partition("\t")
            about[key] = value
            continue
        match line.split("\t"):
            case ["tactic", key, short, name]:
                tactics.append(Tactic(id=key, short=short, name=name))
            case ["technique", key, name, of]:
                techniques[key] = Technique(id=key, name=name, tactics=_tactics(of, tactics, number))
            case ["revoked", key, successor]:
                revoked[key] = successor
            case parts:
                raise DataError(TABLE_FILE.name, f"line {number}", f"expected a known row, got {parts[0][:20]!a}")
    if not about.get("version") or not techniques:
        raise DataError(TABLE_FILE.name, "head", "expected a version and techniques")
    return AttackTable(
        version=about["version"],
        source=about.get("source", ""),
        licence=about.get("licence", ""),
        tactics=tuple(tactics),
        techniques=techniques,
        revoked=revoked,
    )


def _tactics(value: str, known: Sequence[Tactic], line: int) -> tuple[str, ...]:
    named = tuple(value.split(","))
    missing = set(named) - {t.short for t in known}
    if missing:
        raise DataError(TABLE_FILE.name, f"line {line}", f"expected known tactics, got {sorted(missing)[0][:30]!a}")
    return named
