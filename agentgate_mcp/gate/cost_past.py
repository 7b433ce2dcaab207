"""Past searches against today's model: the history of shapes, and rows of Splunk's own audit index."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from agentgate_mcp.gate.cost_coefficients import DEFAULT
from agentgate_mcp.gate.cost_history import NOTHING, History, Run
from agentgate_mcp.gate.cost_model import CostBaselines, Estimate, estimate
from agentgate_mcp.gate.cost_shape import shape_of
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.model.usage import PastSearch
from agentgate_mcp.spl.facts import SearchRead, read_places, read_search
from agentgate_mcp.spl.knowledge import KnowledgeSet

_UNBOUNDED: Final = frozenset({"", "n/a", "0", "0.0", "0.000"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Modelled:
    """A past search with what it reaches, and what the model says of it without any history."""

    past: PastSearch
    facts: SearchFacts
    reads: tuple[SearchRead, ...]
    estimate: Estimate


def modelled(
    searches: Iterable[PastSearch], knowledge: KnowledgeSet, baselines: CostBaselines, *, calibrated: bool = True
) -> Iterator[Modelled]:
    """Each search as the model sees it now; those that cannot be read are left out. Not ``calibrated``:
    by the documented coefficients."""
    plain = replace(baselines, history=NOTHING)
    if not calibrated:
        plain = replace(plain, coefficients=DEFAULT)
    for past in searches:
        facts = read_search(past.query, past.earliest, past.latest, knowledge, past.now)
        if facts.parsed:
            reads = read_places(past.query, past.earliest, past.latest, knowledge, past.now)
            yield Modelled(past=past, facts=facts, reads=reads, estimate=estimate(facts, plain, reads))


def history_of(searches: Iterable[PastSearch], knowledge: KnowledgeSet, baselines: CostBaselines) -> History:
    """The history of the shapes of past searches, oldest first."""
    return History.of(
        Run(
            shape=shape_of(item.past.query, knowledge),
            modelled_events=item.estimate.events.mid,
            events=float(item.past.events),
            modelled_seconds=item.estimate.seconds.mid,
            seconds=item.past.seconds,
        )
        for item in modelled(searches, knowledge, baselines)
    )


def audit_search(row: Mapping[str, Json]) -> PastSearch | str:
    """A row of `index=_audit action=search info=completed`, or what is wrong with it.

    Columns: ``search`` (as the index has it, in single quotes, or bare), ``total_run_time`` (seconds),
    ``scan_count`` (events), ``exec_time`` or ``_time`` (epoch seconds of the start), ``search_et`` and
    ``search_lt`` (epoch seconds, `N/A` or empty for none). Others are not looked at."""
    query = row.get("search")
    if not isinstance(query, str) or not query.strip():
        return "search: expected the text of a search"
    query = query.strip()
    if len(query) > 1 and query[0] == query[-1] == "'":
        query = query[1:-1]
    numbers: dict[str, float] = {}
    for name in ("total_run_time", "scan_count"):
        number = _number(row.get(name))
        if number is None or number < 0:
            return f"{name}: expected a number of at least 0"
        numbers[name] = number
    now = _number(row.get("exec_time"))
    now = _number(row.get("_time")) if now is None else now
    if now is None:
        return "exec_time: expected epoch seconds, or the same in _time"
    bounds = [str(row.get(name) if row.get(name) is not None else "").strip() for name in ("search_et", "search_lt")]
    for name, bound in zip(("search_et", "search_lt"), bounds, strict=True):
        if bound.lower() not in _UNBOUNDED and _number(bound) is None:
            return f"{name}: expected epoch seconds or N/A"
    earliest, latest = ("" if bound.lower() in _UNBOUNDED else bound for bound in bounds)
    return PastSearch(
        query=query,
        earliest=earliest,
        latest=latest,
        now=now,
        events=int(numbers["scan_count"]),
        seconds=numbers["total_run_time"],
    )


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
