"""What differs between two versions of a policy, and whether the newer one is tighter or looser.

A change is tighter when every call that the old version stops is still stopped at least as firmly
and some may be stopped that were not. Where neither can be shown it is neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from agentgate_mcp.gate.policy.logic import Bound, Space, TooManyAlternatives
from agentgate_mcp.gate.policy.schema import PolicyFile, Rule
from agentgate_mcp.model.decision import Decision, Severity

Direction = Literal["tighter", "looser", "neither"]
_WORDS: Final = ("title", "description", "owner", "approved_by", "review_by", "standards")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. ``what`` is a path in the file, with rules by their id (`rules/wide/action`)."""

    policy: str
    what: str
    before: str
    after: str
    direction: Direction


def compare(old: PolicyFile, new: PolicyFile) -> tuple[Change, ...]:
    """Every difference between two versions of one policy, in the order of the file."""
    return tuple(
        Change(policy=new.id, what=what, before=before, after=after, direction=direction)
        for what, before, after, direction in (*_head(old, new), *_thresholds(old, new), *_rules(old, new))
    )


def compare_all(old: Sequence[PolicyFile], new: Sequence[PolicyFile]) -> tuple[Change, ...]:
    """Every difference between two libraries: a policy more is tighter, one less is looser."""
    before, after = {p.id: p for p in old}, {p.id: p for p in new}
    found: list[Change] = []
    for name in sorted(before.keys() | after.keys()):
        match before.get(name), after.get(name):
            case None, PolicyFile() as added:
                found.append(Change(policy=name, what="policy", before="", after=added.title, direction="tighter"))
            case PolicyFile() as removed, None:
                found.append(Change(policy=name, what="policy", before=removed.title, after="", direction="looser"))
            case PolicyFile() as one, PolicyFile() as other:
                found += compare(one, other)
            case _:
                pass
    return tuple(found)


_Row = tuple[str, str, str, Direction]


def _head(old: PolicyFile, new: PolicyFile) -> Iterator[_Row]:
    if old.version != new.version:
        yield "version", str(old.version), str(new.version), "neither"
    if old.mode != new.mode:
        yield "mode", old.mode, new.mode, "looser" if new.mode == "shadow" else "tighter"
    if old.kind != new.kind:
        # Of a `read` policy the observe profile may shadow what it says.
        yield "kind", old.kind, new.kind, _ordered(old.kind == "read", new.kind == "read")
    if old.mandate_covers != new.mandate_covers:
        covers = _ordered(old.mandate_covers != "never", new.mandate_covers != "never")
        yield "mandate_covers", old.mandate_covers, new.mandate_covers, covers
    if set(old.overridable) != set(new.overridable):
        less, more = set(old.overridable) - set(new.overridable), set(new.overridable) - set(old.overridable)
        yield (
            "overridable",
            ", ".join(sorted(old.overridable)),
            ", ".join(sorted(new.overridable)),
            "neither" if less and more else _ordered(bool(less), bool(more)),
        )
    for name in _WORDS:
        if getattr(old, name) != getattr(new, name):
            yield name, _short(getattr(old, name)), _short(getattr(new, name)), "neither"
    if old.tests != new.tests:
        yield "tests", f"{len(old.tests)} tests", f"{len(new.tests)} tests", "neither"


def _thresholds(old: PolicyFile, new: PolicyFile) -> Iterator[_Row]:
    for name in sorted(old.thresholds.keys() | new.thresholds.keys()):
        before, after = old.thresholds.get(name), new.thresholds.get(name)
        if before == after:
            continue
        shown = ["none" if n is None else f"{n:g}" for n in (before, after)]
        if before is None or after is None:
            # It came or went with a clause, and the rule tells that.
            yield f"thresholds/{name}", shown[0], shown[1], "neither"
            continue
        moved = {**old.thresholds, name: after}
        ways: set[Direction | None] = {_wider(r, old.thresholds, r, moved) for r in old.rules}
        ways.discard(None)
        direction = ways.pop() if len(ways) == 1 else None
        yield f"thresholds/{name}", shown[0], shown[1], direction or "neither"


def _rules(old: PolicyFile, new: PolicyFile) -> Iterator[_Row]:
    numbers = {**old.thresholds, **new.thresholds}
    before, after = {r.id: r for r in old.rules}, {r.id: r for r in new.rules}
    for name, rule in before.items():
        if name not in after:
            yield f"rules/{name}", rule.action, "", "looser"
    for name, rule in after.items():
        if name not in before:
            yield f"rules/{name}", "", rule.action, "tighter"
        else:
            yield from _rule(before[name], rule, numbers)


def _rule(old: Rule, new: Rule, numbers: Mapping[str, float]) -> Iterator[_Row]:
    path = f"rules/{new.id}"
    if old.action != new.action:
        yield f"{path}/action", old.action, new.action, _ordered(Decision[new.action], Decision[old.action])
    if old.severity != new.severity:
        severe = _ordered(Severity.parse(new.severity), Severity.parse(old.severity))
        yield f"{path}/severity", old.severity, new.severity, severe
    if old.two_person != new.two_person:
        people = _ordered(new.two_person, old.two_person)
        yield f"{path}/two_person", str(old.two_person).lower(), str(new.two_person).lower(), people
    if old.approver_team_from != new.approver_team_from:
        team = _ordered(bool(new.approver_team_from), bool(old.approver_team_from))
        yield f"{path}/approver_team_from", old.approver_team_from, new.approver_team_from, team
    if old.when != new.when:
        yield f"{path}/when", _condition(old), _condition(new), _wider(old, numbers, new, numbers) or "neither"
    for field in ("reason", "suggestion"):
        if getattr(old, field) != getattr(new, field):
            yield f"{path}/{field}", _short(getattr(old, field)), _short(getattr(new, field)), "neither"


def _wider(
    old: Rule, old_numbers: Mapping[str, float], new: Rule, new_numbers: Mapping[str, float]
) -> Direction | None:
    """Which of two conditions holds of more calls; None when they hold of the same."""
    before = Bound(condition=old.when, thresholds=old_numbers)
    after = Bound(condition=new.when, thresholds=new_numbers)
    space = Space([before, after])
    try:
        kept, within = space.implies(before, after), space.implies(after, before)
    except TooManyAlternatives:
        return "neither"
    if kept and within:
        return None
    return "tighter" if kept else "looser" if within else "neither"


def _ordered(tight: int, loose: int) -> Direction:
    return "neither" if tight == loose else "tighter" if tight > loose else "looser"


def _condition(rule: Rule) -> str:
    return rule.when.model_dump_json(by_alias=True, exclude_defaults=True)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"
