"""Commands that begin a pipeline: tstats, makeresults, savedsearch."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.parser import parse
from tests.spl_oracle import clock
from tests.spl_oracle.aggregate import aggregate
from tests.spl_oracle.functions_json import shown
from tests.spl_oracle.grouping import groups, typed
from tests.spl_oracle.job import Job, OracleError, Result, options, word
from tests.spl_oracle.search import candidates, compiled, time_range
from tests.spl_oracle.values import Row, Value, number

INDEXED = frozenset({"_time", "index", "host", "source", "sourcetype"})


def tstats(node: ast.Tstats, job: Job) -> Result:
    """Over index fields, or over the fields of a data model's object, named with its prefix."""
    given = options(node.options)
    fill = word(given["fillnull_value"]) if "fillnull_value" in given else None
    earliest, latest = time_range(node.where, job)
    wanted = compiled(node.where, job)
    rows: list[Row] = []
    source = _model_rows(node.data_model, job) if node.data_model else candidates(node.where, job.data)
    for row in source:
        at = number(row["_time"]) or 0
        if (earliest is None or at >= earliest) and (latest is None or at < latest) and wanted(row):
            rows.append(row)
    by = [key.field for key in node.by]
    spans = {k.field: clock.span(word(o.value)) for k in node.by for o in k.options if o.key == "span"}
    if "span" in given:
        spans["_time"] = clock.span(word(given["span"]))
    prepared: list[Row] = []
    for row in rows if spans or fill is not None else ():
        copy = row.copy()
        for name in by:
            at = number(copy.get("_time"))
            if name == "_time" and name in spans and at is not None:
                copy["\0time"] = spans[name].floor(at)
            elif name not in copy and fill is not None:
                copy[name] = fill
        prepared.append(copy)
    # The bucket stands beside `_time`, which `min(_time)` and `latest(x)` still need.
    keys = ["\0time" if name == "_time" and name in spans else name for name in by]
    prepared = prepared or rows
    found = groups(prepared, keys) if keys else {(): prepared}
    made: list[Row] = []
    for key, members in found.items():
        row = Row()
        for name, own, part in zip(by, keys, key, strict=True):
            row[name] = typed(members, own, part)
        for aggregation in node.aggregations:
            row.put(aggregation.output, aggregate(aggregation, members, job))
        if by or row:
            made.append(row)
    return Result(made, [*by, *(a.output for a in node.aggregations)])


def _model_rows(path: str, job: Job) -> list[Row]:
    """The events of a data model's object, its fields under its prefix."""
    if path in job.data.memo:
        return job.data.memo[path]
    name, _, wanted = path.partition(".")
    model = job.data.named("data_model", name)
    objects = model.content.get("objects") if model else None
    if not isinstance(objects, list):
        raise OracleError(f"data model {name}")
    for item in objects:
        if isinstance(item, dict) and item.get("objectName") == (wanted or item.get("objectName")):
            break
    else:
        raise OracleError(f"data model object {path}")
    constraints = item["constraints"]
    assert isinstance(constraints, list)
    searches = [str(c["search"]) for c in constraints if isinstance(c, dict)]
    command = parse(expand(" ".join(f"({s})" for s in searches), job.data.knowledge).text).commands[0]
    assert isinstance(command, ast.Search)
    prefix = str(item["objectName"])
    matches = compiled(command.expr, job)
    made: list[Row] = []
    for row in job.data.events:
        if matches(row):
            fields: dict[str, Value] = {n if n in INDEXED else f"{prefix}.{n}": v for n, v in row.items()}
            fields[f"{prefix}.host"] = row.get("host")
            made.append(Row({n: v for n, v in fields.items() if v is not None}, row.seq))
    job.data.memo[path] = made
    return made


def makeresults(node: ast.Generic, job: Job) -> Result:
    """`count` rows at the job's now, or the rows of `format=csv|json data="…"`."""
    given = node.options
    now = int(job.now) if job.now == int(job.now) else job.now
    if "data" in given:
        data = word(given["data"])
        if word(given["format"]).lower() == "csv":
            rows = [Row({k: v for k, v in e.items() if v}) for e in csv.DictReader(io.StringIO(data.strip()))]
        else:
            rows = [Row({k: v for k, x in e.items() if (v := shown(x)) is not None}) for e in json.loads(data)]
        return Result(rows, list(dict.fromkeys(n for r in rows for n in r)))
    count = int(word(given["count"])) if "count" in given else 1
    return Result([Row({"_time": now}) for _ in range(count)], ["_time"])


def savedsearch(node: ast.Generic, job: Job) -> Result:
    """A saved search with its `$name$` arguments, in its own time range where the job's is all time."""
    item = job.data.named("saved_search", node.words[0])
    if item is None:
        raise OracleError(f"saved search {node.words[0]}")
    body = str(item.content["search"])
    for key, operand in node.options.items():
        body = body.replace(f"${key}$", word(operand))
    inner = job
    if not job.earliest and not job.latest:
        inner = replace(
            job,
            earliest=str(item.content.get("dispatch.earliest_time") or ""),
            latest=str(item.content.get("dispatch.latest_time") or ""),
        )
    expanded = expand(body, job.data.knowledge).text
    inner = inner.with_text(expanded)
    return inner.runner(inner, parse(expanded), None)
