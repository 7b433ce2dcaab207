"""Nothing that a search says reaches SQL as text."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.engine import SearchEngine
from agentgate_mcp.backends.embedded.schema import EVENT_FIELDS
from agentgate_mcp.backends.embedded.staging import Staging
from agentgate_mcp.backends.embedded.store import TelemetryStore, open_telemetry
from agentgate_mcp.backends.ports import SearchJob, SearchResult
from agentgate_mcp.errors import SplError
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.spl.knowledge import EMPTY

pytestmark = pytest.mark.req("embedded.no-sql-text")

HOSTILE = [
    "x' OR '1'='1",
    'x" OR "1"="1',
    "'; DROP TABLE events; --",
    "\"; ATTACH '/dev/null' AS a; --",
    "$p0",
    "$1",
    "?",
    "{{x}}",
    "*/ UNION SELECT * FROM about /*",
    "read_text('/etc/hostname')",
    "c0",
    "o0",
    "_seq",
    "_extra",
    "_more",
    "_made",
    "events",
    "src) FROM events; --",
    "\\'",
    "E'\\x00'",
    "’ OR 1=1",
    "%",
    "_",
    "!",
    "a!%b",
    "[",
    "(?i).*",
    "\\x{27}",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TelemetryStore:
    path = tmp_path_factory.mktemp("hostile") / "events.duckdb"
    with Staging(path) as staging:
        for number, text in enumerate(HOSTILE):
            fields = {"event_id": f"e-{number}", "index": "network", "sourcetype": "t", "user": text, text: "field"}
            staging.add(float(number), fields)
        staging.build("test")
    return open_telemetry(path)


@pytest.fixture(scope="module")
def run(store: TelemetryStore) -> Callable[[str], SearchResult]:
    engine = SearchEngine(store, lambda: EMPTY)
    guard = RuntimeGuard(max_time_s=60, max_rows=1000, max_bytes=10_000_000)
    return lambda query: engine.run(SearchJob(query=query, earliest="", latest="", now=0.0, guard=guard))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_value_finds_exactly_itself(run: Callable[[str], SearchResult], number: int) -> None:
    text = HOSTILE[number]
    assert [r["event_id"] for r in run(f"user={_quoted(text)}").rows] == [f"e-{number}"]
    assert f"e-{number}" in {r["event_id"] for r in run(f"user={_quoted(f'*{text}*')}").rows}
    assert [r["event_id"] for r in run(f"user IN ({_quoted(text)})").rows] == [f"e-{number}"]
    assert [r["event_id"] for r in run(f"* | search user={_quoted(text)}").rows] == [f"e-{number}"]
    assert f"e-{number}" in {r["event_id"] for r in run(f"CASE({_quoted(text)}) OR {_quoted(text)}").rows}


@pytest.mark.parametrize("number", range(len(HOSTILE)))
@pytest.mark.parametrize(
    "query",
    [
        "* | table {f}", "* | fields {f}", "* | fields - {f}", "* | sort {f}", "* | dedup {f}",
        "* | stats count by {f}",
        "* | stats values({f}) count({f}) as n", "* | stats count as {f}", "{f}=field",
        "* | search {f}=*",
        "* | table *{f}*",
    ],
)  # fmt: skip
def test_a_hostile_field_name_is_a_name_or_a_clean_error(
    run: Callable[[str], SearchResult], store: TelemetryStore, query: str, number: int
) -> None:
    text = HOSTILE[number]
    try:
        rows = run(query.replace("{f}", _quoted(text))).rows
    except SplError:
        rows = ()
    assert len(rows) <= len(HOSTILE)
    assert store.rows("SELECT count(*) FROM events") == [(len(HOSTILE),)]


def test_hidden_columns_cannot_be_named(run: Callable[[str], SearchResult]) -> None:
    for name in ("_seq", "_more", "_made", "o0", "c0", "x", "m", "r"):
        expected = 1 if name in HOSTILE else 0
        assert len(run(f"{name}=*").rows) == expected
        assert sum(name in row for row in run(f"* | table {name}").rows) == expected


@given(
    field=st.text(min_size=1, max_size=30),
    value=st.text(max_size=30),
    form=st.sampled_from(
        [
            "{f}={v}",
            "{f} IN ({v})",
            "{v} | table {f}",
            "* | stats values({f}) as {v} by {f}",
            "* | sort {f}",
        ]
    ),
)
def test_the_statement_consists_of_constants_and_generated_names(
    store: TelemetryStore, field: str, value: str, form: str
) -> None:
    engine = SearchEngine(store, lambda: EMPTY)
    guard = RuntimeGuard(max_time_s=1, max_rows=1, max_bytes=1)
    query = form.replace("{f}", _quoted(field)).replace("{v}", _quoted(value))
    try:
        plan = engine.plan(SearchJob(query=query, earliest="", latest="", now=0.0, guard=guard))
    except SplError:
        return
    assert _foreign(plan.relation.sql) == set()
    assert _foreign(plan.scanned) == set()


_CONSTANT_TEXTS = {"_", ".", "!", ""}
_WORDS = set(
    """
    SELECT FROM WHERE AND OR NOT AS NULL IS CASE WHEN THEN ELSE END IN BETWEEN ORDER BY GROUP DESC ASC NULLS LAST LIMIT
    OVER PARTITION EXCLUDE FILTER DISTINCT ILIKE ESCAPE CAST TRY_CAST DOUBLE BIGINT VARCHAR true false lambda item
    events row_number coalesce lower contains regexp_matches regexp_full_match starts_with len list_filter list_sort
    list list_distinct flatten abs trunc split_part array_to_string chr unnest
    count sum avg min max arg_min arg_max row e308
    """.split()
)


def _foreign(sql: str) -> set[str]:
    """Words, quoted names and texts of a statement that are none of ours."""
    texts = set(re.findall(r"'([^']*)'", sql))
    rest = re.sub(r"'[^']*'", " ", sql)
    names = set(re.findall(r'"([^"]*)"', rest))
    rest = re.sub(r'"[^"]*"', " ", rest)
    words = set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*", re.sub(r"\$p\d+", " ", rest)))
    known = {w for w in words if re.fullmatch(r"[co]\d+|[xmr]|_extra|_more|_made|_seq|_time", w)}
    numeric = {t for t in texts if t.startswith(("[+-]?", "(25[0-5]"))}
    return (texts - _CONSTANT_TEXTS - numeric) | (names - set(EVENT_FIELDS)) | (words - _WORDS - known)
