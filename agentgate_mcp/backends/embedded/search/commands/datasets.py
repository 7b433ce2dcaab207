"""Commands that start from a dataset: `from`, `datamodel`, `savedsearch`, `inputlookup`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import Options, generic, options_of, words_of
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.combine import stacked
from agentgate_mcp.backends.embedded.search.datasets import Dataset, dataset, saved_search
from agentgate_mcp.backends.embedded.search.events import filtered
from agentgate_mcp.backends.embedded.search.lookups import lookup_named, lookup_relation
from agentgate_mcp.backends.embedded.search.registry import Apply, Generate
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast


def _from(node: ast.Command, build: Build) -> Relation:
    node = generic(node)
    options_of(node).done()
    # `datamodel:"X.Y"` is two values, `datamodel:X.Y` one.
    name = "".join(word.text for word in words_of(node))
    if not name:
        raise SplError("from without a dataset", node.span.start, "a dataset such as datamodel:Model.Object")
    return dataset(name, build, node.span.start)


def _datamodel(node: ast.Command, build: Build) -> Relation:
    node = generic(node)
    options = options_of(node)
    options.ignore("summariesonly", "allow_old_summaries", "strict_fields")
    options.done()
    words = [word.text for word in words_of(node)]
    if len(words) < 3:
        raise UnsupportedSplError(
            "datamodel as a description is not supported", node.span.start, "datamodel MODEL OBJECT search|flat"
        )
    model, wanted, mode = words[:3]
    found = Dataset.find(model, wanted, build, node.span.start)
    events = found.events(None, build)
    match mode.lower():
        case "search" | "acceleration_search":
            return found.prefixed(events, build, raw=True)
        case "flat":
            return found.plain(events, build)
        case _:
            raise SplError(f"datamodel mode {mode[:40]!a}", node.span.start, "search or flat")


def _savedsearch(node: ast.Command, build: Build) -> Relation:
    node = generic(node)
    words = [word.text for word in words_of(node)]
    if len(words) != 1:
        raise SplError(f"savedsearch with {len(words)} names", node.span.start, "the name of one saved search")
    values = {a.key: a.value.text for a in node.args if isinstance(a, ast.Option) and isinstance(a.value, ast.Value)}
    values.pop("nosubstitution", None)
    return saved_search(words[0], values, build, node.span.start)


def _inputlookup(node: ast.Command, source: Relation | None, build: Build) -> Relation:
    assert isinstance(node, ast.InputLookup)
    options = Options("inputlookup", node.options)
    appended = options.flag("append", default=False)
    first, most = options.count("start", 0), options.count("max", 1_000_000_000)
    options.ignore("strict", "local")
    options.done()
    rows = lookup_relation(lookup_named(node.name, build.knowledge, node.span.start), build)
    rows = filtered(node.where, rows, build)
    if first or most < 1_000_000_000:
        rows = rows.numbered()
        rows = rows.where(f"{rows.order[0]} > {first} AND {rows.order[0]} <= {first + most}")
    if source is None:
        return rows
    if not appended:
        raise SplError("inputlookup after another command", node.span.start, "append=true")
    return stacked([source, rows], build)


def _started(node: ast.Command, build: Build) -> Relation:
    return _inputlookup(node, None, build)


GENERATING: Final[Mapping[str, Generate]] = {
    "from": _from,
    "datamodel": _datamodel,
    "savedsearch": _savedsearch,
    "inputlookup": _started,
}
COMMANDS: Final[Mapping[str, Apply]] = {"inputlookup": _inputlookup}
