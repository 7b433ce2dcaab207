"""`makecontinuous`: rows for the buckets of a field that have none.

Each value becomes that of its bucket, as with `bin`; rows without a number in the field are dropped,
and the rest comes in the order of the buckets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Final, assert_never

from agentgate_mcp.backends.embedded.search.arguments import generic, options_of, words_of
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.commands.binning import (
    MAX_BINS,
    Buckets,
    LogSpan,
    NumberSpan,
    bucket_label,
    bucket_start,
    read_buckets,
    starts_in,
)
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Relation
from agentgate_mcp.backends.embedded.search.spans import TimeSpan
from agentgate_mcp.backends.embedded.search.sqltext import number_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast


def _makecontinuous(node: ast.Command, source: Relation, build: Build) -> Relation:
    """Raises: SplError, UnsupportedSplError."""
    command = generic(node)
    at = command.span.start
    options = options_of(command)
    words = [word.text for word in words_of(command)]
    if len(words) > 1:
        raise SplError("makecontinuous takes one field", at, "a field")
    field = words[0] if words else "_time"
    column = source.column(field, build.parameters) or ABSENT
    if column.kind == "list":
        raise UnsupportedSplError("makecontinuous of a multivalue field is not supported", at)
    of_time = field == "_time"
    buckets = read_buckets(options, column, of_time=of_time, source=source, build=build, position=at)
    options.done()
    number = number_sql(column)
    extent = build.extent(source, number)
    starts = _starts(buckets, *extent, at) if extent else []
    rows = source.numbered()
    begin, own = f"c{rows.ids}", f"c{rows.ids + 1}"
    listed = build.doubles(starts)
    keyed = f"SELECT *, {bucket_start(buckets, number)} AS {own} FROM ({rows.sql})"  # noqa: S608 - generated
    sql = f"SELECT * FROM (SELECT unnest({listed}) AS {begin}) LEFT JOIN ({keyed}) ON {own} = {begin}"  # noqa: S608
    joined = replace(rows, sql=sql, order=(begin, *rows.order), carried=(*rows.carried, begin), ids=rows.ids + 2)
    return joined.with_fields({field: bucket_label(buckets, begin)})


def _starts(buckets: Buckets, low: float, high: float, position: int) -> list[float]:
    """The starts of all buckets from the one of ``low`` to that of ``high``."""
    match buckets:
        case TimeSpan():
            return starts_in(buckets, low, high, closed=True, position=position)
        case NumberSpan(width=width):
            # The SQL computes an edge in the same two steps.
            first = floor(low * width.denominator / width.numerator)
            last = floor(high * width.denominator / width.numerator)
            found = [_edge(n, width) for n in range(first, min(last, first + MAX_BINS) + 1)]
        case LogSpan():
            raise UnsupportedSplError("makecontinuous with a logarithmic span is not supported", position)
        case _:
            assert_never(buckets)
    if len(found) > MAX_BINS:
        raise UnsupportedSplError(f"more than {MAX_BINS} buckets are not supported", position)
    return found


def _edge(count: int, width: Fraction) -> float:
    return count * width.numerator / width.denominator


COMMANDS: Final[Mapping[str, Apply]] = {"makecontinuous": _makecontinuous}
