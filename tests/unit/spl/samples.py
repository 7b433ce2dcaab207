"""What the SPL tests share: a fixed clock, knowledge objects, texts for Hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from agentgate_mcp.errors import SplError
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl.facts import read_search
from agentgate_mcp.spl.knowledge import EMPTY, KnowledgeSet

NOW = 1_795_176_000.0  # 2026-11-20T12:00:00Z


def knowledge_object(
    kind: Any, name: str, *, app: str = "search", disabled: bool = False, **content: Any
) -> KnowledgeObject:
    """A knowledge object with only what a test cares about."""
    return KnowledgeObject(
        kind=kind, name=name, app=app, owner="nobody", sharing="global", team="", disabled=disabled, content=content
    )


def facts_of(
    query: str, knowledge: KnowledgeSet = EMPTY, *, earliest: str = "-24h", latest: str = "now"
) -> SearchFacts:
    """The facts of a search under the tool's default time range."""
    return read_search(query, earliest, latest, knowledge, NOW)


def check_position(error: SplError, text: str) -> None:
    """A positioned error points into the text, or just behind it."""
    assert 0 <= error.position <= len(text)


def alarms(facts: SearchFacts) -> set[str]:
    """The kinds of fact that keep a search from being allowed without a second look."""
    found = {
        name
        for name in (
            "destructive", "writes", "egress", "unresolved", "unknown_commands", "credential_endpoints", "rest_unlisted"
        )
        if getattr(facts, name)
    }  # fmt: skip
    if not facts.parsed:
        found.add("unreadable")
    if facts.index_wildcard and (facts.reads_everything or not facts.default_indexes):
        found.add("all_indexes")
    if facts.real_time:
        found.add("real_time")
    if facts.span_seconds is None:
        found.add("all_time")
    elif facts.span_seconds > 31 * 86_400:
        found.add("long")
    return found


def is_active(row: dict[str, Any]) -> bool:
    return row["kind"] == "detection" and not row["deprecated"] and "deprecated" not in str(row["status"])


_FRAGMENTS = [
    "|", "[", "]", "(", ")", ",", '"', "'", "`", "```", "\\", "\\\"", "\\|", "=", "==", "!=", "<", ">", "::", "*", "-",
    "+", ".", "/", "%", "$x$", "<<FIELD>>", " ", "\n", "\t", " ", "a", "b1", "index", "index=", "index=web",
    "index IN (a, b)", "NOT", "OR", "AND", "XOR", "IN", "LIKE", "TERM(x)", "CASE(", "earliest=-1d@d", "latest=now",
    '"a b"', '"a\\"b"', "'f g'", "`m`", "`m(a, b)`", "`m(`n`)`", "```c```", "search", "where", "eval", "x=1", "x=y+1",
    "if(a=b, 1, 2)", "stats", "count", "sum(x) as y", "by", "a, b", "count(eval(x=1))", "timechart", "span=1h", "over",
    "tstats", "from", "datamodel=Web.Web", "head", "10", "sort", "- a", "num(a)", "dedup", "rename", "as", "fields",
    "table", "lookup", "OUTPUT", "inputlookup", "outputlookup", "delete", "map", 'search="search x | delete"', "rest",
    "/services/server/info", "savedsearch", "foreach", "* [eval x=1]", "append", "[search x]", "é", "\u2028", "\x00",
    "\ud800", "1.5e3", "0", "-", "desc", "limit=5", "where max in top5",
]  # fmt: skip
texts = st.one_of(
    st.lists(st.sampled_from(_FRAGMENTS), max_size=40).map("".join),
    st.lists(st.sampled_from(_FRAGMENTS), max_size=40).map(" ".join),
    st.text(max_size=200),
    st.text(alphabet="|[]()`\"'\\=,a *!<>", max_size=300),
)
"""Texts that look more or less like searches, and texts that do not."""

# --- searches that are mostly good ---------------------------------------------------------------

_NAMES = st.sampled_from(
    ["a", "Host", "_time", "a.b{}.c", '"two words"', '"by"', '"a | [b]"', '"q\\"t"', "x*", "été", '"\\\\"', "'f g'"]
)
_VALUES = st.sampled_from(
    [
        "1", "web*", '"a b"', '"[x] | y"', '"\\"in\\""', "10.0.0.0/8", '"c:\\\\x"', "`m`", "`m(a, \"b,c\")`", "*", "é",
        "-1d@d", "a-b", '"```"', "don't", "x::y", "\\|z", "[search b | return c]", "$t$", '"\u2028"',
    ]
)  # fmt: skip
_GAPS = st.sampled_from([" ", "  ", "\n", ' ```c | [ "``` ', "\t"])
_conditions = st.recursive(
    st.one_of(
        _VALUES,
        st.tuples(_NAMES, st.sampled_from(["=", "!=", "<", ">=", "::"]), _VALUES).map("".join),
        st.tuples(_NAMES, _VALUES, _VALUES).map(lambda t: f"{t[0]} IN ({t[1]}, {t[2]})"),
        st.sampled_from(["earliest=-1d", "TERM(a.b)", 'CASE("A b")']),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda p: f"({' '.join(p)})"),
        st.lists(inner, min_size=2, max_size=3).map(" OR ".join),
        inner.map(lambda p: f"NOT {p}"),
    ),
    max_leaves=6,
)
_expressions = st.recursive(
    st.sampled_from(
        ["x", "'a b'", "1", ".5", "1e3", '"s"', '"\\"[|"', "`m`", "now()", "[search b | return x]", "été", "$t$", "a{}"]
    ),
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", ".", "*", "/", "%", "=", "!=", "<=", "LIKE", "AND", "OR", "XOR"]), inner
        ).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.lists(inner, max_size=3).map(lambda p: f"if({', '.join(p)})"),
        inner.map(lambda p: f"NOT {p}"),
        inner.map(lambda p: f"-{p}"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]} IN ({t[1]}, {t[0]}))"),
    ),
    max_leaves=6,
)
_aggregations = st.one_of(
    st.just("count"),
    st.tuples(st.sampled_from(["sum", "dc", "perc95", "values"]), _NAMES).map(lambda t: f"{t[0]}({t[1]})"),
    _expressions.map(lambda e: f"count(eval({e}))"),
    _NAMES.map(lambda n: f"avg(x) AS {n}"),
)


def _many(parts: st.SearchStrategy[str], joint: str = ", ") -> st.SearchStrategy[str]:
    return st.lists(parts, min_size=1, max_size=3).map(joint.join)


_by = st.one_of(st.just(""), _many(_NAMES).map(lambda n: f" BY {n}"))
_commands = st.one_of(
    _conditions.map(lambda c: f"search {c}"),
    _expressions.map(lambda e: f"where {e}"),
    st.tuples(_NAMES, _expressions).map(lambda t: f"eval {t[0]}={t[1]}"),
    st.tuples(st.sampled_from(["stats", "eventstats", "streamstats"]), _many(_aggregations, " "), _by).map(
        lambda t: f"{t[0]} {t[1]}{t[2]}"
    ),
    st.tuples(st.sampled_from(["chart", "timechart"]), _aggregations, _NAMES).map(
        lambda t: f"{t[0]} limit=5 {t[1]} BY {t[2]} where max in top5"
    ),
    st.tuples(_aggregations, _conditions, _NAMES).map(
        lambda t: f"tstats prestats=t {t[0]} FROM datamodel=A.B WHERE {t[1]} BY {t[2]} span=1h"
    ),
    _many(_NAMES).map(lambda n: f"table {n}"),
    _many(_NAMES).map(lambda n: f"fields - {n}"),
    _many(_NAMES).map(lambda n: f"sort 5 - {n} desc"),
    _many(_NAMES).map(lambda n: f"dedup 2 {n} keepempty=t sortby -num(x)"),
    st.tuples(_NAMES, _NAMES).map(lambda t: f"rename {t[0]} AS {t[1]}"),
    st.tuples(_NAMES, _NAMES).map(lambda t: f"lookup l {t[0]} AS {t[1]} OUTPUTNEW {t[1]}"),
    _conditions.map(lambda c: f"inputlookup append=t l where {c}"),
    _expressions.map(lambda e: f"head ({e}) null=t"),
    st.just("tail 3"),
    _conditions.map(lambda c: f"append [search {c}]"),
    _expressions.map(lambda e: f"foreach a* [eval <<FIELD>>={e}]"),
    _VALUES.map(lambda v: f"rex field=x {v} mode=sed"),
    st.just("`m(x)`"),
)
searches = st.tuples(st.lists(_commands, min_size=1, max_size=4), _GAPS).map(
    lambda t: f"{t[1]}|{t[1]}" + f"{t[1]}|{t[1]}".join(t[0])
)
"""Pipelines of every command with a form of its own, most of them good."""
long_texts = st.tuples(st.one_of(texts, searches), st.integers(min_value=1, max_value=4000)).map(
    lambda t: (t[0] * t[1])[:70_000]
)
"""Texts repeated up to and beyond the cap."""
