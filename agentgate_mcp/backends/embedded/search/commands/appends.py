"""`append`, `appendpipe`, `union`, `multisearch`: the rows of several searches in one.

`union` and `multisearch` merge searches that give events by time; `union` of anything else, and
`append`, put one search's rows below the other's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic, options_of
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.combine import EVENT_ORDER, stacked
from agentgate_mcp.backends.embedded.search.commands.joins import MAX_OUT, TUNING, bracket, capped
from agentgate_mcp.backends.embedded.search.datasets import dataset
from agentgate_mcp.backends.embedded.search.registry import Apply, Generate
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast


def _append(node: ast.Command, source: Relation, build: Build) -> Relation:
    node = generic(node)
    options = options_of(node)
    limit = options.count("maxout", MAX_OUT)
    options.ignore(*TUNING)
    options.done()
    return stacked([source, capped(build.subsearch(bracket(node).pipeline), limit)], build)


def _appendpipe(node: ast.Command, source: Relation, build: Build) -> Relation:
    node = generic(node)
    options = options_of(node)
    options.ignore("run_in_preview")
    options.done()
    kept = build.kept(source)
    return stacked([kept, build.applied(bracket(node).pipeline, kept)], build)


def _union(node: ast.Command, source: Relation | None, build: Build) -> Relation:
    node = generic(node)
    options = options_of(node)
    limit = options.count("maxout", MAX_OUT)
    options.ignore("maxtime", "timeout")
    options.done()
    parts = [] if source is None else [source]
    name = ""
    for arg in node.args:
        match arg:
            case ast.Subsearch():
                parts.append(capped_events(build.subsearch(arg.pipeline), limit))
            case ast.Value() if arg.text.endswith(":") and not arg.quoted:
                name = arg.text  # `datamodel:"X.Y"` is two values
            case ast.Value():
                parts.append(dataset(name + arg.text, build, arg.span.start))
                name = ""
            case _:
                pass
    if len(parts) < 2:
        raise SplError(f"union of {len(parts)} searches", node.span.start, "two or more [subsearch] or datasets")
    return stacked(parts, build, interleaved=True)


def capped_events(relation: Relation, limit: int) -> Relation:
    """Whole events are not cut: as in Splunk the limit is for searches that do not stream."""
    return relation if relation.order == EVENT_ORDER else capped(relation, limit)


def _started(node: ast.Command, build: Build) -> Relation:
    return _union(node, None, build)


def _multisearch(node: ast.Command, build: Build) -> Relation:
    node = generic(node)
    options_of(node).done()
    brackets = [a for a in node.args if isinstance(a, ast.Subsearch)]
    if len(brackets) < 2:
        raise SplError(f"multisearch of {len(brackets)} searches", node.span.start, "two or more [subsearch]")
    parts: list[Relation] = []
    for item in brackets:
        part = build.subsearch(item.pipeline)
        if part.order != EVENT_ORDER:
            raise SplError("multisearch takes streaming searches only", item.span.start, "a search of events")
        parts.append(part)
    return stacked(parts, build, interleaved=True)


COMMANDS: Final[Mapping[str, Apply]] = {"append": _append, "appendpipe": _appendpipe, "union": _union}
GENERATING: Final[Mapping[str, Generate]] = {"union": _started, "multisearch": _multisearch}
