"""What a stage gives away beyond its conditions: what it returns to the search around it, a bare word
that must be a command, alternatives, another reading."""

from __future__ import annotations

import re

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.arguments import VALUE_KINDS, arguments, value_of
from agentgate_mcp.spl.layout import Layout, Stage, lay_out
from agentgate_mcp.spl.lexer import LPAREN, OP, WORD

_SHAPING = frozenset({"eval", "rename", "return", "stats", "fields", "table", "format"})
_STEERING = frozenset({"index", "earliest", "latest", "search", "query"})
_VERBATIM = "search"
_JOINING = frozenset({"AND", "OR", "NOT", ""})


def has_alternatives(stage: Stage) -> bool:
    """Whether an OR stands anywhere in the stage."""
    return any(kind == WORD and text == "OR" for kind, text, _ in stage.tokens)


def bare_word(stage: Stage) -> str:
    """In brackets the first word is a command, pipe or not: one that is no known command, and is
    not the beginning of a condition, is an unknown command. Empty where there is none."""
    if not stage.implicit:
        return ""
    kind, text, _ = stage.tokens[0]
    following = stage.tokens[1] if len(stage.tokens) > 1 else None
    if kind != WORD or "::" in text or "*" in text or text.upper() == "NOT":
        return ""
    if following is None or (following[0] not in (OP, LPAREN) and following[1].upper() not in ("IN", "OR", "AND")):
        return text.lower()
    return ""


def steers(stages: list[Stage]) -> set[str]:
    """The fields that a subsearch returns into its search and that set the search's index or time
    range, or its very text: ``[ makeresults | eval earliest=0 | return earliest ]``. The values of
    `search` and `query`, of ``return $field``, and the texts of `format` are such text."""
    found: set[str] = set()
    for stage in stages:
        if stage.name not in _SHAPING:
            continue
        tokens = stage.tokens
        if stage.name in ("fields", "table") and tokens and tokens[0][1] == "-":
            continue
        if stage.name == "format":
            if _speaks(stage):
                found.add(_VERBATIM)
            continue
        for index, token in enumerate(tokens):
            if token[0] not in VALUE_KINDS:
                continue
            name = value_of(token)
            if stage.name == "return" and name.startswith("$"):
                found.add(_VERBATIM)
            if name.lstrip("$") not in _STEERING:
                continue
            following = tokens[index + 1][0] if index + 1 < len(tokens) else ""
            if stage.name == "eval":
                steers = following == OP
            elif stage.name == "rename":
                steers = index > 0 and tokens[index - 1][1].lower() == "as"
            else:
                steers = following != LPAREN  # `stats earliest(x)` is a function
            if steers:
                found.add(_VERBATIM if name.lstrip("$") == "query" else name.lstrip("$"))
    return found


def _speaks(stage: Stage) -> bool:
    """Whether a text of `format` holds more than parentheses and operators."""
    options, words = arguments(stage)
    texts = (*words, options.get("mvsep", ""), options.get("emptystr", ""))
    return any(not _JOINING.issuperset(re.split(r"[\s()]+", text.upper())) for text in texts)


def same_commands(layout: Layout, other: str) -> bool:
    """Whether another reading of the text runs the same commands."""
    try:
        alternative = lay_out(other)
    except SplError:
        return False
    return sorted(s.name for s in layout.all_stages()) == sorted(s.name for s in alternative.all_stages())
