"""References as written: what each construct names, and what names nothing."""

from __future__ import annotations

import pytest
from hypothesis import given

from agentgate_mcp.errors import SplError
from agentgate_mcp.spl.refs import LookupRef, MacroRef, References, references_of
from tests.unit.spl.samples import check_position, texts

pytestmark = pytest.mark.req("spl.references")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`a`|`b(1, 2)`", References(macros=(MacroRef("a", 0, False), MacroRef("b", 2, False)))),
        ('eval x="`a`"', References(macros=(MacroRef("a", 0, True),))),
        ('`a` "`a`"', References(macros=(MacroRef("a", 0, False),))),
        ("`a(`b`)`", References(macros=(MacroRef("a", 1, False), MacroRef("b", 0, False)))),
        ("search ```x `a` | lookup y``` z", References()),
        ("| inputlookup append=t max=5 A.csv where x=1", References(lookups=(LookupRef("inputlookup", "A.csv"),))),
        ("| lookup local=t B f as g", References(lookups=(LookupRef("lookup", "B"),))),
        ("| outputlookup create_empty=f C", References(lookups=(LookupRef("outputlookup", "C"),))),
        ("search other_lookups=5 lookup=x", References()),
        ("| tstats count from datamodel=Endpoint.Processes", References(data_models=("Endpoint.Processes",))),
        ("| tstats count FROM datamodel = \"Web\"", References(data_models=("Web",))),
        ("| from datamodel:\"Web.Web\"", References(data_models=("Web.Web",))),
        ("| from datamodel Risk.All", References(data_models=("Risk.All",))),
        ("| datamodel Change All_Changes search", References(data_models=("Change.All_Changes",))),
        ("| from lookup:x.csv", References(lookups=(LookupRef("from", "x.csv"),))),
        ("| savedsearch \"My Search\" a=1", References(saved_searches=("My Search",))),
        ("| loadjob savedsearch=\"admin:search:My Search\"", References(saved_searches=("My Search",))),
        ("| from savedsearch:x", References(saved_searches=("x",))),
        (
            "index=a index!=b source=\"c:\\\\*\" sourcetype IN (d, \"e f\") eventtype::g tag=h NOT index=i",
            References(indexes=("a", "i"), sources=("c:\\*",), sourcetypes=("d", "e f"), eventtypes=("g",),
                       tags=("h",)),
        ),
        ("tag::host=web tag::eventtype=x", References(tags=("web", "x"))),
        ("| stats count by index | where index=\"x\" | eval sourcetype=\"y\"", References()),
    ],
)  # fmt: skip
def test_a_search_refers_to_these_objects(text: str, expected: References) -> None:
    assert references_of(text) == expected


def test_a_definition_may_begin_in_the_middle_of_a_pipeline() -> None:
    text = "lookup is_windows filename as process OUTPUT found | search found=true"
    assert references_of(text) == References()
    assert references_of(text, definition=True).lookups == (LookupRef("lookup", "is_windows"),)


@given(texts)
def test_any_text_has_references_or_a_positioned_error(text: str) -> None:
    try:
        assert references_of(text) == references_of(text)
    except SplError as error:
        check_position(error, text)
