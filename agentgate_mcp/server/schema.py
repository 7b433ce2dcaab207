"""Makes a JSON schema small without changing what it accepts (DESIGN §5: 26 kB for all tools).

Generated titles go, definitions are put where they are used, `anyOf` with null becomes a type
list. Keys come out in one fixed order, so equal models give equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from agentgate_mcp.errors import ConfigError
from agentgate_mcp.model.call import Json

Schema = dict[str, Json]

_ORDER = (
    "type", "description", "properties", "required", "additionalProperties", "items", "prefixItems",
    "anyOf", "oneOf", "allOf", "const", "enum", "default",
)  # fmt: skip
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SINGLE = frozenset({"items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else"})
_DROPPED = frozenset({"title", "$defs", "$schema", "discriminator"})
_REFERENCE = "#/$defs/"


def slim(schema: Mapping[str, Json]) -> Schema:
    """The same schema, smaller. Titles and ``discriminator`` are hints to generators and go; all
    that limits values stays.

    Raises: ConfigError for a reference that leads nowhere or to itself."""
    definitions = schema.get("$defs")
    known = cast(Schema, definitions) if isinstance(definitions, dict) else {}
    return _slim(dict(schema), known, ())


def _slim(node: Schema, definitions: Schema, path: tuple[str, ...]) -> Schema:
    reference = node.get("$ref")
    if isinstance(reference, str):
        return _inline(node, reference, definitions, path)
    out: Schema = {}
    for key in sorted((k for k in node if k not in _DROPPED), key=_rank):
        value = node[key]
        if key in _MAPS and isinstance(value, dict):
            out[key] = {name: _child(sub, definitions, path) for name, sub in value.items()}
        elif key in _LISTS and isinstance(value, list):
            out[key] = [_child(sub, definitions, path) for sub in value]
        elif key in _SINGLE:
            out[key] = _child(value, definitions, path)
        else:
            out[key] = value
    return _trim(out)


def _child(node: Json, definitions: Schema, path: tuple[str, ...]) -> Json:
    return _slim(node, definitions, path) if isinstance(node, dict) else node


def _inline(node: Schema, reference: str, definitions: Schema, path: tuple[str, ...]) -> Schema:
    """The definition in place of the reference; what stands beside the reference wins."""
    target = definitions.get(reference.removeprefix(_REFERENCE))
    if not isinstance(target, dict):
        raise ConfigError(f"schema: expected a definition for {reference}, got none")
    if reference in path:
        raise ConfigError(f"schema: expected a schema without cycles, got {reference} inside itself")
    beside = {k: v for k, v in node.items() if k != "$ref"}
    return _slim({**target, **beside}, definitions, (*path, reference))


def _trim(node: Schema) -> Schema:
    """Short forms: a single `allOf` is itself, `X or null` is a type list, free items say nothing."""
    if "default" in node and node["default"] is None:
        node = {k: v for k, v in node.items() if k != "default"}
    for key in ("anyOf", "allOf", "oneOf"):
        options = node.get(key)
        if isinstance(options, list) and len(options) == 1 and isinstance(options[0], dict):
            rest = {k: v for k, v in node.items() if k != key}
            return _ordered({**options[0], **rest})
    options = node.get("anyOf")
    if isinstance(options, list) and len(options) == 2:
        null = [o for o in options if o == {"type": "null"}]
        other = [o for o in options if o != {"type": "null"}]
        if null and isinstance(other[0], dict) and isinstance(other[0].get("type"), str) and "enum" not in other[0]:
            rest = {k: v for k, v in node.items() if k != "anyOf"}
            return _ordered({**other[0], **rest, "type": [other[0]["type"], "null"]})
    if node.get("items") == {}:
        node = {k: v for k, v in node.items() if k != "items"}
    if node.get("additionalProperties") is True:
        node = {k: v for k, v in node.items() if k != "additionalProperties"}
    if "const" in node:
        node = {k: v for k, v in node.items() if k != "type"}
    return node


def _ordered(node: Schema) -> Schema:
    return {k: node[k] for k in sorted(node, key=_rank)}


def _rank(key: str) -> tuple[int, str]:
    return (_ORDER.index(key), "") if key in _ORDER else (len(_ORDER), key)
