"""Commands that find fields in a text."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.search.structured import at_path, every_value, path_steps, read
from agentgate_mcp.backends.ports import SearchResult
from agentgate_mcp.errors import SplError, UnsupportedSplError

pytestmark = pytest.mark.req("embedded.extract")

Run = Callable[..., SearchResult]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _on(text: str, command: str, shown: str) -> str:
    """A search over one row whose `_raw` and `t` are ``text``."""
    return f"event_id=e-1 | eval _raw={_quoted(text)}, t=_raw | {command} | table {shown}"


@pytest.mark.parametrize(
    ("text", "command", "shown", "row"),
    [
        ("user=ann from 192.0.2.1", r'rex "user=(?<who>\w+) from (?P<ip>[\d.]+)"', "who ip",
         {"who": "ann", "ip": "192.0.2.1"}),
        ("user=ann", r'rex field=t "(?<Who>a.)"', "Who who", {"Who": "an"}),
        ("user=ann", r'rex "(?<user>nobody)" | eval user=coalesce(user, "none")', "user", {"user": "none"}),
        # A group without a match leaves its field alone.
        ("a=1", r'eval b="old" | rex "a=(?<a>\d)(?:,b=(?<b>\d))?"', "a b", {"a": "1", "b": "old"}),
        ("a=1", r'eval a="old" | rex "a=(?<a>\d)"', "a", {"a": "1"}),
        ("a1 b2 c3", r'rex max_match=0 "(?<l>\w)(?<d>\d)"', "l d", {"l": ["a", "b", "c"], "d": ["1", "2", "3"]}),
        ("a1 b2 c3", r'rex max_match=2 "(?<l>\w)\d"', "l", {"l": ["a", "b"]}),
        ("a1 b2 c3", r'rex max_match=5 "(?<l>z)"', "l", {}),
        ("a1", r'rex "(\w)(?<d>\d)(?<none>x)?"', "d none", {"d": "1"}),
        ("line\nnext", r'rex "(?<a>.+)" | rex "(?s)(?<b>.+)"', "a b", {"a": "line", "b": "line\nnext"}),
        ("ab12cd", r'rex "(?<n>\d+)(?<s>\w)" offset_field=at', "n at", {"n": "12", "at": "n=2-3&s=4-4"}),
        ("é1é2", r'rex max_match=0 "(?<n>\d)" offset_field=at', "n at", {"n": ["1", "2"], "at": "n=1-1&n=3-3"}),
        ("none", r'rex "(?<n>\d+)" offset_field=at', "n at", {}),
        ("arn/x1 y", r"rex field=t arn/(?<who>\w+)", "who", {"who": "x1"}),
        # sed
        ("1234-5678", r'rex field=t mode=sed "s/\d{4}-/XXXX-/"', "t", {"t": "XXXX-5678"}),
        ("a.b.c", r'rex field=t mode=sed "s/\./_/g"', "t", {"t": "a_b_c"}),
        ("a.b.c.d", r'rex field=t mode=sed "s/\./_/2"', "t", {"t": "a.b_c.d"}),
        ("a.b.c.d", r'rex field=t mode=sed "s/(\w)\.(\w)/\2\1/2"', "t", {"t": "a.b.dc"}),
        ("ann:lund", r'rex field=t mode=sed "s/(\w+):(\w+)/\2 \1/"', "t", {"t": "lund ann"}),
        ("a/b", r'rex field=t mode=sed "s/\//\\\\/"', "t", {"t": "a\\b"}),
        ("a/b", r'rex field=t mode=sed "s|/|, |"', "t", {"t": "a, b"}),
        ("abcabc", r'rex field=t mode=sed "y/abc/xyz/"', "t", {"t": "xyzxyz"}),
        ("aXbX", r'rex field=t mode=sed "s/X/1/ s/X/2/"', "t", {"t": "a1b2"}),
        ("a b", r'rex mode=sed "s/ /\n/"', "_raw", {"_raw": "a\nb"}),
        ("x", r'rex field=nothing mode=sed "s/a/b/"', "t", {"t": "x"}),
        # JSON
        ('{"a": {"b": 1, "c": [true, null, 2.50]}, "d": "é"}', "spath input=t", "a.b a.c{} d",
         {"a.b": "1", "a.c{}": ["true", "null", "2.50"], "d": "é"}),
        ('{"e": [{"x": 1, "y": "p"}, {"x": 2}]}', "spath", "e{}.x e{}.y", {"e{}.x": ["1", "2"], "e{}.y": "p"}),
        ('[{"x": 1}, [2, [3]]]', "spath", '"{}.x" "{}{}" "{}{}{}"', {"{}.x": "1", "{}{}": "2", "{}{}{}": "3"}),
        ('{"e": [{"x": 1}, {"x": 2}]}', "spath path=e{}.x output=v", "v", {"v": ["1", "2"]}),
        ('{"e": [{"x": 1}, {"x": 2}]}', "spath e{1}.x", "e{1}.x", {"e{1}.x": "2"}),
        ('{"e": [{"x": 1.0, "s": "a\\"b"}]}', "spath output=v path=e", "v", {"v": '[{"x":1.0,"s":"a\\"b"}]'}),
        ('{"a": {"b": 1}}', "spath a.c", "a.c", {}),
        ("no json", "spath", "t", {"t": "no json"}),
        ('{"a": ', "spath a", "a", {}),
        # XML
        ('<r a="1"><i>x</i><i k="2">y</i><o/></r>', "spath", '"r{@a}" r.i "r.i{@k}"',
         {"r{@a}": "1", "r.i": ["x", "y"], "r.i{@k}": "2"}),
        ("<r><i>x</i><i>y</i></r>", "spath path=r.i{2} output=v", "v", {"v": "y"}),
        ('<r><i k="1"/><i k="2"/></r>', "spath output=v path=r.i{@k}", "v", {"v": ["1", "2"]}),
        ('<r><i k="1"/><i k="2"/></r>', "spath output=v path=r.i{2}{@k}", "v", {"v": "2"}),
        ("<r>a &amp; b</r>", "spath", "r", {"r": "a & b"}),
        ('<!DOCTYPE r [<!ENTITY x "y">]><r>&x;</r>', "spath", "r", {}),
        ('{"a": {"b": 1}, "c": [1, "x"], "d": "e"}', "fromjson t prefix=p_", "p_a p_c p_d",
         {"p_a": '{"b":1}', "p_c": ["1", "x"], "p_d": "e"}),
        ("[1]", "fromjson t", "t", {"t": "[1]"}),
        ('at 5 <r><i k="1">x</i><i>y</i><n:o>z</n:o></r>', "xmlkv", "i n:o r", {"i": "x", "n:o": "z"}),
        # Pairs
        ('a=1 b="two words", c=\'3\';d=4 =5', "extract", "a b c d", {"a": "1", "b": "two words", "c": "3", "d": "4"}),
        ("a:1|b:x=y|c:1:2", 'kv pairdelim="|" kvdelim=":"', "a b c", {"a": "1", "b": "x=y"}),
        ('A = 1; b-c = "x y"', 'extract pairdelim=";", kvdelim="="', "A b_c", {"A": "1", "b_c": "x y"}),
        ("a=1 a=2", "kv mv_add=true", "a", {"a": ["1", "2"]}),
        ("a=1 a=2", "kv", "a", {"a": "1"}),
        ("a=1 b=2", "kv limit=1", "a b", {"a": "1"}),
        ("a=1 b=2", "kv maxchars=4", "a b", {"a": "1"}),
        ("_1a=1 b.c=2", "kv", "a b_c", {"a": "1", "b_c": "2"}),
        ("b.c=2", "kv clean_keys=false", "b.c", {"b.c": "2"}),
        ("a=1", "kv auto=false", "a", {}),
    ],
)  # fmt: skip
def test_fields_are_found_in_a_text(run: Run, text: str, command: str, shown: str, row: dict[str, object]) -> None:
    assert list(run(_on(text, command, shown)).rows) == [row]


def test_a_multivalue_field_is_searched_value_by_value(run: Run) -> None:
    query = r'event_id=e-3 | rex field=answer max_match=0 "(?<last>\d+)$" | table last'
    assert list(run(query).rows) == [{"last": ["7", "8"]}]
    query = 'event_id=e-3 | rex field=answer mode=sed "s/192/x/" | table answer'
    assert list(run(query).rows) == [{"answer": ["x.0.2.7", "x.0.2.8"]}]


def test_events_stay_events_in_their_order(run: Run) -> None:
    result = run(r'* | rex field=src "^(?<net>\d+)" offset_field=at')
    assert [(r["event_id"], r.get("net"), r.get("at")) for r in result.rows] == [
        ("e-7", None, None), ("e-5", "198", "net=0-2"), ("e-4", "198", "net=0-2"), ("e-3", "10", "net=0-1"),
        ("e-2", "10", "net=0-1"), ("e-1", "10", "net=0-1"),
    ]  # fmt: skip
    assert result.rows[2]["reason"] == "bad password"


@pytest.mark.parametrize(
    ("command", "names", "error"),
    [
        ('rex "(?<a>x)(?=y)"', "lookahead", UnsupportedSplError), ('rex "(?<a>x"', "missing", SplError),
        ('rex "abc"', "nothing", SplError), ("rex", "one pattern", SplError), ('rex a "b"', "one pattern", SplError),
        ("rex a (b)", "one pattern", SplError), ("fromjson", "one field", SplError),
        ("xmlkv 5", "arguments", UnsupportedSplError),
        ('rex "a" "b"', "one pattern", SplError),
        ('rex mode=perl "s/a/b/"', "mode", SplError), ('rex mode=sed "d/a/"', "unreadable", SplError),
        ('rex mode=sed "s/a/b"', "missing", SplError), ('rex mode=sed "y/ab/c/"', "lengths", SplError),
        ('rex mode=sed "s/a/\\\\1/"', "no group 1", SplError), ('rex mode=sed "s/a/b/x"', "flag", UnsupportedSplError),
        ('rex max_match=x "(?<a>b)"', "max_match", SplError), ('rex other=1 "(?<a>b)"', "other", UnsupportedSplError),
        ("spath a b", "several", SplError), ("spath output=x", "path", SplError), ("spath a{b}", "path", SplError),
        ("extract my_stanza", "transforms", UnsupportedSplError), ("xpath \"//a\"", "xpath", UnsupportedSplError),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_named(run: Run, command: str, names: str, error: type[SplError]) -> None:
    with pytest.raises(error, match=names) as caught:
        run(f"* | {command}")
    assert caught.value.position >= 4
    assert type(caught.value) is error


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
))  # fmt: skip
def test_every_value_of_a_document_is_found_at_its_own_path(value: object) -> None:
    document = read(json.dumps(value)) if isinstance(value, dict | list) else None
    by_path: dict[str, list[str]] = {}
    for path, text in every_value(document) if document is not None else ():
        by_path.setdefault(path, []).append(text)
    for path, texts in by_path.items():
        steps = path_steps(path)
        found = at_path(document, steps) if steps else []
        # What holds other values is at the same path in another element, and is found as JSON.
        assert [t for t in found if t in texts] == texts or not steps


@given(st.text(max_size=60))
def test_any_text_is_read_or_left_alone(text: str) -> None:
    for start in ("", "{", "[", "<a>", "<!DOCTYPE"):
        document = read(start + text)
        assert document is None or list(every_value(document)) is not None


def test_a_document_without_a_floor_is_left_alone() -> None:
    assert read("[" * 100_000) is None
    assert read("<a>" * 5_000 + "</a>" * 5_000) is None
