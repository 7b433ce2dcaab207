"""JSON: the functions of `eval`, and the `spath` paths."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from tests.spl_oracle.functions import strict
from tests.spl_oracle.values import Value, single, text


def shown(value: Any) -> Value:
    """A JSON value as a field value: texts bare, objects and arrays as compact JSON."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case str():
            return value
        case _:
            return compact(value)


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def loaded(value: Value) -> tuple[bool, Any]:
    """Whether a text is JSON, and its value."""
    try:
        return (False, None) if value is None else (True, json.loads(text(value)))
    except ValueError:
        return False, None


_STEP = re.compile(r"([^.{}]+)|\{(-?\d*)\}")


def walk(document: Any, path: str) -> list[Any]:
    """The values at a path such as ``a.b{}.c`` or ``a{0}``; `spath` counts items from 1, so it
    passes them one lower."""
    found: list[Any] = [document]
    for name, position in _STEP.findall(path):
        following: list[Any] = []
        for item in found:
            if name:
                if isinstance(item, dict) and name in item:
                    following.append(cast("dict[str, Any]", item)[name])
            elif isinstance(item, list):
                several = cast("list[Any]", item)
                if position == "":
                    following.extend(several)
                elif -len(several) <= int(position) < len(several):
                    following.append(several[int(position)])
        found = following
    return found


@strict("json_extract")
def _json_extract(document: Value, *paths: Value) -> Value:
    valid, value = loaded(document)
    if not valid:
        return None
    if not paths:
        return shown(value)
    results = [_at(value, text(path)) for path in paths]
    return shown(results[0]) if len(paths) == 1 else compact(results)


def _at(document: Any, path: str) -> Any:
    found = walk(document, path)
    if not found:
        return None
    return found if "{}" in path else found[0]


@strict("spath")
def _spath(document: Value, path: Value) -> Value:
    valid, value = loaded(document)
    return spath_values(value, text(path)) if valid else None


def spath_values(document: Any, path: str) -> Value:
    """What `spath` finds at a path; arrays are numbered from 1."""
    lowered = re.sub(r"\{(\d+)\}", lambda m: f"{{{int(m.group(1)) - 1}}}", path)
    return single(text(v) for v in map(shown, walk(document, lowered)) if v is not None)


def flattened(document: Any, path: str = "") -> dict[str, list[str]]:
    """Every leaf under its path, arrays as ``{}``."""
    found: dict[str, list[str]] = {}
    if isinstance(document, dict):
        for key, value in cast("dict[str, Any]", document).items():
            for name, leafs in flattened(value, f"{path}.{key}" if path else key).items():
                found.setdefault(name, []).extend(leafs)
    elif isinstance(document, list):
        for value in cast("list[Any]", document):
            for name, leafs in flattened(value, f"{path}{{}}").items():
                found.setdefault(name, []).extend(leafs)
    elif document is not None:
        found[path] = [text(shown(document))]
    return found


def _json_value(value: Value) -> Any:
    """A field's value inside JSON: numbers as numbers, JSON texts as what they hold."""
    if isinstance(value, list):
        return [_json_value(item) for item in value]
    if isinstance(value, str) and value[:1] in ("{", "["):
        valid, parsed = loaded(value)
        return parsed if valid else value
    return value


@strict("json_object")
def _json_object(*pairs: Value) -> Value:
    return compact({text(k): _json_value(v) for k, v in zip(pairs[::2], pairs[1::2], strict=True)})


@strict("json_array")
def _json_array(*values: Value) -> Value:
    return compact([_json_value(v) for v in values])


@strict("json_keys")
def _json_keys(document: Value) -> Value:
    valid, value = loaded(document)
    return compact(list(cast("dict[str, Any]", value))) if valid and isinstance(value, dict) else None


@strict("json_array_to_mv")
def _json_array_to_mv(document: Value) -> Value:
    valid, value = loaded(document)
    if not valid or not isinstance(value, list):
        return None
    return single(text(shown(v)) for v in cast("list[Any]", value))


@strict("json_valid")
def _json_valid(document: Value) -> Value:
    if document is None:
        return None
    return loaded(document)[0]
