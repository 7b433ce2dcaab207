"""The engine against a second, plain implementation of the same subset, over random events."""

from __future__ import annotations

import fnmatch
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgate_mcp.backends.embedded.search.engine import SearchEngine
from agentgate_mcp.backends.embedded.staging import Staging
from agentgate_mcp.backends.embedded.store import open_telemetry
from agentgate_mcp.backends.ports import SearchJob
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.spl.knowledge import EMPTY

pytestmark = pytest.mark.req("embedded.search")

GUARD = RuntimeGuard(max_time_s=60, max_rows=100_000, max_bytes=500_000_000)
Event = dict[str, Any]
Check = Callable[[Event], bool]

VALUES = {
    "src": ["10.0.0.1", "10.0.0.2", "10.0.0.12", "192.0.2.7", "host-a", "HOST-A", "host_a"],
    "user": ["a.lund", "A.LUND", "b", "svc_%", "x y", 'q"t', "back\\slash", "ünï", "a*"],
    "bytes_out": ["0", "7", "10", "10.0", "9", "100", "-3", "1e2", "abc", "1_0"],
    "odd field": ["1", "two", "3"],
    "extra": ["p", "Q", "17"],
}
INDEXES = ["network", "auth", "_internal"]


def _events() -> list[Event]:
    dice = random.Random(20261120)
    events: list[Event] = []
    for n in range(400):
        event: Event = {
            "_time": float(dice.randint(0, 300)),
            "event_id": f"e-{n}",
            "index": dice.choice(INDEXES),
            "sourcetype": "t",
        }
        for name, values in VALUES.items():
            if dice.random() < 0.7:
                event[name] = dice.choice(values)
        events.append(event)
    return events


EVENTS = _events()
# Newest first; of one time the one that came last.
ORDERED = [e for _, e in sorted(enumerate(EVENTS), key=lambda pair: (pair[1]["_time"], pair[0]), reverse=True)]
VISIBLE = [e for e in ORDERED if not e["index"].startswith("_")]


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    path = tmp_path_factory.mktemp("oracle") / "events.duckdb"
    with Staging(path) as staging:
        for event in EVENTS:
            staging.add(event["_time"], {k: v for k, v in event.items() if k != "_time"})
        staging.build("test")
    store = open_telemetry(path)
    engine = SearchEngine(store, lambda: EMPTY)

    def run(query: str) -> list[dict[str, Any]]:
        return list(engine.run(SearchJob(query=query, earliest="", latest="", now=1000.0, guard=GUARD)).rows)

    yield run
    store.close()


# --- the second implementation -----------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def equals(value: str | None, wanted: str) -> bool:
    if value is None:
        return False
    if "*" in wanted:
        pattern = "*".join(re.sub(r"([\[?])", r"[\1]", part) for part in wanted.split("*"))
        return fnmatch.fnmatchcase(value.lower(), pattern.lower())
    if value.lower() == wanted.lower():
        return True
    left, right = number(value), number(wanted)
    return left is not None and left == right


def compares(value: str | None, op: str, wanted: str) -> bool:
    if value is None:
        return False
    left, right = number(value), number(wanted)
    a: Any = left if left is not None and right is not None else value.lower()
    b: Any = right if left is not None and right is not None else wanted.lower()
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]


@dataclass(frozen=True)
class Cond:
    """A condition as SPL and as Python."""

    spl: str
    holds: Check


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def name_of(field: str) -> str:
    return f'"{field}"' if " " in field else field


FIELDS = st.sampled_from([f for f in VALUES if " " not in f])
WANTED = st.sampled_from(
    [v for vs in VALUES.values() for v in vs] + ["10.*", "*a*", "*", "*1", "s*c_*", "17", "nothing"]
)


@st.composite
def leaves(draw: st.DrawFn) -> Cond:
    field, wanted = draw(FIELDS), draw(WANTED)
    kind = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "in"]))
    if kind == "in":
        several = draw(st.lists(WANTED, min_size=1, max_size=4))
        spl = f"{field} IN ({', '.join(map(quoted, several))})"
        return Cond(spl, lambda e: any(equals(e.get(field), w) for w in several))
    spl = f"{field}{kind}{quoted(wanted)}"
    if kind == "=":
        return Cond(spl, lambda e: equals(e.get(field), wanted))
    if kind == "!=":
        return Cond(spl, lambda e: field in e and not equals(e[field], wanted))
    return Cond(spl, lambda e: compares(e.get(field), kind, wanted))


def _both(parts: list[Cond]) -> Cond:
    return Cond("(" + " ".join(p.spl for p in parts) + ")", lambda e: all(p.holds(e) for p in parts))


def _either(parts: list[Cond]) -> Cond:
    return Cond("(" + " OR ".join(p.spl for p in parts) + ")", lambda e: any(p.holds(e) for p in parts))


def _negated(part: Cond) -> Cond:
    return Cond(f"NOT {part.spl}", lambda e: not part.holds(e))


CONDITIONS = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(_both),
        st.lists(inner, min_size=2, max_size=3).map(_either),
        inner.map(_negated),
    ),
    max_leaves=6,
)


def _ids(search: Callable[[str], list[dict[str, Any]]], query: str) -> list[str]:
    """The events found. One column of them: planning all sixty takes longer than the search."""
    return [row["event_id"] for row in search(f"{query} | table event_id")]


@settings(max_examples=60)
@given(CONDITIONS)
def test_conditions_find_the_same_events(search: Callable[[str], list[dict[str, Any]]], condition: Cond) -> None:
    expected = [e["event_id"] for e in VISIBLE if condition.holds(e)]
    assert _ids(search, condition.spl) == expected
    # The same condition after the events were found.
    assert _ids(search, f"* | search {condition.spl}") == expected


@settings(max_examples=25)
@given(CONDITIONS, CONDITIONS)
def test_filters_commute_and_an_or_is_a_union(
    search: Callable[[str], list[dict[str, Any]]], one: Cond, two: Cond
) -> None:
    both = _ids(search, f"{one.spl} {two.spl}")
    assert _ids(search, f"{one.spl} | search {two.spl}") == _ids(search, f"{two.spl} | search {one.spl}") == both
    union = set(_ids(search, one.spl)) | set(_ids(search, two.spl))
    assert set(_ids(search, f"{one.spl} OR {two.spl}")) == union


@settings(max_examples=30)
@given(CONDITIONS, st.integers(0, 30))
def test_head_is_a_prefix_tail_a_reversed_suffix_and_count_their_number(
    search: Callable[[str], list[dict[str, Any]]], condition: Cond, count: int
) -> None:
    rows = _ids(search, condition.spl)
    assert _ids(search, f"{condition.spl} | head {count}") == rows[:count]
    if count:
        assert _ids(search, f"{condition.spl} | tail {count}") == rows[::-1][:count]
    assert search(f"{condition.spl} | stats count") == [{"count": str(len(rows))}]


@settings(max_examples=40)
@given(CONDITIONS, st.lists(FIELDS, min_size=1, max_size=2, unique=True), st.integers(1, 3))
def test_dedup_keeps_the_first_of_each_combination(
    search: Callable[[str], list[dict[str, Any]]], condition: Cond, fields: list[str], count: int
) -> None:
    seen: dict[tuple[str, ...], int] = {}
    expected: list[str] = []
    for event in VISIBLE:
        if condition.holds(event) and all(f in event for f in fields):
            key = tuple(event[f] for f in fields)
            seen[key] = seen.get(key, 0) + 1
            if seen[key] <= count:
                expected.append(event["event_id"])
    assert _ids(search, f"{condition.spl} | dedup {count} {' '.join(fields)}") == expected


def _shown(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


@settings(max_examples=60)
@given(CONDITIONS, st.lists(FIELDS, min_size=1, max_size=2, unique=True))
def test_stats_groups_and_computes_alike(
    search: Callable[[str], list[dict[str, Any]]], condition: Cond, by: list[str]
) -> None:
    groups: dict[tuple[str, ...], list[Event]] = {}
    for event in VISIBLE:
        if condition.holds(event) and all(f in event for f in by):
            groups.setdefault(tuple(event[f] for f in by), []).append(event)
    expected: list[dict[str, Any]] = []
    for key in sorted(groups, key=lambda k: [part.encode() for part in k]):
        members = groups[key]
        row: dict[str, Any] = dict(zip(by, key, strict=True))
        row["count"] = str(len(members))
        extras = sorted({e["extra"] for e in members if "extra" in e})
        row["kinds"] = str(len(extras))
        if extras:
            row["values"] = extras if len(extras) > 1 else extras[0]
        texts = [e["bytes_out"] for e in members if "bytes_out" in e]
        numbers = [n for n in map(number, texts) if n is not None]
        if numbers:
            row["total"] = _shown(sum(sorted(numbers)))
            row["mean"] = _shown(sum(sorted(numbers)) / len(numbers))
        if texts:
            every = len(numbers) == len(texts)
            row["low"] = _shown(min(numbers)) if every else min(texts)
            row["high"] = _shown(max(numbers)) if every else max(texts)
        users = [e for e in sorted(members, key=lambda e: (e["_time"], EVENTS.index(e))) if "user" in e]
        if users:
            row["first"], row["last"] = users[0]["user"], users[-1]["user"]
        expected.append(row)
    query = (
        f"{condition.spl} | stats count dc(extra) as kinds values(extra) as values sum(bytes_out) as total "
        f"avg(bytes_out) as mean min(bytes_out) as low max(bytes_out) as high earliest(user) as first "
        f"latest(user) as last by {', '.join(by)}"
    )
    assert search(query) == expected


@settings(max_examples=40)
@given(st.lists(st.tuples(FIELDS, st.booleans()), min_size=1, max_size=2, unique_by=lambda k: k[0]))
def test_sort_orders_numbers_addresses_and_text(
    search: Callable[[str], list[dict[str, Any]]], keys: list[tuple[str, bool]]
) -> None:
    def rank(text: str) -> tuple[int, float, bytes]:
        value = number(text)
        if value is not None:
            return (0, value, text.encode())
        if re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", text):
            a, b, c, d = (int(p) for p in text.split("."))
            return (1, float((a << 24) + (b << 16) + (c << 8) + d), text.encode())
        return (2, 0.0, text.encode())

    expected = list(VISIBLE)
    for field, descending in reversed(keys):
        present = sorted((e for e in expected if field in e), key=lambda e: rank(e[field]), reverse=descending)
        if descending:
            # Python's reverse keeps equal elements in order, as the engine does.
            present = sorted((e for e in expected if field in e), key=lambda e: rank(e[field]), reverse=True)
        expected = present + [e for e in expected if field not in e]
    spl = ", ".join(f"{'-' if descending else '+'}{field}" for field, descending in keys)
    assert _ids(search, f"* | sort 0 {spl}") == [e["event_id"] for e in expected]
