"""`return` and `format`: rows of a subsearch as the text of a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic, options_of, words_of
from agentgate_mcp.backends.embedded.search.build import Build, Record
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.backends.embedded.search.rowwise import values_of
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.text import escape

_WORDS: Final = ("(", "(", "AND", ")", "OR", ")")


def _return(node: ast.Command, source: Relation, build: Build) -> Relation:
    """One row whose field `search` holds the first rows as conditions.

    ``field`` becomes ``field="value"``, ``alias=field`` uses another name, ``$field`` the bare value."""
    node = generic(node)
    count, wanted = _wanted(node)
    rows = build.fetched(source.limited(count), command="return", position=node.span.start)
    groups: list[str] = []
    for row in rows:
        parts = [text for name, shown in wanted if (text := _part(row, name, shown))]
        if parts:
            groups.append(f"({' '.join(parts)})" if len(parts) > 1 else parts[0])
    text = f"({' OR '.join(groups)})" if len(groups) > 1 else "".join(groups)
    return build.loaded(["search"], [{"search": text}] if text else [])


def _wanted(node: ast.Generic) -> tuple[int, list[tuple[str, str]]]:
    """The number of rows, and (field, name to show it by) for each argument; `$` shows the value alone."""
    count, wanted = 1, list[tuple[str, str]]()
    words: list[str] = []
    for arg in node.args:
        match arg:
            case ast.Option(value=ast.Value() as value):
                wanted.append((value.text, arg.key))
            case ast.Value() if arg.text.isdecimal() and not words and not wanted:
                count = int(arg.text[:12])
                words.append(arg.text)
            case ast.Value():
                words.append(arg.text)
                wanted.append((arg.text[1:], "$") if arg.text.startswith("$") else (arg.text, arg.text))
            case ast.Punct(text=","):
                pass
            case _:
                raise SplError("unreadable argument of return", arg.span.start, "field, alias=field or $field")
    if not wanted:
        raise SplError("return without a field", node.span.start, "field, alias=field or $field")
    return count, wanted


def _part(row: Record, name: str, shown: str) -> str:
    texts = values_of(row.get(name))
    if not texts:
        return ""
    if shown == "$":
        return texts[0]
    return " OR ".join(f"{shown}={quoted(text)}" for text in texts)


def _format(node: ast.Command, source: Relation, build: Build) -> Relation:
    node = generic(node)
    options = options_of(node)
    limit = options.count("maxresults", 0)
    separator = options.text("mvsep", "OR")
    empty = options.text("emptystr", "NOT( )")
    options.done()
    words = [word.text for word in words_of(node)]
    if words and len(words) != len(_WORDS):
        raise SplError(
            f"format with {len(words)} texts", node.span.start, 'none or six such as "(" "(" "AND" ")" "OR" ")"'
        )
    rows = build.fetched(source.limited(limit) if limit else source, command="format", position=node.span.start)
    text = formatted(list(rows), words or _WORDS, separator)
    return build.loaded(["search"], [{"search": text or empty}])


def formatted(rows: Sequence[Record], words: Sequence[str], separator: str) -> str:
    """The rows as one condition; empty for none. ``words`` are the six texts of `format`."""
    open_all, open_row, between, close_row, between_rows, close_all = words
    groups: list[str] = []
    for row in rows:
        parts: list[str] = []
        for name, value in sorted(row.items()):
            if name.startswith("_") or value is None:
                continue
            shown = [text if name in ("search", "query") else f"{name}={quoted(text)}" for text in values_of(value)]
            parts.append(shown[0] if len(shown) == 1 else f"( {f' {separator} '.join(shown)} )")
        if parts:
            groups.append(f"{open_row} {f' {between} '.join(parts)} {close_row}")
    return f"{open_all} {f' {between_rows} '.join(groups)} {close_all}" if groups else ""


def quoted(text: str) -> str:
    return f'"{escape(text)}"'


COMMANDS: Final[Mapping[str, Apply]] = {"return": _return, "format": _format}
