"""Series: the columns that `chart` and `timechart` make of the values of a field.

A series is scored by the sum of its values over the rows (of the first aggregate, where there are
several); the ten highest get a column, the rest is computed together as OTHER, rows without the
field as NULL. Columns stand in the order of their names, then OTHER, then NULL; with several
aggregates, all of the first come first. In `where`, `count` means the sum as well: the values that
it looks at are aggregates already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import Options
from agentgate_mcp.backends.embedded.search.build import MAX_ROWS, Build
from agentgate_mcp.backends.embedded.search.commands.aggregates import is_function, plain_name
from agentgate_mcp.backends.embedded.search.commands.stats import grouped, unnested
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator
from agentgate_mcp.backends.embedded.search.relation import Column, Relation
from agentgate_mcp.backends.embedded.search.sqltext import number_sql, text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast

MAX_SERIES: Final = 1_000
ROW: Final = "\0row"
_SERIES: Final = "\0series"
"""Names that no search can write, so that they hide no field."""
_NOWHERE: Final = "-1"
"""The place of series that are left out."""
_WHERE: Final = re.compile(
    r"([a-z]+)(?:\([^()]*\))?\s*(?:\s(in|notin)\s+(top|bottom)\s*([0-9]{1,6})|([<>])\s*(-?[0-9]{1,15}(?:\.[0-9]{1,9})?))",
    re.IGNORECASE,
)
_SCORES: Final[Mapping[str, str]] = {
    "avg": "avg", "count": "sum", "max": "max", "mean": "avg", "min": "min", "sum": "sum",
}  # fmt: skip
_LIMIT: Final = re.compile(r"(top|bottom)?([0-9]{1,6})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which series get a column: ``count`` best (or with ``worst`` the worst) by ``score``, 0 for all,
    turned round by ``inverted``; or those on one side of ``bound``."""

    score: str = "sum"
    count: int = 10
    worst: bool = False
    inverted: bool = False
    bound: tuple[str, float] | None = None

    def of(self, scores: Mapping[str, float]) -> list[str]:
        """The chosen names, by name."""
        if self.bound is not None:
            op, amount = self.bound
            return sorted(n for n, v in scores.items() if (v > amount if op == ">" else v < amount))
        ranked = sorted(scores, key=lambda n: (scores[n] if self.worst else -scores[n], n))
        chosen = ranked[: self.count] if self.count else ranked
        return sorted(set(scores).difference(chosen) if self.inverted else chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How series are laid out; ``other`` and ``null`` are empty where those columns are not wanted."""

    choice: Choice
    other: str
    null: str
    separator: str
    form: str

    def label(self, node: ast.Aggregation, series: str, *, single: bool) -> str:
        if single:
            return series
        if self.form:
            return self.form.replace("$AGG$", node.output).replace("$VAL$", series)
        return f"{node.output}{self.separator}{series}"


def read_shape(options: Options, node: ast.Chart) -> Shape:
    """The options about series. Raises: SplError, UnsupportedSplError for a `where` it cannot read."""
    at = node.span.start
    limit = _LIMIT.fullmatch(options.text("limit", "10"))
    if limit is None:
        raise SplError(f"{node.command}: unreadable limit", at, "a number, or top5 or bottom5")
    choice = Choice(count=int(limit.group(2)), worst=(limit.group(1) or "").lower() == "bottom")
    if node.where:
        choice = _where(node)
    use_other, other = options.flag("useother", True), options.text("otherstr", "OTHER")
    use_null, null = options.flag("usenull", True), options.text("nullstr", "NULL")
    return Shape(
        choice=choice,
        other=other if use_other else "",
        null=null if use_null else "",
        separator=options.text("sep", ": "),
        form=options.text("format"),
    )


def _where(node: ast.Chart) -> Choice:
    match = _WHERE.fullmatch(node.where.strip())
    score = _SCORES.get(match.group(1).lower()) if match else None
    if match is None or score is None:
        known = "sum, avg, min or max with in, notin, < or >"
        raise UnsupportedSplError(
            f"{node.command} where {node.where[:40]!a} is not supported; {known} is", node.span.start
        )
    _, within, end, count, op, amount = match.groups()
    if op:
        return Choice(score=score, bound=(op, float(amount)))
    return Choice(score=score, count=int(count), worst=end.lower() == "bottom", inverted=within.lower() == "notin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A table under way: ``relation`` has the key of each row as `ROW` and one field per column of
    the table, ``of`` says of which aggregate each is."""

    relation: Relation
    of: Mapping[str, ast.Aggregation]


def laid_out(
    source: Relation,
    row: Column | None,
    series: Column | None,
    nodes: Sequence[ast.Aggregation],
    shape: Shape,
    build: Build,
) -> Cells:
    """The aggregates by row and series. Raises: SplError, UnsupportedSplError."""
    keys = {} if row is None else {ROW: row}
    source, keys = unnested(source, keys)
    if series is None:
        relation = _computed(source, keys, nodes, build)
        return Cells(relation=relation, of={node.output: node for node in nodes})
    source, split = unnested(source, {_SERIES: series}, keep_empty=True)
    # An absent value is the empty text, so that its rows are grouped too.
    text = f"coalesce({text_sql(split[_SERIES])}, '')"
    by = {**keys, _SERIES: Column(sql=text, kind="text")}
    found = build.kept(_computed(source, by, nodes, build))
    names, scores = _scored(found, nodes[0], shape, build)
    chosen = shape.choice.of(scores)
    if len(chosen) > MAX_SERIES:
        raise UnsupportedSplError(f"more than {MAX_SERIES} series are not supported", nodes[0].span.start)
    rest = shape.other if len(chosen) < len(scores) else ""
    null = shape.null if "" in names else ""
    labels = [*chosen, *(label for label in dict.fromkeys((rest, null)) if label and label not in chosen)]
    slot = _slot_sql(text, chosen, rest=_place(labels, rest), null=_place(labels, null), build=build)
    if rest or null in chosen:
        found = _computed(source, {**keys, _SERIES: Column(sql=slot, kind="number")}, nodes, build)
    else:
        own = _slot_sql(found.columns[_SERIES].sql, chosen, rest=_NOWHERE, null=_place(labels, null), build=build)
        found = found.with_fields({_SERIES: Column(sql=own, kind="number")})
    return _pivoted(found, labels, nodes, shape)


def _place(labels: Sequence[str], label: str) -> str:
    return str(labels.index(label)) if label else _NOWHERE


def _slot_sql(text: str, chosen: Sequence[str], *, rest: str, null: str, build: Build) -> str:
    """The number of the column that a series' values go to."""
    listed = ", ".join(build.bind(name) for name in chosen)
    place = f"list_position([{listed}], {text}) - 1" if chosen else "NULL"
    return f"CASE WHEN {text} = '' THEN {null} ELSE coalesce({place}, {rest}) END"


def _scored(
    found: Relation, node: ast.Aggregation, shape: Shape, build: Build
) -> tuple[frozenset[str], dict[str, float]]:
    """All series, and the score of each that has a name. Raises: UnsupportedSplError for too many."""
    number = number_sql(found.columns[node.output])
    sql = (
        f"SELECT {found.columns[_SERIES].sql} AS s, {shape.choice.score}(n ORDER BY n) FROM "  # noqa: S608 - generated
        f"(SELECT *, {number} AS n FROM ({found.sql})) GROUP BY 1 LIMIT {MAX_ROWS + 1}"
    )
    rows = build.rows(sql)
    if len(rows) > MAX_ROWS:
        raise UnsupportedSplError(f"more than {MAX_ROWS} series are not supported", node.span.start)
    values = {str(name): float(v) if isinstance(v, int | float) else 0.0 for name, v in rows}
    return frozenset(values), {name: value for name, value in values.items() if name}


def _pivoted(found: Relation, labels: Sequence[str], nodes: Sequence[ast.Aggregation], shape: Shape) -> Cells:
    slot = found.columns[_SERIES].sql
    columns: dict[str, Column] = {}
    selected: list[str] = []
    ids = found.ids
    if ROW in found.columns:
        row = found.columns[ROW]
        columns[ROW] = Column(sql=f"c{ids}", kind=row.kind)
        selected.append(f"{row.sql} AS c{ids}")
        ids += 1
    of: dict[str, ast.Aggregation] = {}
    for node in nodes:
        column = found.columns[node.output]
        for number, series in enumerate(labels):
            label = shape.label(node, series, single=len(nodes) == 1)
            selected.append(f"any_value({column.sql}) FILTER (WHERE {slot} = {number}) AS c{ids}")
            columns[label] = Column(sql=f"c{ids}", kind=column.kind)
            ids += 1
            of[label] = node
    groups = f" GROUP BY {found.columns[ROW].sql}" if ROW in columns else ""
    # A row all of whose series were left out still has its place.
    sql = f"SELECT {', '.join(selected) or '1'} FROM ({found.sql}){groups}"  # noqa: S608 - generated
    return Cells(relation=Relation(sql=sql, columns=columns, order=(), ids=ids), of=of)


# --- aggregates, and expressions over them --------------------------------------------------------


def _computed(source: Relation, keys: Mapping[str, Column], nodes: Sequence[ast.Aggregation], build: Build) -> Relation:
    """The grouped rows with one field per aggregate, `eval(…)` over aggregates included."""
    plain: list[ast.Aggregation] = []
    derived: dict[str, ast.EvalExpr] = {}
    for node in nodes:
        if plain_name(node) == "eval" and node.expr is not None:
            derived[node.output] = _replaced(node.expr, plain)
        else:
            plain.append(node)
    relation = grouped(source, keys, plain, build)
    if not derived:
        return relation
    evaluator = Evaluator(relation=relation, build=build)
    made = relation.with_fields({name: evaluator.value(expr) for name, expr in derived.items()})
    shown = {*keys, *(node.output for node in nodes)}
    return replace(made, columns={name: c for name, c in made.columns.items() if name in shown})


def _replaced(expr: ast.EvalExpr, plain: list[ast.Aggregation]) -> ast.EvalExpr:
    """The expression with each aggregate in it as a field of its own; ``plain`` collects them."""
    match expr:
        case ast.Call(function=function, args=args) if is_function(function) and _over_field(expr):
            name = f"\0{len(plain)}"
            field = next((arg.name for arg in args if isinstance(arg, ast.FieldRef)), "")
            plain.append(ast.Aggregation(function=function, field=field, alias=name, span=expr.span))
            return ast.FieldRef(name=name)
        case ast.Call(args=args):
            return replace(expr, args=tuple(_replaced(arg, plain) for arg in args))
        case ast.Chain(first=first, rest=rest):
            made = tuple((op, _replaced(operand, plain)) for op, operand in rest)
            return replace(expr, first=_replaced(first, plain), rest=made)
        case ast.Unary(operand=operand):
            return replace(expr, operand=_replaced(operand, plain))
        case ast.Compare(left=left, right=right):
            return replace(expr, left=_replaced(left, plain), right=_replaced(right, plain))
        case ast.Logical(operands=operands):
            return replace(expr, operands=tuple(_replaced(operand, plain) for operand in operands))
        case ast.FieldRef(name="count" | "c"):
            plain.append(ast.Aggregation(function="count", alias=f"\0{len(plain)}", span=expr.span))
            return ast.FieldRef(name=plain[-1].alias)
        case ast.FieldRef(name=name):
            raise SplError(f"field {name[:40]!a} outside an aggregate", expr.span.start, "avg(field) or the like")
        case _:
            return expr


def _over_field(expr: ast.Call) -> bool:
    """`min`, `max` and others are eval functions too: of one field, or `count` of none, they are aggregates."""
    match expr.args:
        case ():
            return expr.function in ("count", "c")
        case (ast.FieldRef(),):
            return True
        case _:
            return False
