"""What a new version of a search no longer finds.

Two filters are compared condition by condition. Only losses are reported: a longer list, a
lower threshold, a field more or another order of columns is no loss.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import combinations

from agentgate_mcp.graph.alternatives import DATA_FIELDS
from agentgate_mcp.graph.conditions import Bound, Condition, Either, In, Never, NotIn, Opaque, fields_of
from agentgate_mcp.graph.grades import SHORT_WILDCARD, Grade, exclusion_grade, threshold_grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """One way in which less is found. ``values`` are gone, of ``field``; of ``kept``, if that is
    not empty, nothing but these is left; ``text`` is a condition in another form that says no."""

    grade: Grade
    detail: str
    field: str = ""
    values: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    text: str = ""


ALWAYS_PRESENT = frozenset({
    "_time", "_raw", "index", "sourcetype", "source", "host", "count", "linecount", "punct", "splunk_server",
})  # fmt: skip
"""Fields that every event or count has: excluding all their values excludes everything."""
SINGLE_VALUED = ("index", "sourcetype", "source", "host")
"""Fields of which an event has exactly one value: two different ones exclude each other."""
_ENTITY_WORDS = frozenset({
    "index", "sourcetype", "source", "host", "src", "dest", "user", "ip", "domain", "url", "query", "hash", "process",
    "name", "hostname", "asset", "account", "sender", "recipient",
})  # fmt: skip
"""Words in a field's name that make one value of it one thing in the world."""


_NONE: frozenset[str] = frozenset()
_LEAST = Grade.MINOR


def compare_conditions(
    before: Sequence[Condition],
    after: Sequence[Condition],
    *,
    produced: frozenset[str] = _NONE,
    certain: frozenset[str] = _NONE,
    fresh: frozenset[str] = _NONE,
) -> list[Narrowing]:
    """What ``after`` lets through less than ``before``. ``produced`` are fields that the search
    computes itself, so that excluding all their values is a test; ``certain`` are those that
    every row has, so that excluding all their values is blindness; ``fresh`` those that only the
    newer search computes, so that demanding something of them says nothing of what was found."""
    if Never() in before:
        return []
    if Never() in after or _contradictory(after):
        return [Narrowing(grade=Grade.BLIND, detail="a condition that no event can meet")]
    found = _exclusions(before, after, produced - certain, ALWAYS_PRESENT | certain)
    found += _bounds(before, after, fresh)
    found += _choices(before, after, fresh)
    return found


def _exclusions(
    before: Sequence[Condition], after: Sequence[Condition], produced: frozenset[str], certain: frozenset[str]
) -> list[Narrowing]:
    old: defaultdict[str, set[str]] = defaultdict(set)
    new: defaultdict[str, set[str]] = defaultdict(set)
    for side, conditions in ((old, before), (new, after)):
        for condition in conditions:
            if isinstance(condition, NotIn):
                side[condition.field] |= condition.values
    found: list[Narrowing] = []
    for name, values in sorted(new.items()):
        added = sorted(v for v in values if not _covered(v, old[name]))
        if not added:
            continue
        if any(not v.strip("*") for v in added):
            detail = f"every event with a {name} is excluded"
            grade = _absence_grade(name, produced, certain)
            found.append(Narrowing(grade=grade, detail=detail, field=name, values=frozenset(added)))
        else:
            shown = ", ".join(added[:3]) + (f" and {len(added) - 3} more" if len(added) > 3 else "")
            detail = f"{name} excludes {shown}"
            found.append(Narrowing(grade=exclusion_grade(added), detail=detail, field=name, values=frozenset(added)))
    return found


def _absence_grade(name: str, produced: frozenset[str], certain: frozenset[str]) -> Grade:
    if name in certain:
        return Grade.BLIND
    return Grade.MODERATE if name in produced else Grade.MAJOR


def _covered(value: str, patterns: Iterable[str]) -> bool:
    return any(value == p or ("*" in p and fnmatchcase(value, p.replace("[", "[[]"))) for p in patterns)


def _bounds(before: Sequence[Condition], after: Sequence[Condition], fresh: frozenset[str]) -> list[Narrowing]:
    old, new = _limits(before), _limits(after)
    found: list[Narrowing] = []
    for (name, side), limit in sorted(new.items()):
        was = old.get((name, side))
        if was is not None and (limit <= was if side == "min" else limit >= was):
            continue
        if was is None and name in fresh:
            grade = Grade.MAJOR
        elif side == "min":
            grade = threshold_grade(was, limit)
        elif limit <= 0:
            grade = Grade.MAJOR
        else:
            grade = threshold_grade(limit, was) if was is not None else Grade.MODERATE
        origin = f"from {was:g} " if was is not None else ""
        word = "at least" if side == "min" else "at most"
        found.append(Narrowing(grade=grade, detail=f"{name} must be {word} {limit:g}, {origin}".rstrip(" ,")))
    return found


def _limits(conditions: Sequence[Condition]) -> dict[tuple[str, str], float]:
    limits: dict[tuple[str, str], float] = {}
    for condition in conditions:
        if isinstance(condition, Bound):
            key = (condition.field, condition.side)
            tighter = max if condition.side == "min" else min
            limits[key] = tighter(limits[key], condition.limit) if key in limits else condition.limit
    return limits


def _choices(before: Sequence[Condition], after: Sequence[Condition], fresh: frozenset[str]) -> list[Narrowing]:
    """Positive conditions and opaque ones: matched as they are, then by field, the rest is new."""
    old = [c for c in dict.fromkeys(before) if isinstance(c, In | Either | Opaque)]
    new = [c for c in dict.fromkeys(after) if isinstance(c, In | Either | Opaque)]
    every = list(new)
    for condition in list(new):
        if condition in old:
            old.remove(condition)
            new.remove(condition)
    found: list[Narrowing] = []
    for condition in new:
        partner = next((o for o in old if _related(o, condition)), None)
        if partner is not None:
            old.remove(partner)
            lost = _lost(partner, condition)
            if lost is not None:
                found.append(lost)
        else:
            narrowing = _added(condition)
            foreign = _is_foreign(condition, fresh) or _excluded_by(condition, every)
            foreign = foreign and narrowing.grade < Grade.MAJOR
            found.append(replace(narrowing, grade=Grade.MAJOR) if foreign else narrowing)
    return found


def _related(old: Condition, new: Condition) -> bool:
    if isinstance(old, In) and isinstance(new, In):
        return old.field == new.field
    if isinstance(old, Opaque) and isinstance(new, Opaque):
        return (
            old.positive == new.positive
            and (old.pipeline is None) == (new.pipeline is None)
            and (old.pipeline is not None or old.shown == new.shown)
        )
    return bool(set(_branches(old)) & set(_branches(new))) or (
        isinstance(old, Either) and isinstance(new, Either) and bool(_fields(old) & _fields(new))
    )


def _branches(condition: Condition) -> list[frozenset[Condition]]:
    match condition:
        case Either():
            return list(condition.branches)
        case In():
            return [frozenset({In(condition.field, frozenset({v}))}) for v in sorted(condition.values)]
        case _:
            return [frozenset({condition})]


def _fields(condition: Either) -> set[str]:
    return {c.field for b in condition.branches for c in b if isinstance(c, In | NotIn | Bound)}


def _lost(old: Condition, new: Condition) -> Narrowing | None:
    if isinstance(old, In) and isinstance(new, In):
        lost = sorted(v for v in old.values if not _covered(v, new.values))
        if not lost:
            return None
        share = len(lost) / len(old.values)
        if share == 1 and old.field in DATA_FIELDS:
            detail = f"it reads another {old.field}: {', '.join(sorted(new.values))}"
            return Narrowing(grade=Grade.BLIND, detail=detail, field=old.field, values=frozenset(lost))
        grade = Grade.MINOR if share <= 0.2 else Grade.MODERATE if share < 0.75 else Grade.MAJOR
        shown = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
        detail = f"{old.field} no longer matches {shown}"
        return Narrowing(grade=grade, detail=detail, field=old.field, values=frozenset(lost))
    if isinstance(old, Opaque) and isinstance(new, Opaque):
        detail = f"the condition on {new.shown} reads differently"
        # Nothing that the old pattern looks for is looked for by the new one.
        elsewhere = new.positive and bool(old.words) and bool(new.words) and not old.words & new.words
        # A denial that looks for no word any more may deny everything.
        swallowed = not new.positive and bool(old.words) and not new.words
        grade = Grade.MAJOR if elsewhere or swallowed or _is_foreign(new, _NONE) else Grade.MODERATE
        return Narrowing(grade=grade, detail=detail, text=_denial(new))
    mine, theirs = _branches(old), _branches(new)
    gone = [b for b in mine if b not in theirs and not _implied(b, theirs)]
    if not gone:
        return None
    grade = Grade.MODERATE if len(gone) < len(mine) else Grade.MAJOR
    named = {c.field: c.values for b in gone for c in b if isinstance(c, In) and len(b) == 1}
    name = next(iter(named)) if len(named) == 1 else ""
    values = frozenset(v for b in gone for c in b if isinstance(c, In) and c.field == name for v in c.values)
    detail = f"{len(gone)} of {len(mine)} alternatives no longer match"
    return Narrowing(grade=grade, detail=detail, field=name, values=values)


def _implied(branch: frozenset[Condition], others: list[frozenset[Condition]]) -> bool:
    """Whether an alternative left over still lets through what ``branch`` did."""
    return any(not compare_conditions(list(branch), list(other)) for other in others)


def _added(condition: Condition) -> Narrowing:
    match condition:
        case In():
            shown = ", ".join(sorted(condition.values)[:3])
            if any(not v.strip("*") for v in condition.values):
                return Narrowing(grade=Grade.MINOR, detail=f"{condition.field} must be present")
            grade = Grade.MAJOR if is_entity(condition.field) else Grade.MODERATE
            detail = f"only {condition.field} = {shown} is left"
            return Narrowing(grade=grade, detail=detail, field=condition.field, kept=condition.values)
        case Opaque():
            word = "must hold" if condition.positive else "is excluded"
            detail = f"{condition.shown} {word}"
            return Narrowing(grade=_opaque_grade(condition), detail=detail, text=_denial(condition))
        case Either() if (excluded := _joint_exclusion(condition)) is not None:
            # NOT (a=1 b=2): only events with both go.
            shown = " and ".join(f"{c.field} {', '.join(sorted(c.values)[:3])}" for c in excluded)
            return Narrowing(grade=min(exclusion_grade(c.values) for c in excluded), detail=f"excludes {shown}")
        case Either():
            # One branch is enough, so the widest one says how much is left.
            grades = [
                max((n.grade for n in compare_conditions([], list(b))), default=_LEAST) for b in condition.branches
            ]
            return Narrowing(grade=max(Grade.MODERATE, min(grades, default=_LEAST)), detail="a condition was added")
        case _:
            return Narrowing(grade=Grade.MODERATE, detail="a condition was added")


def _is_foreign(condition: Condition, fresh: frozenset[str]) -> bool:
    """Whether a condition reads nothing of what the older search worked with."""
    fields = fields_of(condition)
    return fields is not None and fields <= fresh


def _excluded_by(condition: Condition, others: Iterable[Condition]) -> bool:
    """Whether another condition on the same field leaves nothing for this one, as long as the
    field has one value."""
    return isinstance(condition, In) and any(
        isinstance(o, In) and o.field == condition.field and not _compatible(o.values, condition.values) for o in others
    )


def _denial(condition: Opaque) -> str:
    """The text of a condition that lets through what it does not name; else nothing."""
    return condition.text.lower() if not condition.positive or "op='!='" in condition.text else ""


def is_entity(name: str) -> bool:
    """Whether one value of the field is one thing in the world, by the words of its name."""
    return bool(set(name.lower().replace(".", "_").replace("-", "_").split("_")) & _ENTITY_WORDS)


def _opaque_grade(condition: Opaque) -> Grade:
    if condition.positive:
        one_thing = condition.pipeline is not None or is_entity(condition.on)
        return Grade.MAJOR if one_thing else Grade.MODERATE
    if 0 <= condition.literals < SHORT_WILDCARD:
        return Grade.MAJOR
    return Grade.MINOR if condition.text.startswith("term:") else Grade.MODERATE


def _joint_exclusion(condition: Either) -> list[NotIn] | None:
    """The parts of ``NOT (a b)``, if that is all that the condition says."""
    parts = [next(iter(b)) for b in condition.branches if len(b) == 1]
    excluded = [c for c in parts if isinstance(c, NotIn)]
    whole = len(excluded) == len(condition.branches) and all(v.strip("*") for c in excluded for v in c.values)
    return sorted(excluded, key=lambda c: c.field) if whole else None


def _compatible(first: frozenset[str], second: frozenset[str]) -> bool:
    return any(_covered(a, second) for a in first) or any(_covered(b, first) for b in second)


def _contradictory(conditions: Sequence[Condition]) -> bool:
    """Conditions on one field that exclude each other."""
    excluded: defaultdict[str, set[str]] = defaultdict(set)
    for condition in conditions:
        if isinstance(condition, NotIn):
            excluded[condition.field] |= condition.values
    for condition in conditions:
        if isinstance(condition, In) and all(_covered(v, excluded[condition.field]) for v in condition.values):
            return True
    for name in SINGLE_VALUED:
        chosen = [c.values for c in conditions if isinstance(c, In) and c.field == name]
        if any(not _compatible(a, b) for a, b in combinations(chosen, 2)):
            return True
    limits = _limits(conditions)
    return any(side == "min" and limit > limits.get((name, "max"), limit) for (name, side), limit in limits.items())
