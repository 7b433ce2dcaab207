"""Search expressions as SQL conditions that are true or false, never NULL.

A comparison on a field that an event lacks is false, `!=` included; `NOT field=x` is therefore
true for it. On a multivalue field a comparison holds when it holds for any of the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, assert_never

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.arguments import undefined
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.relation import Column, Relation, all_of, any_of
from agentgate_mcp.errors import UnsupportedSplError
from agentgate_mcp.spl import ast

_NEEDS_OBJECTS: Final = ("eventtype", "tag")


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicates:
    """Compiles the expressions of one search command over one relation."""

    relation: Relation
    build: Build
    over_events: bool
    """True for the first search of a pipeline, where `index=*` leaves internal indexes out."""

    def compile(self, expr: ast.SearchExpr) -> str:
        """The condition. Raises: UnsupportedSplError with the position of what it cannot do."""
        match expr:
            case ast.Term():
                return self._term(expr.value)
            case ast.Comparison():
                return self._comparison(expr)
            case ast.Membership():
                return self._membership(expr)
            case ast.TimeModifier():
                return "true"
            case ast.Directive():
                return self._directive(expr)
            case ast.SearchNot():
                return f"(NOT {self.compile(expr.operand)})"
            case ast.SearchAnd():
                return all_of(self.compile(operand) for operand in expr.operands)
            case ast.SearchOr():
                return any_of(self.compile(operand) for operand in expr.operands)
            case ast.Subsearch():
                raise UnsupportedSplError("subsearch is not supported by the embedded engine", expr.span.start)
            case ast.MacroCall():
                raise undefined(expr)
            case _:
                assert_never(expr)

    # --- terms ---------------------------------------------------------------------------------

    def _term(self, value: ast.Value) -> str:
        if value.parts and not any(value.parts):
            return "true"
        return self._in_text(sqltext.term_pattern(value.parts), value.parts)

    def _directive(self, directive: ast.Directive) -> str:
        parts = directive.value.parts
        match directive.name:
            case "TERM":
                return self._in_text(sqltext.term_pattern(parts, major_only=True), parts)
            case "CASE":
                return self._in_text(sqltext.term_pattern(parts, case_sensitive=True), parts)
            case "PREFIX":
                raise UnsupportedSplError("PREFIX() is not supported by the embedded engine", directive.span.start)
            case _:
                assert_never(directive.name)

    def _in_text(self, pattern: str, parts: Iterable[str]) -> str:
        """True where the event's text matches. The plain substring test first: it is far cheaper."""
        regex = self.build.bind(pattern)
        longest = self.build.bind(max(parts, key=len))
        return any_of(
            f"coalesce(contains(lower({text}), lower({longest})) AND regexp_matches({text}, {regex}), false)"
            for text in self._texts()
        )

    def _texts(self) -> list[str]:
        if self.relation.more:
            return [self.relation.columns["_raw"].sql, self.relation.more]
        # Once columns were chosen or computed there is no whole event: look at what the row shows.
        return [sqltext.text_sql(c) for name, c in self.relation.columns.items() if name != "_time"]

    # --- fields --------------------------------------------------------------------------------

    def _comparison(self, node: ast.Comparison) -> str:
        value = self._value(node.value)
        column = self._column(node.field, node)
        if column is None:
            return "false"
        match node.op:
            case "=" | "::":
                return self._on(column, lambda c: self._equals(node, c, value))
            case "!=":
                return self._on(column, lambda c: f"({c.sql} IS NOT NULL AND NOT {self._equals(node, c, value)})")
            case "<" | "<=" | ">" | ">=":
                op = node.op
                return self._on(column, lambda c: self._ordered(c, op, value))
            case _:
                assert_never(node.op)

    def _membership(self, node: ast.Membership) -> str:
        column = self._column(node.field, node)
        values = [self._value(v) for v in node.values]
        if column is None:
            return "false"
        return self._on(column, lambda c: self._one_of(node, c, values))

    def _column(self, name: str, node: ast.Node) -> Column | None:
        if name in _NEEDS_OBJECTS:
            raise UnsupportedSplError(f"{name}= is not supported by the embedded engine", node.span.start)
        return self.relation.column(name, self.build.parameters)

    def _value(self, operand: ast.Operand) -> ast.Value:
        match operand:
            case ast.Value():
                return operand
            case ast.Subsearch():
                raise UnsupportedSplError("subsearch is not supported by the embedded engine", operand.span.start)
            case ast.MacroCall():
                raise undefined(operand)
            case _:
                assert_never(operand)

    def _on(self, column: Column, test: Callable[[Column], str]) -> str:
        if column.kind != "list":
            return f"coalesce({test(column)}, false)"
        item = Column(sql="item", kind="text")
        return f"coalesce(len(list_filter({column.sql}, lambda item: {test(item)})) > 0, false)"

    def _equals(self, node: ast.Comparison, column: Column, value: ast.Value) -> str:
        if len(value.parts) > 1:
            return self._matches(node, column, value.parts)
        literal = value.text
        same_text = f"lower({sqltext.text_sql(column)}) = lower({self.build.bind(literal)})"
        return any_of([same_text, *self._same_value(node, column, literal)])

    def _one_of(self, node: ast.Membership, column: Column, values: list[ast.Value]) -> str:
        """Plain texts go into one IN list, which stays fast for thousands of indicators."""
        tests = [self._matches(node, column, v.parts) for v in values if len(v.parts) > 1]
        plain = [v.text for v in values if len(v.parts) == 1]
        if plain:
            marks = ", ".join(f"lower({self.build.bind(literal)})" for literal in plain)
            tests.append(f"lower({sqltext.text_sql(column)}) IN ({marks})")
        for literal in plain:
            tests.extend(self._same_value(node, column, literal))
        return any_of(tests)

    def _matches(self, node: ast.Comparison | ast.Membership, column: Column, parts: tuple[str, ...]) -> str:
        text = sqltext.text_sql(column)
        if not any(parts):
            test = f"({text} IS NOT NULL)"
        else:
            test = f"({text} ILIKE {self.build.bind(sqltext.like_pattern(parts))} ESCAPE '!')"
        if self.over_events and node.field == "index" and not "".join(parts[:1]).startswith("_"):
            return f"({test} AND NOT starts_with({text}, '_'))"
        return test

    def _same_value(self, node: ast.Node, column: Column, literal: str) -> list[str]:
        """How a value can equal a literal without being the same text."""
        if (number := sqltext.as_number(literal)) is not None:
            return [f"coalesce({sqltext.number_sql(column)} = {self.build.bind(number)}, false)"]
        if (network := sqltext.address_range(literal)) is not None:
            low, high = (self.build.bind(bound) for bound in network)
            address = sqltext.address_sql(sqltext.text_sql(column))
            return [f"coalesce({address} BETWEEN {low} AND {high}, false)"]
        if sqltext.is_ipv6_network(literal):
            raise UnsupportedSplError("an IPv6 network is not supported by the embedded engine", node.span.start)
        return []

    def _ordered(self, column: Column, op: str, value: ast.Value) -> str:
        """Numbers when both are; otherwise text, ignoring case."""
        text = f"lower({sqltext.text_sql(column)}) {op} lower({self.build.bind(value.text)})"
        number = sqltext.as_number(value.text)
        if number is None:
            return text
        own = sqltext.number_sql(column)
        return f"CASE WHEN {own} IS NOT NULL THEN {own} {op} {self.build.bind(number)} ELSE {text} END"
