"""Functions over text, several values, JSON and time, in the forms that their arguments can have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from agentgate_mcp.backends.ports import SearchResult
from tests.unit.embedded.eval_forms import Case, batches, check

pytestmark = pytest.mark.req("embedded.eval")

TEXTS: list[Case] = [
    ("len(#0)", ("abc",), "3"), ("len(#0)", ("héllo ☃",), "7"), ("len(#0)", (1250,), "4"), ("len(nothing)", (), None),
    ("lower(#0)", ("ABc",), "abc"), ("upper(#0)", ("abÜ",), "ABÜ"), ("upper(#0)", ("aé",), "AÉ"),
    ("substr(#0, 1, 3)", ("string",), "str"), ("substr(#0, -3)", ("string",), "ing"),
    ("substr(#0, 4)", ("string",), "ing"),
    ("substr(#0, -3, 2)", ("string",), "in"), ("substr(#0, -30, 2)", ("string",), "st"),
    ("substr(#0, 30)", ("string",), None),
    ("substr(#0, 0, 2)", ("string",), "st"), ("substr(#0, 2, -1)", ("string",), None),
    ("substr(#0, 1, 1e300)", ("ab",), "ab"),
    ("substr(#0, nothing)", ("abc",), None), ("len(substr(#0, 1, nothing))", ("abc",), None),
    ("substr(#0, #1, #2)", ("string", 2, 2), "tr"), ("substr(#0, 2, 2)", (12345,), "23"),
    ("trim(#0)", ("  abc\t ",), "abc"), ("ltrim(#0)", ("  abc ",), "abc "), ("rtrim(#0)", (" abc  ",), " abc"),
    ("trim(#0, #1)", ("  ZZZZabcZZ ", " Z"), "abc"), ("ltrim(#0, #1)", (" ZZZZabcZZ ", " Z"), "abcZZ "),
    ("rtrim(#0, #1)", (" ZZZZabcZZ ", " Z"), " ZZZZabc"), ("trim(#0, #1)", ("abc", ""), "abc"),
    (r'replace(#0, "^(\d{1,2})/(\d{1,2})/", "\2/\1/")', ("1/14/2023",), "14/1/2023"),
    ('replace(#0, "o", "0")', ("foo boo",), "f00 b00"), (r'replace(#0, "(b)", "<\1\7>")', ("abc",), "a<b>c"),
    (r'replace(#0, "\.", "\\")', ("a.b",), "a\\b"), (r'replace(#0, "(?<x>b)", "[\1]")', ("abc",), "a[b]c"),
    ("replace(#0, #1, #2)", ("abc", "b", "x"), "axc"), ("replace(#0, nothing, #1)", ("abc", "x"), None),
    ("replace(#0, \"b\", #1)", ("abc", "<\\0>"), "a<b>c"),
    ("urldecode(#0)", ("http%3A%2F%2Fwww.splunk.example%2Fdownload%3Fr%3Dheader",), "http://www.splunk.example/download?r=header"),
    ("urldecode(#0)", ("a+b%zz%ff%20",), "a+b%zz%ff "), ("urldecode(#0)", ("%C3%A9",), "é"),
    ("md5(#0)", ("Hello World!",), "ed076287532e86365e841e92bfc50d8c"),
    ("sha1(#0)", ("abc",), "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ("sha256(#0)", ("abc",), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
]  # fmt: skip

LISTS: list[Case] = [
    ("split(#0, #1)", ("a;b;c", ";"), ["a", "b", "c"]), ("split(#0, #1)", ("a::b", "::"), ["a", "b"]),
    ("split(#0, #1)", ("abc", ";"), "abc"), ("split(#0, #1)", ("abc", ""), ["a", "b", "c"]),
    ("split(nothing, #0)", (";",), None),
    ('mvappend(#0, "b")', ("a",), ["a", "b"]), ('mvappend(#0, split("b,c", ","), nothing)', (1,), ["1", "b", "c"]),
    ("mvappend(nothing, nothing)", (), None),
    ('mvcount(split(#0, ","))', ("a,b,c",), "3"), ("mvcount(#0)", ("a",), "1"), ("mvcount(nothing)", (), None),
    ('mvindex(split(#0, ","), 1)', ("a,b,c",), "b"), ('mvindex(split(#0, ","), -1)', ("a,b,c",), "c"),
    ('mvindex(split(#0, ","), 0)', ("a,b,c",), "a"), ('mvindex(split(#0, ","), 3)', ("a,b,c",), None),
    ('mvindex(split(#0, ","), -4)', ("a,b,c",), None), ('mvindex(split(#0, ","), #1)', ("a,b,c", 1), "b"),
    ('mvindex(split(#0, ","), 1, 2)', ("a,b,c",), ["b", "c"]),
    ('mvindex(split(#0, ","), 0, -2)', ("a,b,c",), ["a", "b"]),
    ('mvindex(split(#0, ","), -2, -1)', ("a,b,c",), ["b", "c"]), ('mvindex(split(#0, ","), 2, 1)', ("a,b,c",), None),
    ('mvindex(split(#0, ","), 1, 99)', ("a,b,c",), ["b", "c"]), ("mvindex(#0, 0)", ("a",), "a"),
    ('mvindex(split(#0, ","), 1e300)', ("a,b",), None), ('mvindex(split(#0, ","), "x")', ("a,b",), None),
    ('mvjoin(split(#0, ","), #1)', ("a,b,c", " OR "), "a OR b OR c"), ("mvjoin(#0, #1)", ("a", ";"), "a"),
    ('mvjoin(split(#0, ","), #1)', ("a,b", 1.5), "a1.5b"),
    ('mvjoin(nothing, ";")', (), None),
    ('mvdedup(split(#0, ","))', ("b,a,b,a",), ["b", "a"]), ("mvdedup(nothing)", (), None),
    ('mvsort(split(#0, ","))', ("b,a,B,10,9",), ["10", "9", "B", "a", "b"]),
    ('mvfind(split(#0, ","), "^err")', ("ok,error 1,error 2",), "1"), ('mvfind(split(#0, ","), #1)', ("a,b", "b"), "1"),
    ('mvfind(split(#0, ","), "z")', ("a,b",), None), ('mvfind(split(#0, ","), #1)', ("a,b", "z"), None),
    ('mvzip(split(#0, ","), split(#1, ","))', ("a,b", "1,2"), ["a,1", "b,2"]),
    ('mvzip(split(#0, ","), split(#1, ","), "|")', ("a,b", "1,2,3"), ["a|1", "b|2"]),
    ("mvzip(#0, nothing)", ("a",), None),
    ("mvrange(#0, #1, 2)", (1, 11), ["1", "3", "5", "7", "9"]), ("mvrange(#0, #1)", (1, 4), ["1", "2", "3"]),
    ('mvrange(#0, #1, "7d")', (1514834731, 1515839531, ), ["1514834731", "1515439531"]),
    ("mvrange(#0, #1, #2)", (0, 1, 0.25), ["0", "0.25", "0.5", "0.75"]), ("mvrange(#0, #1)", (5, 1), None),
    ("mvrange(#0, #1, 0)", (1, 5), None), ("mvrange(#0, #1)", (0, 1e300), None), ("mvrange(#0, #1)", ("a", 3), None),
    ("mvmap(dest_port, dest_port * 2)", (), "886"), ("mvmap(dest_port, dest_port . #0)", ("x",), "443x"),
    ("mvmap(dest_port, if(dest_port > 500, dest_port, null()))", (), None),
    ('mvmap(split(src, "."), src + 1)', (), ["11", "1", "1", "2"]),
    ('mvfilter(match(src, "^10"))', (), "10.0.0.1"), ('mvfilter(src="x" OR src="y")', (), None),
    ("mv_to_json_array(split(#0, \",\"))", ("1,a",), '["1","a"]'),
    ("mv_to_json_array(split(#0, \",\"), true())", ("1,a,true",), '[1,"a",true]'),
    ("mv_to_json_array(nothing)", (), None),
    ("mv_to_json_array(#0, false())", ("1",), '["1"]'),
]  # fmt: skip

DOCUMENT = '{"a":{"b":[1,{"c":"x"},null]},"k.l":2.5,"t":true,"n":null,"e":[]}'
JSON: list[Case] = [
    ('json_extract(#0, "a.b{1}.c")', (DOCUMENT,), "x"), ('json_extract(#0, "a.b{0}")', (DOCUMENT,), "1"),
    ('json_extract(#0, "a.b")', (DOCUMENT,), '[1,{"c":"x"},null]'), ('json_extract(#0, "a.b{-2}.c")', (DOCUMENT,), "x"),
    ('json_extract(#0, "a.b{}.c")', (DOCUMENT,), '["x"]'), ('json_extract(#0, "a.z{}.c")', (DOCUMENT,), None),
    ('json_extract(#0, "t")', (DOCUMENT,), "true"), ('json_extract(#0, "n")', (DOCUMENT,), None),
    ('json_extract(#0, "a.b{0}", "t", "zz")', (DOCUMENT,), "[1,true,null]"),
    ("json_extract(#0)", ('{ "a": 1 }',), '{"a":1}'),
    ('json_extract(#0, "a")', ("{broken",), None), ('json_extract(nothing, "a")', (), None),
    ('json_extract(#0, "a", "b")', ("{broken",), None), ('json_extract(#0, "{1}")', ("[5,6]",), "6"),
    ('json_extract_exact(#0, "k.l")', (DOCUMENT,), "2.5"), ('json_extract_exact(#0, "a/b")', ('{"a/b":"s"}',), "s"),
    ('spath(#0, "a.b{2}.c")', (DOCUMENT,), "x"), ('spath(#0, "a.b{}")', (DOCUMENT,), ["1", '{"c":"x"}']),
    ('spath(#0, "zz")', (DOCUMENT,), None), ('spath(#0, "a{}")', ("no json",), None),
    ('spath(#0, "a*b")', ('{"a*b":1}',), "1"),
    ("json_keys(#0)", ('{"b":1,"a":2}',), '["b","a"]'), ("json_keys(#0)", ("[1]",), None),
    ("json_keys(#0)", ("x",), None),
    ("json_array_to_mv(#0)", ('["a", 1, {"k": 2}, null]',), ["a", "1", '{"k":2}']),
    ("json_array_to_mv(#0)", ("{}",), None),
    ('if(json_valid(#0), "y", "n")', ("[1]",), "y"), ('if(json_valid(#0), "y", "n")', ("[1",), "n"),
    ('if(json_has_key_exact(#0, "k.l"), "y", "n")', (DOCUMENT,), "y"),
    ('if(json_has_key_exact(#0, "k"), "y", "n")', ("x",), "n"),
    ("json(#0)", ('{"a":1}',), '{"a":1}'), ("json(#0)", ("{a",), None),
    ('json_object("a", #0, "b", json_array(1, "q", true(), nothing))', ("x",), '{"a":"x","b":[1,"q",true,null]}'),
    ("json_object()", (), "{}"), ("json_array()", (), "[]"),
    ('json_object("q", #0)', ('say "hi"\n',), r'{"q":"say \"hi\"\n"}'),
    ("json_array(split(#0, \",\"), 1.50)", ("a,b",), '[["a","b"],1.5]'),
    ('json_object(nothing, 1, "b", 2)', (), '{"b":2}'),
    ('json_set(#0, "a.c", "v", "b", 2)', ('{"a":{"c":1}}',), '{"a":{"c":"v"},"b":2}'),
    ('json_set(#0, "a", 1)', ("x",), None),
    ('json_set_exact(#0, "a.c", 1)', ("{}",), '{"a.c":1}'),
    ('json_set(#0, "a{1}", 9)', ('{"a":[1,2]}',), '{"a":[1,9]}'),
    ('json_delete(#0, "a", "zz")', ('{"a":1,"b":2}',), '{"b":2}'), ('json_delete(#0, "a")', ("x",), None),
]  # fmt: skip

# 2026-11-20 12:00:00 UTC, a Friday, is 1795176000: the moment at which the jobs of these tests run.
TIMES: list[Case] = [
    ("now()", (), "1795176000"), ("time()", (), "1795176000"),
    ('strftime(#0, "%Y-%m-%dT%H:%M:%S.%Q")', (1795176000.25,), "2026-11-20T12:00:00.250"),
    ('strftime(#0, "%F %T %3N %6N %N")', (1795176000.123456,), "2026-11-20 12:00:00 123 123456 123456000"),
    ('strftime(#0, "%a %A %b %B %d %e %y %j")', (1795737600,), "Fri Friday Nov November 27 27 26 331"),
    ('strftime(#0, "%e|%k|%l|%I %p|%s")', (1793523600,), " 1| 9| 9|09 AM|1793523600"),
    ('strftime(#0, "%Z %z %:z %% %u %w %V %G %U")', (1795176000,), "UTC +0000 +00:00 % 5 5 47 2026 46"),
    ('strftime(#0, "%D %R %r %X %h %c")', (0,), "01/01/70 00:00 12:00:00 AM 00:00:00 Jan Thu Jan  1 00:00:00 1970"),
    ('strftime(#0, "%-d/%-m")', (1793523600,), "1/11"), ('strftime(#0, "100% of %q")', (0,), "100% of %q"),
    ('strftime(#0, "%F")', (-86400,), "1969-12-31"), ('strftime(#0, "%F")', (1e15,), None),
    ('strftime(#0, "%F")', ("x",), None),
    ('strftime(#0, "")', (0,), None), ('strftime(_time, "%H:%M")', (), "11:50"),
    ('strptime(#0, "%Y-%m-%d %H:%M:%S")', ("2026-11-20 12:00:00",), "1795176000"),
    ('strptime(#0, "%Y-%m-%dT%H:%M:%S.%3N%z")', ("2026-11-20T13:00:00.250+0100",), "1795176000.25"),
    ('strptime(#0, "%Y-%m-%dT%H:%M:%S%z")', ("2026-11-20T12:00:00Z",), "1795176000"),
    ('strptime(#0, "%d/%b/%Y:%T %z")', ("20/Nov/2026:07:00:00 -05:00",), "1795176000"),
    ('strptime(#0, "%B %d, %Y %I:%M %p")', ("November 20, 2026 12:00 PM",), "1795176000"),
    ('strptime(#0, "%m/%d/%y %I:%M %p")', ("11/20/26 12:00 am",), "1795132800"),
    ('strptime(#0, "%s")', ("1795176000.5",), "1795176000.5"), ('strptime(#0, "%Y %j")', ("2026 324",), "1795132800"),
    ('strptime(#0, "%F")', ("2026-11-20 and more",), "1795132800"), ('strptime(#0, "%H:%M")', ("12:00",), "1795176000"),
    ('strptime(#0, "%d %b")', ("20 Nov",), "1795132800"), ('strptime(#0, "%Y")', ("2026",), "1767225600"),
    ('strptime(#0, "%F")', ("2026-02-30",), None), ('strptime(#0, "%F")', ("20-11-2026",), None),
    ('strptime(#0, "%H:%M")', ("25:00",), None), ('strptime(nothing, "%F")', (), None),
    ('strptime(#0, "date")', ("date",), None),
    ('strptime(#0, "%a %d.%m.%Y")', ("fri 20.11.2026",), "1795132800"),
    ('relative_time(#0, "-1d@d")', (1795176000,), "1795046400"),
    ('relative_time(#0, "+2h")', (1795176000,), "1795183200"),
    ('relative_time(#0, "@h")', (1795179599.5,), "1795176000"),
    ('relative_time(#0, "@w0")', (1795176000,), "1794700800"),
    ('relative_time(#0, "@w1")', (1795176000,), "1794787200"),
    ('relative_time(#0, "@w7")', (1795176000,), "1794700800"),
    ('relative_time(#0, "@mon")', (1795176000,), "1793491200"),
    ('relative_time(#0, "-1mon@mon")', (1795176000,), "1790812800"),
    ('relative_time(#0, "@q")', (1795176000,), "1790812800"),
    ('relative_time(#0, "@y+1d")', (1795176000,), "1767312000"),
    ('relative_time(#0, "+1mon")', (1769817600,), "1772236800"),
    ('relative_time(#0, "-1y")', (1795176000,), "1763640000"),
    ('relative_time(#0, "-100y")', (1795176000,), "0"), ('relative_time(#0, "now")', (5,), "5"),
    ('relative_time(#0, "-1d")', ("x",), None), ('relative_time(now(), "@d")', (), "1795132800"),
]  # fmt: skip


@pytest.mark.parametrize("cases", batches(TEXTS))
def test_texts_are_cut_and_changed_as_in_splunk(run: Callable[..., SearchResult], cases: Sequence[Case]) -> None:
    check(run, cases)


@pytest.mark.parametrize("cases", batches(LISTS))
def test_several_values_are_taken_apart_and_joined(run: Callable[..., SearchResult], cases: Sequence[Case]) -> None:
    check(run, cases)


@pytest.mark.parametrize("cases", batches(JSON))
def test_json_is_read_and_made(run: Callable[..., SearchResult], cases: Sequence[Case]) -> None:
    check(run, cases)


@pytest.mark.parametrize("cases", batches(TIMES))
def test_times_are_written_read_and_moved(run: Callable[..., SearchResult], cases: Sequence[Case]) -> None:
    check(run, cases)
