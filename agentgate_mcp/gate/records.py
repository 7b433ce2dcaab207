"""Records of what was read: the object that a value stood in, told by the tool's own structure.

A record is the innermost object of a list, or the whole answer; objects nested in it belong to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from agentgate_mcp.gate.structured import read_data
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.session import Leaf


@dataclass(frozen=True, slots=True)
class Record:
    """``fields`` are (key in lower case, value) in order; the members of a list of texts share its
    key, and those of a bare list have an empty one."""

    place: str
    fields: tuple[tuple[str, str], ...]

    def values(self, keys: frozenset[str]) -> Iterator[str]:
        return (value for key, value in self.fields if key in keys)


@lru_cache(maxsize=64)
def records_of_text(place: str, text: str) -> tuple[Record, ...]:
    """The records of ``text``; none where it is prose."""
    data = read_data(text)
    return () if data is None else records_of(place, data)


def records_of(place: str, data: Json) -> tuple[Record, ...]:
    """The records of JSON-like ``data``."""
    found: list[Record] = []
    stack: list[tuple[str, Json]] = [(place, data)]
    while stack:
        where, node = stack.pop()
        fields: list[tuple[str, str]] = []
        for key, value in _flat(node):
            if isinstance(value, dict | list):
                stack.append((f"{where}/{key}", value))
            else:
                fields.append((key.rpartition("/")[2], value))
        if fields:
            found.append(Record(where, tuple(fields)))
    return tuple(found)


def _flat(node: Json) -> Iterator[tuple[str, str | dict[str, Json] | list[Json]]]:
    """The scalars of one record, and the objects in its lists as (place, object)."""
    stack: list[tuple[str, str, Json]] = [("", "", node)]
    while stack:
        where, key, value = stack.pop()
        match value:
            case dict():
                stack.extend((f"{where}/{k}", k.lower(), v) for k, v in reversed(value.items()))
                # What is listed as `address: right` is a list of addresses.
                yield from ((key, k) for k in value if key and "@" in k)
            case list():
                for number, member in enumerate(value):
                    if isinstance(member, dict | list):
                        yield f"{where}/{number}".lstrip("/"), member
                    elif member is not None and not isinstance(member, bool):
                        yield key, _text(member)
            case None | bool():
                pass
            case _:
                yield key, _text(value)


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.15g}"


def records_of_leaves(place: str, leaves: Iterable[Leaf]) -> tuple[Record, ...]:
    """Records from leaves with their paths: what has the same last position belongs together."""
    found: dict[str, list[tuple[str, str]]] = {}
    for leaf in leaves:
        parts = leaf.path.split("/")[1:]
        last = len(parts) - 1
        while last > 0 and parts[last].isdigit():
            last -= 1
        key = "" if parts[last].isdigit() else parts[last].lower()
        position = max((i for i in range(last) if parts[i].isdigit()), default=-1)
        found.setdefault("/".join(parts[: position + 1]), []).append((key, leaf.value))
    return tuple(Record(f"{place}:/{where}", tuple(fields)) for where, fields in found.items())
