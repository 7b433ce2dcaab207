"""Commands over eval expressions: `eval`, `where`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator
from agentgate_mcp.backends.embedded.search.evaluate.fields import reads
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import Column, Relation
from agentgate_mcp.spl import ast


def _eval(node: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(node, ast.Eval)
    # Each step is a query around the one before: only what reads an earlier field needs one.
    step: dict[str, Column] = {}
    for assignment in node.assignments:
        if reads(assignment.expr, step):
            source, step = source.with_fields(step), {}
        step[assignment.field] = Evaluator(relation=source, build=build).value(assignment.expr)
    return source.with_fields(step)


def _where(node: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(node, ast.Where)
    return source.where(Evaluator(relation=source, build=build).condition(node.expr))


COMMANDS: Final[Mapping[str, Apply]] = {"eval": _eval, "where": _where}
