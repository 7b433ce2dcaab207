"""Two versions of a search side by side: what the newer one no longer finds.

Both are compared after macro expansion, so that moving a filter into a macro or out of one is
no difference and hiding one there is none either.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agentgate_mcp.errors import SplError
from agentgate_mcp.graph.alternatives import DATA_FIELDS
from agentgate_mcp.graph.conditions import Bound, Condition, Either, In, Never, NotIn, Opaque, of_eval, of_search
from agentgate_mcp.graph.narrowing import Grade, Narrowing, compare_conditions
from agentgate_mcp.graph.reading import parse_fragment
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.knowledge import EMPTY, KnowledgeSet
from agentgate_mcp.spl.time import parse_time

_FILTERING = frozenset({"regex", "dedup", "head", "tail", "sample", "join", "transaction", "rare", "top", "selfjoin"})
"""Commands that drop rows without stating a condition on a field."""


@dataclass(slots=True, kw_only=True)
class _Shape:
    """What a pipeline filters by, computes and reads."""

    conditions: list[Condition] = field(default_factory=list[Condition])
    produced: set[str] = field(default_factory=set[str])
    assigned: dict[str, str] = field(default_factory=dict[str, str])
    hidden: set[str] = field(default_factory=set[str])
    droppers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    heads: list[int] = field(default_factory=list[int])
    data: set[str] = field(default_factory=set[str])
    earliest: str = ""
    latest: str = ""

    @property
    def used(self) -> set[str]:
        """Fields that a condition needs a value of."""
        return {name for c in self.conditions for name in _needs_value(c)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDiff:
    """``narrowings`` say what is lost; ``problem`` is set where one of the texts cannot be read,
    and then nothing is known of the difference."""

    narrowings: tuple[Narrowing, ...] = ()
    problem: str = ""
    same: bool = False

    @property
    def grade(self) -> Grade | None:
        return max((n.grade for n in self.narrowings), default=None)


def compare_searches(
    before: str, after: str, *, old: KnowledgeSet = EMPTY, new: KnowledgeSet | None = None
) -> SearchDiff:
    """What ``after`` finds less than ``before``, each expanded with its own knowledge set."""
    if before.strip() == after.strip() and (new is None or new is old):
        return SearchDiff(same=True)
    try:
        first = _shape(_read(before, old))
    except SplError:
        # Nothing can be lost of what could not run; what comes instead is judged by itself.
        return SearchDiff(problem="the earlier search cannot be read")
    try:
        second = _shape(_read(after, new or old))
    except SplError as error:
        blind = Narrowing(grade=Grade.BLIND, detail=f"the new search cannot be read: {error}")
        return SearchDiff(narrowings=(blind,), problem=str(error))
    found = compare_conditions(first.conditions, second.conditions, produced=frozenset(second.produced))
    found += _data(first, second) + _window(first, second) + _commands(first, second) + _fields(first, second)
    return SearchDiff(narrowings=tuple(dict.fromkeys(found)), same=first == second)


def conditions_of(text: str, knowledge: KnowledgeSet = EMPTY) -> tuple[Condition, ...]:
    """The conditions that a search or a fragment states. Raises: SplError."""
    return tuple(_shape(_read(text, knowledge)).conditions)


def _read(text: str, knowledge: KnowledgeSet) -> ast.Pipeline:
    try:
        expanded = expand(text, knowledge).text
    except SplError:
        expanded = text
    return parse_fragment(expanded)


def _shape(pipeline: ast.Pipeline) -> _Shape:
    shape = _Shape()
    for position, command in enumerate(pipeline.commands):
        _take(shape, command, first=position == 0)
    return shape


def _take(shape: _Shape, command: ast.Command, *, first: bool) -> None:
    match command:
        case ast.Search():
            _take_filter(shape, command.expr, first=first)
        case ast.Where():
            shape.conditions += of_eval(command.expr)
        case ast.Tstats():
            _take_filter(shape, command.where, first=first)
            if command.data_model:
                shape.data.add(f"data_model:{command.data_model}")
            shape.produced |= {a.output for a in command.aggregations}
        case ast.InputLookup():
            shape.conditions += of_search(command.where)
            if first:
                shape.data.add(f"lookup:{command.name}")
        case ast.Eval():
            for assignment in command.assignments:
                shape.produced.add(assignment.field)
                shape.assigned[assignment.field] = repr(assignment.expr)
        case ast.Stats() | ast.Chart():
            shape.produced |= {a.output for a in command.aggregations}
        case ast.Lookup():
            shape.produced |= {f.alias or f.field for f in command.output}
        case ast.Rename():
            shape.produced |= {new for _, new in command.pairs}
            shape.hidden |= {old for old, _ in command.pairs} - {new for _, new in command.pairs}
        case ast.Head():
            if command.expr is None:
                shape.heads.append(command.count)
            else:
                shape.droppers.append(("head", repr(command)))
        case ast.Fields():
            if command.remove:
                shape.hidden |= set(command.fields)
        case ast.Dedup():
            shape.droppers.append(("dedup", repr(command)))
        case ast.Generic():
            if command.command in _FILTERING:
                shape.droppers.append((command.command, repr(command)))
            elif first and command.command in ("from", "datamodel", "mstats", "savedsearch", "loadjob"):
                shape.data.add(f"{command.command}:{' '.join(command.words)}")
            shape.produced |= _made_by(command)
        case ast.MacroCall():
            shape.conditions += of_search(command)
        case ast.Table() | ast.Sort():
            return


def _take_filter(shape: _Shape, expr: ast.SearchExpr | None, *, first: bool) -> None:
    conditions = of_search(expr)
    shape.conditions += conditions
    for modifier in _times(expr):
        value = modifier.value.text if isinstance(modifier.value, ast.Value) else ""
        if modifier.name == "earliest":
            shape.earliest = value
        elif modifier.name == "latest":
            shape.latest = value
    if first:
        shape.data |= {name for c in conditions for name in _data_names(c)}


def _times(expr: ast.SearchExpr | None) -> list[ast.TimeModifier]:
    if isinstance(expr, ast.TimeModifier):
        return [expr]
    if isinstance(expr, ast.SearchAnd | ast.SearchOr):
        return [t for o in expr.operands for t in _times(o)]
    return []


def _data_names(condition: Condition) -> set[str]:
    match condition:
        case In() if condition.field in DATA_FIELDS:
            return {f"{condition.field}:{v}" for v in condition.values if v.strip("*")}
        case Either():
            return {n for b in condition.branches for c in b for n in _data_names(c)}
        case Opaque() if condition.positive and condition.pipeline is None and condition.shown.startswith("`"):
            return {f"macro:{condition.text}"}
        case _:
            return set()


def _made_by(command: ast.Generic) -> set[str]:
    """Fields that a command without a shape of its own adds, as far as its text tells."""
    made: set[str] = set()
    if command.command == "rex":
        for word in command.words:
            made |= {part.split(">", 1)[0] for part in word.split("(?<")[1:] if ">" in part}
            made |= {part.split(">", 1)[0] for part in word.split("(?P<")[1:] if ">" in part}
    if command.command in ("bin", "bucket", "makemv", "mvexpand", "transaction", "spath", "iplocation"):
        made |= {"duration", "eventcount"} if command.command == "transaction" else set()
    return made


def _needs_value(condition: Condition) -> set[str]:
    match condition:
        case In() | Bound():
            return {condition.field}
        case Either():
            branches = [{n for c in b for n in _needs_value(c)} for b in condition.branches]
            return {n for n in branches[0] if all(n in b for b in branches)} if branches else set()
        case NotIn() | Opaque() | Never():
            return set()


def _data(before: _Shape, after: _Shape) -> list[Narrowing]:
    if not before.data or before.data & after.data:
        lost = {d for d in before.data - after.data if d.startswith("data_model:")}
        shown = ", ".join(sorted(lost))
        return [Narrowing(grade=Grade.MAJOR, detail=f"it no longer reads {shown}")] if lost else []
    if not after.data and not any(d.startswith(("data_model:", "lookup:")) for d in before.data):
        return []  # it reads everything now, which is more
    shown = ", ".join(sorted(before.data)[:3])
    return [Narrowing(grade=Grade.BLIND, detail=f"it reads nothing of what it read before: {shown}")]


def _window(before: _Shape, after: _Shape) -> list[Narrowing]:
    old, new = _span(before), _span(after)
    if new is None or (old is not None and new >= old):
        return []
    if new <= 0:
        return [Narrowing(grade=Grade.BLIND, detail="the time range is empty")]
    share = new / old if old else 0.5
    grade = Grade.MINOR if share >= 0.5 else Grade.MODERATE if share >= 0.1 else Grade.MAJOR
    return [Narrowing(grade=grade, detail=f"it looks back {new:g} s" + (f", from {old:g} s" if old else ""))]


def _span(shape: _Shape) -> float | None:
    """Seconds that the search looks back by its own words; None where it does not say."""
    now = 1_000_000_000.0
    start = parse_time(shape.earliest, now) if shape.earliest else None
    stop = parse_time(shape.latest, now) if shape.latest else now
    return None if start is None or stop is None else stop - start


def _commands(before: _Shape, after: _Shape) -> list[Narrowing]:
    found: list[Narrowing] = []
    smallest = min(after.heads, default=None)
    if smallest is not None and smallest < min(before.heads, default=smallest + 1):
        grade = Grade.BLIND if smallest < 1 else Grade.MINOR if smallest >= 100 else Grade.MODERATE
        found.append(Narrowing(grade=grade, detail=f"only {smallest} rows are kept"))
    old = list(before.droppers)
    for name, text in after.droppers:
        if (name, text) in old:
            old.remove((name, text))
            continue
        changed = next((o for o in old if o[0] == name), None)
        if changed is not None:
            old.remove(changed)
        grade = Grade.MINOR if name == "dedup" else Grade.MODERATE
        found.append(Narrowing(grade=grade, detail=f"{name} {'reads differently' if changed else 'was added'}"))
    return found


def _fields(before: _Shape, after: _Shape) -> list[Narrowing]:
    """Conditions that still stand, on fields that are no longer what they were."""
    needed = after.used & before.used
    gone = dict.fromkeys(sorted((before.produced - after.produced) & needed), "no longer computed")
    gone |= dict.fromkeys(sorted((after.hidden - before.hidden - after.produced) & needed), "removed")
    found = [
        Narrowing(grade=Grade.MAJOR, detail=f"{name} is {how}, and a condition needs it") for name, how in gone.items()
    ]
    for name in sorted(after.assigned.keys() & needed):
        if after.assigned[name] != before.assigned.get(name):
            was_computed = name in before.assigned
            grade = Grade.MODERATE if was_computed else Grade.MAJOR
            found.append(Narrowing(grade=grade, detail=f"{name} is computed differently, and a condition needs it"))
    return found
