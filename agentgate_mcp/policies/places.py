"""Where in a YAML file a path such as `rules/0/when/fact` stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import yaml


def _composed(raw: bytes) -> yaml.Node | None:
    """The file as nodes, which know their lines."""
    return cast(yaml.Node | None, yaml.compose(raw.decode("utf-8"), yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]


def lines_of(raw: bytes) -> Callable[[Sequence[str | int]], str]:
    """A function from a path to `line 12, rules/0/when/fact`, over a file that has been parsed before."""

    def place(path: Sequence[str | int]) -> str:
        # Composed only when there is something to report: it costs as much as reading the file.
        root = _composed(raw)
        named = "/".join(str(step) for step in path) or "file"
        return f"line {_line(root, path)}, {named}" if root is not None else named

    return place


def _line(root: yaml.Node, path: Sequence[str | int]) -> int:
    """The line of the deepest node on the path; steps that the file leaves out are passed over."""
    node, line = root, root.start_mark.line
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if found is not None:
                line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line
    return line + 1
