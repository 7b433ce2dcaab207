"""Losses as pictures: Mermaid and DOT text of a small graph.

Names come from objects that anybody may have written, so no character of a name is ever syntax:
nodes are numbered, and a label holds only what its format reads as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

LABEL_LENGTH = 80
Look = Literal["cause", "broken", "degraded", "lost", "plain"]
_FILL: Mapping[Look, tuple[str, str]] = {
    "cause": ("#ffe08a", "#8a6d00"),
    "broken": ("#f2b8b5", "#8c1d18"),
    "degraded": ("#ffe3c2", "#a65a00"),
    "lost": ("#d62728", "#5f0f10"),
    "plain": ("#f4f4f4", "#555555"),
}
_MERMAID_TEXT = frozenset(" _-.:,/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """``nodes`` map an id to its look; ``edges`` are (from, to, label), label empty where none."""

    nodes: Mapping[str, Look]
    edges: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, nodes: Mapping[str, Look], edges: Iterable[tuple[str, str, str]]) -> Drawing:
        """The drawing with every end of an edge in it, each edge once."""
        once = tuple(dict.fromkeys(edges))
        ends: dict[str, Look] = {n: "plain" for a, b, _ in once for n in (a, b)}
        return cls(nodes=ends | dict(nodes), edges=once)


def mermaid(drawing: Drawing) -> str:
    """A Mermaid flowchart, left to right."""
    numbers = {node: f"n{i}" for i, node in enumerate(drawing.nodes)}
    lines = ["flowchart LR"]
    lines += [f'  {numbers[n]}["{_mermaid_label(n)}"]:::{look}' for n, look in drawing.nodes.items()]
    for start, end, label in drawing.edges:
        arrow = f'-. "{_mermaid_label(label)}" .->' if label else "-->"
        lines.append(f"  {numbers[start]} {arrow} {numbers[end]}")
    lines += [f"  classDef {look} fill:{fill},stroke:{line},color:#111111" for look, (fill, line) in _FILL.items()]
    return "\n".join(lines) + "\n"


def dot(drawing: Drawing) -> str:
    """A Graphviz digraph, left to right."""
    numbers = {node: f"n{i}" for i, node in enumerate(drawing.nodes)}
    lines = ["digraph impact {", "  rankdir=LR;", '  node [shape=box, style="rounded,filled", fontname="sans-serif"];']
    for node, look in drawing.nodes.items():
        fill, line = _FILL[look]
        lines.append(f'  {numbers[node]} [label="{_dot_label(node)}", fillcolor="{fill}", color="{line}"];')
    for start, end, label in drawing.edges:
        about = f' [style=dashed, label="{_dot_label(label)}"]' if label else ""
        lines.append(f"  {numbers[start]} -> {numbers[end]}{about};")
    return "\n".join([*lines, "}"]) + "\n"


def visible(text: str) -> str:
    """``text`` with what prints nothing or reorders text spelled out as `\\u{...}`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)


def _short(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= LABEL_LENGTH else shown[: LABEL_LENGTH - 1] + "…"


def _mermaid_label(text: str) -> str:
    # Mermaid reads `#35;` as a character, and markup, quotes and backticks as themselves: only
    # letters, digits and a few marks stand unencoded.
    return "".join(c if c.isalnum() or c in _MERMAID_TEXT else f"#{ord(c)};" for c in _short(text))


def _dot_label(text: str) -> str:
    # In a quoted string of DOT the backslash begins escapes such as \N, the node's name.
    return _short(text).replace("\\", "\\\\").replace('"', '\\"')
