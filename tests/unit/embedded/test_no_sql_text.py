"""Nothing that a search says reaches SQL as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.duck import Query
from agentgate_mcp.backends.embedded.search.engine import SearchEngine
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


@pytest.mark.parametrize(
    "query",
    [
        "* | rename {f} as x | table x", "* | rename user as {f}", "* | dedup {f} consecutive=t",
        "* | regex {f}=x", "* | fillnull {f}", "* | mvexpand {f}", "* | mvcombine {f}", "* | untable {f} n v | head 3",
        "* | xyseries index {f} event_id", "* | transpose 0 header_field={f}", "* | foreach {f} [eval x='<<FIELD>>']",
        "* | transaction {f}", "* | convert num({f})", "* | rex field={f} \"(?<x>.)\"", "* | spath input={f}",
        "* | strcat user {f} {f}", "* | extract | table {f}",
    ],
)  # fmt: skip
def test_a_hostile_name_is_one_for_every_command(
    run: Callable[[str], SearchResult], store: TelemetryStore, query: str
) -> None:
    for text in HOSTILE[::6]:
        with suppress(SplError):
            assert len(run(query.replace("{f}", _quoted(text))).rows) <= len(HOSTILE)
    assert store.rows("SELECT count(*) FROM events") == [(len(HOSTILE),)]


def test_hidden_columns_cannot_be_named(run: Callable[[str], SearchResult]) -> None:
    for name in ("_seq", "_more", "_made", "o0", "c0", "x", "m", "r"):
        expected = 1 if name in HOSTILE else 0
        assert len(run(f"{name}=*").rows) == expected
        assert sum(name in row for row in run(f"* | table {name}").rows) == expected


MARK = "zqxj"


FORMS = [
    "{f}={v}",
    "{f} IN ({v})",
    "{v} | table {f}",
    "* | stats values({f}) as {v} by {f}",
    "* | stats sum({f}) as {v} mode(user) list({f}) latest({f}) perc9({f}) by user",
    "* | stats count(eval({f}={v})) as {v}",
    "* | eval {f}=user | stats values({f}*) as *{v} count({f})",
    "* | eventstats max({f}) as {v} dc(user) by {f}",
    "* | streamstats window=2 last({f}) as {v} by {f}",
    "* | streamstats time_window={v} reset_before={v} count by {f}",
    "* | chart count over {f} by user limit=1 otherstr={v}",
    "* | eval {f}={v} | chart count sum(user) over user by {f} sep={v} nullstr={v}",
    "* | chart count over user by {f} format={v} where {f} > 1",
    "* | eval {f}={v} | timechart span=1d count by {f} limit=1 useother=t otherstr={v}",
    "* | timechart span={v} aligntime={f} per_day({f}) as {v}",
    "* | bin {f} span=5 as {v}",
    "* | bin user span={v}",
    "* | bin {f} bins=3 start={v} aligntime={v}",
    "* | top {f} user countfield={v} percentfield={f} useother=t otherstr={v}",
    "* | rare 1 user by {f} useother=t otherstr={v}",
    "* | addtotals {f} user col=t labelfield={f} label={v} fieldname={v}",
    "* | accum {f} as {v} | delta {f} as {v} | autoregress {f} p=1-2",
    "* | trendline ema2({f}) as {v} wma3(user)",
    "* | makecontinuous {f} span=5",
    "* | sort {f}",
    "* | dedup {f} keepevents=t sortby {f}",
    "* | regex {f}={v}",
    "* | rename {f} as {v}, user as {f}",
    "* | rename user* as {v}*, {f} as user",
    "* | replace {v} with {f} in user, {f}",
    "* | replace *{v} with {f}* in user",
    "* | strcat user {v} {f} {v}",
    "* | rangemap field={f} {v}=1-2 default={v}",
    "* | setfields a={v}",
    "* | fieldformat user={v}",
    "* | rex field={f} {v}",
    "* | rex max_match=0 offset_field={f} {v}",
    "* | rex field=user mode=sed {v}",
    "* | eval user={v} | spath input=user output={f} path=a",
    "* | spath input=user {f}",
    "* | eval _raw={v} | extract pairdelim={f} kvdelim={v}",
    "* | fillnull value={v} {f}",
    "* | filldown {f}",
    "* | makemv delim={v} {f}",
    "* | makemv tokenizer={v} user",
    "* | makemv delim=e user | mvexpand user | mvcombine delim={v} {f} | nomv {f}",
    "* | untable user {f} {v}",
    "* | xyseries event_id user {f}",
    "* | xyseries format={v} sep={v} user {f} index event_id",
    "* | transpose column_name={f} header_field={v}",
    "* | foreach {f} user [eval {v}='<<FIELD>>']",
    "* | transaction {f} startswith={v} delim={v}",
    "* | transaction user mvlist={f} nullstr={v}",
    "* | convert timeformat={v} ctime({f}) as {v}",
    "* | eval {f}=lower({v}).{v}, b=replace(user, {v}, {v}), c=printf({v}, user, 1, 2), d=trim(user, {v})",
    "* | where match(user, {v}) OR user LIKE {v} OR user IN ({v}, {v}) OR searchmatch({v}) OR {v}>user",
    "* | eval a=strftime(_time, {v}), b=split({v}, {v}), c=mvjoin(b, {v}), d=mvfind(b, {v}), e=mvzip(b, b, {v})",
    "* | eval a=strptime(user, {v})",
    "* | eval a=spath(user, {v}), b=json_extract(user, {v}), c=json_set(user, {v}, {v}), d=json_object({v}, {v})",
    "* | eval a=case(user={v}, {v}, true(), {v}), b=max({v}, user), c=coalesce(a, {v}), d=nullif(a, {v})",
]


@pytest.mark.parametrize("form", FORMS)
def test_no_statement_of_a_command_holds_a_word_of_the_search(store: TelemetryStore, form: str) -> None:
    for value in (f"a {MARK}", f"(?<{MARK}>{MARK})", f"s/{MARK}/{MARK}/"):
        query = form.replace("{f}", _quoted(f"{MARK} '")).replace("{v}", _quoted(value))
        assert [sql for sql in _statements(store, query) if MARK in sql.lower()] == []


@given(
    field=st.text(max_size=30),
    value=st.text(max_size=30),
    form=st.sampled_from(FORMS),
)
def test_no_statement_holds_a_word_of_the_search(store: TelemetryStore, field: str, value: str, form: str) -> None:
    query = form.replace("{f}", _quoted(MARK + field)).replace("{v}", _quoted(value + MARK))
    assert [sql for sql in _statements(store, query) if MARK in sql.lower()] == []


def test_the_statements_are_really_seen(store: TelemetryStore) -> None:
    assert any("FROM events" in sql for sql in _statements(store, "* | table a"))


def _statements(store: TelemetryStore, query: str) -> list[str]:
    """The SQL that one search sends."""
    seen: list[str] = []
    original = Query.batches

    def spy(self: Query, sql: str, *args: Any, **options: Any) -> Iterator[list[Any]]:
        seen.append(sql)
        return original(self, sql, *args, **options)

    guard = RuntimeGuard(max_time_s=60, max_rows=10, max_bytes=10_000)
    with pytest.MonkeyPatch.context() as patch, suppress(SplError):
        patch.setattr(Query, "batches", spy)
        SearchEngine(store, lambda: EMPTY).run(SearchJob(query=query, earliest="", latest="", now=0.0, guard=guard))
    return seen
