"""Slim schemas."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agentgate_mcp.errors import ConfigError
from agentgate_mcp.server.schema import slim

pytestmark = pytest.mark.req("server.schema-small")


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    kind: Literal["a", "b"] = "a"


class Outer(BaseModel):
    """A docstring becomes the description."""

    model_config = ConfigDict(extra="forbid")
    inner: Annotated[Inner, Field(description="The inner one")]
    many: list[Inner] = []
    maybe: str | None = None
    limited: Annotated[int, Field(ge=1, le=9)] = 3
    mapping: dict[str, JsonValue] = {}
    either: int | list[str] = 0
    one: Literal["x"] = "x"


SCHEMA: dict[str, Any] = Outer.model_json_schema()


def test_titles_and_definitions_go_and_properties_called_title_stay() -> None:
    out = slim(SCHEMA)
    text = json.dumps(out)
    assert "$defs" not in text
    assert "$ref" not in text
    assert '"title": "' not in text
    assert out["properties"]["inner"]["properties"]["title"] == {"type": "string"}  # type: ignore[index,call-overload]
    assert out["properties"]["inner"]["description"] == "The inner one"  # type: ignore[index,call-overload]


def test_null_alternatives_become_a_type_list() -> None:
    assert slim(SCHEMA)["properties"]["maybe"] == {"type": ["string", "null"]}  # type: ignore[index,call-overload]


def test_equal_schemas_give_equal_bytes_whatever_the_key_order() -> None:
    def shuffled(node: Any) -> Any:
        if isinstance(node, dict):
            return {k: shuffled(node[k]) for k in reversed(node)}
        return [shuffled(n) for n in node] if isinstance(node, list) else node

    other = shuffled(SCHEMA)
    other["required"] = SCHEMA["required"]
    assert json.dumps(slim(SCHEMA), sort_keys=True) == json.dumps(slim(other), sort_keys=True)
    assert (
        list(slim(SCHEMA))
        == list(slim(other))
        == ["type", "description", "properties", "required", "additionalProperties"]
    )


@pytest.mark.parametrize(
    "value",
    [
        {"inner": {"title": "t"}},
        {"inner": {"title": "t", "kind": "b"}, "many": [{"title": "u"}], "maybe": None, "limited": 9},
        {"inner": {"title": "t"}, "mapping": {"a": [1, {}]}, "either": ["x"], "one": "x"},
        {},
        {"inner": {}},
        {"inner": {"title": 5}},
        {"inner": {"title": "t", "more": 1}},
        {"inner": {"title": "t"}, "limited": 10},
        {"inner": {"title": "t"}, "maybe": 5},
        {"inner": {"title": "t"}, "either": "x"},
        {"inner": {"title": "t"}, "one": "y"},
        {"inner": {"title": "t"}, "many": [{"kind": "c"}]},
        {"inner": {"title": "t"}, "extra": 1},
    ],
)
def test_the_slim_schema_accepts_exactly_the_same_values(value: object) -> None:
    validator = jsonschema.Draft202012Validator
    assert validator(slim(SCHEMA)).is_valid(value) == validator(SCHEMA).is_valid(value)


def test_a_schema_within_itself_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="Node"):
        slim({"$ref": "#/$defs/Node", "$defs": {"Node": {"properties": {"next": {"$ref": "#/$defs/Node"}}}}})
    with pytest.raises(ConfigError, match="Nowhere"):
        slim({"$ref": "#/$defs/Nowhere"})


def test_limits_survive() -> None:
    schema: dict[str, Any] = {"type": "array", "items": {}, "uniqueItems": True, "minItems": 1, "title": "T"}
    assert slim(schema) == {"type": "array", "minItems": 1, "uniqueItems": True}
