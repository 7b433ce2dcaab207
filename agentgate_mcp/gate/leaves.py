"""JSON as leaves: every text and number with its path. Bounded, without recursion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agentgate_mcp.gate.trust import trust_of
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.session import Leaf

MAX_LEAVES = 4_000
MAX_CHARS = 262_144
MAX_VALUE = 1_024
_IDENTIFIER = 128
"""Values up to this length are kept first: identifiers are what later arguments are made of."""


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

    Leaving one out only lowers trust: its value is NOVEL later on."""
    found: list[Leaf] = []
    for path, value in leaves_of(dict(result)):
        if isinstance(value, bool):
            continue
        text = value if isinstance(value, str) else f"{value:.15g}"
        if text:
            found.append(Leaf(path=path, value=text[:MAX_VALUE], trust=trust_of(tool, path)))
    ordered = sorted(found, key=lambda leaf: len(leaf.value) > _IDENTIFIER)
    kept: list[Leaf] = []
    chars = 0
    for leaf in ordered[:MAX_LEAVES]:
        chars += len(leaf.value)
        if chars > MAX_CHARS:
            break
        kept.append(leaf)
    return tuple(kept), len(kept) < len(found)
