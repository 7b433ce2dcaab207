"""Two versions of a search side by side: what the newer one no longer finds.

Both are compared after macro expansion, so that moving a filter into a macro or out of one is
no difference and hiding one there is none either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agentgate_mcp.errors import SplError
from agentgate_mcp.graph.conditions import Bound, In, fields_of
from agentgate_mcp.graph.grades import Grade, threshold_grade
from agentgate_mcp.graph.narrowing import Narrowing, compare_conditions, is_entity
from agentgate_mcp.graph.pipelines import shape_of
from agentgate_mcp.graph.reading import parse_fragment
from agentgate_mcp.graph.shapes import Dropper, Shape
from agentgate_mcp.spl import ast
from agentgate_mcp.spl.expand import expand
from agentgate_mcp.spl.knowledge import EMPTY, KnowledgeSet
from agentgate_mcp.spl.time import parse_time


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDiff:
    """``narrowings`` say what is lost; ``same`` is set where both expand to one tree; ``problem``
    where one of the texts cannot be read, and then nothing is known of the difference."""

    narrowings: tuple[Narrowing, ...] = ()
    problem: str = ""
    same: bool = False

    @property
    def grade(self) -> Grade | None:
        return max((n.grade for n in self.narrowings), default=None)


def compare_searches(
    before: str,
    after: str,
    *,
    old: KnowledgeSet = EMPTY,
    new: KnowledgeSet | None = None,
    site: KnowledgeSet | None = None,
) -> SearchDiff:
    """What ``after`` finds less than ``before``, each expanded with its own knowledge set.
    ``site`` is everything that is searched for here, by default ``old``."""
    if before.strip() == after.strip() and (new is None or new is old):
        return SearchDiff(same=True)
    try:
        old_tree = _read(before, old)
    except SplError:
        # Nothing can be lost of what could not run; what comes instead is judged by itself.
        return SearchDiff(problem="the earlier search cannot be read")
    try:
        new_tree = _read(after, new or old)
    except SplError as error:
        blind = Narrowing(grade=Grade.BLIND, detail=f"the new search cannot be read: {error}")
        return SearchDiff(narrowings=(blind,), problem=str(error))
    if old_tree == new_tree:
        return SearchDiff(same=True)
    return SearchDiff(narrowings=tuple(_differences(old_tree, new_tree, old if site is None else site)))


def _differences(before: ast.Pipeline, after: ast.Pipeline, site: KnowledgeSet) -> list[Narrowing]:
    first, second = shape_of(before), shape_of(after)
    foreign = _foreign(first, second, site)
    found = compare_conditions(
        first.conditions,
        second.conditions,
        produced=frozenset(second.produced),
        certain=frozenset(second.certain & first.certain),
        fresh=frozenset(second.produced - first.mentioned) | foreign,
    )
    found += _data(first, second) + _window(first, second) + _commands(first, second)
    found += _fields(first, second, foreign) + _groups(first, second, foreign)
    return list(dict.fromkeys([*found, *_appended(before, after, site)]))


_APPENDING = frozenset({"append", "appendcols", "appendpipe", "union", "multisearch"})


def _appended(before: ast.Pipeline, after: ast.Pipeline, site: KnowledgeSet) -> list[Narrowing]:
    """What searches in brackets, whose results are added, no longer find. The rest still finds its own."""
    old, new = _branches(before), _branches(after)
    for branch in list(new):
        if branch in old:
            old.remove(branch)
            new.remove(branch)
    found: list[Narrowing] = []
    if len(new) < len(old):
        found.append(Narrowing(grade=Grade.MAJOR, detail=f"{len(old) - len(new)} appended searches are gone"))
    for first, second in zip(old, new, strict=False):
        for narrowing in _differences(first, second, site):
            grade = min(Grade.MAJOR, narrowing.grade)
            found.append(replace(narrowing, grade=grade, detail=f"in an appended search: {narrowing.detail}"))
    return found


def _branches(pipeline: ast.Pipeline) -> list[ast.Pipeline]:
    held = (c for c in pipeline.commands if isinstance(c, ast.Generic) and c.command in _APPENDING)
    return [branch for command in held for branch in command.subsearches]


def written_times(search: str, knowledge: KnowledgeSet = EMPTY) -> tuple[str, str]:
    """The ``earliest`` and ``latest`` that a search states itself; empty where it does not, or
    where it cannot be read."""
    try:
        shape = shape_of(_read(search, knowledge))
    except SplError:
        return "", ""
    return shape.earliest, shape.latest


def _read(search: str, knowledge: KnowledgeSet) -> ast.Pipeline:
    try:
        expanded = expand(search, knowledge).text
    except SplError:
        expanded = search
    return parse_fragment(expanded)


def _data(before: Shape, after: Shape) -> list[Narrowing]:
    if _names_index(before) and not _names_index(after) and not _may_name_index(after):
        # Without one it reads the indexes that happen to be the reader's default.
        return [Narrowing(grade=Grade.BLIND, detail="it no longer says which index it reads")]
    if not before.data or before.data & after.data:
        lost = {d for d in before.data - after.data if d.startswith("data_model:")}
        shown = ", ".join(sorted(lost))
        return [Narrowing(grade=Grade.MAJOR, detail=f"it no longer reads {shown}")] if lost else []
    if not after.data and not any(d.startswith(("data_model:", "lookup:")) for d in before.data):
        return []  # it reads all events now, which is more
    shown = ", ".join(sorted(before.data)[:3])
    return [Narrowing(grade=Grade.BLIND, detail=f"it reads nothing of what it read before: {shown}")]


def _names_index(shape: Shape) -> bool:
    return any(isinstance(c, In) and c.field == "index" for c in shape.conditions) or any(
        d.startswith("index:") for d in shape.data
    )


def _may_name_index(shape: Shape) -> bool:
    """Whether something else that it reads may say which index is meant."""
    return any(not d.startswith(("sourcetype:", "source:")) for d in shape.data)


def _window(before: Shape, after: Shape) -> list[Narrowing]:
    old, new = _span(before), _span(after)
    if new is None or (old is not None and new >= old):
        return []
    if new <= 0:
        return [Narrowing(grade=Grade.BLIND, detail="the time range is empty")]
    share = new / old if old else 0.4
    grade = Grade.MINOR if share >= 0.5 else Grade.MODERATE if share >= 0.1 else Grade.MAJOR
    return [Narrowing(grade=grade, detail=f"it looks back {new:g} s" + (f", from {old:g} s" if old else ""))]


def _span(shape: Shape) -> float | None:
    """Seconds that the search looks back by its own words; None where it does not say."""
    now = 1_000_000_000.0
    start = parse_time(shape.earliest, now) if shape.earliest else None
    stop = parse_time(shape.latest, now) if shape.latest else now
    return None if start is None or stop is None else stop - start


def _commands(before: Shape, after: Shape) -> list[Narrowing]:
    found: list[Narrowing] = []
    smallest = min(after.heads, default=None)
    if smallest is not None and smallest < min(before.heads, default=smallest + 1):
        grade = Grade.BLIND if smallest < 1 else Grade.MINOR if smallest >= 100 else Grade.MODERATE
        found.append(Narrowing(grade=grade, detail=f"only {smallest} rows are kept"))
    if after.stats > before.stats:
        found.append(Narrowing(grade=Grade.MAJOR, detail="stats was added, which makes other rows"))
    old = list(before.droppers)
    for dropper in after.droppers:
        if dropper in old:
            old.remove(dropper)
            continue
        changed = next((o for o in old if o.command == dropper.command), None)
        if changed is not None:
            old.remove(changed)
        how = "reads differently" if changed else "was added"
        grade = _dropper_grade(before, dropper, added=changed is None)
        found.append(Narrowing(grade=grade, detail=f"{dropper.command} {how}"))
    return found


def _dropper_grade(before: Shape, dropper: Dropper, *, added: bool) -> Grade:
    if dropper.everything:
        return Grade.MAJOR
    if dropper.command == "dedup":
        # Rows without the field are dropped, so it must be one that the search works with.
        return Grade.MINOR if dropper.fields <= before.mentioned else Grade.MAJOR
    return Grade.MAJOR if added and dropper.demanding else Grade.MODERATE


def _foreign(before: Shape, after: Shape, site: KnowledgeSet) -> frozenset[str]:
    """Fields that ``after`` reads, that ``before`` knows nothing of, and that no other search of
    the site names either: nothing says that any event has them."""
    read = {n for c in after.conditions for n in fields_of(c) or ()}
    read |= {n for keys in after.groups for n in keys} | {n for found in after.sources.values() for n in found}
    unknown = {n for n in read - before.mentioned - after.produced if not is_entity(n)}
    return _unwritten(unknown, site) if site.objects else frozenset()


def _unwritten(names: set[str], site: KnowledgeSet) -> frozenset[str]:
    """Those of ``names`` that no search or macro of ``site`` contains. Names that somebody uses are
    soon found, so that only a name which nobody uses costs a look at everything."""
    left = {n: n.rsplit(".", 1)[-1] for n in names}
    for obj in site.objects:
        if not left:
            break
        written = obj.content.get("search") or obj.content.get("definition")
        if isinstance(written, str):
            left = {n: word for n, word in left.items() if word not in written}
    return frozenset(left)


def _fields(before: Shape, after: Shape, foreign: frozenset[str]) -> list[Narrowing]:
    """Conditions that still stand, on fields that are no longer what they were."""
    needed = after.used & before.used
    gone = dict.fromkeys(sorted((before.produced - after.produced) & needed), "no longer computed")
    gone |= dict.fromkeys(sorted(after.starved - before.starved), "not there by then")
    found = [
        Narrowing(grade=Grade.MAJOR, detail=f"{name} is {how}, and a condition needs it") for name, how in gone.items()
    ]
    relied = after.relied & before.relied
    for name in sorted(after.tested.keys() & before.tested.keys() - gone.keys()):
        fresh = [o for o in after.tested[name] - before.tested[name] if o is not None]
        if not fresh:
            continue
        ways = {o[0] for o in before.tested[name] if o is not None}
        alike = all(o[0] in ways for o in fresh) and not after.sources.get(name, foreign) & foreign
        grade = Grade.MODERATE if alike or name not in relied else Grade.MAJOR
        found.append(Narrowing(grade=grade, detail=f"{name} is computed differently, and a condition needs it"))
    return found


def _groups(before: Shape, after: Shape, foreign: frozenset[str]) -> list[Narrowing]:
    """Rows counted by more fields than before: those without one are left out, and each count is
    of fewer."""
    found: list[Narrowing] = []
    counted = any(isinstance(c, Bound) and c.side == "min" and c.field in after.produced for c in after.conditions)
    for old, new in zip(before.spans, after.spans, strict=False):
        if counted and new < old:
            grade = threshold_grade(new, old)
            found.append(
                Narrowing(grade=grade, detail=f"it counts per {new:g} s, from {old:g} s, so each count is of less")
            )
    for old, new in zip(before.groups, after.groups, strict=False):
        for name in sorted(new - old):
            if name in foreign:
                found.append(Narrowing(grade=Grade.MAJOR, detail=f"rows without {name} are not counted any more"))
            elif counted:
                found.append(Narrowing(grade=Grade.MINOR, detail=f"it counts per {name} too, so each count is of less"))
    return found
