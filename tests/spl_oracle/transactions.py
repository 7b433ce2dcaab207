"""`transaction`: events of one key put together.

Events are read newest first, in whatever order they come. `maxspan` counts from the transaction's
newest event, `maxpause` from the one before. Events with none of the fields are in none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agentgate_mcp.spl import ast
from agentgate_mcp.spl.parser import parse
from tests.spl_oracle import clock
from tests.spl_oracle.evaluate import holds, whole
from tests.spl_oracle.job import Job, OracleError, Result, truth, word
from tests.spl_oracle.search import compiled
from tests.spl_oracle.values import Row, byte_order, items, number, text


@dataclass(eq=False)
class _Open:
    """A transaction that is being gathered, newest event first."""

    key: dict[str, str]
    events: list[Row] = field(default_factory=list[Row])
    closed: bool = False

    def time(self, position: int) -> float:
        return number(self.events[position]["_time"]) or 0


def transaction(node: ast.Generic, source: Result, job: Job) -> Result:
    given = node.options
    names = list(node.words)
    span = clock.span(word(given["maxspan"])).seconds if "maxspan" in given else None
    pause = clock.span(word(given["maxpause"])).seconds if "maxpause" in given else None
    most = int(word(given["maxevents"])) if "maxevents" in given else 1000
    starts, ends = (_mark(node, name, job) for name in ("startswith", "endswith"))
    keep_evicted = truth(given.get("keepevicted"), False)
    mvlist = truth(given.get("mvlist"), False)
    done: list[_Open] = []
    open_: list[_Open] = []

    def close(one: _Open, *, closed: bool) -> None:
        one.closed = closed
        open_.remove(one)
        done.append(one)

    for row in sorted(source.rows, key=lambda r: (number(r.get("_time")) or 0, r.seq), reverse=True):
        own = {n: text(row[n]) for n in names if n in row}
        at = number(row.get("_time"))
        if (names and not own) or at is None:
            continue
        for one in open_[:]:  # closing takes it out
            if (span is not None and one.time(0) - at > span) or (pause is not None and one.time(-1) - at > pause):
                close(one, closed=starts is None)
        match = next((o for o in open_ if _fits(o.key, own)), None)
        if ends is not None and ends(row):
            # Read backwards, an end begins a transaction; one that still waits for its start is evicted.
            if match is not None:
                close(match, closed=starts is None)
            match = _Open(dict(own))
            open_.append(match)
        elif match is None:
            if ends is not None:
                continue
            match = _Open(dict(own))
            open_.append(match)
        match.events.append(row)
        match.key.update(own)
        if (starts is not None and starts(row)) or len(match.events) >= most:
            close(match, closed=True)
    for one in open_[:]:
        close(one, closed=ends is not None and starts is None)
    limited = starts is not None or ends is not None
    kept = [o for o in done if o.closed or keep_evicted or not limited]
    kept.sort(key=lambda o: (o.time(-1), o.events[-1].seq), reverse=True)
    rows = [_merged(o, mvlist=mvlist) for o in kept]
    return Result(rows, source.with_columns("duration", "eventcount", "closed_txn"))


def _fits(key: dict[str, str], own: dict[str, str]) -> bool:
    """No field of both differs, and they share one (or there are none to share)."""
    shared = [n for n in own if n in key]
    return all(key[n] == own[n] for n in shared) and (bool(shared) or not own)


def _merged(one: _Open, *, mvlist: bool) -> Row:
    events = one.events[::-1]
    made = Row({}, events[0].seq)
    for event in events:
        for name, value in event.items():
            if name in ("_time", "_raw"):
                continue
            values = items(made.get(name)) + items(value)
            kept = values if mvlist else sorted(set(values), key=byte_order)
            made[name] = kept[0] if len(kept) == 1 else kept
    made["_time"] = events[0]["_time"]
    made["_raw"] = type(events[0].get("_raw", ""))("\n".join(text(e.get("_raw")) for e in events))  # keeps MadeRaw
    made["duration"] = whole(round(one.time(0) - one.time(-1), 6))
    made["eventcount"] = len(events)
    made["closed_txn"] = int(one.closed)
    return made


def _mark(node: ast.Generic, name: str, job: Job) -> Callable[[Row], bool] | None:
    """`startswith=`: a quoted search, or ``eval(condition)``."""
    operand = node.options.get(name)
    if operand is None:
        return None
    written = word(operand)
    if written.lower().startswith("eval(") and written.endswith(")"):
        command = parse(f"| where {written[5:-1]}").commands[0]
        if not isinstance(command, ast.Where):
            raise OracleError(name)
        condition = command.expr
        return lambda row: holds(condition, row, job)
    command = parse(f"search {written}").commands[0]
    assert isinstance(command, ast.Search)
    return compiled(command.expr, job)
