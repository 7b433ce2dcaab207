"""The embedded search engine: SPL in, rows out, over one telemetry store (DESIGN §9)."""

from __future__ import annotations

import time
from collections.abc import Callable

from agentgate_mcp.backends.embedded.duck import QueryInterrupted
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.commands.fields import formatted
from agentgate_mcp.backends.embedded.search.pipeline import compile_pipeline
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.backends.embedded.search.rows import fields_of, selected, size_of, to_row
from agentgate_mcp.backends.embedded.store import TelemetryStore
from agentgate_mcp.backends.embedded.watch import Watch
from agentgate_mcp.backends.ports import Row, SearchJob, SearchResult
from agentgate_mcp.errors import BackendError, SplError
from agentgate_mcp.spl.expand import Expansion, expand
from agentgate_mcp.spl.facts import read_search
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.parser import parse

_BATCH = 500


class SearchEngine:
    """Runs searches over one store. Thread-safe: each job has a connection of its own."""

    def __init__(self, store: TelemetryStore, knowledge: Callable[[], KnowledgeSet]) -> None:
        self._store = store
        self._knowledge = knowledge

    def run(self, job: SearchJob, cancelled: Callable[[], bool] | None = None) -> SearchResult:
        """Runs a search under its guard, macros expanded by today's objects. ``cancelled`` is
        asked 20 times a second.

        A guard that cuts gives what there is so far, with ``partial`` naming the limit.
        Raises: SplError with a position in ``job.query``; UnsupportedSplError naming what this
        engine does not have; BackendError (`cancelled` said so, or the engine failed)."""
        started = time.perf_counter()
        knowledge = self._knowledge()
        expansion = expand(job.query, knowledge)
        query = self._store.query()
        try:
            with Watch(query.interrupt, seconds=job.guard.max_time_s, cancelled=cancelled) as watch:
                build = Build(
                    store=self._store,
                    knowledge=knowledge,
                    job=job,
                    query=query,
                    compile=compile_pipeline,
                    facts=read_search(job.query, job.earliest, job.latest, knowledge, job.now),
                    stopped=lambda: bool(watch.reason),
                )
                fields, rows, scanned, partial = _run(expansion, build)
        finally:
            query.close()
        if partial == "interrupted":
            if watch.reason == "cancel":
                raise BackendError("the search was cancelled")
            partial = f"time limit of {job.guard.max_time_s} s reached"
        return SearchResult(
            fields=fields,
            rows=tuple(rows),
            scanned_events=scanned,
            run_seconds=round(time.perf_counter() - started, 6),
            partial=partial,
        )


def _run(expansion: Expansion, build: Build) -> tuple[tuple[str, ...], list[Row], int, str]:
    """Fields, rows, events in scope, and the limit that cut (`interrupted` for a stopped search)."""
    rows: list[Row] = []
    scanned = 0
    relation: Relation | None = None
    try:
        try:
            _check_text(expansion.text)
            relation = formatted(compile_pipeline(parse(expansion.text), build), build)
        except SplError as error:
            raise _at_origin(error, expansion) from None
        scanned = sum(int(build.rows(sql)[0][0]) for sql in build.scans)  # pyright: ignore[reportArgumentType]
        partial = _collect(build, relation, rows)
    except QueryInterrupted:
        partial = "interrupted"
    fields = () if relation is None else fields_of(relation, rows)
    return fields, rows, scanned, partial or "; ".join(dict.fromkeys(build.notes))


def _collect(build: Build, relation: Relation, rows: list[Row]) -> str:
    """Fills ``rows``; the limit that cut them, or empty. Raises: QueryInterrupted."""
    guard = build.job.guard
    size = 0
    sql = f"SELECT {selected(relation)} FROM ({relation.sql}){relation.order_by} LIMIT {int(guard.max_rows) + 1}"  # noqa: S608
    for batch in build.query.batches(sql, build.parameters.of(sql), size=_BATCH):
        for values in batch:
            row = to_row(relation, values)
            size += size_of(row)
            if len(rows) >= guard.max_rows:
                return f"row limit of {guard.max_rows} reached"
            if size > guard.max_bytes:
                return f"byte limit of {guard.max_bytes} reached"
            rows.append(row)
    return ""


def _check_text(text: str) -> None:
    """Raises: SplError for half a character, which no store holds and no engine takes."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SplError("the search holds a lone surrogate", error.start, "text") from None


def _at_origin(error: SplError, expansion: Expansion) -> SplError:
    """The error at the place in the search as written, not as expanded."""
    return type(error)(error.problem, expansion.origin(error.position), error.expected)
