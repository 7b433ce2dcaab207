"""A search tries to become SQL: by field names, values, patterns, formats, lookup names and paths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.duck import Query
from agentgate_mcp.backends.embedded.search.engine import SearchEngine
from agentgate_mcp.backends.embedded.staging import Staging
from agentgate_mcp.backends.embedded.store import TelemetryStore, open_telemetry
from agentgate_mcp.backends.ports import Row, SearchJob
from agentgate_mcp.errors import BackendError, SplError
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.knowledge import KnowledgeSet

pytestmark = pytest.mark.req("embedded.no-sql-text")

MARK = "zqxj"
PAYLOADS = [
    f"{MARK}' OR '1'='1'); DROP TABLE events; -- $p0 {{}} $$ %n%s",
    f'{MARK}" OR "1"="1 FROM events; ATTACH \'x\' AS y; --',
    f"*/ UNION SELECT * FROM about /*{MARK}\u0000\u2028",
    f"read_text('../../{MARK}')\\'",
    f"(?<{MARK}>{MARK})",
    f"s/{MARK}/{MARK}/",
]
FORMS = [
    # values and names in search expressions
    "{q}", "user={q}", "{q}=field", "user IN ({q}, b)", "user!={q}", "TERM({q})", "user={q}*", "index={q}",
    "eventtype={q}", "tag={q}", "tag::user={q}", "earliest={q}", "[search user={q} | fields user]",
    "[| makeresults | eval search={q} | fields search]",
    # fields
    "* | table {q}", "* | fields - {q}", "* | fields *{q}*", "* | rename {q} AS b", "* | rename user AS {q}",
    "* | rename {q}* AS b*", "* | fieldformat user={q}", "* | replace {q} WITH {q} IN user", "* | strcat {q} user {q}",
    "* | addinfo | table {q}", "* | rangemap field=user {q}=1-2 default={q}",
    # rows
    "* | sort - {q}", "* | sort ip({q})", "* | dedup {q}", "* | dedup 2 user sortby -{q}", "* | regex user={q}",
    "* | regex {q}=x", "* | head limit={q}", "* | head (user={q})", "* | where user={q}", "* | where '{r}'=1",
    # expressions
    "* | eval {q}=1", "* | eval x={q}", "* | eval x='{r}'", "* | eval x=replace(user,{q},{q})",
    "* | eval x=match(user,{q})",
    "* | eval x=if(match(user,{q}),1,0)", "* | eval x=strftime(_time,{q})", "* | eval x=strptime(user,{q})",
    "* | eval x=relative_time(_time,{q})", "* | eval x=json_extract(user,{q})", "* | eval x=spath(user,{q})",
    "* | eval x=printf({q},user)", "* | eval x=split(user,{q})", "* | eval x=mvjoin(split(user,\"a\"),{q})",
    "* | eval x=cidrmatch({q},user)", "* | eval x=tostring(user,{q})", "* | eval x=tonumber({q},16)",
    "* | eval x=like(user,{q})", "* | eval x=trim(user,{q})", "* | eval x=urldecode({q})", "* | eval x=md5({q})",
    "* | eval x=case(user={q},{q})", "* | eval x=mvfilter(match(user,{q}))", "* | eval x=searchmatch({q})",
    # statistics
    "* | stats count BY {q}", "* | stats values({q}) AS {q}", "* | stats count(eval(user={q})) AS n",
    "* | eventstats max({q})", "* | streamstats count BY {q}", "* | chart count OVER user BY {q}",
    "* | timechart span=1h count BY {q}", "* | timechart span={q} count", "* | chart limit={q} count BY user",
    "* | bin {q}", "* | bin user span={q}", "* | top {q}", "* | rare user BY {q}", "* | top user countfield={q}",
    "* | addtotals fieldname={q}", "* | addcoltotals labelfield={q} label={q}", "* | accum {q} AS {q}",
    "* | chart count BY user WHERE count {q}", "* | autoregress {q}", "* | delta {q} AS {q}",
    # extraction and shape
    "* | rex field=user {q}", "* | rex field={q} \"(?<x>.)\"", "* | rex field=user \"(?<{r}>.)\"",
    "* | rex field=user mode=sed {q}", "* | rex field=user mode=sed \"s/a/{r}/g\"", "* | spath input={q}",
    "* | spath path={q} output={q}", "* | makemv delim={q} user", "* | makemv tokenizer={q} user", "* | mvexpand {q}",
    "* | mvcombine delim={q} user", "* | nomv {q}", "* | fillnull value={q} {q}", "* | filldown {q}",
    "* | convert timeformat={q} ctime(_time) AS {q}", "* | xyseries {q} user event_id", "* | untable {q} a b",
    "* | transpose header_field={q}", "* | foreach {q} [eval x=1]", "* | foreach user [eval <<FIELD>>={q}]",
    "* | transaction {q}", "* | transaction user startswith={q}", "* | transaction user maxspan={q}",
    "* | extract pairdelim={q} kvdelim={q}",
    # other sources
    "| inputlookup {q}", "| inputlookup known where {q}=1", "* | lookup {q} user", "* | lookup known name AS {q}",
    "* | lookup known name AS user OUTPUT owner AS {q}", "| from {q}", "| from lookup:{q}", "| from datamodel:{q}",
    "| datamodel {q} {q} search", "| tstats count WHERE {q}=1 BY {q}", "| tstats count FROM datamodel={q}",
    "| tstats count WHERE index=* BY _time span={q}", "| savedsearch {q}", "| savedsearch known host={q}",
    "| rest {q}", "| metadata type=hosts index={q}", "| eventcount index={q}", "| makeresults format=csv data={q}",
    "| makeresults format=json data={q}", "* | join {q} [search user={q}]", "* | append [search {q}={q}]",
    "* | appendpipe [stats count BY {q}]", "* | return {q}", "* | format {q} {q} {q} {q} {q} {q}",
    "| union {q} [search *]", "`{r}`", "`known({r})`",
    # several parts of one command at once
    "{q}={q}",
    "{q} IN ({q})",
    "{q} | table {q}",
    "* | stats values({q}) as {q} by {q}",
    "* | stats sum({q}) as {q} mode(user) list({q}) latest({q}) perc9({q}) by user",
    "* | stats count(eval({q}={q})) as {q}",
    "* | eval {q}=user | stats values({q}*) as *{q} count({q})",
    "* | eventstats max({q}) as {q} dc(user) by {q}",
    "* | streamstats window=2 last({q}) as {q} by {q}",
    "* | streamstats time_window={q} reset_before={q} count by {q}",
    "* | chart count over {q} by user limit=1 otherstr={q}",
    "* | eval {q}={q} | chart count sum(user) over user by {q} sep={q} nullstr={q}",
    "* | chart count over user by {q} format={q} where {q} > 1",
    "* | eval {q}={q} | timechart span=1d count by {q} limit=1 useother=t otherstr={q}",
    "* | timechart span={q} aligntime={q} per_day({q}) as {q}",
    "* | bin {q} span=5 as {q}",
    "* | bin {q} bins=3 start={q} aligntime={q}",
    "* | top {q} user countfield={q} percentfield={q} useother=t otherstr={q}",
    "* | rare 1 user by {q} useother=t otherstr={q}",
    "* | addtotals {q} user col=t labelfield={q} label={q} fieldname={q}",
    "* | accum {q} as {q} | delta {q} as {q} | autoregress {q} p=1-2",
    "* | trendline ema2({q}) as {q} wma3(user)",
    "* | makecontinuous {q} span=5",
    "* | sort {q}",
    "* | dedup {q} keepevents=t sortby {q}",
    "* | regex {q}={q}",
    "* | rename {q} as {q}, user as {q}",
    "* | rename user* as {q}*, {q} as user",
    "* | replace {q} with {q} in user, {q}",
    "* | replace *{q} with {q}* in user",
    "* | strcat user {q} {q} {q}",
    "* | rangemap field={q} {q}=1-2 default={q}",
    "* | setfields a={q}",
    "* | rex field={q} {q}",
    "* | rex max_match=0 offset_field={q} {q}",
    "* | eval user={q} | spath input=user output={q} path=a",
    "* | spath input=user {q}",
    "* | eval _raw={q} | extract pairdelim={q} kvdelim={q}",
    "* | makemv delim={q} {q}",
    "* | makemv delim=e user | mvexpand user | mvcombine delim={q} {q} | nomv {q}",
    "* | untable user {q} {q}",
    "* | xyseries event_id user {q}",
    "* | xyseries format={q} sep={q} user {q} index event_id",
    "* | transpose column_name={q} header_field={q}",
    "* | foreach {q} user [eval {q}='<<FIELD>>']",
    "* | transaction {q} startswith={q} delim={q}",
    "* | transaction user mvlist={q} nullstr={q}",
    "* | convert timeformat={q} ctime({q}) as {q}",
    "* | eval {q}=lower({q}).{q}, b=replace(user, {q}, {q}), c=printf({q}, user, 1, 2), d=trim(user, {q})",
    "* | where match(user, {q}) OR user LIKE {q} OR user IN ({q}, {q}) OR searchmatch({q}) OR {q}>user",
    "* | eval a=strftime(_time, {q}), b=split({q}, {q}), c=mvjoin(b, {q}), d=mvfind(b, {q}), e=mvzip(b, b, {q})",
    "* | eval a=strptime(user, {q})",
    "* | eval a=spath(user, {q}), b=json_extract(user, {q}), c=json_set(user, {q}, {q}), d=json_object({q}, {q})",
    "* | eval a=case(user={q}, {q}, true(), {q}), b=max({q}, user), c=coalesce(a, {q}), d=nullif(a, {q})",
]  # fmt: skip

GUARD = RuntimeGuard(max_time_s=60, max_rows=100, max_bytes=1_000_000)


def _object(kind: Any, name: str, **content: Any) -> KnowledgeObject:
    return KnowledgeObject(
        kind=kind, name=name, app="search", owner="a", sharing="global", team="", disabled=False, content=content
    )


KNOWLEDGE = KnowledgeSet.from_objects(
    [
        _object("lookup", "known", rows=[{"name": "a", "owner": p} for p in PAYLOADS]),
        _object("saved_search", "known", search="user=$host$ | stats count"),
        _object("macro", "known(1)", args="a", definition='user="$a$" | stats count'),
        *(_object("eventtype", p, search=f'user="{MARK}"') for p in PAYLOADS[:3]),
    ]
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TelemetryStore]:
    path = tmp_path_factory.mktemp("attack") / "events.duckdb"
    with Staging(path) as staging:
        for number, text in enumerate(PAYLOADS):
            shown = text.replace("\x00", "")
            fields = {"event_id": f"e-{number}", "index": "network", "sourcetype": "t", "user": shown, shown: "field"}
            staging.add(float(number), fields)
        staging.build("test")
    opened = open_telemetry(path)
    yield opened
    opened.close()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL that was sent while the test ran."""
    return _watched(monkeypatch)


def _watched(patch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    original = Query.batches

    def spy(self: Query, sql: str, *args: Any, **options: Any) -> Iterator[list[Any]]:
        seen.append(sql)
        return original(self, sql, *args, **options)

    patch.setattr(Query, "batches", spy)
    return seen


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _run(store: TelemetryStore, query: str) -> tuple[Row, ...]:
    job = SearchJob(query=query, earliest="", latest="", now=100.0, guard=GUARD)
    return SearchEngine(store, lambda: KNOWLEDGE).run(job).rows


@pytest.mark.parametrize("form", FORMS)
def test_no_part_of_a_search_reaches_sql_as_text(store: TelemetryStore, statements: list[str], form: str) -> None:
    for payload in PAYLOADS:
        # An error that names its place is a fine answer; a failure inside the database is not.
        with suppress(SplError):
            _run(store, form.replace("{q}", _quoted(payload)).replace("{r}", payload))
    assert [sql for sql in statements if MARK in sql.lower()] == []
    assert store.rows("SELECT count(*) FROM events") == [(len(PAYLOADS),)]


@settings(max_examples=60)
@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(FORMS))
def test_no_text_at_all_reaches_sql(store: TelemetryStore, before: str, after: str, form: str) -> None:
    payload = before + MARK + after
    with pytest.MonkeyPatch.context() as patch:
        seen = _watched(patch)
        with suppress(SplError):
            _run(store, form.replace("{q}", _quoted(payload)).replace("{r}", payload))
    assert [sql for sql in seen if MARK in sql.lower()] == []


def test_the_statements_are_really_seen(store: TelemetryStore, statements: list[str]) -> None:
    _run(store, "* | stats count")
    assert any("FROM events" in sql for sql in statements)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{path}')",
        "SELECT * FROM read_csv('{path}')",
        "SELECT * FROM read_json('{path}')",
        "SELECT * FROM '{path}'",
        "SELECT * FROM glob('{folder}/*')",
        "ATTACH '{path}' AS other",
        "COPY events TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "PRAGMA enable_profiling",
        "CREATE TABLE main.planted AS SELECT 1",
        "INSERT INTO events SELECT * FROM events",
        "DELETE FROM events",
    ],
)
def test_even_sql_of_an_attackers_choice_could_not_leave_the_store(
    store: TelemetryStore, tmp_path: Path, sql: str
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n", encoding="utf-8")
    query = store.query()
    try:
        with pytest.raises(BackendError):
            query.rows(sql.format(path=secret, folder=tmp_path))
    finally:
        query.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["secret.csv"]


@pytest.mark.parametrize(
    "name", ["/etc/hostname", "../knowledge.csv", "file:///etc/hostname", "https://x.example/a.csv"]
)
def test_a_lookup_is_never_a_file(store: TelemetryStore, name: str) -> None:
    for query in (
        f"| inputlookup {_quoted(name)}",
        f"* | lookup {_quoted(name)} user",
        f"| from lookup:{_quoted(name)}",
    ):
        with pytest.raises(SplError, match="does not exist"):
            _run(store, query)
