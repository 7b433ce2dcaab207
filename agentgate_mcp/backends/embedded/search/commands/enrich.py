"""`lookup`: fields of a lookup table beside the rows that match it.

Choices where Splunk's behaviour is not documented: several matches make the output fields
multivalue, in the order of the table, up to `max_matches` of the definition (1,000 if it has none);
`OUTPUT` replaces the fields, so that they are gone where nothing matched; `OUTPUTNEW` fills only
fields that the row lacks.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from agentgate_mcp.backends.embedded.search import sqltext
from agentgate_mcp.backends.embedded.search.arguments import Options
from agentgate_mcp.backends.embedded.search.build import Build, FieldValue
from agentgate_mcp.backends.embedded.search.lookups import lookup_fields, lookup_named, lookup_rows
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import ABSENT, Column, Relation, all_of
from agentgate_mcp.errors import SplError, UnsupportedSplError
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.knowledge import is_true

MAX_MATCHES: Final = 1_000
_MATCH_TYPE: Final = re.compile(r"(WILDCARD|CIDR|EXACT)\s*\(\s*([^()]+?)\s*\)", re.IGNORECASE)
_Match = Literal["EXACT", "WILDCARD", "CIDR"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A lookup as a relation whose match fields are ready to be compared."""

    relation: Relation
    match: tuple[_Match, ...]
    exact_case: bool
    unique: bool
    most: int


def _lookup(node: ast.Command, source: Relation, build: Build) -> Relation:
    assert isinstance(node, ast.Lookup)
    options = Options("lookup", node.options)
    options.ignore("local", "update", "event_time_field")
    options.done()
    item = lookup_named(node.name, build.knowledge, node.span.start)
    if item.content.get("time_field"):
        raise UnsupportedSplError(f"lookup {node.name[:60]!a} over time is not supported", node.span.start)
    if not node.match:
        raise SplError("lookup without a field to match", node.span.start, "a field of the lookup")
    fields = lookup_fields(item)
    for named in (*node.match, *node.output):
        if named.field not in fields:
            raise SplError(
                f"lookup {node.name[:60]!a} has no field {named.field[:60]!a}", named.span.start, ", ".join(fields[:8])
            )
    outputs = [(o.field, o.alias or o.field) for o in node.output]
    if not outputs:
        matched = {m.field for m in node.match}
        outputs = [(f, f) for f in fields if f not in matched]
    table = _table(item, [m.field for m in node.match], [o for o, _ in outputs], build)
    return _joined(node, source, table, outputs, build)


def _table(item: KnowledgeObject, match: Sequence[str], outputs: Sequence[str], build: Build) -> _Table:
    """The lookup's rows with `m0`, `h0`, … to compare with and the outputs as `v0`, …"""
    raw = item.content.get("match_type")
    types = {name.strip(): kind.upper() for kind, name in _MATCH_TYPE.findall(raw if isinstance(raw, str) else "")}
    kinds: list[_Match] = [_kind(types.get(field)) for field in match]
    rows: list[dict[str, FieldValue]] = []
    for row in lookup_rows(item):
        made: dict[str, FieldValue] = {f"v{n}": row.get(field) for n, field in enumerate(outputs)}
        for n, (field, kind) in enumerate(zip(match, kinds, strict=True)):
            text = row.get(field)
            match kind:
                case "EXACT":
                    made[f"m{n}"] = text
                case "WILDCARD":
                    made[f"m{n}"] = None if text is None else sqltext.like_pattern(tuple(text.split("*")))
                case "CIDR":
                    made[f"m{n}"], made[f"h{n}"] = _bounds(text)
        rows.append(made)
    names = [f"v{n}" for n in range(len(outputs))]
    names += [f"{letter}{n}" for n, kind in enumerate(kinds) for letter in ("mh" if kind == "CIDR" else "m")]
    keys = [tuple(row.get(f"m{n}") for n in range(len(kinds))) for row in rows]
    exact = all(kind == "EXACT" for kind in kinds)
    exact_case = is_true(item.content.get("case_sensitive_match", True))
    if not exact_case:
        keys = [tuple(str(part).lower() for part in key) for key in keys]
    return _Table(
        relation=build.loaded(names, rows),
        match=tuple(kinds),
        exact_case=exact_case,
        unique=exact and len(set(keys)) == len(keys),
        most=_most(item.content.get("max_matches")),
    )


def _kind(written: str | None) -> _Match:
    return "WILDCARD" if written == "WILDCARD" else "CIDR" if written == "CIDR" else "EXACT"


def _bounds(text: str | None) -> tuple[FieldValue, FieldValue]:
    try:
        network = ipaddress.IPv4Network(text or "", strict=False)
    except ValueError:
        return None, None
    return int(network.network_address), int(network.broadcast_address)


def _most(value: Json) -> int:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() and int(value) > 0 else MAX_MATCHES


def _joined(
    node: ast.Lookup, source: Relation, table: _Table, outputs: Sequence[tuple[str, str]], build: Build
) -> Relation:
    source = source.numbered()
    position = source.order[0]
    columns = table.relation.columns
    on = [
        _condition(f"k{n}", f"b.{columns[f'm{n}'].sql}", kind, table, columns.get(f"h{n}"))
        for n, kind in enumerate(table.match)
    ]
    keys = ", ".join(
        f"{sqltext.text_sql(source.column(m.alias or m.field, build.parameters) or ABSENT)} AS k{n}"
        for n, m in enumerate(node.match)
    )
    values = ", ".join(f"b.{columns[f'v{n}'].sql} AS d{n}" for n in range(len(outputs)))
    rank = "row_number() OVER (PARTITION BY a.p ORDER BY b.o0) AS d"
    pairs = (
        f"SELECT a.p AS p, {values}, {rank} FROM (SELECT {position} AS p, {keys} FROM ({source.sql})) AS a "  # noqa: S608
        f"JOIN ({table.relation.sql}) AS b ON {all_of(on)}"
    )
    gathered = ", ".join(
        f"any_value(d{n}) AS d{n}" if table.unique else f"list(d{n} ORDER BY d) FILTER (d{n} IS NOT NULL) AS d{n}"
        for n in range(len(outputs))
    )
    matches = f"SELECT p, {gathered} FROM ({pairs}) WHERE d <= {table.most} GROUP BY p"  # noqa: S608
    joined = replace(
        source,
        sql=f"SELECT a.*, b.* FROM ({source.sql}) AS a LEFT JOIN ({matches}) AS b ON a.{position} = b.p",  # noqa: S608
    )
    found: dict[str, Column] = {}
    for n, (_, name) in enumerate(outputs):
        theirs = Column(sql=f"d{n}", kind="text" if table.unique else "list")
        own = source.column(name, build.parameters) if node.keep_existing else None
        found[name] = theirs if own is None else _filled(own, theirs)
    made = joined.with_fields(found)
    # The helper columns go, so that a second lookup can use their names.
    drop = ", ".join(["p", *(f"d{n}" for n in range(len(outputs)))])
    return replace(made, sql=f"SELECT * EXCLUDE ({drop}) FROM ({made.sql})")  # noqa: S608 - generated


def _condition(mine: str, theirs: str, kind: _Match, table: _Table, high: Column | None) -> str:
    """How the row's value `mine` matches the table's."""
    match kind:
        case "EXACT" if table.exact_case:
            return f"a.{mine} = {theirs}"
        case "EXACT":
            return f"lower(a.{mine}) = lower({theirs})"
        case "WILDCARD":
            return f"a.{mine} {'LIKE' if table.exact_case else 'ILIKE'} {theirs} ESCAPE '!'"
        case "CIDR":
            assert high is not None
            return f"{sqltext.address_sql(f'a.{mine}')} BETWEEN {theirs} AND b.{high.sql}"


def _filled(own: Column, theirs: Column) -> Column:
    if "list" in (own.kind, theirs.kind):
        one, two = sqltext.list_sql(own), sqltext.list_sql(theirs)
        return Column(sql=sqltext.let(one, lambda v: f"CASE WHEN len({v}) > 0 THEN {v} ELSE {two} END"), kind="list")
    return Column(sql=f"coalesce({sqltext.text_sql(own)}, {sqltext.text_sql(theirs)})", kind="text")


COMMANDS: Final[Mapping[str, Apply]] = {"lookup": _lookup}
