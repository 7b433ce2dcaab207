"""Reads the generator's own material files, with types that the rest can rely on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import cast

import yaml

from agentgate_mcp.errors import DataError
from agentgate_mcp.model.call import Json


@cache
def text(name: str) -> str:
    """A material file as it stands."""
    return files("agentgate_mcp.synth").joinpath("material", name).read_bytes().decode("utf-8").replace("\r\n", "\n")


@cache
def _document(name: str) -> Json:
    try:
        return cast(Json, yaml.safe_load(text(name)))
    except yaml.YAMLError as problem:
        raise DataError(name, "document", f"expected YAML: {problem}") from None


def document(name: str) -> dict[str, Json]:
    """A YAML material file whose top level is a mapping. Raises: DataError."""
    return as_object(_document(name), name)


def as_object(value: Json, where: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise DataError(where, "value", f"expected a mapping, got {type(value).__name__}")
    return value


def as_list(value: Json, where: str) -> list[Json]:
    if not isinstance(value, list):
        raise DataError(where, "value", f"expected a list, got {type(value).__name__}")
    return value


def objects(parent: Mapping[str, Json], key: str) -> list[dict[str, Json]]:
    """The list of mappings under ``key``; empty when absent. Raises: DataError."""
    return [as_object(item, f"{key}/{i}") for i, item in enumerate(as_list(parent.get(key, []), key))]


def string(parent: Mapping[str, Json], key: str, default: str | None = None) -> str:
    """The text under ``key``. Raises: DataError when it is absent without a default, or not text."""
    value = parent.get(key, default)
    if not isinstance(value, str):
        raise DataError("material", key, f"expected text, got {type(value).__name__}")
    return value


def strings(parent: Mapping[str, Json], key: str) -> tuple[str, ...]:
    """The texts under ``key``; empty when absent. Raises: DataError."""
    items = as_list(parent.get(key, []), key)
    if not all(isinstance(item, str) for item in items):
        raise DataError("material", key, "expected a list of texts")
    return tuple(cast("list[str]", items))


def integer(parent: Mapping[str, Json], key: str, default: int | None = None) -> int:
    value = parent.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DataError("material", key, f"expected a whole number, got {type(value).__name__}")
    return value
