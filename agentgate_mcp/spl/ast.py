"""The syntax tree of a search. Every node knows its span; spans do not count for equality.

A tree is at most `lexer.MAX_DEPTH` brackets, parentheses and `NOT`s deep, so walking it by recursion
is safe. Chains of one precedence (`a + b - c`, `x AND y AND z`) are flat tuples, never ladders.
Commands are here; what they are made of comes from `expressions`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from agentgate_mcp.spl.expressions import (
    Arg,
    Call,
    Chain,
    Compare,
    CompareOp,
    Comparison,
    Directive,
    EvalExpr,
    FieldRef,
    InTest,
    Logical,
    MacroCall,
    Membership,
    Node,
    Number,
    Operand,
    Option,
    Punct,
    SearchAnd,
    SearchExpr,
    SearchNot,
    SearchOr,
    Span,
    String,
    Subsearch,
    Term,
    TimeModifier,
    Unary,
    Value,
)

__all__ = [
    "Aggregation",
    "Arg",
    "Assignment",
    "Call",
    "Chain",
    "Chart",
    "Command",
    "Compare",
    "CompareOp",
    "Comparison",
    "Dedup",
    "Directive",
    "Eval",
    "EvalExpr",
    "FieldRef",
    "Fields",
    "Generic",
    "GroupKey",
    "Head",
    "InTest",
    "InputLookup",
    "Logical",
    "Lookup",
    "LookupField",
    "MacroCall",
    "Membership",
    "Node",
    "Number",
    "Operand",
    "Option",
    "Pipeline",
    "Punct",
    "Rename",
    "Search",
    "SearchAnd",
    "SearchExpr",
    "SearchNot",
    "SearchOr",
    "Sort",
    "SortKey",
    "Span",
    "Stats",
    "String",
    "Subsearch",
    "Table",
    "Term",
    "TimeModifier",
    "Tstats",
    "Unary",
    "Value",
    "Where",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(Node):
    """`search`, written or implied. ``expr`` None means no condition."""

    expr: SearchExpr | None
    implicit: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where(Node):
    expr: EvalExpr


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(Node):
    """``field = expr`` of `eval`; several run in order."""

    field: str
    expr: EvalExpr


@dataclass(frozen=True, slots=True, kw_only=True)
class Eval(Node):
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head(Node):
    """`head` or `tail`: ``count`` rows (default 10), or for `head` while ``expr`` holds; then
    ``count`` is a limit only where it is ``counted``: written in the search."""

    command: Literal["head", "tail"]
    count: int = 10
    expr: EvalExpr | None = None
    options: tuple[Option, ...] = ()
    counted: bool = field(default=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Node):
    """`table`: these fields, in this order; names may hold ``*``."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields(Node):
    """`fields`: keep the named fields (internal ones stay), or ``remove`` them (``fields -``)."""

    fields: tuple[str, ...]
    remove: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey(Node):
    """One key of `sort` or `dedup sortby`; ``cast`` is `auto`, `str`, `ip`, `num` or empty."""

    field: str
    descending: bool = False
    cast: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort(Node):
    """`sort`: ``limit`` None means Splunk's default of 10,000; 0 means all. ``reverse`` is the
    trailing ``desc``, which turns the whole order round."""

    keys: tuple[SortKey, ...]
    limit: int | None = None
    reverse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dedup(Node):
    """`dedup`: the first ``count`` rows per combination of ``fields``."""

    fields: tuple[str, ...]
    count: int = 1
    sortby: tuple[SortKey, ...] = ()
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(Node):
    """`rename a as b, c* as d*`: pairs of (old, new), names may hold ``*``."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregation(Node):
    """``function(field) as alias``, ``function(eval(expr)) as alias``, or bare `count`.

    ``function`` is lower-cased, as written (`perc95`, `c`, `dc`); ``field`` is empty where there
    is none and may hold ``*``; ``argument`` is the raw text for `sparkline`, else empty."""

    function: str
    field: str = ""
    expr: EvalExpr | None = None
    argument: str = ""
    alias: str = ""

    @property
    def output(self) -> str:
        """The name of the result column: the alias, `count`, or ``function(field)``."""
        if self.alias:
            return self.alias
        return f"{self.function}({self.field})" if self.field else self.function


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupKey(Node):
    """One `by` field; ``options`` are those that follow it (``span=5m``, ``bins=10``)."""

    field: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats(Node):
    """`stats`, `eventstats`, `streamstats` and their `si` forms."""

    command: str
    aggregations: tuple[Aggregation, ...]
    by: tuple[GroupKey, ...] = ()
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(Node):
    """`chart` or `timechart` (and `si` forms). ``eval`` aggregates stand as `Aggregation`
    with function `eval`; ``where`` is the raw text after `where` in the series filter."""

    command: str
    aggregations: tuple[Aggregation, ...]
    over: GroupKey | None = None
    by: tuple[GroupKey, ...] = ()
    where: str = ""
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tstats(Node):
    """`tstats` or `mstats`. ``data_model`` is `Model` or `Model.Object`, or empty."""

    command: str
    aggregations: tuple[Aggregation, ...]
    data_model: str = ""
    where: SearchExpr | None = None
    by: tuple[GroupKey, ...] = ()
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupField(Node):
    """``field`` of the lookup ``as`` the event's ``alias`` (the same name where not given)."""

    field: str
    alias: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(Node):
    """`lookup NAME match… OUTPUT|OUTPUTNEW out…`."""

    name: str
    match: tuple[LookupField, ...]
    output: tuple[LookupField, ...] = ()
    keep_existing: bool = False
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InputLookup(Node):
    """`inputlookup [options] NAME [where SEARCH]`."""

    name: str
    where: SearchExpr | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generic(Node):
    """Any other command: its arguments in order. ``known`` says whether the table has it.

    An option whose value is in parentheses (``endswith=(x=1)``, ``startswith=eval(x>1)``) has that
    text, parentheses and all, as an unquoted value.

    A command with a form of its own stands here where a macro or bracket keeps that form from
    being read; then ``raw`` is the arguments' text as written, else it is empty."""

    command: str
    args: tuple[Arg, ...] = ()
    known: bool = True
    raw: str = ""

    @property
    def options(self) -> dict[str, Operand]:
        """The ``key=value`` arguments by key; the last one wins."""
        return {a.key: a.value for a in self.args if isinstance(a, Option)}

    @property
    def words(self) -> tuple[str, ...]:
        """The positional words and strings, unquoted."""
        return tuple(a.text for a in self.args if isinstance(a, Value))

    @property
    def subsearches(self) -> tuple[Pipeline, ...]:
        return tuple(a.pipeline for a in self.args if isinstance(a, Subsearch))


Command: TypeAlias = (
    Search
    | Where
    | Eval
    | Head
    | Table
    | Fields
    | Sort
    | Dedup
    | Rename
    | Stats
    | Chart
    | Tstats
    | Lookup
    | InputLookup
    | Generic
    | MacroCall
)
"""A `MacroCall` as a command is a macro whose definition is not known: `` | `m` ``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline(Node):
    """One or more commands joined by ``|``; an empty text is no pipeline but an error."""

    commands: tuple[Command, ...]
