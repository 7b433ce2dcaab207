"""Every eval function over odd data: rows come back, or an error of the search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.engine import SearchEngine
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator
from agentgate_mcp.backends.embedded.search.evaluate.functions import FUNCTIONS
from agentgate_mcp.backends.embedded.search.pipeline import compile_pipeline
from agentgate_mcp.backends.embedded.search.relation import Column, Kind, Relation
from agentgate_mcp.backends.embedded.staging import Staging
from agentgate_mcp.backends.embedded.store import TelemetryStore, open_telemetry
from agentgate_mcp.backends.ports import SearchJob, SearchResult
from agentgate_mcp.errors import SplError
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.knowledge import EMPTY
from agentgate_mcp.spl.parser import parse
from tests.unit.embedded.eval_forms import quoted

pytestmark = pytest.mark.req("embedded.eval-total")

ODD = [
    "", " ", "abc", "0", "-1", "1e308", "-1e308", "9223372036854775808", "0.1", "1e-320",
    "inf", "NaN", "0x1F", "9" * 400,
    "192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "::", "::ffff:192.0.2.1", "1::2::3", "999.1.1.1", "10.0.0.0/99",
    "{", "[", "(", "(?<a>b)", "(?=a)", "\\", "\\1", "[z-a]", "a{1001}", "%", "%d", "%zz", "%ff%00", "%Y-%m-%d", "%5.2f",
    '{"a":{"b":[1,null,"x"]}}', '{"a":1', "[1,[2],{}]", '"text"', "null", "a.b{}.c{0}", "a*{}", "{1}", "/a", "$.a",
    "2026-11-20T12:00:00Z", "2026-02-30", "0000-00-00", "9999-99-99", "-1d@d", "+999999999y", "@q", "7d", "hex",
    "commas", "duration", "a,b,,c", ",", "é☃𐍈", "e\u0301", "\u200b\u202e", "line\nbreak\ttab", "'; --",
    "$p0", "{c}", "{0}", "\x00\x7f",
]  # fmt: skip
_KINDS: dict[str, Kind] = {"answer": "list", "_time": "number"}
FIELDS = ["user", "src", "dest", "host", "answer", "bytes_out", "_time", "nothing"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TelemetryStore]:
    """A store whose events hold the odd texts in columns, in the map of further fields and in lists."""
    path = tmp_path_factory.mktemp("odd") / "events.duckdb"
    with Staging(path) as staging:
        for number, text in enumerate(ODD):
            other = ODD[-number - 1]
            fields: dict[str, str | list[str]] = {
                "event_id": f"e-{number}",
                "index": "network",
                "sourcetype": "t",
                "user": text,
            }
            fields |= {"src": other, "extra": text, "bytes_out": other, "answer": [text, other, text]}
            staging.add(float(number), fields)
        staging.build("test")
    opened = open_telemetry(path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def engine(store: TelemetryStore) -> SearchEngine:
    return SearchEngine(store, lambda: EMPTY)


def _job(query: str) -> SearchJob:
    guard = RuntimeGuard(max_time_s=60, max_rows=1000, max_bytes=50_000_000)
    return SearchJob(query=query, earliest="", latest="", now=1_795_176_000.0, guard=guard)


def _run(engine: SearchEngine, query: str) -> SearchResult:
    return engine.run(_job(query))


_TEXTS = st.one_of(st.sampled_from(ODD), st.text(max_size=12))
_LITERALS = st.one_of(
    _TEXTS.map(quoted),
    st.integers(-(10**18), 10**18).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)
_LEAVES = st.one_of(st.sampled_from([*FIELDS, "extra"]), _LITERALS)
_NAMES = sorted(FUNCTIONS)


def _call(name: str, args: list[str]) -> str:
    return f"{name}({', '.join(args)})"


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    calls = st.builds(_call, st.sampled_from(_NAMES), st.lists(inner, max_size=4))
    joined = st.builds(
        "({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "%", ".", "<", "=", "!="]), inner
    )
    chosen = st.builds('if({}, "yes", {})'.format, joined, inner)
    return st.one_of(calls, joined, chosen)


_EXPRESSIONS = st.recursive(_LEAVES, _grown, max_leaves=6)


SHAPES = [
    [], ['user="a"'], ["user"], ["answer"], ["nothing"], ["src=user"], ["user", "src"], ["answer", "answer"],
    ["src=user", "user"],
    ["nothing", "nothing"], ["user", '"%F %T"'], ["user", '"a{}.b"'], ["user", "2"], ["user", "16"],
    ["user", '"-1mon@w3"'],
    ["user", '"commas"'], ["user", '"duration"'], ["user", '"hex"'], ["user", '"binary"'], ["user", "src", "extra"],
    ["answer", "user", "src"], ["bytes_out", "src", "bytes_out"], ["user", '"b"', "src"], ["src=user", "user", "src"],
    ["user", "-1", "1e308"], ["user", "src", '"7d"'], ['"%d%s%x%c%e"', *["user"] * 5],
]  # fmt: skip
REFUSED = {"commands", "json_append", "json_entries", "json_extend", "lookup", "random", "sha512", "searchmatch"}


def _accepted(store: TelemetryStore, expression: str) -> bool:
    """Whether the expression compiles to a value."""
    columns = {name: Column(sql="c0", kind=_KINDS.get(name, "text")) for name in ("_raw", *FIELDS[:-1], "extra")}
    build = Build(store=store, knowledge=EMPTY, job=_job(""), query=store.query(), compile=compile_pipeline)
    try:
        (_, command) = parse(f"* | eval x={expression}").commands
        assert isinstance(command, ast.Eval)
        relation = Relation(sql="", columns=columns, order=())
        Evaluator(relation=relation, build=build).value(command.assignments[0].expr)
    except SplError:
        return False
    finally:
        build.query.close()
    return True


@pytest.mark.parametrize("name", _NAMES)
def test_a_function_takes_any_field_and_any_literal(store: TelemetryStore, engine: SearchEngine, name: str) -> None:
    """All shapes of arguments that the function takes, over every odd text, in one search."""
    calls = [_call(name, args) for args in SHAPES]
    values = [call for call in calls if _accepted(store, call)]
    values = values or [test for test in (f"if({call}, 1, 2)" for call in calls) if _accepted(store, test)]
    assert bool(values) != (name in REFUSED)
    if values:
        assignments = ", ".join(f"x{number}={value}" for number, value in enumerate(values))
        assert len(_run(engine, f"* | eval {assignments} | table x*").rows) <= len(ODD)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(expression=_EXPRESSIONS)
@example(expression='replace("\\\\", user, src)')
@example(expression="mvjoin(answer, user)")
def test_an_expression_gives_rows_or_an_error_of_the_search(engine: SearchEngine, expression: str) -> None:
    for form in ("eval x={} | table x", "where {} | table user"):
        with suppress(SplError):
            assert len(_run(engine, f"* | {form.format(expression)}").rows) <= len(ODD)


@pytest.mark.parametrize("name", ["abs", "lower", "trim", "round", "urldecode", "mvdedup", "len"])
def test_calls_inside_calls_stay_within_the_engine(engine: SearchEngine, name: str) -> None:
    nested = "user"
    for _ in range(25):
        nested = f"{name}({nested})"
    assert len(_run(engine, f"* | eval x={nested} | stats count").rows) == 1
