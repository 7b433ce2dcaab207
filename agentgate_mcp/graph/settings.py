"""Reading settings of knowledge objects: REST gives booleans and lists in several spellings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import split_stanza

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on", "enabled"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "off", "disabled", ""})


def flag(content: Mapping[str, Json], key: str) -> bool | None:
    """The boolean under ``key``; None where it is absent or reads as neither."""
    value = content.get(key)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    if isinstance(value, str):
        lowered = value.strip().lower()
        return True if lowered in _TRUE else False if lowered in _FALSE else None
    return None


def text(content: Mapping[str, Json], key: str) -> str:
    """The text under ``key``; numbers are written out, anything else is empty."""
    value = content.get(key)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return ""


def texts(content: Mapping[str, Json], key: str) -> tuple[str, ...]:
    """A list of texts, or a comma-separated text, as a tuple without blanks."""
    value = content.get(key)
    if isinstance(value, list):
        return tuple(v.strip() for v in value if isinstance(v, str) and v.strip())
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return ()


def mappings(value: Json) -> tuple[Mapping[str, Json], ...]:
    """The objects of a list; anything else in it is left out."""
    if not isinstance(value, list):
        return ()
    return tuple(cast(Mapping[str, Json], v) for v in value if isinstance(v, dict))


def number(content: Mapping[str, Json], key: str) -> float | None:
    """The number under ``key``, also where it is written as text."""
    value = content.get(key)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            read = float(value.strip())
        except ValueError:
            return None
        return read if abs(read) < 1e15 else None
    return None


def seconds(value: str) -> float | None:
    """A Splunk duration (`300`, `5m`, `24h`, `7d`) in seconds; None where it is not one."""
    word = value.strip().lower()
    digits = word.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = word[len(digits) :]
    scale = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hr": 3600, "d": 86400, "w": 604800}.get(unit)
    if scale is None or not digits.isdigit() or len(digits) > 12:
        return None
    return float(int(digits) * scale)


def actions(content: Mapping[str, Json]) -> frozenset[str]:
    """Names of the alert actions that are switched on: `actions`, and ``action.NAME`` = 1."""
    named = {a.lower() for a in texts(content, "actions")}
    for key in content:
        parts = key.split(".")
        if len(parts) == 2 and parts[0] == "action" and parts[1]:
            state = flag(content, key)
            if state is True:
                named.add(parts[1].lower())
            elif state is False:
                named.discard(parts[1].lower())
    return frozenset(named)


def is_scheduled(content: Mapping[str, Json]) -> bool:
    """Whether the scheduler runs it. Splunk's default is no; a cron line alone does not do it,
    unless ``is_scheduled`` is absent altogether, as in content repositories."""
    if flag(content, "enableSched") is False:
        return False
    state = flag(content, "is_scheduled")
    return bool(text(content, "cron_schedule")) if state is None else state


def macro_name(obj: KnowledgeObject) -> tuple[str, int]:
    """Name and arity of a macro: a stanza is called ``name(2)``, or has its ``args`` beside it."""
    name, _, arity = split_stanza(obj.name, obj.content)
    return name, arity
