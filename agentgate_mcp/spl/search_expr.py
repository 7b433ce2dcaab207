"""Search expressions: terms, comparisons, `IN`, NOT, OR before AND. No recursion."""

from __future__ import annotations

from typing import Literal, cast

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.arguments import VALUE_KINDS, value_of
from agentgate_mcp.spl.cursor import Cursor, value_node
from agentgate_mcp.spl.lexer import COMMA, LPAREN, MACRO, MAX_DEPTH, OP, OPEN, RPAREN, STRING, WORD, Token

TIME_MODIFIERS = frozenset(
    {
        "earliest", "latest", "_index_earliest", "_index_latest", "starttime", "endtime", "starttimeu", "endtimeu",
        "timeformat", "daysago", "hoursago", "minutesago", "monthsago", "searchtimespandays", "searchtimespanhours",
        "searchtimespanminutes", "searchtimespanmonths", "startdaysago", "starthoursago", "startminutesago",
        "startmonthsago", "enddaysago", "endhoursago", "endminutesago", "endmonthsago",
    }
)  # fmt: skip
_DIRECTIVES = frozenset({"TERM", "CASE", "PREFIX"})


class _Frame:
    """One open parenthesis: alternatives (joined by OR) in a row of conjuncts."""

    __slots__ = ("ands", "joined", "nots", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.ands: list[list[tuple[ast.SearchExpr, int]]] = []
        self.nots: list[int] = []
        self.joined = ""


def parse_search(cursor: Cursor, *stop_words: str) -> ast.SearchExpr | None:
    """The search expression at the cursor, up to the end or a stop word outside parentheses;
    None where nothing stands there. Raises: SplError."""
    frames = [_Frame(cursor.position)]
    while not cursor.done:
        here = frames[-1]
        token = cursor.tokens[cursor.index]
        kind, text, start = token
        if kind == WORD:
            if len(frames) == 1 and text.lower() in stop_words and not _is_field(cursor):
                break
            if text in ("AND", "OR") and not _is_field(cursor):
                if not here.ands or here.joined or here.nots:
                    raise cursor.error(f"a term before {text}")
                here.joined = text
                cursor.index += 1
                continue
            if text == "NOT" and not _is_field(cursor):
                here.nots.append(start)
                cursor.index += 1
                continue
        if kind == LPAREN:
            if len(frames) == MAX_DEPTH:
                raise SplError("parentheses are nested too deeply", start, f"at most {MAX_DEPTH} levels")
            frames.append(_Frame(start))
            cursor.index += 1
        elif kind == RPAREN:
            if len(frames) == 1:
                raise cursor.error("an opening ( before it")
            cursor.index += 1
            frames.pop()
            if not here.ands and not here.joined and not here.nots:
                # `()` is how an empty macro leaves a condition: it holds for every event.
                here.ands.append([(ast.Term(value=ast.Value(raw="*")), 1)])
            inner = _close(here, cursor, start + 1)
            if inner is not None:
                _add(frames[-1], inner, cursor)
        elif kind == COMMA:
            cursor.index += 1
        else:
            _add(here, (_operand(cursor, token), 2), cursor)
    if len(frames) > 1:
        raise SplError("unbalanced '('", frames[-1].start, "a closing )")
    whole = _close(frames[0], cursor, cursor.position)
    return whole[0] if whole else None


def _add(frame: _Frame, operand: tuple[ast.SearchExpr, int], cursor: Cursor) -> None:
    node, height = operand
    if frame.nots:
        for start in reversed(frame.nots):
            node, height = ast.SearchNot(operand=node, span=ast.Span(start, node.span.end)), height + 1
        frame.nots.clear()
    cursor.height.grow(height, node.span.start)
    if frame.joined == "OR":
        frame.ands[-1].append((node, height))
    else:
        frame.ands.append([(node, height)])
    frame.joined = ""


def _close(frame: _Frame, cursor: Cursor, end: int) -> tuple[ast.SearchExpr, int] | None:
    """The node of a complete frame and its height; None where it is empty."""
    if frame.joined or frame.nots:
        raise cursor.error(f"a term after {frame.joined or 'NOT'}")
    parts: list[tuple[ast.SearchExpr, int]] = []
    for alternatives in frame.ands:
        if len(alternatives) == 1:
            parts.append(alternatives[0])
        else:
            nodes = tuple(n for n, _ in alternatives)
            span = ast.Span(nodes[0].span.start, nodes[-1].span.end)
            parts.append((ast.SearchOr(operands=nodes, span=span), 1 + max(h for _, h in alternatives)))
    if len(parts) <= 1:
        return parts[0] if parts else None
    height = cursor.height.grow(1 + max(h for _, h in parts), frame.start)
    return ast.SearchAnd(operands=tuple(n for n, _ in parts), span=ast.Span(frame.start, end)), height


def _is_field(cursor: Cursor) -> bool:
    """Whether the word at the cursor is a field before an operator, as in ``by=x``."""
    return cursor.is_kind(OP, 1)


def _operand(cursor: Cursor, token: Token) -> ast.SearchExpr:
    kind, text, start = token
    if kind in (MACRO, OPEN):
        return cast("ast.MacroCall | ast.Subsearch", cursor.operand())
    if kind not in VALUE_KINDS:
        raise cursor.error("a term or a field before the operator")
    following = cursor.peek(1)
    if following is not None and following[0] == OP:
        cursor.index += 2
        return _comparison(cursor, value_of(token), following, start)
    if kind == WORD:
        if following is not None and following[0] == LPAREN and text.upper() in _DIRECTIVES:
            return _directive(cursor, text.upper(), start)
        if text.upper() == "IN":
            raise cursor.error("a field before IN and a list in parentheses after it")
        if "::" in text[1:]:
            return _double_colon(cursor, text, start)
    if following is not None and following[0] == WORD and following[1].upper() == "IN":
        after = cursor.peek(2)
        if after is not None and after[0] == LPAREN:
            cursor.index += 3
            return _membership(cursor, value_of(token), start)
    cursor.index += 1
    return ast.Term(value=value_node(token), span=ast.Span(start, start + len(text)))


def _comparison(cursor: Cursor, name: str, operator: Token, start: int) -> ast.SearchExpr:
    op = "=" if operator[1] == "==" else operator[1]
    value = cursor.operand()
    if isinstance(value, ast.Value) and not value.quote:
        value = _glued(cursor, value)
    span = ast.Span(start, value.span.end)
    if op == "=" and name in TIME_MODIFIERS:
        return ast.TimeModifier(name=name, value=value, span=span)
    return ast.Comparison(field=name, op=cast("ast.CompareOp", op), value=value, span=span)


def _glued(cursor: Cursor, value: ast.Value) -> ast.Value:
    """An unquoted value goes on through operators without blanks: ``url=/a?b=c``."""
    start, end = value.span
    while (token := cursor.peek()) is not None and token[0] == OP and token[2] == end:
        end = token[2] + len(token[1])
        cursor.index += 1
        following = cursor.peek()
        if following is not None and following[0] == WORD and following[2] == end:
            end = following[2] + len(following[1])
            cursor.index += 1
    if end == value.span.end:
        return value
    return ast.Value(raw=cursor.source.text[start:end], span=ast.Span(start, end))


def _double_colon(cursor: Cursor, text: str, start: int) -> ast.SearchExpr:
    """``sourcetype::x`` or ``sourcetype::"x y"``."""
    name, _, rest = text.partition("::")
    cursor.index += 1
    end = start + len(text)
    following = cursor.peek()
    if rest:
        value = ast.Value(raw=rest, span=ast.Span(end - len(rest), end))
    elif following is not None and following[0] == STRING and following[2] == end:
        cursor.index += 1
        value = value_node(following)
    else:
        return ast.Term(value=ast.Value(raw=text, span=ast.Span(start, end)), span=ast.Span(start, end))
    return ast.Comparison(field=name, op="::", value=value, span=ast.Span(start, value.span.end))


def _membership(cursor: Cursor, name: str, start: int) -> ast.Membership:
    values: list[ast.Operand] = []
    while not cursor.is_kind(RPAREN):
        if cursor.skip(COMMA):
            continue
        if cursor.done:
            raise cursor.error("a closing ) after the list")
        value = cursor.operand()
        values.append(_glued(cursor, value) if isinstance(value, ast.Value) and not value.quote else value)
    end = cursor.position + 1
    cursor.index += 1
    if not values:
        raise SplError("the list after IN is empty", end - 1, "at least one value")
    return ast.Membership(field=name, values=tuple(values), span=ast.Span(start, end))


def _directive(cursor: Cursor, name: str, start: int) -> ast.Directive:
    """``TERM(10.0.0.1)``: one value, as written between the parentheses."""
    cursor.index += 1
    close = cursor.matching()
    inside = cursor.tokens[cursor.index + 1 : close]
    if not inside:
        raise cursor.error(f"a value in {name}()")
    begin, end = inside[0][2], inside[-1][2] + len(inside[-1][1])
    raw = cursor.source.text[begin:end]
    if len(inside) == 1 and inside[0][0] in VALUE_KINDS:
        value = value_node(inside[0])
    elif all(k in (WORD, OP) for k, _, _ in inside) and not any(c.isspace() for c in raw):
        value = ast.Value(raw=raw, span=ast.Span(begin, end))
    else:
        raise cursor.error(f"one value in {name}()")
    cursor.index = close + 1
    kind = cast("Literal['TERM', 'CASE', 'PREFIX']", name)
    return ast.Directive(name=kind, value=value, span=ast.Span(start, cursor.tokens[close][2] + 1))
