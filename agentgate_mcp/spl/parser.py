"""Text to syntax tree. Brackets are read innermost first, so nothing here recurses."""

from __future__ import annotations

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast, plain
from agentgate_mcp.spl.cursor import Height, Source
from agentgate_mcp.spl.forms import command_of, is_always_good
from agentgate_mcp.spl.layout import Layout, Stage, lay_out
from agentgate_mcp.spl.lru import Lru
from agentgate_mcp.spl.plain import is_plain

_REMEMBERED_CHARS = 16_384
_MEMO: Lru[str, ast.Pipeline] = Lru(512)
_UNBUILT = ast.Pipeline(commands=())
"""Stands for the pipeline of brackets that are only checked."""


def parse(text: str) -> ast.Pipeline:
    """The tree of ``text``, macros unexpanded. Raises: SplError with position and expectation.

    Trees are immutable; the last 512 of ordinary length are remembered by their text."""
    known = _MEMO.get(text)
    if known is not None:
        return known
    return parse_layout(lay_out(text))


def forget() -> None:
    """Empty the memo; results do not change."""
    _MEMO.clear()


def parse_layout(layout: Layout) -> ast.Pipeline:
    """The tree of a text that is cut into stages already, remembered as `parse` does.

    Raises: SplError as `parse`."""
    text = layout.text
    _refuse_two_readings(layout)
    source = Source(text, layout.groups)
    for group in layout.groups.values():
        height = Height()
        source.pipelines[group.start] = _pipeline(
            group.stages, source, height, ast.Span(group.start + 1, group.end - 1)
        )
        source.heights[group.start] = height.value + 2
    tree = _pipeline(layout.stages, source, Height(), ast.Span(0, len(text)))
    if len(text) <= _REMEMBERED_CHARS:
        _MEMO.put(text, tree)
    return tree


def check(layout: Layout) -> None:
    """Raise the SplError that `parse_layout` would, in less time where a search is good."""
    try:
        _refuse_two_readings(layout)
        source = Source(layout.text, layout.groups)
        for group in layout.groups.values():
            source.pipelines[group.start] = _UNBUILT
            source.heights[group.start] = _checked(group.stages, source) + 2
        _checked(layout.stages, source)
    except SplError:
        # The height of what was not built is only estimated, and too high at that.
        parse_layout(layout)


def _checked(stages: list[Stage], source: Source) -> int:
    """At least the height of the stages' tree; of each only as much is built as telling needs."""
    height = Height()
    for stage in stages:
        if is_plain(stage) or is_always_good(stage):
            height.grow(plain.HEIGHT, stage.start)
        else:
            command_of(stage, source, height)
    return height.value


def _refuse_two_readings(layout: Layout) -> None:
    text = layout.text
    for start in layout.doubtful:
        if text[start] == "'" and text.find("'", start + 1) > 0:
            raise SplError("a single quote can be read in two ways", start, "no quote, | or bracket in single quotes")


def _pipeline(stages: list[Stage], source: Source, height: Height, span: ast.Span) -> ast.Pipeline:
    commands = tuple(command_of(stage, source, height) for stage in stages)
    if not commands:
        raise SplError("a command is missing", span.start, "a command")
    return ast.Pipeline(commands=commands, span=span)
