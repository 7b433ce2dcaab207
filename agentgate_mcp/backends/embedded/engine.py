"""The embedded search engine: SPL in, rows out, over one telemetry store (DESIGN §9)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from agentgate_mcp.backends.embedded.duck import Query, QueryInterrupted
from agentgate_mcp.backends.embedded.events import scanned_sql
from agentgate_mcp.backends.embedded.relation import Parameters, Relation
from agentgate_mcp.backends.embedded.rows import fields_of, selected, size_of, to_row
from agentgate_mcp.backends.embedded.scope import read_scope
from agentgate_mcp.backends.embedded.sqlgen import compile_lookup, compile_pipeline, first_search
from agentgate_mcp.backends.embedded.store import TelemetryStore
from agentgate_mcp.backends.embedded.watch import Watch
from agentgate_mcp.backends.ports import Row, SearchJob, SearchResult
from agentgate_mcp.errors import BackendError, SplError
from agentgate_mcp.model.facts import RuntimeGuard
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import Expansion, expand
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.parser import parse

_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A search ready to run."""

    relation: Relation
    parameters: Parameters
    scanned: str
    """Counts the events that the search looks at; its values are among the parameters."""


class SearchEngine:
    """Runs searches over one store. Thread-safe: each job has a connection of its own."""

    def __init__(self, store: TelemetryStore, knowledge: Callable[[], KnowledgeSet]) -> None:
        self._store = store
        self._knowledge = knowledge

    def plan(self, job: SearchJob) -> Plan:
        """Reads and compiles a search without running it, macros expanded by today's objects.

        Raises: SplError with a position in ``job.query``; UnsupportedSplError naming the command."""
        knowledge = self._knowledge()
        expansion = expand(job.query, knowledge)
        try:
            return self._compile(parse(expansion.text), job, knowledge)
        except SplError as error:
            raise _at_origin(error, expansion) from None

    def _compile(self, pipeline: ast.Pipeline, job: SearchJob, knowledge: KnowledgeSet) -> Plan:
        parameters = Parameters()
        first = pipeline.commands[0]
        if isinstance(first, ast.InputLookup):
            relation = compile_lookup(first, pipeline, knowledge, parameters)
            return Plan(relation=relation, parameters=parameters, scanned="SELECT 0")  # a lookup holds no events
        search = first_search(pipeline)
        scope = read_scope(search, earliest=job.earliest, latest=job.latest, now=job.now)
        relation = compile_pipeline(pipeline, scope, parameters, self._store.extra_fields)
        return Plan(relation=relation, parameters=parameters, scanned=scanned_sql(search, scope, parameters))

    def run(self, job: SearchJob, cancelled: Callable[[], bool] | None = None) -> SearchResult:
        """Runs a search under its guard. ``cancelled`` is asked 20 times a second.

        A guard that cuts gives what there is so far, with ``partial`` naming the limit.
        Raises: SplError, UnsupportedSplError, BackendError (`cancelled` said so, or the engine
        failed)."""
        started = time.perf_counter()
        plan = self.plan(job)
        query = self._store.query()
        try:
            with Watch(query.interrupt, seconds=job.guard.max_time_s, cancelled=cancelled) as watch:
                rows, partial, scanned = _execute(query, plan, job.guard)
        finally:
            query.close()
        if partial == "interrupted":
            if watch.reason == "cancel":
                raise BackendError("the search was cancelled")
            partial = f"time limit of {job.guard.max_time_s} s reached"
        return SearchResult(
            fields=fields_of(plan.relation, rows),
            rows=tuple(rows),
            scanned_events=scanned,
            run_seconds=round(time.perf_counter() - started, 6),
            partial=partial,
        )


def _at_origin(error: SplError, expansion: Expansion) -> SplError:
    """The error at the place in the search as written, not as expanded."""
    tail = f"; expected {error.expected}" if error.expected else ""
    message = str(error).removesuffix(tail).removesuffix(f" at position {error.position}")
    return type(error)(message, expansion.origin(error.position), error.expected)


def _execute(query: Query, plan: Plan, guard: RuntimeGuard) -> tuple[list[Row], str, int]:
    """Rows, the limit that cut them (`interrupted` for a stopped query), and events in scope."""
    rows: list[Row] = []
    scanned = size = 0
    relation = plan.relation
    sql = f"SELECT {selected(relation)} FROM ({relation.sql}){relation.order_by} LIMIT {int(guard.max_rows) + 1}"  # noqa: S608
    try:
        scanned = int(query.rows(plan.scanned, plan.parameters.of(plan.scanned))[0][0])
        for batch in query.batches(sql, plan.parameters.of(sql), size=_BATCH):
            for values in batch:
                row = to_row(relation, values)
                size += size_of(row)
                if len(rows) >= guard.max_rows:
                    return rows, f"row limit of {guard.max_rows} reached", scanned
                if size > guard.max_bytes:
                    return rows, f"byte limit of {guard.max_bytes} reached", scanned
                rows.append(row)
    except QueryInterrupted:
        return rows, "interrupted", scanned
    return rows, "", scanned
