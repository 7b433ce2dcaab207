"""`stats` and its kin: aggregations with ``as``, grouping with ``by``."""

from __future__ import annotations

from dataclasses import replace

from agentgate_mcp.spl import ast
from agentgate_mcp.spl.cursor import Cursor
from agentgate_mcp.spl.eval_expr import EvalParser
from agentgate_mcp.spl.lexer import LPAREN, MACRO, OP, OPEN, WORD
from agentgate_mcp.spl.search_expr import parse_search

_KEY_OPTIONS = frozenset({"span", "bins", "minspan", "start", "end", "aligntime"})
_RESETS = frozenset({"reset_before", "reset_after"})
_BY = ("by", "groupby")


def stats(cursor: Cursor) -> ast.Command:
    """`stats`, `eventstats`, `streamstats`, `sistats`."""
    options: list[ast.Option] = []
    aggregations = _aggregations(cursor, options, *_BY)
    by = _keys(cursor, options) if cursor.skip_word(*_BY) else ()
    return ast.Stats(
        command=cursor.stage.name,
        aggregations=aggregations,
        by=by,
        options=tuple(options),
        span=ast.Span(cursor.stage.name_start, cursor.stage.end),
    )


def chart(cursor: Cursor) -> ast.Command:
    """`chart … over x by y where …`, `timechart … by y where …`."""
    options: list[ast.Option] = []
    aggregations = _aggregations(cursor, options, "over", "where", *_BY)
    over: ast.GroupKey | None = None
    by: tuple[ast.GroupKey, ...] = ()
    if cursor.skip_word("over"):
        keys = _keys(cursor, options, "where", *_BY)
        if len(keys) != 1:
            raise cursor.error("one field after OVER")
        over = keys[0]
    if cursor.skip_word(*_BY):
        by = _keys(cursor, options, "where")
    where = ""
    if cursor.skip_word("where"):
        start = cursor.position
        while not cursor.done and cursor.option_key() not in _SERIES_OPTIONS:
            cursor.index += 1
        where = cursor.source.text[start : cursor.position].strip()
        if not where:
            raise cursor.error("a condition after WHERE")
        while (option := cursor.option()) is not None:
            options.append(option)
    return ast.Chart(
        command=cursor.stage.name,
        aggregations=aggregations,
        over=over,
        by=by,
        where=where,
        options=tuple(options),
        span=ast.Span(cursor.stage.name_start, cursor.stage.end),
    )


_SERIES_OPTIONS = frozenset({"limit", "useother", "usenull", "otherstr", "nullstr", "agg", "sep", "format", "cont"})


def tstats(cursor: Cursor) -> ast.Command:
    """`tstats` or `mstats`: aggregations, FROM, WHERE, BY, options anywhere between."""
    options: list[ast.Option] = []
    aggregations = _aggregations(cursor, options, "from", "where", *_BY)
    data_model = ""
    where: ast.SearchExpr | None = None
    by: tuple[ast.GroupKey, ...] = ()
    while not cursor.done:
        option = cursor.option()
        if option is not None:
            options.append(option)
        elif cursor.skip_word("from"):
            data_model = _data_model(cursor, options)
        elif cursor.skip_word("where"):
            where = parse_search(cursor, "from", *_BY)
        elif cursor.skip_word(*_BY):
            by = _keys(cursor, options, "where", "from")
        elif not cursor.skip(","):
            raise cursor.error("FROM, WHERE, BY or an option")
    return ast.Tstats(
        command=cursor.stage.name,
        aggregations=aggregations,
        data_model=data_model,
        where=where,
        by=by,
        options=tuple(options),
        span=ast.Span(cursor.stage.name_start, cursor.stage.end),
    )


def _data_model(cursor: Cursor, options: list[ast.Option]) -> str:
    """`datamodel=X`, `datamodel:X`, `sid=N` or a namespace, after FROM."""
    option = cursor.option()
    if option is not None:
        if option.key == "datamodel" and isinstance(option.value, ast.Value):
            return option.value.text
        options.append(option)
        return ""
    name = cursor.name()
    if name.lower().startswith("datamodel:"):
        return name[10:]
    options.append(ast.Option(key="namespace", value=ast.Value(raw=name.replace('"', ""), quote='"')))
    return ""


def _aggregations(cursor: Cursor, options: list[ast.Option], *stop_words: str) -> tuple[ast.Aggregation, ...]:
    """Aggregations and options up to a stop word. ``options`` collects the latter."""
    found: list[ast.Aggregation] = []
    while cursor.index < cursor.end and not cursor.word(*stop_words):
        if cursor.skip(","):
            continue
        option = _reset(cursor) or cursor.option()
        if option is not None:
            options.append(option)
            continue
        found.append(_aggregation(cursor))
    return tuple(found)


def _reset(cursor: Cursor) -> ast.Option | None:
    """A ``reset_before=(…)`` or ``reset_after=(…)`` at the cursor, taken, its value being the text as written."""
    if cursor.option_key() not in _RESETS or not cursor.is_kind(LPAREN, 2):
        return None
    _, key, begin = cursor.take()
    cursor.index += 1
    start, close = cursor.position, cursor.matching()
    if any(kind in (MACRO, OPEN) for kind, _, _ in cursor.tokens[cursor.index : close]):
        raise cursor.error("a condition without a macro or a bracket")
    cursor.index = close + 1
    end = cursor.tokens[close][2] + 1
    value = ast.Value(raw=cursor.source.text[start:end], span=ast.Span(start, end))
    return ast.Option(key=key.lower(), value=value, written=key, span=ast.Span(begin, end))


def _aggregation(cursor: Cursor) -> ast.Aggregation:
    start = cursor.position
    token = cursor.peek()
    if token is None or token[0] != WORD:
        raise cursor.error("an aggregation such as count or sum(bytes)")
    function = cursor.take()[1].lower()
    field, expr, argument = "", None, ""
    if cursor.is_kind(LPAREN):
        close = cursor.matching()
        inside = cursor.tokens[cursor.index + 1 : close]
        begin, end = cursor.position + 1, cursor.tokens[close][2]
        if function == "eval":
            expr = EvalParser(cursor.source, cursor.height, begin, end, cursor.stage.name).expression()
        elif len(inside) > 2 and inside[0][1].lower() == "eval" and inside[1][0] == LPAREN:
            cursor.index += 2
            inner = cursor.matching()
            if inner != close - 1:
                raise cursor.error("one eval() in an aggregation")
            begin, end = inside[1][2] + 1, cursor.tokens[inner][2]
            expr = EvalParser(cursor.source, cursor.height, begin, end, cursor.stage.name).expression()
        elif function == "sparkline" or any(k in (",", OP, LPAREN) for k, _, _ in inside):
            argument = cursor.source.text[begin:end].strip()
        elif inside:
            cursor.index += 1
            field = cursor.name()
            if cursor.index != close:
                raise cursor.error("one field in the aggregation")
        cursor.index = close + 1
    alias = cursor.name() if cursor.skip_word("as") else ""
    return ast.Aggregation(
        function=function,
        field=field,
        expr=expr,
        argument=argument,
        alias=alias,
        span=ast.Span(start, cursor.position),
    )


def _keys(cursor: Cursor, options: list[ast.Option], *stop_words: str) -> tuple[ast.GroupKey, ...]:
    """The fields after BY; `span=` and its like belong to the field before them."""
    keys: list[ast.GroupKey] = []
    while cursor.index < cursor.end and not cursor.word(*stop_words):
        if cursor.skip(","):
            continue
        option = cursor.option()
        if option is None:
            start = cursor.position
            keys.append(ast.GroupKey(field=cursor.name(), span=ast.Span(start, cursor.position)))
        elif keys and option.key in _KEY_OPTIONS:
            last = keys[-1]
            keys[-1] = replace(last, options=(*last.options, option))
        else:
            options.append(option)
    if not keys:
        raise cursor.error("a field after BY")
    return tuple(keys)
