"""Escapes and wildcards inside SPL strings."""

from __future__ import annotations


def unescape(raw: str) -> str:
    """The characters that a quoted string means: a backslash before a quote or a backslash is
    dropped; before anything else it stays, as regular expressions and paths need."""
    if "\\" not in raw:
        return raw
    out: list[str] = []
    position, end = 0, len(raw)
    while position < end:
        char = raw[position]
        if char == "\\" and position + 1 < end and raw[position + 1] in '"\\':
            position += 1
            char = raw[position]
        out.append(char)
        position += 1
    return "".join(out)


def escape(text: str) -> str:
    """The inverse of `unescape` for the inside of a double-quoted string."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def wildcard_parts(text: str) -> tuple[str, ...]:
    """The literal pieces between the ``*`` of ``text``; one piece where there is none."""
    return tuple(text.split("*"))


def matches(pattern: str, text: str) -> bool:
    """Whether ``text`` fits ``pattern``, whose ``*`` stand for any characters; case does not count."""
    pattern, text = pattern.lower(), text.lower()
    if "*" not in pattern:
        return pattern == text
    first, *middle, last = pattern.split("*")
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    position, end = len(first), len(text) - len(last)
    for part in middle:
        position = text.find(part, position, end)
        if position < 0:
            return False
        position += len(part)
    return True
