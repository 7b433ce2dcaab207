"""Building: whatever the value, the search says exactly that value and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.errors import ArgumentError
from agentgate_mcp.spl import ast, build
from agentgate_mcp.spl.parser import parse
from tests.unit.spl.samples import facts_of, texts

pytestmark = pytest.mark.req("spl.build")

fields = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.{}@\-]{0,20}", fullmatch=True).filter(
    lambda name: name.lower() not in build._RESERVED
)
values = st.one_of(texts, st.text(max_size=60)).filter(lambda text: "*" not in text and "```" not in text)


def condition(text: str) -> ast.SearchExpr | None:
    (command,) = parse(f"search {text}").commands
    assert isinstance(command, ast.Search)
    return command.expr


@given(fields, values)
def test_a_built_condition_is_read_back_as_exactly_that_field_and_value(field: str, value: str) -> None:
    found = condition(build.field_equals(field, value))
    assert isinstance(found, ast.Comparison)
    assert (found.field, found.op) == (field, "=")
    assert isinstance(found.value, ast.Value)
    assert found.value.quoted
    assert found.value.text == value


@given(fields, st.lists(values, min_size=1, max_size=5))
def test_a_built_list_is_read_back_as_exactly_those_values(field: str, items: list[str]) -> None:
    found = condition(build.in_list(field, items))
    assert isinstance(found, ast.Membership)
    assert found.field == field
    assert [v.text for v in found.values if isinstance(v, ast.Value)] == items


@given(st.lists(st.tuples(fields, values), min_size=2, max_size=5))
def test_alternatives_stay_alternatives_inside_a_longer_search(pairs: list[tuple[str, str]]) -> None:
    joined = build.any_of([build.field_equals(f, v) for f, v in pairs])
    found = condition(f"index=web {joined} {build.negate(joined)}")
    assert isinstance(found, ast.SearchAnd)
    first, second, third = found.operands
    assert first == condition("index=web")
    assert isinstance(second, ast.SearchOr)
    assert len(second.operands) == len(pairs)
    assert third == ast.SearchNot(operand=second)


@given(fields, st.one_of(texts, st.text(max_size=60)).filter(lambda text: "```" not in text))
def test_a_where_condition_takes_stars_literally(field: str, value: str) -> None:
    (command,) = parse(f"| where {build.where_equals(field, value)}").commands
    expected = ast.Compare(
        op="=", left=ast.FieldRef(name=field, quoted=True), right=ast.String(raw=build.quote(value)[1:-1])
    )
    assert command == ast.Where(expr=expected)
    assert isinstance(command, ast.Where)
    assert isinstance(command.expr, ast.Compare)
    assert isinstance(command.expr.right, ast.String)
    assert command.expr.right.value == value


@given(fields, values)
def test_a_built_search_does_nothing_but_search(field: str, value: str) -> None:
    facts = facts_of(f"search index=web {build.field_equals(field, value)}")
    assert facts.parsed
    assert facts.commands == ("search",)
    assert facts.subsearches == 0
    assert facts.unresolved == ()


def test_patterns_keep_their_wildcards() -> None:
    found = condition(build.field_matches("host", "web-*"))
    assert isinstance(found, ast.Comparison)
    assert isinstance(found.value, ast.Value)
    assert found.value.parts == ("web-", "")


@pytest.mark.parametrize("value", ["a*b", "*", "x ``` y"])
def test_what_a_search_cannot_say_literally_is_refused(value: str) -> None:
    with pytest.raises(ArgumentError):
        build.field_equals("user", value)
    with pytest.raises(ArgumentError):
        build.in_list("user", ["ok", value])


@pytest.mark.parametrize(
    "field",
    ["", "a b", "a=b", "a|b", "1a", "a'b", 'a"b', "a[b", "a`b", "a\n", "earliest", "LATEST", "savedsearch", "not", "é",
     "a::b", "x" * 200],
)  # fmt: skip
def test_what_is_no_field_name_is_refused(field: str) -> None:
    with pytest.raises(ArgumentError):
        build.field_equals(field, "x")


def test_empty_lists_are_refused_and_one_alternative_needs_no_parentheses() -> None:
    with pytest.raises(ArgumentError):
        build.in_list("a", [])
    with pytest.raises(ArgumentError):
        build.any_of([])
    assert build.any_of([build.field_equals("a", "b")]) == 'a="b"'
    assert build.all_of([build.field_equals("a", "b"), build.field_equals("c", "d")]) == 'a="b" c="d"'
