"""Searches and macro definitions as requirements: names from `spl.refs`, structure from the tree.

Every name becomes a requirement. Data (indexes, source types, sources, event types, tags) joins
the alternatives that it stands in; whatever the tree does not place, because it stands under
NOT or in an appended search, can only degrade.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from agentgate_mcp.errors import SplError
from agentgate_mcp.graph.alternatives import Clause, clauses_of
from agentgate_mcp.graph.nodes import DATA_KINDS, Force, Need, NodeKind, Reading, Ref
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.commands import COMMANDS, GENERATING
from agentgate_mcp.spl.layout import lay_out
from agentgate_mcp.spl.parser import parse
from agentgate_mcp.spl.refs import References, references_of

_INNER_JOIN = frozenset({"join", "selfjoin"})


def parse_fragment(text: str) -> ast.Pipeline:
    """The tree of a search, or of a macro definition that may begin in the middle of one.

    Raises: SplError where it cannot be read."""
    stages = lay_out(text, fragment=True).stages
    first = stages[0].name if stages else ""
    begins_with_command = first in COMMANDS and first not in GENERATING and not text.lstrip().startswith("|")
    return parse(f"| {text}" if begins_with_command else text)


def read_text(text: str, definition: bool = False) -> Reading:
    """What a search, or a macro's ``definition``, needs and writes. Never raises."""
    try:
        refs = references_of(text, definition=definition)
    except SplError as error:
        return Reading(problem=str(error))
    try:
        needs = list(_needs(parse_fragment(text) if definition else parse(text), required=True))
    except SplError:
        # The names are known, their structure is not: values of one field are alternatives.
        needs = [Need(refs=_ordered(clause)) for clause in _by_field(_data(refs))]
    placed = {ref for need in needs for ref in need.refs}
    needs += [Need(refs=(ref,), force=Force.WEAK) for ref in _data(refs) if ref not in placed]
    needs += [Need(refs=(ref,), force=force) for ref, force in _code(refs) if ref not in placed]
    writes = [Ref(kind="lookup", name=r.name) for r in refs.lookups if r.command == "outputlookup"]
    return Reading(needs=tuple(dict.fromkeys(needs)), writes=tuple(dict.fromkeys(writes)))


def _ordered(clause: Clause) -> tuple[Ref, ...]:
    return tuple(sorted(clause))


def _data(refs: References) -> list[Ref]:
    kinds: tuple[tuple[NodeKind, tuple[str, ...]], ...] = (
        ("index", refs.indexes),
        ("sourcetype", refs.sourcetypes),
        ("source", refs.sources),
        ("eventtype", refs.eventtypes),
        ("tag", refs.tags),
    )
    return [Ref(kind=kind, name=name) for kind, names in kinds for name in names if name]


def _code(refs: References) -> Iterator[tuple[Ref, Force]]:
    """What must exist for the text to run at all."""
    for macro in refs.macros:
        yield Ref(kind="macro", name=macro.name, arity=macro.arity), Force.WEAK if macro.weak else Force.RUNS
    for lookup in refs.lookups:
        # Writing to a lookup that is gone makes a new one, or fails after the results are out.
        force = Force.WEAK if lookup.command == "outputlookup" else Force.FULL
        yield Ref(kind="lookup", name=lookup.name), force
    for model in refs.data_models:
        yield Ref(kind="data_model", name=model), Force.FULL
    for saved in refs.saved_searches:
        yield Ref(kind="saved_search", name=saved), Force.FULL


def _by_field(refs: Iterable[Ref]) -> list[Clause]:
    named = sorted((r for r in refs if r.name.strip("*")), key=lambda r: r.kind)
    return [frozenset(group) for _, group in groupby(named, key=lambda r: r.kind)]


def _needs(pipeline: ast.Pipeline, *, required: bool) -> Iterator[Need]:
    """The requirements of a tree; one that is not ``required`` only adds to another's results."""
    for command in pipeline.commands:
        match command:
            case ast.Search():
                yield from _of_expression(command.expr, required=required)
            case ast.Tstats():
                yield from _of_expression(command.where, required=required)
                if command.data_model:
                    yield from _placed(frozenset({Ref(kind="data_model", name=command.data_model)}), required=required)
            case ast.Generic():
                inner = required and command.command in _INNER_JOIN and not _is_outer(command)
                for nested in command.subsearches:
                    yield from _needs(nested, required=inner)
            case ast.MacroCall():
                called = Ref(kind="macro", name=command.name, arity=command.arity)
                yield from _placed(frozenset({called}), required=required)
            case _:
                continue


def _placed(clause: Clause, *, required: bool) -> Iterator[Need]:
    if required:
        yield Need(refs=_ordered(clause))
        return
    data = frozenset(r for r in clause if r.kind in DATA_KINDS)
    if data:
        yield Need(refs=_ordered(data), force=Force.WEAK)
    for ref in sorted(clause - data):
        yield Need(refs=(ref,), force=Force.RUNS)


def _is_outer(command: ast.Generic) -> bool:
    kind = command.options.get("type")
    return isinstance(kind, ast.Value) and kind.text.lower() in ("left", "outer")


def _of_expression(expr: ast.SearchExpr | None, *, required: bool) -> Iterator[Need]:
    if expr is None:
        return
    for clause in clauses_of(expr):
        yield from _placed(clause, required=required)
    for nested in _required_subsearches(expr):
        yield from _needs(nested, required=required)


def _required_subsearches(expr: ast.SearchExpr) -> Iterator[ast.Pipeline]:
    """Subsearches that must return something: those that are neither negated nor alternatives."""
    if isinstance(expr, ast.Subsearch):
        yield expr.pipeline
    elif isinstance(expr, ast.SearchAnd):
        for operand in expr.operands:
            yield from _required_subsearches(operand)
