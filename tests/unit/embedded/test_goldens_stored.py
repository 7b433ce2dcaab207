"""The stored golden answers are those of the second implementation, which they were written by."""

from __future__ import annotations

import pytest

from tests.spl_oracle.data import NOW, Data, bundled
from tests.spl_oracle.goldens import QUERIES, Query, queries, query_groups, record, stored
from tests.spl_oracle.pipeline import run

pytestmark = pytest.mark.req("embedded.goldens")


@pytest.fixture(scope="module")
def data() -> Data:
    return bundled()


@pytest.mark.parametrize("group", query_groups())
def test_a_golden_file_is_what_the_second_implementation_answers(data: Data, group: str) -> None:
    """Every third line, to keep the run short; `regenerate --check` looks at all of them."""
    asked, kept = list(queries(group)), stored(group)
    hint = "write the files anew: python -m tests.spl_oracle.regenerate"
    assert [query._asdict() for query in asked] == [{k: line[k] for k in Query._fields} for line in kept], hint
    answers = [
        record(query, run(query.query, data, now=NOW, earliest=query.earliest, latest=query.latest))
        for query in asked[::3]
    ]
    assert answers == kept[::3], hint


# Examples whose results Splunk's search reference states.
DOCUMENTED = [
    ('eval x=round(3.5)', "4"),
    ('eval x=round(2.555, 2)', "2.56"),
    ('eval x=sigfig(1.00*1111)', "1110"),
    ('eval x=tonumber("0A4", 16)', "164"),
    ('eval x=tostring(12345.6789, "commas")', "12,345.68"),
    ('eval x=tostring(615, "duration")', "00:10:15"),
    ('eval x=tostring(15, "hex")', "0xF"),
    ('eval x=urldecode("http%3A%2F%2Fcorp.example%2Fdownload%3Fr%3Dheader")', "http://corp.example/download?r=header"),
    ('eval x=replace("1/14/2026", "^(\\d{1,2})/(\\d{1,2})/", "\\2/\\1/")', "14/1/2026"),
    ('eval x=substr("splendid", 1, 3)." ".substr("splendid", -3)', "spl did"),
    ('eval x=mvjoin(mvrange(1, 11, 2), " ")', "1 3 5 7 9"),
    ('eval x=max(1, 3, 450, -5, 0.5, "foo")', "foo"),
    ('eval x=mvjoin(mvindex(split("a,b,c", ","), -2, -1), "")', "bc"),
    ('eval x=case(error=404, "Not found", error=500, "Internal", true(), "Other")', "Other"),
    ('eval x=validate(isint(80), "not an integer", 80>=1 AND 80<=65535, "no port") | fillnull value=fine x', "fine"),
    ('eval y=split("10,9,8,7,6,5,4,3,2,1", ",") | mvexpand y | stats median(y) as x', "6"),
    ('eval s="1234-5678-9101" | rex field=s mode=sed "s/(\\d{4}-){2}/XXXX-XXXX-/g" | rename s as x', "XXXX-XXXX-9101"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "expected"), DOCUMENTED)
def test_the_second_implementation_gives_documented_results(data: Data, command: str, expected: str) -> None:
    (row,) = run(f"| makeresults | {command}", data, now=NOW).rows
    assert row["x"] == expected


def test_the_suite_is_large_and_most_answers_say_something() -> None:
    lines = [line for group in query_groups() for line in stored(group)]
    assert len(lines) >= 300
    assert len({line["query"] + line["earliest"] for line in lines}) >= 0.98 * len(lines)
    assert sum(line["rows"] > 0 for line in lines) >= 0.9 * len(lines)
    assert {path.stem for path in QUERIES.iterdir()} == set(query_groups())
