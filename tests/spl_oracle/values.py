"""Values of the second implementation: text, numbers, lists of text, and nothing (None).

A field of an event is text. `eval` and aggregations make numbers, which stay numbers until they
are shown. A list never has fewer than two items: `single` folds the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

Value: TypeAlias = str | float | int | bool | list[str] | None

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class Row(dict[str, Value]):
    """One row. ``seq`` is the position in which its event was loaded; 0 for rows that are none."""

    __slots__ = ("seq",)

    def __init__(self, fields: dict[str, Value] | None = None, seq: int = 0) -> None:
        super().__init__(fields or {})
        self.seq = seq

    def copy(self) -> Row:
        return Row(self, self.seq)

    def put(self, name: str, value: Value) -> None:
        """Sets a field, or takes it away where the value is None."""
        if value is None:
            self.pop(name, None)
        else:
            self[name] = value


class MadeRaw(str):
    """The `_raw` of an event that came without one: shown only where a search asks for it."""

    __slots__ = ()


def number(value: Value) -> float | int | None:
    """The number that a value is, or None."""
    match value:
        case bool() | None | list():
            return None
        case int() | float():
            return value
        case _:
            return _parsed(value)


@lru_cache(1 << 16)
def _parsed(text: str) -> float | int | None:
    if not _NUMBER.fullmatch(text):
        return None
    if text.isascii() and text.lstrip("+-").isdigit() and len(text) < 16:
        return int(text)
    found = float(text)
    return found if abs(found) <= 1e308 else None


def number_text(value: float) -> str:
    """Whole numbers without a decimal point, others in the shortest form that reads back."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value))


def text(value: Value) -> str:
    """A value as text; a list one item per line; nothing is empty."""
    if isinstance(value, str):
        return value
    match value:
        case None:
            return ""
        case bool():
            return "True" if value else "False"
        case int() | float():
            return number_text(value)
        case list():
            return "\n".join(value)


def items(value: Value) -> list[str]:
    """The values of a field, each as text."""
    if isinstance(value, str):
        return [value]
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [text(value)]


def single(values: Iterable[str]) -> Value:
    """Nothing for no values, the value for one, a list for several."""
    found = list(values)
    return None if not found else found[0] if len(found) == 1 else found


def glob(pattern: str) -> re.Pattern[str]:
    """A pattern with ``*`` that matches whole texts, whatever the case."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE | re.DOTALL)


def name_pattern(pattern: str) -> re.Pattern[str]:
    """A pattern for field names, each ``*`` a group; names keep their case."""
    return re.compile("(.*)".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


def matching_names(patterns: Iterable[str], known: Iterable[str]) -> list[str]:
    """The names meant: those with ``*`` by what there is (internal ones only where the pattern
    begins with ``_``), the others as written; each once."""
    names = list(known)
    found: list[str] = []
    for pattern in patterns:
        if "*" in pattern:
            shape = name_pattern(pattern)
            found += [n for n in names if shape.fullmatch(n) and (pattern.startswith("_") or not n.startswith("_"))]
        else:
            found.append(pattern)
    return list(dict.fromkeys(found))


def byte_order(value: str) -> bytes:
    """The key by which texts are sorted."""
    return value.encode("utf-8", "surrogatepass")
