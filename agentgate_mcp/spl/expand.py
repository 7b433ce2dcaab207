"""Macro expansion: text is pasted into text, as Splunk does it, and then read again.

What cannot be expanded stays in the text and is named in ``unresolved``: a missing definition,
a cycle, an `eval` macro whose result is not constant, too deep or too wide a nesting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.knowledge import KnowledgeSet, MacroDefinition
from agentgate_mcp.spl.lexer import MAX_CHARS, MacroText, macro_text, marks
from agentgate_mcp.spl.text import unescape

MAX_NESTING = 16
MAX_EXPANSIONS = 2_000
"""Macro calls of one search, those inside macros too; more than any real search needs."""

_REMEMBERED_CHARS = 16_384
_TOO_LONG = "the search grows too long when its macros are expanded"
_PARAMETER = re.compile(r"\$([\w.\-]+)\$")
_QUOTED_CALL = re.compile(r"`\s*([\w.:\-]+)\s*(?:\(([^`]*)\))?\s*`")
_CONSTANT = re.compile(r'\s*"[^"\\]*+(?:\\.[^"\\]*+)*+"(?:\s*\.\s*"[^"\\]*+(?:\\.[^"\\]*+)*+")*\s*', re.DOTALL)
_LITERAL = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)


class _LimitError(Exception):
    """The whole search is refused: it grows over a cap."""

    def __init__(self, problem: str, expected: str) -> None:
        super().__init__(problem)
        self.problem, self.expected = problem, expected


class MacroUse(NamedTuple):
    """One macro that a search reaches. ``weak`` stands inside a quoted string, where Splunk does
    not expand it; ``depth`` 1 is the search's own text."""

    name: str
    arity: int
    depth: int
    weak: bool
    resolved: bool

    @property
    def id(self) -> str:
        return f"macro:{self.name}"


class Segment(NamedTuple):
    """``expanded[out_start:out_end]`` comes from ``original[in_start:in_end]``."""

    out_start: int
    out_end: int
    in_start: int
    in_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """The expanded text and what went into it."""

    text: str
    uses: tuple[MacroUse, ...] = ()
    unresolved: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()

    def origin(self, position: int) -> int:
        """The offset in the original text that ``position`` of the expanded text comes from;
        for text out of a macro, where the macro's call begins."""
        shift = 0
        for segment in self.segments:
            if position < segment.out_start:
                break
            if position < segment.out_end:
                return segment.in_start
            shift = segment.in_end - segment.out_end
        return position + shift


@dataclass(slots=True)
class _Work:
    """What one expansion has gathered so far."""

    knowledge: KnowledgeSet
    calls: int = 0
    uses: list[MacroUse] = field(default_factory=list[MacroUse])
    unresolved: list[str] = field(default_factory=list[str])


class _Done(NamedTuple):
    """A finished expansion of one call, as remembered by its own text. ``uses`` has the call
    itself too, at depth 1; ``height`` is how deep it nests, ``calls`` how many calls it makes."""

    text: str
    uses: tuple[MacroUse, ...]
    height: int
    calls: int


def expand(text: str, knowledge: KnowledgeSet) -> Expansion:
    """Expand every macro of ``text``. Raises: SplError where ``text`` itself is malformed, or the
    result grows over the cap."""
    if "`" not in text:
        return Expansion(text=text)
    work = _Work(knowledge)
    segments: list[Segment] = []
    expanded = _paste(text, work, (), 1, segments)
    return Expansion(
        text=expanded,
        uses=tuple(dict.fromkeys(work.uses)),
        unresolved=tuple(dict.fromkeys(work.unresolved)),
        segments=tuple(segments),
    )


def _paste(
    text: str, work: _Work, stack: tuple[tuple[str, int], ...], depth: int, segments: list[Segment] | None = None
) -> str:
    """``text`` with its macro calls replaced. Recursion is bounded by `MAX_NESTING`."""
    out: list[str] = []
    read = written = 0
    for start, stop in marks(text):
        if text[start] == "`":
            if text.startswith("```", start):
                continue
            piece = text[start:stop]
            try:
                pasted = _known(piece, work, depth)
                if pasted is None:
                    pasted = _call(macro_text(piece, start), piece, work, stack, depth)
            except _LimitError as error:
                if segments is None:
                    raise
                raise SplError(error.problem, start, error.expected) from None
            out.append(text[read:start])
            out.append(pasted)
            written += start - read
            if segments is not None:
                segments.append(Segment(written, written + len(pasted), start, stop))
            written += len(pasted)
            read = stop
            if written > MAX_CHARS:
                limit = f"at most {MAX_CHARS} characters"
                raise SplError(_TOO_LONG, start, limit) if segments is not None else _LimitError(_TOO_LONG, limit)
        elif text.find("`", start, stop) >= 0:
            _note_quoted(text[start:stop], work, depth)
    out.append(text[read:])
    return "".join(out)


def _known(piece: str, work: _Work, depth: int) -> str | None:
    """What is remembered of a call, where it may stand this deep; None where nothing is."""
    done = work.knowledge.memo.get(piece)
    if not isinstance(done, _Done) or depth + done.height - 1 > MAX_NESTING:
        return None
    work.uses.extend(done.uses if depth == 1 else [u._replace(depth=u.depth + depth - 1) for u in done.uses])
    _count(work, done.calls)
    return done.text


def _count(work: _Work, calls: int) -> None:
    work.calls += calls
    if work.calls > MAX_EXPANSIONS:
        raise _LimitError("the search's macros expand into too many others", f"at most {MAX_EXPANSIONS} calls")


def _call(call: MacroText, written: str, work: _Work, stack: tuple[tuple[str, int], ...], depth: int) -> str:
    """The text that a call stands for; the call itself where it cannot be expanded."""
    _count(work, 1)
    key = (call.name, call.arity)
    label = f"macro:{call.name}" if not call.arity else f"macro:{call.name}({call.arity})"
    definition = work.knowledge.macro_definition(call.name, call.arity)
    use = MacroUse(call.name, call.arity, depth, False, definition is not None)
    work.uses.append(use)
    if definition is None:
        work.unresolved.append(label)
        return written
    if definition.rivals:
        work.unresolved.append(f"{label}: defined differently in {definition.rivals + 1} places")
    if key in stack:
        work.unresolved.append(f"{label}: it contains itself")
        return written
    if depth > MAX_NESTING:
        work.unresolved.append(f"{label}: nested deeper than {MAX_NESTING}")
        return written
    return _define(call, definition, label, written, work, (*stack, key), depth)


def _define(
    call: MacroText,
    definition: MacroDefinition,
    label: str,
    written: str,
    work: _Work,
    stack: tuple[tuple[str, int], ...],
    depth: int,
) -> str:
    inner = _Work(work.knowledge, work.calls)
    body = _substitute(definition, call)
    if definition.iseval:
        constant = _constant(body)
        if constant is None:
            work.unresolved.append(f"{label}: its text is computed by eval")
            return written
        body = constant
    try:
        text = _paste(body, inner, stack, depth + 1)
    except SplError as error:
        work.unresolved.append(f"{label}: {error}")
        return written
    work.uses.extend(inner.uses)
    work.unresolved.extend(inner.unresolved)
    if not inner.unresolved and not definition.rivals and len(written) + len(text) <= _REMEMBERED_CHARS:
        own = MacroUse(call.name, call.arity, 1, False, True)
        uses = (own, *(u._replace(depth=u.depth - depth + 1) for u in inner.uses))
        height = max(u.depth for u in uses if not u.weak)
        work.knowledge.memo.put(written, _Done(text, uses, height, inner.calls - work.calls + 1))
    work.calls = inner.calls
    return text


def _substitute(definition: MacroDefinition, call: MacroText) -> str:
    """The definition with its ``$parameters$`` replaced. Outer quotes of an argument go."""
    if not call.args:
        return definition.definition
    values = {name: _plain(value) for name, value in zip(definition.args, call.args, strict=False)}
    return _PARAMETER.sub(lambda m: values.get(m.group(1), m.group()), definition.definition)


def _plain(argument: str) -> str:
    if len(argument) > 1 and _LITERAL.fullmatch(argument):
        return unescape(argument[1:-1])
    return argument


def _constant(expression: str) -> str | None:
    """The value of an eval expression that is one string, or strings joined by ``.``."""
    if not expression.strip():
        return ""
    if not _CONSTANT.fullmatch(expression):
        return None
    return "".join(unescape(m.group(1)) for m in _LITERAL.finditer(expression))


def _note_quoted(piece: str, work: _Work, depth: int) -> None:
    """Record macros inside a quoted string. Splunk does not expand them, people write them all
    the same; one whose text could break out of the string is not trusted to stay unexpanded."""
    for match in _QUOTED_CALL.finditer(piece):
        arguments = match.group(2)
        arity = arguments.count(",") + 1 if arguments and arguments.strip() else 0
        definition = work.knowledge.macro_definition(match.group(1), arity)
        work.uses.append(MacroUse(match.group(1), arity, depth, True, definition is not None))
        if definition is not None and _breaks_out(definition.definition):
            work.unresolved.append(f"macro:{match.group(1)}: quoted, and its text holds more than a value")


def _breaks_out(text: str) -> bool:
    """True where ``text`` inside a string could end it or start a command."""
    return "|" in text or "[" in text or text.replace('\\"', "").count('"') % 2 == 1
