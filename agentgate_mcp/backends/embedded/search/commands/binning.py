"""`bin` (`bucket`, `discretize`): values into buckets.

Choices where Splunk's behaviour is not documented: a number becomes the text ``start-end`` of its
bucket, with a unit of time the bucket's start; other values stay as they are. Without `span` the
buckets of numbers are a power of ten wide, the smallest that needs at most `bins` of them (and at
least 1 where the numbers are further apart than 1). `start` and `end` only widen that range.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

from agentgate_mcp.backends.embedded.search.arguments import Options, field_and_name, generic, options_of
from agentgate_mcp.backends.embedded.search.build import Build
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation
from agentgate_mcp.backends.embedded.search.spans import DAY, TimeSpan, natural_span, read_span
from agentgate_mcp.backends.embedded.search.sqltext import as_number, let, number_sql, text_sql
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.time import parse_time

_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,12})?|\.[0-9]{1,12}")
_LOG: Final = re.compile(r"([0-9.]{0,16})log([0-9.]{0,16})")
MAX_BINS: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberSpan:
    """Buckets of one width, from 0 both ways."""

    width: Fraction

    def start_sql(self, number: str) -> str:
        """DOUBLE: where the bucket of a number begins."""
        return self._edge(f"floor({number} * {self.width.denominator}.0 / {self.width.numerator}.0)")

    def end_sql(self, start: str) -> str:
        return self._edge(f"(round({start} * {self.width.denominator}.0 / {self.width.numerator}.0) + 1)")

    def _edge(self, count: str) -> str:
        # In one division, so that the edge is the double nearest to the decimal meant.
        return f"({count} * {self.width.numerator}.0 / {self.width.denominator}.0)"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSpan:
    """Buckets that grow: ``coefficient`` times the powers of ``base``."""

    coefficient: float
    base: float

    def start_sql(self, number: str) -> str:
        """DOUBLE, NULL for numbers that are not above 0."""
        # A number that is an edge must not fall below it by the error of the logarithm.
        power = f"floor(ln({number} / {self.coefficient!r}) / ln({self.base!r}) + 1e-9)"
        return f"CASE WHEN {number} > 0 THEN {self.coefficient!r} * pow({self.base!r}, {power}) END"

    def end_sql(self, start: str) -> str:
        return f"({start} * {self.base!r})"


Buckets: TypeAlias = TimeSpan | NumberSpan | LogSpan


def bucket_start(buckets: Buckets, number: str) -> str:
    """DOUBLE: the start of the bucket that a number is in."""
    return buckets.sql(number) if isinstance(buckets, TimeSpan) else let(number, buckets.start_sql)


def bucket_label(buckets: Buckets, start: str) -> Column:
    """What stands for the bucket that begins at ``start``."""
    if isinstance(buckets, TimeSpan):
        return Column(sql=start, kind="number")

    def label(begin: str) -> str:
        edges = (text_sql(Column(sql=sql, kind="number")) for sql in (begin, buckets.end_sql(begin)))
        return " || '-' || ".join(edges)

    return Column(sql=let(start, label), kind="text")


def read_buckets(
    options: Options, column: Column, *, of_time: bool, source: Relation, build: Build, position: int
) -> Buckets:
    """The buckets that the options `span`, `bins`, `minspan`, `start`, `end`, `aligntime` ask for.

    Without `span` the data is looked at. Raises: SplError, UnsupportedSplError."""
    span = options.text("span")
    bins = options.count("bins", 100, least=2)
    minspan = options.text("minspan")
    edges = [_edge(options, key, position) for key in ("start", "end")]
    align = options.text("aligntime")
    if span:
        buckets = _read(span, of_time=of_time, position=position)
    else:
        given = [*(e for e in edges if e is not None), *(build.extent(source, number_sql(column)) or ())]
        first, last = (min(given), max(given)) if given else (0.0, 0.0)
        least = read_span(minspan, position).seconds if minspan else 0.0
        bins = min(bins, MAX_BINS)
        if of_time:
            buckets = natural_span(first, last, bins=bins, least=least)
        else:
            buckets = NumberSpan(width=_round_width(first, last, bins, least))
    if align and isinstance(buckets, TimeSpan):
        return aligned(buckets, align, build, position)
    return buckets


def starts_in(span: TimeSpan, first: float, last: float, *, closed: bool, position: int) -> list[float]:
    """The starts of the buckets from ``first`` to ``last``, which belongs to it where ``closed``.

    Raises: UnsupportedSplError for more than `MAX_BINS` of them."""
    found: list[float] = []
    start = span.start(first)
    while start < last or (closed and start <= last):
        found.append(start)
        if len(found) > MAX_BINS:
            raise UnsupportedSplError(f"more than {MAX_BINS} buckets of time are not supported", position)
        start = span.after(start)
    return found


def aligned(span: TimeSpan, align: str, build: Build, position: int) -> TimeSpan:
    """The span counted from a time; days and longer stay with the calendar, as documented."""
    if span.months or span.seconds % DAY == 0 or span.seconds < 1:
        return span
    earliest, latest = search_range(build)
    match align.lower():
        case "earliest":
            at = earliest
        case "latest":
            at = latest
        case _:
            at = parse_time(align, build.job.now)
    if at is None:
        raise UnsupportedSplError(f"aligntime={align[:40]!a} of a search without that bound", position)
    return TimeSpan(seconds=span.seconds, anchor=at % span.seconds)


def search_range(build: Build) -> tuple[float | None, float | None]:
    """Earliest and latest of the search; None where unbounded. From the epoch means unbounded."""
    if build.searched is not None:
        earliest, latest = build.searched
    else:
        earliest, latest = (parse_time(text, build.job.now) for text in (build.job.earliest, build.job.latest))
    return earliest or None, latest


def _edge(options: Options, key: str, position: int) -> float | None:
    text = options.text(key)
    value = as_number(text)
    if text and value is None:
        raise SplError(f"{key}={text[:40]!a}", position, "a number")
    return value


def _read(text: str, *, of_time: bool, position: int) -> Buckets:
    logarithmic = _LOG.fullmatch(text.lower())
    if logarithmic and not of_time:
        coefficient, base = (
            as_number(part or default) for part, default in zip(logarithmic.groups(), ("1", "10"), strict=True)
        )
        if coefficient is None or base is None or not (base > 1 and 1 <= coefficient < base):
            raise SplError(f"span {text[:40]!a}", position, "1 ≤ coefficient < base, such as 1log10")
        return LogSpan(coefficient=coefficient, base=base)
    if of_time or not _NUMBER.fullmatch(text):
        return read_span(text, position)
    width = Fraction(text)
    if width <= 0:
        raise SplError(f"span {text[:40]!a}", position, "a number above 0")
    return NumberSpan(width=width)


def _round_width(low: float, high: float, bins: int, least: float) -> Fraction:
    exponent = 0 if high - low >= 1 or high == low else math.floor(math.log10(high - low)) - 5
    while exponent < 308:
        width = Fraction(10) ** exponent
        if width >= least and math.floor(high / float(width)) - math.floor(low / float(width)) + 1 <= bins:
            return width
        exponent += 1
    return Fraction(10) ** exponent


def _bin(node: ast.Command, source: Relation, build: Build) -> Relation:
    """Raises: SplError, UnsupportedSplError."""
    command = generic(node)
    name, target = field_and_name(command)
    options = options_of(command)
    column = source.column(name, build.parameters) or ABSENT
    if column.kind == "list":
        raise UnsupportedSplError(f"{command.command} of a multivalue field is not supported", command.span.start)
    buckets = read_buckets(
        options, column, of_time=name == "_time", source=source, build=build, position=command.span.start
    )
    options.done()
    return source.with_fields({target or name: _bucketed(buckets, column)})


def _bucketed(buckets: Buckets, column: Column) -> Column:
    if column.kind == "number" and isinstance(buckets, TimeSpan):
        return Column(sql=bucket_start(buckets, number_sql(column)), kind="number")

    def shown(number: str) -> str:
        label = text_sql(bucket_label(buckets, bucket_start(buckets, number)))
        return f"coalesce({label}, {text_sql(column)})"

    return Column(sql=let(number_sql(column), shown), kind="text")


COMMANDS: Final[Mapping[str, Apply]] = {"bin": _bin, "bucket": _bin, "discretize": _bin}
