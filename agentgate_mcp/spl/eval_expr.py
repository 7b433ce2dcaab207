"""Eval expressions: operators, functions, quoted fields, macros, subsearches. No recursion.

One frame per open parenthesis gathers operands level by level; closing a level makes its node.
From the loosest: XOR, OR, AND, NOT, comparison, `+ - .`, `* / %`, unary minus.
"""

from __future__ import annotations

import re
from typing import Literal, cast

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.cursor import Height, Source
from agentgate_mcp.spl.lexer import MAX_DEPTH, macro_end, macro_text
from agentgate_mcp.spl.text import unescape

_TOKEN = re.compile(
    r"""
    (?: \s++ | ```(?:[^`]++|`(?!``))*+``` )*+
    (?:
      (?P<number>(?:\d++(?:\.\d++)?|\.\d++)(?:[eE][+-]?\d++)?(?![\w$@#{}]))
    | (?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+")
    | (?P<quoted>'[^'"|\[\]`]*+')
    | (?P<name>(?:<<\w++>>|[^\W\d]|[$@#{}:?~])(?:<<\w++>>|[\w$@#{}:?~])*+)
    | (?P<op>==|!=|<=|>=|[=<>+\-*/%.,()])
    | (?P<bracket>\[)
    | (?P<macro>`)
    | (?P<end>\Z)
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING = re.compile(r"\s*+\(")
_BLANKS = re.compile(r"(?:\s++|```(?:[^`]++|`(?!``))*+```)*+")
_TARGET = re.compile(r"""\s*+('[^'"|\[\]`]*+'|"[^"\\]*+(?:\\.[^"\\]*+)*+"|(?:<<\w++>>|[^\s=,()"'`|<>!])++)\s*+=(?!=)""")

_Operand = tuple[ast.EvalExpr, int]
_COMPARE = {"=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "like": "LIKE"}
_ADD, _MUL = frozenset("+-."), frozenset("*/%")


class _Frame:
    """What stands since one opening parenthesis, level by level. ``kind`` is what it closes as;
    ``tested`` is a complete `x IN (…)`, after which only a connective may follow."""

    __slots__ = (
        "add_op", "adds", "args", "compare", "kind", "left", "levels", "muls", "name", "nots", "op", "start",
        "tested", "unary",
    )  # fmt: skip

    def __init__(self, kind: Literal["top", "group", "call", "in"], start: int, name: str = "") -> None:
        self.kind, self.start, self.name = kind, start, name
        self.args: list[_Operand] = []
        self.levels: dict[str, list[_Operand]] = {}
        self.adds: list[tuple[str, _Operand]] = []
        self.muls: list[tuple[str, _Operand]] = []
        self.op = self.add_op = self.compare = ""
        self.unary: list[tuple[str, int]] = []
        self.nots: list[int] = []
        self.left: _Operand | None = None
        self.tested: _Operand | None = None


class EvalParser:
    """Parses expressions in ``source.text[start:end]``."""

    def __init__(self, source: Source, height: Height, start: int, end: int, command: str) -> None:
        self.source, self.height, self.command = source, height, command
        self.text, self.position, self.end = source.text, start, end

    def expression(self) -> ast.EvalExpr:
        """One expression that fills the whole range. Raises: SplError."""
        node = self._parse(stop_at_comma=False)
        if self.position < self.end:
            raise self._error("an operator")
        return node

    def assignments(self) -> tuple[ast.Assignment, ...]:
        """``a = expr, b = expr`` over the whole range. Raises: SplError."""
        found: list[ast.Assignment] = []
        while True:
            self._skip_blanks()
            match = _TARGET.match(self.text, self.position, self.end)
            if match is None:
                raise self._error("a field and =")
            start = match.start(1)
            written = match.group(1)
            if written[0] == '"':
                name = unescape(written[1:-1])
            else:
                name = written[1:-1] if written[0] == "'" else written
            self.position = match.end()
            expr = self._parse(stop_at_comma=True)
            found.append(ast.Assignment(field=name, expr=expr, span=ast.Span(start, expr.span.end)))
            if self.position >= self.end:
                return tuple(found)
            self.position += 1

    def _parse(self, *, stop_at_comma: bool) -> ast.EvalExpr:
        frames = [_Frame("top", self.position)]
        operand_next = True
        while True:
            token = self._next()
            if token is None:
                break
            kind, text, start = token
            here = frames[-1]
            if operand_next:
                operand_next = self._operand(frames, here, kind, text, start)
                continue
            if text == ",":
                if here.kind == "top" and stop_at_comma:
                    self.position = start
                    break
                if here.kind in ("top", "group"):
                    raise self._error("an operator", start)
                here.args.append(self._close(here))
            elif text == ")":
                if here.kind == "top":
                    raise self._error("an opening ( before it", start)
                frames.pop()
                self._finish(frames[-1], here)
                continue
            elif not self._operator(frames, here, text.lower(), start):
                raise self._error("an operator", start)
            operand_next = True
        if len(frames) > 1:
            raise SplError(f"{self.command}: unbalanced '('", frames[-1].start, "a closing )")
        if operand_next:
            raise self._error("a value", self.end)
        return self._close(frames[0])[0]

    def _operand(self, frames: list[_Frame], here: _Frame, kind: str, text: str, start: int) -> bool:
        """Take one token where an operand belongs; True where an operand is still awaited."""
        span = ast.Span(start, self.position)
        match kind:
            case "number":
                self._put(here, ast.Number(raw=text, span=span), 1)
            case "string":
                self._put(here, ast.String(raw=text[1:-1], span=span), 1)
            case "quoted":
                self._put(here, ast.FieldRef(name=text[1:-1], quoted=True, span=span), 1)
            case "name" if text.lower() == "not":
                if here.adds or here.muls or here.unary or here.op or here.add_op or here.compare:
                    raise self._error("a value", start)
                here.nots.append(start)
                return True
            case "name" if (opening := _OPENING.match(self.text, self.position, self.end)) is not None:
                self.position = opening.end()
                self._push(frames, _Frame("call", start, text.lower()))
                self._skip_blanks()
                if self.text[self.position : self.position + 1] == ")" and self.position < self.end:
                    self.position += 1
                    self._finish(frames[-2], frames.pop())
                    return False
                return True
            case "name":
                self._put(here, ast.FieldRef(name=text, span=span), 1)
            case "bracket":
                node = self.source.subsearch(start)
                self.position = node.span.end
                self._put(here, node, self.source.heights[start] + 2)
            case "macro":
                self.position = macro_end(self.text, start)
                call = macro_text(self.text[start : self.position], start)
                self._put(here, ast.MacroCall(name=call.name, args=call.args, span=ast.Span(start, self.position)), 1)
            case _ if text == "(":
                self._push(frames, _Frame("group", start))
                return True
            case _ if text in ("-", "+"):
                here.unary.append((text, start))
                return True
            case _:
                raise self._error("a value", start)
        return False

    def _operator(self, frames: list[_Frame], here: _Frame, text: str, start: int) -> bool:
        """Take one token where an operator belongs; False where it is none."""
        if here.tested is not None and text not in ("and", "or", "xor"):
            return False
        if text in _MUL:
            here.op = text
        elif text in _ADD:
            here.adds.append((here.add_op, self._muls(here)))
            here.add_op = text
        elif text in _COMPARE:
            if here.compare:
                raise self._error("AND or OR between comparisons", start)
            here.left, here.compare = self._adds(here), _COMPARE[text]
        elif text == "in":
            if here.compare:
                raise self._error("AND or OR between comparisons", start)
            here.left = self._adds(here)
            following = self._next()
            if following is None or following[1] != "(":
                raise self._error("( after IN", start)
            self._push(frames, _Frame("in", start))
        elif text == "and":
            here.levels.setdefault("AND", []).append(self._comparison(here))
        elif text == "or":
            here.levels.setdefault("OR", []).append(self._level(here, "AND", self._comparison(here)))
        elif text == "xor":
            inner = self._level(here, "AND", self._comparison(here))
            here.levels.setdefault("XOR", []).append(self._level(here, "OR", inner))
        else:
            return False
        return True

    def _put(self, here: _Frame, node: ast.EvalExpr, height: int) -> None:
        if here.unary:
            for op, start in reversed(here.unary):
                sign = cast("Literal['-', '+']", op)
                node, height = ast.Unary(op=sign, operand=node, span=ast.Span(start, node.span.end)), height + 1
            here.unary.clear()
        self.height.grow(height, node.span.start)
        here.muls.append((here.op, (node, height)))
        here.op = ""

    def _push(self, frames: list[_Frame], frame: _Frame) -> None:
        if len(frames) == MAX_DEPTH:
            raise SplError("parentheses are nested too deeply", frame.start, f"at most {MAX_DEPTH} levels")
        frames.append(frame)

    def _finish(self, outer: _Frame, done: _Frame) -> None:
        """Hand what a closed parenthesis made to the frame around it."""
        span = ast.Span(done.start, self.position)
        if done.kind == "group":
            node, height = self._close(done)
            self._put(outer, node, height)
            return
        if done.muls or done.adds or done.args:
            done.args.append(self._close(done))
        args = tuple(node for node, _ in done.args)
        height = 1 + max((h for _, h in done.args), default=0)
        if done.kind == "call":
            self._put(outer, ast.Call(function=done.name, args=args, span=span), height)
            return
        assert outer.left is not None, "IN has its operand before its list"
        operand, left_height = outer.left
        outer.left = None
        node = ast.InTest(operand=operand, values=args, span=ast.Span(operand.span.start, self.position))
        outer.tested = (node, self.height.grow(max(height, left_height + 1), done.start))

    def _muls(self, here: _Frame) -> _Operand:
        return self._chain(here.muls)

    def _adds(self, here: _Frame) -> _Operand:
        if not here.adds:
            return self._chain(here.muls)
        here.adds.append((here.add_op, self._muls(here)))
        here.add_op = ""
        return self._chain(here.adds)

    def _chain(self, parts: list[tuple[str, _Operand]]) -> _Operand:
        if len(parts) == 1:
            return parts.pop()[1]
        first, *rest = parts
        parts.clear()
        node = ast.Chain(
            first=first[1][0],
            rest=tuple((cast("Literal['+', '-', '.', '*', '/', '%']", op), operand[0]) for op, operand in rest),
            span=ast.Span(first[1][0].span.start, rest[-1][1][0].span.end),
        )
        height = 1 + max(first[1][1], *(operand[1] for _, operand in rest))
        return node, self.height.grow(height, node.span.start)

    def _comparison(self, here: _Frame) -> _Operand:
        if here.tested is None and not here.compare and not here.nots:
            return self._adds(here)
        if here.tested is not None:
            node, height = here.tested
            here.tested = None
        else:
            node, height = self._adds(here)
            if here.compare:
                assert here.left is not None, "a comparison has its left side"
                left, left_height = here.left
                span = ast.Span(left.span.start, node.span.end)
                op = cast("Literal['=', '!=', '<', '<=', '>', '>=', 'LIKE']", here.compare)
                node, height = ast.Compare(op=op, left=left, right=node, span=span), 1 + max(height, left_height)
                here.left, here.compare = None, ""
        if here.nots:
            for start in reversed(here.nots):
                node, height = ast.Unary(op="NOT", operand=node, span=ast.Span(start, node.span.end)), height + 1
            here.nots.clear()
        return node, self.height.grow(height, node.span.start)

    def _level(self, here: _Frame, op: Literal["AND", "OR", "XOR"], last: _Operand) -> _Operand:
        """The node of one connective's operands, ``last`` included."""
        waiting = here.levels.pop(op, None)
        if not waiting:
            return last
        waiting.append(last)
        nodes = tuple(node for node, _ in waiting)
        span = ast.Span(nodes[0].span.start, nodes[-1].span.end)
        height = self.height.grow(1 + max(h for _, h in waiting), span.start)
        return ast.Logical(op=op, operands=nodes, span=span), height

    def _close(self, here: _Frame) -> _Operand:
        last = self._comparison(here)
        if not here.levels:
            return last
        return self._level(here, "XOR", self._level(here, "OR", self._level(here, "AND", last)))

    def _next(self) -> tuple[str, str, int] | None:
        """The next token as (kind, text, start); the cursor stands after it."""
        match = _TOKEN.match(self.text, self.position, self.end)
        if match is None:
            self._skip_blanks()
            raise self._error("a value or an operator", self.position)
        self.position = end = match.end()
        kind = cast("str", match.lastgroup)
        if kind == "end":
            return None
        text = match[kind]
        return kind, text, end - len(text)

    def _skip_blanks(self) -> None:
        match = _BLANKS.match(self.text, self.position, self.end)
        assert match is not None, "no blanks are blanks too"
        self.position = match.end()

    def _error(self, expected: str, position: int | None = None) -> SplError:
        at = self.position if position is None else position
        if at >= self.end:
            return SplError(f"{self.command}: the expression ends too early", self.end, expected)
        return SplError(f"{self.command}: unexpected {self.text[at : min(at + 20, self.end)]!r}", at, expected)
