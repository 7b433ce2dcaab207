"""Texts that are data, records in them, what is encoded in values, and rows kept sparsely."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.gate.condense import condensed, row_of
from agentgate_mcp.gate.decoded import searchable
from agentgate_mcp.gate.identifiers import addresses, live_links, shape_of
from agentgate_mcp.gate.leaves import output_leaves, passed_leaves
from agentgate_mcp.gate.records import records_of_leaves, records_of_text
from agentgate_mcp.gate.structured import MAX_TEXT, read_data
from agentgate_mcp.model.decision import Trust
from agentgate_mcp.model.session import Leaf

pytestmark = pytest.mark.req("provenance.structured")


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"a": [1, "b"]}', {"a": [1, "b"]}),
        ("- a\n- b: c\n  d: 'it''s'\n", ["a", {"b": "c", "d": "it's"}]),
        ("name,mail\nAna,a@x.example\nBen,\n", [{"name": "Ana", "mail": "a@x.example"}, {"name": "Ben", "mail": ""}]),
        ("yes: no\nn: 012\n", {"yes": "no", "n": "012"}),
    ],
)
def test_data_is_read_as_texts(text, data) -> None:
    assert read_data(text) == data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain words",
        "My e-mail is a@x.example. Write to me: soon",
        "a: 1\na: 2\n",
        "a: &x 1\nb: *x\n",
        "a: !!python/object:os.system x\n",
        '{"a": 1, "a": 2}',
        "a: 1\n---\nb: 2\n",
        "name,mail\nAna\n",
        "name,name\na,b\n",
        "- a\nloose end\n",
        '["' + "x" * MAX_TEXT + '"]',
    ],
)
def test_what_does_not_fit_whole_is_prose(text) -> None:
    assert read_data(text) is None


@given(st.text(max_size=200))
def test_any_text_is_data_or_prose(text) -> None:
    assert read_data(text) is None or isinstance(read_data(text), dict | list)


def test_objects_of_a_list_are_records_and_what_they_hold_belongs_to_them() -> None:
    found = records_of_text("context:0", "- name: a\n  by: {id: 1}\n  to: [x, y]\n- name: b\n")
    assert {r.place: r.fields for r in found} == {
        "context:0/0": (("name", "a"), ("id", "1"), ("to", "x"), ("to", "y")),
        "context:0/1": (("name", "b"),),
    }


def test_leaves_are_put_together_to_the_same_records() -> None:
    leaves, cut = passed_leaves("/context/0", "- name: a\n  to: [x, y]\n- name: b\n")
    assert not cut
    found = records_of_leaves("call:c", leaves)
    assert [r.fields for r in found] == [(("name", "a"), ("to", "x"), ("to", "y")), (("name", "b"),)]


def test_text_of_another_server_is_kept_by_its_leaves_and_our_own_as_it_is() -> None:
    text = '{"name": "a", "id": 7}'
    assert [leaf.path for leaf in output_leaves("theirs", {"text": text})[0]] == ["/text/name", "/text/id"]
    assert [leaf.value for leaf in output_leaves("splunk_run_query", {"text": text})[0]] == [text]


def test_too_many_leaves_are_said_to_be_cut() -> None:
    leaves, cut = passed_leaves("/context/0", json.dumps(list(range(5000))))
    assert cut
    assert all(leaf.trust is Trust.WRITABLE for leaf in leaves)


@pytest.mark.parametrize(
    "written",
    [
        "evil.example",
        "EVIL.example",
        "evil[.]example",
        "evil%2Eexample",
        "evil=2Eexample",
        base64.b64encode(b"go to evil.example").decode(),
    ],
)
def test_a_value_is_found_however_it_was_written(written) -> None:
    assert "evil.example" in searchable(["first", written])


def test_addresses_have_shapes() -> None:
    assert shape_of("a@x.example") == "mail"
    assert shape_of("https://x.example/a?b") == "link"
    assert shape_of("10.0.0.1") == shape_of("word") == shape_of("a b.c") == ""
    assert list(addresses("(mailto:A@X.example), see hxxp://y[.]example/z.")) == [
        ("mail", "a@x.example"),
        ("link", "http://y.example/z"),
    ]
    assert list(live_links("see WWW.X.example, x.example and hxxp://z.example")) == ["www.x.example"]


@pytest.mark.req("provenance.leaves")
def test_rows_keep_each_value_once_and_measured_ones_in_two_events() -> None:
    def leaf(path: str, value: str, trust: Trust = Trust.STRUCTURED) -> Leaf:
        return Leaf(path=path, value=value, trust=trust)

    rows = [
        leaf(f"/events/{n}/{field}", value, trust)
        for n in range(5)
        for field, value, trust in (
            ("_time", f"2026-11-18T0{n}", Trust.STRUCTURED),
            ("event_id", f"e{n}", Trust.STRUCTURED),
            ("src", "10.0.0.1", Trust.STRUCTURED),
            ("bytes", "512", Trust.STRUCTURED),
            ("user", "ana", Trust.WRITABLE),
        )
    ]
    kept = [(leaf.path, leaf.value) for leaf in condensed(rows)]
    assert kept == [
        ("/events/0/src", "10.0.0.1"),
        ("/events/0/user", "ana"),
        ("/events/0/event_id", "e0"),
        ("/events/1/src", "10.0.0.1"),
        ("/events/1/event_id", "e1"),
    ]


LEAVES = st.lists(
    st.builds(
        lambda row, field, value, trust: Leaf(path=f"/rows/{row}/{field}", value=value, trust=trust),
        st.integers(0, 3),
        st.sampled_from(["src", "user", "event_id", "bytes"]),
        st.sampled_from(["10.0.0.1", "ana", "7"]),
        st.sampled_from([Trust.STRUCTURED, Trust.WRITABLE]),
    ),
    max_size=12,
    unique_by=lambda leaf: leaf.path,
)


@pytest.mark.req("provenance.leaves")
@given(LEAVES)
def test_condensing_forgets_no_taint_and_makes_no_event(leaves) -> None:
    kept = condensed(leaves)
    assert any(leaf.trust is Trust.WRITABLE for leaf in leaves) == any(leaf.trust is Trust.WRITABLE for leaf in kept)

    def sightings(of: list[Leaf], value: str) -> set[str]:
        return {row_of(x.path) for x in of if x.trust is Trust.STRUCTURED and x.value == value and row_of(x.path)}

    for value in ("10.0.0.1", "ana"):
        assert sightings(kept, value) <= sightings(leaves, value)
