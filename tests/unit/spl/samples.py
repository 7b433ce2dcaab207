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
