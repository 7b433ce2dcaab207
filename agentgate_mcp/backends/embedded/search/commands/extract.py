"""Commands that find fields in a text: `spath`, `extract` (also called `kv`), `fromjson`, `xmlkv`.

Choices where Splunk's behaviour is not documented: both write over fields that are there; without a
path `spath` reads the whole input, not its first 5,000 characters; `extract` without delimiters
takes `key=value` pairs with bare or quoted values, and where only one delimiter is given the
other is `=`, or blanks and `,;|&`; keys are cleaned unless told otherwise. `fromjson` makes an array
multivalue; `xmlkv` takes elements that hold text alone, of a name the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import generic, one_field, options_of, words_of
from agentgate_mcp.backends.embedded.search.build import Build, FieldValue, Record
from agentgate_mcp.backends.embedded.search.patterns import compiled
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.backends.embedded.search.rowwise import values_of, with_computed
from agentgate_mcp.backends.embedded.search.structured import at_path, every_value, path_steps, read
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

_PAIR: Final = r"""([A-Za-z_][\w.:\-]*)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,;|&"']+))"""
_TAG: Final = r"<([A-Za-z_][\w.:\-]*)(?:\s[^<>]*)?>([^<>]+)</([A-Za-z_][\w.:\-]*)>"
_UNCLEAN: Final = re.compile(r"[^A-Za-z0-9_]")
_PAIR_DELIMITERS: Final = " \t\r\n,;|&"


def _spath(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options = options_of(command)
    field, path, output = options.text("input", "_raw"), options.text("path"), options.text("output")
    options.done()
    words = words_of(command)
    if len(words) > 1 or (words and path):
        raise SplError("spath: several paths", words[-1].span.start, "one path")
    path = path or (words[0].text if words else "")
    if output and not path:
        raise SplError("spath output= without a path", command.span.start, "path=")
    steps = path_steps(path) if path else ()
    if steps is None:
        raise SplError(f"spath: unreadable path {path[:40]!a}", command.span.start, "a path such as a.b{}.c")
    target = output or path

    def compute(record: Record) -> Mapping[str, FieldValue]:
        found: dict[str, list[str]] = {}
        for text in values_of(record.get(field)):
            document = read(text)
            if document is None:
                continue
            pairs = ((target, v) for v in at_path(document, steps)) if steps else every_value(document)
            for name, value in pairs:
                if name:
                    found.setdefault(name, []).append(value)
        return _single(found)

    if source.column(field, build.parameters) is None:
        return source
    return with_computed(source, build, [field], compute, command="spath", position=command.span.start)


def _single(found: Mapping[str, list[str]]) -> dict[str, FieldValue]:
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _extract(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options = options_of(command)
    pair_delimiters, key_delimiters = options.text("pairdelim"), options.text("kvdelim")
    auto = options.flag("auto", True)
    limit, characters = options.count("limit", 50), options.count("maxchars", 10_240)
    add, clean = options.flag("mv_add", False), options.flag("clean_keys", True)
    options.ignore("reload", "segment")
    options.done()
    for word in words_of(command):
        raise UnsupportedSplError(f"{command.command} {word.text[:40]!a} of transforms.conf", word.span.start)
    delimited = bool(pair_delimiters or key_delimiters)
    if not delimited and not auto:
        return source
    of_pairs, of_keys = pair_delimiters or _PAIR_DELIMITERS, key_delimiters or "="

    def compute(record: Record) -> Mapping[str, FieldValue]:
        found: dict[str, list[str]] = {}
        count = 0
        for text in values_of(record.get("_raw")):
            text = text[:characters]
            for key, value in _delimited(text, of_pairs, of_keys) if delimited else _automatic(text):
                name = _UNCLEAN.sub("_", key).lstrip("_0123456789") if clean else key
                if not name or not value or (name in found and not add):
                    continue
                if count == limit:
                    break
                count += 1
                found.setdefault(name, []).append(value)
        return _single(found)

    if source.column("_raw", build.parameters) is None:
        return source
    return with_computed(source, build, ["_raw"], compute, command=command.command, position=command.span.start)


def _fromjson(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    options = options_of(command)
    prefix = options.text("prefix")
    options.done()
    field = one_field(command)

    def compute(record: Record) -> Mapping[str, FieldValue]:
        texts = values_of(record.get(field))
        document = read(texts[0]) if texts else None
        if not isinstance(document, dict):
            return {}
        steps = {name: ((name, ("",) if isinstance(value, list) else ()),) for name, value in document.items()}
        return _single({f"{prefix}{name}": found for name, step in steps.items() if (found := at_path(document, step))})

    if source.column(field, build.parameters) is None:
        return source
    return with_computed(source, build, [field], compute, command="fromjson", position=command.span.start)


def _xmlkv(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    for arg in command.args:
        raise UnsupportedSplError("xmlkv with arguments is not supported", arg.span.start)

    def compute(record: Record) -> Mapping[str, FieldValue]:
        found: dict[str, FieldValue] = {}
        for text in values_of(record.get("_raw")):
            for match in compiled(_TAG).finditer(text):
                name, value, closing = match.groups()
                if name == closing and name and value:
                    found.setdefault(name, value)
        return found

    if source.column("_raw", build.parameters) is None:
        return source
    return with_computed(source, build, ["_raw"], compute, command="xmlkv", position=command.span.start)


def _automatic(text: str) -> Iterator[tuple[str, str]]:
    for match in compiled(_PAIR).finditer(text):
        key, *values = match.groups()
        yield key or "", next((v for v in values if v), "")


def _delimited(text: str, pairs: str, keys: str) -> Iterator[tuple[str, str]]:
    """A value that holds a delimiter of keys is not taken, as documented."""
    for piece in re.split(f"[{re.escape(pairs)}]", text):
        parts = re.split(f"[{re.escape(keys)}]", piece)
        if len(parts) == 2:
            yield parts[0].strip().strip('"'), parts[1].strip().strip('"')


COMMANDS: Final[Mapping[str, Apply]] = {
    "spath": _spath,
    "extract": _extract,
    "kv": _extract,
    "fromjson": _fromjson,
    "xmlkv": _xmlkv,
}
