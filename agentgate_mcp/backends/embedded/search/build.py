"""What the compilation of one search shares: its values, its objects, its connection.

Most commands only turn SQL into more SQL. Three kinds need rows while they are compiled: those whose
columns depend on the data (`chart … by`), those that walk rows one by one (`transaction`), and
subsearches, which as in Splunk run before the search that holds them. They use `kept`, `fetched`
and `loaded`; all of it happens inside the job's limits and on its one connection.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from agentgate_mcp.backends.embedded.duck import Query, QueryInterrupted
from agentgate_mcp.backends.embedded.search.relation import Column, Kind, Parameters, Relation
from agentgate_mcp.backends.embedded.search.sqltext import number_text
from agentgate_mcp.backends.embedded.store import TelemetryStore
from agentgate_mcp.backends.ports import SearchJob
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.model.facts import SearchFacts
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.knowledge import KnowledgeSet
from agentgate_mcp.spl.parser import parse

FieldValue: TypeAlias = str | int | float | list[str] | None
Record: TypeAlias = dict[str, FieldValue]
"""One row outside SQL: field name to value; a field without a value is absent or None."""

MAX_ROWS: Final = 100_000
"""Rows that a command may take out of SQL at once."""
MAX_PIPELINES: Final = 64
"""Searches inside one search: subsearches, saved searches, data models."""
_SQL_TYPE: Final[Mapping[Kind, str]] = {"text": '"VARCHAR"', "number": '"DOUBLE"', "list": '["VARCHAR"]'}


@dataclass(slots=True, kw_only=True)
class Build:
    """One job on its way from SPL to rows. Used by one thread."""

    store: TelemetryStore
    knowledge: KnowledgeSet
    job: SearchJob
    query: Query
    compile: Callable[[ast.Pipeline, Build, Relation | None], Relation]
    """Compiles a pipeline: from its generating command, or as commands applied to given rows."""
    facts: SearchFacts | None = None
    """What the gate reads in the search: the job looks at no other times."""
    stopped: Callable[[], bool] = lambda: False
    parameters: Parameters = field(default_factory=Parameters)
    scans: list[str] = field(default_factory=list[str])
    """Statements that count the events looked at, one per place where events are read."""
    notes: list[str] = field(default_factory=list[str])
    """Limits that cut something inside the search; they make the result partial."""
    searched: tuple[float | None, float | None] | None = None
    """Earliest and latest of the events that the pipeline at hand started from; None where it started from others."""
    _tables: int = 0
    _pipelines: int = 0

    def bind(self, value: str | float | bool | None) -> str:
        """The placeholder that stands for a value."""
        return self.parameters.bind(value)

    # --- searches inside the search ------------------------------------------------------------

    def subsearch(self, pipeline: ast.Pipeline) -> Relation:
        """The rows of a search inside this one, over the job's own time range.

        Raises: SplError, UnsupportedSplError when there are too many of them."""
        self._pipelines += 1
        if self._pipelines > MAX_PIPELINES:
            raise UnsupportedSplError(f"more than {MAX_PIPELINES} searches in one", pipeline.span.start)
        outer, self.searched = self.searched, None
        try:
            return self.compile(pipeline, self, None)
        finally:
            self.searched = outer

    @contextmanager
    def over(self, earliest: str, latest: str) -> Generator[None]:
        """Compiles what stands inside over another time range than the job's."""
        own = self.job
        self.job = replace(own, earliest=earliest, latest=latest)
        try:
            yield
        finally:
            self.job = own

    def applied(self, pipeline: ast.Pipeline, relation: Relation) -> Relation:
        """The commands of a template (`appendpipe`, `foreach`) applied to rows at hand."""
        return self.compile(pipeline, self, relation)

    def read(self, text: str, what: str, position: int) -> ast.Pipeline:
        """Another text of SPL, macros expanded. Raises: SplError at ``position``, naming ``what`` holds it."""
        try:
            return parse(expand(text, self.knowledge).text)
        except SplError as error:
            raise SplError(f"{what[:80]} cannot be read: {error}", position) from None

    # --- rows in and out of SQL ----------------------------------------------------------------

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """All rows of a statement made of generated text. Raises: QueryInterrupted, BackendError."""
        self.check()
        return self.query.rows(sql, self.parameters.of(sql))

    def check(self) -> None:
        """Raises: QueryInterrupted when the job is out of time or cancelled; loops over rows ask."""
        if self.stopped():
            raise QueryInterrupted("the search was stopped before it finished")

    def extent(self, relation: Relation, number: str) -> tuple[float, float] | None:
        """The least and the greatest of a DOUBLE over all rows; None where there is none."""
        low, high = self.rows(f"SELECT min({number}), max({number}) FROM ({relation.sql})")[0]  # noqa: S608 - generated
        return (float(low), float(high)) if isinstance(low, int | float) and isinstance(high, int | float) else None

    def doubles(self, values: Sequence[float | None]) -> str:
        """A list of numbers as SQL: one parameter, however many there are."""
        return f"""from_json({self.bind(json.dumps(values))}, '["DOUBLE"]')"""

    def kept(self, relation: Relation) -> Relation:
        """The same rows, computed once and stored: what follows may read them several times."""
        name = self._table()
        relation = relation.numbered()
        self.check()
        self.query.keep(name, relation.sql, self.parameters.of(relation.sql))
        return replace(relation, sql=f"SELECT * FROM {name}")  # noqa: S608 - generated name

    def fetched(self, relation: Relation, *, command: str, position: int) -> Iterator[Record]:
        """The rows in their order, as values: numbers stay numbers.

        Raises: UnsupportedSplError for more than `MAX_ROWS` of them."""
        names = relation.names()
        columns = [relation.column(name, self.parameters) for name in names]
        chosen = ", ".join(c.sql for c in columns if c is not None) or "1"
        sql = f"SELECT {chosen} FROM ({relation.sql}){relation.order_by} LIMIT {MAX_ROWS + 1}"  # noqa: S608
        self.check()
        count = 0
        for batch in self.query.batches(sql, self.parameters.of(sql), size=2_000):
            self.check()
            for values in batch:
                count += 1
                if count > MAX_ROWS:
                    raise UnsupportedSplError(f"{command} over more than {MAX_ROWS} rows is not supported", position)
                yield {n: v for n, v in zip(names, values, strict=False) if v is not None}

    def loaded(self, names: Sequence[str], rows: Sequence[Mapping[str, FieldValue]]) -> Relation:
        """Rows from outside as a relation, in their order; ``names`` are its fields.

        A field whose every value is a number stays one; a field with a list in any row is multivalue."""
        columns: dict[str, Column] = {}
        kinds: list[Kind] = []
        for number, name in enumerate(names):
            kind = _kind_of([row.get(name) for row in rows])
            kinds.append(kind)
            columns[name] = Column(sql=f"c{number}", kind=kind)
        cells = [
            {f"c{n}": _cell(row.get(name), kind) for n, (name, kind) in enumerate(zip(names, kinds, strict=True))}
            for row in rows
        ]
        bound = self.bind(json.dumps(cells))
        shape = ",".join(f'"c{n}":{_SQL_TYPE[kind]}' for n, kind in enumerate(kinds)) or '"c0":"VARCHAR"'
        chosen = ", ".join([*(f"r.c{n} AS c{n}" for n in range(len(names))), "o0"])
        parsed = f"SELECT from_json({bound}, '[{{{shape}}}]') AS t"
        unnested = f"SELECT unnest(t) AS r, generate_subscripts(t, 1) AS o0 FROM ({parsed})"  # noqa: S608 - generated
        table = self._table()
        sql = f"SELECT {chosen} FROM ({unnested})"  # noqa: S608 - generated
        self.query.keep(table, sql, self.parameters.of(sql))
        return Relation(
            sql=f"SELECT * FROM {table}",  # noqa: S608 - generated name
            columns=columns,
            order=("o0",),
            carried=("o0",),
            ids=len(names) + 1,
        )

    def _table(self) -> str:
        self._tables += 1
        return f"t{self._tables}"


def _kind_of(values: Sequence[FieldValue]) -> Kind:
    present = [v for v in values if v is not None]
    if any(isinstance(v, list) for v in present):
        return "list"
    return "number" if present and all(isinstance(v, int | float) for v in present) else "text"


def _cell(value: FieldValue, kind: Kind) -> FieldValue:
    match value:
        case None:
            return None
        case list():
            return value
        case _ if kind == "list":
            return [number_text(value) if isinstance(value, int | float) else value]
        case int() | float() if kind == "text":
            return number_text(value)
        case _:
            return value
