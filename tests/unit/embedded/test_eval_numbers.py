"""Functions over numbers and between numbers and texts, in the forms that their arguments can have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from agentgate_mcp.backends.ports import SearchResult
from tests.unit.embedded.eval_forms import Case, batches, check

pytestmark = pytest.mark.req("embedded.eval")

NUMBERS: list[Case] = [
    ("abs(#0)", (-5,), "5"), ("abs(#0)", (2.5,), "2.5"), ("abs(#0)", ("x",), None), ("abs(nothing)", (), None),
    ("ceiling(#0)", (1.9,), "2"), ("ceil(#0)", (-1.9,), "-1"), ("ceil(#0)", (3,), "3"),
    ("floor(#0)", (1.9,), "1"), ("floor(#0)", (-1.1,), "-2"),
    ("round(#0)", (3.5,), "4"), ("round(#0)", (-3.5,), "-4"), ("round(#0)", (3.4,), "3"),
    ("round(#0, #1)", (2.555, 2), "2.56"), ("round(#0, #1)", (1.005, 2), "1.01"), ("round(#0, #1)", (10.25, 1), "10.3"),
    ("round(#0, #1)", (1234.5, -2), "1200"), ("round(#0, #1)", (0.1, 50), "0.1"),
    ("round(#0, #1)", (1e300, 2), "1e+300"),
    ("round(#0, #1)", ("x", 2), None), ("round(#0, nothing)", (2,), None),
    ("exact(#0 * #1)", (3.14, 2), "6.28"), ("exact(#0)", (8.250, ), "8.25"),
    ("sigfig(1.00 * 1111)", (), "1110"), ("sigfig(1.00 * #0)", (1111,), "1110"), ("sigfig(#0)", (12.5,), "12.5"),
    ("sigfig(1.25 + #0)", (2.5,), "3.8"), ("sigfig(2 / 3.00)", (), "0.7"), ("sigfig(0 * 3)", (), "0"),
    ("sqrt(#0)", (9,), "3"), ("sqrt(#0)", (-9,), None), ("sqrt(#0)", ("nine",), None),
    ("pow(#0, #1)", (2, 10), "1024"), ("pow(#0, #1)", (2, -1), "0.5"), ("pow(#0, #1)", (10, 400), None),
    ("pow(#0, #1)", (-8, 0.5), None), ("pow(#0, #1)", (0, -1), None),
    ("exp(#0)", (0,), "1"), ("exp(#0)", (1000,), None), ("round(exp(#0), 3)", (3,), "20.086"),
    ("ln(#0)", (1,), "0"), ("ln(#0)", (0,), None), ("round(ln(#0), 4)", (10,), "2.3026"),
    ("log(#0)", (1000,), "3"), ("log(#0, #1)", (8, 2), "3"), ("log(#0, #1)", (8, 1), None), ("log(#0)", (-1,), None),
    ("round(pi(), 5)", (), "3.14159"), ("pi()", (), "3.141592653589793"),
    ("hypot(#0, #1)", (3, 4), "5"), ("atan2(#0, #1)", (0, 1), "0"), ("round(atan2(#0, #1), 6)", (1, 1), "0.785398"),
    ("sin(#0)", (0,), "0"), ("cos(#0)", (0,), "1"), ("tan(#0)", (0,), "0"), ("round(sin(pi() / #0), 6)", (2,), "1"),
    ("asin(#0)", (2,), None), ("acos(#0)", (1,), "0"), ("atan(#0)", (0,), "0"), ("acos(#0)", (-2,), None),
    ("sinh(#0)", (0,), "0"), ("cosh(#0)", (0,), "1"), ("tanh(#0)", (0,), "0"), ("cosh(#0)", (1e6,), None),
    ("asinh(#0)", (0,), "0"), ("acosh(#0)", (1,), "0"), ("atanh(#0)", (0,), "0"), ("acosh(#0)", (0,), None),
    ("atanh(#0)", (1,), None),
    ("max(#0, 3, 6)", (1,), "6"), ("max(#0, 3)", ("foo",), "foo"), ("max(#0, #1)", (9, 10), "10"),
    ('max(split(#0, ","), 2)', ("1,7",), "7"), ("max(nothing, #0)", (1,), "1"), ("max(nothing)", (), None),
    ("min(#0, 3, 6)", (1,), "1"), ("min(#0, 3)", ("foo",), "3"), ("min(#0, #1)", ("b", "a"), "a"),
    ("min(#0, #1)", (9, 10), "9"), ("min(nothing, #0)", ("x",), "x"),
    ("sum(#0, 2, 3)", (1,), "6"), ("sum(#0, nothing, 2)", ("x",), "2"), ("sum(nothing)", (), None),
    ("avg(#0, 2, 3)", (1,), "2"), ("avg(#0, 2)", ("x",), "2"), ('avg(split(#0, ","))', ("1,4",), "2.5"),
    ("#0 + #1", (1, 2), "3"), ("#0 . #1", (1, 2), "12"), ("#0 % #1", (7, 4), "3"), ("#0 / #1", (1, 0), None),
    ("-#0 - 1", (1,), "-2"), ("#0 * #1", (1e300, 1e300), None), ("#0 + #1", ("a", "b"), "ab"),
]  # fmt: skip

BITS: list[Case] = [
    ("bit_and(#0, #1)", (12, 9), "8"), ("bit_or(#0, #1)", (12, 9), "13"), ("bit_xor(#0, #1)", (12, 9), "5"),
    ("bit_and(15, #0, #1)", (7, 3), "3"), ("bit_and(#0, #1)", (-1, 3), None), ("bit_or(#0, #1)", (1.5, 3), None),
    ("bit_not(#0)", (0,), "9007199254740991"), ("bit_not(#0, #1)", (5, 15), "10"), ("bit_not(#0)", (-1,), None),
    ("bit_shift_left(#0, #1)", (5, 2), "20"), ("bit_shift_left(#0, #1)", (1, 53), None),
    ("bit_shift_left(#0, #1)", (0, 1000), "0"), ("bit_shift_right(#0, #1)", (20, 2), "5"),
    ("bit_shift_left(#0, nothing)", (5,), None), ("bit_and(#0, nothing)", (5,), None),
    ("bit_shift_right(#0, #1)", (20, 1000), "0"), ("bit_shift_right(#0, #1)", ("x", 1), None),
]  # fmt: skip

CONVERTED: list[Case] = [
    ("tonumber(#0)", ("12.50",), "12.5"), ("tonumber(#0)", ("1e3",), "1000"), ("tonumber(#0)", ("x",), None),
    ("tonumber(#0)", ("-7",), "-7"), ("tonumber(#0)", ("",), None), ("tonumber(nothing)", (), None),
    ("tonumber(#0, 16)", ("0A4",), "164"), ("tonumber(#0, 16)", ("0xff",), "255"), ("tonumber(#0, 2)", ("1010",), "10"),
    ("tonumber(#0, 8)", ("-17",), "-15"), ("tonumber(#0, 36)", ("Zz",), "1295"), ("tonumber(#0, 2)", ("12",), None),
    ("tonumber(#0, 10)", ("12",), "12"), ("tonumber(#0, 16)", ("",), None), ("tonumber(#0, 16)", ("f" * 80,), None),
    ("tonumber(#0) + 1", ("41",), "42"),
    ("tostring(#0)", (12.50,), "12.5"), ("tostring(#0)", ("abc",), "abc"), ("tostring(1==1)", (), "True"),
    ("tostring(#0 > 5)", (1,), "False"), ("tostring(nothing > 5)", (), None), ("tostring(nothing)", (), None),
    ('tostring(#0, "binary")', (9,), "1001"), ('tostring(#0, "hex")', (15,), "0xF"),
    ('tostring(#0, "hex")', (-15,), "-0xF"),
    ('tostring(#0, "commas")', (12345.6789,), "12,345.68"), ('tostring(#0, "commas")', (1234567,), "1,234,567"),
    ('tostring(#0, "commas")', (-999.5,), "-999.50"), ('tostring(#0, "commas")', ("abc",), "abc"),
    ('tostring(#0, "duration")', (615,), "00:10:15"), ('tostring(#0, "duration")', (3661.9,), "01:01:01"),
    ('tostring(#0, "duration")', (86400,), "1+00:00:00"), ('tostring(#0, "duration")', (-61,), "-00:01:01"),
    ('tostring(#0, "hex")', (1e300,), "1e+300"), ('tostring(nothing, "hex")', (), None),
    ('printf("%s", #0)', ("abc",), "abc"), ('printf("no conversion")', (), "no conversion"),
    ('printf("%.3A", pi())', (), "0X1.922P+1"), ('printf("%c,%c", 65, #0)', ("Foo",), "A,F"),
    ('printf("%d,%i,%d", #0, +4, 30)', (-2,), "-2,4,30"), ('printf("%e", #0)', (5139,), "5.139000e+03"),
    ('printf("%f,%f,%F", pi(), 3.14, #0)', (0.5,), "3.141593,3.140000,0.500000"),
    ('printf("%g", #0)', (0.0001,), "0.0001"),
    ('printf("%o", #0)', (255,), "377"), ('printf("%u", #0)', (99,), "99"),
    ('printf("%x,%X,%#x", 10, 10, #0)', (10,), "a,A,0xa"),
    ('printf("100%%")', (), "100%"), ('printf("%5d|%-5d|%05d", #0, #0, #0)', (42,), "   42|42   |00042"),
    ('printf("%+d,% d", #0, #0)', (4,), "+4, 4"), ('printf("%.2f", #0)', (2.345678,), "2.35"),
    ('printf("%5s|%-5s|%.2s", #0, #0, #0)', ("abc",), "  abc|abc  |ab"),
    ("printf(\"%'d\", #0)", (1234567,), "1,234,567"),
    ("printf(\"%'.2f|%'12d\", #0, 1234567)", (1234.5,), "1,234.50|   1,234,567"),
    ('printf("%*d", 5, #0)', (42,), "   42"),
    ('printf("%.*f", 1, #0)', (2.25,), "2.2"), ('printf("%d", #0)', ("abc",), "0"),
    ('printf("[%s]", nothing)', (), "[]"),
    ('printf("%.3d", #0)', (7,), "007"), ('printf("%d", #0)', (1e300,), "0"),
    ('printf("%s and %s", #0, "b")', ("a",), "a and b"),
]  # fmt: skip


@pytest.mark.parametrize("cases", batches(NUMBERS))
def test_numbers_are_computed_as_in_splunk(run: Callable[..., SearchResult], cases: Sequence[Case]) -> None:
    check(run, cases)


@pytest.mark.parametrize("cases", batches(BITS))
def test_bits_are_joined_and_moved(run: Callable[..., SearchResult], cases: Sequence[Case]) -> None:
    check(run, cases)


@pytest.mark.parametrize("cases", batches(CONVERTED))
def test_numbers_become_texts_and_texts_numbers(run: Callable[..., SearchResult], cases: Sequence[Case]) -> None:
    check(run, cases)
