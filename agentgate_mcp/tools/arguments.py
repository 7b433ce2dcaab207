"""From what a client sent to the one object that is judged and executed (DESIGN §3.1).

One lossless normalisation, because models send `"5"` and `"[1]"`: for a field that takes no
text, text that is the canonical JSON of the declared type becomes that value. Everything else
is validated strictly; nothing is dropped, coerced or guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pydantic import ValidationError

from agentgate_mcp.canonical import canonical_bytes, loads_strict
from agentgate_mcp.errors import ArgumentError, CanonicalError
from agentgate_mcp.model.call import Json
from agentgate_mcp.tools.definition import Input


def canonical_arguments(model: type[Input], raw: Json) -> dict[str, Json]:
    """The canonical arguments: validated, defaults filled in, plain JSON.

    Raises: ArgumentError naming the field, what was expected and what came."""
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise ArgumentError("arguments", "a JSON object", _kind(raw))
    taken = {name: _normalised(model, name, value) for name, value in raw.items()}
    try:
        # JSON mode: strict, yet an array may become a tuple.
        valid = model.model_validate_json(_canonical(taken))
    except ValidationError as exc:
        errors = exc.errors(include_url=False, include_input=True)
        # A misspelt argument is also a missing one: name what was sent.
        first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
        where = "/".join(_shown(p) for p in first["loc"]) or "arguments"
        if first["type"] == "extra_forbidden":
            known = ", ".join(sorted(model.model_fields)) or "no arguments"
            raise ArgumentError(where, known, "an unknown argument") from None
        if first["type"] == "missing":
            raise ArgumentError(where, "a value", "nothing") from None
        raise ArgumentError(where, _expected(first["msg"]), _kind(first["input"])) from None
    return cast(dict[str, Json], valid.model_dump(mode="json"))


def _canonical(taken: dict[str, Json]) -> bytes:
    """The canonical form of all arguments. Raises: ArgumentError naming the one that has none."""
    try:
        return _bounded(taken)
    except CanonicalError as whole:
        for name, value in taken.items():
            try:
                _bounded({name: value})
            except CanonicalError as exc:
                raise _named(_shown(name), exc) from None
        raise _named("arguments", whole) from None


def _named(field: str, error: CanonicalError) -> ArgumentError:
    expected, _, got = str(error).rpartition("expected ")[2].partition(", got ")
    return ArgumentError(field, expected, got or "something else")


def _bounded(value: Json) -> bytes:
    raw = canonical_bytes(value)
    if len(raw) > _LONG or raw.count(b"[") + raw.count(b"{") > _DEEP:
        loads_strict(raw)  # the bounds of every message; the reader of messages is not the only way here
    return raw


def _shown(part: object) -> str:
    """A step of a location: a caller chooses the name of an unknown argument."""
    text = str(part)
    return text if len(text) <= _SHOWN and text.isprintable() else ascii(text[:_SHOWN])[1:-1]


def _normalised(model: type[Input], name: str, value: Json) -> Json:
    if not isinstance(value, str) or name not in model.model_fields or _takes_text(model, name):
        return value
    try:
        parsed = loads_strict(value)
        return parsed if canonical_bytes(parsed) == value.encode() else value
    except (CanonicalError, UnicodeEncodeError):
        return value


def _takes_text(model: type[Input], name: str) -> bool:
    schema = cast(Mapping[str, Json], _properties(model).get(name) or {})
    return schema.get("type") == "string" or "enum" in schema or "const" in schema or "type" not in schema


def _properties(model: type[Input]) -> Mapping[str, Json]:
    found = _SCHEMAS.get(model)
    if found is None:
        found = cast(Mapping[str, Json], model.model_json_schema().get("properties") or {})
        _SCHEMAS[model] = found
    return found


_LONG, _DEEP, _SHOWN = 65_536, 30, 80
_SCHEMAS: dict[type[Input], Mapping[str, Json]] = {}


def _expected(message: str) -> str:
    return message.removeprefix("Input should be ").removeprefix("a valid ")


def _kind(value: object) -> str:
    """How a value is named in an error: its JSON type and size, never its text."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"text of {len(value)} characters"
        case list() | tuple():
            return f"a list of {len(cast(list[object], value))}"
        case dict():
            return f"an object of {len(cast(dict[object, object], value))}"
        case _:
            return type(value).__name__
