"""`*` in field names and values: what it stands for, and names made of that."""

from __future__ import annotations

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.text import wildcard_parts


def captured(pattern: str, text: str) -> tuple[str, ...] | None:
    """What each `*` of ``pattern`` stands for in ``text``, each as short as it can be; None without a match."""
    first, *rest = wildcard_parts(pattern)
    if not rest:
        return () if text == pattern else None
    if not text.startswith(first):
        return None
    found: list[str] = []
    at = len(first)
    for part in rest[:-1]:
        start = text.find(part, at)
        if start < 0:
            return None
        found.append(text[at:start])
        at = start + len(part)
    end = len(text) - len(rest[-1])
    if end < at or not text.endswith(rest[-1]):
        return None
    return (*found, text[at:end])


def filled(pattern: str, parts: tuple[str, ...]) -> str:
    """``pattern`` with each `*` replaced by its part."""
    first, *rest = wildcard_parts(pattern)
    return first + "".join(part + literal for part, literal in zip(parts, rest, strict=True))


def paired(old: str, new: str, position: int, *, command: str) -> None:
    """Raises: SplError where two patterns do not have the same number of `*`."""
    if old.count("*") != new.count("*"):
        raise SplError(f"{command}: {new[:40]!a} for {old[:40]!a}", position, "the same number of * in both names")
