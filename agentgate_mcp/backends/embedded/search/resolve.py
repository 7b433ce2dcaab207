"""What a search expression stands for once the objects and subsearches that it names are read.

`eventtype=`, `tag=` and bracketed subsearches become plain conditions, so that the time range and
the indexes which they name are seen. As in Splunk a subsearch runs before the search around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from agentgate_mcp.backends.embedded.search.arguments import nearest
from agentgate_mcp.backends.embedded.search.build import Build, Record
from agentgate_mcp.backends.embedded.search.rowwise import values_of
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.meanings import Meaning, event_types, tagged
from agentgate_mcp.spl.text import escape

MAX_SUBSEARCH_ROWS: Final = 10_000
"""Rows of a subsearch that become conditions, as in Splunk."""
MAX_OBJECTS: Final = 200
"""Event types and tags that one search may stand for."""
_VERBATIM: Final = ("search", "query")
"""Fields of a subsearch whose value is not a condition but the text of one."""
NOTHING: Final = ast.SearchNot(operand=ast.Term(value=ast.Value(raw="*")))


@dataclass(slots=True)
class _Resolver:
    build: Build
    left: int = MAX_OBJECTS
    inside: ast.Span | None = None
    """The name of the event type at hand, which as in Splunk holds no subsearch."""

    def expr(self, node: ast.SearchExpr) -> ast.SearchExpr:
        match node:
            case ast.Comparison():
                return self._comparison(node)
            case ast.Membership():
                return self._membership(node)
            case ast.SearchNot():
                return ast.SearchNot(operand=self.expr(node.operand), span=node.span)
            case ast.SearchAnd():
                return ast.SearchAnd(operands=tuple(self.expr(o) for o in node.operands), span=node.span)
            case ast.SearchOr():
                return ast.SearchOr(operands=tuple(self.expr(o) for o in node.operands), span=node.span)
            case ast.Subsearch():
                return self._subsearch(node)
            case ast.Term() | ast.TimeModifier() | ast.Directive() | ast.MacroCall():
                return node
            case _:
                assert_never(node)

    def _comparison(self, node: ast.Comparison) -> ast.SearchExpr:
        known = _object_field(node.field)
        if not known or node.op not in ("=", "!=", "::") or not isinstance(node.value, ast.Value):
            return node
        found = self._named(node.field, node.value.text, node.span)
        return found if node.op != "!=" else ast.SearchNot(operand=found, span=node.span)

    def _membership(self, node: ast.Membership) -> ast.SearchExpr:
        if not _object_field(node.field):
            return node
        values = [v.text for v in node.values if isinstance(v, ast.Value)]
        return either([self._named(node.field, value, node.span) for value in values], node.span)

    def _named(self, field: str, value: str, span: ast.Span) -> ast.SearchExpr:
        """The conditions that an event type or a tag stands for."""
        self._spend(span)
        if field == "eventtype":
            return either([self._event_type(item, span) for item in _event_types(value, self.build, span)], span)
        bearer = field.partition("::")[2]
        found = (pair for pair in tagged(self.build.knowledge, value) if bearer in ("", pair[0]))
        return either([self._comparison(_equals(name, wanted, span)) for name, wanted in found], span)

    def _event_type(self, item: Meaning, span: ast.Span) -> ast.SearchExpr:
        self._spend(span)
        pipeline = self.build.read(item.text, item.label, span.start)
        first = pipeline.commands[0]
        if len(pipeline.commands) > 1 or not isinstance(first, ast.Search):
            raise UnsupportedSplError(f"{item.label[:60]!a} is not one search", span.start)
        outer, self.inside = self.inside, span
        expr = NOTHING if first.expr is None else self.expr(first.expr)
        self.inside = outer
        return expr

    def _spend(self, span: ast.Span) -> None:
        """Bounds objects that name each other. Raises: UnsupportedSplError."""
        self.left -= 1
        if self.left < 0:
            raise UnsupportedSplError(f"more than {MAX_OBJECTS} event types and tags in one search", span.start)

    def _subsearch(self, node: ast.Subsearch) -> ast.SearchExpr:
        if self.inside is not None:
            raise UnsupportedSplError("an event type with a subsearch is not supported", self.inside.start)
        relation = self.build.subsearch(node.pipeline).limited(MAX_SUBSEARCH_ROWS + 1)
        rows = list(self.build.fetched(relation, command="a subsearch", position=node.span.start))
        if len(rows) > MAX_SUBSEARCH_ROWS:
            rows.pop()
            self.build.notes.append(f"a subsearch was cut at {MAX_SUBSEARCH_ROWS} rows")
        return either([self._condition(row, node.span) for row in rows], node.span)

    def _condition(self, row: Record, span: ast.Span) -> ast.SearchExpr:
        parts: list[ast.SearchExpr] = []
        for name, value in row.items():
            if name.startswith("_"):
                continue
            values = values_of(value)
            if name in _VERBATIM:
                parts.extend(self._verbatim(text, span) for text in values)
            else:
                parts.append(either([_equals(name, text, span) for text in values], span))
        return parts[0] if len(parts) == 1 else ast.SearchAnd(operands=tuple(parts), span=span) if parts else NOTHING

    def _verbatim(self, text: str, span: ast.Span) -> ast.SearchExpr:
        """Text that a subsearch made: conditions, or with no field a bare value."""
        pipeline = self.build.read(f"search {text}", "a subsearch", span.start)
        first = pipeline.commands[0]
        if len(pipeline.commands) > 1 or not isinstance(first, ast.Search):
            raise SplError("a subsearch gives more than a condition", span.start, "conditions without |")
        return NOTHING if first.expr is None else self.expr(first.expr)


def resolved(expr: ast.SearchExpr | None, build: Build) -> ast.SearchExpr | None:
    """The expression without event types, tags and subsearches. Raises: SplError, UnsupportedSplError."""
    return None if expr is None else _Resolver(build).expr(expr)


def either(options: list[ast.SearchExpr], span: ast.Span) -> ast.SearchExpr:
    """True where one of the options is; nothing when there is none."""
    if not options:
        return NOTHING
    return options[0] if len(options) == 1 else ast.SearchOr(operands=tuple(options), span=span)


def _object_field(field: str) -> bool:
    return field in ("eventtype", "tag") or field.startswith("tag::")


def _event_types(pattern: str, build: Build, span: ast.Span) -> Sequence[Meaning]:
    found = event_types(build.knowledge, pattern)
    if not found and "*" not in pattern:
        known = {o.name for o in build.knowledge.of_kind("eventtype") if not o.disabled}
        expected = nearest(pattern, known, "an event type")
        raise SplError(f"eventtype {pattern[:60]!a} does not exist or is disabled", span.start, expected)
    return found


def _equals(name: str, text: str, span: ast.Span) -> ast.Comparison:
    return ast.Comparison(field=name, op="=", value=ast.Value(raw=escape(text), quote='"', span=span), span=span)
