"""What an ATT&CK Navigator layer of format 4.5 must be, checked as its description says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_COLOR = re.compile(r"#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?")
_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")
_TOP = {
    "name": str, "versions": dict, "domain": str, "description": str, "customDataURL": str, "filters": dict,
    "sorting": int, "layout": dict, "hideDisabled": bool, "techniques": list, "gradient": dict, "legendItems": list,
    "showTacticRowBackground": bool, "tacticRowBackground": str, "selectTechniquesAcrossTactics": bool,
    "selectSubtechniquesWithParent": bool, "selectVisibleTechniques": bool, "metadata": list, "links": list,
}  # fmt: skip
_ROW = {
    "techniqueID": str, "tactic": str, "comment": str, "showSubtechniques": bool, "score": (int, float),
    "color": str, "enabled": bool, "metadata": list, "links": list,
}  # fmt: skip


def faults(layer: Any) -> list[str]:
    """Everything that is wrong with ``layer``; empty where it is a 4.5 layer."""
    return list(_faults(layer)) if isinstance(layer, dict) else ["not an object"]


def _faults(layer: dict[str, Any]) -> Iterator[str]:
    for key in ("name", "domain", "versions"):
        if not layer.get(key):
            yield f"{key} is required"
    yield from _typed(layer, _TOP, "layer")
    versions = layer.get("versions", {})
    if versions.get("layer") != "4.5":
        yield "versions.layer is not 4.5"
    if not _at_least(versions.get("navigator"), (4, 9, 0)):
        yield "versions.navigator is older than 4.9.0"
    if set(versions) - {"layer", "navigator", "attack"} or not all(isinstance(v, str) for v in versions.values()):
        yield "versions holds something else"
    if layer.get("domain") not in ("enterprise-attack", "mobile-attack", "ics-attack"):
        yield "domain is unknown"
    if layer.get("sorting", 0) not in (0, 1, 2, 3):
        yield "sorting is unknown"
    yield from _gradient(layer.get("gradient"))
    seen: set[tuple[str, str]] = set()
    for row in layer.get("techniques", ()):
        yield from _row(row)
        place = (row.get("techniqueID", ""), row.get("tactic", ""))
        if place in seen:
            yield f"{place} stands twice"
        seen.add(place)
    for item in layer.get("legendItems", ()):
        if set(item) != {"label", "color"} or not _COLOR.fullmatch(item["color"]) or not item["label"]:
            yield "legend item"
    yield from _pairs(layer.get("metadata", ()), "layer")


def _row(row: dict[str, Any]) -> Iterator[str]:
    name = row.get("techniqueID", "")
    if not _TECHNIQUE.fullmatch(str(name)):
        yield f"techniqueID {name!r}"
    yield from _typed(row, _ROW, str(name))
    if row.get("color") and not _COLOR.fullmatch(row["color"]):
        yield f"{name}: color"
    if isinstance(row.get("score"), bool):
        yield f"{name}: score"
    yield from _pairs(row.get("metadata", ()), str(name))
    for link in row.get("links", ()):
        if set(link) != {"label", "url"}:
            yield f"{name}: link"


def _gradient(gradient: Any) -> Iterator[str]:
    if gradient is None:
        return
    if set(gradient) != {"colors", "minValue", "maxValue"}:
        yield "gradient keys"
        return
    if len(gradient["colors"]) < 2 or not all(_COLOR.fullmatch(c) for c in gradient["colors"]):
        yield "gradient colors"
    if not gradient["minValue"] < gradient["maxValue"]:
        yield "gradient range"


def _typed(value: dict[str, Any], known: dict[str, Any], where: str) -> Iterator[str]:
    for key, item in value.items():
        if key not in known:
            yield f"{where}: {key} is unknown"
        elif not isinstance(item, known[key]) or (isinstance(item, bool) and known[key] is int):
            yield f"{where}: {key} is a {type(item).__name__}"


def _pairs(pairs: Any, where: str) -> Iterator[str]:
    for pair in pairs:
        if set(pair) != {"name", "value"} or not all(isinstance(v, str) and v for v in pair.values()):
            yield f"{where}: metadata"


def _at_least(version: Any, least: tuple[int, ...]) -> bool:
    if not isinstance(version, str) or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        return False
    return tuple(int(p) for p in version.split(".")) >= least
