"""Eval expressions: precedence, operands, and the trees they make."""

from __future__ import annotations

import pytest

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.ast import Call, Chain, Compare, FieldRef, InTest, Logical, Number, String, Unary
from agentgate_mcp.spl.parser import parse

pytestmark = pytest.mark.req("spl.parse")


def expression(text: str) -> ast.EvalExpr:
    (command,) = parse(f"| where {text}").commands
    assert isinstance(command, ast.Where)
    return command.expr


def f(name: str) -> FieldRef:
    return FieldRef(name=name)


def n(raw: str) -> Number:
    return Number(raw=raw)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.5e3", n("1.5e3")),
        ('"a\\"b"', String(raw='a\\"b')),
        ("'my field'", FieldRef(name="my field", quoted=True)),
        ("foo{}", f("foo{}")),
        ("<<FIELD>>", f("<<FIELD>>")),
        ("-x", Unary(op="-", operand=f("x"))),
        ("a+b-c", Chain(first=f("a"), rest=(("+", f("b")), ("-", f("c"))))),
        ("a+b*c", Chain(first=f("a"), rest=(("+", Chain(first=f("b"), rest=(("*", f("c")),))),))),
        ("(a+b)*c", Chain(first=Chain(first=f("a"), rest=(("+", f("b")),)), rest=(("*", f("c")),))),
        ('a."x".b', Chain(first=f("a"), rest=((".", String(raw="x")), (".", f("b"))))),
        ("a==1", Compare(op="=", left=f("a"), right=n("1"))),
        ("a LIKE \"x%\"", Compare(op="LIKE", left=f("a"), right=String(raw="x%"))),
        ("a+1>b", Compare(op=">", left=Chain(first=f("a"), rest=(("+", n("1")),)), right=f("b"))),
        ("NOT a=1", Unary(op="NOT", operand=Compare(op="=", left=f("a"), right=n("1")))),
        ("not(a)", Unary(op="NOT", operand=f("a"))),
        (
            "a=1 OR b=2 AND c=3",
            Logical(
                op="OR",
                operands=(
                    Compare(op="=", left=f("a"), right=n("1")),
                    Logical(
                        op="AND",
                        operands=(
                            Compare(op="=", left=f("b"), right=n("2")),
                            Compare(op="=", left=f("c"), right=n("3")),
                        ),
                    ),
                ),
            ),
        ),
        ("a and b xor c", Logical(op="XOR", operands=(Logical(op="AND", operands=(f("a"), f("b"))), f("c")))),
        ("a IN (1, \"b\")", InTest(operand=f("a"), values=(n("1"), String(raw="b")))),
        ("NOT a in (1) AND b", Logical(op="AND", operands=(
            Unary(op="NOT", operand=InTest(operand=f("a"), values=(n("1"),))), f("b")))),
        ("in(a, 1)", Call(function="in", args=(f("a"), n("1")))),
        ("now()", Call(function="now", args=())),
        ("If(a, Len(b), -1)", Call(function="if", args=(
            f("a"), Call(function="len", args=(f("b"),)), Unary(op="-", operand=n("1"))))),
        ("x=`m(1)`", Compare(op="=", left=f("x"), right=ast.MacroCall(name="m", args=("1",)))),
    ],
)  # fmt: skip
def test_an_expression_becomes_this_tree(text: str, expected: ast.EvalExpr) -> None:
    assert expression(text) == expected


def test_eval_reads_several_assignments() -> None:
    (command,) = parse("| eval a=1, 'b c'=f(x, y) , \"d e\"=a.b ```note```, g=2").commands
    assert isinstance(command, ast.Eval)
    assert [a.field for a in command.assignments] == ["a", "b c", "d e", "g"]


def test_a_subsearch_can_be_an_operand() -> None:
    tree = expression("x=[search a | return y] + 1")
    assert isinstance(tree, Compare)
    assert isinstance(tree.right, Chain)
    assert isinstance(tree.right.first, ast.Subsearch)


@pytest.mark.parametrize(
    "text",
    [
        "a=1=2",
        "a IN",
        "a IN 1",
        "a IN (1) = 2",
        "f(a,)",
        "(a,b)",
        "a b",
        "1 +",
        "* 2",
        "a = NOT b",
        "'a",
        "a ! b",
        "()",
        "f(]",
    ],
)
def test_what_is_no_expression_is_an_error(text: str) -> None:
    with pytest.raises(SplError):
        expression(text)
