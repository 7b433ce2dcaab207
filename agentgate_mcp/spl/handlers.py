"""What single commands add to the facts: write targets, datasets, endpoints, nested searches.

A handler gets the scanner and its stage. A command with a handler reports its own writes; the
classes destroy, execute, send and network are reported by the scanner for every command.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from agentgate_mcp.spl import elsewhere, endpoints
from agentgate_mcp.spl.arguments import arguments, conditions
from agentgate_mcp.spl.layout import Stage
from agentgate_mcp.spl.lexer import MACRO, OPEN, WORD

if TYPE_CHECKING:
    from agentgate_mcp.spl.scan import Scanner

Handler = Callable[["Scanner", Stage], None]

_ROW_FIELD = re.compile(r"\$([^$\s]+)\$")
_SQL_WRITES = re.compile(
    r"\b(?:insert|update|delete|drop|alter|create|truncate|merge|replace|grant|revoke|exec|execute|call|into|"
    r"rename|load|copy|shutdown|do|begin|declare|set)\b",
    re.IGNORECASE,
)
_SQL_READS = re.compile(r"\s*\(*\s*(?:select|with|show|describe|desc|explain)\b", re.IGNORECASE)
_MAX_PATHS = 8
"""Words of a `rest` command that are looked at as endpoints; it takes one."""
_MAP_RUNS = 10
"""Searches that `map` runs where no `maxsearches` says otherwise."""
_DIGITS = 7
_INDEX = frozenset({"index"})
_ROWS_OF_MODEL = frozenset({"search", "flat", "acceleration_search"})


def _outputlookup(scanner: Scanner, stage: Stage) -> None:
    words = arguments(stage).words
    name = words[0] if words else "?"
    scanner.sketch.writes.append(f"{stage.name}:{name}")
    scanner.sketch.references.append(f"lookup:{name}")


def _writes(*keys: str) -> Handler:
    """A command that writes to what one of the options ``keys``, or its first word, names."""

    def handler(scanner: Scanner, stage: Stage) -> None:
        args = arguments(stage)
        target = args.target(*keys) or (args.words[0] if args.words else "")
        scanner.sketch.writes.append(f"{stage.name}:{target}" if target else stage.name)

    return handler


def _lookup(scanner: Scanner, stage: Stage) -> None:
    words = arguments(stage).words
    if words:
        scanner.sketch.references.append(f"lookup:{words[0]}")


def _fit(scanner: Scanner, stage: Stage) -> None:
    tokens = stage.tokens
    for index, (kind, text, _) in enumerate(tokens):
        if kind == WORD and text.lower() == "into":
            model = tokens[index + 1][1].strip('"') if index + 1 < len(tokens) else "?"
            scanner.sketch.writes.append(f"fit:{model}")


def _rest(scanner: Scanner, stage: Stage) -> None:
    args = arguments(stage)
    sketch = scanner.sketch
    method = args.options.get("method", "get").strip().upper()
    paths = args.words or [args.options[k] for k in ("path", "url", "uri", "endpoint") if k in args.options]
    if not paths or any(t[0] in (MACRO, OPEN) for t in stage.tokens[:1]):
        sketch.unresolved.append("rest: its endpoint is computed")
    if len(paths) > _MAX_PATHS:
        sketch.unresolved.append("rest: it names many endpoints")
    for written in paths[:_MAX_PATHS]:
        path = endpoints.normalise(written)
        label = f"{method} {path}"
        sketch.rest.append(label)
        if endpoints.is_credential(path):
            sketch.credentials.append(path)
        if "$" in path or not endpoints.is_listed(path):
            sketch.rest_unlisted.append(label)
    if method != "GET":
        sketch.destructive.append(f"rest:{method}")


def _map(scanner: Scanner, stage: Stage) -> None:
    args = arguments(stage)
    sketch = scanner.sketch
    text, first = args.options.get("search"), len(sketch.places)
    saved = args.options.get("savedsearch") or (args.words[0] if args.words else "")
    if text:
        scanner.read_other(text, "map")
    elif saved:
        elsewhere.saved_search(scanner, saved)
    limit = args.options.get("maxsearches", "")
    runs = int(limit) if limit.isdecimal() and len(limit) < _DIGITS else _MAP_RUNS
    sketch.places[first:] = [replace(place, runs=place.runs * max(runs, 1)) for place in sketch.places[first:]]
    names = sorted(set(_ROW_FIELD.findall(text or "")))
    # Row values are pasted into the search as text, so its final form is known only row by row.
    filled = f" filled with ${'$, $'.join(names)}$" if names else ""
    sketch.unresolved.append(f"map: runs a search for each row{filled}")


def _savedsearch(scanner: Scanner, stage: Stage) -> None:
    args = arguments(stage)
    computed = any(kind in (MACRO, OPEN) for kind, _, _ in stage.tokens)
    elsewhere.saved_search(scanner, args.words[0] if args.words else None, args.options, computed=computed)


def _loadjob(scanner: Scanner, stage: Stage) -> None:
    name = arguments(stage).options.get("savedsearch")
    if name is not None:
        # `user:app:name`; the results of an earlier run are read, nothing is run.
        elsewhere.saved_search(scanner, name.rpartition(":")[2], runs=False)


def _from(scanner: Scanner, stage: Stage) -> None:
    """`from datamodel:X`, `from lookup:"x"`, `from savedsearch:x`, `from datamodel X`."""
    words = arguments(stage).words
    head = words[0] if words else ""
    kind, _, name = head.partition(":")
    if not name and len(words) > 1:
        name = words[1]
    _data_set(scanner, kind, name, f"from: dataset {head or '?'}")


def _union(scanner: Scanner, stage: Stage) -> None:
    """The data sets among the searches of `union`: `datamodel:X`, `savedsearch:"x"`, a bare name is a lookup."""
    pending = ""
    for word in arguments(stage).words:
        head, pending = pending + word, ""
        if word.endswith(":"):
            pending = head
            continue
        kind, separator, name = head.partition(":")
        _data_set(scanner, *((kind, name) if separator else ("lookup", head)), f"union: dataset {head}")
    if pending or any(kind == MACRO for kind, _, _ in stage.tokens):
        scanner.sketch.unresolved.append("union: a dataset's name is computed")


def _data_set(scanner: Scanner, kind: str, name: str, label: str) -> None:
    sketch, mark = scanner.sketch, scanner.mark()
    kind = kind.strip().lower()
    name = name.strip().strip('"')
    match kind:
        case "datamodel" if name:
            elsewhere.data_model(scanner, name, raw=True)
            sketch.raw_events = True
            scanner.reads(mark, ((), ()))
            return
        case "savedsearch" if name:
            elsewhere.saved_search(scanner, name)
        case "lookup" | "inputlookup" if name:
            sketch.references.append(f"lookup:{name}")
        case "inputintelligence" | "job" | "sid":
            pass
        case _:
            sketch.unresolved.append(label)
            sketch.raw_events = sketch.all_indexes = True
            scanner.reads(mark, ((), ()))
            return
    scanner.unmark(mark)


def _datamodel(scanner: Scanner, stage: Stage) -> None:
    """`datamodel [Model [Object [search|flat|acceleration_search]]]`; rows only with a mode."""
    words = arguments(stage).words
    if not words:
        return
    raw, mark = any(w.lower() in _ROWS_OF_MODEL for w in words[2:]), scanner.mark()
    elsewhere.data_model(scanner, ".".join(words[:2]), raw=raw)
    if raw:
        scanner.sketch.raw_events = True
        scanner.reads(mark, ((), ()))
    else:
        scanner.unmark(mark)


def _pivot(scanner: Scanner, stage: Stage) -> None:
    words, mark = arguments(stage).words, scanner.mark()
    elsewhere.data_model(scanner, ".".join(words[:2]) if words else None, raw=True)
    scanner.sketch.raw_events = True
    scanner.reads(mark, ((), ()))


def _metadata(scanner: Scanner, stage: Stage) -> None:
    """`metadata`, `eventcount`, `dbinspect`, `walklex`, `mcatalog`: statistics of indexes."""
    sketch = scanner.sketch
    named = [found.value for found in conditions(stage.tokens, _INDEX)]
    for value in named:
        if value is None:
            sketch.all_indexes = True
            continue
        for part in value.split(","):
            sketch.indexes.append(part.strip().lower())
    if not named:
        sketch.default_indexes = True


def _join(scanner: Scanner, stage: Stage) -> None:
    scanner.sketch.joins += 1


def _dbxquery(scanner: Scanner, stage: Stage) -> None:
    args = arguments(stage)
    sql = args.options.get("query", args.words[0] if args.words else "")
    if "procedure" in args.options or not _SQL_READS.match(sql) or _SQL_WRITES.search(sql) or ";" in sql.rstrip("; "):
        scanner.sketch.destructive.append(stage.name)


def _always(label: str) -> Handler:
    def handler(scanner: Scanner, stage: Stage) -> None:
        scanner.sketch.unresolved.append(f"{stage.name}: {label}")

    return handler


HANDLERS: dict[str, Handler] = {
    "outputlookup": _outputlookup,
    "inputlookup": _lookup,
    "lookup": _lookup,
    "outputcsv": _writes("file"),
    "outputtext": _writes(),
    "outputraw": _writes("file"),
    "outputrawr": _writes("file"),
    "createrss": _writes("path"),
    "collect": _writes("index", "file", "name", "marker"),
    "summaryindex": _writes("index", "file", "name"),
    "stash": _writes("index", "file", "name"),
    "mcollect": _writes("index", "file"),
    "meventcollect": _writes("index", "file"),
    "mrollup": _writes("index"),
    "tscollect": _writes("namespace"),
    "dump": _writes("basefilename"),
    "dbxoutput": _writes("output", "connection"),
    "fit": _fit,
    "rest": _rest,
    "map": _map,
    "savedsearch": _savedsearch,
    "loadjob": _loadjob,
    "from": _from,
    "union": _union,
    "datamodel": _datamodel,
    "pivot": _pivot,
    "metadata": _metadata,
    "eventcount": _metadata,
    "dbinspect": _metadata,
    "walklex": _metadata,
    "mcatalog": _metadata,
    "typeahead": _metadata,
    "join": _join,
    "selfjoin": _join,
    "dbxquery": _dbxquery,
    "dispatch": _always("runs a search that stands elsewhere"),
    "remotetl": _always("runs a search that stands elsewhere"),
}
