"""Values inside JSON and XML by path, as `spath` names them.

A path is steps joined by periods: `a.b{}.c`. `{}` is every element of an array, `{2}` one of them
(counted from 0 in JSON, from 1 in XML), `{@x}` an attribute. Choices where Splunk's behaviour is not
documented: JSON null is the text `null`; a path to an object or array gives its JSON; an XML element
that holds others has no value of its own; XML with a document type is not read at all, so that no
entity can be defined.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias, cast
from xml.parsers import expat

Json: TypeAlias = "dict[str, Json] | list[Json] | str | Written | bool | None"
_STEP: Final = re.compile(r"([^{}]*)((?:\{[^{}]*\})*)")
_INDEX: Final = re.compile(r"\{([^{}]*)\}")
_MAX_DEPTH: Final = 200


class Written(str):
    """A number, `true` or `false` as it was written."""

    __slots__ = ()


@dataclass(slots=True, kw_only=True)
class Element:
    """One XML element."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list["Element"])
    text: list[str] = field(default_factory=list[str])


_DECODER: Final = json.JSONDecoder(parse_int=Written, parse_float=Written, parse_constant=Written)

Step: TypeAlias = tuple[str, tuple[str, ...]]
"""A name and what stands in its brackets: empty for all, digits for one, `@x` for an attribute."""
Document: TypeAlias = "Json | Element"


def path_steps(path: str) -> tuple[Step, ...] | None:
    """The steps of a path; None for one that nobody can read."""
    steps: list[Step] = []
    for part in re.split(r"\.(?![^{}]*\})", path):
        found = _STEP.fullmatch(part)
        if found is None or not part:
            return None
        indexes = tuple(_INDEX.findall(found[2]))
        if any(i and not i.startswith("@") and not (i.isdecimal() and i.isascii()) for i in indexes):
            return None
        steps.append((found[1], indexes))
    return tuple(steps)


def read(text: str) -> Document | None:
    """The document that a text is; None for one that is neither JSON nor XML."""
    start = text.lstrip()[:1]
    if start in ("{", "["):
        return _json(text)
    return _xml(text) if start == "<" else None


def at_path(document: Document, steps: tuple[Step, ...]) -> list[str]:
    """The values that a path leads to."""
    if isinstance(document, Element):
        return _xml_at(document, steps)
    found: list[Json] = [document]
    for name, indexes in steps:
        if name:
            found = [value[name] for value in found if isinstance(value, dict) and name in value]
        for index in indexes:
            found = [item for value in found for item in _items(value, index)]
    return [_shown(value) for value in found]


def every_value(document: Document) -> Iterator[tuple[str, str]]:
    """All values with their paths, in the order in which they stand."""
    if isinstance(document, Element):
        yield from _xml_leaves(document, document.name)
    else:
        yield from _leaves(document, "")


# --- JSON ----------------------------------------------------------------------------------------


def _json(text: str) -> Json:
    try:
        return cast("Json", _DECODER.decode(text))
    except (ValueError, RecursionError):
        return None


def _items(value: Json, index: str) -> list[Json]:
    if not isinstance(value, list):
        return []
    if not index:
        return value
    return value[int(index[:9]) : int(index[:9]) + 1] if index.isdecimal() else []


def _leaves(value: Json, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    if depth > _MAX_DEPTH:
        return
    match value:
        case dict():
            for name, inner in value.items():
                yield from _leaves(inner, f"{path}.{name}" if path else name, depth + 1)
        case list():
            for inner in value:
                yield from _leaves(inner, f"{path}{{}}", depth + 1)
        case _:
            yield path, _shown(value)


def _shown(value: Json) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return value
        case _:
            return _written(value)


def _written(value: Json) -> str:
    """A value as JSON, numbers as they were written. Bounded by the depth that the reader takes."""
    match value:
        case dict():
            return "{" + ",".join(f"{_quoted(n)}:{_written(v)}" for n, v in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_written, value)) + "]"
        case Written():
            return value
        case str():
            return _quoted(value)
        case _:
            return json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# --- XML -----------------------------------------------------------------------------------------


class _Refused(Exception):
    """A document that is not read."""


def _xml(text: str) -> Element | None:
    root = Element(name="", attributes={})
    stack = [root]
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > _MAX_DEPTH:
            raise _Refused
        element = Element(name=name, attributes=attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def characters(data: str) -> None:
        stack[-1].text.append(data)

    def doctype(*_: object) -> None:
        raise _Refused

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text.strip(), True)
    except (expat.ExpatError, _Refused, ValueError):
        return None
    return root.children[0] if root.children else None


def _xml_at(root: Element, steps: tuple[Step, ...]) -> list[str]:
    found = [Element(name="", attributes={}, children=[root])]
    for number, (name, indexes) in enumerate(steps):
        found = [e for parent in found for e in _numbered([c for c in parent.children if c.name == name], indexes)]
        attribute = next((i[1:] for i in indexes if i.startswith("@")), None)
        if attribute is not None:
            last = number == len(steps) - 1
            return [e.attributes[attribute] for e in found if attribute in e.attributes] if last else []
    return [text for element in found if (text := _text(element))]


def _numbered(same: list[Element], indexes: tuple[str, ...]) -> list[Element]:
    for index in indexes:
        if index.isdecimal():
            at = int(index[:9])
            same = same[at - 1 : at] if at else []
    return same


def _xml_leaves(element: Element, path: str) -> Iterator[tuple[str, str]]:
    for name, value in element.attributes.items():
        yield f"{path}{{@{name}}}", value
    if text := _text(element):
        yield path, text
    for child in element.children:
        yield from _xml_leaves(child, f"{path}.{child.name}")


def _text(element: Element) -> str:
    return "" if element.children else "".join(element.text).strip()
