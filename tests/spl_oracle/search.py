"""Search expressions over one row."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import assert_never

from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.parser import parse
from agentgate_mcp.spl.time import parse_time
from tests.spl_oracle.data import Data
from tests.spl_oracle.formatting import search_text
from tests.spl_oracle.job import Job, OracleError, word
from tests.spl_oracle.values import Row, glob, items, number, text

Test = Callable[[Row], bool]

_glob = lru_cache(4096)(glob)
_METADATA = ("_time", "index", "sourcetype", "source")


def first_search(node: ast.Search, job: Job) -> list[Row]:
    """The events of a search that begins a pipeline, newest first."""
    earliest, latest = time_range(node.expr, job)
    # A subsearch depends on more than its text.
    key = None if any(isinstance(leaf, ast.Subsearch) for leaf in leaves(node.expr)) else (node, earliest, latest)
    if key in job.data.memo:
        return job.data.memo[key]
    wanted = compiled(node.expr, job)
    found: list[Row] = []
    for row in candidates(node.expr, job.data):
        at = row["_time"]
        assert isinstance(at, float | int)
        if (earliest is None or at >= earliest) and (latest is None or at < latest) and wanted(row):
            found.append(row)
    if key is not None:
        job.data.memo[key] = found
    return found


def candidates(expr: ast.SearchExpr | None, data: Data) -> Sequence[Row]:
    """All events, or those of the one index (and source type) that every event must be of."""
    parts = expr.operands if isinstance(expr, ast.SearchAnd) else (expr,)
    needed: dict[str, str] = {}
    for part in parts:
        if isinstance(part, ast.Comparison) and part.op == "=" and part.field in ("index", "sourcetype"):
            value = word(part.value).lower()
            if "*" not in value:
                needed[part.field] = value
    if "index" not in needed:
        return [row for row in data.events if not str(row["index"]).startswith("_")]
    if "sourcetype" in needed:
        return data.by_sourcetype.get((needed["index"], needed["sourcetype"]), ())
    return data.by_index.get(needed["index"], ())


def time_range(expr: ast.SearchExpr | None, job: Job) -> tuple[float | None, float | None]:
    """The job's range, each end replaced by the last modifier of it in the search."""
    earliest, latest = job.bounds()
    for leaf in leaves(expr):
        if isinstance(leaf, ast.TimeModifier):
            at = parse_time(word(leaf.value), job.now)
            if leaf.name == "earliest":
                earliest = at
            elif leaf.name == "latest":
                latest = at
            else:
                raise OracleError(f"time modifier {leaf.name}")
    return earliest, latest


def leaves(expr: ast.SearchExpr | None) -> Iterator[ast.SearchExpr]:
    match expr:
        case None:
            return
        case ast.SearchAnd() | ast.SearchOr():
            for operand in expr.operands:
                yield from leaves(operand)
        case ast.SearchNot():
            yield from leaves(expr.operand)
        case _:
            yield expr


def compiled(expr: ast.SearchExpr | None, job: Job) -> Test:
    """A test of rows. Subsearches run now, once."""
    match expr:
        case None | ast.TimeModifier():
            return lambda _: True
        case ast.Term():
            return _term(expr.value)
        case ast.Comparison():
            return _comparison(expr, job)
        case ast.Membership():
            values = [word(v) for v in expr.values]
            tests = [_equal(value) for value in values]
            return _any_item(expr.field, lambda item: any(test(item) for test in tests))
        case ast.Directive():
            return _directive(expr)
        case ast.SearchNot():
            inner = compiled(expr.operand, job)
            return lambda row: not inner(row)
        case ast.SearchAnd():
            every = [compiled(operand, job) for operand in expr.operands]
            return lambda row: all(test(row) for test in every)
        case ast.SearchOr():
            some = [compiled(operand, job) for operand in expr.operands]
            return lambda row: any(test(row) for test in some)
        case ast.Subsearch():
            pasted = search_text(job.subsearch(expr))
            command = parse(f"search {pasted}").commands[0]
            assert isinstance(command, ast.Search)
            return compiled(command.expr, job)
        case ast.MacroCall():
            raise OracleError(f"macro {expr.name} is not defined")
        case _:
            assert_never(expr)


def _comparison(node: ast.Comparison, job: Job) -> Test:
    if node.field in ("eventtype", "tag", "tag::eventtype"):
        return _by_object(node, job)
    name, value = node.field, word(node.value)
    match node.op:
        case "=" | "::":
            return _any_item(name, _equal(value))
        case "!=":
            test = _equal(value)
            return _any_item(name, lambda item: not test(item))
        case "<" | "<=" | ">" | ">=":
            return _any_item(name, _ordered(node.op, value))
        case _:
            assert_never(node.op)


def _any_item(name: str, test: Callable[[str], bool]) -> Test:
    """True where one of the field's values passes; what a text gave is remembered."""
    known: dict[str, bool] = {}

    def passes(row: Row) -> bool:
        for item in items(row.get(name)):
            if item not in known:
                known[item] = test(item)
            if known[item]:
                return True
        return False

    return passes


def _equal(wanted: str) -> Callable[[str], bool]:
    """Equality as a search has it: any case, wildcards, numbers by value, addresses by network."""
    if "*" in wanted:
        shape = _glob(wanted)
        return lambda item: shape.fullmatch(item) is not None
    lower, value, network = wanted.lower(), number(wanted), _network(wanted)
    if network is not None:
        return lambda item: item.lower() == lower or _inside(item, network)
    if value is not None:
        return lambda item: item.lower() == lower or number(item) == value
    return lambda item: item.lower() == lower


def _network(wanted: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if "/" not in wanted:
        return None
    try:
        return ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return None


@lru_cache(65536)
def _inside(item: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(item) in network
    except ValueError:
        return False


def _ordered(op: str, wanted: str) -> Callable[[str], bool]:
    value = number(wanted)

    def test(item: str) -> bool:
        own = number(item)
        if own is not None and value is not None:
            return (
                own < value if op == "<" else own <= value if op == "<=" else own > value if op == ">" else own >= value
            )
        a, b = item.lower(), wanted.lower()
        return a < b if op == "<" else a <= b if op == "<=" else a > b if op == ">" else a >= b

    return test


# --- terms --------------------------------------------------------------------------------------


def _event_text(row: Row) -> str:
    """What a bare term looks at: an event's `_raw` and the values it lacks; else what a row shows."""
    raw = row.get("_raw")
    if raw is None:
        return "\n".join(text(value) for name, value in row.items() if name != "_time")
    more = [i for n, v in row.items() if n not in (*_METADATA, "_raw") for i in items(v) if i not in str(raw)]
    return "\n".join((str(raw), *more))


def _term(value: ast.Value) -> Test:
    if not any(value.parts):
        return lambda _: True
    shape = re.compile(_pattern(value.parts, r"[^\W_]", r"[^\W_]"), re.IGNORECASE)
    return lambda row: shape.search(_event_text(row)) is not None


_MAJOR = r"""[^\s\[\]<>(){}|!;,'"&?+]"""


def _directive(node: ast.Directive) -> Test:
    parts = node.value.parts
    match node.name:
        case "TERM":
            shape = re.compile(_pattern(parts, _MAJOR, _MAJOR), re.IGNORECASE)
        case "CASE":
            shape = re.compile(_pattern(parts, r"[^\W_]", r"[^\W_]"))
        case _:
            raise OracleError(f"{node.name}()")
    return lambda row: shape.search(_event_text(row)) is not None


def _pattern(parts: tuple[str, ...], before: str, after: str) -> str:
    """A term stands between segment breaks; a wildcard stays inside a major segment."""
    body = f"{_MAJOR}*".join(re.escape(part) for part in parts)
    return (f"(?<!{before})" if parts[0] else "") + body + (f"(?!{after})" if parts[-1] else "")


# --- event types and tags -----------------------------------------------------------------------


def _by_object(node: ast.Comparison, job: Job) -> Test:
    wanted = word(node.value)
    types = [o for o in job.data.objects if o.kind == "eventtype" and not o.disabled]
    if node.field == "eventtype":
        chosen = [o for o in types if glob(wanted).fullmatch(o.name)]
    else:
        chosen = [o for o in types if wanted in _tags(job, o.name)]
    tests: list[Test] = []
    for item in chosen:
        pipeline = parse(expand(str(item.content["search"]), job.data.knowledge).text)
        command = pipeline.commands[0]
        assert isinstance(command, ast.Search) and len(pipeline.commands) == 1
        tests.append(compiled(command.expr, job))
    if node.op == "!=":
        return lambda row: not any(test(row) for test in tests)
    return lambda row: any(test(row) for test in tests)


def _tags(job: Job, eventtype: str) -> list[str]:
    found: list[str] = []
    for item in job.data.objects:
        given = item.content.get("tags")
        if not item.disabled and isinstance(given, list):
            of_type = item.kind == "eventtype" and item.name == eventtype
            of_value = item.kind == "tag" and item.content.get("field_name_value") == f"eventtype={eventtype}"
            if of_type or of_value:
                found.extend(str(tag) for tag in given)
    return found
