"""`stats`, `eventstats`, `streamstats`, and the groups that other commands share."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from agentgate_mcp.spl import ast
from tests.spl_oracle import clock
from tests.spl_oracle.aggregate import Running, aggregate, counts, expanded
from tests.spl_oracle.evaluate import holds
from tests.spl_oracle.job import Job, OracleError, Result, options, truth, word
from tests.spl_oracle.values import Row, Value, byte_order, items, number

Key = tuple[str, ...]


def groups(rows: Sequence[Row], by: Sequence[str]) -> dict[Key, list[Row]]:
    """Rows by the texts of their ``by`` values, in the order of those; a row that lacks one is in
    none, a row with several values of one is in several (twice in one that it names twice)."""
    found: dict[Key, list[Row]] = {}
    for row in rows:
        for key in itertools.product(*(items(row.get(name)) for name in by)):
            found.setdefault(key, []).append(row)
    return {key: found[key] for key in sorted(found, key=lambda k: [byte_order(part) for part in k])}


def typed(rows: Sequence[Row], name: str, key: str) -> Value:
    """A group's value as the rows hold it: a number stays one."""
    value = rows[0].get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else key


def stats(node: ast.Stats, source: Result, job: Job) -> Result:
    by = [key.field for key in node.by]
    nodes = expanded(node.aggregations, source, by)
    columns = [*by, *(n.output for n in nodes)]
    made: list[Row] = []
    found = groups(source.rows, by) if by else {(): list(source.rows)}
    for key, rows in found.items():
        row = Row({name: typed(rows, name, part) for name, part in zip(by, key, strict=True)})
        for aggregation in nodes:
            row.put(aggregation.output, aggregate(aggregation, rows, job))
        if by or len(row) > 0:
            made.append(row)
    return Result(made, list(dict.fromkeys(columns)))


def eventstats(node: ast.Stats, source: Result, job: Job) -> Result:
    by = [key.field for key in node.by]
    nodes = expanded(node.aggregations, source, by)
    values: dict[Key, list[tuple[str, Value]]] = {}
    found = groups(source.rows, by) if by else {(): list(source.rows)}
    for key, rows in found.items():
        values[key] = [(n.output, aggregate(n, rows, job)) for n in nodes]
    made: list[Row] = []
    for row in source.rows:
        copy = row.copy()
        key = tuple("\n".join(items(row.get(name))) for name in by)
        for name, value in values.get(key, ()):
            copy.put(name, value)
        made.append(copy)
    return Result(made, source.with_columns(*(n.output for n in nodes)))


def streamstats(node: ast.Stats, source: Result, job: Job) -> Result:
    """Over the rows before and including each. Options: `window`, `current`, `global`,
    `time_window`, `reset_on_change`, `reset_before`, `reset_after`."""
    given = options(node.options)
    by = [key.field for key in node.by]
    nodes = expanded(node.aggregations, source, by)
    current = truth(given.get("current"), True)
    on_change = truth(given.get("reset_on_change"), False)
    before, after = (_condition(given.get(name), job) for name in ("reset_before", "reset_after"))
    history = _History(
        nodes=nodes,
        job=job,
        window=int(word(given["window"])) if "window" in given else 0,
        seconds=clock.span(word(given["time_window"])).seconds if "time_window" in given else 0.0,
        shared=truth(given.get("global"), True),
    )
    previous: Key | None = None
    made: list[Row] = []
    for row in source.rows:
        copy = row.copy()
        made.append(copy)
        if any(name not in row for name in by):
            continue
        key = tuple("\n".join(items(row[name])) for name in by)
        if (on_change and previous is not None and key != previous) or (before and holds(before, row, job)):
            history.forget()
        previous = key
        if current:
            history.add(key, row)
        for aggregation, value in zip(nodes, history.values(key, row), strict=True):
            if value is not None or counts(aggregation):
                copy.put(aggregation.output, value)
        if not current:
            history.add(key, row)
        if after and holds(after, copy, job):
            history.forget()
    return Result(made, source.with_columns(*(n.output for n in nodes)))


@dataclass
class _History:
    """The rows that a row of `streamstats` looks back on. Under ``shared`` a window spans the rows
    of all groups, of which a row then counts its own."""

    nodes: Sequence[ast.Aggregation]
    job: Job
    window: int
    seconds: float
    shared: bool
    rows: list[tuple[Key, Row]] = field(default_factory=list[tuple[Key, Row]])
    running: dict[Key, list[Running]] = field(default_factory=dict[Key, list[Running]])

    def forget(self) -> None:
        self.rows, self.running = [], {}

    def add(self, key: Key, row: Row) -> None:
        if self.window or self.seconds:
            self.rows.append((key, row))
            return
        for one in self._running(key):
            one.add(row)

    def _running(self, key: Key) -> list[Running]:
        return self.running.setdefault(key, [Running(node, self.job) for node in self.nodes])

    def values(self, key: Key, row: Row) -> list[Value]:
        if not self.window and not self.seconds:
            return [one.value() for one in self._running(key)]
        seen = self.rows if self.shared else [pair for pair in self.rows if pair[0] == key]
        if self.window:
            seen = seen[-self.window :]
        kept = [r for k, r in seen if k == key and (not self.seconds or _apart(r, row) < self.seconds)]
        return [aggregate(node, kept, self.job) for node in self.nodes]


def _condition(operand: ast.Operand | None, job: Job) -> ast.EvalExpr | None:
    if operand is None:
        return None
    from agentgate_mcp.spl.parser import parse

    command = parse(f"| where {word(operand)}").commands[0]
    if not isinstance(command, ast.Where):
        raise OracleError("expected a condition")
    return command.expr


def _apart(one: Row, other: Row) -> float:
    a, b = number(one.get("_time")), number(other.get("_time"))
    return abs(a - b) if a is not None and b is not None else float("inf")
