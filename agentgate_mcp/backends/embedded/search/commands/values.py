"""Commands that compute plain fields: `replace`, `strcat`, `rangemap`, `addinfo`.

Choices where Splunk's behaviour is not documented: `replace` minds case, and without `IN` leaves
internal fields alone; among its patterns one without `*` counts most, then the one with the most
other characters, then the later one. `rangemap` gives its default where the field is no number or
absent. `addinfo` shows the job's own time range, and a search id made of the job's start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic, no_arguments, options_of, words_of
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.sqltext import fresh, let, number_sql, re2_literal, text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.text import wildcard_parts
from agentgate_mcp.spl.time import parse_time

_RANGE: Final = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)-(-?[0-9]+(?:\.[0-9]+)?)")
_MAX_WILDCARDS: Final = 9
"""Parts that a replacement of RE2 can name."""


def _replace(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options_of(command).done()
    pairs, names = _replacements(command)
    if names is None:
        chosen = [n for n in source.names() if not n.startswith("_")]
    else:
        chosen = list(source.matching(names))
    fields: dict[str, Column] = {}
    for name in chosen:
        column = source.column(name, build.parameters)
        if column is None:
            continue
        if column.kind == "list":
            item = fresh()
            sql = f"list_transform({column.sql}, lambda {item}: {_replaced(item, pairs, build)})"
            fields[name] = Column(sql=sql, kind="list")
        else:
            fields[name] = Column(sql=let(text_sql(column), lambda c: _replaced(c, pairs, build)), kind="text")
    return source.with_fields(fields)


def _replacements(command: ast.Generic) -> tuple[list[tuple[str, str]], list[str] | None]:
    """The pairs, the one that counts most first, and the fields named by `IN`."""
    words = words_of(command)
    pairs: list[tuple[str, str]] = []
    at = 0
    while at + 2 < len(words) and not words[at + 1].quoted and words[at + 1].text.lower() == "with":
        old, new = words[at], words[at + 2]
        if old.text.count("*") > _MAX_WILDCARDS:
            raise UnsupportedSplError(f"replace with more than {_MAX_WILDCARDS} wildcards", old.span.start)
        if new.text.count("*") > old.text.count("*"):
            raise SplError("replace: more * in the new value", new.span.start, "at most those of the old one")
        pairs.append((old.text, new.text))
        at += 3
    names: list[str] | None = None
    if pairs and at < len(words) and not words[at].quoted and words[at].text.lower() == "in":
        names = [w.text for w in words[at + 1 :]]
        at = len(words)
    if not pairs or at < len(words) or names == []:
        where = words[at].span.start if at < len(words) else command.span.start
        raise SplError("replace: unreadable arguments", where, "old WITH new … [IN field …]")
    strength = [(old.count("*") == 0, len(old) - old.count("*"), n) for n, (old, _) in enumerate(pairs)]
    return [pairs[n] for *_, n in sorted(strength, reverse=True)], names


def _replaced(text: str, pairs: list[tuple[str, str]], build: Build) -> str:
    branches: list[str] = []
    for old, new in pairs:
        parts = wildcard_parts(old)
        if len(parts) == 1:
            branches.append(f"WHEN {text} = {build.bind(old)} THEN {build.bind(new)}")
            continue
        pattern = build.bind("(?s)^" + "(.*)".join(map(re2_literal, parts)) + "$")
        literals = [part.replace("\\", "\\\\") for part in wildcard_parts(new)]
        rewrite = literals[0] + "".join(f"\\{n}{part}" for n, part in enumerate(literals[1:], 1))
        branches.append(
            f"WHEN regexp_matches({text}, {pattern}) THEN regexp_replace({text}, {pattern}, {build.bind(rewrite)})"
        )
    return f"CASE {' '.join(branches)} ELSE {text} END"


def _strcat(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options = options_of(command)
    all_required = options.flag("allrequired", False)
    options.done()
    words = words_of(command)
    if len(words) < 2:
        raise SplError("strcat", command.span.start, "at least one source and the field to make")
    *sources, target = words
    parts: list[str] = []
    required: list[str] = []
    for word in sources:
        if word.quote == '"':
            parts.append(build.bind(word.text))
            continue
        text = text_sql(source.column(word.text, build.parameters) or ABSENT)
        parts.append(f"coalesce({text}, '')")
        required.append(f"({text}) IS NOT NULL")
    joined = f"({' || '.join(parts)})"
    if all_required and required:
        old = text_sql(source.column(target.text, build.parameters) or ABSENT)
        joined = f"CASE WHEN {' AND '.join(required)} THEN {joined} ELSE {old} END"
    return source.with_fields({target.text: Column(sql=joined, kind="text")})


def _rangemap(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    field, default = "", "None"
    ranges: list[tuple[str, float, float]] = []
    for arg in command.args:
        match arg:
            case ast.Option(key="field", value=ast.Value() as value):
                field = value.text
            case ast.Option(key="default", value=ast.Value() as value):
                default = value.text
            case ast.Option(value=ast.Value() as value):
                found = _RANGE.fullmatch(value.text)
                if found is None:
                    raise SplError(f"rangemap {arg.name}", value.span.start, "a range such as 0-30")
                ranges.append((arg.name, float(found[1]), float(found[2])))
            case ast.Punct(text=","):
                pass
            case _:
                raise SplError("rangemap: unreadable argument", arg.span.start, "field=name or label=low-high")
    if not field or not ranges:
        raise SplError("rangemap", command.span.start, "field= and at least one range such as low=0-30")
    number = number_sql(source.column(field, build.parameters) or ABSENT)

    def labels(n: str) -> str:
        tests = (
            f"CASE WHEN {n} BETWEEN {build.bind(low)} AND {build.bind(high)} THEN {build.bind(label)} END"
            for label, low, high in ranges
        )
        item = fresh()
        return f"list_filter([{', '.join(tests)}], lambda {item}: {item} IS NOT NULL)"

    found = let(let(number, labels), lambda v: f"CASE WHEN len({v}) > 0 THEN {v} ELSE [{build.bind(default)}] END")
    return source.with_fields({"range": Column(sql=found, kind="list")})


def _addinfo(node: ast.Command, source: Relation, build: Build) -> Relation:
    no_arguments(generic(node))
    job = build.job
    earliest, latest = parse_time(job.earliest, job.now), parse_time(job.latest, job.now)
    values = {
        "info_min_time": f"{earliest or 0:.3f}",
        "info_max_time": "+Infinity" if latest is None else f"{latest:.3f}",
        "info_search_time": f"{job.now:.3f}",
        "info_sid": f"{job.now:.3f}",
    }
    return source.with_fields({n: Column(sql=build.bind(v), kind="text") for n, v in values.items()})


COMMANDS: Final[Mapping[str, Apply]] = {
    "replace": _replace,
    "strcat": _strcat,
    "rangemap": _rangemap,
    "addinfo": _addinfo,
}
