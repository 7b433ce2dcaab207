"""Stages to commands: each form that has a node of its own, and the generic one for the rest.

A stage that holds a macro in a place where its form cannot have one becomes `Generic`: what it
means is known only after expansion.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.commands import COMMANDS
from agentgate_mcp.spl.cursor import Cursor, Height, Source
from agentgate_mcp.spl.eval_expr import EvalParser
from agentgate_mcp.spl.layout import Stage
from agentgate_mcp.spl.lexer import LPAREN, MACRO, OP, OPEN, RPAREN, WORD, Token
from agentgate_mcp.spl.search_expr import parse_search
from agentgate_mcp.spl.stats_forms import chart, stats, tstats

Form = Callable[[Cursor], ast.Command]


def command_of(stage: Stage, source: Source, height: Height) -> ast.Command:
    """The command of one stage. Raises: SplError with position and expectation."""
    form = _FORMS.get(stage.name)
    if form is None:
        return _generic(Cursor(stage, source, height))
    cursor = Cursor(stage, source, height)
    try:
        made = form(cursor)
        if not cursor.done:
            raise cursor.error("the end of the command")
    except SplError:
        if any(kind in (MACRO, OPEN) for kind, _, _ in stage.tokens):
            raw = source.text[stage.tokens[0][2] : stage.end].rstrip()
            return _generic(Cursor(stage, source, height), raw)
        raise
    return made


def is_always_good(stage: Stage) -> bool:
    """Whether the stage has no form that it could break: words and punctuation of any other command."""
    return stage.name not in _FORMS and not any(kind in (MACRO, OPEN) for kind, _, _ in stage.tokens)


def _span(cursor: Cursor) -> ast.Span:
    return ast.Span(cursor.stage.name_start, cursor.stage.end)


def evaluator(cursor: Cursor, start: int, end: int) -> EvalParser:
    """An eval parser over a part of the cursor's text."""
    return EvalParser(cursor.source, cursor.height, start, end, cursor.stage.name)


def _search(cursor: Cursor) -> ast.Command:
    expr = parse_search(cursor)
    return ast.Search(expr=expr, implicit=cursor.stage.implicit, span=_span(cursor))


def _where(cursor: Cursor) -> ast.Command:
    expr = evaluator(cursor, _arguments_start(cursor), cursor.stage.end).expression()
    cursor.index = cursor.end
    return ast.Where(expr=expr, span=_span(cursor))


def _eval(cursor: Cursor) -> ast.Command:
    assignments = evaluator(cursor, _arguments_start(cursor), cursor.stage.end).assignments()
    cursor.index = cursor.end
    return ast.Eval(assignments=assignments, span=_span(cursor))


def _arguments_start(cursor: Cursor) -> int:
    if cursor.done:
        raise cursor.error("an expression")
    return cursor.position


def _head(cursor: Cursor) -> ast.Command:
    name = cast("Literal['head', 'tail']", cursor.stage.name)
    count, counted, expr = 10, False, None
    options: list[ast.Option] = []
    while cursor.index < cursor.end:
        token = cursor.peek()
        option = cursor.option()
        if option is not None and option.key in ("limit", "null", "keeplast"):
            if option.key == "limit":
                count, counted = _count(option.value, cursor), True
            else:
                options.append(option)
        elif option is not None:
            cursor.index -= 3
            expr = evaluator(cursor, cursor.position, cursor.stage.end).expression()
            cursor.index = cursor.end
        elif token is not None and token[0] == WORD and token[1].isdecimal():
            count, counted = int(token[1][:12]), True
            cursor.index += 1
        elif token is not None and token[0] == LPAREN and expr is None:
            close = cursor.matching()
            expr = evaluator(cursor, token[2] + 1, cursor.tokens[close][2]).expression()
            cursor.index = close + 1
        elif expr is None and not options and name == "head":
            expr = evaluator(cursor, cursor.position, cursor.stage.end).expression()
            cursor.index = cursor.end
        else:
            raise cursor.error("a number of rows, an expression in parentheses or an option")
    return ast.Head(command=name, count=count, expr=expr, options=tuple(options), counted=counted, span=_span(cursor))


def _count(value: ast.Operand, cursor: Cursor) -> int:
    if isinstance(value, ast.Value) and value.text.isdecimal():
        return int(value.text[:12])
    raise cursor.error("a whole number")


def _fields(cursor: Cursor) -> ast.Command:
    token = cursor.peek()
    remove = False
    first: tuple[str, ...] = ()
    if token is not None and token[0] == WORD and token[1][0] in "+-":
        remove = token[1][0] == "-"
        if len(token[1]) > 1:
            first = (cursor.name()[1:],)
        else:
            cursor.index += 1
    names = (*first, *cursor.names())
    if not names:
        raise cursor.error("a field name")
    return ast.Fields(fields=names, remove=remove, span=_span(cursor))


def _table(cursor: Cursor) -> ast.Command:
    names = cursor.names()
    if not names:
        raise cursor.error("a field name")
    return ast.Table(fields=names, span=_span(cursor))


def _sort(cursor: Cursor) -> ast.Command:
    limit: int | None = None
    token = cursor.peek()
    option = cursor.option()
    if option is not None:
        if option.key != "limit":
            raise cursor.error("limit= or a field name")
        limit = _count(option.value, cursor)
    elif token is not None and token[0] == WORD and token[1].isdecimal():
        limit = int(token[1][:12])
        cursor.index += 1
    keys = _sort_keys(cursor)
    if not keys:
        raise cursor.error("a field name")
    reverse = len(keys) > 1 and keys[-1].field in ("desc", "d") and not keys[-1].descending and not keys[-1].cast
    return ast.Sort(keys=tuple(keys[:-1] if reverse else keys), limit=limit, reverse=reverse, span=_span(cursor))


def _sort_keys(cursor: Cursor) -> list[ast.SortKey]:
    """``- a, +num(b) c``, up to an option: a sign belongs to the field that follows it."""
    keys: list[ast.SortKey] = []
    while cursor.index < cursor.end and not cursor.option_key():
        if cursor.skip(","):
            continue
        start = cursor.position
        descending = False
        token = cursor.peek()
        signed = token is not None and token[0] == WORD and token[1][0] in "+-"
        glued = ""
        if token is not None and signed:
            descending = token[1][0] == "-"
            glued = token[1][1:]
            cursor.index += 1
        cast_name = glued
        if not glued and cursor.word("auto", "str", "ip", "num") and cursor.is_kind(LPAREN, 1):
            cast_name = cursor.take()[1]
        if cast_name.lower() in ("auto", "str", "ip", "num") and cursor.is_kind(LPAREN):
            cursor.index += 1
            name = cursor.name()
            if not cursor.skip(RPAREN):
                raise cursor.error("a closing )")
            cast_name = cast_name.lower()
        else:
            name, cast_name = glued or cursor.name(), ""
        span = ast.Span(start, cursor.position)
        keys.append(ast.SortKey(field=name, descending=descending, cast=cast_name, span=span))
    return keys


def _dedup(cursor: Cursor) -> ast.Command:
    count = 1
    options: list[ast.Option] = []
    fields: list[str] = []
    sortby: list[ast.SortKey] = []
    token = cursor.peek()
    if token is not None and token[0] == WORD and token[1].isdecimal() and not cursor.is_kind(OP, 1):
        count = int(token[1][:12])
        cursor.index += 1
    while cursor.index < cursor.end:
        if cursor.skip(","):
            continue
        option = cursor.option()
        if option is not None:
            options.append(option)
        elif cursor.skip_word("sortby"):
            sortby = _sort_keys(cursor)
        else:
            fields.append(cursor.name())
    if not fields:
        raise cursor.error("a field name")
    return ast.Dedup(
        fields=tuple(fields), count=count, sortby=tuple(sortby), options=tuple(options), span=_span(cursor)
    )


def _rename(cursor: Cursor) -> ast.Command:
    pairs: list[tuple[str, str]] = []
    while cursor.index < cursor.end:
        if cursor.skip(","):
            continue
        old = cursor.name()
        if not cursor.skip_word("as"):
            raise cursor.error("AS and the new name")
        pairs.append((old, cursor.name()))
    if not pairs:
        raise cursor.error("a field name")
    return ast.Rename(pairs=tuple(pairs), span=_span(cursor))


def _lookup(cursor: Cursor) -> ast.Command:
    options: list[ast.Option] = []
    while (option := cursor.option()) is not None:
        options.append(option)
    name = cursor.name()
    match = _lookup_fields(cursor, "output", "outputnew")
    keep = cursor.word("outputnew")
    output: tuple[ast.LookupField, ...] = ()
    if cursor.skip_word("output", "outputnew"):
        output = _lookup_fields(cursor)
    return ast.Lookup(
        name=name, match=match, output=output, keep_existing=keep, options=tuple(options), span=_span(cursor)
    )


def _lookup_fields(cursor: Cursor, *stop_words: str) -> tuple[ast.LookupField, ...]:
    found: list[ast.LookupField] = []
    while cursor.index < cursor.end and not cursor.word(*stop_words):
        if cursor.skip(","):
            continue
        start = cursor.position
        name = cursor.name()
        alias = cursor.name() if cursor.skip_word("as") else ""
        found.append(ast.LookupField(field=name, alias=alias, span=ast.Span(start, cursor.position)))
    return tuple(found)


def _inputlookup(cursor: Cursor) -> ast.Command:
    options: list[ast.Option] = []
    name = ""
    where: ast.SearchExpr | None = None
    while cursor.index < cursor.end:
        option = cursor.option()
        if option is not None:
            options.append(option)
        elif cursor.skip_word("where"):
            where = parse_search(cursor)
        elif not name:
            name = cursor.name()
        else:
            raise cursor.error("WHERE or the end of the command")
    if not name:
        raise cursor.error("the name of a lookup")
    return ast.InputLookup(name=name, where=where, options=tuple(options), span=_span(cursor))


def _generic(cursor: Cursor, raw: str = "") -> ast.Command:
    """Any command: options, values, macros, brackets and punctuation in order."""
    stage = cursor.stage
    args: list[ast.Arg] = []
    closings = _closings(stage.tokens)
    while cursor.index < cursor.end:
        option = (_enclosed(cursor, closings) if closings else None) or cursor.option()
        if option is not None:
            args.append(option)
            continue
        token = cursor.tokens[cursor.index]
        if token[0] in (OP, LPAREN, RPAREN, ","):
            cursor.index += 1
            args.append(ast.Punct(text=token[1], span=ast.Span(token[2], token[2] + len(token[1]))))
        else:
            args.append(cursor.operand())
    if not stage.name and len(args) == 1 and isinstance(args[0], ast.MacroCall):
        return args[0]
    known = stage.name in COMMANDS
    return ast.Generic(command=stage.name, args=tuple(args), known=known, raw=raw, span=_span(cursor))


def _closings(tokens: list[Token]) -> dict[int, int]:
    """For each ``(`` that is closed the index after its ``)``; none that holds a macro or a bracket."""
    found: dict[int, int] = {}
    opened: list[int] = []
    last = -1  # the last macro or bracket
    for at, (kind, _, _) in enumerate(tokens):
        if kind == LPAREN:
            opened.append(at)
        elif kind == RPAREN and opened:
            start = opened.pop()
            if last < start:
                found[start] = at + 1
        elif kind in (MACRO, OPEN):
            last = at
    return found


def _enclosed(cursor: Cursor, closings: dict[int, int]) -> ast.Option | None:
    """A ``key=(…)`` or ``key=eval(…)`` at the cursor, taken, its value being the text as written."""
    tokens, at = cursor.tokens, cursor.index
    if at + 2 >= cursor.end or tokens[at][0] != WORD or tokens[at + 1][1] != "=":
        return None
    kind, word, start = tokens[at + 2]
    opening = at + 2
    if kind == WORD and opening + 1 < cursor.end and tokens[opening + 1][2] == start + len(word):
        opening += 1
    after = closings.get(opening)
    if after is None:
        return None
    cursor.index = after
    end = tokens[after - 1][2] + 1
    value = ast.Value(raw=cursor.source.text[start:end], span=ast.Span(start, end))
    key, begin = tokens[at][1], tokens[at][2]
    return ast.Option(key=key.lower(), value=value, written=key, span=ast.Span(begin, end))


_FORMS: dict[str, Form] = {
    "search": _search,
    "where": _where,
    "eval": _eval,
    "head": _head,
    "tail": _head,
    "fields": _fields,
    "table": _table,
    "sort": _sort,
    "dedup": _dedup,
    "rename": _rename,
    "lookup": _lookup,
    "inputlookup": _inputlookup,
    **dict.fromkeys(("stats", "eventstats", "streamstats", "sistats"), stats),
    **dict.fromkeys(("chart", "timechart", "sichart", "sitimechart"), chart),
    **dict.fromkeys(("tstats", "mstats"), tstats),
}
