"""Eval expressions as SQL over one relation.

What was chosen where Splunk leaves it open:

- Truth is three-valued as in SQL: a comparison with a field that the row lacks is neither true nor
  false; `where` keeps rows whose condition is true, `if` and `case` take a branch only then.
- Two values are compared as numbers when both are numbers, however they are stored, else as text
  with case. A comparison with a multivalue field holds when it holds for any of its values.
- `+` adds numbers and joins two texts that are not both numbers; other arithmetic gives null for
  anything but numbers, and so do division by zero and an overflow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, assert_never

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.arguments import undefined
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Kind, Relation, all_of, any_of
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""What an operator becomes when its sides change places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A condition: SQL that is true, false or NULL."""

    sql: str


Result: TypeAlias = "Column | Truth"
Function: TypeAlias = "Callable[[ast.Call, Evaluator], Result]"
"""One eval function. Raises: SplError for a wrong number or kind of arguments, with its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluator:
    """Compiles expressions over the rows of ``relation``."""

    relation: Relation
    build: Build

    def value(self, expr: ast.EvalExpr) -> Column:
        """The expression as a value. Raises: SplError for a condition, which no field can hold."""
        found = self.result(expr)
        if isinstance(found, Truth):
            raise SplError("a condition is not a value", expr.span.start, "if(condition, value, value)")
        return found

    def condition(self, expr: ast.EvalExpr) -> str:
        """The expression as SQL truth. Raises: SplError for a value, which is neither true nor false."""
        found = self.result(expr)
        if isinstance(found, Column):
            raise SplError("a value is not a condition", expr.span.start, "a comparison or a function that tests")
        return found.sql

    def text(self, expr: ast.EvalExpr) -> str:
        """The expression as VARCHAR; a multivalue one as its values on lines."""
        return sqltext.text_sql(self.value(expr))

    def number(self, expr: ast.EvalExpr) -> str:
        """The expression as DOUBLE, NULL where it is no number."""
        return sqltext.number_sql(self.value(expr))

    def constant(self, expr: ast.EvalExpr) -> str | None:
        """The text of a literal; None for anything that depends on the row."""
        match expr:
            case ast.String():
                return expr.value
            case ast.Number():
                return expr.raw
            case ast.Unary(op="-", operand=ast.Number() as number):
                return f"-{number.raw}"
            case _:
                return None

    def result(self, expr: ast.EvalExpr) -> Result:
        match expr:
            case ast.Number():
                return self._number(expr)
            case ast.String():
                return Column(sql=self.build.bind(expr.value), kind="text", literal=expr.value)
            case ast.FieldRef():
                return self.relation.column(expr.name, self.build.parameters) or ABSENT
            case ast.Call():
                return self._call(expr)
            case ast.Unary():
                return self._unary(expr)
            case ast.Chain():
                return self._chain(expr)
            case ast.Compare():
                return Truth(sql=self._compare(expr))
            case ast.InTest():
                return Truth(sql=self.one_of(expr.operand, expr.values))
            case ast.Logical():
                return Truth(sql=self._logical(expr))
            case ast.MacroCall():
                raise undefined(expr)
            case ast.Subsearch():
                raise UnsupportedSplError("a subsearch inside an expression is not supported", expr.span.start)
            case _:
                assert_never(expr)

    def one_of(self, operand: ast.EvalExpr, values: tuple[ast.EvalExpr, ...]) -> str:
        """True where the operand equals one of the values."""
        column, others = self.value(operand), [self.value(value) for value in values]
        words = [c for c in others if _is_word(c)] if column.kind != "list" else []
        tests = [self.compared("=", column, c) for c in others if c not in words]
        if words:
            # One list stays fast for thousands of indicators.
            tests.append(f"({sqltext.text_sql(column)} IN ({', '.join(c.sql for c in words)}))")
        return any_of(tests)

    # --- parts ---------------------------------------------------------------------------------

    def _number(self, expr: ast.Number) -> Column:
        value = sqltext.as_number(expr.raw)
        if value is None:
            raise SplError(f"number {expr.raw[:40]!a} is out of range", expr.span.start)
        whole = expr.raw.isdecimal() and value < 2**53
        return Column(sql=self.build.bind(int(value) if whole else value), kind="number", literal=expr.raw)

    def _call(self, expr: ast.Call) -> Result:
        from agentgate_mcp.backends.embedded.search.evaluate.functions import FUNCTIONS

        function = FUNCTIONS.get(expr.function)
        if function is None:
            raise UnsupportedSplError(f"eval function {expr.function} is not supported", expr.span.start)
        return function(expr, self)

    def _unary(self, expr: ast.Unary) -> Result:
        match expr.op:
            case "NOT":
                return Truth(sql=f"(NOT {self.condition(expr.operand)})")
            case "-":
                literal = self.constant(expr)
                return Column(sql=f"(-{self.number(expr.operand)})", kind="number", literal=literal)
            case "+":
                return Column(sql=self.number(expr.operand), kind="number")
            case _:
                assert_never(expr.op)

    def _chain(self, expr: ast.Chain) -> Column:
        run = [self.value(expr.first)]
        """The operands of as many `+` as join texts too."""
        for op, operand in expr.rest:
            right = self.value(operand)
            if op == "+" and right.kind != "number" and (len(run) > 1 or run[0].kind != "number"):
                run.append(right)
                continue
            left = _joined_or_added(run)
            if op == ".":
                made = Column(sql=f"({sqltext.text_sql(left)} || {sqltext.text_sql(right)})", kind="text")
            else:
                numbers = sqltext.number_sql(left), sqltext.number_sql(right)
                made = Column(sql=arithmetic(op, *numbers), kind="number")
            run = [made]
        return _joined_or_added(run)

    def _compare(self, expr: ast.Compare) -> str:
        if expr.op == "LIKE":
            text, pattern = self.text(expr.left), self.text(expr.right)
            return f"({text} LIKE {pattern})"
        return self.compared(expr.op, self.value(expr.left), self.value(expr.right))

    def compared(self, op: str, left: Column, right: Column) -> str:
        """``left op right`` as SQL truth; ``op`` is one of `= != < <= > >=`."""
        if left.kind == "list" or right.kind == "list":
            return self._any_compared(op, left, right)
        if left.kind == right.kind == "number":
            return f"({left.sql} {op} {right.sql})"
        if right.literal is not None:
            return self._compared_to_literal(op, left, right)
        if left.literal is not None:
            return self._compared_to_literal(_MIRRORED.get(op, op), right, left)

        def of_numbers(a: str, b: str, x: str, y: str) -> str:
            return f"CASE WHEN {x} IS NOT NULL AND {y} IS NOT NULL THEN {x} {op} {y} ELSE {a} {op} {b} END"

        def of_texts(a: str, b: str) -> str:
            one, two = (sqltext.number_sql(Column(sql=text, kind="text")) for text in (a, b))
            return sqltext.let(one, lambda x: sqltext.let(two, lambda y: of_numbers(a, b, x, y)))

        return sqltext.let(
            sqltext.text_sql(left), lambda a: sqltext.let(sqltext.text_sql(right), lambda b: of_texts(a, b))
        )

    def _compared_to_literal(self, op: str, column: Column, literal: Column) -> str:
        """As `compared`, where what the literal is need not be found out row by row."""
        number = sqltext.as_number(literal.literal or "")
        if number is None:
            return f"({sqltext.text_sql(column)} {op} {literal.sql})"
        amount = self.build.bind(number)
        if column.kind == "number":
            return f"({column.sql} {op} {amount})"
        text = literal.sql if literal.kind == "text" else self.build.bind(sqltext.number_text(number))

        def of_text(c: str) -> str:
            own = sqltext.number_sql(Column(sql=c, kind="text"))
            return sqltext.let(
                own, lambda n: f"CASE WHEN {n} IS NOT NULL THEN {n} {op} {amount} ELSE {c} {op} {text} END"
            )

        return sqltext.let(sqltext.text_sql(column), of_text)

    def _any_compared(self, op: str, left: Column, right: Column) -> str:
        if left.kind != "list":
            return self._any_compared(_MIRRORED.get(op, op), right, left)
        other = replace(right, sql=sqltext.text_sql(right), kind="text")

        def test(item: str) -> str:
            return self.compared(op, Column(sql=item, kind="text"), other)

        name = sqltext.fresh()
        # No value at all is NULL, not false: as for a single value.
        found = f"len(list_filter({left.sql}, lambda {name}: {test(name)})) > 0"
        return f"CASE WHEN len({left.sql}) > 0 THEN {found} END"

    def _logical(self, expr: ast.Logical) -> str:
        parts = [self.condition(operand) for operand in expr.operands]
        match expr.op:
            case "AND":
                return all_of(parts)
            case "OR":
                return any_of(parts)
            case "XOR":
                whole = parts[0]
                for part in parts[1:]:
                    whole = f"({whole} != {part})"
                return whole
            case _:
                assert_never(expr.op)


def _is_word(column: Column) -> bool:
    """Whether a literal is equal only to the same text."""
    return column.kind == "text" and column.literal is not None and sqltext.as_number(column.literal) is None


def arithmetic(op: str, left: str, right: str) -> str:
    """``left op right`` of two DOUBLEs; NULL for a result that is no finite number."""
    match op:
        case "/":
            computed = f"({left} / nullif({right}, 0))"
        case "%":
            computed = f"({left} % nullif({right}, 0))"
        case _:
            computed = f"({left} {op} {right})"
    return sqltext.finite(computed)


def _joined_or_added(operands: Sequence[Column]) -> Column:
    """`+` of several operands that may be texts. One fold: nested as often as there are operands,
    the engine would plan for seconds."""
    if len(operands) == 1:
        return operands[0]
    a, b = sqltext.fresh(), sqltext.fresh()
    numbers = (sqltext.number_sql(Column(sql=name, kind="text")) for name in (a, b))
    joined = sqltext.let(
        arithmetic("+", *numbers),
        lambda total: (
            f"CASE WHEN {total} IS NULL THEN {a} || {b} ELSE {sqltext.text_sql(Column(sql=total, kind='number'))} END"
        ),
    )
    texts = ", ".join(map(sqltext.text_sql, operands))
    return Column(sql=f"list_reduce([{texts}], lambda {a}, {b}: {joined})", kind="text")


def unified(columns: list[Column]) -> tuple[list[str], Kind]:
    """Columns brought to one kind, for the branches of a choice: their SQL, and the kind.

    A branch that is always null takes the others' kind; numbers beside text become text."""
    kinds = {c.kind for c in columns if c is not ABSENT}
    if "list" in kinds:
        return ["NULL" if c is ABSENT else sqltext.list_sql(c) for c in columns], "list"
    if kinds == {"number"}:
        return ["NULL" if c is ABSENT else c.sql for c in columns], "number"
    return [sqltext.text_sql(c) for c in columns], "text"
