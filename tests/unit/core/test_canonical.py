"""Strict JSON and its canonical form."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.canonical import SAFE_INTEGER, canonical_bytes, digest, loads_canonical, loads_strict
from agentgate_mcp.errors import CanonicalError

SAFE_INTS = st.integers(-SAFE_INTEGER, SAFE_INTEGER)
REALS = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | SAFE_INTS | REALS | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=25,
)


@pytest.mark.req("core.canonical-form")
@given(VALUES)
def test_the_canonical_form_is_that_of_the_reference_implementation(value):
    assert canonical_bytes(value) == rfc8785.dumps(value)


@pytest.mark.req("core.canonical-form", "core.canonical-strict")
@given(VALUES)
def test_what_was_written_canonically_is_read_back_and_written_alike(value):
    raw = canonical_bytes(value)
    assert canonical_bytes(loads_canonical(raw.decode())) == raw


@pytest.mark.req("core.canonical-strict")
@given(VALUES.map(canonical_bytes))
def test_canonical_text_is_read_unless_its_numbers_are_too_large(raw):
    try:
        read = loads_strict(raw)
    except CanonicalError:
        # A real beyond 2^53 is written without a fraction, and reads as an integer out of bounds.
        read = loads_canonical(raw.decode())
    assert canonical_bytes(read) == raw


@pytest.mark.req("core.canonical-form")
@pytest.mark.parametrize("text", ["", "{", "[1,]", "nonsense"])
def test_stored_text_that_is_no_json_is_an_error(text):
    with pytest.raises(CanonicalError):
        loads_canonical(text)


@pytest.mark.req("core.canonical-form")
@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1.0, b"1"),
        (-0.0, b"0"),
        (1e21, b"1e+21"),
        (1e-7, b"1e-7"),
        (333333333.33333329, b"333333333.3333333"),
        (1e15, b"1000000000000000"),
        ('\u20ac$\u000f\nA\'B"\\\\"/', b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        ({"\U0001f600": 1, "\ufb33": 2}, '{"\U0001f600":1,"\ufb33":2}'.encode()),
        ({"b": [], "a": {}}, b'{"a":{},"b":[]}'),
    ],
)
def test_known_forms_of_rfc_8785(value, written):
    assert canonical_bytes(value) == written


@pytest.mark.req("core.canonical-form")
@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**53, -(2**53), "\ud800", {"\udfff": 1}, {1: 2}, {"a": {1}}, b"x", [object()]],
)
def test_a_value_without_canonical_form_is_refused(value):
    with pytest.raises(CanonicalError):
        canonical_bytes(value)


@pytest.mark.req("core.canonical-form")
def test_nesting_beyond_the_stack_is_an_error_and_no_crash():
    value: list = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(CanonicalError):
        canonical_bytes(value)
    while value:  # unwound here: its destructor would recurse
        value = value[0]


@pytest.mark.req("core.canonical-form")
def test_a_digest_does_not_depend_on_the_process_or_the_order_of_keys():
    program = (
        "import json,random,sys;from agentgate_mcp.canonical import digest;"
        "d=[(f'k{i}',[i,i/7,{'é':None}]) for i in range(40)];random.shuffle(d);print(digest(dict(d)))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(3)
    }
    assert len(seen) == 1


@pytest.mark.req("core.canonical-form")
def test_a_digest_is_the_sha256_of_the_canonical_form():
    assert digest({"b": 1, "a": 2}) == hashlib.sha256(b'{"a":2,"b":1}').hexdigest()


@pytest.mark.req("core.canonical-strict", "R9")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a":1,"a":2}', "at /:"),
        ('{"x":[{"k":1,"k":1}]}', "at /x/0:"),
        ('{"x":{"\\u0061":1,"a":1}}', "at /x:"),
        ("[1,NaN]", "at /1:"),
        ("[-Infinity]", "at /0:"),
        ('{"n":1e400}', "at /n:"),
        ('{"n":9007199254740992}', "at /n:"),
        ('{"n":-9007199254740992}', "at /n:"),
        ("9" * 5000, "at /:"),
        ('["\\ud800"]', "at /0:"),
        ('{"\\udfff":1}', "at /:"),
        ('{"a":}', "at character 5:"),
        ('{"a":1} x', "at character 8:"),
        ("", "at character 0:"),
        (b'"\xff"', "at byte 1:"),
        (b"\xef\xbb\xbf{}", "at character 0"),
        ("[" * 33 + "]" * 33, "at character 32:"),
        ('{"a":' * 300 + "1" + "}" * 300, "at character 160:"),
    ],
)
def test_json_with_more_than_one_reading_is_refused_with_its_place(text, place):
    with pytest.raises(CanonicalError) as caught:
        loads_strict(text)
    assert str(caught.value).startswith(place)


@pytest.mark.req("core.canonical-strict")
def test_a_document_beyond_a_mebibyte_is_refused_and_one_within_is_read():
    assert loads_strict(json.dumps("x" * (1_048_576 - 2))) == "x" * (1_048_576 - 2)
    for text in (json.dumps("x" * 1_048_576), json.dumps("é" * 600_000, ensure_ascii=False)):
        with pytest.raises(CanonicalError, match="at most 1048576 bytes"):
            loads_strict(text)
        with pytest.raises(CanonicalError, match="at most 1048576 bytes"):
            loads_strict(text.encode())


@pytest.mark.req("core.canonical-strict")
def test_brackets_inside_text_are_no_depth():
    text = json.dumps({"a": "[" * 100, 'q"[': '\\"[[[' * 20})
    assert loads_strict(text) == json.loads(text)


@pytest.mark.req("core.canonical-strict")
def test_thirty_two_levels_are_read():
    text = "[" * 32 + "]" * 32
    assert loads_strict(text) == json.loads(text)


@pytest.mark.req("core.canonical-strict")
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_refused_and_never_anything_else(text):
    try:
        value = loads_strict(text)
    except CanonicalError:
        return
    assert json.dumps(value, sort_keys=True) == json.dumps(json.loads(text), sort_keys=True)


@pytest.mark.req("core.canonical-strict")
def test_a_hostile_key_does_not_fill_the_message():
    text = json.dumps({"k" * 10_000: {"a": 1}})[:-2] + ',"a":2}}'
    with pytest.raises(CanonicalError) as caught:
        loads_strict(text)
    assert len(str(caught.value)) < 200
