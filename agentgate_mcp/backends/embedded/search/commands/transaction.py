"""`transaction`: events of one key as one row.

Rows are read newest first. A transaction has `_time` of its earliest event, `_raw` of all of them
joined by new lines in the order of time, `duration`, `eventcount`, `closed_txn`, and every other
field with its different values, sorted; with `mvlist` all values in the order of time, `nullstr` where
an event has none. Transactions come newest first by their earliest event. How events are put together
is said in `grouping`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agentgate_mcp.backends.embedded.search.arguments import Options, generic
from agentgate_mcp.backends.embedded.search.build import Build, Record
from agentgate_mcp.backends.embedded.search.evaluate.core import Evaluator
from agentgate_mcp.backends.embedded.search.grouping import Grouping, Limits, Mark, Transaction
from agentgate_mcp.backends.embedded.search.predicates import Predicates
from agentgate_mcp.backends.embedded.search.presence import fields_present
from agentgate_mcp.backends.embedded.search.registry import Apply
from agentgate_mcp.backends.embedded.search.relation import Column, Relation
from agentgate_mcp.backends.embedded.search.reparsed import expression_of, placed, search_of, text_of
from agentgate_mcp.backends.embedded.search.rowwise import values_of
from agentgate_mcp.backends.embedded.search.spans import span_seconds
from agentgate_mcp.errors import SplError
from agentgate_mcp.spl import ast

_STARTS: Final = "\0starts"
_ENDS: Final = "\0ends"
_MADE: Final = "\0made"
"""Names that no search can write, for what is computed beside the fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filter:
    """`startswith=` or `endswith=`: an eval expression or a search."""

    position: int
    text: str
    computed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rendering:
    """How the values of a transaction's events become its own."""

    listed: frozenset[str] | None
    """Fields whose values are all given in order; None for every field."""
    null: str
    raw_list: bool


def _transaction(node: ast.Command, source: Relation, build: Build) -> Relation:
    command = generic(node)
    position = command.span.start
    fields, filters, plain = _read(command)
    options = Options("transaction", plain)
    limits = Limits(
        span=_seconds(options.text("maxspan", "-1"), position),
        pause=_seconds(options.text("maxpause", "-1"), position),
        events=_limit(options.text("maxevents", "1000"), "maxevents", position),
        open_transactions=_limit(options.text("maxopentxn", "-1"), "maxopentxn", position),
        open_events=_limit(options.text("maxopenevents", "-1"), "maxopenevents", position),
    )
    keep_evicted, keep_orphans = options.flag("keepevicted", False), options.flag("keeporphans", False)
    connected = options.flag("connected", True)
    options.flag("unifyends", False)
    rendering = _Rendering(
        listed=_listed(options.text("mvlist", "f")),
        null=options.text("nullstr", "NULL"),
        raw_list=options.flag("mvraw", False),
    )
    delimiter = options.text("delim", " ")
    fields = (*fields, *_names(options.text("fields")))
    options.done()
    records = list(_events(source, filters, build, position))
    grouping = Grouping(
        fields=fields, limits=limits, starts="startswith" in filters, ends="endswith" in filters, connected=connected
    )
    for place, record in enumerate(records):
        if place % 1_000 == 0:
            build.check()
        mark = _mark(place, record, fields)
        if mark is None:
            grouping.orphans.append(place)
        else:
            grouping.take(mark)
    kept = [t for t in grouping.finish() if t.closed or keep_evicted or not grouping.starts]
    rows = [(t.marks[-1].place, _merged(t, records, rendering)) for t in kept]
    if keep_orphans:
        rows += [(place, {**records[place], "_txn_orphan": 1}) for place in grouping.orphans]
    rows.sort(key=lambda row: row[0])
    return _table([row for _, row in rows], delimiter, build)


def _table(rows: Sequence[Record], delimiter: str, build: Build) -> Relation:
    own = ("duration", "eventcount", "closed_txn")
    hidden = (_STARTS, _ENDS, _MADE)
    found = dict.fromkeys(name for row in rows for name in row if name not in own and name not in hidden)
    names = (*found, *own)
    loaded = build.loaded((*names, _MADE), rows)
    columns = {name: loaded.columns[name] for name in names}
    delimiters = tuple((name, delimiter) for name in names)
    return replace(loaded, columns=columns, made=loaded.columns[_MADE].sql, delimiters=delimiters)


# --- arguments -----------------------------------------------------------------------------------


def _read(command: ast.Generic) -> tuple[tuple[str, ...], dict[str, _Filter], list[ast.Option]]:
    """Field names, the filters by their option, and the other options."""
    fields: list[str] = []
    filters: dict[str, _Filter] = {}
    plain: list[ast.Option] = []
    args = list(command.args)
    at = 0
    while at < len(args):
        arg, at = args[at], at + 1
        match arg:
            case ast.Option(key="startswith" | "endswith" as key, value=ast.Value() as value):
                text, computed = value.text, False
                if not value.quoted and text.lower() == "eval" and at < len(args):
                    inside, at = _parenthesised(args, at)
                    text, computed = text_of(inside), True
                elif not value.quoted and text.lower().startswith("eval(") and text.endswith(")"):
                    text, computed = text[5:-1], True
                filters[key] = _Filter(position=arg.span.start, text=text, computed=computed)
            case ast.Option():
                plain.append(arg)
            case ast.Value():
                fields.extend(_names(arg.text))
            case ast.Punct(text=","):
                pass
            case _:
                raise SplError("transaction: unreadable argument", arg.span.start, "a field name or an option")
    return tuple(dict.fromkeys(fields)), filters, plain


def _parenthesised(args: Sequence[ast.Arg], at: int) -> tuple[tuple[ast.Arg, ...], int]:
    """What stands between the parenthesis at ``at`` and the one that closes it, and what follows."""
    depth = 0
    for end in range(at, len(args)):
        arg = args[end]
        if isinstance(arg, ast.Punct):
            depth += {"(": 1, ")": -1}.get(arg.text, 0)
        if depth == 0:
            return tuple(args[at + 1 : end]), end + 1
    raise SplError("transaction: unbalanced '('", args[at].span.start, "a closing )")


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _listed(text: str) -> frozenset[str] | None:
    match text.lower():
        case "t" | "true" | "1":
            return None
        case "f" | "false" | "0":
            return frozenset()
        case _:
            return frozenset(_names(text))


def _seconds(text: str, position: int) -> float | None:
    return None if text.startswith("-") else span_seconds(text, position)


def _limit(text: str, key: str, position: int) -> int | None:
    digits = text.removeprefix("-")
    if not digits.isdecimal() or not digits.isascii():
        raise SplError(f"transaction {key}: got {text[:40]!a}", position, "a whole number")
    return None if text.startswith("-") or int(digits[:12]) == 0 else int(digits[:12])


# --- events --------------------------------------------------------------------------------------


def _events(source: Relation, filters: Mapping[str, _Filter], build: Build, position: int) -> Iterator[Record]:
    """The rows newest first, with what `startswith` and `endswith` say of each."""
    source, names = fields_present(source, build)
    at = source.columns.get("_time")
    marks: dict[str, Column] = {}
    for key, name in (("startswith", _STARTS), ("endswith", _ENDS)):
        if key in filters:
            marks[name] = Column(sql=f"CASE WHEN {_condition(filters[key], source, build)} THEN 1 END", kind="number")
    if source.made:
        marks[_MADE] = Column(sql=f"CASE WHEN {source.made} IS NOT NULL THEN 1 END", kind="number")
    if at is not None:
        source = replace(source, order=(f"{at.sql} DESC NULLS LAST", *source.order))
    rows = source.with_fields(marks).numbered()
    internal = [n for n in ("_time", "_raw") if n in rows.columns]
    taken = rows.projected(tuple(dict.fromkeys((*internal, *names, *marks))), build.parameters)
    yield from build.fetched(taken, command="transaction", position=position)


def _condition(given: _Filter, source: Relation, build: Build) -> str:
    with placed(given.position, "transaction"):
        if given.computed:
            return Evaluator(relation=source, build=build).condition(expression_of(given.text))
        expr = search_of(given.text)
        if expr is None:
            raise SplError("an empty condition", given.position, "a search or eval(…)")
        return Predicates(relation=source, build=build, over_events=False).compile(expr)


def _mark(place: int, record: Record, fields: tuple[str, ...]) -> Mark | None:
    time = record.get("_time")
    if not isinstance(time, int | float):
        return None
    own = {name: "\n".join(values_of(record.get(name))) for name in fields}
    return Mark(
        place=place,
        time=time,
        key={name: text for name, text in own.items() if text},
        starts=_STARTS in record,
        ends=_ENDS in record,
    )


def _merged(one: Transaction, records: Sequence[Record], rendering: _Rendering) -> Record:
    events = [records[mark.place] for mark in reversed(one.marks)]
    made: Record = {}
    names = dict.fromkeys(name for event in events for name in event)
    for name in names:
        if name in ("_time", "_raw", _STARTS, _ENDS, _MADE):
            continue
        if rendering.listed is None or name in rendering.listed:
            values = [v for event in events for v in (values_of(event.get(name)) or [rendering.null])]
        else:
            values = sorted({v for event in events for v in values_of(event.get(name))})
        if values:
            made[name] = values[0] if len(values) == 1 else values
    texts = [text for event in events for text in values_of(event.get("_raw"))]
    made["_time"] = events[0]["_time"]
    if texts:
        made["_raw"] = texts if rendering.raw_list else "\n".join(texts)
    if _MADE in events[0]:
        made[_MADE] = 1
    made["duration"] = round(one.duration, 6)
    made["eventcount"] = len(events)
    made["closed_txn"] = int(one.closed)
    return made


COMMANDS: Final[Mapping[str, Apply]] = {"transaction": _transaction}
