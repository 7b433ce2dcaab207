"""The searches of an investigation, each bounded in time and rows, built from quoted values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentgate_mcp.errors import ArgumentError
from agentgate_mcp.spl.build import Condition, all_of, any_of, field_equals, field_matches, in_list
from investigation.steps import Ask

ROWS = 1000
DAY = 86_400
BASELINE_DAYS = 7
MAX_VALUES = 60
"""Values in one IN list; what is beyond is said under "not checked"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search to make. ``earliest``/``latest`` are epoch seconds as text."""

    name: str
    query: str
    earliest: str
    latest: str
    purpose: str

    def ask(self) -> Ask:
        return Ask(
            tool="splunk_run_query",
            arguments={
                "query": self.query,
                "earliest_time": self.earliest,
                "latest_time": self.latest,
                "row_limit": ROWS,
            },
            purpose=self.purpose,
        )


def seconds(moment: float) -> str:
    return str(int(moment))


def search(index: str, conditions: Sequence[Condition], *, sourcetype: str = "", tail: str = "") -> str:
    """`search index=… conditions | tail`."""
    scope = [field_equals("index", index)]
    if sourcetype:
        scope.append(field_equals("sourcetype", sourcetype))
    return f"search {all_of([*scope, *conditions])}{f' | {tail}' if tail else ''}"


def usable(values: Sequence[str]) -> tuple[str, ...]:
    """Values that a search can say literally, each once, at most `MAX_VALUES`."""
    good: list[str] = []
    for value in dict.fromkeys(values):
        try:
            field_equals("value", value)
        except ArgumentError:
            continue
        if value:
            good.append(value)
    return tuple(good[:MAX_VALUES])


def one_of(field: str, values: Sequence[str]) -> list[Condition]:
    """``field IN (values)`` as a list of one, or none where there is no value."""
    good = usable(values)
    return [in_list(field, good)] if good else []


def either(*groups: Sequence[Condition]) -> list[Condition]:
    """Any of the conditions, as a list of one, or none where there is none."""
    flat = [c for group in groups for c in group]
    return [any_of(flat)] if flat else []


def sites(field: str, names: Sequence[str]) -> list[Condition]:
    """URLs at or below the given host names."""
    return [
        condition
        for name in usable(names)[:20]
        for condition in (field_matches(field, f"*://{name}/*"), field_matches(field, f"*://*.{name}/*"))
    ]


def below(field: str, names: Sequence[str]) -> list[Condition]:
    """Names at or below the given domains."""
    return [c for n in usable(names)[:20] for c in (field_equals(field, n), field_matches(field, f"*.{n}"))]


def lookup(name: str) -> str:
    """All rows of a lookup. ``name`` comes from this program, never from data."""
    return f"| inputlookup {name}"
