"""Commands that make rows of their own: `makeresults`, `metadata`, `eventcount`, `rest`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Final, Literal, cast

from agentgate_mcp.backends.embedded.search.arguments import generic, options_of, words_of
from agentgate_mcp.backends.embedded.search.build import MAX_ROWS, Build, FieldValue
from agentgate_mcp.backends.embedded.search.registry import Generate
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.backends.embedded.search.restful import rest_rows
from agentgate_mcp.backends.embedded.store import matches_index
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.model.call import Json
from agentgate_mcp.spl import ast

_KINDS: Final[Mapping[str, Literal["host", "source", "sourcetype"]]] = {
    "hosts": "host",
    "sources": "source",
    "sourcetypes": "sourcetype",
}
_ANNOTATIONS: Final = ("_raw", "host", "source", "sourcetype", "splunk_server", "splunk_server_group")


def _makeresults(node: ast.Command, build: Build) -> Relation:
    """Rows with `_time` at the job's now; with ``data`` the rows of that text, as in Splunk."""
    node = generic(node)
    options = options_of(node)
    count = options.count("count", 1)
    annotate = options.flag("annotate", default=False)
    layout, data = options.choice("format", "", "csv", "json"), options.text("data")
    options.ignore("splunk_server", "splunk_server_group")
    options.done()
    if count > MAX_ROWS:
        raise UnsupportedSplError(f"makeresults of more than {MAX_ROWS} rows is not supported", node.span.start)
    if layout:
        rows = _csv(data) if layout == "csv" else _json(data, node.span.start)
        names = list(dict.fromkeys(name for row in rows for name in row))
        return build.loaded(["_time", *names], [{"_time": build.job.now, **row} for row in rows])
    names = ["_time", *(_ANNOTATIONS if annotate else ())]
    row: dict[str, FieldValue] = {"_time": build.job.now, "splunk_server": "embedded"}
    return build.loaded(names, [row] * count)


def _csv(text: str) -> list[dict[str, FieldValue]]:
    rows = csv.DictReader(io.StringIO(text.strip("\n"), newline=""))
    return [{str(k).strip(): v for k, v in row.items() if isinstance(v, str) and v} for row in rows]


def _json(text: str, position: int) -> list[dict[str, FieldValue]]:
    try:
        parsed = cast(Json, json.loads(text))
    except (ValueError, RecursionError):
        raise SplError("makeresults: data is no JSON", position, "an array of objects") from None
    if not isinstance(parsed, list) or not all(isinstance(item, dict) for item in parsed):
        raise SplError("makeresults: data is not an array of objects", position, "an array of objects")
    return [{k: _field(v) for k, v in item.items()} for item in parsed if isinstance(item, dict)]


def _field(value: Json) -> FieldValue:
    match value:
        case bool():
            return "true" if value else "false"
        case None | str() | int() | float():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def _metadata(node: ast.Command, build: Build) -> Relation:
    node = generic(node)
    options = options_of(node)
    kind = options.choice("type", "", *_KINDS)
    patterns = options.texts("index") or ("*",)
    options.ignore("splunk_server", "splunk_server_group", "datatype")
    options.done()
    if not kind:
        raise SplError("metadata without a type", node.span.start, "type=hosts, sources or sourcetypes")
    column = _KINDS[kind]
    rows: list[dict[str, FieldValue]] = [
        {
            "firstTime": int(row.earliest),
            column: row.value,
            "lastTime": int(row.latest),
            "recentTime": int(row.latest),
            "totalCount": row.events,
            "type": kind,
        }
        for row in sorted(build.store.metadata(column, *patterns), key=lambda row: row.value)
    ]
    return build.loaded(["firstTime", column, "lastTime", "recentTime", "totalCount", "type"], rows)


def _eventcount(node: ast.Command, build: Build) -> Relation:
    node = generic(node)
    options = options_of(node)
    patterns = options.texts("index") or ("*",)
    summed = options.flag("summarize", default=True)
    sized = options.flag("report_size", default=False)
    options.ignore("list_vix", "list_federated_remote", "splunk_server", "splunk_server_group")
    options.done()
    held = [i for i in build.store.indexes if any(matches_index(i.name, pattern) for pattern in patterns)]
    if summed:
        row: dict[str, FieldValue] = {"count": sum(i.events for i in held)}
        if sized:
            row["size_bytes"] = sum(i.text_bytes for i in held)
        return build.loaded(list(row), [row])
    names = ["count", "index", "server", *(["size_bytes"] if sized else [])]
    rows: Sequence[Mapping[str, FieldValue]] = [
        {"count": i.events, "index": i.name, "server": "embedded", "size_bytes": i.text_bytes} for i in held
    ]
    return build.loaded(names, rows)


def _rest(node: ast.Command, build: Build) -> Relation:
    node = generic(node)
    options = options_of(node)
    limit = options.count("count", 0)
    if options.text("method", "get").lower() != "get":
        raise UnsupportedSplError("rest with a method other than GET is not supported", node.span.start)
    options.ignore("splunk_server", "splunk_server_group", "timeout")
    options.done()
    words = [word.text for word in words_of(node)]
    if len(words) != 1:
        raise SplError(f"rest with {len(words)} endpoints", node.span.start, "one endpoint")
    rows = rest_rows(words[0], build, node.span.start)
    rows = rows[:limit] if limit else rows
    return build.loaded(list(dict.fromkeys(name for row in rows for name in row)), rows)


GENERATING: Final[Mapping[str, Generate]] = {
    "makeresults": _makeresults,
    "metadata": _metadata,
    "eventcount": _eventcount,
    "rest": _rest,
}
