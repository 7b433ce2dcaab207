"""Text that is data: JSON, a YAML block or CSV, read whole and strictly, or not at all.

Tools of other servers answer in text. Where all of it fits one grammar, its leaves have places and
the tool's own structure tells one record from the next; where any of it does not, it is prose, and
prose has no records. Nothing is resolved or executed: every scalar stays text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, cast

import yaml

from agentgate_mcp.canonical import loads_strict
from agentgate_mcp.errors import CanonicalError
from agentgate_mcp.model.call import Json

MAX_TEXT: Final = 65_536
"""Characters. Longer text is prose: leaving structure out only lowers trust."""
_MAX_DEPTH: Final = 32
_MAX_NODES: Final = MAX_TEXT
_MAX_KEY: Final = 40
_KEY_WORDS: Final = 3
"""A key of more words is a sentence with a colon in it."""
_MIN_COLUMNS: Final = 2
_Events: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_parsed = cast("Callable[..., Iterator[Any]]", getattr(yaml, "parse"))  # noqa: B009  the stubs leave it untyped


class _NotData(ValueError):
    """The text does not fit the grammar."""


@lru_cache(maxsize=64)
def read_data(text: str) -> Json:
    """The object or list that ``text`` is, or None. Callers must not change what they are given."""
    start = text.lstrip()[:1]
    if not start or len(text) > MAX_TEXT:
        return None
    try:
        if start in "{[":
            return _container(loads_strict(text, max_bytes=4 * MAX_TEXT))
        return _container(_yaml(text))
    except (CanonicalError, _NotData, yaml.YAMLError):
        pass
    try:
        return _csv(text)
    except (_NotData, csv.Error):
        return None


def _container(value: Json) -> Json:
    if not isinstance(value, dict | list):
        raise _NotData
    return value


def _yaml(text: str) -> Json:
    """One block document of plain mappings, lists and texts: no alias, no tag, no key twice."""
    stack: list[tuple[Json, str | None]] = []
    root: Json = None
    nodes = 0
    for event in _parsed(text, Loader=_Events):
        match event:
            case yaml.ScalarEvent() | yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                nodes += 1
                if nodes > _MAX_NODES or len(stack) > _MAX_DEPTH or event.anchor or event.tag:
                    raise _NotData
                node: Json
                if isinstance(event, yaml.ScalarEvent):
                    node = cast(str, cast(Any, event).value)
                else:
                    node = {} if isinstance(event, yaml.MappingStartEvent) else []
                if not stack:
                    if root is not None:
                        raise _NotData
                    root = node
                else:
                    stack[-1] = _put(stack[-1], node)
                if not isinstance(node, str):
                    stack.append((node, None))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                stack.pop()
            case yaml.AliasEvent():
                raise _NotData
            case _:
                pass
    return root


def _put(top: tuple[Json, str | None], node: Json) -> tuple[Json, str | None]:
    """``node`` added to the open container; for a mapping, keys and values take turns."""
    container, key = top
    if isinstance(container, list):
        container.append(node)
        return top
    mapping = cast("dict[str, Json]", container)
    if key is None:
        if (
            not isinstance(node, str)
            or not node
            or len(node) > _MAX_KEY
            or len(node.split()) > _KEY_WORDS
            or node in mapping
        ):
            raise _NotData
        return mapping, node
    mapping[key] = node
    return mapping, None


def _csv(text: str) -> Json:
    """Rows of one width under a header of distinct names."""
    rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    if not _MIN_COLUMNS <= len(rows) <= _MAX_NODES:
        raise _NotData
    header = [name.strip() for name in rows[0]]
    named = all(n.replace("_", "").isalnum() and not n[0].isdigit() and len(n) <= _MAX_KEY for n in header if n)
    if len(header) < _MIN_COLUMNS or not all(header) or not named or len(set(header)) < len(header):
        raise _NotData
    if any(len(row) != len(header) for row in rows):
        raise _NotData
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]
