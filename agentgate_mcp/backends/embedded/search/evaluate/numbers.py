"""Functions over numbers. Anything but numbers gives null, and so does what has no finite result.

What was chosen where Splunk leaves it open: `round` takes a half away from zero, also one that a
DOUBLE only comes close to (`round(2.555, 2)` is 2.56), and does not pad with zeros; `min`, `max`,
`sum` and `avg` look at every value of a multivalue field; `sum` and `avg` pass over texts. `random`
is refused: the same search over the same data gives the same rows here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity, clamped, computed, item, of_numbers, refused
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result, unified
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.spl import ast

_MOST_PLACES: Final = 15
_EXACT: Final = 2**50
"""From here on a DOUBLE has too few binary places left to tell a half."""
_NEARLY: Final = 1 + 2**-51


def rounded(number: str, places: str) -> str:
    """A DOUBLE to a whole number of decimal places; negative ones round before the point."""

    def scaled(n: str, scale: str) -> str:
        half_up = f"sign({n}) * floor(abs({n} * {scale}) * {_NEARLY!r} + 0.5) / {scale}"
        return f"CASE WHEN abs({n} * {scale}) < {_EXACT} THEN {half_up} WHEN {scale} IS NOT NULL THEN {n} END"

    scale = sqltext.let(
        clamped(places),
        lambda p: f"CASE WHEN {p} IS NOT NULL THEN pow(10.0, greatest(-300, least({_MOST_PLACES}, {p}))) END",
    )
    return computed(sqltext.let(number, lambda n: sqltext.let(scale, lambda s: scaled(n, s))))


def _round(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 2)
    number, *places = (to.number(arg) for arg in call.args)
    return Column(sql=rounded(number, places[0] if places else "0"), kind="number")


def _exact(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1, 1)
    return Column(sql=to.number(call.args[0]), kind="number")


def _pi(call: ast.Call, _: Evaluator) -> Result:
    arity(call, 0, 0)
    return Column(sql=f"CAST({math.pi!r} AS DOUBLE)", kind="number")


def _log(number: str, base: str = "10") -> str:
    return f"log10({number})" if base == "10" else f"ln({number}) / nullif(ln({base}), 0)"


# --- significant figures -----------------------------------------------------------------------


def _figures(to: Evaluator, expr: ast.EvalExpr) -> str:
    """How many significant figures an operand is written with."""
    written = to.constant(expr)
    if written is not None:
        return str(len(re.sub(r"[^0-9]", "", re.split("[eE]", written)[0]).lstrip("0")) or 1)
    digits = f"regexp_replace(regexp_replace({to.text(expr)}, '[eE].*', ''), '[^0-9]', '', 'g')"
    return f"greatest(1, length(ltrim({digits}, '0')))"


def _decimals(to: Evaluator, expr: ast.EvalExpr) -> str:
    """How many places behind the point an operand is written with."""
    written = to.constant(expr)
    if written is not None:
        return str(len(written.partition(".")[2]))
    return f"length(split_part({to.text(expr)}, '.', 2))"


def _sigfig(call: ast.Call, to: Evaluator) -> Result:
    """A product has as many figures as its shortest factor, a sum as many decimals as its shortest
    term. Only the outermost operators count; for anything else the number stays as it is."""
    arity(call, 1, 1)
    expr = call.args[0]
    number = to.number(expr)
    if not isinstance(expr, ast.Chain):
        return Column(sql=number, kind="number")
    operands = (expr.first, *(operand for _, operand in expr.rest))
    if expr.rest[0][0] in ("*", "/", "%"):
        figures = f"least({', '.join(_figures(to, operand) for operand in operands)})"

        def of_figures(n: str) -> str:
            return rounded(n, f"{figures} - 1 - floor(log10(abs(nullif({n}, 0))))")

        sql = sqltext.let(number, lambda n: f"coalesce({of_figures(n)}, {n})")
    else:
        sql = rounded(number, f"least({', '.join(_decimals(to, operand) for operand in operands)})")
    return Column(sql=sql, kind="number")


# --- over several arguments --------------------------------------------------------------------


def _items(columns: Sequence[Column]) -> str:
    """All values of several columns, as texts."""
    return f"flatten([{', '.join(map(sqltext.list_sql, columns))}])"


def _numbers(items: str) -> str:
    """Those of some texts that are numbers."""
    one, two = sqltext.fresh(), sqltext.fresh()
    found = f"list_transform({items}, lambda {one}: {sqltext.number_sql(item(one))})"
    return f"list_filter({found}, lambda {two}: {two} IS NOT NULL)"


def _extreme(call: ast.Call, to: Evaluator) -> Result:
    """The least or greatest value; any text is greater than any number, as documented."""
    arity(call, 1)
    columns = [to.value(arg) for arg in call.args]
    values, kind = unified(columns)
    largest = call.function == "max"
    if kind == "number":
        return Column(sql=f"{'greatest' if largest else 'least'}({', '.join(values)})", kind="number")

    def of(items: str) -> str:
        name, pick = sqltext.fresh(), f"list_{call.function}"
        number = f"{pick}({_numbers(items)})"
        numbers = sqltext.text_sql(Column(sql=number, kind="number"))
        texts = f"{pick}(list_filter({items}, lambda {name}: {sqltext.number_sql(item(name))} IS NULL))"
        return f"coalesce({texts}, {numbers})" if largest else f"coalesce({numbers}, {texts})"

    return Column(sql=sqltext.let(_items(columns), of), kind="text")


def _total(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 1)
    items = _items([to.value(arg) for arg in call.args])
    return Column(sql=computed(f"list_{call.function}({_numbers(items)})"), kind="number")


_OF_ONE: Final = (
    *("abs", "floor", "sqrt", "exp", "ln", "sin", "cos", "tan", "asin", "acos", "atan"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
)
"""Functions of one number that the engine has under the same name."""

FUNCTIONS: Final[Mapping[str, Function]] = {
    **{name: of_numbers(f"{name}({{}})".format, 1) for name in _OF_ONE},
    **dict.fromkeys(("ceiling", "ceil"), of_numbers("ceil({})".format, 1)),
    "atan2": of_numbers("atan2({}, {})".format, 2),
    "hypot": of_numbers("sqrt(pow({}, 2) + pow({}, 2))".format, 2),
    "pow": of_numbers("pow({}, {})".format, 2),
    "log": of_numbers(_log, 1, 2),
    "pi": _pi,
    "round": _round,
    "exact": _exact,
    "sigfig": _sigfig,
    "min": _extreme,
    "max": _extreme,
    "sum": _total,
    "avg": _total,
    "random": refused("the same search must give the same rows again"),
}
