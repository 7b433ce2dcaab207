"""Runs a search: one command after the other, and the rows as a results endpoint shows them."""

from __future__ import annotations

from dataclasses import dataclass

from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.parser import parse
from tests.spl_oracle import (
    clock,
    fields,
    frequency,
    generating,
    grouping,
    joining,
    multivalue,
    rows,
    search,
    series,
    shaping,
    transactions,
)
from tests.spl_oracle.data import Data
from tests.spl_oracle.job import Job, OracleError, Result
from tests.spl_oracle.values import MadeRaw, Value, number_text

Shown = dict[str, str | list[str]]


@dataclass(frozen=True)
class Answer:
    """Shown rows, and the names present in them: in column order where the search chose columns,
    else by name."""

    fields: list[str]
    rows: list[Shown]
    ordered: bool


def run(query: str, data: Data, *, now: float, earliest: str = "", latest: str = "") -> Answer:
    """Answers a search. Raises: OracleError, SplError."""
    text = expand(query, data.knowledge).text
    job = Job(data=data, runner=_run, text=text, now=now, earliest=earliest, latest=latest)
    result = _run(job, parse(text), None)
    shown = [show_row(row) for row in result.rows]
    present = {name for row in shown for name in row}
    return Answer([n for n in result.names() if n in present], shown, result.columns is not None)


def show_row(row: dict[str, Value]) -> Shown:
    """A row as strings and lists of strings; what is empty is absent."""
    made: Shown = {}
    for name, value in row.items():
        shown = _shown(name, value)
        if shown and not name.startswith("\0"):
            made[name] = shown
    return made


def _shown(name: str, value: Value) -> str | list[str]:
    match value:
        case None | MadeRaw():
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return clock.iso(value) if name == "_time" else number_text(value)
        case list():
            return [str(item) for item in value]
        case _:
            return str(value)


def _run(job: Job, pipeline: ast.Pipeline, into: Result | None) -> Result:
    result = into
    first = pipeline.commands[0] if into is None else None
    for command in pipeline.commands:
        result = _step(command, result, job, first)
    assert result is not None
    return result


def _step(command: ast.Command, source: Result | None, job: Job, first: ast.Command | None) -> Result:
    if source is None:
        return _generated(command, job)
    match command:
        case ast.Search():
            return rows.search(command, source, job)
        case ast.Where():
            return rows.where(command, source, job)
        case ast.Eval():
            return fields.eval_(command, source, job)
        case ast.Head():
            return rows.head(command, source, job)
        case ast.Table():
            return fields.table(command, source)
        case ast.Fields():
            return fields.fields(command, source)
        case ast.Sort():
            return rows.sort(command, source, job)
        case ast.Dedup():
            return rows.dedup(command, source, job)
        case ast.Rename():
            return fields.rename(command, source)
        case ast.Stats():
            return _stats(command, source, job)
        case ast.Chart(command="chart"):
            return series.chart(command, source, job)
        case ast.Chart(command="timechart"):
            return series.timechart(command, source, job, first)
        case ast.Lookup():
            return joining.lookup(command, source, job)
        case ast.InputLookup():
            return joining.inputlookup(command, source, job)
        case ast.Generic():
            return _generic(command, source, job)
        case _:
            raise OracleError(f"command {job.source(command)[:40]}")


def _generated(command: ast.Command, job: Job) -> Result:
    match command:
        case ast.Search():
            return Result(list(search.first_search(command, job)))
        case ast.InputLookup():
            return joining.inputlookup(command, None, job)
        case ast.Tstats():
            return generating.tstats(command, job)
        case ast.Generic(command="makeresults"):
            return generating.makeresults(command, job)
        case ast.Generic(command="savedsearch"):
            return generating.savedsearch(command, job)
        case ast.Generic(command="union" | "multisearch"):
            return joining.union(command, None, job)
        case _:
            raise OracleError(f"a search that begins with {job.source(command)[:40]}")


def _stats(command: ast.Stats, source: Result, job: Job) -> Result:
    match command.command:
        case "stats":
            return grouping.stats(command, source, job)
        case "eventstats":
            return grouping.eventstats(command, source, job)
        case "streamstats":
            return grouping.streamstats(command, source, job)
        case other:
            raise OracleError(f"command {other}")


def _generic(command: ast.Generic, source: Result, job: Job) -> Result:
    match command.command:
        case "bin" | "bucket" | "discretize":
            return series.bin_(command, source, job)
        case "top" | "rare":
            return frequency.top(command, source)
        case "reverse":
            return rows.reverse(source)
        case "regex":
            return rows.regex(command, source, job)
        case "rex":
            return multivalue.rex(command, source)
        case "fillnull":
            return fields.fillnull(command, source)
        case "filldown":
            return fields.filldown(command, source)
        case "replace":
            return fields.replace(command, source)
        case "rangemap":
            return fields.rangemap(command, source)
        case "strcat":
            return fields.strcat(command, source)
        case "foreach":
            return fields.foreach(command, source, job)
        case "convert":
            return fields.convert(command, source, job)
        case _:
            return _further(command, source, job)


def _further(command: ast.Generic, source: Result, job: Job) -> Result:
    match command.command:
        case "makemv":
            return multivalue.makemv(command, source)
        case "mvexpand":
            return multivalue.mvexpand(command, source)
        case "mvcombine":
            return multivalue.mvcombine(command, source)
        case "nomv":
            return multivalue.nomv(command, source)
        case "spath":
            return multivalue.spath(command, source)
        case "transaction":
            return transactions.transaction(command, source, job)
        case "join":
            return joining.join(command, source, job)
        case "append":
            return joining.append(command, source, job)
        case "appendcols":
            return joining.appendcols(command, source, job)
        case "appendpipe":
            return joining.appendpipe(command, source, job)
        case "union":
            return joining.union(command, source, job)
        case "addtotals" | "addcoltotals":
            return shaping.addtotals(command, source)
        case "accum":
            return shaping.accum(command, source)
        case "delta":
            return shaping.delta(command, source)
        case "untable":
            return shaping.untable(command, source)
        case "xyseries":
            return shaping.xyseries(command, source)
        case "transpose":
            return shaping.transpose(command, source)
        case "format":
            return shaping.format_(command, source)
        case "return":
            return shaping.return_(command, source, job.source(command))
        case other:
            raise OracleError(f"command {other}")
