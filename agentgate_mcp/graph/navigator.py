"""Coverage as an ATT&CK Navigator layer, format 4.5: before a change, after it, or the difference.

The score of a technique is its number of detections that count, or how that number changes.
Techniques stand without a tactic, which the Navigator reads as all of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agentgate_mcp.graph.tactics import AttackTable
from agentgate_mcp.model.call import Json

LAYER_VERSION = "4.5"
NAVIGATOR_VERSION = "5.1.0"
"""A Navigator that reads layers of this version; the format asks for 4.9.0 or newer."""
DOMAIN = "enterprise-attack"
Mode = Literal["before", "after", "diff"]

LOST, SINGLE, FEWER, MORE, UNCOVERED = "#d62728", "#ff9f1c", "#ffe08a", "#7bc96f", "#f2b8b5"
_GRADIENT = ("#e8f1fb", "#1f6fb4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Detections of one technique before and after. ``was`` are revoked ids that it stands for."""

    before: int
    after: int
    was: tuple[str, ...] = ()


def cells_of(changes: Mapping[str, tuple[int, int]], table: AttackTable) -> tuple[dict[str, Cell], tuple[str, ...]]:
    """Cells by current technique id, and the ids that the table does not know and no matrix can show.

    One that took the place of a revoked id has the larger of both counts: the same detection may
    name both, so their sum could claim cover that is not there."""
    found: dict[str, Cell] = {}
    unknown: list[str] = []
    for technique, (before, after) in sorted(changes.items()):
        standing = table.standing(technique)
        if standing == "unknown":
            unknown.append(technique)
            continue
        current = table.current(technique)
        cell = found.get(current, Cell(before=0, after=0))
        found[current] = Cell(
            before=max(before, cell.before),
            after=max(after, cell.after),
            was=(*cell.was, technique) if standing == "revoked" else cell.was,
        )
    return dict(sorted(found.items())), tuple(unknown)


def layer(changes: Mapping[str, tuple[int, int]], *, name: str, mode: Mode, table: AttackTable) -> dict[str, Json]:
    """A layer of ``changes``: technique to detections before and after."""
    cells, unknown = cells_of(changes, table)
    rows: list[Json] = [_row(t, c, mode) for t, c in cells.items()]
    scores = [_score(c, mode) for c in cells.values()]
    about: list[Json] = [{"name": "counted", "value": "enabled, scheduled, healthy production detections"}]
    if unknown:
        about.append({"name": "ids not in this version of ATT&CK", "value": ", ".join(unknown)})
    return {
        "name": name,
        "versions": {"attack": table.version.partition(".")[0], "navigator": NAVIGATOR_VERSION, "layer": LAYER_VERSION},
        "domain": DOMAIN,
        "description": _DESCRIPTION[mode],
        "sorting": 3,
        "layout": {"layout": "side", "showID": True, "showName": True, "aggregateFunction": "sum"},
        "hideDisabled": False,
        "techniques": rows,
        "gradient": {
            "colors": [*_GRADIENT],
            "minValue": min([0, *scores]),
            "maxValue": max([1, *scores]),
        },
        "legendItems": [{"label": label, "color": color} for label, color in _LEGEND[mode]],
        "metadata": about,
        "links": [],
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": True,
        "selectSubtechniquesWithParent": False,
    }


_DESCRIPTION: Mapping[Mode, str] = {
    "before": "Detections per technique in the loaded content.",
    "after": "Detections per technique if the change were made.",
    "diff": "How the number of detections per technique changes.",
}
_NOW = (("no detection counts", UNCOVERED), ("one detection", SINGLE), ("more detections", _GRADIENT[1]))
_LEGEND: Mapping[Mode, tuple[tuple[str, str], ...]] = {
    "before": _NOW,
    "after": (("last detection lost", LOST), *_NOW),
    "diff": (("last detection lost", LOST), ("one left", SINGLE), ("fewer", FEWER), ("more", MORE)),
}


def _score(cell: Cell, mode: Mode) -> int:
    match mode:
        case "before":
            return cell.before
        case "after":
            return cell.after
        case "diff":
            return cell.after - cell.before


def _row(technique: str, cell: Cell, mode: Mode) -> dict[str, Json]:
    numbers: list[Json] = [{"name": "detections", "value": str(cell.before)}]
    if mode != "before":
        numbers = [{"name": "before", "value": str(cell.before)}, {"name": "after", "value": str(cell.after)}]
    for old in cell.was:
        numbers.append({"name": "takes the place of", "value": old})
    return {
        "techniqueID": technique,
        "score": _score(cell, mode),
        "color": _color(cell, mode),
        "comment": _comment(cell, mode),
        "enabled": True,
        "metadata": numbers,
        "links": [],
        "showSubtechniques": "." in technique,
    }


def _color(cell: Cell, mode: Mode) -> str:
    """Empty where the gradient colours by score."""
    if mode == "diff":
        return _diff_color(cell)
    if mode == "after" and cell.before > 0 and cell.after == 0:
        return LOST
    return {0: UNCOVERED, 1: SINGLE}.get(_score(cell, mode), "")


def _diff_color(cell: Cell) -> str:
    if cell.after > cell.before:
        return MORE
    if cell.after == cell.before:
        return ""
    return {0: LOST, 1: SINGLE}.get(cell.after, FEWER)


def _comment(cell: Cell, mode: Mode) -> str:
    if mode == "before":
        return "no detection counts" if cell.before == 0 else "sole cover" if cell.before == 1 else ""
    if cell.before == cell.after:
        return ""
    left = {0: ": none left", 1: ": one left"}.get(cell.after, "") if cell.after < cell.before else ""
    return f"{cell.before} to {cell.after}{left}"
