"""`foreach`: a template of commands, run once for each field.

The names are put into the syntax tree, never into a text that is read again: a field name may hold
anything and stays one name. As in Splunk a token without quotes that stands for a number is one.
Choices where Splunk's behaviour is not documented: a field named without `*` is run for whether or
not a row has it; `<<MATCHSTR>>` of several wildcards is what they stand for, joined. The modes over
values (`multivalue`, `json_array`) are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, cast

from agentgate_mcp.backends.embedded.search.arguments import Options, generic
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.presence import fields_present
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.backends.embedded.search.sqltext import as_number
from agentgate_mcp.backends.embedded.search.wildcards import captured
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.text import escape

MAX_FIELDS: Final = 500
_KEEP_EVERY: Final = 10
"""Templates after which the rows are stored: each makes the statement deeper."""


def _foreach(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    position = command.span.start
    options = Options("foreach", [a for a in command.args if isinstance(a, ast.Option)])
    mode = options.text("mode", "multifield")
    if mode.lower() != "multifield":
        raise UnsupportedSplError(f"foreach mode={mode[:40]} is not supported", position)
    tokens = {
        "field": options.text("fieldstr", "<<FIELD>>"),
        "match": options.text("matchstr", "<<MATCHSTR>>"),
        **{f"segment{n}": options.text(f"matchseg{n}", f"<<MATCHSEG{n}>>") for n in (1, 2, 3)},
    }
    options.done()
    *words, template = [a for a in command.args if not isinstance(a, ast.Option | ast.Punct)] or [None]
    patterns = [a.text for a in words if isinstance(a, ast.Value)]
    if not isinstance(template, ast.Subsearch) or len(patterns) < max(1, len(words)):
        raise SplError("foreach", position, "field names and a template in brackets")
    wild = any("*" in pattern for pattern in patterns)
    present: tuple[str, ...] = ()
    if wild:
        source, present = fields_present(source, build)
    done = 0
    for pattern in patterns:
        for name, segments in _matches(pattern, present, source):
            done += 1
            if done > MAX_FIELDS:
                raise UnsupportedSplError(f"foreach over more than {MAX_FIELDS} fields is not supported", position)
            texts = {"field": name, "match": "".join(segments)}
            texts.update({f"segment{n}": s for n, s in enumerate(segments[:3], 1)})
            put = {tokens[key]: text for key, text in texts.items()}
            source = build.applied(cast("ast.Pipeline", _substituted(template.pipeline, put)), source)
            if done % _KEEP_EVERY == 0:
                source = build.kept(source)
    return source


def _matches(pattern: str, present: tuple[str, ...], source: Relation) -> list[tuple[str, tuple[str, ...]]]:
    """The fields that a pattern means, and what its wildcards stand for."""
    if "*" not in pattern:
        return [(pattern, ())]
    names = source.columns if pattern.startswith("_") else present
    return [(name, found) for name in names if (found := captured(pattern, name)) is not None]


def _substituted(value: object, put: Mapping[str, str]) -> object:
    """A part of the template with its tokens replaced. Bounded by the height of the tree."""
    match value:
        case str():
            return _replaced(value, put)
        case tuple():
            return tuple(_substituted(item, put) for item in cast("tuple[object, ...]", value))
        case ast.FieldRef(name=name, quoted=False) if name in put and as_number(put[name]) is not None:
            return ast.Number(raw=put[name], span=value.span)
        case ast.String(raw=raw):
            return replace(value, raw=_replaced(raw, {token: escape(text) for token, text in put.items()}))
        case ast.Value(raw=raw, quote='"'):
            return replace(value, raw=_replaced(raw, {token: escape(text) for token, text in put.items()}))
        case ast.Span():
            return value
        case _ if is_dataclass(value) and not isinstance(value, type):
            made = {f.name: _substituted(getattr(value, f.name), put) for f in fields(value) if f.name != "span"}
            return replace(cast("Any", value), **made)
        case _:
            return value


def _replaced(text: str, put: Mapping[str, str]) -> str:
    """All tokens at once: what stands in for one is not looked at again."""
    if "<<" not in text and not any(token in text for token in put):
        return text
    parts = [text]
    for token, new in put.items():
        parts = [piece for n, part in enumerate(parts) for piece in _cut(part, token, new, literal=n % 2 == 0)]
    return "".join(parts)


def _cut(part: str, token: str, new: str, *, literal: bool) -> list[str]:
    """A literal part cut at the token: literals and replacements in turn; a replacement as it is."""
    if not literal or not token:
        return [part]
    pieces = part.split(token)
    out = [pieces[0]]
    for piece in pieces[1:]:
        out += [new, piece]
    return out


COMMANDS: Final[Mapping[str, Apply]] = {"foreach": _foreach}
