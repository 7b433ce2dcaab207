"""Roles of another server's parameters from its pinned JSON schema.

Only names and types count. Descriptions, titles and defaults are prose of whoever runs the server,
and whoever runs it may want a recipient to pass for a comment; so a type can make a parameter more
guarded than its name, and nothing makes it less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.gate.roles import guessed_role
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.decision import ParamRole

_DECIDING_FORMATS: Final = frozenset(
    "uri uri-reference iri iri-reference uri-template email idn-email hostname idn-hostname ipv4 ipv6 uuid "
    "json-pointer".split()
)
"""Formats of values that say where an effect lands."""


def roles_of_schema(schema: Mapping[str, Json]) -> dict[str, ParamRole]:
    """The role of each top-level property. What a schema leaves open is a sink.

    Where extra properties are allowed, those not listed have no entry, which is a sink as well."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    return {name: _role(name, shape) for name, shape in properties.items()}


def _role(name: str, shape: Json) -> ParamRole:
    guessed = guessed_role([name])
    if guessed is ParamRole.SINK or not isinstance(shape, dict):
        return ParamRole.SINK
    return guessed if _harmless(shape) else ParamRole.SINK


def _harmless(shape: Mapping[str, Json]) -> bool:
    """True for a plain text, number or flag, or a list of them: no reference, no choice of shapes, no
    structure, and no format that is an address."""
    if any(word in shape for word in ("$ref", "$dynamicRef", "oneOf", "allOf", "not", "if", "properties")):
        return False
    if shape.get("format") in _DECIDING_FORMATS:
        return False
    options = shape.get("anyOf")
    if isinstance(options, list):
        return all(isinstance(o, dict) and (o.get("type") == "null" or _harmless(o)) for o in options)
    items = shape.get("items")
    kinds = shape.get("type")
    named = set(map(str, kinds)) if isinstance(kinds, list) else {str(kinds)}
    if named <= {"array", "null"} and isinstance(items, dict):
        return _harmless(items)
    return bool(named) and named <= {"string", "number", "integer", "boolean", "null"}
