"""Every command that the engine has, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Final, TypeAlias, cast

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.spl import ast

Apply: TypeAlias = Callable[[ast.Command, Relation, Build], Relation]
"""A command over the rows of the one before it. Raises: SplError, UnsupportedSplError."""
Generate: TypeAlias = Callable[[ast.Command, Build], Relation]
"""A command that starts a pipeline."""

_PACKAGE: Final = "agentgate_mcp.backends.embedded.search.commands"
_MODULES: Final = (
    "appends",
    "binning",
    "charts",
    "computed",
    "continuous",
    "convert",
    "datasets",
    "enrich",
    "events",
    "extract",
    "fields",
    "filling",
    "generators",
    "joins",
    "multivalue",
    "reshape",
    "returning",
    "rex",
    "rows",
    "running",
    "stats",
    "templates",
    "top",
    "totals",
    "transaction",
    "tstats",
    "values",
    "windows",
)
"""Each has `COMMANDS` (name to `Apply`), `GENERATING` (name to `Generate`), or both."""


@cache
def commands() -> Mapping[str, Apply]:
    """The commands that follow another."""
    return _merged("COMMANDS")


@cache
def generating() -> Mapping[str, Generate]:
    """The commands that start a pipeline."""
    return cast("Mapping[str, Generate]", _merged("GENERATING"))


def _merged(name: str) -> dict[str, Apply]:
    merged: dict[str, Apply] = {}
    for module in _MODULES:
        table = cast("Mapping[str, Apply]", getattr(import_module(f"{_PACKAGE}.{module}"), name, {}))
        assert not merged.keys() & table.keys(), f"{module} repeats a command"
        merged.update(table)
    return merged


def command_name(command: ast.Command) -> str:
    """A command as a person wrote it: the key of the tables."""
    match command:
        case ast.Generic() | ast.Stats() | ast.Chart() | ast.Tstats() | ast.Head():
            return command.command.lower()
        case ast.MacroCall():
            return f"`{command.name}`"
        case _:
            return type(command).__name__.lower()
