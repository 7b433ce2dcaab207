"""`rex`: fields out of a text by a pattern, or the text rewritten as `sed` does.

Choices where Splunk's behaviour is not documented: a group that matches nothing leaves its field as
it is; a multivalue field is searched value by value and `max_match` counts over all of them; with
several matches `offset_field` lists the groups of each in turn; `s` takes `g`, or the number of the
one occurrence to replace.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic, options_of
from agentgate_mcp.backends.embedded.search.build import Build, FieldValue, Record
from agentgate_mcp.backends.embedded.search.patterns import Match, checked, compiled, groups
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import Column, Relation
from agentgate_mcp.backends.embedded.search.rowwise import Compute, over, values_of, with_computed
from agentgate_mcp.backends.embedded.search.sqltext import fresh, let, list_sql, text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast


def _rex(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options = options_of(command)
    field = options.text("field", "_raw")
    mode = options.choice("mode", "", "sed")
    given = _pattern(command)
    if mode:
        options.done()
        for step in _script(given.text, given.span.start):
            source = step.applied(field, source, build)
        return source
    most = options.count("max_match", 1)
    offsets = options.text("offset_field")
    options.done()
    pattern = checked(given.text, given.span.start, what="rex")
    names = groups(pattern)
    if not any(names):
        raise SplError("rex: the pattern extracts nothing", given.span.start, "a named group such as (?<name>…)")
    if source.column(field, build.parameters) is None:
        return source
    if offsets:
        source = _with_offsets(source, build, field, pattern, offsets, most, command.span.start)
    return _extracted(source, build, field, pattern, names, most)


def _pattern(command: ast.Generic) -> ast.Value:
    """The pattern: one string, or without quotes what stands together. Raises: SplError."""
    parts = [a for a in command.args if not isinstance(a, ast.Option)]
    match parts:
        case [ast.Value() as given]:
            return given
        case [first, *_]:
            texts = [_unquoted(part) for part in parts]
            together = all(a.span.end == b.span.start for a, b in itertools.pairwise(parts))
            if together and None not in texts:
                return ast.Value(raw="".join(filter(None, texts)), span=ast.Span(first.span.start, parts[-1].span.end))
        case _:
            pass
    raise SplError("rex", command.span.start, "one pattern in quotes")


def _unquoted(arg: ast.Arg) -> str | None:
    match arg:
        case ast.Value(raw=raw, quote=""):
            return raw
        case ast.Punct(text=text):
            return text
        case _:
            return None


def _extracted(source: Relation, build: Build, field: str, pattern: str, names: tuple[str, ...], most: int) -> Relation:
    column = source.column(field, build.parameters)
    assert column is not None
    bound = build.bind(pattern)
    fields: dict[str, Column] = {}
    if most == 1 and column.kind != "list":
        labels = ", ".join(f"'g{n}'" for n in range(len(names)))
        source, whole = source.beside(f"regexp_extract({text_sql(column)}, {bound}, [{labels}])")
        for n, name in enumerate(names):
            if name:
                found = Column(sql=f"nullif({whole}.g{n}, '')", kind="text")
                fields[name] = over(source.column(name, build.parameters), found)
        return source.with_fields(fields)
    source, values = source.beside(list_sql(column))
    cut = f"[1:{int(most)}]" if most else ""
    for n, name in enumerate(names, 1):
        if not name:
            continue
        item, one = fresh(), fresh()
        matches = f"list_transform({values}, lambda {item}: regexp_extract_all({item}, {bound}, {n}))"
        kept = f"list_filter((flatten({matches})){cut}, lambda {one}: {one} != '')"
        found = Column(sql=let(kept, lambda v: f"CASE WHEN len({v}) > 0 THEN {v} END"), kind="list")
        fields[name] = over(source.column(name, build.parameters), found)
    return source.with_fields(fields)


def _with_offsets(
    source: Relation, build: Build, field: str, pattern: str, target: str, most: int, position: int
) -> Relation:
    names = groups(pattern)
    search = compiled(pattern)

    def offsets(record: Record) -> Mapping[str, FieldValue]:
        found: list[str] = []
        for value in values_of(record.get(field)):
            for count, match in enumerate(search.finditer(value), 1):
                for group, name in enumerate(names, 1):
                    start, end = match.span(group)
                    if name and end > start >= 0:
                        found.append(f"{name}={start}-{end - 1}")
                if count == most:
                    break
        return {target: "&".join(found)} if found else {}

    return with_computed(source, build, [field], offsets, command="rex", position=position)


# --- mode=sed ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Characters:
    """`y/abc/xyz/`."""

    old: str
    new: str

    def applied(self, field: str, source: Relation, build: Build) -> Relation:
        old, new = build.bind(self.old), build.bind(self.new)
        return _mapped(field, source, build, lambda c: f"translate({c}, {old}, {new})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Substitution:
    """`s/pattern/replacement/`; ``which`` is the occurrence, 0 for every one. The replacement is
    literal texts and group numbers in turn."""

    pattern: str
    replacement: tuple[str | int, ...]
    which: int
    position: int

    def applied(self, field: str, source: Relation, build: Build) -> Relation:
        if self.which > 1:
            inputs = [field] if source.column(field, build.parameters) is not None else []
            compute = self._nth(field)
            return with_computed(source, build, inputs, compute, command="rex", position=self.position)
        rewrite = "".join(f"\\{p}" if isinstance(p, int) else p.replace("\\", "\\\\") for p in self.replacement)
        bound = f"{build.bind(self.pattern)}, {build.bind(rewrite)}"
        flags = "" if self.which else ", 'g'"
        return _mapped(field, source, build, lambda c: f"regexp_replace({c}, {bound}{flags})")

    def _nth(self, field: str) -> Compute:
        search = compiled(self.pattern)

        def replaced(value: str) -> str:
            for count, match in enumerate(search.finditer(value), 1):
                if count == self.which:
                    start, end = match.span()
                    return value[:start] + self._written(match) + value[end:]
            return value

        def compute(record: Record) -> Mapping[str, FieldValue]:
            values = [replaced(v) for v in values_of(record.get(field))]
            return {field: values[0] if len(values) == 1 else values} if values else {}

        return compute

    def _written(self, match: Match) -> str:
        return "".join((match.group(p) or "") if isinstance(p, int) else p for p in self.replacement)


def _mapped(field: str, source: Relation, build: Build, use: Callable[[str], str]) -> Relation:
    column = source.column(field, build.parameters)
    if column is None:
        return source
    if column.kind == "list":
        item = fresh()
        return source.with_fields(
            {field: Column(sql=f"list_transform({column.sql}, lambda {item}: {use(item)})", kind="list")}
        )
    return source.with_fields({field: Column(sql=let(text_sql(column), use), kind="text")})


def _script(script: str, position: int) -> list[_Substitution | _Characters]:
    """The commands of a sed script, in order. Raises: SplError, UnsupportedSplError."""
    steps: list[_Substitution | _Characters] = []
    at = 0
    while at < len(script):
        if script[at] in " \t\n;":
            at += 1
            continue
        name, mark = script[at], script[at + 1 : at + 2]
        if name not in "sy" or not mark or mark.isalnum() or mark in "\\ \n":
            raise SplError("rex mode=sed: unreadable command", position, "s/pattern/replacement/flags or y/abc/xyz/")
        old, at = _part(script, at + 2, mark, position)
        new, at = _part(script, at, mark, position)
        if name == "y":
            steps.append(_characters(_plain(old, mark), _plain(new, mark), position))
            continue
        end = at
        while end < len(script) and script[end] not in " \t\n;":
            end += 1
        steps.append(_substitution(old, new, script[at:end], mark, position))
        at = end
    if not steps:
        raise SplError("rex mode=sed", position, "s/pattern/replacement/flags or y/abc/xyz/")
    return steps


def _part(script: str, at: int, mark: str, position: int) -> tuple[str, int]:
    """The text up to the next ``mark`` that no backslash precedes, and what follows it."""
    start = at
    while at < len(script) and script[at] != mark:
        at += 2 if script[at] == "\\" else 1
    if at >= len(script):
        raise SplError(f"rex mode=sed: {mark} is missing", position, "s/pattern/replacement/flags or y/abc/xyz/")
    return script[start:at], at + 1


_CONTROLS: Final = {"n": "\n", "t": "\t", "r": "\r"}


def _plain(text: str, mark: str) -> str:
    return "".join(p for p in _template(text, mark, groups_known=-1, position=0) if isinstance(p, str))


def _characters(old: str, new: str, position: int) -> _Characters:
    if len(old) != len(new) or not old:
        raise SplError("rex mode=sed: y with lists of different lengths", position, "y/abc/xyz/")
    return _Characters(old=old, new=new)


def _substitution(old: str, new: str, flags: str, mark: str, position: int) -> _Substitution:
    if not old:
        raise SplError("rex mode=sed: an empty pattern", position, "s/pattern/replacement/flags")
    pattern = checked(old, position, what="rex")
    if flags in ("", "g"):
        which = 0 if flags else 1
    elif flags.isdecimal() and flags.isascii() and int(flags[:6]) > 0:
        which = int(flags[:6])
    else:
        raise UnsupportedSplError(f"rex mode=sed: flag {flags[:20]!a} is not supported", position)
    known = len(groups(pattern))
    return _Substitution(
        pattern=pattern,
        replacement=tuple(_template(new, mark, groups_known=known, position=position)),
        which=which,
        position=position,
    )


def _template(text: str, mark: str, *, groups_known: int, position: int) -> list[str | int]:
    """Literal texts and group numbers; without groups (-1) a digit is a digit. Raises: SplError for
    a group that the pattern does not have."""
    parts: list[str | int] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            at += 1
            char = text[at]
            if char.isdecimal() and char.isascii() and groups_known >= 0:
                if int(char) > groups_known:
                    raise SplError(f"rex mode=sed: the pattern has no group {char}", position)
                parts.append(int(char))
                at += 1
                continue
            char = char if char == mark else _CONTROLS.get(char, char)
        parts.append(char)
        at += 1
    return parts


COMMANDS: Final[Mapping[str, Apply]] = {"rex": _rex}
