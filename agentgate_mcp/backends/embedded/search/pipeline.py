"""A pipeline as one SELECT: each command turns a relation into the next."""

from __future__ import annotations

from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import undefined
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.registry import command_name, commands, generating
from agentgate_mcp.backends.embedded.search.relation import Relation
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

MAX_COMMANDS: Final = 64


def compile_pipeline(pipeline: ast.Pipeline, build: Build, given: Relation | None = None) -> Relation:
    """The relation that a pipeline ends in; it starts with its own rows, or with ``given`` ones.

    Raises: SplError, UnsupportedSplError naming the command and its place."""
    if len(pipeline.commands) > MAX_COMMANDS:
        raise UnsupportedSplError(f"more than {MAX_COMMANDS} commands are not supported", pipeline.span.start)
    rest = pipeline.commands
    if given is None:
        given, rest = _start(pipeline.commands[0], build), pipeline.commands[1:]
    for command in rest:
        apply = commands().get(command_name(command))
        if apply is None:
            raise _refusal(command)
        given = apply(command, given, build)
    return given


def _start(command: ast.Command, build: Build) -> Relation:
    generate = generating().get(command_name(command))
    if generate is None:
        raise _refusal(command)
    return generate(command, build)


def _refusal(command: ast.Command) -> SplError:
    name, at = command_name(command), command.span.start
    if isinstance(command, ast.MacroCall):
        return undefined(command)
    if name in generating():
        return SplError(f"{name} must be the first command of a search", at)
    if name in commands():
        return SplError(f"{name} needs the rows of a command before it", at, "a search, or | with a generating command")
    return UnsupportedSplError(f"command {name} is not supported by the embedded engine", at)
