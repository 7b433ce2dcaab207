"""Lookups as lists that detections lean on: who is excused by a row, and who is caught by one.

A search uses a lookup with a polarity: what it lists is excluded (an allow-list), required
(a watch-list), or merely added to the result. Changed rows are a loss where they excuse more
or catch less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from agentgate_mcp.canonical import canonical_bytes
from agentgate_mcp.errors import SplError
from agentgate_mcp.graph.conditions import Bound, Condition, Either, In, NotIn, fields_of, of_eval, of_search, read_by
from agentgate_mcp.graph.grades import Grade, exclusion_grade, share_grade
from agentgate_mcp.graph.losses import Loss
from agentgate_mcp.graph.narrowing import Narrowing
from agentgate_mcp.graph.reading import parse_fragment
from agentgate_mcp.graph.settings import mappings, text
from agentgate_mcp.model.call import Json
from agentgate_mcp.model.site import KnowledgeObject
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.knowledge import KnowledgeSet

_NO = frozenset({"false", "0", "no", "f", "n", "unknown", "none", ""})


class Polarity(StrEnum):
    EXCLUDES = "excludes"
    REQUIRES = "requires"
    ADDS = "adds"
    UNKNOWN = "unknown"


def polarities(search: str, lookup: KnowledgeObject, knowledge: KnowledgeSet) -> frozenset[Polarity]:
    """How ``search`` uses ``lookup``; empty where it does not."""
    names = {lookup.name, text(lookup.content, "filename"), f"{lookup.name}.csv"} - {""}
    try:
        pipeline = parse_fragment(expand(search, knowledge).text)
    except SplError:
        return frozenset({Polarity.UNKNOWN})
    found: set[Polarity] = set()
    _walk(pipeline, names, found)
    return frozenset(found)


def row_losses(
    node_id: str,
    before: Mapping[str, Json],
    after: Mapping[str, Json],
    uses: Mapping[str, frozenset[Polarity]],
) -> tuple[list[Loss], frozenset[str]]:
    """Typed losses of changed rows, and the dependents that can find nothing any more.

    ``uses`` maps each dependent to its polarities."""
    if "rows" not in after or after.get("rows") == before.get("rows"):
        return [], frozenset()
    used = {p for polarity in uses.values() for p in polarity}
    if "rows" not in before:
        loss = Loss(kind="allow_list", object=node_id, detail="its rows so far are not known", grade=Grade.MODERATE)
        return ([loss] if used - {Polarity.ADDS} else []), frozenset()
    old, new = _rows(before), _rows(after)
    added = [new[k] for k in new.keys() - old.keys()]
    removed = [old[k] for k in old.keys() - new.keys()]
    losses: list[Loss] = []
    blind: set[str] = set()
    excused = used & {Polarity.EXCLUDES, Polarity.UNKNOWN}
    if added and excused:
        grade = exclusion_grade(_key_values(added, old.values()))
        everything = [r for r in added if any(_matches_all(v) for v in _texts(r))]
        if everything:
            grade = Grade.BLIND
            blind |= {d for d, p in uses.items() if Polarity.EXCLUDES in p}
        who = _count(uses, Polarity.EXCLUDES) or _count(uses, Polarity.UNKNOWN)
        sure = "are excused from" if Polarity.EXCLUDES in used else "may be excused from"
        detail = f"{len(added)} rows added: what they list {sure} {who}"
        losses.append(Loss(kind="allow_list", object=node_id, detail=detail, grade=grade))
    if removed and Polarity.UNKNOWN in used and Polarity.REQUIRES not in used and not (added and excused):
        detail = f"{len(removed)} of {len(old)} rows gone: they may be looked for by {_count(uses, Polarity.UNKNOWN)}"
        grade = Grade.MODERATE if new else Grade.MAJOR
        losses.append(Loss(kind="narrowed_filter", object=node_id, detail=detail, grade=grade))
    if removed and Polarity.REQUIRES in used:
        grade = share_grade(len(removed) / max(1, len(old)))
        if not new:
            grade = Grade.BLIND
            blind |= {d for d, p in uses.items() if Polarity.REQUIRES in p}
        detail = f"{len(removed)} of {len(old)} rows gone: what they list is no longer looked for by "
        detail += _count(uses, Polarity.REQUIRES)
        losses.append(Loss(kind="narrowed_filter", object=node_id, detail=detail, grade=grade))
    return losses, frozenset(blind)


def rows_out_of_sight(
    before: Mapping[str, Json], after: Mapping[str, Json], polarity: frozenset[Polarity]
) -> list[Narrowing]:
    """What a search of ``polarity`` looks away from, by column: added rows of an allow-list, and
    removed ones of a watch-list."""
    if "rows" not in before or "rows" not in after or before["rows"] == after["rows"]:
        return []
    old, new = _rows(before), _rows(after)
    rows = [new[k] for k in new.keys() - old.keys()] if Polarity.EXCLUDES in polarity else []
    rows += [old[k] for k in old.keys() - new.keys()] if Polarity.REQUIRES in polarity else []
    columns: dict[str, set[str]] = {}
    for row in rows:
        for column, value in row.items():
            if isinstance(value, str) and value.strip():
                columns.setdefault(column, set()).add(value.strip().lower())
    return [
        Narrowing(grade=exclusion_grade(values), detail=f"rows of {column}", field=column, values=frozenset(values))
        for column, values in sorted(columns.items())
    ]


def _count(uses: Mapping[str, frozenset[Polarity]], polarity: Polarity) -> str:
    users = sorted(d for d, p in uses.items() if polarity in p)
    if not users:
        return ""
    return users[0] if len(users) == 1 else f"{users[0]} and {len(users) - 1} more"


def _rows(content: Mapping[str, Json]) -> dict[bytes, Mapping[str, Json]]:
    return {canonical_bytes(dict(row)): row for row in mappings(content.get("rows"))}


def _texts(row: Mapping[str, Json]) -> list[str]:
    return [v for v in row.values() if isinstance(v, str)]


def _key_values(added: Iterable[Mapping[str, Json]], old: Iterable[Mapping[str, Json]]) -> list[str]:
    """One value per added row: that of the column which tells rows apart, the first by default."""
    rows = list(added)
    columns = [c for c in rows[0] if isinstance(rows[0][c], str)] if rows else []
    existing = list(old)
    best, spread = columns[:1], -1
    for column in columns:
        distinct = len({str(r.get(column)) for r in [*existing, *rows]})
        if distinct > spread:
            best, spread = [column], distinct
    values = [str(r.get(best[0], "")) for r in rows] if best else []
    # A wildcard anywhere in a row widens it, whichever column is the key.
    return [next((t for t in _texts(r) if "*" in t or "/" in t), v) for r, v in zip(rows, values, strict=True)]


def _matches_all(value: str) -> bool:
    return (bool(value) and not value.strip("*")) or value in ("0.0.0.0/0", "::/0")


# --- polarity --------------------------------------------------------------------------------


def _walk(pipeline: ast.Pipeline, names: set[str], found: set[Polarity]) -> None:
    outputs: set[str] = set()
    derived: set[str] = set()
    any_output = False
    tested: list[Condition] = []
    for position, command in enumerate(pipeline.commands):
        match command:
            case ast.InputLookup() if command.name in names:
                found.add(Polarity.REQUIRES if position == 0 else Polarity.ADDS)
            case ast.Lookup() if command.name in names:
                outputs |= {f.alias or f.field for f in command.output}
                any_output = any_output or not command.output
                found.add(Polarity.ADDS)
            case ast.Search():
                _subsearches(command.expr, names, found, negated=False)
                tested += of_search(command.expr)
            case ast.Tstats():
                _subsearches(command.where, names, found, negated=False)
            case ast.Where():
                tested += of_eval(command.expr)
            case ast.Eval():
                for made in command.assignments:
                    if (read_by(made.expr) or frozenset()) & (outputs | derived):
                        derived.add(made.field)
            case ast.Generic():
                for inner in command.subsearches:
                    inside: set[Polarity] = set()
                    _walk(inner, names, inside)
                    if inside:
                        found.add(_joined(command))
            case _:
                continue
    if outputs or any_output:
        found |= _tests(tested, outputs, any_output=any_output)
    if any((fields_of(c) or frozenset()) & derived for c in tested):
        found.add(Polarity.UNKNOWN)


def _joined(command: ast.Generic) -> Polarity:
    if command.command == "join":
        kind = command.options.get("type")
        outer = isinstance(kind, ast.Value) and kind.text.lower() in ("left", "outer")
        return Polarity.UNKNOWN if outer else Polarity.REQUIRES
    return Polarity.ADDS


def _subsearches(expr: ast.SearchExpr | None, names: set[str], found: set[Polarity], *, negated: bool) -> None:
    match expr:
        case ast.Subsearch():
            inside: set[Polarity] = set()
            _walk(expr.pipeline, names, inside)
            if Polarity.REQUIRES in inside or (Polarity.EXCLUDES in inside and negated):
                found.add(Polarity.EXCLUDES if negated else Polarity.REQUIRES)
            elif inside:
                found |= inside if not negated else {Polarity.UNKNOWN}
        case ast.SearchNot():
            _subsearches(expr.operand, names, found, negated=not negated)
        case ast.SearchAnd() | ast.SearchOr():
            for operand in expr.operands:
                _subsearches(operand, names, found, negated=negated)
        case _:
            return


def _tests(conditions: Sequence[Condition], outputs: set[str], *, any_output: bool) -> set[Polarity]:
    """What later conditions say of a lookup's output."""
    found: set[Polarity] = set()
    unequal = {c.field for c in conditions if isinstance(c, NotIn)}
    for condition in conditions:
        match condition:
            case In() if condition.field in unequal and "*" in condition.values:
                continue  # the other half of `!=`
            case In() if condition.field in outputs:
                refused = condition.values <= _NO
                found.add(Polarity.EXCLUDES if refused else Polarity.REQUIRES)
            case Bound() if condition.field in outputs:
                found.add(Polarity.REQUIRES)
            case NotIn() if condition.field in outputs:
                listed = any(not v.strip("*") for v in condition.values) or not condition.values <= _NO
                found.add(Polarity.EXCLUDES if listed else Polarity.REQUIRES)
            case Either():
                fields = {c.field for b in condition.branches for c in b if isinstance(c, In | NotIn | Bound)}
                if fields & outputs:
                    found.add(Polarity.UNKNOWN)
            case _:
                continue
    if any_output and conditions and not found:
        found.add(Polarity.UNKNOWN)
    return found
