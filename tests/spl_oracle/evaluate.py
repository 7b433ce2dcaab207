"""Eval expressions over one row. Nothing in a comparison gives nothing; `if` and `where` then do
as for false, while AND and OR follow three-valued logic."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import assert_never

from agentgate_mcp.spl import ast
from tests.spl_oracle import functions
from tests.spl_oracle.job import Job, OracleError
from tests.spl_oracle.search import compiled
from tests.spl_oracle.values import Row, Value, byte_order, number, text


@dataclass(frozen=True)
class Scope:
    """The row that an expression reads, and the job it runs in."""

    row: Row
    job: Job

    def of(self, node: ast.EvalExpr) -> Value:
        return evaluate(node, self)

    def with_field(self, name: str, value: Value) -> Scope:
        row = self.row.copy()
        row.put(name, value)
        return Scope(row, self.job)

    def search_matches(self, expression: str) -> bool:
        """`searchmatch`: the row as a search would see it."""
        from agentgate_mcp.spl.parser import parse

        command = parse(f"search {expression}").commands[0]
        assert isinstance(command, ast.Search)
        return compiled(command.expr, self.job)(self.row)


def holds(node: ast.EvalExpr, row: Row, job: Job) -> bool:
    """Whether a condition is true of a row."""
    return evaluate(node, Scope(row, job)) is True


def evaluate(node: ast.EvalExpr, scope: Scope) -> Value:
    """The value of an expression. Raises: OracleError."""
    match node:
        case ast.Number():
            return number(node.raw)
        case ast.String():
            return node.value
        case ast.FieldRef():
            return field_value(node, scope)
        case ast.Call():
            return functions.call(node, scope)
        case ast.Unary():
            return _unary(node, scope)
        case ast.Chain():
            left = scope.of(node.first)
            for op, operand in node.rest:
                left = arithmetic(op, left, scope.of(operand))
            return left
        case ast.Compare():
            left, right = scope.of(node.left), scope.of(node.right)
            return functions.like(left, right) if node.op == "LIKE" else compare(node.op, left, right)
        case ast.InTest():
            left = scope.of(node.operand)
            return logical("OR", [compare("=", left, scope.of(v)) for v in node.values])
        case ast.Logical():
            return logical(node.op, [scope.of(operand) for operand in node.operands])
        case ast.MacroCall():
            raise OracleError(f"macro {node.name} is not defined")
        case ast.Subsearch():
            raise OracleError("a subsearch in an expression")
        case _:
            assert_never(node)


def field_value(node: ast.FieldRef, scope: Scope) -> Value:
    """A field's value; `true` and `false` are fields like any other."""
    value = scope.row.get(node.name)
    return str(value) if isinstance(value, str) else value


def _unary(node: ast.Unary, scope: Scope) -> Value:
    value = scope.of(node.operand)
    if node.op == "NOT":
        return None if value is None else not truth(value)
    amount = number(value)
    if amount is None:
        return None
    return -amount if node.op == "-" else amount


def truth(value: Value) -> bool:
    return value is True


def logical(op: str, values: list[Value]) -> bool | None:
    known = [None if v is None else truth(v) for v in values]
    if op == "AND":
        return False if False in known else None if None in known else True
    if op == "OR":
        return True if True in known else None if None in known else False
    return None if None in known else sum(bool(v) for v in known) % 2 == 1


def arithmetic(op: str, left: Value, right: Value) -> Value:
    """One operator. Text with a number, a missing operand and a division by 0 give nothing."""
    if op == ".":
        return None if left is None or right is None else text(left) + text(right)
    a, b = number(left), number(right)
    if a is None or b is None:
        joins = op == "+" and a is None and b is None and isinstance(left, str) and isinstance(right, str)
        return text(left) + text(right) if joins else None
    match op:
        case "+":
            return whole(a + b)
        case "-":
            return whole(a - b)
        case "*":
            return whole(a * b)
        case "/":
            return None if b == 0 else whole(a / b)
        case _:
            return None if b == 0 else whole(math.fmod(a, b))


def whole(value: float) -> Value:
    """An exact whole number as an integer; infinity and not-a-number as nothing."""
    if isinstance(value, int):
        return value
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def compare(op: str, left: Value, right: Value) -> bool | None:
    """Numbers where both are; else text with its case. A list is equal if one of its values is."""
    if left is None or right is None:
        return None
    if isinstance(left, list):
        return any(compare(op, item, right) for item in left)
    if isinstance(right, list):
        return any(compare(op, left, item) for item in right)
    a, b = number(left), number(right)
    order = (a > b) - (a < b) if a is not None and b is not None else _text_order(text(left), text(right))
    match op:
        case "=":
            return order == 0
        case "!=":
            return order != 0
        case "<":
            return order < 0
        case "<=":
            return order <= 0
        case ">":
            return order > 0
        case _:
            return order >= 0


def _text_order(a: str, b: str) -> int:
    x, y = byte_order(a), byte_order(b)
    return (x > y) - (x < y)


def fields_of(node: ast.EvalExpr) -> list[str]:
    """The fields that an expression names, each once."""
    found: list[str] = []
    waiting: list[ast.EvalExpr] = [node]
    while waiting:
        item = waiting.pop()
        match item:
            case ast.FieldRef():
                found.append(item.name)
            case ast.Call():
                waiting.extend(item.args)
            case ast.Unary():
                waiting.append(item.operand)
            case ast.Chain():
                waiting.extend((item.first, *(operand for _, operand in item.rest)))
            case ast.Compare():
                waiting.extend((item.left, item.right))
            case ast.InTest():
                waiting.extend((item.operand, *item.values))
            case ast.Logical():
                waiting.extend(item.operands)
            case _:
                pass
    return list(dict.fromkeys(found))


_FLAGS = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE, "x": re.VERBOSE}


def regular(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A Splunk pattern as Python reads it: ``(?<name>…)`` is ``(?P<name>…)``, and flags may stand
    anywhere (here they then hold for the whole pattern)."""
    for letters in re.findall(r"\(\?([ismx]+)\)", pattern):
        for letter in letters:
            flags |= _FLAGS[letter]
    bare = re.sub(r"\(\?[ismx]+\)", "", pattern)
    return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", bare), flags)
