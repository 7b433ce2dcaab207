"""Trees: what each form becomes, where errors stand, and that no text breaks the parser."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.ast import (
    Aggregation,
    Comparison,
    Directive,
    Fields,
    Generic,
    GroupKey,
    Head,
    InputLookup,
    Lookup,
    LookupField,
    MacroCall,
    Membership,
    Option,
    Pipeline,
    Punct,
    Rename,
    Search,
    SearchAnd,
    SearchNot,
    SearchOr,
    Sort,
    SortKey,
    Stats,
    Subsearch,
    Table,
    Term,
    TimeModifier,
    Tstats,
    Value,
)
from agentgate_mcp.spl.parser import parse
from tests.unit.spl.samples import check_position, long_texts, searches, texts

pytestmark = pytest.mark.req("spl.parse")


def only(text: str) -> ast.Command:
    """The one command of a text."""
    (command,) = parse(text).commands
    return command


def condition(text: str) -> ast.SearchExpr | None:
    command = only(f"search {text}")
    assert isinstance(command, Search)
    return command.expr


def word(text: str) -> Value:
    return Value(raw=text)


def term(text: str) -> Term:
    return Term(value=word(text))


def equals(field: str, value: str, quote: str = "") -> Comparison:
    return Comparison(field=field, op="=", value=Value(raw=value, quote='"' if quote else ""))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("error", term("error")),
        ("*", term("*")),
        ('"a | b"', Term(value=Value(raw="a | b", quote='"'))),
        ("status=404", equals("status", "404")),
        ("status==404", equals("status", "404")),
        ("a != b", Comparison(field="a", op="!=", value=word("b"))),
        ("n>=5", Comparison(field="n", op=">=", value=word("5"))),
        ('user="a b"', equals("user", "a b", "quoted")),
        ('"my field"=x', equals("my field", "x")),
        ("sourcetype::x:y", Comparison(field="sourcetype", op="::", value=word("x:y"))),
        ("url=/a?b=c&d=e", equals("url", "/a?b=c&d=e")),
        ("src=10.0.0.0/8", equals("src", "10.0.0.0/8")),
        ("index IN (a, \"b c\")", Membership(field="index", values=(word("a"), Value(raw="b c", quote='"')))),
        ("a b", SearchAnd(operands=(term("a"), term("b")))),
        ("a AND b", SearchAnd(operands=(term("a"), term("b")))),
        ("a OR b c", SearchAnd(operands=(SearchOr(operands=(term("a"), term("b"))), term("c")))),
        ("a b OR c", SearchAnd(operands=(term("a"), SearchOr(operands=(term("b"), term("c")))))),
        ("(a b) OR c", SearchOr(operands=(SearchAnd(operands=(term("a"), term("b"))), term("c")))),
        ("NOT a b", SearchAnd(operands=(SearchNot(operand=term("a")), term("b")))),
        ("NOT (a OR b)", SearchNot(operand=SearchOr(operands=(term("a"), term("b"))))),
        ("earliest=-1d@d", TimeModifier(name="earliest", value=word("-1d@d"))),
        ("latest_version=3", equals("latest_version", "3")),
        ("TERM(10.0.0.1)", Directive(name="TERM", value=word("10.0.0.1"))),
        ('CASE("Ab c")', Directive(name="CASE", value=Value(raw="Ab c", quote='"'))),
        ("index=`idx`", Comparison(field="index", op="=", value=MacroCall(name="idx"))),
        ("`m(1, 2)`", MacroCall(name="m", args=("1", "2"))),
        ("delete", term("delete")),
        ("()", term("*")),
    ],
)  # fmt: skip
def test_a_search_condition_becomes_this_tree(text: str, expected: ast.SearchExpr) -> None:
    assert condition(text) == expected


def test_a_subsearch_is_a_pipeline_inside_a_condition() -> None:
    inner = Pipeline(commands=(Search(expr=term("x")), Fields(fields=("src",))))
    assert condition("a [search x | fields src]") == SearchAnd(operands=(term("a"), Subsearch(pipeline=inner)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| head", Head(command="head")),
        ("| head 5", Head(command="head", count=5)),
        ("| head limit=7", Head(command="head", count=7)),
        ("| tail 3", Head(command="tail", count=3)),
        ("| table a, b*  \"c d\"", Table(fields=("a", "b*", "c d"))),
        ("| fields - _raw, x", Fields(fields=("_raw", "x"), remove=True)),
        ("| fields + a b", Fields(fields=("a", "b"))),
        ("| rename a AS b, \"x.*\" as *", Rename(pairs=(("a", "b"), ("x.*", "*")))),
        ("| rename count(x) as n", Rename(pairs=(("count(x)", "n"),))),
        (
            "| sort 20 - count, +num(port) user",
            Sort(
                limit=20,
                keys=(
                    SortKey(field="count", descending=True),
                    SortKey(field="port", cast="num"),
                    SortKey(field="user"),
                ),
            ),
        ),
        ("| sort 0 -_time", Sort(limit=0, keys=(SortKey(field="_time", descending=True),))),
        ("| sort a desc", Sort(keys=(SortKey(field="a"),), reverse=True)),
        (
            "| dedup 2 src dest keepempty=t sortby - _time",
            ast.Dedup(
                fields=("src", "dest"),
                count=2,
                sortby=(SortKey(field="_time", descending=True),),
                options=(Option(key="keepempty", value=word("t")),),
            ),
        ),
        (
            "| stats count, dc(src) as sources sum(eval(a+b)) AS total values(*) by dest, user",
            Stats(
                command="stats",
                aggregations=(
                    Aggregation(function="count"),
                    Aggregation(function="dc", field="src", alias="sources"),
                    Aggregation(
                        function="sum",
                        expr=ast.Chain(first=ast.FieldRef(name="a"), rest=(("+", ast.FieldRef(name="b")),)),
                        alias="total",
                    ),
                    Aggregation(function="values", field="*"),
                ),
                by=(GroupKey(field="dest"), GroupKey(field="user")),
            ),
        ),
        (
            "| tstats summariesonly=t count from datamodel=Web.Web where Web.status=404 by _time span=5m, Web.src",
            Tstats(
                command="tstats",
                aggregations=(Aggregation(function="count"),),
                data_model="Web.Web",
                where=equals("Web.status", "404"),
                by=(
                    GroupKey(field="_time", options=(Option(key="span", value=word("5m")),)),
                    GroupKey(field="Web.src"),
                ),
                options=(Option(key="summariesonly", value=word("t")),),
            ),
        ),
        (
            "| timechart span=1h limit=5 avg(x) by host where max in top5 useother=f",
            ast.Chart(
                command="timechart",
                aggregations=(Aggregation(function="avg", field="x"),),
                by=(GroupKey(field="host"),),
                where="max in top5",
                options=(
                    Option(key="span", value=word("1h")),
                    Option(key="limit", value=word("5")),
                    Option(key="useother", value=word("f")),
                ),
            ),
        ),
        (
            "| lookup local=t assets ip as src OUTPUTNEW owner, team AS group",
            Lookup(
                name="assets",
                match=(LookupField(field="ip", alias="src"),),
                output=(LookupField(field="owner"), LookupField(field="team", alias="group")),
                keep_existing=True,
                options=(Option(key="local", value=word("t")),),
            ),
        ),
        (
            "| inputlookup append=t users.csv where active=1",
            InputLookup(
                name="users.csv", where=equals("active", "1"), options=(Option(key="append", value=word("t")),)
            ),
        ),
        ("| `m`", MacroCall(name="m")),
        (
            "| OutPutLookup append=t x.csv",
            Generic(command="outputlookup", args=(Option(key="append", value=word("t")), word("x.csv"))),
        ),
        (
            "| mycmd a, (b)",
            Generic(command="mycmd", args=(word("a"), Punct(text=","), Punct(text="("), word("b"), Punct(text=")")),
                    known=False),
        ),
    ],
)  # fmt: skip
def test_a_command_becomes_this_tree(text: str, expected: ast.Command) -> None:
    assert only(text) == expected


def test_comments_split_and_hide_nothing() -> None:
    assert parse("search a ```x | delete``` | ```y``` head ```z``` 5") == parse("search a | head 5")


def test_a_first_stage_without_a_command_is_a_search() -> None:
    assert parse("index=web | head 1") == parse("search index=web | head 1")
    assert isinstance(only("tstats count where index=web"), Tstats)
    assert only("tstats=1") == Search(expr=equals("tstats", "1"))
    assert isinstance(only("inputlookup OR tstats"), Search)


def test_brackets_of_templates_hold_commands_for_the_rows_at_hand() -> None:
    command = only("| foreach a* [ eval <<FIELD>> = '<<FIELD>>' + 1 ]")
    assert isinstance(command, Generic)
    (inner,) = command.subsearches
    assert isinstance(inner.commands[0], ast.Eval)
    assert inner.commands[0].assignments[0].field == "<<FIELD>>"


def test_generic_arguments_can_be_looked_up() -> None:
    command = only("| join type=left user [search index=hr | fields user]")
    assert isinstance(command, Generic)
    assert command.options == {"type": word("left")}
    assert command.words == ("user",)
    assert len(command.subsearches) == 1


def test_every_node_of_a_tree_knows_its_span() -> None:
    text = "search index=web (a OR b) | stats count by src | where x>1"
    tree = parse(text)
    spans = [text[c.span.start : c.span.end].strip() for c in tree.commands]
    assert spans == ["search index=web (a OR b)", "stats count by src", "where x>1"]
    search = tree.commands[0]
    assert isinstance(search, Search)
    assert isinstance(search.expr, SearchAnd)
    first, second = search.expr.operands
    assert text[first.span.start : first.span.end] == "index=web"
    assert text[second.span.start : second.span.end] == "a OR b"


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 0, "command"),
        ("   ", 3, "command"),
        ("|", 1, "command"),
        ("search x |", 10, "command"),
        ("search x | | head", 11, "command"),
        ("search x ]", 9, "["),
        ("search [ x", 7, "]"),
        ("search [ ]", 9, "command"),
        ("search (a", 7, ")"),
        ("search a)", 8, "("),
        ("search a OR", 11, "term"),
        ("search OR a", 7, "term"),
        ("search a AND OR b", 13, "term"),
        ("search NOT", 10, "term"),
        ("search (=x)", 8, "term"),
        ("search a=", 9, "value"),
        ("search a IN ()", 13, "value"),
        ("search a IN (b", 14, ")"),
        ("search IN (b)", 7, "field"),
        ("search 'a \"b\" c'", 7, "quote"),
        ("| where", 7, "expression"),
        ("| where x=", 10, "value"),
        ("| where x=1 y", 12, "operator"),
        ("| eval x", 7, "="),
        ("| eval x=(1", 9, ")"),
        ("| stats sum(", 11, ")"),
        ("| stats count by", 16, "field"),
        ("| rename a b", 11, "AS"),
        ("| sort", 6, "field"),
        ("| table", 7, "field"),
        ("| head x y", 9, "operator"),
        ("| (x)", 2, "command name"),
        ('| ""', 2, "command name"),
    ],
)
def test_an_error_says_where_it_is_and_what_was_expected(text: str, position: int, expected: str) -> None:
    with pytest.raises(SplError) as caught:
        parse(text)
    assert caught.value.position == position
    assert expected in caught.value.expected


@given(st.one_of(texts, searches))
@settings(max_examples=250)
def test_any_text_becomes_a_tree_or_a_positioned_error(text: str) -> None:
    try:
        tree = parse(text)
    except SplError as error:
        check_position(error, text)
        return
    assert tree == parse(text)
    assert hash(tree) == hash(parse(text))


@given(long_texts)
@settings(max_examples=20)
def test_a_text_of_any_length_becomes_a_tree_or_a_positioned_error(text: str) -> None:
    try:
        parse(text)
    except SplError as error:
        check_position(error, text)


@pytest.mark.parametrize(
    "text",
    [
        "search " + "(" * 20_000 + "a" + ")" * 20_000,
        "search " + "[search " * 5_000 + "a" + "]" * 5_000,
        "| eval x=" + "(" * 20_000 + "1" + ")" * 20_000,
        "| eval x=" + "f(" * 10_000 + "1" + ")" * 10_000,
        "| eval x=" + "-" * 30_000 + "1",
        "search " + "NOT " * 10_000 + "a",
        "| where " + "NOT " * 10_000 + "a=1",
        "search " + "(" * 50 + ("NOT " * 60 + "(") * 4 + "a" + ")" * 54,
        "search " + "`m(" * 10_000 + "a" + ")`" * 10_000,
    ],
)
def test_nesting_is_refused_before_it_can_overflow_anything(text: str) -> None:
    with pytest.raises(SplError, match="nested too deeply"):
        parse(text)


@pytest.mark.parametrize("text", ["| eval x=" + "1+" * 30_000 + "1", "search " + "a OR " * 12_000 + "a"])
def test_long_chains_are_flat(text: str) -> None:
    assert repr(parse(text))


def test_trees_at_the_permitted_depth_can_be_walked() -> None:
    level = "(1+2*3=4 AND NOT (5=6 OR x IN (7)) XOR -"
    text = "| where " + level * 10 + "1" + ")" * 10
    assert hash(parse(text)) == hash(parse(text))
    assert repr(parse(text)) == repr(parse(text))


def test_a_form_that_a_macro_keeps_from_being_read_stands_as_it_was_written() -> None:
    command = only("| stats `aggregations(x)`   by host")
    assert isinstance(command, Generic)
    assert command.raw == "`aggregations(x)`   by host"
    assert command.args[0] == MacroCall(name="aggregations", args=("x",))
    with pytest.raises(SplError):
        parse("| stats (x) by host")


def test_values_know_their_text_and_wildcards() -> None:
    quoted = Value(raw='a\\"b\\\\c\\d', quote='"')
    assert quoted.text == 'a"b\\c\\d'
    assert Value(raw="a*b*").parts == ("a", "b", "")
    assert Value(raw="a").parts == ("a",)
    assert Value(raw="*x", quote='"').has_wildcard
