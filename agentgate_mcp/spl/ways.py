"""Whether every way through a search expression meets a condition that matters.

A search expression is read as Splunk does: NOT binds first, then OR, then AND. One condition is
enough where all must hold; each must do where any may. What stands under NOT never counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from agentgate_mcp.spl.arguments import VALUE_KINDS, value_of
from agentgate_mcp.spl.lexer import COMMA, LPAREN, MACRO, OP, OPEN, RPAREN, WORD, Token

MAX_DEPTH = 100
"""Parentheses deeper than this are not read; nothing in them counts."""
SHORTEST_TERM = 3
"""Letters and digits of the shortest term, or pattern, that is taken to leave most events out."""
_EVERYWHERE = frozenset({
    "linecount", "splunk_server", "splunk_server_group", "timestartpos", "timeendpos", "_time", "_indextime", "_raw",
    "date_hour", "date_mday", "date_minute", "date_month", "date_second", "date_wday", "date_year", "date_zone",
})  # fmt: skip
"""Fields that every event has, most with few values."""
_OPERATORS = frozenset({"and", "or", "not"})


class Atom(NamedTuple):
    """One condition or term. ``field`` is empty for a term, ``op`` is `IN` for a list. A value is
    None where a macro or a bracket stands, empty where nothing does."""

    field: str
    op: str
    values: tuple[str | None, ...]


def every_way(tokens: list[Token], counts: Callable[[Atom], bool]) -> bool:
    """Whether every event that the expression finds meets an atom that ``counts``."""
    return _Reader(tokens, counts).all_of(0)


def narrows(atom: Atom, free: frozenset[str]) -> bool:
    """Whether an atom cuts down what is read: a term or an equality that is not almost all wildcard.
    ``free`` are more fields (lower-case) that do not cut anything down."""
    field = atom.field.lower()
    if field in free or field in _EVERYWHERE or atom.op not in ("", "=", "==", "::", "IN"):
        return False
    if not field:
        return all(value is None or _is_telling(value) for value in atom.values)
    # A number is no field: `1=1` says nothing.
    return not field.isdigit() and all(
        value is None or ("*" not in value and bool(value)) or _is_telling(value) for value in atom.values
    )


def _is_telling(text: str) -> bool:
    return sum(c.isalnum() for c in text) >= SHORTEST_TERM and text.lower() not in _OPERATORS


class _Reader:
    """One pass over the tokens of an expression."""

    def __init__(self, tokens: list[Token], counts: Callable[[Atom], bool]) -> None:
        self.tokens = tokens
        self.counts = counts
        self.index = 0

    def all_of(self, depth: int) -> bool:
        """Groups that must all hold, up to a closing parenthesis or the end."""
        found = False
        group: bool | None = None
        joined = False
        while self.index < len(self.tokens):
            kind, text, _ = self.tokens[self.index]
            if kind == RPAREN:
                break
            if kind == COMMA or (kind == WORD and text in ("AND", "OR") and not self._is_op(self.index + 1)):
                joined = joined or text == "OR"
                self.index += 1
                continue
            one = self._unit(depth)
            if joined and group is not None:
                group = group and one
            else:
                found = found or group is True
                group = one
            joined = False
        return found or group is True

    def _unit(self, depth: int) -> bool:
        negated = False
        while self._is_word(self.index, "NOT") and not self._is_op(self.index + 1):
            negated = True
            self.index += 1
        if self.index >= len(self.tokens) or self.tokens[self.index][0] == RPAREN:
            return False
        if (self._is_word(self.index, "TERM") or self._is_word(self.index, "CASE")) and self._is(
            self.index + 1, LPAREN
        ):
            self.index += 1
        kind = self.tokens[self.index][0]
        if kind == LPAREN:
            self.index += 1
            found = self.all_of(depth + 1) if depth < MAX_DEPTH else self._skip()
            self.index += 1
        else:
            atom = self._atom()
            found = atom is not None and self.counts(atom)
        return found and not negated

    def _skip(self) -> bool:
        """Pass over a parenthesis that is nested too deeply."""
        level = 0
        while self.index < len(self.tokens):
            kind = self.tokens[self.index][0]
            if kind == RPAREN and level == 0:
                break
            level += (kind == LPAREN) - (kind == RPAREN)
            self.index += 1
        return False

    def _atom(self) -> Atom | None:
        token = self.tokens[self.index]
        if token[0] in (MACRO, OPEN):
            self.index += 1
            return Atom("", "", (None,))
        if token[0] not in VALUE_KINDS:
            self.index += 1
            return None
        if self._is_op(self.index + 1):
            op = self.tokens[self.index + 1][1]
            self.index += 2
            return Atom(value_of(token), op, (self._value(),))
        if (
            self._is(self.index + 1, WORD)
            and self.tokens[self.index + 1][1].upper() == "IN"
            and self._is(self.index + 2, LPAREN)
        ):
            self.index += 3
            return Atom(value_of(token), "IN", self._list())
        if token[0] == WORD and "::" in token[1]:
            field, _, value = token[1].partition("::")
            self.index += 1
            return Atom(field, "::", (value or self._value(),))
        return Atom("", "", (self._value(),))

    def _value(self) -> str | None:
        """The value here, joined with what follows without a blank; None where part of it is open."""
        value: str | None = ""
        end = -1
        while self.index < len(self.tokens):
            kind, text, start = token = self.tokens[self.index]
            if end not in (-1, start) or kind not in (*VALUE_KINDS, MACRO, OPEN):
                break
            value = value + value_of(token) if value is not None and kind in VALUE_KINDS else None
            end = start + len(text)
            self.index += 1
        return value

    def _list(self) -> tuple[str | None, ...]:
        values: list[str | None] = []
        while self.index < len(self.tokens):
            token = self.tokens[self.index]
            self.index += 1
            if token[0] == RPAREN:
                break
            if token[0] != COMMA:
                values.append(value_of(token) if token[0] in VALUE_KINDS else None)
        return tuple(values)

    def _is(self, index: int, kind: str) -> bool:
        return index < len(self.tokens) and self.tokens[index][0] == kind

    def _is_op(self, index: int) -> bool:
        return self._is(index, OP)

    def _is_word(self, index: int, text: str) -> bool:
        return self._is(index, WORD) and self.tokens[index][1] == text
