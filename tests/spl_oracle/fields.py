"""Commands that choose, rename or fill fields: eval, table, fields, rename, fillnull, filldown, …"""

from __future__ import annotations

import re

from agentgate_mcp.spl import ast
from agentgate_mcp.spl.parser import parse
from tests.spl_oracle import clock
from tests.spl_oracle.evaluate import Scope, evaluate
from tests.spl_oracle.job import Job, OracleError, Result, truth, word
from tests.spl_oracle.values import MadeRaw, Row, Value, items, matching_names, name_pattern, number, single, text


def eval_(node: ast.Eval, source: Result, job: Job) -> Result:
    rows: list[Row] = []
    for row in source.rows:
        copy = row.copy()
        for assignment in node.assignments:
            copy.put(assignment.field, evaluate(assignment.expr, Scope(copy, job)))
        rows.append(copy)
    return Result(rows, source.with_columns(*(a.field for a in node.assignments)))


def _picked(rows: list[Row], names: list[str], named: set[str]) -> list[Row]:
    made: list[Row] = []
    for row in rows:
        picked = Row({n: row[n] for n in names if n in row}, row.seq)
        raw = picked.get("_raw")
        if isinstance(raw, MadeRaw) and "_raw" in named:
            picked["_raw"] = str(raw)
        made.append(picked)
    return made


def table(node: ast.Table, source: Result) -> Result:
    names = matching_names(node.fields, source.names())
    return Result(_picked(source.rows, names, set(node.fields)), names)


def fields(node: ast.Fields, source: Result) -> Result:
    """Internal fields stay unless they are removed by name."""
    known = source.names()
    named = matching_names(node.fields, known)
    if node.remove:
        kept = [n for n in known if n not in named]
        return Result(_picked(source.rows, kept, set()), kept if source.columns is not None else None)
    internal = [n for n in known if n.startswith("_") and n not in named]
    return Result(_picked(source.rows, [*named, *internal], set(node.fields)), [*named, *internal])


def rename(node: ast.Rename, source: Result) -> Result:
    """All pairs act on the names as they were; a name that is taken is overwritten."""
    known = source.names()
    new: dict[str, str] = {}
    for old, to in node.pairs:
        if "*" not in old:
            new[old] = to
            continue
        shape = name_pattern(old)
        for name in known:
            match = shape.fullmatch(name)
            if match and (old.startswith("_") or not name.startswith("_")):
                parts = iter(match.groups())
                new[name] = re.sub(r"\*", lambda _, parts=parts: next(parts), to)
    made: list[Row] = []
    for row in source.rows:
        renamed = {new[n]: v for n, v in row.items() if n in new}
        if isinstance(renamed.get(new.get("_raw", "")), MadeRaw):
            renamed[new["_raw"]] = text(renamed[new["_raw"]])
        kept = {n: v for n, v in row.items() if n not in new and n not in renamed}
        made.append(Row({**kept, **renamed}, row.seq))
    if source.columns is None:
        return Result(made)
    targets = set(new.values())
    columns = [new.get(n, n) for n in known if n in new or n not in targets]
    return Result(made, list(dict.fromkeys(columns)))


def fillnull(node: ast.Generic, source: Result) -> Result:
    """Without names every field that there is, internal ones left out."""
    value = word(node.options["value"]) if "value" in node.options else "0"
    names = list(node.words) or [n for n in source.names() if not n.startswith("_")]
    rows = [row.copy() for row in source.rows]
    for row in rows:
        for name in names:
            if name not in row or row[name] == "":
                row[name] = value
    return Result(rows, source.with_columns(*names))


def filldown(node: ast.Generic, source: Result) -> Result:
    names = matching_names(node.words or ("*",), source.names())
    last: dict[str, Value] = {}
    rows = [row.copy() for row in source.rows]
    for row in rows:
        for name in names:
            if name in row:
                last[name] = row[name]
            elif name in last:
                row[name] = last[name]
    return Result(rows, source.columns)


def replace(node: ast.Generic, source: Result) -> Result:
    """`replace "a*" WITH "b*" … IN f1 f2`: whole values; ``*`` carries what it matched."""
    words = list(node.words)
    pairs: list[tuple[str, str]] = []
    names: list[str] = []
    while words:
        if words[0].lower() == "in":
            names = words[1:]
            break
        if len(words) < 3 or words[1].lower() != "with":
            raise OracleError("replace: expected WITH")
        pairs.append((words[0], words[2]))
        words = words[3:]
    rows = [row.copy() for row in source.rows]
    for row in rows:
        for name in names or [n for n in row if not n.startswith("_")]:
            if name in row:
                row.put(name, single(_replaced(item, pairs) for item in items(row[name])))
    return Result(rows, source.columns)


def _replaced(value: str, pairs: list[tuple[str, str]]) -> str:
    for old, new in pairs:
        match = re.fullmatch("(.*)".join(map(re.escape, old.split("*"))), value, re.DOTALL)
        if match:
            parts = iter(match.groups())
            return re.sub(r"\*", lambda _, parts=parts: next(parts), new)
    return value


def rangemap(node: ast.Generic, source: Result) -> Result:
    """`rangemap field=x low=0-9 high=10-99 default=other`: every range that holds the value."""
    name = word(node.options["field"])
    default = word(node.options["default"]) if "default" in node.options else "None"
    ranges: list[tuple[str, float, float]] = []
    for key, operand in ((o.name, o.value) for o in node.args if isinstance(o, ast.Option)):
        match = re.fullmatch(r"(-?[\d.]+)-(-?[\d.]+)", word(operand))
        if key not in ("field", "default") and match:
            ranges.append((key, float(match.group(1)), float(match.group(2))))
    rows = [row.copy() for row in source.rows]
    for row in rows:
        amount = number(row.get(name))
        found = [key for key, low, high in ranges if amount is not None and low <= amount <= high]
        row["range"] = " ".join(found) if found else default
    return Result(rows, source.with_columns("range"))


def strcat(node: ast.Generic, source: Result) -> Result:
    """`strcat [allrequired=t] a "-" b target`: quoted parts are texts; a missing field is empty."""
    required = truth(node.options.get("allrequired"), False)
    values = [a for a in node.args if isinstance(a, ast.Value)]
    target = values[-1].text
    rows = [row.copy() for row in source.rows]
    for row in rows:
        parts = [v.text if v.quote == '"' else text(row.get(v.text)) for v in values[:-1]]
        if not required or all(v.quote == '"' or v.text in row for v in values[:-1]):
            row[target] = "".join(parts)
    return Result(rows, source.with_columns(target))


def foreach(node: ast.Generic, source: Result, job: Job) -> Result:
    """Runs the bracket once per matching field, `<<FIELD>>` and `<<MATCHSTR>>` put in as text."""
    template = next(a for a in node.args if isinstance(a, ast.Subsearch))
    inner = job.source(template)[1:-1].strip()
    made = source
    for pattern in node.words:
        for name in matching_names((pattern,), source.names()):
            match = name_pattern(pattern).fullmatch(name)
            groups = match.groups() if match else ()
            written = inner.replace("<<FIELD>>", name).replace("<<MATCHSTR>>", groups[0] if groups else "")
            for position, part in enumerate(groups, start=1):
                written = written.replace(f"<<MATCHSEG{position}>>", part)
            pipeline = parse("| " + written)
            made = job.with_text("| " + written).runner(job.with_text("| " + written), pipeline, made)
    return made


# --- convert ------------------------------------------------------------------------------------

_CALL = re.compile(r"(\w+)\(\s*([^()]*?)\s*\)(?:\s+as\s+(\"[^\"]+\"|[\w.]+))?", re.IGNORECASE)
_MEMORY = {"k": 1, "m": 1024, "g": 1024 * 1024}


def convert(node: ast.Generic, source: Result, job: Job) -> Result:
    """`convert [timeformat="…"] ctime(x) AS y num(z) …`; a pattern of fields with ``*``."""
    layout = word(node.options["timeformat"]) if "timeformat" in node.options else "%m/%d/%Y %H:%M:%S"
    rows = [row.copy() for row in source.rows]
    columns = source.columns
    done: set[str] = set()
    for function, field, alias in _CALL.findall(job.source(node)):
        for name in matching_names((field.strip('"'),), source.names()):
            if "*" in field and name in done:
                continue
            done.add(name)
            if function.lower() == "none":
                continue
            target = alias.strip('"') or name
            for row in rows:
                if name in row:
                    row.put(target, _converted(function.lower(), row[name], layout))
            columns = Result(rows, columns).with_columns(target)
    return Result(rows, columns)


def _converted(function: str, value: Value, layout: str) -> Value:
    """The value converted; `num`, `mktime`, `dur2sec` and `memk` give nothing for what they cannot convert."""
    written, amount = text(value), number(value)
    match function:
        case "ctime":
            return value if amount is None else clock.strftime(amount, layout)
        case "mktime":
            return clock.strptime(written, layout)
        case "num":
            return amount
        case "auto":
            return value if amount is None else amount
        case "rmcomma":
            return written.replace(",", "")
        case "rmunit":
            match = re.match(r"[+-]?(?:\d+\.?\d*|\.\d+)", written)
            return number(match.group()) if match else value
        case "dur2sec":
            match = re.fullmatch(r"(?:(\d+)\+)?(?:(\d+):)?(\d+):(\d+)(?:\.\d+)?", written)
            if not match:
                return None
            days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
            return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        case "memk":
            match = re.fullmatch(r"(\d+\.?\d*)\s*([kmgKMG]?)", written)
            return float(match.group(1)) * _MEMORY[match.group(2).lower() or "k"] if match else None
        case _:
            raise OracleError(f"convert {function}")
