"""What a search looks at before any condition: the time range and the indexes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agentgate_mcp.backends.embedded.search.relation import Parameters
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.time import is_real_time, parse_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Times are epoch seconds, ``earliest`` included and ``latest`` not; None is unbounded.
    ``internal`` is True where the search asks for an internal index; `NOT index=_audit` does not."""

    earliest: float | None
    latest: float | None
    internal: bool

    def condition(self, parameters: Parameters) -> str:
        parts = ["true" if self.internal else "NOT starts_with(\"index\", '_')"]
        if self.earliest is not None:
            parts.append(f"_time >= {parameters.bind(self.earliest)}")
        if self.latest is not None:
            parts.append(f"_time < {parameters.bind(self.latest)}")
        return f"({' AND '.join(parts)})"

    def within(self, earliest: float | None, latest: float | None) -> bool:
        """Whether no moment lies outside the given bounds; None is no bound."""
        low = earliest is None or (self.earliest is not None and self.earliest >= earliest)
        return low and (latest is None or (self.latest is not None and self.latest <= latest))


def read_scope(search: ast.Search, *, earliest: str, latest: str, now: float) -> Scope:
    """The scope of the first search. A time modifier in it counts more than the job's range;
    of several the last does. Raises: UnsupportedSplError, SplError for a time it cannot read."""
    bounds = {"earliest": _time(earliest, now, 0), "latest": _time(latest, now, 0)}
    internal = False
    for node, negated in _leaves(search.expr):
        match node:
            case ast.TimeModifier():
                name = node.name.lower()
                if name not in bounds or not isinstance(node.value, ast.Value):
                    raise UnsupportedSplError(f"time modifier {node.name} is not supported", node.span.start)
                bounds[name] = _time(node.value.text, now, node.span.start)
            case ast.Comparison(field="index", op="=" | "::", value=ast.Value() as value) if not negated:
                internal = internal or value.text.startswith("_")
            case ast.Membership(field="index") if not negated:
                internal = internal or any(isinstance(v, ast.Value) and v.text.startswith("_") for v in node.values)
            case _:
                pass
    return Scope(earliest=bounds["earliest"], latest=bounds["latest"], internal=internal)


def _time(expression: str, now: float, position: int) -> float | None:
    if is_real_time(expression):
        raise UnsupportedSplError("a real-time range is not supported by the embedded engine", position)
    try:
        return parse_time(expression, now)
    except SplError:
        shown = ascii(expression[:40])
        raise SplError(f"unreadable time {shown}", position, "a time such as -24h, @d or epoch seconds") from None


def _leaves(expr: ast.SearchExpr | None, *, negated: bool = False) -> Iterator[tuple[ast.SearchExpr, bool]]:
    """The conditions of an expression, and whether each stands under a NOT."""
    match expr:
        case None:
            return
        case ast.SearchAnd() | ast.SearchOr():
            for operand in expr.operands:
                yield from _leaves(operand, negated=negated)
        case ast.SearchNot():
            yield from _leaves(expr.operand, negated=not negated)
        case _:
            yield expr, negated
