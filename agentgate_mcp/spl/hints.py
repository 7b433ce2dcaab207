"""What a stage gives away beyond its conditions: what it returns to the search around it, a bare word
that must be a command, alternatives, another reading."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.arguments import VALUE_KINDS, arguments, value_of
from agentgate_mcp.spl.layout import Layout, Stage, lay_out
from agentgate_mcp.spl.lexer import LPAREN, MACRO, OP, OPEN, RPAREN, WORD

_TEXTS = frozenset({"search", "query"})
"""Columns whose value becomes text of the search around."""
_VERBATIM = "search"
_JOINING = frozenset({"AND", "OR", "NOT", ""})
_PASSING = frozenset(
    "search where regex sort dedup head tail reverse uniq mvexpand nomv addinfo outputlookup outputcsv collect".split()
)
"""Commands that add no column whose name is not their own."""
_ADDING = frozenset(
    {"eval", "eventstats", "streamstats", "convert", "bin", "bucket", "fillnull", "lookup", "makemv", "rex"}
)
"""Commands that add or rewrite columns by names that stand in them."""
_CLOSING = frozenset({"fields", "table", "stats", "top", "rare", "return"})
"""Commands that leave no columns but those that stand in them."""
_OUTPUT = frozenset({"output", "outputnew"})
_GROUP = re.compile(r"\(\?P?<([^>=!]+)>")


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


def steers(stages: list[Stage], scope: frozenset[str]) -> set[str]:
    """The fields that a subsearch may return into its search and that set the search's index or time
    range (``scope``), or its very text: ``[ makeresults | eval earliest=0 | return earliest ]``. The values
    of `search` and `query`, of ``return $field``, and the texts of `format` are such text, told as `search`.
    What has unknown columns (``[ inputlookup x ]``) may return any, until a list of fields closes it."""
    every = scope | _TEXTS
    found = set(every)
    for stage in stages:
        name = stage.name
        if name == "makeresults" and not {"data", "format"} & arguments(stage).options.keys():
            found = set[str]()
        elif name == "format":
            found |= {_VERBATIM} if _speaks(stage) else set()
        elif name in _PASSING:
            continue
        elif any(kind in (MACRO, OPEN) for kind, _, _ in stage.tokens):
            found = set(every)
        elif name == "rename":
            found = _renamed(stage, found, every)
        elif name == "fields" and stage.tokens and stage.tokens[0][1][0] == "-":
            found -= {name.removeprefix("-") for name, _ in _names(stage)}
        elif name in _CLOSING:
            named = _among(every, (name for name, _ in _names(stage)))
            found = found & named if name in ("fields", "table") else named
            if name == "return" and any(value_of(token)[:1] == "$" for token in stage.tokens):
                found.add(_VERBATIM)
        elif name in _ADDING and (name != "lookup" or any(t[1].lower() in _OUTPUT for t in stage.tokens)):
            found |= _added(stage, every)
        else:
            found = set(every)
    return {_VERBATIM if name in _TEXTS else name for name in found}


def _added(stage: Stage, every: frozenset[str]) -> set[str]:
    """The fields of ``every`` that a command may add."""
    if stage.name == "rex":
        texts = [value_of(token) for token in stage.tokens]
        return _among(every, [*texts, *(group for text in texts for group in _GROUP.findall(text))])
    names = _names(stage)
    if stage.name != "eval":
        return _among(every, (name for name, _ in names))
    assigned = [name for name, following in names if following == OP]
    return set(every) if any("{" in name for name in assigned) else _among(every, assigned)


def _renamed(stage: Stage, found: set[str], every: frozenset[str]) -> set[str]:
    """The fields of ``every`` that are there after `rename`."""
    names = [name for name, _ in _names(stage)]
    places = [at for at, name in enumerate(names) if at and name.lower() == "as"]
    gone = {names[at - 1] for at in places}
    return found - gone | _among(every, (name for at in places for name in names[at + 1 : at + 2]))


def _among(every: frozenset[str], patterns: Iterable[str]) -> set[str]:
    """Those of ``every`` that one of the patterns may name, whatever its case."""
    lower = {pattern.lower().removeprefix("+").removeprefix("$") for pattern in patterns}
    wild = [pattern for pattern in lower if "*" in pattern]
    return {name for name in every if name in lower or any(fnmatchcase(name, pattern) for pattern in wild)}


def _names(stage: Stage) -> list[tuple[str, str]]:
    """The words outside parentheses, joined where no blank parts them, each with the kind of the token
    that follows. A function's name is none; where parentheses do not match, all words are."""
    tokens = stage.tokens
    kinds = [kind for kind, _, _ in tokens]
    flat = kinds.count(LPAREN) != kinds.count(RPAREN)
    found: list[tuple[str, str]] = []
    depth, end = 0, -1
    for index, token in enumerate(tokens):
        kind, text, start = token
        depth += (kind == LPAREN) - (kind == RPAREN)
        if kind not in VALUE_KINDS or (depth and not flat):
            continue
        following = kinds[index + 1] if index + 1 < len(kinds) else ""
        joined = found.pop()[0] if found and start == end else ""
        found.append((joined + value_of(token), following))
        end = start + len(text)
    return [name for name in found if flat or name[1] != LPAREN]


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
