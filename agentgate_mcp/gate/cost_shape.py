"""The shape of a search: a digest of its tree without literals, times, indexes and brackets.

Two searches of one shape do the same work per event: the same commands over the same fields.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass
from typing import Final

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.parser import parse

_DIGITS: Final = 32
_ANY: Final = "?"
_LITERAL_FIELDS: Final = frozenset({"span", "count", "limit", "raw", "quote", "argument", "implicit", "counted"})


def shape_of(query: str, knowledge: KnowledgeSet) -> str:
    """The shape, as hexadecimal digits; empty for a search that cannot be read."""
    try:
        tree = parse(expand(query, knowledge).text)
    except SplError:
        return ""
    commands = [_command(command) for command in tree.commands if not _has_brackets(command)]
    return hashlib.sha256("|".join(commands).encode("utf-8", "replace")).hexdigest()[:_DIGITS]


def _command(command: ast.Command) -> str:
    match command:
        case ast.Search(expr=expr):
            return f"search {_condition(expr)}"
        case ast.Tstats(where=where):
            return f"{_tree(command, leave='where')} {_condition(where)}"
        case _:
            return _tree(command)


def _has_brackets(command: ast.Command) -> bool:
    """Commands that hold a search: `join`, `append`, `union`."""
    return isinstance(command, ast.Generic) and any(isinstance(arg, ast.Subsearch) for arg in command.args)


def _condition(expr: ast.SearchExpr | None) -> str:
    """What is compared, whatever with: `x=a`, `x IN (a, b)` and `x=a OR x=b` are one condition."""
    match expr:
        case None | ast.TimeModifier() | ast.Subsearch():
            return ""
        case ast.Term() | ast.Directive():
            return _ANY
        case ast.Comparison(field="index") | ast.Membership(field="index"):
            return ""
        case ast.Comparison(field=name, op=op):
            return f"{name}{'=' if op in ('=', '::') else op}{_ANY}"
        case ast.Membership(field=name):
            return f"{name}={_ANY}"
        case ast.SearchNot(operand=operand):
            inner = _condition(operand)
            return f"NOT {inner}" if inner else ""
        case ast.SearchAnd(operands=operands) | ast.SearchOr(operands=operands):
            parts = sorted({part for part in map(_condition, operands) if part})
            word = " AND " if isinstance(expr, ast.SearchAnd) else " OR "
            return parts[0] if len(parts) == 1 else f"({word.join(parts)})" if parts else ""
        case ast.MacroCall(name=name):
            return f"`{name}`"


def _tree(node: object, *, leave: str = "") -> str:
    """A node with every literal replaced."""
    match node:
        case ast.Value() | ast.String() | ast.Number():
            return _ANY
        case ast.Subsearch():
            return ""
        case tuple():
            return f"[{','.join(map(_tree, node))}]"  # pyright: ignore[reportUnknownArgumentType]
        case _ if is_dataclass(node):
            named = [f for f in fields(node) if f.name not in _LITERAL_FIELDS and f.name != leave]
            return f"{type(node).__name__}({','.join(_tree(getattr(node, f.name)) for f in named)})"
        case _:
            return str(node)
