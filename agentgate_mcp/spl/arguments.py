"""A command's arguments, read from tokens: options, positional words, search conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from agentgate_mcp.spl.layout import Stage
from agentgate_mcp.spl.lexer import COMMA, FIELD, LPAREN, MACRO, OP, OPEN, RPAREN, STRING, WORD, Token
from agentgate_mcp.spl.text import unescape

VALUE_KINDS = frozenset({WORD, STRING, FIELD})


def value_of(token: Token) -> str:
    """What a word or a quoted string means, without its quotes."""
    kind, text, _ = token
    if kind == STRING:
        return unescape(text[1:-1])
    if kind == FIELD:
        return text[1:-1]
    return text


class Arguments(NamedTuple):
    """``key=value`` options (keys lower-case, the last one wins) and the positional words."""

    options: dict[str, str]
    words: list[str]

    def target(self, *keys: str) -> str:
        """The first of the options ``keys`` that is set, as ``key=value``, or empty."""
        return next((f"{k}={self.options[k]}" for k in keys if k in self.options), "")


def arguments(stage: Stage) -> Arguments:
    """Split a stage's arguments. Macros and brackets are left out, commas separate."""
    tokens = stage.tokens
    options: dict[str, str] = {}
    words: list[str] = []
    index, end = 0, len(tokens)
    while index < end:
        token = tokens[index]
        if token[0] in VALUE_KINDS:
            following = tokens[index + 1] if index + 1 < end else None
            if following is not None and following[0] == OP and index + 2 < end:
                value = tokens[index + 2]
                if value[0] in VALUE_KINDS:
                    options[value_of(token).lower()] = value_of(value)
                    index += 3
                    continue
                options[value_of(token).lower()] = ""
                index += 2
                continue
            words.append(value_of(token))
        index += 1
    return Arguments(options, words)


class Condition(NamedTuple):
    """One ``field op value`` of a search expression. ``value`` is None where it is a macro, a
    bracket or missing; ``negated`` counts `!=` and `NOT`, ``unequal`` only `!=`. ``exact`` is
    False where the field is not written in lower case, as Splunk's own field names are."""

    field: str
    value: str | None
    negated: bool
    exact: bool
    depth: int
    """Parentheses around it."""
    unequal: bool = False


def conditions(tokens: list[Token], wanted: frozenset[str]) -> Iterator[Condition]:
    """The conditions on ``wanted`` (lower-case) fields: ``=``, ``==``, ``!=``, ``::``, ``IN (…)``."""
    depth = 0
    negated_above: list[int] = []  # the parenthesis depths that a NOT stands before
    end = len(tokens)
    for index in range(end):
        kind, text, _ = tokens[index]
        if kind == OP:
            if index == 0 or tokens[index - 1][0] not in VALUE_KINDS or text[0] in "<>":
                continue
            written = value_of(tokens[index - 1])
            if written[:5] == "tag::":  # `tag::field=value`: the tag of one field
                written = "tag"
            name = written.lower()
            if name in wanted:
                negated = text == "!=" or bool(negated_above) or _after_not(tokens, index - 1)
                yield Condition(name, _value_at(tokens, index + 1), negated, written == name, depth, text == "!=")
        elif kind == WORD:
            if "::" in text and not (index + 1 < end and tokens[index + 1][0] == OP):
                written, _, value = text.partition("::")
                name = written.lower()
                if name in wanted:
                    joined = value or _value_at(tokens, index + 1)
                    negated = bool(negated_above) or _after_not(tokens, index)
                    yield Condition(name, joined, negated, written == name, depth)
            elif text.upper() == "IN" and index and index + 1 < end and tokens[index + 1][0] == LPAREN:
                written = value_of(tokens[index - 1])
                name = written.lower()
                if name in wanted:
                    negated = bool(negated_above) or _after_not(tokens, index - 1)
                    for value in _list_at(tokens, index + 2):
                        yield Condition(name, value, negated, written == name, depth)
        elif kind == LPAREN:
            depth += 1
            if _after_not(tokens, index):
                negated_above.append(depth)
        elif kind == RPAREN:
            if negated_above and negated_above[-1] == depth:
                negated_above.pop()
            depth -= 1


def _after_not(tokens: list[Token], index: int) -> bool:
    """Whether the operator NOT stands before ``index``; in lower case it is a word to search for."""
    return index > 0 and tokens[index - 1][0] == WORD and tokens[index - 1][1] == "NOT"


def _value_at(tokens: list[Token], index: int) -> str | None:
    """The value at ``index``, joined with what follows without a blank (``"web"*``)."""
    if index >= len(tokens) or tokens[index][0] not in VALUE_KINDS:
        return None
    value = value_of(tokens[index])
    end = tokens[index][2] + len(tokens[index][1])
    for at in range(index + 1, len(tokens)):
        kind, text, start = tokens[at]
        if start != end or kind not in VALUE_KINDS:
            if start == end and kind in (MACRO, OPEN):
                return None
            break
        value += value_of((kind, text, start))
        end = start + len(text)
    return value


def _list_at(tokens: list[Token], index: int) -> Iterator[str | None]:
    """The values of ``( a, "b", c )`` after its opening parenthesis."""
    for at in range(index, len(tokens)):
        token = tokens[at]
        if token[0] == RPAREN:
            return
        if token[0] in VALUE_KINDS:
            yield value_of(token)
        elif token[0] != COMMA:
            yield None


def leading_wildcards(tokens: list[Token]) -> int:
    """How many values or terms begin with ``*`` and go on: none of them can use an index."""
    return sum(
        (kind == WORD and text[0] == "*" and len(text) > 1) or (kind == STRING and text[1] == "*" and len(text) > 3)
        for kind, text, _ in tokens
    )
