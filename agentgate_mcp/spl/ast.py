"""The syntax tree of a search. Every node knows its span; spans do not count for equality.

A tree is at most `MAX_DEPTH` brackets, parentheses and `NOT`s deep, so walking it by recursion
is safe. Chains of one precedence (`a + b - c`, `x AND y AND z`) are flat tuples, never ladders.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from agentgate_mcp.spl.text import unescape, wildcard_parts

MAX_DEPTH = 64


class Span(NamedTuple):
    """Character offsets in the text that was parsed: ``text[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(default=Span(0, 0), compare=False, repr=False)


# --- leaves shared by all commands -----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Node):
    """A word or a quoted string. ``raw`` is as written, without the surrounding quotes;
    ``quote`` is ``"``, ``'`` or empty."""

    raw: str
    quote: Literal["", '"', "'"] = ""

    @property
    def quoted(self) -> bool:
        return self.quote != ""

    @property
    def text(self) -> str:
        """The characters that are meant: ``\\"`` and ``\\\\`` unescaped inside quotes."""
        return unescape(self.raw) if self.quote else self.raw

    @property
    def has_wildcard(self) -> bool:
        return "*" in self.raw

    @property
    def parts(self) -> tuple[str, ...]:
        """The literal texts between the wildcards: ``a*b`` → ``("a", "b")``, ``x`` → ``("x",)``.
        In Splunk a ``*`` is a wildcard inside quotes too, and has no escape."""
        return wildcard_parts(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroCall(Node):
    """`` `name(a, b)` ``, unexpanded. Arguments are texts as written, blanks trimmed."""

    name: str
    args: tuple[str, ...] = ()

    @property
    def arity(self) -> int:
        return len(self.args)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsearch(Node):
    """``[ pipeline ]``. For `foreach` and `appendpipe` the pipeline is a template."""

    pipeline: Pipeline


Operand: TypeAlias = Value | MacroCall | Subsearch


@dataclass(frozen=True, slots=True, kw_only=True)
class Option(Node):
    """``key=value`` in a command's arguments; the key is lower-cased."""

    key: str
    value: Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class Punct(Node):
    """A bare ``,`` ``(`` ``)`` or operator among the arguments of a generic command."""

    text: str


Arg: TypeAlias = Value | Option | MacroCall | Subsearch | Punct

# --- search expressions ----------------------------------------------------------------------

CompareOp: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "::"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term(Node):
    """A bare word or phrase that must occur in the event; ``*`` alone matches everything."""

    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Node):
    """``field op value``; ``==`` is read as ``=``. `index`, `sourcetype`, `host` are fields too."""

    field: str
    op: CompareOp
    value: Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership(Node):
    """``field IN (v, …)``: true where the field equals one of the values."""

    field: str
    values: tuple[Operand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeModifier(Node):
    """``earliest=``, ``latest=``, ``_index_earliest=`` and the older ``starttime=`` family.
    It restricts the whole search wherever it stands; evaluate it as true."""

    name: str
    value: Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive(Node):
    """``TERM(x)``, ``CASE(x)`` or ``PREFIX(x)``."""

    name: Literal["TERM", "CASE", "PREFIX"]
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchNot(Node):
    operand: SearchExpr


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnd(Node):
    """Two or more operands. OR binds tighter than the implicit and the written AND."""

    operands: tuple[SearchExpr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOr(Node):
    operands: tuple[SearchExpr, ...]


SearchExpr: TypeAlias = (
    Term | Comparison | Membership | TimeModifier | Directive | SearchNot | SearchAnd | SearchOr | Subsearch | MacroCall
)

# --- eval expressions ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Node):
    """A number as written; ``float(raw)`` succeeds."""

    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class String(Node):
    """A double-quoted literal; ``raw`` is between the quotes, ``value`` unescaped."""

    raw: str

    @property
    def value(self) -> str:
        return unescape(self.raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRef(Node):
    """A field by its name; ``quoted`` where written in single quotes."""

    name: str
    quoted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """``function(a, b)``; the name is lower-cased."""

    function: str
    args: tuple[EvalExpr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    op: Literal["-", "+", "NOT"]
    operand: EvalExpr


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain(Node):
    """Operators of one precedence, applied from left to right: ``first op1 e1 op2 e2 …``.
    Either all of ``* / %`` or all of ``+ - .`` (``.`` joins strings)."""

    first: EvalExpr
    rest: tuple[tuple[Literal["+", "-", ".", "*", "/", "%"], EvalExpr], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Node):
    """``=`` and ``==`` are one operator, written ``=`` here."""

    op: Literal["=", "!=", "<", "<=", ">", ">=", "LIKE"]
    left: EvalExpr
    right: EvalExpr


@dataclass(frozen=True, slots=True, kw_only=True)
class InTest(Node):
    """``operand IN (v, …)``."""

    operand: EvalExpr
    values: tuple[EvalExpr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logical(Node):
    """Two or more operands of one connective; NOT binds tightest, then AND, then OR and XOR."""

    op: Literal["AND", "OR", "XOR"]
    operands: tuple[EvalExpr, ...]


EvalExpr: TypeAlias = (
    Number | String | FieldRef | Call | Unary | Chain | Compare | InTest | Logical | MacroCall | Subsearch
)

# --- commands --------------------------------------------------------------------------------


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
    """`head` or `tail`: ``count`` rows (default 10), or for `head` while ``expr`` holds."""

    command: Literal["head", "tail"]
    count: int = 10
    expr: EvalExpr | None = None
    options: tuple[Option, ...] = ()


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
