"""All eval functions by name: one table per family, one module per table."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from agentgate_mcp.backends.embedded.search.evaluate import (
    addresses,
    bits,
    convert,
    formatted,
    json_paths,
    json_values,
    kinds,
    logic,
    matching,
    moments,
    multivalue,
    numbers,
    text,
    times,
)
from agentgate_mcp.backends.embedded.search.evaluate.core import Function

_FAMILIES: Final[tuple[ModuleType, ...]] = (
    *(logic, kinds, matching, addresses),
    *(numbers, bits, convert, formatted),
    *(text, multivalue, moments, times),
    *(json_paths, json_values),
)


def _merged() -> dict[str, Function]:
    merged: dict[str, Function] = {}
    for family in _FAMILIES:
        table = family.FUNCTIONS
        assert not merged.keys() & table.keys(), f"{family.__name__} repeats a function"
        merged.update(table)
    return merged


FUNCTIONS: Final[Mapping[str, Function]] = _merged()
