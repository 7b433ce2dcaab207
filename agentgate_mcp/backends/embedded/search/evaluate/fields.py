"""The fields that an eval expression reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from agentgate_mcp.spl import ast


def fields(expr: ast.EvalExpr) -> Iterator[ast.FieldRef]:
    """The fields that an expression names, as often as it does."""
    return (node for node in _nodes(expr) if isinstance(node, ast.FieldRef))


def reads(expr: ast.EvalExpr, names: Collection[str]) -> bool:
    """Whether the expression may look at one of ``names``; a `searchmatch` may look at any."""
    return bool(names) and any(
        node.name in names if isinstance(node, ast.FieldRef) else _searches(node) for node in _nodes(expr)
    )


def _searches(node: ast.EvalExpr) -> bool:
    return isinstance(node, ast.Call) and node.function == "searchmatch"


def _nodes(expr: ast.EvalExpr) -> Iterator[ast.EvalExpr]:
    waiting = [expr]
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case ast.Call():
                waiting.extend(node.args)
            case ast.Unary():
                waiting.append(node.operand)
            case ast.Chain():
                waiting.extend((node.first, *(operand for _, operand in node.rest)))
            case ast.Compare():
                waiting.extend((node.left, node.right))
            case ast.InTest():
                waiting.extend((node.operand, *node.values))
            case ast.Logical():
                waiting.extend(node.operands)
            case ast.FieldRef() | ast.Number() | ast.String() | ast.MacroCall() | ast.Subsearch():
                pass
