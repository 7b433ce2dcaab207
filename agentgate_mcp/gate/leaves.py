"""JSON as leaves: every text and number with its path. Bounded, without recursion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from agentgate_mcp.gate.condense import condensed, row_of
from agentgate_mcp.gate.structured import MAX_TEXT, read_data
from agentgate_mcp.gate.trust import EVENT_TOOL, ROW_READS, ours, trust_of
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import Trust
from agentgate_mcp.model.session import Leaf

MAX_LEAVES = 4_000
MAX_CHARS = 262_144
MAX_VALUE = 1_024
_IDENTIFIER = 128
"""Values up to this length are kept first: identifiers are what later arguments are made of."""

_SHORTEST_DATA = 8
"""Characters. Shorter text is a value, whatever its form."""


def leaves_of(value: Json, *, keys: bool = False) -> Iterator[tuple[str, str | float | bool]]:
    """(path, leaf) of every text, number and boolean, in document order; with ``keys`` every
    object key too, as a text at the path of its value with `#` appended."""
    stack: list[tuple[str, Json]] = [("", value)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, Mapping):
            for key, child in reversed(node.items()):
                stack.append((f"{path}/{key}", child))
                if keys:
                    stack.append((f"{path}/{key}#", key))
        elif isinstance(node, list | tuple):
            stack.extend((f"{path}/{i}", child) for i, child in reversed(list(enumerate(node))))
        elif node is not None:
            yield path, node


def output_leaves(tool: str, result: Mapping[str, Json]) -> tuple[tuple[Leaf, ...], bool]:
    """The leaves of a tool's output that a session keeps, and whether some were left out.

    Text of another server's tool that is data is kept by its own leaves. Leaving one out only lowers
    trust: its value is NOVEL later on."""
    found: list[Leaf] = []
    own = ours(tool)
    sourcetypes = _sourcetypes(result) if tool == EVENT_TOOL else {}
    for path, value in leaves_of(dict(result)):
        if isinstance(value, bool):
            continue
        text = value if isinstance(value, str) else f"{value:.15g}"
        trust = trust_of(tool, path, sourcetypes.get(row_of(path), ""))
        found.extend(_leaves(path, text, trust, whole=own))
    if tool in ROW_READS:
        found = condensed(found)
    ordered = sorted(found, key=lambda leaf: len(leaf.value) > _IDENTIFIER)
    kept: list[Leaf] = []
    chars = 0
    for leaf in ordered[:MAX_LEAVES]:
        chars += len(leaf.value)
        if chars > MAX_CHARS:
            break
        kept.append(leaf)
    return tuple(kept), len(kept) < len(found)


def passed_leaves(path: str, text: str) -> tuple[tuple[Leaf, ...], bool]:
    """The leaves of text that came along with a call: those of the data that it is, or pieces of
    prose; and whether some of it, or its structure, was left out."""
    if read_data(text) is not None:
        found = tuple(islice(_leaves(path, text, Trust.WRITABLE, whole=False), MAX_LEAVES + 1))
        if len(found) <= MAX_LEAVES:
            return found, False
    pieces = range(0, min(len(text), MAX_TEXT), MAX_VALUE)
    kept = tuple(Leaf(path=f"{path}/{n}", value=text[n : n + MAX_VALUE], trust=Trust.WRITABLE) for n in pieces)
    return kept, len(text) > MAX_TEXT or read_data(text) is not None


def _sourcetypes(result: Mapping[str, Json]) -> dict[str, str]:
    """The sourcetype of each event in the lists of ``result``, by the path of its row."""
    return {
        f"/{name}/{number}": sourcetype
        for name, rows in result.items()
        if isinstance(rows, list)
        for number, row in enumerate(rows)
        if isinstance(row, dict) and isinstance(sourcetype := row.get("sourcetype"), str)
    }


def _leaves(path: str, text: str, trust: Trust, *, whole: bool) -> Iterator[Leaf]:
    data = None if whole or len(text) <= _SHORTEST_DATA else read_data(text)
    if data is None:
        if text:
            yield Leaf(path=path, value=text[:MAX_VALUE], trust=trust)
        return
    for inner, value in leaves_of(data):
        if not isinstance(value, bool) and value != "":
            plain = value if isinstance(value, str) else f"{value:.15g}"
            yield Leaf(path=f"{path}{inner}", value=plain[:MAX_VALUE], trust=trust)
