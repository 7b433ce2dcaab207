"""Tokens to stages: where each command begins, what it is called, and which brackets it holds.

This is all that facts and references need; expression trees are built on top of it (parser.py)
only where something evaluates them. Brackets are followed with an explicit stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.commands import COMMANDS, RISKY, TEMPLATE_COMMANDS
from agentgate_mcp.spl.lexer import (
    CLOSE,
    FIELD,
    GROUP_KINDS,
    LPAREN,
    MACRO,
    MAX_DEPTH,
    OP,
    OPEN,
    PIPE,
    RPAREN,
    STRING,
    WORD,
    Token,
    lex,
)
from agentgate_mcp.spl.text import unescape

# Without a pipe before it, the first word of a text is a command if it generates rows, and is
# taken for one if it is risky: a server that adds no `search` of its own would run it.
_LEADING = RISKY | frozenset(
    {
        "tstats", "from", "savedsearch", "rest", "mstats", "makeresults", "multisearch", "datamodel", "union",
        "metasearch", "metadata", "dbinspect", "loadjob", "pivot", "inputlookup", "eventcount", "inputcsv",
    }
)  # fmt: skip
# Words that continue a search expression: `delete OR x` is two terms, not a command.
_CONNECTIVES = frozenset({"OR", "AND", "IN"})


class Stage(NamedTuple):
    """One command as written. ``tokens`` holds its arguments, with one `OPEN` token standing for
    each bracketed part (find it in ``Layout.groups`` by its start). ``name`` is lower-case, and
    empty for a macro in command position. ``implicit`` marks a search without its word."""

    name: str
    name_start: int
    tokens: list[Token]
    start: int
    end: int
    implicit: bool = False
    surmised: bool = False
    """The word has no ``|`` before it and might also be a search term (`sendemail to=x`)."""


class Group(NamedTuple):
    """A bracketed part, from its ``[`` to after its ``]``. ``owner`` is the command it belongs
    to, ``template`` whether it acts on that command's rows instead of searching by itself."""

    stages: list[Stage]
    start: int
    end: int
    depth: int
    owner: str
    template: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A search cut into stages. ``groups`` is in the order of closing: innermost first."""

    text: str
    stages: list[Stage]
    groups: dict[int, Group]
    doubtful: list[int]

    def all_stages(self) -> Iterator[Stage]:
        """Every stage, brackets included, in no particular order."""
        yield from self.stages
        for group in self.groups.values():
            yield from group.stages


class _Open(NamedTuple):
    """A bracket that is being read, or the text itself (``start`` -1)."""

    stages: list[Stage]
    start: int
    owner: str
    template: bool
    any_command: bool = True
    """Whether the first word may be any command, pipe or not."""


def lay_out(text: str, *, fragment: bool = False) -> Layout:
    """Cut ``text`` into stages. A ``fragment`` (a macro's definition) may begin with a command
    that only makes sense after a pipe. Raises: SplError with position and expectation."""
    tokens, doubtful = lex(text)
    groups: dict[int, Group] = {}
    outer: list[tuple[_Open, list[Token], int, bool]] = []
    here = _Open([], -1, "", False, fragment)
    line: list[Token] = []
    start, piped, done = 0, False, 0
    for at in [i for i, t in enumerate(tokens) if t[0] in GROUP_KINDS]:
        token = tokens[at]
        kind = token[0]
        line.extend(tokens[done:at])
        done = at + 1
        if kind == PIPE:
            if line:
                here.stages.append(_stage(line, start, token[2], piped, here))
            elif piped or here.stages:
                raise SplError("nothing stands between two pipes", token[2], "a command")
            line, start, piped = [], token[2] + 1, True
        elif kind == OPEN:
            if len(outer) == MAX_DEPTH:
                raise SplError("brackets are nested too deeply", token[2], f"at most {MAX_DEPTH} levels")
            owner = _owner(line, piped, here)
            line.append(token)
            outer.append((here, line, start, piped))
            here = _Open([], token[2], owner, owner in TEMPLATE_COMMANDS)
            line, start, piped = [], token[2] + 1, False
        else:
            if not outer:
                raise SplError("unbalanced ']'", token[2], "an opening [ before it")
            if not line:
                raise SplError("a command is missing", token[2], "a command before ]")
            here.stages.append(_stage(line, start, token[2], piped, here))
            depth = len(outer)
            groups[here.start] = Group(here.stages, here.start, token[2] + 1, depth, here.owner, here.template)
            here, line, start, piped = outer.pop()
    line.extend(tokens[done:])
    if outer:
        raise SplError("unbalanced '['", here.start, "a closing ]")
    if not line:
        raise SplError("a command is missing", len(text), "a command")
    here.stages.append(_stage(line, start, len(text), piped, here))
    return Layout(text=text, stages=here.stages, groups=groups, doubtful=doubtful)


def _owner(line: list[Token], piped: bool, here: _Open) -> str:
    """The command that a bracket belongs to, before its stage is complete."""
    if not line:
        return "search" if not piped else ""
    kind, word, _ = line[0]
    if kind != WORD:
        return "search"
    word = word.lower()
    if piped or here.stages or word in COMMANDS:
        return word
    return "search"


def _stage(line: list[Token], start: int, end: int, piped: bool, here: _Open) -> Stage:
    """Name one complete stage."""
    kind, text, position = line[0]
    if kind == WORD:
        name = text.lower()
        if piped:
            return Stage(name, position, line[1:], start, end)
        if here.template:
            return Stage(name, position, line[1:], start, end)
        following = line[1] if len(line) > 1 else None
        if following is not None and following[0] == OP:
            return Stage("search", position, line, start, end, True)
        if name == "search":
            return Stage(name, position, line[1:], start, end)
        if following is not None and following[0] == WORD and following[1].upper() in _CONNECTIVES:
            return Stage("search", position, line, start, end, True)
        if here.any_command:
            if name in COMMANDS:
                return Stage(name, position, line[1:], start, end)
        elif name in _LEADING:
            return Stage(name, position, line[1:], start, end, False, True)
        return Stage("search", position, line, start, end, True)
    if kind == MACRO:
        if piped or here.template:
            return Stage("", position, line, start, end)
        return Stage("search", position, line, start, end, True)
    if piped or here.template:
        if kind in (STRING, FIELD):
            name = (unescape(text[1:-1]) if kind == STRING else text[1:-1]).strip().lower()
            if name:
                return Stage(name, position, line[1:], start, end)
        raise SplError("a command name is missing", position, "a command name after |")
    if kind in (LPAREN, RPAREN, OPEN, STRING, FIELD, CLOSE):
        return Stage("search", position, line, start, end, True)
    raise SplError(f"unexpected {text!r}", position, "a command or a search term")
