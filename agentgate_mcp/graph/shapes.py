"""The shape of a pipeline: what it reads, what it filters by, what it computes on the way.

Order matters where a filter needs a field: one that was dropped, renamed or never computed
before it makes the filter fail for every row.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agentgate_mcp.graph.alternatives import DATA_FIELDS
from agentgate_mcp.graph.conditions import (
    Bound,
    Condition,
    Either,
    In,
    Never,
    NotIn,
    Opaque,
    fields_of,
    literals_in,
    number_of,
    of_eval,
    of_search,
)
from agentgate_mcp.graph.narrowing import ALWAYS_PRESENT
from agentgate_mcp.spl import ast

_DROPPING = frozenset({"regex", "sample", "join", "transaction", "rare", "top", "selfjoin"})
"""Commands that drop rows without stating a condition on a field."""
_KEEPS_FIELDS = frozenset(
    {"fillnull", "filldown", "reverse", "bin", "bucket", "convert", "makemv", "mvexpand", "regex"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropper:
    """A command that drops rows. ``everything`` says that it drops nearly all, ``demanding`` that
    only rows which have or match something stay; ``fields`` are those that rows are told apart by."""

    command: str
    text: str
    everything: bool = False
    demanding: bool = False
    fields: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Shape:
    """``visible`` are the fields that exist at the end, None where any may; ``starved`` are fields
    that a condition needed when they did not exist; ``constants`` were set to one value."""

    conditions: list[Condition] = field(default_factory=list[Condition])
    data: set[str] = field(default_factory=set[str])
    produced: set[str] = field(default_factory=set[str])
    assigned: dict[str, str] = field(default_factory=dict[str, str])
    constants: dict[str, str] = field(default_factory=dict[str, str])
    certain: set[str] = field(default_factory=set[str])
    """Fields that every row has, because `stats` made the rows from them."""
    hidden: set[str] = field(default_factory=set[str])
    visible: set[str] | None = None
    starved: set[str] = field(default_factory=set[str])
    droppers: list[Dropper] = field(default_factory=list[Dropper])
    stats: int = 0
    """How often the rows are made anew by `stats`."""
    heads: list[int] = field(default_factory=list[int])
    earliest: str = ""
    latest: str = ""

    @property
    def used(self) -> set[str]:
        """Fields that a condition needs a value of."""
        return {name for c in self.conditions for name in needs_value(c)}

    @property
    def mentioned(self) -> set[str]:
        """Fields that the search works with: computed, kept, or read by a condition."""
        read = {name for c in self.conditions for name in fields_of(c) or ()}
        return read | self.produced | self.certain | (self.visible or set()) | ALWAYS_PRESENT

    def lacks(self, name: str) -> bool:
        """Whether no row can have the field here."""
        return name in self.hidden or (self.visible is not None and name not in self.visible)

    def filter(self, conditions: list[Condition]) -> None:
        """Takes conditions, and notes those that cannot hold here."""
        for condition in conditions:
            self.conditions.append(condition)
            for name in needs_value(condition):
                if self.lacks(name) and not any("*" in v for v in self.visible or ()):
                    self.starved.add(name)
            if _refuted(condition, self.constants):
                self.conditions.append(Never())

    def make(self, *names: str) -> None:
        """Fields that a command adds."""
        self.produced.update(names)
        self.hidden.difference_update(names)
        for name in names:
            self.constants.pop(name, None)
        if self.visible is not None:
            self.visible.update(names)

    def drop(self, *names: str) -> None:
        """Fields that a command takes away."""
        self.hidden.update(names)
        if self.visible is not None:
            self.visible.difference_update(names)

    def keep(self, names: set[str] | None) -> None:
        """From here on only ``names`` exist; None where that is not known."""
        self.visible = names
        if names is None:
            self.hidden.clear()
        else:
            self.hidden.difference_update(names)


def shape_of(pipeline: ast.Pipeline) -> Shape:
    """The shape of a whole pipeline; brackets count only through the commands that hold them."""
    shape = Shape()
    for position, command in enumerate(pipeline.commands):
        _take(shape, command, first=position == 0)
    return shape


def needs_value(condition: Condition) -> set[str]:
    """Fields without which the condition cannot hold."""
    match condition:
        case In() | Bound():
            return {condition.field}
        case Either():
            branches = [{n for c in b for n in needs_value(c)} for b in condition.branches]
            return {n for n in branches[0] if all(n in b for b in branches)} if branches else set()
        case NotIn() | Opaque() | Never():
            return set()


def _refuted(condition: Condition, constants: dict[str, str]) -> bool:
    """Whether a condition on a constant is false."""
    if isinstance(condition, In) and condition.field in constants:
        return not any("*" in v or v == constants[condition.field].lower() for v in condition.values)
    if isinstance(condition, NotIn) and condition.field in constants:
        return any(v == constants[condition.field].lower() or not v.strip("*") for v in condition.values)
    if isinstance(condition, Bound) and condition.field in constants:
        value = number_of(constants[condition.field])
        if value is None:
            return True
        return value < condition.limit if condition.side == "min" else value > condition.limit
    return False


def _take(shape: Shape, command: ast.Command, *, first: bool) -> None:
    match command:
        case ast.Search():
            _search(shape, command.expr, first=first)
        case ast.Where():
            shape.filter(of_eval(command.expr))
        case ast.Tstats():
            _search(shape, command.where, first=first)
            if command.data_model:
                shape.data.add(f"data_model:{command.data_model}")
            shape.make(*(a.output for a in command.aggregations))
        case ast.InputLookup():
            shape.conditions += of_search(command.where)
            if first:
                shape.data.add(f"lookup:{command.name}")
        case ast.Eval():
            for assignment in command.assignments:
                _assign(shape, assignment)
        case ast.Stats():
            made = {a.output for a in command.aggregations}
            if command.command in ("stats", "sistats"):
                shape.stats += 1
                keys = {k.field for k in command.by}
                shape.keep({*made, *keys})
                shape.certain |= keys | {a.output for a in command.aggregations if a.function in ("count", "c", "dc")}
            shape.make(*made)
        case ast.Chart():
            shape.keep(None)
            shape.make(*(a.output for a in command.aggregations))
        case ast.Lookup():
            shape.make(*(f.alias or f.field for f in command.output))
            if not command.output:
                shape.keep(None)
        case ast.Rename():
            for old, new in command.pairs:
                if "*" in old or "*" in new:
                    shape.keep(None)
                elif old != new:
                    shape.drop(old)
                    shape.make(new)
        case ast.Head():
            if command.expr is None:
                shape.heads.append(command.count)
            else:
                shape.droppers.append(Dropper(command="head", text=repr(command)))
        case ast.Fields():
            if command.remove and any(not f.strip("*") for f in command.fields):
                shape.droppers.append(Dropper(command="fields", text=repr(command), everything=True))
            elif command.remove:
                shape.drop(*command.fields)
            else:
                shape.keep({*command.fields, "_time", "_raw"})
        case ast.Table():
            shape.keep(set(command.fields))
        case ast.Dedup():
            names = frozenset(command.fields)
            nothing = any(shape.lacks(n) for n in names) or names <= shape.constants.keys()
            shape.droppers.append(Dropper(command="dedup", text=repr(command), everything=nothing, fields=names))
        case ast.Generic():
            _generic(shape, command, first=first)
        case ast.MacroCall():
            shape.filter(of_search(command))
            shape.keep(None)
        case ast.Sort():
            return


def _assign(shape: Shape, assignment: ast.Assignment) -> None:
    shape.make(assignment.field)
    shape.assigned[assignment.field] = repr(assignment.expr)
    match assignment.expr:
        case ast.Number():
            shape.constants[assignment.field] = assignment.expr.raw
        case ast.String():
            shape.constants[assignment.field] = assignment.expr.value
        case ast.Call(function="null"):
            shape.drop(assignment.field)
        case _:
            pass


def _generic(shape: Shape, command: ast.Generic, *, first: bool) -> None:
    if first:
        shape.data.add(f"{command.command}:{' '.join(command.words)}")
    if command.command in _DROPPING:
        shape.droppers.append(
            Dropper(
                command=command.command,
                text=repr(command),
                everything=_drops_everything(command),
                demanding=_is_demanding(command),
            )
        )
    if command.command == "rex":
        for word in command.words:
            for opening in ("(?<", "(?P<"):
                shape.make(*(part.split(">", 1)[0] for part in word.split(opening)[1:] if ">" in part))
    elif command.command not in _KEEPS_FIELDS:
        shape.keep(None)


def _is_demanding(command: ast.Generic) -> bool:
    """Whether it is an inner join, a sample, or a `regex` that rows must match."""
    if command.command == "regex":
        return not _is_unequal(command)
    kind = command.options.get("type")
    outer = isinstance(kind, ast.Value) and kind.text.lower() in ("left", "outer")
    return command.command in ("join", "selfjoin", "sample") and not outer


def _is_unequal(command: ast.Generic) -> bool:
    return any(isinstance(a, ast.Punct) and a.text == "!=" for a in command.args)


def _drops_everything(command: ast.Generic) -> bool:
    """A `regex` that keeps only what its pattern, which fits anything, does not fit."""
    return (
        command.command == "regex"
        and _is_unequal(command)
        and bool(command.words)
        and literals_in(command.words[-1]) < 3
    )


def _search(shape: Shape, expr: ast.SearchExpr | None, *, first: bool) -> None:
    conditions = of_search(expr)
    shape.filter(conditions)
    for modifier in _times(expr):
        value = modifier.value.text if isinstance(modifier.value, ast.Value) else ""
        if modifier.name == "earliest":
            shape.earliest = value
        elif modifier.name == "latest":
            shape.latest = value
    if first:
        shape.data |= {name for c in conditions for name in _data_names(c)}


def _times(expr: ast.SearchExpr | None) -> list[ast.TimeModifier]:
    if isinstance(expr, ast.TimeModifier):
        return [expr]
    if isinstance(expr, ast.SearchAnd | ast.SearchOr):
        return [t for o in expr.operands for t in _times(o)]
    return []


def _data_names(condition: Condition) -> set[str]:
    match condition:
        case In() if condition.field in DATA_FIELDS:
            return {f"{condition.field}:{v}" for v in condition.values if v.strip("*")}
        case Either():
            return {n for b in condition.branches for c in b for n in _data_names(c)}
        case Opaque() if condition.positive and condition.pipeline is None and condition.shown.startswith("`"):
            return {f"macro:{condition.text}"}
        case _:
            return set()
