"""Functions of numbers: rounding, powers, bits, conversions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from agentgate_mcp.spl import ast
from tests.spl_oracle.functions import STRICT, Strict, lazy, strict
from tests.spl_oracle.job import OracleError
from tests.spl_oracle.values import Value, byte_order, number, text

if TYPE_CHECKING:
    from tests.spl_oracle.evaluate import Scope


def numeric(function: Callable[[float], float]) -> Strict:
    """A function of one number; anything else, and a result that is none, gives nothing."""

    def apply(value: Value) -> Value:
        from tests.spl_oracle.evaluate import whole

        amount = number(value)
        try:
            return None if amount is None else whole(function(amount))
        except (ValueError, OverflowError):
            return None

    return apply


STRICT.update(
    {
        "abs": numeric(abs),
        "floor": numeric(math.floor),
        "ceiling": numeric(math.ceil),
        "ceil": numeric(math.ceil),
        "sqrt": numeric(math.sqrt),
        "exp": numeric(math.exp),
        "ln": numeric(math.log),
        **{
            name: numeric(getattr(math, name))
            for name in ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
        },
    }
)


@strict("round")
def _round(value: Value, digits: Value = 0) -> Value:
    from tests.spl_oracle.evaluate import whole

    amount, places = number(value), number(digits)
    if amount is None or places is None:
        return None
    scale = 10 ** int(places)
    scaled = amount * scale
    nearest = math.floor(abs(scaled) + 0.5)
    return whole(math.copysign(nearest, scaled) / scale)


@strict("pow")
def _pow(value: Value, exponent: Value) -> Value:
    from tests.spl_oracle.evaluate import whole

    a, b = number(value), number(exponent)
    if a is None or b is None:
        return None
    try:
        return whole(math.pow(a, b))
    except (ValueError, OverflowError):
        return None


@strict("log")
def _log(value: Value, base: Value = 10) -> Value:
    from tests.spl_oracle.evaluate import whole

    a, b = number(value), number(base)
    if a is None or b is None or a <= 0 or b <= 0 or b == 1:
        return None
    return whole(math.log10(a) if b == 10 else math.log(a) / math.log(b))


@lazy("sigfig")
def _sigfig(args: tuple[ast.EvalExpr, ...], scope: Scope) -> Value:
    """Products keep the fewest significant figures of their factors; sums the fewest decimals."""
    node = args[0]
    amount = number(scope.of(node))
    if amount is None or not isinstance(node, ast.Chain):
        return amount
    written = [
        n.raw if isinstance(n, ast.Number) else text(scope.of(n)) for n in (node.first, *(o for _, o in node.rest))
    ]
    if node.rest[0][0] in "*/%":
        figures = min(len(re.sub(r"\D", "", w).lstrip("0")) or 1 for w in written)
        return number(f"{amount:.{figures}g}")
    return number(f"{amount:.{min(len(w.partition('.')[2]) for w in written)}f}")


def _bits(function: Callable[[int, int], int]) -> Strict:
    def apply(*values: Value) -> Value:
        amounts = [number(v) for v in values]
        if any(a is None or a < 0 or a != int(a) for a in amounts):
            return None
        whole = [int(a) for a in amounts if a is not None]
        result = whole[0]
        for other in whole[1:]:
            result = function(result, other)
        return result

    return apply


STRICT.update(
    {
        "bit_and": _bits(lambda a, b: a & b),
        "bit_or": _bits(lambda a, b: a | b),
        "bit_xor": _bits(lambda a, b: a ^ b),
        "bit_shift_left": _bits(lambda a, b: a << b),
        "bit_shift_right": _bits(lambda a, b: a >> b),
    }
)


def _extreme(values: tuple[Value, ...], *, largest: bool) -> Value:
    """Any text is more than any number."""
    every = [item for v in values for item in (v if isinstance(v, list) else [v]) if item is not None]
    if not every:
        return None
    return max(every, key=_rank) if largest else min(every, key=_rank)


def _rank(value: Value) -> tuple[int, float, bytes]:
    amount = number(value)
    return (1, 0.0, byte_order(text(value))) if amount is None else (0, float(amount), b"")


STRICT["max"] = lambda *values: _extreme(values, largest=True)
STRICT["min"] = lambda *values: _extreme(values, largest=False)


@strict("tonumber")
def _tonumber(value: Value, base: Value = 10) -> Value:
    if value is None or isinstance(value, list):
        return None
    radix = number(base)
    if radix is None or int(radix) == 10:
        return number(value)
    try:
        return int(text(value), int(radix))
    except ValueError:
        return None


@strict("tostring")
def _tostring(value: Value, layout: Value = None) -> Value:
    if value is None:
        return None
    amount = number(value)
    if layout is None or amount is None:
        return text(value)
    match text(layout):
        case "commas":
            rounded = number(_round(amount, 2))
            assert rounded is not None
            return f"{int(rounded):,}" if rounded == int(rounded) else f"{rounded:,.2f}"
        case "hex":
            return f"0x{int(amount):X}"
        case "binary":
            return f"{int(amount):b}"
        case "duration":
            days, rest = divmod(int(amount), 86400)
            shown = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
            return f"{days}+{shown}" if days else shown
        case other:
            raise OracleError(f"tostring {other}")
