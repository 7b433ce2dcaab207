"""Functions over multivalue fields: `split`, `mvindex`, `mvfilter`, …

A field with one value is a list of one here. What was chosen where Splunk leaves it open: `mvmap`
leaves out values for which the expression is null; `mvzip` ends with the shorter field; `mvrange`
that would give more than `MAX_RANGE` values gives none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity, clamped, item, refused
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result
from agentgate_mcp.backends.embedded.search.evaluate.fields import fields
from agentgate_mcp.backends.embedded.search.evaluate.matching import matcher
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.backends.embedded.search.spans import span_seconds
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast

MAX_RANGE: Final = 10_000


def _list(to: Evaluator, expr: ast.EvalExpr) -> str:
    """The values of an expression as VARCHAR[], none for null."""
    return sqltext.list_sql(to.value(expr))


def _split(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    return Column(sql=f"string_split({to.text(call.args[0])}, {to.text(call.args[1])})", kind="list")


def _mvappend(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1)
    return Column(sql=f"flatten([{', '.join(_list(to, arg) for arg in call.args)}])", kind="list")


def _mvcount(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    return Column(sql=f"nullif(len({_list(to, call.args[0])}), 0)", kind="number")


def _mvindex(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 3)
    values = _list(to, call.args[0])

    def position(values: str, number: int) -> str:
        """Counted from 1, whichever end the argument counts from."""
        at = clamped(to.number(call.args[number]))
        return sqltext.let(at, lambda n: f"{n} + 1 + CASE WHEN {n} < 0 THEN len({values}) ELSE 0 END")

    def one(values: str, first: str) -> str:
        return f"CASE WHEN {first} > 0 THEN {values}[{first}] END"

    def several(values: str, first: str, last: str) -> str:
        return f"CASE WHEN 0 < {first} AND {first} <= {last} THEN {values}[{first}:{last}] END"

    if len(call.args) == 2:
        sql = sqltext.let(values, lambda v: sqltext.let(position(v, 1), lambda first: one(v, first)))
        return Column(sql=sql, kind="text")
    sql = sqltext.let(
        values,
        lambda v: sqltext.let(
            position(v, 1), lambda first: sqltext.let(position(v, 2), lambda last: several(v, first, last))
        ),
    )
    return Column(sql=sql, kind="list")


def _mvjoin(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    separator = to.text(call.args[1])

    def joined(values: str) -> str:
        if isinstance(call.args[1], ast.String):
            return f"array_to_string({values}, {separator})"
        # That function takes no separator from the row.
        one, two = sqltext.fresh(), sqltext.fresh()
        return f"list_reduce({values}, lambda {one}, {two}: {one} || {separator} || {two})"

    sql = sqltext.let(_list(to, call.args[0]), lambda v: f"CASE WHEN len({v}) > 0 THEN {joined(v)} END")
    return Column(sql=sql, kind="text")


def _mvdedup(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    one, at = sqltext.fresh(), sqltext.fresh()
    sql = sqltext.let(
        _list(to, call.args[0]), lambda v: f"list_filter({v}, lambda {one}, {at}: list_position({v}, {one}) = {at})"
    )
    return Column(sql=sql, kind="list")


def _mvsort(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    return Column(sql=f"list_sort({_list(to, call.args[0])})", kind="list")


def _mvfind(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    pattern, test = matcher(call, to, 1)
    name, values = sqltext.fresh(), _list(to, call.args[0])

    def position(p: str) -> str:
        found = f"list_transform({values}, lambda {name}: {test.format(c=name, p=p)})"
        return f"nullif(coalesce(list_position({found}, true), 0), 0) - 1"

    return Column(sql=f"({sqltext.let(pattern, position)})", kind="number")


def _mvzip(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 3)
    left, right, *separators = call.args
    separator = to.text(separators[0]) if separators else "','"
    name = sqltext.fresh()
    zipped = f"list_zip({_list(to, left)}, {_list(to, right)}, true)"
    sql = f"list_transform({zipped}, lambda {name}: {name}[1] || {separator} || {name}[2])"
    return Column(sql=sql, kind="list")


def _mvrange(call: ast.Call, to: Evaluator) -> Result:
    """From a start, included, to an end, not included, by a number or a span such as `7d`."""
    arity(call, 2, 3)
    start, end = to.number(call.args[0]), to.number(call.args[1])
    step = _step(call.args[2], to) if len(call.args) > 2 else "1.0"
    name = sqltext.fresh()

    def of(first: str, width: str) -> str:
        count = f"CASE WHEN {width} > 0 THEN greatest(0.0, ceil(({end} - {first}) / {width})) END"
        value = sqltext.text_sql(Column(sql=f"{first} + {name} * {width}", kind="number"))
        return sqltext.let(
            count,
            lambda n: (
                f"CASE WHEN {n} <= {MAX_RANGE} "
                f"THEN list_transform(range(CAST({n} AS BIGINT)), lambda {name}: {value}) END"
            ),
        )

    return Column(sql=sqltext.let(start, lambda s: sqltext.let(step, lambda w: of(s, w))), kind="list")


def _step(expr: ast.EvalExpr, to: Evaluator) -> str:
    written = to.constant(expr)
    if written is None or sqltext.as_number(written) is not None:
        return to.number(expr)
    return to.build.bind(float(span_seconds(written, expr.span.start)))


# --- expressions over each value ---------------------------------------------------------------


def _with_item(to: Evaluator, field: str, name: str) -> Evaluator:
    """The same rows, ``field`` being one of its values: a lambda's parameter."""
    relation = replace(to.relation, columns={**to.relation.columns, field: item(name)})
    return Evaluator(relation=relation, build=to.build)


def _mvfilter(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    field = _only_field(call, call.args[0])
    name = sqltext.fresh()
    condition = _with_item(to, field.name, name).condition(call.args[0])
    return Column(sql=f"list_filter({_list(to, field)}, lambda {name}: {condition})", kind="list")


def _mvmap(call: ast.Call, to: Evaluator) -> Result:
    """The first argument's one field stands for each value in the second."""
    arity(call, 2, 2)
    field = _only_field(call, call.args[0])
    name = sqltext.fresh()
    made = sqltext.list_sql(_with_item(to, field.name, name).value(call.args[1]))
    return Column(sql=f"flatten(list_transform({_list(to, call.args[0])}, lambda {name}: {made}))", kind="list")


def _only_field(call: ast.Call, expr: ast.EvalExpr) -> ast.FieldRef:
    found = {node.name: node for node in fields(expr)}
    if len(found) != 1:
        raise SplError(f"{call.function} refers to {len(found)} fields", expr.span.start, "one field")
    return next(iter(found.values()))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "split": _split,
    "mvappend": _mvappend,
    "mvcount": _mvcount,
    "mvindex": _mvindex,
    "mvjoin": _mvjoin,
    "mvdedup": _mvdedup,
    "mvsort": _mvsort,
    "mvfind": _mvfind,
    "mvzip": _mvzip,
    "mvrange": _mvrange,
    "mvfilter": _mvfilter,
    "mvmap": _mvmap,
    "commands": refused("a search's commands are no field of its rows"),
}
