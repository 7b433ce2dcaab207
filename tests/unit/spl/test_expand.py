"""Macros: text pasted into text, and everything that cannot be pasted named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.expand import MAX_NESTING, expand
from agentgate_mcp.spl.knowledge import EMPTY, KnowledgeSet
from agentgate_mcp.spl.lexer import MAX_CHARS
from tests.unit.spl.samples import check_position, knowledge_object, texts

pytestmark = pytest.mark.req("spl.expand")


def macros(**definitions: str) -> KnowledgeSet:
    return KnowledgeSet.from_definitions({name: {"definition": text} for name, text in definitions.items()})


def test_macros_are_pasted_by_name_and_arity() -> None:
    knowledge = KnowledgeSet.from_definitions(
        {
            "m": {"definition": "zero"},
            "m(1)": {"definition": "one=$x$", "args": "x"},
            "m(2)": {"definition": "$x$-$y$", "args": "x, y"},
        }
    )
    expansion = expand("`m` `m(a)` `m(a, b)`", knowledge)
    assert expansion.text == "zero one=a a-b"
    assert [(u.name, u.arity, u.resolved) for u in expansion.uses] == [("m", 0, True), ("m", 1, True), ("m", 2, True)]


def test_nested_macros_and_arguments_that_are_macros_are_pasted() -> None:
    knowledge = KnowledgeSet.from_definitions(
        {
            "outer(1)": {"definition": "search `inner($a$)`", "args": "a"},
            "inner(1)": {"definition": "x=$v$", "args": "v"},
            "word": {"definition": "deep"},
        }
    )
    expansion = expand("`outer(`word`)`", knowledge)
    assert expansion.text == "search x=deep"
    assert {(u.name, u.depth) for u in expansion.uses} == {("outer", 1), ("inner", 2), ("word", 3)}


def test_outer_quotes_of_an_argument_go_and_escapes_are_undone() -> None:
    knowledge = KnowledgeSet.from_definitions({"m(1)": {"definition": "search $x$", "args": "x"}})
    assert expand('`m("a, \\"b\\"")`', knowledge).text == 'search a, "b"'


def test_a_macro_may_open_a_quote_that_it_does_not_close() -> None:
    assert expand('`open`b | delete" x', macros(open='"a ')).text == '"a b | delete" x'


def test_macros_in_comments_and_strings_are_not_pasted() -> None:
    expansion = expand('search ```x `m` y``` "`m`"', macros(m="boom"))
    assert expansion.text == 'search ```x `m` y``` "`m`"'
    assert [(u.name, u.weak) for u in expansion.uses] == [("m", True)]
    assert expansion.unresolved == ()


@pytest.mark.parametrize("text", ['" | delete | eval y="', "a | delete", "[ search x | delete ]", 'odd"'])
def test_a_quoted_macro_that_could_break_out_of_its_string_is_unresolved(text: str) -> None:
    expansion = expand('eval x="`m`"', macros(m=text))
    assert expansion.unresolved == ("macro:m: quoted, and its text holds more than a value",)


def test_a_missing_macro_and_a_wrong_arity_are_unresolved_and_stay_in_the_text() -> None:
    expansion = expand("`nope` `m(1)`", macros(m="x"))
    assert expansion.text == "`nope` `m(1)`"
    assert expansion.unresolved == ("macro:nope", "macro:m(1)")


def test_cycles_are_unresolved() -> None:
    expansion = expand("`a`", macros(a="x `b`", b="y `a`"))
    assert expansion.unresolved == ("macro:a: it contains itself",)


def test_nesting_is_followed_to_the_cap_and_no_further() -> None:
    chain = {f"m{i}": f"`m{i + 1}`" for i in range(MAX_NESTING + 3)}
    exact = {**{k: v for k, v in chain.items() if int(k[1:]) < MAX_NESTING - 1}, f"m{MAX_NESTING - 1}": "end"}
    assert expand("`m0`", macros(**exact)).text == "end"
    deep = expand("`m0`", macros(**chain, **{f"m{MAX_NESTING + 3}": "end"}))
    assert deep.unresolved == (f"macro:m{MAX_NESTING}: nested deeper than {MAX_NESTING}",)


def test_eval_macros_are_opaque_unless_constant() -> None:
    knowledge = KnowledgeSet.from_definitions(
        {
            "constant(1)": {"definition": '"a=" . "$x$"', "args": "x", "iseval": "1"},
            "empty(1)": {"definition": '""', "args": "x", "iseval": True},
            "computed": {"definition": 'if(1=1, "delete", "x")', "iseval": "1"},
        }
    )
    expansion = expand("`constant(5)` `empty(some text)` `computed`", knowledge)
    assert expansion.text == "a=5  `computed`"
    assert expansion.unresolved == ("macro:computed: its text is computed by eval",)


def test_growth_is_capped() -> None:
    double = {f"m{i}": f"`m{i + 1}` `m{i + 1}`" for i in range(10)}
    with pytest.raises(SplError, match="too long"):
        expand("`m0`", macros(**double, m10="x" * 1000))
    with pytest.raises(SplError, match="too many others"):
        expand("`m0`", macros(**{f"m{i}": f"`m{i + 1}`" * 8 for i in range(12)}, m12=""))
    assert len(expand("`m`", macros(m="x" * MAX_CHARS)).text) == MAX_CHARS


def test_rival_definitions_are_unresolved() -> None:
    knowledge = KnowledgeSet.from_objects(
        [
            knowledge_object("macro", "m", app="a", definition="x"),
            knowledge_object("macro", "m", app="b", definition="x | delete"),
        ]
    )
    assert expand("`m`", knowledge).unresolved == ("macro:m: defined differently in 2 places",)


def test_a_disabled_macro_is_missing() -> None:
    knowledge = KnowledgeSet.from_objects([knowledge_object("macro", "m", definition="x", disabled=True)])
    assert expand("`m`", knowledge).unresolved == ("macro:m",)


def test_a_definition_that_cannot_be_read_is_unresolved() -> None:
    (problem,) = expand("search `m`", macros(m="x `n")).unresolved
    assert problem.startswith("macro:m: the macro is not closed")


def test_positions_lead_back_to_the_original_text() -> None:
    text = "search `m` a `m` b"
    expansion = expand(text, macros(m="long replacement"))
    assert expansion.origin(expansion.text.index(" a ")) == text.index(" a ")
    assert expansion.origin(expansion.text.index(" b")) == text.index(" b")
    assert expansion.origin(expansion.text.index("replacement")) == text.index("`m`")
    assert expansion.origin(3) == 3


@pytest.mark.req("spl.well-known")
@pytest.mark.parametrize(
    ("call", "fragment"),
    [
        ("`drop_dm_object_name(Web)`", 'rename "Web.*" as "*"'),
        ('`drop_dm_object_name("Web")`', 'rename "Web.*" as "*"'),
        ("`security_content_ctime(firstTime)`", "ctime(firstTime)"),
        ("`security_content_summariesonly`", "summariesonly=false"),
        ("`get_asset(src)`", "lookup asset_lookup_by_str"),
        ("`any_detection_filter`", "search *"),
        ("`cim_Authentication_indexes`", "()"),
    ],
)
def test_well_known_external_macros_have_a_meaning(call: str, fragment: str) -> None:
    expansion = expand(call, EMPTY)
    assert fragment in expansion.text
    assert expansion.unresolved == ()


@pytest.mark.req("spl.well-known")
def test_a_site_s_own_definition_goes_before_the_table() -> None:
    expansion = expand("`x_filter`", macros(x_filter="search y | delete"))
    assert expansion.text == "search y | delete"


@given(texts, st.dictionaries(st.sampled_from(["m", "n"]), texts, max_size=2))
def test_any_text_with_any_macros_expands_or_is_an_spl_error(text: str, definitions: dict[str, str]) -> None:
    knowledge = macros(**definitions)
    try:
        first = expand(text, knowledge)
    except SplError as error:
        check_position(error, text)
        return
    assert len(first.text) <= MAX_CHARS
    # What was remembered on the way changes nothing.
    assert expand(text, knowledge) == first
