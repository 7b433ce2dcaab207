"""A position in a stage's tokens, and the makers of leaves that every command form shares."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.arguments import VALUE_KINDS, value_of
from agentgate_mcp.spl.layout import Group, Stage
from agentgate_mcp.spl.lexer import COMMA, FIELD, LPAREN, MACRO, OPEN, RPAREN, STRING, WORD, Token, macro_text

_OPERAND_KINDS = VALUE_KINDS | {MACRO, OPEN}
MAX_HEIGHT = 200
"""Nodes on the longest way down a tree; what walks it by recursion stays far from any limit."""


@dataclass(slots=True)
class Source:
    """The text, and the pipelines of the brackets read so far (inner ones come first)."""

    text: str
    groups: dict[int, Group]
    pipelines: dict[int, ast.Pipeline] = field(default_factory=dict[int, ast.Pipeline])
    heights: dict[int, int] = field(default_factory=dict[int, int])

    def subsearch(self, start: int) -> ast.Subsearch:
        """The bracketed part that begins at ``start``."""
        return ast.Subsearch(pipeline=self.pipelines[start], span=ast.Span(start, self.groups[start].end))


@dataclass(slots=True)
class Height:
    """The height of the tree that is being built for one pipeline."""

    value: int = 0

    def grow(self, height: int, position: int) -> int:
        """``height`` again, noted. Raises: SplError where the tree is too high."""
        if height > MAX_HEIGHT:
            raise SplError("the search is nested too deeply", position, f"at most {MAX_HEIGHT} levels in all")
        if height > self.value:
            self.value = height
        return height


class Cursor:
    """Reads a stage's tokens from left to right."""

    __slots__ = ("end", "height", "index", "source", "stage", "tokens")

    def __init__(self, stage: Stage, source: Source, height: Height) -> None:
        self.stage, self.source, self.height = stage, source, height
        self.tokens = stage.tokens
        self.index, self.end = 0, len(stage.tokens)

    @property
    def done(self) -> bool:
        return self.index >= self.end

    @property
    def position(self) -> int:
        """Where the next token begins; the end of the stage after the last one."""
        return self.tokens[self.index][2] if self.index < self.end else self.stage.end

    def peek(self, ahead: int = 0) -> Token | None:
        at = self.index + ahead
        return self.tokens[at] if at < self.end else None

    def take(self) -> Token:
        """The next token. Raises: SplError at the end."""
        if self.index >= self.end:
            raise self.error("more arguments")
        token = self.tokens[self.index]
        self.index += 1
        return token

    def error(self, expected: str) -> SplError:
        """An error at the next token: what is there, and what was expected."""
        token = self.peek()
        what = f"unexpected {token[1][:40]!r}" if token else "the command ends too early"
        return SplError(f"{self.stage.name or 'search'}: {what}", self.position, expected)

    def is_kind(self, kind: str, ahead: int = 0) -> bool:
        at = self.index + ahead
        return at < self.end and self.tokens[at][0] == kind

    def word(self, *words: str) -> bool:
        """Whether the next token is one of the keywords ``words``, whatever its case; a word
        before ``=`` is an option's key instead."""
        if self.index >= self.end:
            return False
        kind, text, _ = self.tokens[self.index]
        return kind == WORD and text.lower() in words and not self.option_key()

    def skip(self, kind: str) -> bool:
        """Step over one token of ``kind`` where there is one."""
        if self.index < self.end and self.tokens[self.index][0] == kind:
            self.index += 1
            return True
        return False

    def skip_word(self, *words: str) -> bool:
        if self.word(*words):
            self.index += 1
            return True
        return False

    def option(self) -> ast.Option | None:
        """A ``key=value`` at the cursor, taken; None where there is none."""
        tokens, at = self.tokens, self.index
        # Of all tokens only the operator has this text.
        if at + 2 >= self.end or tokens[at + 1][1] != "=":
            return None
        first, third = tokens[at], tokens[at + 2]
        if first[0] != WORD or third[0] not in _OPERAND_KINDS:
            return None
        self.index = at + 2
        value = self.operand()
        return ast.Option(key=first[1].lower(), value=value, written=first[1], span=ast.Span(first[2], value.span.end))

    def option_key(self) -> str:
        """The key where a ``key=value`` stands at the cursor, else empty."""
        first, second = self.peek(), self.peek(1)
        if first is None or second is None or first[0] != WORD or second[1] != "=":
            return ""
        return first[1].lower()

    def operand(self) -> ast.Operand:
        """A word, a string, a macro or a bracket. Raises: SplError for anything else."""
        token = self.peek()
        if token is None:
            raise self.error("a value")
        kind, text, start = token
        span = ast.Span(start, start + len(text))
        if kind in VALUE_KINDS:
            self.index += 1
            return value_node(token)
        if kind == MACRO:
            self.index += 1
            call = macro_text(text, start)
            return ast.MacroCall(name=call.name, args=call.args, span=span)
        if kind == OPEN:
            self.index += 1
            self.height.grow(self.source.heights[start] + 2, start)
            return self.source.subsearch(start)
        raise self.error("a value")

    def name(self) -> str:
        """A field name: one quoted token, or everything up to the next blank (``count(x)``)."""
        tokens, at = self.tokens, self.index
        if at >= self.end or tokens[at][0] not in VALUE_KINDS:
            raise self.error("a field name")
        first = tokens[at]
        self.index = at = at + 1
        end = first[2] + len(first[1])
        if at >= self.end or tokens[at][2] != end:
            return value_of(first)
        parts = [value_of(first)]
        while (token := self.peek()) is not None and token[2] == end and token[0] in (LPAREN, *VALUE_KINDS):
            if token[0] == LPAREN:
                close = self.matching()
                end = self.tokens[close][2] + 1
                parts.append(self.source.text[token[2] : end])
                self.index = close + 1
            else:
                parts.append(value_of(token))
                end = token[2] + len(token[1])
                self.index += 1
        return "".join(parts)

    def names(self, *stop_words: str) -> tuple[str, ...]:
        """Field names up to the end or a stop word, with or without commas."""
        found: list[str] = []
        while self.index < self.end and not (stop_words and self.word(*stop_words)):
            if not self.skip(COMMA):
                found.append(self.name())
        return tuple(found)

    def matching(self) -> int:
        """The index of the ``)`` that closes the ``(`` at the cursor."""
        depth = 0
        for at in range(self.index, self.end):
            kind = self.tokens[at][0]
            if kind == LPAREN:
                depth += 1
            elif kind == RPAREN:
                depth -= 1
                if depth == 0:
                    return at
        raise SplError("unbalanced '('", self.position, "a closing )")


def value_node(token: Token) -> ast.Value:
    """The leaf of one word or string."""
    kind, text, start = token
    span = ast.Span(start, start + len(text))
    if kind == STRING:
        return ast.Value(raw=text[1:-1], quote='"', span=span)
    if kind == FIELD:
        return ast.Value(raw=text[1:-1], quote="'", span=span)
    return ast.Value(raw=text, span=span)
