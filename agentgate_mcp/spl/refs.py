"""What one search or macro definition refers to, as written and unexpanded: for the graph.

A reference is an edge; what the object behind it refers to is another edge. Nothing is resolved
here, and a text that cannot be read as a whole raises SplError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from agentgate_mcp.spl.arguments import VALUE_KINDS, arguments, conditions, value_of
from agentgate_mcp.spl.commands import SEARCH_COMMANDS
from agentgate_mcp.spl.layout import Layout, Stage, lay_out
from agentgate_mcp.spl.lexer import OP, STRING, WORD, macro_text, marks

_LOOKUP_COMMANDS = frozenset({"lookup", "inputlookup", "outputlookup"})
_FIELDS = frozenset({"index", "sourcetype", "source", "eventtype", "tag"})
_QUOTED_CALL = re.compile(r"`\s*([\w.:\-]+)\s*(?:\(([^`]*)\))?\s*`")


class MacroRef(NamedTuple):
    """A macro and its number of arguments; ``weak`` stands inside a quoted string."""

    name: str
    arity: int
    weak: bool


class LookupRef(NamedTuple):
    """A lookup as written, and the command that reads or writes it (`from` for a dataset)."""

    command: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Names as written (case kept, quotes stripped, wildcards literal), each once, in order.

    ``indexes`` … ``tags`` are the values of ``=``, ``==``, ``::`` and ``IN`` in search, tstats,
    mstats and metasearch, whatever the case of the field's name; values under ``!=`` are not
    references."""

    macros: tuple[MacroRef, ...] = ()
    lookups: tuple[LookupRef, ...] = ()
    data_models: tuple[str, ...] = ()
    saved_searches: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    sourcetypes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    eventtypes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def references_of(text: str, *, definition: bool = False) -> References:
    """The references of one search, or of a macro's ``definition``, which may begin in the middle
    of a pipeline. Raises: SplError where it cannot be read."""
    layout = lay_out(text, fragment=definition)
    lookups: list[LookupRef] = []
    models: list[str] = []
    saved: list[str] = []
    values: dict[str, list[str]] = {name: [] for name in _FIELDS}
    for stage in _in_order(layout):
        name = stage.name
        if name in _LOOKUP_COMMANDS:
            words = arguments(stage).words
            if words:
                lookups.append(LookupRef(name, words[0]))
        elif name in ("savedsearch", "loadjob"):
            saved.extend(_saved(stage))
        elif name == "datamodel":
            words = arguments(stage).words
            if words:
                models.append(".".join(words[:2]))
        elif name == "from":
            _dataset(stage, models, lookups, saved)
        if name in SEARCH_COMMANDS or name == "":
            models.extend(_models(stage))
        if name in SEARCH_COMMANDS:
            for found in conditions(stage.tokens, _FIELDS):
                if found.value is not None and not found.unequal:
                    values[found.field].append(found.value)
    return References(
        macros=_macros(text),
        lookups=tuple(dict.fromkeys(lookups)),
        data_models=tuple(dict.fromkeys(models)),
        saved_searches=tuple(dict.fromkeys(saved)),
        indexes=tuple(dict.fromkeys(values["index"])),
        sourcetypes=tuple(dict.fromkeys(values["sourcetype"])),
        sources=tuple(dict.fromkeys(values["source"])),
        eventtypes=tuple(dict.fromkeys(values["eventtype"])),
        tags=tuple(dict.fromkeys(values["tag"])),
    )


def _in_order(layout: Layout) -> list[Stage]:
    return sorted(layout.all_stages(), key=lambda stage: stage.start)


def _macros(text: str) -> tuple[MacroRef, ...]:
    """Every macro call, nested ones in arguments too, and those inside quoted strings."""
    found: list[MacroRef] = []
    todo = [(text, 0)]
    while todo:
        source, offset = todo.pop()
        if "`" not in source:
            continue
        for start, stop in marks(source):
            piece = source[start:stop]
            if piece[0] == "`" and piece[:3] != "```":
                call = macro_text(piece, offset + start)
                found.append(MacroRef(call.name, call.arity, False))
                todo.extend((argument, offset + start) for argument in call.args if "`" in argument)
            elif piece[0] == '"' and "`" in piece:
                for match in _QUOTED_CALL.finditer(piece):
                    inside = match.group(2)
                    arity = inside.count(",") + 1 if inside and inside.strip() else 0
                    found.append(MacroRef(match.group(1), arity, True))
    strong = {(m.name, m.arity) for m in found if not m.weak}
    return tuple(dict.fromkeys(m for m in found if not m.weak or (m.name, m.arity) not in strong))


def _saved(stage: Stage) -> list[str]:
    args = arguments(stage)
    if stage.name == "loadjob":
        name = args.options.get("savedsearch", "").rpartition(":")[2]
        return [name] if name else []
    return args.words[:1]


def _dataset(stage: Stage, models: list[str], lookups: list[LookupRef], saved: list[str]) -> None:
    """`from kind:name` or `from kind name`, quoted or not."""
    words = arguments(stage).words
    kind, _, name = (words[0] if words else "").partition(":")
    name = (name or (words[1] if len(words) > 1 else "")).strip().strip('"')
    if not name:
        return
    match kind.strip().lower():
        case "datamodel":
            models.append(name)
        case "lookup" | "inputlookup":
            lookups.append(LookupRef("from", name))
        case "savedsearch":
            saved.append(name)
        case _:
            pass


def _models(stage: Stage) -> list[str]:
    """The data models of `datamodel=X` and `from datamodel:X` in one stage."""
    found: list[str] = []
    tokens = stage.tokens
    for index, (kind, text, _) in enumerate(tokens):
        if kind != WORD:
            continue
        word = text.lower()
        if word == "datamodel" and index + 2 < len(tokens) and tokens[index + 1][0] == OP:
            if tokens[index + 2][0] in VALUE_KINDS:
                found.append(value_of(tokens[index + 2]))
        elif word.startswith("datamodel:"):
            if text[10:]:
                found.append(text[10:])
            elif index + 1 < len(tokens) and tokens[index + 1][0] == STRING:
                found.append(value_of(tokens[index + 1]))
    return found
