"""The nodes below commands: leaves, search expressions, eval expressions.

`agentgate_mcp.spl.ast` has all of these beside the commands; import them from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from agentgate_mcp.spl.text import unescape, wildcard_parts

if TYPE_CHECKING:
    from agentgate_mcp.spl.ast import Pipeline


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
    """``key=value`` in a command's arguments; the key is lower-cased, ``written`` is as it stood there."""

    key: str
    value: Operand
    written: str = field(default="", compare=False, repr=False)

    @property
    def name(self) -> str:
        """The key where it is a field's name, whose case counts."""
        return self.written or self.key


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
