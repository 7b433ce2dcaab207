"""Functions of time: `now`, `time`, `relative_time`. Times are epoch seconds, UTC.

`now` and `time` are the job's own moment, the same for every row. As everywhere in a search, a
relative time that leads before 1970 is 0 and one beyond the year 9999 ends there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.evaluate.calls import arity, literal
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator, Function, Result
from agentgate_mcp.backends.embedded.search.relation import Column
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.time import Shift, Snap, steps

_LATEST: Final = 253_370_764_800.0
_MONTHS_OF_ALL: Final = 12 * 8_000
_WIDTHS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PARTS: Final = {"mon": "month", "q": "quarter", "y": "year"}
_FIRST_SUNDAY: Final = 3 * 86_400
"""1970 began on a Thursday."""
_EARLIEST_MOMENT: Final = -62_135_596_800
_LATEST_MOMENT: Final = 253_402_300_800


def timestamp(seconds: str) -> str:
    """A DOUBLE of epoch seconds as TIMESTAMP; NULL outside the years 1 to 9999."""
    return sqltext.let(
        seconds,
        lambda n: (
            f"CASE WHEN {n} >= {_EARLIEST_MOMENT} AND {n} < {_LATEST_MOMENT} "
            f"THEN make_timestamp(CAST(round({n} * 1000000) AS BIGINT)) END"
        ),
    )


def _now(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 0, 0)
    now = to.build.job.now
    return Column(sql=to.build.bind(int(now) if now == int(now) else now), kind="number")


def _relative_time(call: ast.Call, to: Evaluator) -> Result:
    arity(call, 2, 2)
    written, start = literal(call, to, 1, "time specifier"), call.args[1].span.start
    text = written.strip().lower()
    try:
        path = () if text == "now" else steps(text)
    except SplError as error:
        raise SplError(f"relative_time: {error.problem}", start, error.expected) from None
    if not text:
        raise SplError("relative_time: an empty time specifier", start, "an offset such as -24h or a snap such as @d")
    sql = _bounded(to.number(call.args[0]))
    for step in path:
        moved = sqltext.let(
            sql, lambda n, step=step: _shifted(n, step) if isinstance(step, Shift) else _snapped(n, step)
        )
        sql = _bounded(moved)
    return Column(sql=sql, kind="number")


def _bounded(seconds: str) -> str:
    # The engine's own least and greatest would pass over NULL.
    return sqltext.let(seconds, lambda n: f"CASE WHEN {n} IS NOT NULL THEN least(greatest({n}, 0.0), {_LATEST!r}) END")


def _shifted(n: str, shift: Shift) -> str:
    if not shift.months:
        return f"({n} + {shift.seconds!r})"
    months = max(-_MONTHS_OF_ALL, min(_MONTHS_OF_ALL, shift.months))
    return f"epoch({timestamp(n)} + to_months({months}))"


def _snapped(n: str, snap: Snap) -> str:
    match snap.unit:
        case "w":
            first = _FIRST_SUNDAY + snap.weekday * 86_400
            return f"(floor(({n} - {first}) / 604800) * 604800 + {first})"
        case "mon" | "q" | "y" as unit:
            return f"epoch(date_trunc('{_PARTS[unit]}', {timestamp(n)}))"
        case unit:
            width = _WIDTHS[unit]
            return f"(floor({n} / {width}) * {width})"


FUNCTIONS: Final[Mapping[str, Function]] = {"now": _now, "time": _now, "relative_time": _relative_time}
